//! The report as PDF, set by Typst. The text of the report goes in as data,
//! never as markup, so nothing a ministry writes can be read as a command.

use std::path::{Path, PathBuf};

use chrono::Datelike;
use serde::Serialize;
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration, Smart, Value};
use typst::syntax::{FileId, Source};
use typst::text::FontBook;
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::report::Report;
use crate::sheet::{Sheet, sheet};

const TEMPLATE: &str = include_str!("report.typ");

/// Package of Debian that brings the font, and where it puts it.
const FONT_PACKAGE: &str = "fonts-ipaexfont-gothic";
const FONT_PLACES: [&str; 3] = [
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/share/fonts/truetype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/local/share/fonts/ipaexg.ttf",
];

/// The font a PDF is set in.
#[derive(Debug, Clone)]
pub struct Font(typst::text::Font);

impl Font {
    /// The first of the places where IPAex Gothic is installed.
    ///
    /// # Errors
    /// `report.font.missing`, which names the package; `report.font.unreadable`.
    pub fn find() -> Result<Self, Refusal> {
        let place = FONT_PLACES.iter().map(PathBuf::from).find(|path| path.is_file());
        let missing = || Refusal::new("report.font.missing").arg("package", FONT_PACKAGE);
        Self::read(&place.ok_or_else(missing)?)
    }

    /// The font in a file of TrueType or OpenType.
    ///
    /// # Errors
    /// `report.font.unreadable`.
    pub fn read(path: &Path) -> Result<Self, Refusal> {
        let unreadable = || Refusal::new("report.font.unreadable").file(path.display().to_string());
        let bytes = std::fs::read(path).map_err(|_| unreadable())?;
        let font = typst::text::Font::new(Bytes::new(bytes), 0).ok_or_else(unreadable)?;
        Ok(Self(font))
    }
}

/// What the template reads.
#[derive(Serialize)]
struct Input<'a> {
    #[serde(flatten)]
    sheet: &'a Sheet,
    font: String,
    year: i32,
    month: u32,
    day: u32,
}

/// The report as the bytes of a tagged PDF. Its only day is that of the report.
///
/// # Errors
/// `report.pdf.failed`.
pub fn pdf(report: &Report, lang: Lang, font: &Font) -> Result<Vec<u8>, Refusal> {
    let failed = |detail: String| Refusal::new("report.pdf.failed").arg("detail", detail);
    let input = Input {
        sheet: &sheet(report, lang),
        font: font.0.info().family.to_lowercase(),
        year: report.made_on.year(),
        month: report.made_on.month(),
        day: report.made_on.day(),
    };
    let data = serde_json::to_string(&input).map_err(|error| failed(error.to_string()))?;
    let world = Desk::new(data, font);
    let compiled = typst::compile::<PagedDocument>(&world);
    // Typst keeps what it has worked out; one report has no use for the last.
    typst::comemo::evict(0);
    let said = |errors: typst::ecow::EcoVec<typst::diag::SourceDiagnostic>| {
        failed(errors.first().map(|error| error.message.to_string()).unwrap_or_default())
    };
    let document = compiled.output.map_err(said)?;
    let options = PdfOptions {
        ident: Smart::Custom(format!(
            "{} {} {} {}",
            report.pack_hash,
            report.fiscal_year,
            report.ministry.code,
            lang.tag()
        )),
        creator: Smart::Custom(Some("Shirube".to_owned())),
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).map_err(said)
}

/// All that Typst may see: the template, the data and one font.
struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    font: typst::text::Font,
    main: Source,
}

impl Desk {
    fn new(data: String, font: &Font) -> Self {
        let mut inputs = Dict::new();
        inputs.insert("data".into(), Value::Str(data.into()));
        Self {
            library: LazyHash::new(Library::builder().with_inputs(inputs).build()),
            book: LazyHash::new(FontBook::from_fonts([&font.0])),
            font: font.0.clone(),
            main: Source::detached(TEMPLATE),
        }
    }
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<typst::text::Font> {
        (index == 0).then(|| self.font.clone())
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
