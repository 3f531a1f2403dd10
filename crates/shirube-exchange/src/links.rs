//! Which measures of the plan a budget programme may carry out: ranked
//! suggestions, for a person to confirm or reject.
//!
//! The score is BM25 (Robertson and Zaragoza, 2009) over pairs of neighbouring
//! kanji and katakana and over Latin words; hiragana, mostly grammar, is left
//! out. A measure's text is its summary with the headings above it, nearer ones
//! counting more. A programme's name counts more than its purpose and summary,
//! and words that programmes and plan write differently are joined by the
//! pack's list of wordings. The score is raised where the programme's ministry
//! leads the measure and lowered where it is not named. Constants were set on
//! 60 judged sheets; the sheets of [`Draw::HeldOut`] took no part.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use serde_json::json;
use shirube_model::plan::{Draw, Heading, Judgement, Measure, Wording};
use shirube_model::record::{Body, RecordVersion};
use shirube_model::refusal::Refusal;
use shirube_model::registers::Register;
use shirube_model::registers::budget::{BudgetProgramme, MeasureLink};
use shirube_store::{Draft, Outcome, SourceKey, Store};
use unicode_normalization::UnicodeNormalization;

use crate::error::ExchangeError;

/// Version of the ranking, written into every suggestion.
pub const LINK_METHOD: &str = "bigram-bm25-1";
/// System that the source keys of links belong to.
pub const LINK_SYSTEM: &str = "link-suggestions";
/// Score below which a measure is not suggested.
pub const SCORE_MIN: f64 = 10.0;

/// How often a word of the programme's name counts.
const NAME_TIMES: f64 = 5.0;
/// Saturation of words in the programme.
const K3: f64 = 1.0;
/// Saturation of words in the measure.
const K1: f64 = 2.0;
/// How much long measures are held back.
const B: f64 = 0.3;
/// How often a word of a heading counts, from the measure's own upwards.
const HEADING_TIMES: [f64; 3] = [1.0, 0.5, 0.25];
/// Factor where the ministry leads the measure.
const LEADS: f64 = 1.5;
/// Factor where the measure names other ministries only.
const NOT_NAMED: f64 = 0.8;
/// Suggestions among which recall is measured.
const FIRST_TEN: usize = 10;
/// Drafts of one request.
const DRAFTS_MAX: usize = 1_000;

/// What the ranking reads of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProgrammeText<'a> {
    /// Name.
    pub name: &'a str,
    /// Purpose.
    pub purpose: &'a str,
    /// Summary.
    pub summary: &'a str,
    /// Abbreviation of the ministry, where the plan knows it.
    pub ministry: Option<&'a str>,
}

impl<'a> ProgrammeText<'a> {
    /// The text of a record of the register `budget_programme`.
    #[must_use]
    pub fn of(body: &'a Body) -> Self {
        let text = |field: &str| body.get(field).and_then(serde_json::Value::as_str);
        Self {
            name: text("name").unwrap_or_default(),
            purpose: text("purpose").unwrap_or_default(),
            summary: text("summary").unwrap_or_default(),
            ministry: text("ministry"),
        }
    }
}

/// A measure suggested for a programme.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Measure.
    pub measure: String,
    /// Score; comparable within one programme.
    pub score: f64,
}

/// The measures of a plan, ready to be ranked.
#[derive(Debug)]
pub struct LinkRanker {
    measures: Vec<Document>,
    /// Weight of each word: rare ones tell measures apart.
    weight: HashMap<String, f64>,
    /// Mean length of a measure.
    mean_length: f64,
    wordings: Vec<Wording>,
}

#[derive(Debug)]
struct Document {
    id: String,
    lead: Vec<String>,
    participating: Vec<String>,
    /// Words in order, so that sums come out the same every time.
    words: BTreeMap<String, f64>,
    length: f64,
}

impl LinkRanker {
    /// Reads the plan.
    #[must_use]
    pub fn new(measures: &[Measure], headings: &[Heading], wordings: &[Wording]) -> Self {
        let by_id: HashMap<&str, &Heading> = headings.iter().map(|h| (h.id.as_str(), h)).collect();
        let documents: Vec<Document> = measures.iter().map(|m| document(m, &by_id)).collect();
        let mut holding: HashMap<String, f64> = HashMap::new();
        for word in documents.iter().flat_map(|document| document.words.keys()) {
            *holding.entry(word.clone()).or_default() += 1.0;
        }
        let all = count(documents.len());
        let weigh = |n: f64| (1.0 + (all - n + 0.5) / (n + 0.5)).ln();
        let weight = holding.into_iter().map(|(word, n)| (word, weigh(n))).collect();
        let total: f64 = documents.iter().map(|document| document.length).sum();
        let fold = |wording: &Wording| Wording { word: folded(&wording.word), ..wording.clone() };
        Self {
            mean_length: total / all.max(1.0),
            measures: documents,
            weight,
            wordings: wordings.iter().map(fold).collect(),
        }
    }

    /// The best `limit` measures for a programme, best first; measures that
    /// score alike stand in the order of the plan.
    #[must_use]
    pub fn suggest(&self, programme: &ProgrammeText<'_>, limit: usize) -> Vec<Suggestion> {
        let query = self.query(programme);
        let mut found: Vec<Suggestion> = self
            .measures
            .iter()
            .map(|measure| Suggestion {
                measure: measure.id.clone(),
                score: self.score(&query, measure) * named(measure, programme.ministry),
            })
            .filter(|suggestion| suggestion.score >= SCORE_MIN)
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(limit);
        found
    }

    /// Words of the programme that the plan has too, with their weights.
    fn query(&self, programme: &ProgrammeText<'_>) -> BTreeMap<String, f64> {
        let whole = folded(&[programme.name, programme.purpose, programme.summary].join(" "));
        let mut times: BTreeMap<String, f64> = BTreeMap::new();
        let mut add = |text: &str, n: f64| {
            for word in words(text) {
                *times.entry(word).or_default() += n;
            }
        };
        add(programme.name, NAME_TIMES);
        add(programme.purpose, 1.0);
        add(programme.summary, 1.0);
        for wording in self.wordings.iter().filter(|wording| whole.contains(&wording.word)) {
            for means in &wording.means {
                add(means, NAME_TIMES);
            }
        }
        times
            .into_iter()
            .filter_map(|(word, n)| {
                let weight = self.weight.get(&word)? * n / (n + K3);
                Some((word, weight))
            })
            .collect()
    }

    fn score(&self, query: &BTreeMap<String, f64>, measure: &Document) -> f64 {
        let held_back = K1 * (1.0 - B + B * measure.length / self.mean_length.max(1.0));
        query
            .iter()
            .filter_map(|(word, weight)| {
                let n = measure.words.get(word)?;
                Some(weight * n * (K1 + 1.0) / (n + held_back))
            })
            .sum()
    }
}

fn document(measure: &Measure, headings: &HashMap<&str, &Heading>) -> Document {
    let mut found: BTreeMap<String, f64> = BTreeMap::new();
    for word in words(&measure.summary.ja) {
        *found.entry(word).or_default() += 1.0;
    }
    let mut heading = headings.get(measure.section.as_str());
    for times in HEADING_TIMES {
        let Some(at) = heading else { break };
        for word in words(&at.title.ja) {
            *found.entry(word).or_default() += times;
        }
        heading = at.parent.as_deref().and_then(|parent| headings.get(parent));
    }
    Document {
        id: measure.id.clone(),
        lead: measure.attribution.lead.clone(),
        participating: measure.attribution.participating.clone(),
        length: found.values().sum(),
        words: found,
    }
}

/// What the programme's ministry says about the measure.
fn named(measure: &Document, ministry: Option<&str>) -> f64 {
    let Some(ministry) = ministry else { return 1.0 };
    let holds = |list: &[String]| list.iter().any(|abbr| abbr == ministry);
    if holds(&measure.lead) {
        LEADS
    } else if holds(&measure.participating) || measure.lead.is_empty() {
        1.0
    } else {
        NOT_NAMED
    }
}

fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Kanji,
    Katakana,
    Other,
}

fn script(c: char) -> Script {
    match c {
        'a'..='z' | '0'..='9' => Script::Latin,
        '\u{4e00}'..='\u{9fff}' | '々' | '〇' => Script::Kanji,
        '\u{30a0}'..='\u{30ff}' => Script::Katakana,
        _ => Script::Other,
    }
}

/// Latin words, and pairs of neighbouring characters of one Japanese script.
fn words(text: &str) -> Vec<String> {
    let text = folded(text);
    let mut found = Vec::new();
    let mut run = String::new();
    let mut kind = Script::Other;
    for c in text.chars().chain([' ']) {
        let now = script(c);
        if now != kind {
            close_run(&run, kind, &mut found);
            run.clear();
            kind = now;
        }
        if now != Script::Other {
            run.push(c);
        }
    }
    found
}

fn close_run(run: &str, kind: Script, found: &mut Vec<String>) {
    match kind {
        Script::Latin if run.chars().any(|c| c.is_ascii_alphabetic()) => found.push(run.to_owned()),
        Script::Kanji | Script::Katakana => {
            found.extend(run.chars().zip(run.chars().skip(1)).map(|(a, b)| format!("{a}{b}")));
        }
        Script::Latin | Script::Other => {}
    }
}

/// How good the suggestions are on judged sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkQuality {
    /// Sheets judged.
    pub sheets: usize,
    /// Sheets with at least one measure.
    pub with_measure: usize,
    /// Of these, sheets whose first suggestion is one of the measures.
    pub first_right: usize,
    /// Measures judged, over all sheets.
    pub measures: usize,
    /// Of these, measures among the first ten suggestions.
    pub in_first_ten: usize,
    /// Sheets without a measure that got no suggestion.
    pub rightly_silent: usize,
}

impl LinkQuality {
    /// Share of the sheets with a measure whose first suggestion is right.
    #[must_use]
    pub fn precision_first(&self) -> f64 {
        count(self.first_right) / count(self.with_measure).max(1.0)
    }

    /// Share of the judged measures found among the first ten.
    #[must_use]
    pub fn recall_ten(&self) -> f64 {
        count(self.in_first_ten) / count(self.measures).max(1.0)
    }
}

/// Tries the ranking on the judgements of the given draws. `text` gives the
/// programme of a sheet number; judgements without one are left out.
pub fn link_quality<'a>(
    ranker: &LinkRanker,
    judgements: &[Judgement],
    draws: &[Draw],
    text: impl Fn(&str) -> Option<ProgrammeText<'a>>,
) -> LinkQuality {
    let mut quality = LinkQuality::default();
    for judgement in judgements.iter().filter(|judgement| draws.contains(&judgement.draw)) {
        let Some(programme) = text(&judgement.sheet) else { continue };
        let found = ranker.suggest(&programme, FIRST_TEN);
        let right = |suggestion: &&Suggestion| judgement.measures.contains(&suggestion.measure);
        quality.sheets += 1;
        if judgement.measures.is_empty() {
            quality.rightly_silent += usize::from(found.is_empty());
            continue;
        }
        quality.with_measure += 1;
        quality.first_right += usize::from(found.first().is_some_and(|first| right(&first)));
        quality.measures += judgement.measures.len();
        quality.in_first_ten += found.iter().filter(right).count();
    }
    quality
}

/// What recording suggestions did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SuggestReport {
    /// Links suggested for the first time.
    pub suggested: u64,
    /// Links that were on record and stay as they are, decided ones among them.
    pub kept: u64,
}

/// Records the first `limit` suggestions for each programme. A link on record
/// is never changed, so no decision of a person is lost.
///
/// # Errors
/// `store.*`, or a refusal of a link that breaks the rules of its register.
pub async fn record_suggestions(
    store: &Store,
    ranker: &LinkRanker,
    programmes: &[RecordVersion],
    limit: usize,
    actor: &str,
    reason: &str,
) -> Result<SuggestReport, ExchangeError> {
    let mut report = SuggestReport::default();
    let mut drafts = Vec::new();
    for programme in programmes.iter().filter(|p| p.kind == BudgetProgramme::SCHEMA.kind) {
        let found = ranker.suggest(&ProgrammeText::of(&programme.body), limit);
        for (at, suggestion) in found.iter().enumerate() {
            drafts.push(link_draft(programme, at + 1, suggestion));
        }
    }
    let mut drafts = drafts.into_iter().peekable();
    while drafts.peek().is_some() {
        let part: Vec<Draft> = drafts.by_ref().take(DRAFTS_MAX).collect();
        for outcome in store.append_bulk(part, actor, reason).await?.outcomes {
            match outcome {
                Outcome::Recorded { .. } => report.suggested += 1,
                Outcome::Unchanged { .. } => report.kept += 1,
                Outcome::Refused(error) if error.code() == "store.source-known" => {
                    report.kept += 1;
                }
                Outcome::Refused(error) => return Err(error.into()),
            }
        }
    }
    Ok(report)
}

fn link_draft(programme: &RecordVersion, rank: usize, suggestion: &Suggestion) -> Draft {
    let mut body = Body::new();
    let mut put = |field: &str, value| body.insert(field.to_owned(), value);
    put("programme", json!(programme.id));
    put("measure", json!(suggestion.measure));
    put("rank", json!(rank));
    put("score", json!(rounded(suggestion.score)));
    put("method_version", json!(LINK_METHOD));
    let key = format!("{}/{}", programme.id, suggestion.measure);
    let source = SourceKey::new(LINK_SYSTEM, key);
    Draft::new_record(MeasureLink::SCHEMA.kind, Some(source), body).only_if_new()
}

/// A score as it is stored, with three digits behind the point.
fn rounded(score: f64) -> String {
    let score = Decimal::try_from(score).unwrap_or_default().round_dp(3);
    score.normalize().to_string()
}

/// The body of a link after a person's decision, for the steps `confirm` and
/// `reject`.
///
/// # Errors
/// `import.link.grounds` when no grounds are given.
pub fn decided_body(
    link: &Body,
    grounds: &str,
    decided_on: chrono::NaiveDate,
    decided_by: &str,
) -> Result<Body, Refusal> {
    if grounds.trim().is_empty() {
        return Err(Refusal::new("import.link.grounds").field("grounds"));
    }
    let mut body = link.clone();
    body.insert("grounds".to_owned(), json!(grounds.trim()));
    body.insert("decided_on".to_owned(), json!(decided_on));
    body.insert("decided_by".to_owned(), json!(decided_by));
    Ok(body)
}

#[expect(clippy::cast_precision_loss, reason = "counts of measures and sheets are small")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use shirube_model::lang::LocalText;
    use shirube_model::plan::Attribution;

    use super::*;

    fn heading(id: &str, parent: Option<&str>, ja: &str) -> Heading {
        Heading {
            id: id.to_owned(),
            kind: "item".to_owned(),
            parent: parent.map(str::to_owned),
            title: LocalText::new(ja, "x"),
            source_line: 1,
            attribution: Attribution::default(),
        }
    }

    fn measure(id: &str, section: &str, lead: &str, ja: &str) -> Measure {
        Measure {
            id: id.to_owned(),
            section: section.to_owned(),
            source_line: 1,
            attribution: Attribution { lead: vec![lead.to_owned()], ..Attribution::default() },
            summary: LocalText::new(ja, "x"),
        }
    }

    fn ranker() -> LinkRanker {
        let headings = [heading("1", None, "感染症対策"), heading("2", None, "健康経営の推進")];
        let mut measures = vec![
            measure("1-m1", "1", "厚", "国産ワクチンの研究開発と製造体制を整える。"),
            measure("1-m2", "1", "文", "国産ワクチンの研究開発と製造体制を整える。"),
            measure("2-m1", "2", "経", "優良法人の認定を中小企業に広げる。"),
            measure("2-m2", "2", "経", "スタートアップの事業化を助ける。"),
        ];
        measures.extend((0..40).map(|n| measure(&format!("3-m{n}"), "3", "環", "その他の取組")));
        let wordings = [Wording {
            word: "ベンチャー".to_owned(),
            means: vec!["スタートアップ".to_owned()],
        }];
        LinkRanker::new(&measures, &headings, &wordings)
    }

    fn first(name: &str, ministry: Option<&str>) -> Option<String> {
        let text = ProgrammeText { name, ministry, ..ProgrammeText::default() };
        ranker().suggest(&text, 1).into_iter().next().map(|suggestion| suggestion.measure)
    }

    #[test]
    fn words_are_pairs_and_latin_words() {
        assert_eq!(words("ＡＭＥＤの研究開発２０２５"), ["amed", "研究", "究開", "開発"]);
        assert_eq!(words("ワクチンを打つ"), ["ワク", "クチ", "チン"]);
        assert_eq!(words("AI創薬"), ["ai", "創薬"]);
        assert_eq!(words("、。 "), Vec::<String>::new());
    }

    #[test]
    fn text_ministry_heading_and_wording_decide() {
        let cases = [
            ("国産ワクチンの研究開発と製造体制の整備", Some("厚"), Some("1-m1")),
            ("国産ワクチンの研究開発と製造体制の整備", Some("文"), Some("1-m2")),
            ("国産ワクチンの研究開発と製造体制の整備", None, Some("1-m1")),
            ("健康経営優良法人の認定", Some("経"), Some("2-m1")),
            ("ベンチャーの事業化の支援", Some("経"), Some("2-m2")),
            ("石油の備蓄", Some("経"), None),
        ];
        for (name, ministry, expected) in cases {
            assert_eq!(first(name, ministry).as_deref(), expected, "{name} {ministry:?}");
        }
    }

    #[test]
    fn quality_counts_what_it_says() {
        let judgement = |sheet: &str, draw, measures: &[&str]| Judgement {
            sheet: sheet.to_owned(),
            draw,
            programme: String::new(),
            measures: measures.iter().map(|m| (*m).to_owned()).collect(),
            reason: String::new(),
            judged_on: None,
        };
        let judgements = [
            judgement("ワクチン研究開発の製造体制", Draw::Health, &["1-m1", "2-m1"]),
            judgement("健康経営優良法人の認定", Draw::Health, &["1-m1"]),
            judgement("石油の備蓄", Draw::Any, &[]),
            judgement("ワクチン", Draw::HeldOut, &["1-m1"]),
        ];
        let text = |sheet: &str| {
            let name = judgements.iter().find(|j| j.sheet == sheet)?.sheet.as_str();
            Some(ProgrammeText { name, ministry: Some("厚"), ..ProgrammeText::default() })
        };
        let quality = link_quality(&ranker(), &judgements, &[Draw::Health, Draw::Any], text);
        assert_eq!(
            quality,
            LinkQuality {
                sheets: 3,
                with_measure: 2,
                first_right: 1,
                measures: 3,
                in_first_ten: 1,
                rightly_silent: 1,
            }
        );
        assert!((quality.precision_first() - 0.5).abs() < 1e-9);
        assert!((quality.recall_ten() - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_decision_needs_a_reason() {
        let day = "2026-04-01".parse().unwrap();
        let body = decided_body(&Body::new(), " 目的が一致する ", day, "担当").unwrap();
        assert_eq!(body.get("grounds"), Some(&json!("目的が一致する")));
        assert_eq!(body.get("decided_on"), Some(&json!("2026-04-01")));
        let refused = decided_body(&Body::new(), " ", day, "担当").unwrap_err();
        assert_eq!(refused.code, "import.link.grounds");
    }
}
