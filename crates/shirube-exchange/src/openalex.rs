//! Papers among the most cited of their field and year, from works in the
//! OpenAlex format, counted as NISTEP's *Science and Technology Indicators* do.
//!
//! In each field and year the papers whose citations put them among the top
//! 10 % (1 %) pass. Papers with equal citations pass or stay out together, and
//! stay out where they would make more than 10 %; where that leaves none, the
//! most cited papers pass. The papers that pass are then scaled so that they
//! sum to exactly one tenth (one hundredth) of the papers of the field and year.
//! A country is credited 1 for each paper of any of its organisations (whole
//! counting), or the share of its organisations among all of the paper's
//! (fractional counting).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::BufRead;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use shirube_model::ident::IdScheme;
use shirube_model::record::Body;
use shirube_model::refusal::Refusal;
use shirube_model::registers::canonical;

/// Fields of OpenAlex by number, and the nearest code of `paper_fields`.
/// Fields without a counterpart are not listed.
pub const FIELDS: &[(u32, &str)] = &[
    (11, "agricultural_sciences"),
    (13, "molecular_biology_genetics"),
    (14, "economics_business"),
    (15, "chemistry"),
    (16, "chemistry"),
    (17, "computer_science"),
    (19, "geosciences"),
    (20, "economics_business"),
    (21, "engineering"),
    (22, "engineering"),
    (23, "environment_ecology"),
    (24, "immunology"),
    (25, "materials_science"),
    (26, "mathematics"),
    (27, "clinical_medicine"),
    (28, "neuroscience_behavior"),
    (29, "clinical_medicine"),
    (30, "pharmacology_toxicology"),
    (31, "physics"),
    (32, "psychiatry_psychology"),
    (33, "social_sciences"),
    (34, "plant_animal_science"),
    (35, "clinical_medicine"),
    (36, "clinical_medicine"),
];

/// Kinds of documents that are counted.
const TYPES: [&str; 2] = ["article", "review"];
/// Bytes of one line.
const LINE_BYTES_MAX: usize = 4 << 20;
/// Digits behind the point that are stored.
const DIGITS: u32 = 6;

/// One paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Id of OpenAlex, such as `W2741809807`.
    pub id: String,
    /// Title.
    pub title: String,
    /// DOI without its web address.
    pub doi: Option<String>,
    /// PubMed number.
    pub pmid: Option<i64>,
    /// Day of publication.
    pub published_on: NaiveDate,
    /// Code of `paper_fields`.
    pub field: &'static str,
    /// Citations at the census.
    pub citations: u64,
    /// Countries of the paper's organisations, one entry an organisation.
    pub countries: Vec<String>,
}

#[derive(Deserialize)]
struct WorkText {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    doi: Option<String>,
    #[serde(default)]
    ids: BTreeMap<String, serde_json::Value>,
    publication_date: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    is_retracted: bool,
    cited_by_count: u64,
    #[serde(default)]
    primary_topic: Option<TopicText>,
    #[serde(default)]
    authorships: Vec<AuthorshipText>,
}

#[derive(Deserialize)]
struct TopicText {
    #[serde(default)]
    field: Option<FieldText>,
}

#[derive(Deserialize)]
struct FieldText {
    /// A web address that ends with the number, or the number.
    id: serde_json::Value,
}

#[derive(Deserialize)]
struct AuthorshipText {
    #[serde(default)]
    institutions: Vec<InstitutionText>,
    #[serde(default)]
    countries: Vec<String>,
}

#[derive(Deserialize)]
struct InstitutionText {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    country_code: Option<String>,
}

/// Reads works, one a line. Each that is not counted comes back as a refusal
/// with its line and reason.
///
/// # Errors
/// A fault of the reader.
pub fn read_works(mut input: impl BufRead) -> std::io::Result<(Vec<Work>, Vec<Refusal>)> {
    let (mut works, mut refused) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let (mut text, mut line) = (Vec::new(), 0_u64);
    loop {
        text.clear();
        line += 1;
        let limit = LINE_BYTES_MAX as u64;
        if std::io::Read::take(&mut input, limit).read_until(b'\n', &mut text)? == 0 {
            return Ok((works, refused));
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match work(&text, line) {
            Ok(work) if seen.insert(work.id.clone()) => works.push(work),
            Ok(work) => {
                refused.push(Refusal::new("import.openalex.twice").arg("id", work.id).line(line));
            }
            Err(refusal) => refused.push(refusal.line(line)),
        }
    }
}

fn work(text: &[u8], line: u64) -> Result<Work, Refusal> {
    let text: WorkText = serde_json::from_slice(text)
        .map_err(|_| Refusal::new("import.openalex.json").arg("line", line))?;
    if text.is_retracted {
        return Err(Refusal::new("import.openalex.retracted"));
    }
    let kind = text.kind.as_deref().unwrap_or("article");
    if !TYPES.contains(&kind) {
        return Err(Refusal::new("import.openalex.type").arg("type", kind));
    }
    let published_on = text
        .publication_date
        .parse()
        .map_err(|_| Refusal::new("import.openalex.date").arg("value", &text.publication_date))?;
    let field = text.primary_topic.as_ref().and_then(|topic| topic.field.as_ref());
    let printed = field.map(|field| last_part(&field.id)).unwrap_or_default();
    let number = printed.parse::<u32>().ok();
    let code = FIELDS.iter().find(|(id, _)| Some(*id) == number).map(|(_, code)| *code);
    let field = code.ok_or_else(|| Refusal::new("import.openalex.field").arg("field", printed))?;
    let pmid = text.ids.get("pmid").and_then(|id| last_part(id).parse().ok());
    let doi = text.doi.as_deref().map(|doi| {
        doi.trim_start_matches("https://doi.org/").trim_start_matches("http://dx.doi.org/")
    });
    Ok(Work {
        title: text.display_name.or(text.title).unwrap_or_else(|| text.id.clone()),
        id: last_part(&json!(text.id)),
        doi: doi.filter(|doi| IdScheme::Doi.check(doi).is_ok()).map(str::to_owned),
        pmid,
        published_on,
        field,
        citations: text.cited_by_count,
        countries: countries(&text.authorships),
    })
}

/// What stands behind the last `/` of a web address.
fn last_part(value: &serde_json::Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
}

/// Countries by organisation. An author without a known organisation stands for
/// one organisation of each country given.
fn countries(authorships: &[AuthorshipText]) -> Vec<String> {
    let mut organisations: BTreeSet<(String, String)> = BTreeSet::new();
    for authorship in authorships {
        let mut known = false;
        for institution in &authorship.institutions {
            if let (Some(id), Some(country)) = (&institution.id, &institution.country_code) {
                organisations.insert((id.clone(), country.to_uppercase()));
                known = true;
            }
        }
        if !known {
            for country in &authorship.countries {
                let country = country.to_uppercase();
                organisations.insert((format!("country:{country}"), country));
            }
        }
    }
    organisations.into_iter().map(|(_, country)| country).collect()
}

/// How papers of several countries are credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// 1 for each country.
    Whole,
    /// By the share of the country's organisations.
    Fractional,
}

/// How highly cited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Every paper.
    All,
    /// Top 10 %.
    TopTen,
    /// Top 1 %.
    TopOne,
}

/// The papers of a level that pass in one field and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Papers that pass.
    pub papers: usize,
    /// Citations a paper needs to pass.
    pub citations_min: u64,
    /// What each counts for, so that the sum is exactly the level's share.
    pub scale: Decimal,
}

/// One field and year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperCell {
    /// Papers.
    pub papers: usize,
    /// Top 10 %.
    pub top_ten: Passed,
    /// Top 1 %.
    pub top_one: Passed,
    /// Citations of all papers, most first.
    citations: Vec<u64>,
}

/// Works with the citations of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// Day the citations were counted.
    pub census_on: NaiveDate,
    /// Fields and years.
    pub cells: BTreeMap<(&'static str, i32), PaperCell>,
    works: Vec<Work>,
}

/// A row for the register `publication`.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Key of the work in OpenAlex.
    pub key: String,
    /// Field values.
    pub body: Body,
}

/// Takes the census of all works of the fields and years wanted: shares of a
/// part of the literature are no shares of the world's.
#[must_use]
pub fn census(works: Vec<Work>, census_on: NaiveDate) -> Census {
    let mut citations: BTreeMap<(&'static str, i32), Vec<u64>> = BTreeMap::new();
    for work in &works {
        citations.entry(cell_of(work)).or_default().push(work.citations);
    }
    let cells = citations
        .into_iter()
        .map(|(key, mut citations)| {
            citations.sort_unstable_by(|a, b| b.cmp(a));
            let (top_ten, top_one) = (passed(&citations, 10), passed(&citations, 100));
            (key, PaperCell { papers: citations.len(), top_ten, top_one, citations })
        })
        .collect();
    Census { census_on, cells, works }
}

fn cell_of(work: &Work) -> (&'static str, i32) {
    (work.field, chrono::Datelike::year(&work.published_on))
}

/// `citations` most first, of which one in `parts` is to pass.
fn passed(citations: &[u64], parts: u32) -> Passed {
    let share = Decimal::from(citations.len()) / Decimal::from(parts);
    let at_least = |needed: u64| citations.partition_point(|own| *own >= needed);
    let best = citations.first().copied().unwrap_or_default();
    let mut citations_min = best;
    let mut papers = at_least(best);
    for needed in citations.iter().copied() {
        let all = at_least(needed);
        if Decimal::from(all) > share {
            break;
        }
        (citations_min, papers) = (needed, all);
    }
    let scale = if papers == 0 { Decimal::ZERO } else { share / Decimal::from(papers) };
    Passed { papers, citations_min, scale }
}

impl Census {
    /// Papers credited to `country`, by code of two letters, in one field and
    /// year; at a level above all, scaled.
    #[must_use]
    pub fn credited(
        &self,
        country: &str,
        field: &str,
        year: i32,
        level: Level,
        counting: Counting,
    ) -> Decimal {
        let found = self.cells.iter().find(|((name, of), _)| *name == field && *of == year);
        let Some((key, cell)) = found else { return Decimal::ZERO };
        let (least, scale) = match level {
            Level::All => (0, Decimal::ONE),
            Level::TopTen => (cell.top_ten.citations_min, cell.top_ten.scale),
            Level::TopOne => (cell.top_one.citations_min, cell.top_one.scale),
        };
        let credit: Decimal = self
            .works
            .iter()
            .filter(|work| cell_of(work) == *key && work.citations >= least)
            .map(|work| match counting {
                Counting::Whole => {
                    Decimal::from(u8::from(work.countries.iter().any(|own| own == country)))
                }
                Counting::Fractional => fraction(work, country),
            })
            .sum();
        credit * scale
    }

    /// The papers with a share of `country`, as rows of the register
    /// `publication`, with their percentile and the day of the census. A paper's
    /// percentile is the share of papers of its field and year cited as often or
    /// more.
    #[must_use]
    pub fn publications(&self, country: &str) -> Vec<Publication> {
        self.works
            .iter()
            .filter(|work| work.countries.iter().any(|own| own == country))
            .filter_map(|work| {
                let cell = self.cells.get(&cell_of(work))?;
                let ahead = cell.citations.partition_point(|own| *own >= work.citations);
                let percentile =
                    Decimal::from(ahead) * Decimal::ONE_HUNDRED / Decimal::from(cell.papers);
                let body = self.body(work, percentile, fraction(work, country));
                Some(Publication { key: work.id.clone(), body })
            })
            .collect()
    }

    fn body(&self, work: &Work, percentile: Decimal, fraction: Decimal) -> Body {
        let plain = |number: Decimal| number.round_dp(DIGITS).normalize().to_string();
        let mut body = Body::new();
        let mut put = |field: &str, value| body.insert(field.to_owned(), value);
        put("title", json!(work.title));
        put("doi", json!(work.doi));
        put("pmid", json!(work.pmid));
        put("published_on", json!(work.published_on));
        put("field", json!(work.field));
        put("field_scheme", json!("openalex_topics"));
        put("citation_percentile", json!(plain(percentile)));
        put("fraction_japan", json!(plain(fraction)));
        put("rank_source", json!("openalex"));
        put("census_on", json!(self.census_on));
        canonical(body)
    }
}

fn fraction(work: &Work, country: &str) -> Decimal {
    let own = work.countries.iter().filter(|own| *own == country).count();
    let all = work.countries.len().max(1);
    Decimal::from(own) / Decimal::from(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shirube_model::registers::kind;

    use super::*;

    const DAY: &str = "2026-03-31";

    fn paper(id: usize, citations: u64, countries: &[&str]) -> Work {
        Work {
            id: format!("W{id}"),
            title: format!("paper {id}"),
            doi: None,
            pmid: None,
            published_on: "2025-05-01".parse().unwrap(),
            field: "clinical_medicine",
            citations,
            countries: countries.iter().map(|c| (*c).to_owned()).collect(),
        }
    }

    fn credit(census: &Census, country: &str, level: Level, counting: Counting) -> Decimal {
        census.credited(country, "clinical_medicine", 2025, level, counting)
    }

    /// The worked example of the method: 100 papers, of which 7 pass, 4 of A,
    /// 2 of B and 1 of C; the next ones tie.
    #[test]
    fn seven_of_a_hundred_count_as_ten() {
        let mut works: Vec<Work> = ["A", "A", "A", "A", "B", "B", "C"]
            .iter()
            .enumerate()
            .map(|(id, country)| paper(id, 50, &[country]))
            .collect();
        works.extend((7..12).map(|id| paper(id, 20, &["D"])));
        works.extend((12..100).map(|id| paper(id, 3, &["D"])));
        let census = census(works, DAY.parse().unwrap());
        let expected = [("A", "5.7"), ("B", "2.9"), ("C", "1.4"), ("D", "0")];
        for (country, value) in expected {
            let found = credit(&census, country, Level::TopTen, Counting::Whole);
            assert_eq!(found.round_dp(1).normalize().to_string(), value, "{country}");
        }
        let cell = &census.cells[&("clinical_medicine", 2025)];
        assert_eq!((cell.top_ten.papers, cell.top_ten.citations_min), (7, 50));
        // No paper stands alone at the top: the seven pass and count as one.
        assert_eq!(cell.top_one.papers, 7);
        assert_eq!((cell.top_one.scale * Decimal::from(7)).round_dp(9), Decimal::ONE);
    }

    #[test]
    fn two_of_three_organisations_are_two_thirds() {
        let works = vec![paper(1, 9, &["JP", "JP", "US"]), paper(2, 1, &[])];
        let census = census(works, DAY.parse().unwrap());
        let fractional = credit(&census, "JP", Level::All, Counting::Fractional);
        assert_eq!(fractional.round_dp(6).to_string(), "0.666667");
        assert_eq!(credit(&census, "JP", Level::All, Counting::Whole), Decimal::ONE);
        assert_eq!(credit(&census, "FR", Level::All, Counting::Whole), Decimal::ZERO);
    }

    fn line(changes: &[(&str, serde_json::Value)]) -> String {
        let mut work = json!({
            "id": "https://openalex.org/W1", "display_name": "A trial",
            "doi": "https://doi.org/10.1000/182", "publication_date": "2025-05-01",
            "ids": { "pmid": "https://pubmed.ncbi.nlm.nih.gov/123" },
            "type": "article", "cited_by_count": 4,
            "primary_topic": { "field": { "id": "https://openalex.org/fields/27" } },
            "authorships": [
                { "institutions": [{ "id": "I1", "country_code": "JP" }, { "id": "I2", "country_code": "jp" }] },
                { "institutions": [{ "id": "I1", "country_code": "JP" }] },
                { "institutions": [], "countries": ["US"] },
            ],
        });
        for (key, value) in changes {
            work.as_object_mut().unwrap().insert((*key).to_owned(), value.clone());
        }
        format!("{work}\n")
    }

    #[test]
    fn works_become_publications_that_the_register_takes() {
        let (works, refused) = read_works(line(&[]).as_bytes()).unwrap();
        assert_eq!(refused, []);
        assert_eq!(works[0].countries, ["JP", "JP", "US"]);
        assert_eq!((works[0].doi.as_deref(), works[0].pmid), (Some("10.1000/182"), Some(123)));
        let census = census(works, DAY.parse().unwrap());
        let rows = census.publications("JP");
        let body = &rows[0].body;
        assert_eq!((kind("publication").unwrap().check)(body), Ok(()));
        assert_eq!(rows[0].key, "W1");
        assert_eq!(body["fraction_japan"], json!("0.666667"));
        assert_eq!(body["citation_percentile"], json!("100"));
        assert_eq!(body["census_on"], json!(DAY));
        assert_eq!(census.publications("FR"), []);
    }

    #[test]
    fn what_is_not_counted_has_a_reason() {
        let topic = |id: &str| json!({ "field": { "id": id } });
        let cases = [
            (line(&[("is_retracted", json!(true))]), "import.openalex.retracted"),
            (line(&[("type", json!("dataset"))]), "import.openalex.type"),
            (line(&[("publication_date", json!("2025"))]), "import.openalex.date"),
            (line(&[("primary_topic", json!(null))]), "import.openalex.field"),
            (
                line(&[("primary_topic", topic("https://openalex.org/fields/12"))]),
                "import.openalex.field",
            ),
            ("{\n".to_owned(), "import.openalex.json"),
            (format!("{}{}", line(&[]), line(&[])), "import.openalex.twice"),
        ];
        for (text, code) in cases {
            let (_, refused) = read_works(text.as_bytes()).unwrap();
            assert_eq!(refused.iter().map(|r| r.code).collect::<Vec<_>>(), [code]);
            assert!(refused[0].place.line.is_some());
        }
    }

    proptest! {
        #[test]
        fn credits_sum_to_the_share_of_the_level(
            papers in proptest::collection::vec((0_u64..6, 0_usize..3), 1..120),
        ) {
            let countries = ["JP", "US", "FR"];
            let works: Vec<Work> = papers
                .iter()
                .enumerate()
                .map(|(id, (citations, country))| paper(id, *citations, &[countries[*country]]))
                .collect();
            let count = Decimal::from(works.len());
            let census = census(works, DAY.parse().unwrap());
            for (level, parts) in [(Level::All, 1), (Level::TopTen, 10), (Level::TopOne, 100)] {
                for counting in [Counting::Whole, Counting::Fractional] {
                    let sum: Decimal =
                        countries.iter().map(|c| credit(&census, c, level, counting)).sum();
                    let share = count / Decimal::from(parts);
                    prop_assert_eq!(sum.round_dp(12), share.round_dp(12));
                }
            }
        }

        #[test]
        fn no_more_than_the_share_pass_unless_the_best_tie(
            mut citations in proptest::collection::vec(0_u64..30, 1..200),
        ) {
            citations.sort_unstable_by(|a, b| b.cmp(a));
            let found = passed(&citations, 10);
            let tied = citations.iter().filter(|own| **own == citations[0]).count();
            prop_assert!(found.papers * 10 <= citations.len() || found.papers == tied);
            let next = citations.get(found.papers);
            prop_assert!(next.is_none_or(|next| *next < found.citations_min));
        }
    }
}
