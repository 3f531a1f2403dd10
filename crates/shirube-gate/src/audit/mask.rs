//! What a mask mark tells by itself, learnt from the printed rule and checked
//! against every row of the table.

use crate::read::{Printed, PublishedTable, Role, Sums};
use crate::table::Interval;

/// What may be concluded from a mask mark of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MaskModel {
    /// Least number behind a mask beside which another cell of the same group
    /// is printed: one where zeros are printed and no row speaks against it.
    pub(super) least: i64,
    /// Thresholds of the printed rule in the smallest unit, when every row of
    /// the table agrees with the rule.
    pub(super) rule: Option<(i64, i64)>,
    /// Greatest number behind a masked grand total.
    pub(super) total_max: Option<i64>,
}

/// The groups of columns within which the rule was applied: columns with the
/// same first head where there are more than two levels, else all parts.
pub(super) fn groups(table: &PublishedTable) -> Vec<Vec<usize>> {
    let levels = table.columns.iter().map(|c| c.path.len()).max().unwrap_or(0);
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        if !matches!(column.role, Role::Part | Role::Residual) {
            continue;
        }
        let name = match (column.role, levels > 2 && table.axis == "area") {
            (Role::Residual, _) | (_, true) => column.path.first().map_or("", String::as_str),
            _ => "",
        };
        match groups.last_mut() {
            Some((last, members)) if *last == name => members.push(at),
            _ => groups.push((name, vec![at])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Learns the model of a table whose parts add up to the grand total as `sums`
/// says. `scale` smallest units make one printed unit.
pub(super) fn learn(table: &PublishedTable, sums: Sums, scale: i64) -> MaskModel {
    let Some(rule) = table.rule else { return MaskModel::default() };
    let Some(sum) = table.sums.first().filter(|_| sums == Sums::Exact) else {
        return MaskModel::default();
    };
    if !table.columns.iter().any(|c| c.role == Role::Total) || table.title_code.is_some() {
        // Rows that are parts of one whole may carry masks that protect the
        // columns, with zeros among them.
        return MaskModel::default();
    }
    let thresholds =
        (rule.threshold_min.saturating_mul(scale), rule.threshold_max.saturating_mul(scale));
    let groups = groups(table);
    let integer = scale == 1;
    let mut least = i64::from(integer);
    let mut by_rule = rule.hides_smallest_beside_lone && groups.len() == 1;
    for row in 0..table.rows.len() {
        let cells = table.row(row);
        let Some(total) = cells.get(sum.total as usize).and_then(|c| c.number()) else { continue };
        let gap = total - shown_sum(cells, &sum.parts);
        let partial: i64 = groups.iter().map(|g| masked_in_partial(cells, g)).sum();
        if gap < partial {
            least = 0;
        }
        if by_rule && groups.first().is_some_and(|g| !fits(cells, g, gap, thresholds, integer)) {
            by_rule = false;
        }
    }
    MaskModel { least, rule: by_rule.then_some(thresholds), total_max: Some(thresholds.1 - 1) }
}

fn shown_sum(cells: &[Printed], parts: &[u32]) -> i64 {
    parts.iter().filter_map(|p| cells.get(*p as usize)?.number()).sum()
}

/// Masked cells of a group in which something is printed.
fn masked_in_partial(cells: &[Printed], group: &[usize]) -> i64 {
    let masked = count_masked(cells, group);
    if masked < group.len() { i64::try_from(masked).unwrap_or(0) } else { 0 }
}

fn count_masked(cells: &[Printed], group: &[usize]) -> usize {
    group.iter().filter(|at| cells.get(**at).is_some_and(|c| c.is_masked())).count()
}

fn fits(
    cells: &[Printed],
    group: &[usize],
    gap: i64,
    thresholds: (i64, i64),
    integer: bool,
) -> bool {
    let masked = count_masked(cells, group);
    if masked == 0 || masked == group.len() {
        return true;
    }
    let shown = smallest_shown(cells, group, thresholds.0);
    by_rule(masked, gap, thresholds, shown, integer).is_some()
}

/// The smallest printed number at or above the threshold.
pub(super) fn smallest_shown(cells: &[Printed], group: &[usize], threshold: i64) -> Option<i64> {
    let shown = group.iter().filter_map(|at| cells.get(*at)?.number());
    shown.filter(|v| *v >= threshold).min()
}

/// Range of each of `masked` cells that together make `gap`, when something in
/// their group is printed, by the rule: either all are below the threshold, or
/// one is, and the others are all the same number, at or above the threshold
/// and below everything else printed there. Publishers also hide that number
/// where several counts are small and all of them are one, which the printed
/// rule does not say but the tables show. `None` when nothing is possible.
pub(super) fn by_rule(
    masked: usize,
    gap: i64,
    (low, high): (i64, i64),
    shown: Option<i64>,
    integer: bool,
) -> Option<Interval> {
    let count = i64::try_from(masked).ok()?;
    let least = i64::from(integer);
    let small_max = high - 1;
    let mut hull: Option<Interval> = None;
    let mut join = |lo: i64, hi: i64| {
        hull = Some(match hull {
            None => Interval::new(lo, hi),
            Some(h) => Interval::new(h.lo.min(lo), h.hi.max(hi)),
        });
    };
    // All below the threshold. A lone cell would have had a companion.
    if count >= 2 && gap >= least * count && gap <= small_max.saturating_mul(count) {
        let others_max = small_max.saturating_mul(count - 1);
        join((gap - others_max).max(least), (gap - least * (count - 1)).min(small_max));
    }
    // One below, the others equal.
    if count >= 2 {
        let others = count - 1;
        let equal_lo = low.max(div_up(gap - small_max, others));
        let equal_max = shown.map_or(i64::MAX, |s| s.saturating_sub(1));
        let equal_hi = equal_max.min((gap - least) / others);
        if equal_lo <= equal_hi {
            let lone_lo = (gap - others * equal_hi).max(least);
            join(lone_lo, equal_hi);
        }
    }
    // Several ones, the others equal.
    if integer {
        for ones in 2..count {
            let (rest, others) = (gap - ones, count - ones);
            let equal = rest / others;
            let below = shown.is_none_or(|s| equal < s);
            if rest % others == 0 && equal >= low && below {
                join(1, equal);
            }
        }
    }
    hull
}

fn div_up(a: i64, b: i64) -> i64 {
    a.div_euclid(b) + i64::from(a.rem_euclid(b) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rule_bounds_what_it_hides() {
        let t = (10, 10);
        // masked, gap, smallest shown, expected range
        let cases = [
            (2, 2, Some(30), Some((1, 1))),
            (3, 3, None, Some((1, 1))),
            (2, 3, Some(12), Some((1, 2))),
            // Eighteen is nine and nine, or one number from ten to seventeen
            // with the rest; with ten itself printed, nothing can be ten.
            (2, 18, None, Some((1, 17))),
            (2, 18, Some(10), Some((9, 9))),
            (2, 12, Some(11), Some((2, 10))),
            // Too much for small numbers alone.
            (2, 100, None, Some((1, 99))),
            (2, 100, Some(60), None),
            (3, 1, None, None),
            // Two ones beside a companion of 35.
            (3, 37, Some(40), Some((1, 35))),
        ];
        for (masked, gap, shown, expected) in cases {
            let found = by_rule(masked, gap, t, shown, true).map(|i| (i.lo, i.hi));
            assert_eq!(found, expected, "{masked} masked, gap {gap}, shown {shown:?}");
        }
    }

    proptest! {
        /// Whatever row the rule is applied to, the true numbers lie within.
        #[test]
        fn the_true_numbers_lie_within(values in prop::collection::vec(0_i64..40, 3..12)) {
            let small: Vec<i64> = values.iter().copied().filter(|v| (1..10).contains(v)).collect();
            let lone = small.len() == 1 || (!small.is_empty() && small.iter().all(|v| *v == 1));
            let smallest = values.iter().copied().filter(|v| *v >= 10).min();
            let hidden: Vec<bool> = values
                .iter()
                .map(|v| (1..10).contains(v) || (lone && Some(*v) == smallest))
                .collect();
            let masked = hidden.iter().filter(|h| **h).count();
            prop_assume!(masked >= 2 && masked < values.len());
            let gap = values.iter().zip(&hidden).filter(|(_, h)| **h).map(|(v, _)| v).sum();
            let shown = values
                .iter()
                .zip(&hidden)
                .filter(|(v, h)| !**h && **v >= 10)
                .map(|(v, _)| *v)
                .min();
            let range = by_rule(masked, gap, (10, 10), shown, true);
            prop_assert!(range.is_some());
            for (value, hidden) in values.iter().zip(&hidden) {
                if *hidden {
                    prop_assert!(range.unwrap().lo <= *value && *value <= range.unwrap().hi);
                }
            }
        }
    }
}
