//! The report of an audit as data. The same files give the same bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use shirube_model::refusal::Refusal;

use crate::attack::Verdict;
use crate::read::PublishedTable;
use crate::table::CellRef;

use super::family::SumCheck;
use super::leak::{Leak, LeakKind, Nature};
use super::run::{AuditOptions, Found, SheetIn, UnitFound};
use super::unit::{Equation, EquationKind};

/// Whether recovered numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// Positions and widths only.
    Hide,
    /// Numbers, too: for those who may correct the tables.
    Show,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Version of this format; 1.
    pub version: u32,
    /// Id of the policy.
    pub policy: String,
    /// Narrowest width that protects, at the policy's threshold.
    pub width: i64,
    /// Whether numbers are shown.
    pub revealed: bool,
    /// The sums over everything.
    pub totals: Totals,
    /// Weak and recoverable cells by kind of leak.
    pub kinds: Vec<KindCount>,
    /// What was read and what was found, by file.
    pub files: Vec<FileReport>,
    /// Files and sheets that were not understood.
    pub refused: Vec<Refusal>,
    /// Cells that were read with a doubt.
    pub notices: Vec<Refusal>,
    /// Sums that were tried, and how often they hold.
    pub sums: Vec<SumCheck>,
    /// Sums over masked cells that contradict the others; each was set aside.
    pub contradictions: Vec<Why>,
    /// Totals of one number that differ between tables.
    pub disagreements: Vec<Disagreement>,
    /// Cells whose number, below the threshold, can be computed; then the other
    /// recoverable ones; then weak ones.
    pub findings: Vec<FindingReport>,
    /// Printed cells to mask in addition.
    pub mask_also: Vec<MaskAlso>,
}

/// What an audit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No masked number is computed or bounded too closely; a zero may be known.
    Clean,
    /// Some are.
    Leaks,
    /// Nothing was found, but not everything could be read.
    Unread,
}

impl AuditReport {
    /// What the audit comes to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let t = &self.totals;
        if t.recoverable_small + t.recoverable_companion + t.weak > 0 {
            Outcome::Leaks
        } else if t.files_refused + t.sheets_not_understood > 0 {
            Outcome::Unread
        } else {
            Outcome::Clean
        }
    }

    /// The report as JSON, the same bytes for the same files.
    #[must_use]
    pub fn json(&self) -> String {
        // Serialisation of this report cannot fail: its keys are texts.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Counts over all files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Files given.
    pub files: u64,
    /// Files that could not be read.
    pub files_refused: u64,
    /// Sheets.
    pub sheets: u64,
    /// Sheets with tables that were attacked.
    pub tables: u64,
    /// Tables whose numbers have no sums, such as means.
    pub tables_not_counted: u64,
    /// Sheets without rows.
    pub sheets_empty: u64,
    /// Sheets that no layout fits.
    pub sheets_not_understood: u64,
    /// Rows of values.
    pub rows: u64,
    /// Cells with a number or a mask.
    pub cells: u64,
    /// Masked cells.
    pub masked: u64,
    /// Masked cells whose number is computed exactly.
    pub recoverable: u64,
    /// Of these, numbers from one to below the threshold.
    pub recoverable_small: u64,
    /// Of these, zeros, which the rule allows to be printed.
    pub recoverable_zero: u64,
    /// Of these, numbers at or above the threshold.
    pub recoverable_companion: u64,
    /// Masked cells whose range is closer than the policy's width.
    pub weak: u64,
    /// Masked cells that were not settled.
    pub undecided: u64,
    /// Masked cells with a wide enough range.
    pub safe: u64,
    /// Rows with a recoverable cell below the threshold.
    pub rows_small: u64,
    /// Printed cells to mask in addition, so that none is left.
    pub mask_also: u64,
    /// Groups of rows that this does not repair.
    pub not_repaired: u64,
    /// Sums in printed numbers that contradict each other.
    pub broken: u64,
}

/// Findings of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The kind.
    pub kind: LeakKind,
    /// Recoverable, from one to below the threshold.
    pub small: u64,
    /// Recoverable zeros.
    pub zero: u64,
    /// Recoverable at or above the threshold.
    pub companion: u64,
    /// Weak.
    pub weak: u64,
}

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Name.
    pub file: String,
    /// Title of the first table.
    pub title: String,
    /// Tables attacked.
    pub tables: u64,
    /// Cells with a number or a mask.
    pub cells: u64,
    /// Masked cells.
    pub masked: u64,
    /// Recoverable cells below the threshold.
    pub small: u64,
    /// Other recoverable cells.
    pub other: u64,
    /// Weak cells.
    pub weak: u64,
    /// Printed cells to mask in addition.
    pub mask_also: u64,
}

/// A cell of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CellAt {
    /// File.
    pub file: String,
    /// Sheet.
    pub sheet: String,
    /// Address as a spreadsheet shows it.
    pub cell: String,
    /// Heads of row and column.
    pub heads: String,
}

/// A masked cell that is not protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingReport {
    /// Where.
    pub at: CellAt,
    /// Recoverable or weak.
    pub verdict: Verdict,
    /// By which way.
    pub kind: LeakKind,
    /// Greatest less least possible value, as printed.
    pub width: String,
    /// Least and greatest possible value, when numbers are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(String, String)>,
    /// What the number is under the threshold, when numbers are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nature: Option<Nature>,
    /// The sums that prove it, the deciding one last.
    pub why: Vec<Why>,
    /// How many sums the proof rests on.
    pub sums_used: usize,
}

/// A sum in words of the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// What kind of sum.
    pub kind: EquationKind,
    /// Whether the parts add up to the total, or are no less.
    pub exact: bool,
    /// The total.
    pub total: Option<CellAt>,
    /// The total as printed; `None` when masked.
    pub total_printed: Option<String>,
    /// Parts that are printed: how many.
    pub parts_printed: usize,
    /// Sum of the printed parts.
    pub printed_sum: String,
    /// Masked parts.
    pub masked: Vec<String>,
    /// Where the parts stand.
    pub parts_at: String,
}

/// A printed cell to mask in addition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MaskAlso {
    /// The cell.
    pub at: CellAt,
    /// Its printed number.
    pub printed: String,
}

/// Two printed numbers that should be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// One.
    pub one: CellAt,
    /// The other.
    pub other: CellAt,
}

const NOWHERE: CellRef = CellRef { table: u32::MAX, cell: u32::MAX };

/// Masked parts named in one sum.
const MASKED_NAMED: usize = 12;

/// Writes up what was found.
pub(super) fn report(found: Found, audit: &AuditOptions, reveal: Reveal) -> AuditReport {
    let writer = Writer { tables: &found.tables, reveal };
    let mut totals = Totals::default();
    let mut files = writer.files(&found, &mut totals);
    let mut kinds: BTreeMap<LeakKind, KindCount> = BTreeMap::new();
    let mut leaks: Vec<&Leak> = Vec::new();
    let mut mask_also = Vec::new();
    for unit in &found.units {
        leaks.extend(&unit.leaks);
        count_unit(unit, &mut totals, &mut kinds);
        let cells = unit.remedy.iter().flat_map(|r| &r.cells);
        mask_also.extend(cells.map(|cell| writer.mask_also(*cell)));
    }
    let rows: std::collections::BTreeSet<(u32, u32)> = leaks
        .iter()
        .filter(|l| l.nature == Nature::Small)
        .map(|l| (l.cell.table, l.cell.cell / writer.width(l.cell)))
        .collect();
    totals.rows_small = rows.len() as u64;
    mask_also.sort();
    mask_also.dedup();
    totals.mask_also = mask_also.len() as u64;
    count_by_file(&leaks, &mask_also, &writer, &mut files);
    leaks.sort_by_key(|l| (order(l), l.bounds.width().unwrap_or(i64::MAX), l.cell));
    let disagreements = found.units.iter().flat_map(|u| &u.disagreeing);
    AuditReport {
        version: 1,
        policy: audit.policy.id.clone(),
        width: audit.policy.width,
        revealed: reveal == Reveal::Show,
        totals,
        kinds: LeakKind::ALL.iter().filter_map(|k| kinds.remove(k)).collect(),
        refused: writer.refused(&found),
        notices: found.tables.iter().flat_map(|t| t.notices.clone()).collect(),
        sums: found.checks.clone(),
        contradictions: found
            .units
            .iter()
            .flat_map(|u| &u.broken)
            .map(|e| writer.why(e, e.total.or(e.parts.first().copied()).unwrap_or(NOWHERE)))
            .collect(),
        disagreements: disagreements
            .map(|(a, b)| Disagreement { one: writer.at(*a), other: writer.at(*b) })
            .collect(),
        findings: leaks.into_iter().map(|leak| writer.finding(leak)).collect(),
        files,
        mask_also,
    }
}

fn order(leak: &Leak) -> u8 {
    match (leak.verdict, leak.nature) {
        (Verdict::Recoverable, Nature::Small) => 0,
        (Verdict::Recoverable, Nature::Companion) => 1,
        (Verdict::Recoverable, _) => 2,
        _ => 3,
    }
}

fn count_unit(unit: &UnitFound, totals: &mut Totals, kinds: &mut BTreeMap<LeakKind, KindCount>) {
    totals.safe += unit.safe;
    totals.undecided += unit.undecided.len() as u64;
    totals.broken += unit.broken.len() as u64;
    totals.not_repaired += u64::from(unit.remedy.as_ref().is_some_and(|r| !r.complete));
    for leak in &unit.leaks {
        let kind = kinds.entry(leak.kind).or_insert(KindCount {
            kind: leak.kind,
            small: 0,
            zero: 0,
            companion: 0,
            weak: 0,
        });
        let (of_kind, of_all) = match leak.nature {
            Nature::Small => (&mut kind.small, &mut totals.recoverable_small),
            Nature::Zero => (&mut kind.zero, &mut totals.recoverable_zero),
            Nature::Companion => (&mut kind.companion, &mut totals.recoverable_companion),
            Nature::Range => (&mut kind.weak, &mut totals.weak),
        };
        *of_kind += 1;
        *of_all += 1;
        totals.recoverable += u64::from(leak.nature != Nature::Range);
    }
}

fn count_by_file(
    leaks: &[&Leak],
    mask_also: &[MaskAlso],
    writer: &Writer<'_>,
    files: &mut [FileReport],
) {
    let positions: BTreeMap<String, usize> =
        files.iter().enumerate().map(|(at, f)| (f.file.clone(), at)).collect();
    for leak in leaks {
        let Some(table) = writer.table(leak.cell) else { continue };
        let Some(file) = positions.get(&table.file).and_then(|at| files.get_mut(*at)) else {
            continue;
        };
        match leak.nature {
            Nature::Small => file.small += 1,
            Nature::Zero | Nature::Companion => file.other += 1,
            Nature::Range => file.weak += 1,
        }
    }
    for cell in mask_also {
        if let Some(file) = positions.get(&cell.at.file).and_then(|at| files.get_mut(*at)) {
            file.mask_also += 1;
        }
    }
}

struct Writer<'a> {
    tables: &'a [PublishedTable],
    reveal: Reveal,
}

impl Writer<'_> {
    fn table(&self, cell: CellRef) -> Option<&PublishedTable> {
        self.tables.get(cell.table as usize)
    }

    fn width(&self, cell: CellRef) -> u32 {
        let width = self.table(cell).map_or(1, |t| t.columns.len().max(1));
        u32::try_from(width).unwrap_or(1)
    }

    fn place(&self, cell: CellRef) -> (usize, usize) {
        let width = self.width(cell);
        ((cell.cell / width) as usize, (cell.cell % width) as usize)
    }

    fn at(&self, cell: CellRef) -> CellAt {
        let (row, column) = self.place(cell);
        let Some(table) = self.table(cell) else {
            return CellAt {
                file: String::new(),
                sheet: String::new(),
                cell: String::new(),
                heads: String::new(),
            };
        };
        let row_head = table.rows.get(row).map_or("", |r| r.label.as_str());
        let column_head = table.columns.get(column).map_or_else(String::new, |c| c.label());
        CellAt {
            file: table.file.clone(),
            sheet: table.sheet.clone(),
            cell: table.address(row, column),
            heads: format!("{row_head} | {column_head}"),
        }
    }

    fn printed(&self, cell: CellRef) -> Option<i64> {
        let (row, column) = self.place(cell);
        self.table(cell)?.row(row).get(column)?.number()
    }

    fn number(&self, value: i64, cell: CellRef) -> String {
        decimal(value, self.table(cell).map_or(0, |t| t.decimals))
    }

    fn mask_also(&self, cell: CellRef) -> MaskAlso {
        let printed = self.printed(cell).map_or_else(String::new, |v| self.number(v, cell));
        MaskAlso { at: self.at(cell), printed }
    }

    fn finding(&self, leak: &Leak) -> FindingReport {
        let width = leak.bounds.width().unwrap_or(i64::MAX);
        let shown = self.reveal == Reveal::Show;
        let end = |value| self.number(value, leak.cell);
        FindingReport {
            at: self.at(leak.cell),
            verdict: leak.verdict,
            kind: leak.kind,
            width: self.number(width, leak.cell),
            range: shown.then(|| (end(leak.bounds.lo), end(leak.bounds.hi))),
            nature: shown.then_some(leak.nature),
            why: leak.equations.iter().map(|e| self.why(e, leak.cell)).collect(),
            sums_used: leak.equations_used,
        }
    }

    fn why(&self, equation: &Equation, cell: CellRef) -> Why {
        let total_printed = equation.total.and_then(|c| Some(self.number(self.printed(c)?, c)));
        let printed: Vec<i64> = equation.parts.iter().filter_map(|c| self.printed(*c)).collect();
        let hidden = equation.parts.iter().filter(|c| self.printed(**c).is_none());
        let masked: Vec<String> = hidden
            .take(MASKED_NAMED)
            .map(|c| {
                let at = self.at(*c);
                if c.table == cell.table { at.cell } else { format!("{}!{}", at.file, at.cell) }
            })
            .collect();
        let parts_at = match (equation.parts.first(), equation.parts.last()) {
            (Some(first), Some(last)) => {
                let (first, last) = (self.at(*first), self.at(*last));
                format!("{} {} {}:{}", first.file, first.sheet, first.cell, last.cell)
            }
            _ => String::new(),
        };
        Why {
            kind: equation.kind,
            exact: equation.exact,
            total: equation.total.map(|c| self.at(c)),
            total_printed,
            parts_printed: printed.len(),
            printed_sum: self.number(printed.iter().sum(), cell),
            masked,
            parts_at,
        }
    }

    fn files(&self, found: &Found, totals: &mut Totals) -> Vec<FileReport> {
        let mut files = Vec::with_capacity(found.files.len());
        for file in &found.files {
            totals.files += 1;
            totals.files_refused += u64::from(file.refusal.is_some());
            let mut report = FileReport { file: file.name.clone(), ..FileReport::default() };
            for sheet in &file.sheets {
                totals.sheets += 1;
                match sheet {
                    SheetIn::Table(at) => {
                        let Some(table) = self.tables.get(*at) else { continue };
                        totals.tables += 1;
                        totals.rows += table.rows.len() as u64;
                        report.tables += 1;
                        report.cells += table.filled();
                        report.masked += table.masked();
                        if report.title.is_empty() {
                            report.title.clone_from(&table.title);
                        }
                    }
                    SheetIn::NotCounted { cells, masked } => {
                        totals.tables_not_counted += 1;
                        report.cells += cells;
                        report.masked += masked;
                    }
                    SheetIn::Empty => totals.sheets_empty += 1,
                    SheetIn::NotUnderstood(_) => totals.sheets_not_understood += 1,
                }
            }
            totals.cells += report.cells;
            totals.masked += report.masked;
            files.push(report);
        }
        files
    }

    fn refused(&self, found: &Found) -> Vec<Refusal> {
        let sheets = found.files.iter().flat_map(|f| &f.sheets).filter_map(|s| match s {
            SheetIn::NotUnderstood(refusal) => Some(refusal.clone()),
            _ => None,
        });
        found.files.iter().filter_map(|f| f.refusal.clone()).chain(sheets).collect()
    }
}

/// A number in smallest units as printed.
#[must_use]
pub(super) fn decimal(value: i64, decimals: u32) -> String {
    if decimals == 0 {
        return value.to_string();
    }
    let scale = 10_u64.saturating_pow(decimals);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let fraction = format!("{:0width$}", magnitude % scale, width = decimals as usize);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", magnitude / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_printed() {
        for (value, decimals, expected) in
            [(1234, 0, "1234"), (150_000, 5, "1.5"), (100_000, 5, "1"), (-5, 1, "-0.5")]
        {
            assert_eq!(decimal(value, decimals), expected);
        }
    }
}
