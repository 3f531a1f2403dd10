//! Checks moves that are claimed to be possible.

use std::collections::BTreeSet;

use super::Knowledge;
use super::exact::Range;
use super::propagate::Propagation;
use super::system::System;

/// Widens the inner ranges by the moves that satisfy every bound and equation
/// they touch. The true numbers must satisfy them too; nothing is taken from a
/// claim that does not.
pub(crate) fn check(
    system: &System,
    state: &Propagation<'_>,
    ranges: &mut [Range],
    knows: Knowledge<'_>,
) {
    if knows.moves.is_empty() || !truth_holds(system, state, ranges, knows.truth) {
        return;
    }
    for moves in knows.moves {
        let mut sorted = moves.clone();
        sorted.sort_unstable();
        let equations: BTreeSet<u32> =
            sorted.iter().flat_map(|(v, _)| state.uses(*v)).copied().collect();
        let inside = sorted.iter().all(|(v, by)| {
            let at = *v as usize;
            knows
                .truth
                .get(at)
                .zip(ranges.get(at))
                .is_some_and(|(value, range)| range.outer.contains(value.saturating_add(*by)))
        });
        let level = equations.iter().all(|equation| {
            let sum: i128 = system
                .terms(*equation as usize)
                .iter()
                .filter_map(|(v, c)| {
                    let at = sorted.binary_search_by_key(v, |(n, _)| *n).ok()?;
                    sorted.get(at).map(|(_, by)| i128::from(*by) * i128::from(*c))
                })
                .sum();
            sum == 0
        });
        if !inside || !level {
            continue;
        }
        for (v, by) in &sorted {
            let at = *v as usize;
            if let (Some(range), Some(value)) = (ranges.get_mut(at), knows.truth.get(at)) {
                range.reached(*value);
                range.reached(value.saturating_add(*by));
            }
        }
    }
}

fn truth_holds(system: &System, state: &Propagation<'_>, ranges: &[Range], truth: &[i64]) -> bool {
    truth.len() == ranges.len()
        && ranges.iter().zip(truth).all(|(range, value)| range.outer.contains(*value))
        && (0..system.equations()).filter(|e| !state.dropped.get(*e).copied().unwrap_or(false)).all(
            |equation| {
                let sum: i128 = system
                    .terms(equation)
                    .iter()
                    .map(|(v, c)| {
                        i128::from(truth.get(*v as usize).copied().unwrap_or(0)) * i128::from(*c)
                    })
                    .sum();
                i64::try_from(sum).is_ok_and(|sum| system.sum(equation).contains(sum))
            },
        )
}
