//! Other ways to protect the same tables.

use std::path::Path;
use std::process::{Command, Stdio};

use shirube_gate::protect::Primary;
use shirube_gate::table::{CellRef, TableSet};

/// Cells that ACRO masks, and its seconds, when `python` can run it. Only for
/// one table of flat dimensions.
pub fn acro(python: &str, set: &TableSet) -> Option<(Vec<CellRef>, f64)> {
    let [table] = set.tables.as_slice() else { return None };
    if table.dimensions().iter().any(|d| d.rollups().len() != 1) {
        return None;
    }
    let folder = std::env::temp_dir().join(format!("shirube-acro-{}", std::process::id()));
    std::fs::create_dir_all(&folder).ok()?;
    let (source, target) = (folder.join("leaves.csv"), folder.join("masked.csv"));
    let names: Vec<&str> = table.dimensions().iter().map(|d| d.name.as_str()).collect();
    let mut text = format!("{},n\n", names.join(","));
    for number in 0..table.len() {
        let address = table.address(number);
        let pairs = || address.iter().zip(table.dimensions());
        if pairs().any(|(code, d)| d.grand_total() == Some(*code)) {
            continue;
        }
        for (code, dimension) in pairs() {
            text += dimension.code(*code).map_or("", |c| c.id.as_str());
            text.push(',');
        }
        text += &format!("{}\n", table.cell(number).published().unwrap_or(0));
    }
    std::fs::write(&source, text).ok()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/protect/masked_by_acro.py");
    let status = Command::new(python)
        .arg(script)
        .args([&source, &target])
        .stdout(Stdio::null())
        .status()
        .ok()?;
    let answer = status.success().then(|| std::fs::read_to_string(&target).ok()).flatten();
    let _ = std::fs::remove_dir_all(&folder);
    let answer = answer?;
    let mut lines: Vec<&str> = answer.lines().collect();
    let seconds = lines.pop()?.parse().ok()?;
    let cells = lines
        .iter()
        .filter_map(|line| {
            let ids: Vec<&str> = line.split(',').collect();
            Some(CellRef::new(0, table.number_of(&ids).ok()?))
        })
        .collect();
    Some((cells, seconds))
}

/// The sensitive cells alone.
pub fn primary_alone(primary: &[Primary]) -> Vec<CellRef> {
    primary.iter().map(|p| p.cell).collect()
}
