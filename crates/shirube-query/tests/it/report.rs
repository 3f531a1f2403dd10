//! The attacks of the report in a shorter form: none succeeds on our gate, and
//! those that simple gates fall to are shown to work there.

#[path = "../../examples/attack/suite/mod.rs"]
mod suite;

use suite::gates::{Kind, Lab, World};
use suite::{Effort, Outcome, all};

const SHORT: Effort = Effort { trials: 2, many: 40 };

fn successes(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Score { successes, .. } => *successes,
        Outcome::NotApplicable => 0,
    }
}

fn none_succeeds(policy: &'static str) {
    let world = World::new();
    let lab = Lab::new(&world, Kind::Ours(policy));
    // Times are for the report: a test has none.
    let attacks = all().into_iter().filter(|a| a.id != "timing");
    let told: Vec<_> = attacks
        .map(|attack| (attack.id, (attack.run)(&lab, SHORT)))
        .filter(|(_, outcome)| successes(outcome) > 0)
        .collect();
    assert_eq!(told, [], "{policy}");
}

#[test]
fn none_succeeds_under_ndb_publication() {
    none_succeeds("ndb-publication");
}

#[test]
fn none_succeeds_under_small_registry() {
    none_succeeds("small-registry");
}

#[test]
fn none_succeeds_under_census_cell_key() {
    none_succeeds("census-cell-key");
}

#[test]
fn the_attacks_work_on_simple_gates() {
    let world = World::new();
    let effort = Effort { trials: 12, many: 200 };
    for (kind, wanted) in [
        (
            Kind::Threshold,
            vec![
                "empty-or-small",
                "individual-tracker",
                "general-tracker",
                "double-tracker",
                "differencing-by-parts",
                "collusion-across-permits",
                "opt-out-differencing",
                "record-differencing",
                "zero-weights",
                "margin-subtraction",
                "complementary-cells",
                "linear-reconstruction",
                "padded-pairs",
                "extremes",
                "self-join",
                "copied-rows",
                "searched-pairs",
            ],
        ),
        (
            Kind::Rounded,
            vec!["linear-reconstruction", "padded-pairs", "extremes", "record-differencing"],
        ),
    ] {
        let lab = Lab::new(&world, kind);
        for id in wanted {
            let attack = all().into_iter().find(|a| a.id == id).unwrap();
            let outcome = (attack.run)(&lab, effort);
            assert!(successes(&outcome) > 0, "{id} on {}: {outcome:?}", lab.kind.name());
        }
    }
}
