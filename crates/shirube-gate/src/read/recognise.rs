//! Finding heads, keys and sums of a sheet by a layout.

use std::collections::{BTreeMap, BTreeSet};

use shirube_model::refusal::Refusal;

use super::grid::{GridCell, Sheet};
use super::layout::{Layout, Layouts, NumberKind, head_matches, squeezed};
use super::number::{self, Reading};
use super::published::{
    Cells, Column, ColumnSum, PublishedRow, PublishedTable, Role, SheetOutcome,
};
use super::rule::PrintedRule;

/// Rows from the top in which the heads must begin.
const HEADS_WITHIN: usize = 12;
/// Most rows of heads.
const HEADS_DEPTH: usize = 8;

/// Why a layout does not fit, from the least progress to the most.
type Misfit = (u8, &'static str);

/// Makes a table of a sheet by the first layout that fits.
#[must_use]
pub fn recognise(file: &str, sheet: &Sheet, layouts: &Layouts) -> SheetOutcome {
    if sheet.filled() == 0 {
        return SheetOutcome::Empty;
    }
    let mut furthest: Option<(Misfit, &str)> = None;
    for layout in &layouts.layouts {
        match fit(file, sheet, layout, layouts) {
            Ok(table) => {
                let table = Box::new(table);
                return match table.quantity {
                    NumberKind::Mean => SheetOutcome::NotCounted { table },
                    NumberKind::Count | NumberKind::Amount => SheetOutcome::Table(table),
                };
            }
            Err(misfit) if furthest.is_none_or(|(best, _)| misfit.0 > best.0) => {
                furthest = Some((misfit, &layout.id));
            }
            Err(_) => {}
        }
    }
    // Heads with nothing below them: a table without rows.
    if furthest.is_some_and(|((_, why), _)| why == "rows") {
        return SheetOutcome::Empty;
    }
    let (why, layout) = furthest.map_or(("no-layout", ""), |((_, why), layout)| (why, layout));
    SheetOutcome::NotUnderstood(
        Refusal::new("gate.read.not-understood")
            .arg("sheet", &sheet.name)
            .arg("layout", layout)
            .arg("why", why)
            .file(file),
    )
}

/// Where the parts of a sheet are.
struct Frame {
    heads_top: usize,
    data_top: usize,
    /// Columns left of the values.
    dims: Vec<usize>,
    /// Key columns, in order of the layout, with the pattern each one fits.
    keys: Vec<usize>,
    values_left: usize,
}

fn fit(
    file: &str,
    sheet: &Sheet,
    layout: &Layout,
    layouts: &Layouts,
) -> Result<PublishedTable, Misfit> {
    let frame = frame(sheet, layout)?;
    let columns = columns(sheet, layout, &frame)?;
    let measure_head = measure_head(layout, &columns);
    let measure = layouts.measure(&measure_head).ok_or((4, "measure"))?;
    let first_part = columns.iter().find(|c| c.role == Role::Part).ok_or((3, "columns"))?;
    let axis = layouts.axis(&first_part.path).map_or_else(|| "columns".into(), |a| a.id.clone());
    let notes = notes(sheet, frame.heads_top);
    let title = title_of(&notes);
    let title_code = layout.title_code.as_ref().and_then(|mark| code_after(&title, mark));
    if layout.title_code.is_some() && title_code.is_none() {
        return Err((4, "title-code"));
    }
    let sums = sums(layout, &columns);
    let (rows, cells) = read_rows(sheet, layout, &frame, &columns, |cell| {
        let reading = number::read(cell, measure.decimals, false, &layouts.marks);
        match (measure.quantity, reading, cell) {
            // Means have more digits than anybody adds up.
            (NumberKind::Mean, Reading::Inexact, GridCell::Number(_)) => Reading::Value(0),
            _ => reading,
        }
    })?;
    let mut notices = Vec::new();
    if sheet.formulas > 0 {
        notices.push(
            Refusal::new("gate.read.note.formulas")
                .arg("count", sheet.formulas)
                .arg("sheet", &sheet.name)
                .file(file),
        );
    }
    if sheet.visibility == super::Visibility::Hidden {
        let notice = Refusal::new("gate.read.note.hidden-sheet").arg("sheet", &sheet.name);
        notices.push(notice.file(file));
    }
    let table = PublishedTable {
        file: file.to_owned(),
        sheet: sheet.name.clone(),
        layout: layout.id.clone(),
        title,
        measure: measure_head,
        measure_head: measure.head.clone(),
        quantity: measure.quantity,
        decimals: measure.decimals,
        axis,
        title_code,
        rule: PrintedRule::find(&notes),
        columns,
        sums,
        rows,
        notices,
        cells: PublishedTable::without_cells(),
    };
    Ok(table.with_cells(cells))
}

fn frame(sheet: &Sheet, layout: &Layout) -> Result<Frame, Misfit> {
    for top in 0..HEADS_WITHIN.min(sheet.rows.len()) {
        let width = sheet.rows.get(top).map_or(0, Vec::len);
        let heads: Vec<String> = (0..width).map(|c| squeezed(&sheet.at(top, c).label())).collect();
        let total = layout
            .total_head
            .as_ref()
            .map(|total| heads.iter().position(|head| head.starts_with(total)));
        let left_of = match total {
            Some(None) => continue,
            Some(Some(column)) => column,
            None => width,
        };
        let keys = key_columns(layout, heads.get(..left_of).unwrap_or(&[]));
        let Some(last_key) = keys.iter().max().copied() else { continue };
        let values_left = if total.is_some() { left_of } else { last_key + 1 };
        let first_key = keys.last().copied().unwrap_or(last_key);
        let data_top = (top + 1..(top + 1 + HEADS_DEPTH).min(sheet.rows.len()))
            .find(|row| !sheet.at(*row, first_key).is_blank())
            .ok_or((6, "rows"))?;
        let dims = (0..values_left).collect();
        return Ok(Frame { heads_top: top, data_top, dims, keys, values_left });
    }
    Err((1, "heads"))
}

/// The key columns: every key where the layout speaks of regions, else the
/// first that is there.
fn key_columns(layout: &Layout, heads: &[String]) -> Vec<usize> {
    let found: Vec<Option<usize>> = layout
        .keys
        .iter()
        .map(|pattern| heads.iter().position(|head| head_matches(head, pattern)))
        .collect();
    if layout.region.is_some() {
        found.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default()
    } else {
        found.into_iter().flatten().take(1).collect()
    }
}

fn columns(sheet: &Sheet, layout: &Layout, frame: &Frame) -> Result<Vec<Column>, Misfit> {
    let depth = frame.data_top - frame.heads_top;
    let dim_heads: BTreeSet<String> =
        frame.dims.iter().map(|c| squeezed(&sheet.at(frame.heads_top, *c).label())).collect();
    let mut carried = vec![String::new(); depth];
    let mut columns = Vec::new();
    let mut seen = BTreeSet::new();
    for column in frame.values_left..sheet.width() {
        let own: Vec<String> = (frame.heads_top..frame.data_top)
            .map(|row| squeezed(&sheet.at(row, column).label()))
            .collect();
        // The columns left of the values may stand again before a second block.
        let again = |top: &String| {
            dim_heads.contains(top) || layout.keys.iter().any(|key| head_matches(top, key))
        };
        if own.first().is_some_and(|top| !top.is_empty() && again(top)) {
            continue;
        }
        let mut fresh = false;
        for (place, head) in carried.iter_mut().zip(&own) {
            if !head.is_empty() {
                place.clone_from(head);
                fresh = true;
            } else if fresh {
                place.clear();
            }
        }
        if !fresh {
            continue;
        }
        let path: Vec<String> = carried.iter().filter(|h| !h.is_empty()).cloned().collect();
        if !seen.insert(path.clone()) {
            // A repeated block of key columns leaves heads like these behind.
            return Err((3, "heads-repeat"));
        }
        let role = role(layout, &path);
        let sheet_column = u32::try_from(column).unwrap_or(u32::MAX);
        columns.push(Column { sheet_column, path, role });
    }
    Ok(columns)
}

fn role(layout: &Layout, path: &[String]) -> Role {
    let starts = |start: &String| path.first().is_some_and(|head| head.starts_with(start));
    if layout.total_head.as_ref().is_some_and(starts) {
        return Role::Total;
    }
    if path.iter().any(|head| layout.subtotal_heads.contains(head)) {
        return Role::Subtotal;
    }
    let holds = |mark: &String| path.first().is_some_and(|head| head.contains(mark.as_str()));
    if layout.residual_head.as_ref().is_some_and(holds) { Role::Residual } else { Role::Part }
}

/// The total's head where there is a total, else the last head of a part.
fn measure_head(layout: &Layout, columns: &[Column]) -> String {
    let named = match layout.total_head {
        Some(_) => columns.iter().find(|c| c.role == Role::Total).and_then(|c| c.path.first()),
        None => columns.iter().find(|c| c.role == Role::Part).and_then(|c| c.path.last()),
    };
    named.cloned().unwrap_or_default()
}

fn sums(layout: &Layout, columns: &[Column]) -> Vec<ColumnSum> {
    let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut sums = Vec::new();
    if let Some(total) = columns.iter().position(|c| c.role == Role::Total) {
        let parts = columns
            .iter()
            .enumerate()
            .filter(|(_, c)| matches!(c.role, Role::Part | Role::Residual))
            .map(|(at, _)| position(at))
            .collect();
        sums.push(ColumnSum { total: position(total), parts });
    }
    let mut groups: BTreeMap<(usize, Vec<&String>), Vec<u32>> = BTreeMap::new();
    let without = |path: &'_ [String], level: usize| -> Vec<usize> {
        (0..path.len()).filter(|l| *l != level).collect()
    };
    for (at, column) in columns.iter().enumerate().filter(|(_, c)| c.role == Role::Part) {
        for level in 0..column.path.len() {
            let rest = without(&column.path, level);
            let key = rest.iter().filter_map(|l| column.path.get(*l)).collect();
            groups.entry((level, key)).or_default().push(position(at));
        }
    }
    for (at, column) in columns.iter().enumerate().filter(|(_, c)| c.role == Role::Subtotal) {
        for level in 0..column.path.len() {
            let head = column.path.get(level);
            if !head.is_some_and(|head| layout.subtotal_heads.contains(head)) {
                continue;
            }
            let rest = without(&column.path, level);
            let key: Vec<&String> = rest.iter().filter_map(|l| column.path.get(*l)).collect();
            if let Some(parts) = groups.get(&(level, key)) {
                sums.push(ColumnSum { total: position(at), parts: parts.clone() });
            }
        }
    }
    sums
}

/// Everything printed above the heads.
fn notes(sheet: &Sheet, heads_top: usize) -> String {
    let rows = sheet.rows.iter().take(heads_top);
    let cells = rows.flat_map(|row| row.iter().filter(|c| !c.is_blank()));
    cells.map(GridCell::label).collect::<Vec<_>>().join("\n")
}

/// The first line up to its notes.
fn title_of(notes: &str) -> String {
    let line = notes.lines().next().unwrap_or_default();
    let end = ["※", "（※", "(※"].iter().filter_map(|mark| line.find(mark)).min();
    let title = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn code_after(title: &str, mark: &str) -> Option<String> {
    let rest = title.split(mark).nth(1)?;
    let code: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    (!code.is_empty()).then_some(code)
}

fn read_rows(
    sheet: &Sheet,
    layout: &Layout,
    frame: &Frame,
    columns: &[Column],
    read: impl Fn(&GridCell) -> Reading,
) -> Result<(Vec<PublishedRow>, Cells), Misfit> {
    let mut rows = Vec::new();
    let mut cells = Cells::default();
    let mut carried = vec![String::new(); frame.dims.len()];
    let mut seen = BTreeSet::new();
    for at in frame.data_top..sheet.rows.len() {
        let values: Vec<&GridCell> =
            columns.iter().map(|c| sheet.at(at, c.sheet_column as usize)).collect();
        // A row without values is a note or a heading.
        if values.iter().all(|cell| matches!(read(cell), Reading::Absent | Reading::Unreadable)) {
            continue;
        }
        let mut fresh = false;
        for (place, column) in carried.iter_mut().zip(&frame.dims) {
            let own = sheet.at(at, *column).label();
            if !own.is_empty() {
                *place = own;
                fresh = true;
            } else if fresh {
                place.clear();
            }
        }
        let keys: Vec<String> =
            frame.keys.iter().map(|k| carried.get(*k).cloned().unwrap_or_default()).collect();
        if !seen.insert(keys.clone()) {
            return Err((5, "keys-repeat"));
        }
        let residual = layout
            .residual_head
            .as_ref()
            .is_some_and(|mark| keys.first().is_some_and(|key| key.contains(mark.as_str())));
        let label = row_label(frame, &carried);
        let sheet_row = u32::try_from(at).unwrap_or(u32::MAX);
        rows.push(PublishedRow { sheet_row, keys, label, residual });
        for value in values {
            cells.push(read(value), at as u64);
        }
    }
    if rows.is_empty() { Err((6, "rows")) } else { Ok((rows, cells)) }
}

/// The key column and the text after it.
fn row_label(frame: &Frame, carried: &[String]) -> String {
    let mut columns = frame.keys.clone();
    if let Some(next) = frame.keys.last().map(|k| k + 1).filter(|next| *next < frame.values_left) {
        columns.push(next);
    }
    let texts = columns.iter().filter_map(|c| carried.get(*c)).filter(|t| !t.is_empty());
    texts.cloned().collect::<Vec<_>>().join(" ")
}
