//! The follow-up report of a ministry: a value, and the bytes it is handed over
//! as. One [`Report`] makes HTML, PDF, a workbook and IATI XML; the same report
//! makes the same bytes, on any day and any machine. PDF needs the feature `pdf`,
//! which is on unless it is turned off to save the build of the typesetter.
//!
//! Nothing here reads a store, a clock or a network. The one file it may read
//! is the font that PDF needs, see [`pdf::Font::find`].

mod html;
mod iati;
#[cfg(feature = "pdf")]
pub mod pdf;
mod report;
mod sheet;
mod value;
mod xlsx;
mod xml;

pub use html::html;
pub use iati::{Publisher, iati};
#[cfg(feature = "pdf")]
pub use pdf::pdf;
pub use report::{
    Action, Answered, Budget, Contribution, Evidence, MeasureReport, Party, Report, Request, Stage,
};
pub use value::{IndicatorValue, Role, freeze, read_frozen};
pub use xlsx::xlsx;
