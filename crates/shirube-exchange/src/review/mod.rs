//! Budget review sheets (行政事業レビュー) into the registers of budget
//! programmes and their payments.
//!
//! Every sheet of the input is accounted for: it becomes a version of a
//! programme, or it already was one, or it goes to the quarantine with its
//! reasons. Sheets are taken year by year, so the versions of a programme stand
//! in the order of the years, whatever the order of the files.

mod fold;
mod identity;
mod read;
mod report;
mod sheet;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use shirube_model::ident::RecordId;
use shirube_model::lang::Lang;
use shirube_model::plan::Vocabulary;
use shirube_model::refusal::Refusal;
use shirube_model::registers::budget::{BudgetPayment, BudgetProgramme};
use shirube_model::registers::{Register, read_body};
use shirube_store::{AsOf, Draft, ListQuery, Order, Outcome, SourceKey, Store};

use crate::error::ExchangeError;
use identity::Trace;
use read::RawSheet;

pub use fold::ministry_of;
pub use identity::Rule;
pub use report::ReviewReport;
pub use sheet::{Payment, Sheet};

/// System that the source keys of programmes and payments belong to.
pub const REVIEW_SYSTEM: &str = "gyosei-review";

/// Drafts of one request.
const DRAFTS_MAX: usize = 1_000;
/// Records read at a time.
const PAGE: usize = 2_000;

/// How sheets are imported.
#[derive(Debug, Clone)]
pub struct ReviewOptions {
    /// Who imports.
    pub actor: String,
    /// Why; stands in every event.
    pub reason: String,
    /// Whether payments are imported too.
    pub payments: bool,
    /// Where the quarantine is made; below the store when absent.
    pub quarantine: Option<PathBuf>,
    /// Language of the quarantine's notes for people.
    pub lang: Lang,
}

impl ReviewOptions {
    /// Options with payments.
    pub fn new(actor: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            actor: actor.into(),
            reason: reason.into(),
            payments: true,
            quarantine: None,
            lang: Lang::Ja,
        }
    }
}

/// A sheet that was refused, whole, with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedSheet {
    /// Path within the input.
    pub path: String,
    /// The file, as far as it could be read.
    pub text: String,
    /// Why; never empty.
    pub refusals: Vec<Refusal>,
}

/// The sheets of an input: those that read well, by year and number, and those
/// that do not.
#[derive(Debug, Default)]
pub struct Sheets {
    /// Sheets with their paths.
    pub read: Vec<(String, Sheet)>,
    /// Sheets that cannot be right by themselves.
    pub refused: Vec<RefusedSheet>,
}

/// Reads a directory of sheets, or a tar archive of one (`.tar`, `.tar.zst`).
///
/// # Errors
/// `import.file.unreadable`, `import.review.archive`, `import.review.too-large`,
/// `import.review.none`. A sheet that cannot be read is no error.
pub fn read_sheets(input: &Path) -> Result<Sheets, ExchangeError> {
    let mut sheets = Sheets::default();
    read::each_sheet(input, &mut |raw| match sheet::read(&raw) {
        Ok(sheet) => sheets.read.push((raw.path, sheet)),
        Err(refusal) => sheets.refused.push(refused(&raw, refusal)),
    })?;
    if sheets.read.is_empty() && sheets.refused.is_empty() {
        let name = input.display().to_string();
        return Err(Refusal::new("import.review.none").file(name).into());
    }
    sheets.read.sort_by(|(path_a, a), (path_b, b)| {
        (a.published_year, &a.number, path_a).cmp(&(b.published_year, &b.number, path_b))
    });
    sheets.refused.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sheets)
}

fn refused(raw: &RawSheet, refusal: Refusal) -> RefusedSheet {
    RefusedSheet {
        path: raw.path.clone(),
        text: String::from_utf8_lossy(&raw.bytes).into_owned(),
        refusals: vec![refusal.file(&raw.path)],
    }
}

/// Imports the sheets of `input` into `store`. `ministries` is the pack's
/// vocabulary of that name. The same sheets imported again change nothing.
///
/// # Errors
/// As [`read_sheets`]; `store.*` and faults of the disk, after which the same
/// call goes on where it stopped.
pub async fn import_review_sheets(
    store: &Store,
    input: &Path,
    ministries: &Vocabulary,
    options: &ReviewOptions,
) -> Result<ReviewReport, ExchangeError> {
    let sheets = read_sheets(input)?;
    let mut run = Run {
        store,
        options,
        ministries,
        known: known(store).await?,
        by_number: HashMap::new(),
        report: ReviewReport::begin(&sheets),
        refused: sheets.refused,
    };
    run.index();
    let mut by_year: BTreeMap<i32, Vec<(String, Sheet)>> = BTreeMap::new();
    for (path, sheet) in sheets.read {
        by_year.entry(sheet.published_year).or_default().push((path, sheet));
    }
    for sheets in by_year.into_values() {
        run.year(sheets).await?;
    }
    run.report.close(run.refused, store, options)
}

/// A programme as far as the run knows it.
struct Known {
    id: RecordId,
    version: u32,
    typed: BudgetProgramme,
    trace: Trace,
}

/// Programmes on record.
async fn known(store: &Store) -> Result<Vec<Known>, ExchangeError> {
    let mut known = Vec::new();
    let mut query = ListQuery { order: Order::ById, limit: PAGE, ..ListQuery::default() };
    loop {
        let page = store.list(BudgetProgramme::SCHEMA.kind, AsOf::Now, &query).await?;
        for record in page.records {
            let typed: BudgetProgramme = read_body(&record.body)?;
            let trace = trace_of(&typed);
            known.push(Known { id: record.id, version: record.version, typed, trace });
        }
        query.after = page.next;
        if query.after.is_none() {
            return Ok(known);
        }
    }
}

fn trace_of(programme: &BudgetProgramme) -> Trace {
    let mut history = BTreeMap::new();
    for (field, amounts) in programme.money() {
        if matches!(field, "initial" | "executed") {
            history.extend(amounts.iter().map(|a| ((a.fiscal_year, field), a.amount_yen)));
        }
    }
    Trace {
        ministry: programme.ministry_printed.clone(),
        name: identity::folded(&programme.name),
        started_year: programme.started_year.and_then(|year| i32::try_from(year).ok()),
        bureau: programme.bureau.clone(),
        history,
    }
}

/// One import.
struct Run<'a> {
    store: &'a Store,
    options: &'a ReviewOptions,
    ministries: &'a Vocabulary,
    known: Vec<Known>,
    /// Place of the programme of each sheet number.
    by_number: HashMap<String, usize>,
    report: ReviewReport,
    refused: Vec<RefusedSheet>,
}

/// A sheet on its way.
struct Item {
    path: String,
    sheet: Sheet,
    programme: RecordId,
    /// What is asked for its programme; nothing for an older sheet on record.
    draft: Option<Draft>,
}

impl Run<'_> {
    fn index(&mut self) {
        for (at, known) in self.known.iter().enumerate() {
            for number in &known.typed.sheet_numbers {
                self.by_number.insert(number.clone(), at);
            }
        }
    }

    /// Takes the sheets of one year.
    async fn year(&mut self, sheets: Vec<(String, Sheet)>) -> Result<(), ExchangeError> {
        let sheets = once(sheets, &mut self.refused);
        let year = sheets.first().map_or(0, |(_, sheet)| sheet.published_year);
        let (old, new): (Vec<_>, Vec<_>) =
            sheets.into_iter().partition(|(_, sheet)| self.by_number.contains_key(&sheet.number));
        let mut items: Vec<Item> =
            old.into_iter().filter_map(|(path, sheet)| self.again(path, sheet)).collect();
        let places: Vec<usize> = (0..self.known.len())
            .filter(|at| {
                self.known.get(*at).is_some_and(|k| k.typed.published_year < i64::from(year))
            })
            .collect();
        let traces: Vec<Trace> = new.iter().map(|(_, sheet)| Trace::of(sheet)).collect();
        let open: Vec<&Trace> =
            places.iter().filter_map(|at| self.known.get(*at)).map(|k| &k.trace).collect();
        let matches = identity::matches(&traces, &open);
        for ((path, sheet), found) in new.into_iter().zip(matches) {
            let found = found.and_then(|(at, rule)| Some((*places.get(at)?, rule)));
            items.extend(self.take(path, sheet, found));
        }
        self.write(items).await
    }

    /// A sheet whose number is on record: changed only if it is the latest of
    /// its programme and was mended since.
    fn again(&self, path: String, sheet: Sheet) -> Option<Item> {
        let at = self.by_number.get(&sheet.number)?;
        let known = self.known.get(*at)?;
        let draft = (known.typed.sheet_number == sheet.number).then(|| {
            let (before, rule) = (Some(&known.typed), Rule::SameName);
            let body = fold::folded_body(before, &sheet, rule, self.ministries);
            Draft::correct(known.id.clone(), known.version, body)
        });
        Some(Item { path, sheet, programme: known.id.clone(), draft })
    }

    /// A new sheet: the next version of a programme, or a new one.
    fn take(&mut self, path: String, sheet: Sheet, found: Option<(usize, Rule)>) -> Option<Item> {
        let rule = found.map_or(Rule::First, |(_, rule)| rule);
        let place = found.map(|(at, _)| at);
        let before = place.and_then(|at| self.known.get(at));
        let body = fold::folded_body(before.map(|k| &k.typed), &sheet, rule, self.ministries);
        let schema = BudgetProgramme::SCHEMA;
        // Checked here, because later sheets of the programme build on it.
        let refusals = match (schema.check)(&body) {
            Ok(()) => read_body::<BudgetProgramme>(&body).map_err(|refusal| vec![refusal]),
            Err(refusals) => Err(refusals),
        };
        let typed = match refusals {
            Ok(typed) => typed,
            Err(refusals) => {
                self.refused.push(whole(path, refusals));
                return None;
            }
        };
        let (draft, programme) = match before {
            Some(known) => {
                (Draft::correct(known.id.clone(), known.version, body), known.id.clone())
            }
            None => {
                let source = SourceKey::new(REVIEW_SYSTEM, &sheet.number);
                let id = RecordId::derive(schema.prefix, &source.system, &source.key);
                (Draft::new_record(schema.kind, Some(source), body), id)
            }
        };
        *self.report.matched.entry(rule.code()).or_default() += 1;
        self.remember(place, &programme, typed);
        Some(Item { path, sheet, programme, draft: Some(draft) })
    }

    fn remember(&mut self, at: Option<usize>, id: &RecordId, typed: BudgetProgramme) {
        let trace = trace_of(&typed);
        self.by_number.insert(typed.sheet_number.clone(), at.unwrap_or(self.known.len()));
        match at.and_then(|at| self.known.get_mut(at)) {
            Some(known) => {
                known.version += 1;
                known.typed = typed;
                known.trace = trace;
            }
            None => self.known.push(Known { id: id.clone(), version: 1, typed, trace }),
        }
    }

    /// Writes the programmes of one year, then the payments of those sheets
    /// that were taken.
    async fn write(&mut self, mut items: Vec<Item>) -> Result<(), ExchangeError> {
        let asked: Vec<Option<Draft>> = items.iter_mut().map(|item| item.draft.take()).collect();
        let known: Vec<bool> = asked.iter().map(Option::is_none).collect();
        let mut outcomes = self.append(asked.into_iter().flatten().collect()).await?.into_iter();
        let mut payments = Vec::new();
        for (item, known) in items.into_iter().zip(known) {
            match if known { None } else { outcomes.next() } {
                Some(Outcome::Refused(error)) => {
                    self.refused.push(whole(item.path, error.refusals()));
                    continue;
                }
                Some(Outcome::Recorded { version: 1, .. }) => self.report.created += 1,
                Some(Outcome::Recorded { .. }) => self.report.versions += 1,
                Some(Outcome::Unchanged { .. }) | None => self.report.unchanged += 1,
            }
            self.report.sheet_notes(&item.sheet);
            if self.options.payments {
                payments.extend(payment_drafts(&item));
            }
        }
        for outcome in self.append(payments).await? {
            match outcome {
                Outcome::Recorded { .. } => self.report.payments_recorded += 1,
                Outcome::Unchanged { .. } => self.report.payments_unchanged += 1,
                Outcome::Refused(error) => self.report.payment_refused(&error.refusals()),
            }
        }
        Ok(())
    }

    async fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Outcome>, ExchangeError> {
        let mut outcomes = Vec::with_capacity(drafts.len());
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let part: Vec<Draft> = drafts.by_ref().take(DRAFTS_MAX).collect();
            let (actor, reason) = (&self.options.actor, &self.options.reason);
            outcomes.extend(self.store.append_bulk(part, actor, reason).await?.outcomes);
        }
        Ok(outcomes)
    }
}

/// Leaves out sheets whose number another sheet of the year has taken.
fn once(sheets: Vec<(String, Sheet)>, refused: &mut Vec<RefusedSheet>) -> Vec<(String, Sheet)> {
    let mut first: HashMap<String, String> = HashMap::new();
    let mut kept = Vec::with_capacity(sheets.len());
    for (path, sheet) in sheets {
        if let Some(other) = first.get(&sheet.number) {
            let refusal = Refusal::new("import.review.number-twice")
                .arg("number", &sheet.number)
                .arg("other", other)
                .file(&path);
            refused.push(RefusedSheet { path, text: String::new(), refusals: vec![refusal] });
        } else {
            first.insert(sheet.number.clone(), path.clone());
            kept.push((path, sheet));
        }
    }
    kept
}

fn whole(path: String, refusals: Vec<Refusal>) -> RefusedSheet {
    let refusals = refusals.into_iter().map(|refusal| refusal.file(&path)).collect();
    RefusedSheet { path, text: String::new(), refusals }
}

fn payment_drafts(item: &Item) -> Vec<Draft> {
    let schema = BudgetPayment::SCHEMA;
    let mut used: HashMap<(i32, &str, i64), usize> = HashMap::new();
    item.sheet
        .payments
        .iter()
        .map(|payment| {
            let place = (payment.fiscal_year, payment.block.as_str(), payment.rank);
            let again = used.entry(place).or_default();
            *again += 1;
            let mut key = format!("{}/{}/{}", item.sheet.number, payment.block, payment.rank);
            if payment.fiscal_year != item.sheet.published_year - 1 || *again > 1 {
                key.push_str(&format!("/{}/{again}", payment.fiscal_year));
            }
            let body = fold::payment_body(item.programme.as_str(), &item.sheet, payment);
            Draft::new_record(schema.kind, Some(SourceKey::new(REVIEW_SYSTEM, key)), body)
        })
        .collect()
}
