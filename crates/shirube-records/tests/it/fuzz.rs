//! The readers under attack, for a moment in every test run; `cargo xtask fuzz`
//! goes on for as long as it is told.

use std::path::Path;

use shirube_records::{fuzz_fhir, fuzz_omop_csv, fuzz_omop_parquet, fuzz_view};

/// Numbers that depend on their start alone.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

fn changed(input: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..1 + draw.below(6) {
        let at = draw.below(out.len());
        let end = (at + 1 + draw.below(24)).min(out.len());
        match draw.below(6) {
            0 if at < out.len() => out[at] ^= 1 << draw.below(8),
            1 if at < out.len() => out[at] = b"\0\n\",{}[]9-\xff"[draw.below(11)],
            2 => out.truncate(at),
            3 => drop(out.drain(at.min(end)..end)),
            4 => {
                let piece = out[at.min(end)..end].repeat(1 + draw.below(30));
                out.splice(at..at, piece);
            }
            _ => out.insert(at, u8::try_from(draw.below(256)).unwrap()),
        }
        out.truncate(16_384);
    }
    out
}

fn attack(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shirube-testkit/corpus").join(name);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        run(&input);
        let mut draw = Draw(input.len() as u64);
        for _ in 0..400 {
            run(&changed(&input, &mut draw));
            inputs += 1;
        }
    }
    assert!(inputs >= 400, "{name} has no corpus");
}

#[test]
fn omop_csv_of_any_bytes_is_read_or_refused() {
    attack("omop_csv", fuzz_omop_csv);
}

#[test]
fn omop_parquet_of_any_bytes_is_read_or_refused() {
    attack("omop_parquet", fuzz_omop_parquet);
}

#[test]
fn fhir_of_any_bytes_is_read_or_refused() {
    attack("fhir", fuzz_fhir);
}

#[test]
fn views_and_paths_of_any_bytes_are_run_or_refused() {
    attack("views", fuzz_view);
}
