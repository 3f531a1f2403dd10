//! Descriptions of how sheets are laid out, as data.

use std::collections::BTreeMap;

use serde::Deserialize;
use shirube_model::refusal::Refusal;

/// The layouts of one publication.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layouts {
    /// Version of the format; 1.
    pub version: u32,
    /// Name of the publication.
    pub id: String,
    /// Marks that stand for a hidden number.
    pub marks: Vec<String>,
    /// What the tables may measure, most particular head first.
    #[serde(rename = "measure")]
    pub measures: Vec<MeasureRule>,
    /// The layouts, tried in this order.
    #[serde(rename = "layout")]
    pub layouts: Vec<Layout>,
    /// How the characteristic of the columns is known, tried in this order.
    #[serde(rename = "axis", default)]
    pub axes: Vec<Axis>,
    /// Axes whose columns add up to those of another axis.
    #[serde(rename = "nest", default)]
    pub nests: Vec<Nest>,
}

/// Columns of one axis are the sums of columns of a finer one. The first head
/// of the finer column is all heads of the coarser one together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nest {
    /// The coarser axis.
    pub whole: String,
    /// The finer axis.
    pub parts: String,
}

/// How the parts of a total relate to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sums {
    /// The parts add up to the total.
    Exact,
    /// The parts together are no less than the total.
    AtLeast,
    /// Nothing is known.
    None,
}

/// Kind of number of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// Whole numbers.
    Count,
    /// Amounts with digits after the point.
    Amount,
    /// Means: no sums, no threshold.
    Mean,
}

/// A measure and the sums that hold for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureRule {
    /// Head, or part of one, that names the measure.
    pub head: String,
    /// Kind of number.
    pub quantity: NumberKind,
    /// Digits kept after the point.
    #[serde(default)]
    pub decimals: u32,
    /// How parts relate to totals where `sums` says nothing else.
    pub default: Sums,
    /// The same by axis.
    #[serde(default)]
    pub sums: BTreeMap<String, Sums>,
    /// A measure that is nowhere smaller than this one.
    #[serde(default)]
    pub at_most: Option<AtMost>,
}

/// A measure that is nowhere smaller, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtMost {
    /// Head of the larger measure.
    pub measure: String,
    /// Other heads it goes by.
    #[serde(default)]
    pub also: Vec<String>,
    /// Axes on which this holds.
    pub axes: Vec<String>,
}

impl MeasureRule {
    /// How parts relate to totals along an axis.
    #[must_use]
    pub fn sums_along(&self, axis: &str) -> Sums {
        self.sums.get(axis).copied().unwrap_or(self.default)
    }
}

/// One layout. Heads are compared without white space; alternatives are
/// separated by `|`, and `*` at the end stands for any rest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Name.
    pub id: String,
    /// Name shown, in Japanese.
    pub ja: String,
    /// Name shown, in English.
    pub en: String,
    /// Beginning of the head of the grand-total column.
    #[serde(default)]
    pub total_head: Option<String>,
    /// Heads of columns that are the total of the columns whose heads are
    /// otherwise the same.
    #[serde(default)]
    pub subtotal_heads: Vec<String>,
    /// Heads of the columns that identify a row. Of a list without `region` any
    /// one must be present; with `region`, all.
    pub keys: Vec<String>,
    /// Key column with the larger region.
    #[serde(default)]
    pub region: Option<String>,
    /// Key column with the smaller region.
    #[serde(default)]
    pub sub_region: Option<String>,
    /// Text in the head of a column, or in a region, that holds what could not
    /// be placed.
    #[serde(default)]
    pub residual_head: Option<String>,
    /// Axis that the rows stand for, when they are parts of one whole.
    #[serde(default)]
    pub rows_axis: Option<String>,
    /// Text in the title before the code that all rows share.
    #[serde(default)]
    pub title_code: Option<String>,
}

/// How an axis is known by the heads of its first part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Name.
    pub id: String,
    /// A head of the first part.
    pub first_head: String,
}

impl Layouts {
    /// Reads a layout file.
    ///
    /// # Errors
    /// `gate.read.layout`: the text is no layout, with the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, Refusal> {
        let refused = |line: Option<usize>| {
            let refusal = Refusal::new("gate.read.layout").file(name);
            line.map_or(refusal.clone(), |line| refusal.line(line as u64))
        };
        let layouts: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start));
            refused(line.map(|before| before.matches('\n').count() + 1))
        })?;
        let sound = layouts.version == 1
            && layouts.layouts.iter().all(|layout| {
                !layout.keys.is_empty()
                    && (layout.total_head.is_some() || !layout.subtotal_heads.is_empty())
            })
            && layouts.measures.iter().all(|m| m.decimals <= 9);
        if sound { Ok(layouts) } else { Err(refused(None)) }
    }

    /// The layouts of NDB Open Data that come with the product.
    ///
    /// # Errors
    /// Never for a released build; a test reads the file.
    pub fn ndb_open_data() -> Result<Self, Refusal> {
        Self::parse("ndb-open-data.toml", include_str!("../../layouts/ndb-open-data.toml"))
    }

    /// The measure that a head names.
    #[must_use]
    pub fn measure(&self, head: &str) -> Option<&MeasureRule> {
        self.measures.iter().find(|measure| head.contains(&measure.head))
    }

    /// The axis whose first part has these heads.
    #[must_use]
    pub fn axis(&self, heads: &[String]) -> Option<&Axis> {
        self.axes.iter().find(|axis| heads.contains(&axis.first_head))
    }

    /// The layout called `id`.
    #[must_use]
    pub fn layout(&self, id: &str) -> Option<&Layout> {
        self.layouts.iter().find(|layout| layout.id == id)
    }
}

/// A head without white space of any kind.
#[must_use]
pub(crate) fn squeezed(head: &str) -> String {
    head.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

/// Whether a squeezed head matches a pattern of a layout.
#[must_use]
pub(crate) fn head_matches(head: &str, pattern: &str) -> bool {
    pattern.split('|').any(|one| match one.strip_suffix('*') {
        Some(start) => head.starts_with(start),
        None => head == one,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layouts_of_the_product_are_read() {
        let layouts = Layouts::ndb_open_data().unwrap();
        assert!(layouts.layouts.len() >= 4 && layouts.axes.len() >= 4);
        let patients = layouts.measure("総計(患者数)").unwrap();
        assert_eq!(patients.sums_along("month"), Sums::AtLeast);
        assert_eq!(patients.sums_along("sex-age"), Sums::Exact);
        assert_eq!(layouts.measure("総計(単位数/算定回数)").unwrap().head, "単位数/算定回数");
    }

    #[test]
    fn what_is_no_layout_is_refused_with_its_line() {
        let refusal = Layouts::parse("a.toml", "version = 1\nid = 3\n").unwrap_err();
        assert_eq!((refusal.code, refusal.place.line), ("gate.read.layout", Some(2)));
        assert!(Layouts::parse("a.toml", "version = 1").is_err());
    }

    #[test]
    fn heads_match_with_alternatives_and_open_ends() {
        assert!(head_matches("検査値階層(kg/㎡)", "検査値階層*|回答"));
        assert!(head_matches("回答", "検査値階層*|回答"));
        assert!(!head_matches("回答者", "検査値階層*|回答"));
        assert_eq!(squeezed("総計\n(算定 回数)　"), "総計(算定回数)");
    }
}
