//! Workbooks in XLSX.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use shirube_model::refusal::Refusal;

use super::container;
use super::grid::{GridCell, Merge, Sheet, Visibility, Workbook};
use super::limits::Limits;

type Book = Xlsx<Cursor<Vec<u8>>>;

pub(super) fn read(name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Workbook, Refusal> {
    container::check(name, &bytes, limits)?;
    // The parser is another project's: should it panic on some bytes, the file
    // is damaged, and the audit goes on with the next one.
    let outcome = catch_unwind(AssertUnwindSafe(|| read_book(name, bytes, limits)));
    outcome.unwrap_or_else(|_| Err(damaged(name)))
}

fn read_book(name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Workbook, Refusal> {
    let mut book: Book = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged(name))?;
    let sheets: Vec<_> = book.sheets_metadata().to_vec();
    if sheets.len() > limits.sheets {
        return Err(Refusal::new("gate.read.too-many-cells")
            .arg("what", "sheets")
            .arg("max", limits.sheets)
            .file(name));
    }
    let mut read = Vec::with_capacity(sheets.len());
    let mut cells_left = limits.cells;
    for sheet in sheets {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let visibility = match sheet.visible {
            SheetVisible::Visible => Visibility::Shown,
            SheetVisible::Hidden | SheetVisible::VeryHidden => Visibility::Hidden,
        };
        let (rows, formulas) = read_cells(&mut book, name, &sheet.name, limits, &mut cells_left)?;
        let merges = read_merges(&mut book, &sheet.name);
        read.push(Sheet { name: sheet.name, visibility, rows, merges, formulas });
    }
    Ok(Workbook { name: name.to_owned(), sheets: read })
}

/// The cells in the order of the file, so that two filled corners of an empty
/// sheet cost two cells and not the rectangle between them.
fn read_cells(
    book: &mut Book,
    file: &str,
    sheet: &str,
    limits: &Limits,
    cells_left: &mut u64,
) -> Result<(Vec<Vec<GridCell>>, u64), Refusal> {
    let refused = |what: &str, max: u64| {
        Refusal::new("gate.read.too-many-cells").arg("what", what).arg("max", max).file(file)
    };
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|_| damaged(file))?;
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    let mut formulas = 0_u64;
    while let Some(cell) = reader.next_cell_with_formula().map_err(|_| damaged(file))? {
        formulas += u64::from(cell.formula.is_some());
        let value = grid_cell(&cell.value);
        if value.is_blank() {
            continue;
        }
        let (row, column) = cell.pos;
        if row >= limits.rows || column >= limits.columns {
            return Err(refused("rows", u64::from(limits.rows)));
        }
        let (row, column) = (row as usize, column as usize);
        // A far corner costs the places before it, too.
        let grown = (row + 1).saturating_sub(rows.len()) as u64;
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        let Some(cells) = rows.get_mut(row) else { continue };
        let wider = (column + 1).saturating_sub(cells.len()) as u64;
        *cells_left =
            cells_left.checked_sub(grown + wider).ok_or_else(|| refused("cells", limits.cells))?;
        if cells.len() <= column {
            cells.resize(column + 1, GridCell::Blank);
        }
        if let Some(place) = cells.get_mut(column) {
            *place = value;
        }
    }
    Ok((rows, formulas))
}

fn grid_cell(value: &DataRef<'_>) -> GridCell {
    match value {
        DataRef::Int(number) => GridCell::Number(*number as f64),
        DataRef::Float(number) if number.is_finite() => GridCell::Number(*number),
        DataRef::Float(_) | DataRef::Error(_) => GridCell::Fault,
        DataRef::String(text) => GridCell::Text(text.as_str().into()),
        DataRef::SharedString(text) => GridCell::Text((*text).into()),
        DataRef::Bool(truth) => GridCell::Truth(*truth),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => GridCell::Date,
        DataRef::Empty => GridCell::Blank,
    }
}

fn read_merges(book: &mut Book, sheet: &str) -> Vec<Merge> {
    let Ok(list) = book.merge_cells_by_sheet_name(sheet) else { return Vec::new() };
    let mut merges: Vec<Merge> = list
        .into_iter()
        .map(|d| Merge { top: d.start.0, left: d.start.1, bottom: d.end.0, right: d.end.1 })
        .collect();
    merges.sort_unstable();
    merges
}

fn damaged(name: &str) -> Refusal {
    Refusal::new("gate.read.damaged").file(name)
}
