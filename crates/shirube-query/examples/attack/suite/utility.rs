//! What protection costs: ordinary questions and what comes back.

use super::gates::{Lab, Reply};
use super::question::{Column, Pred, Question, table};

/// What a gate does to ordinary questions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Groups with persons in them.
    pub cells: usize,
    /// Of these, not shown.
    pub suppressed: usize,
    /// Of these, in questions that were refused.
    pub refused: usize,
    /// Mean distance of the shown numbers from the true ones, in persons.
    pub error: f64,
}

/// Questions an analyst asks of a register of patients, in this order.
fn ordinary() -> Vec<Question> {
    use Column::{Decades, Prefecture, Region, Sex};
    let icd = |code| Pred::Icd(code);
    vec![
        table(Pred::Always(0), &[]),
        table(Pred::Always(0), &[Sex]),
        table(Pred::Always(0), &[Decades]),
        table(Pred::Always(0), &[Sex, Decades]),
        table(Pred::Always(0), &[Region]),
        table(Pred::Always(0), &[Prefecture]),
        table(Pred::Always(0), &[Region, Sex]),
        table(icd("I10"), &[]),
        table(icd("I10"), &[Sex]),
        table(icd("I10"), &[Sex, Decades]),
        table(icd("I10"), &[Region]),
        table(icd("E11.9"), &[Sex]),
        table(icd("E11.9"), &[Decades]),
        table(icd("E78.5"), &[Sex, Region]),
        table(icd("E11.9").and(icd("I10")), &[Sex]),
        table(icd("N18.3"), &[Decades]),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "numbers of persons and cells")]
pub fn cost(lab: &Lab<'_>) -> Cost {
    let session = lab.fresh();
    let mut out = Cost::default();
    let mut shown = 0_usize;
    for question in ordinary() {
        let truth = question.truth(&lab.world.people);
        let reply = session.ask(&question);
        for (head, cell) in truth.iter().filter(|(_, cell)| cell.persons > 0) {
            out.cells += 1;
            let number = match &reply {
                Reply::Cells(cells) => cells.get(head).copied().flatten(),
                Reply::Refused(_) => {
                    out.refused += 1;
                    None
                }
            };
            match number {
                None => out.suppressed += 1,
                Some(n) => {
                    shown += 1;
                    out.error += (n - cell.value).abs() as f64;
                }
            }
        }
    }
    out.error /= shown.max(1) as f64;
    out
}
