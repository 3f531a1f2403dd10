//! Bulk import.
//!
//! Rows are read in batches, checked, decided and written; refused rows go to
//! the quarantine and stop nothing. A row is found again by its source key, so
//! the same input imported twice changes nothing the second time. Every event
//! carries `[import:…]` at the end of its reason, which names the input: rows
//! that ask for events (column `action`) are recognised by it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Seek, SeekFrom};

use shirube_model::ident::RecordId;
use shirube_model::refusal::Refusal;
use shirube_model::schema::FieldType;
use shirube_store::{Action, Draft, Outcome, Store, StoreClass};

use crate::bind::Binding;
use crate::codes::Codes;
use crate::error::ExchangeError;
use crate::input::{Input, InputFacts, read_header, shape_of, survey};
use crate::judge::{Case, Verdict};
use crate::options::{ImportOptions, Mode, digest_of};
use crate::progress::Progress;
use crate::proposal::{Proposal, RowReader, references};
use crate::quarantine::{Opening, Quarantine, Refused};
use crate::report::{Counts, Report, SAMPLES};
use crate::rows::{Cells, Format, RawRow, Rows, Shape, read_cells};
use crate::seen::{Seen, Sight};
use crate::values::Context;
use crate::view::{Earlier, References, View};

/// Imports `input` into `store`.
///
/// # Errors
/// A refusal of the file, the mapping or the options as a whole, after which
/// nothing was written; or a fault of disk or file, after which the same call
/// goes on where it stopped. A refused row is no error.
pub async fn import(
    store: &Store,
    input: Input,
    codes: &Codes,
    options: &ImportOptions,
    progress: &mut dyn Progress,
) -> Result<Report, ExchangeError> {
    let schema = options.schema()?;
    options.check_who_and_why()?;
    let name = input.name();
    let mut file = input.open()?;
    let encoding = options.encoding.or(options.mapping.as_ref().and_then(|m| m.encoding));
    let facts = survey(&name, &mut file, options.format, encoding)?;
    let unreadable =
        |error: std::io::Error| ExchangeError::io("import.file.unreadable", name.as_ref(), &error);
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let shape = shape_of(&facts, options.delimiter(), options.limits);
    let mut rows = Rows::new(file, shape).map_err(unreadable)?;
    let header = match facts.format {
        Format::Csv => Some(read_header(&name, &mut rows, &shape)?),
        Format::Ndjson => None,
    };
    let binding = Binding::new(
        schema,
        options.mapping.as_ref(),
        options.source.as_deref(),
        header.as_deref(),
        codes,
    )
    .map_err(|refusals| refusals.into_iter().map(|r| r.file(&name)).collect::<Vec<_>>())?;
    let mut run = Run::new(store, options, &binding, codes, facts, shape, header)?;
    progress.start(run.report.input.bytes);
    let result = run.all(&mut rows, progress).await;
    progress.finish();
    result?;
    run.finish().await
}

/// One row on its way.
struct Item {
    row: RawRow,
    cells: Option<Cells>,
    fate: Fate,
}

/// Rows for one transaction.
#[derive(Default)]
struct Batch {
    items: Vec<Item>,
    /// Number of the last row; 0 where the input has ended.
    row: u64,
    /// Bytes of the input up to the end of that row.
    bytes: u64,
}

/// What becomes of a row.
enum Fate {
    Asks(Box<Proposal>),
    Draft { draft: Box<Draft>, proposal: Box<Proposal> },
    Unchanged,
    Repeated,
    Done(Effect),
    Refused(Vec<Refusal>),
}

/// What an event was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Created,
    Corrected,
    Stepped,
}

/// One import.
struct Run<'a> {
    store: &'a Store,
    options: &'a ImportOptions,
    reader: RowReader<'a>,
    shape: Shape,
    /// End of the reason of every event, which names the input.
    mark: String,
    seen: Seen,
    view: View,
    references: References,
    /// Records a dry run would have made.
    made: HashSet<RecordId>,
    quarantine: Option<Quarantine>,
    report: Report,
}

impl<'a> Run<'a> {
    fn new(
        store: &'a Store,
        options: &'a ImportOptions,
        binding: &'a Binding,
        codes: &'a Codes,
        facts: InputFacts,
        shape: Shape,
        header: Option<Vec<String>>,
    ) -> Result<Self, ExchangeError> {
        let digest = digest_of(binding, options, &facts);
        let root = options.quarantine.clone().unwrap_or_else(|| store.dir().join("quarantine"));
        let quarantine = match options.mode {
            Mode::DryRun => None,
            mode => Some(Quarantine::open(Opening {
                root: &root,
                digest: &digest,
                now: chrono::Utc::now(),
                resume: mode == Mode::Resume,
                shape,
                lang: options.lang,
                header,
                input_bytes: facts.bytes,
                input_sha256: &facts.sha256,
            })?),
        };
        let checkpoint = quarantine.as_ref().map(|quarantine| &quarantine.checkpoint);
        let report = Report {
            run: quarantine.as_ref().map(|quarantine| quarantine.run.clone()),
            quarantine: quarantine.as_ref().map(|quarantine| quarantine.directory.clone()),
            kind: binding.schema.kind,
            input: facts,
            mapping_sha256: options.mapping.as_ref().map(|mapping| mapping.digest.clone()),
            dry_run: options.mode == Mode::DryRun,
            resumed_after_row: checkpoint.map(|c| c.row).filter(|row| *row > 0),
            counts: checkpoint.map_or_else(Counts::default, |c| c.counts.clone()),
            unmapped: binding.unmapped.clone(),
            unfed: binding.unfed.clone(),
            dangling: std::collections::BTreeMap::new(),
            dangling_incomplete: false,
            samples: Vec::new(),
        };
        let mut view = View::default();
        view.passed_seq = checkpoint.map_or(0, |checkpoint| checkpoint.seq);
        let context = Context { codes, system: binding.system.as_deref() };
        Ok(Self {
            store,
            options,
            reader: RowReader { binding, context, limits: options.limits },
            shape,
            mark: format!(" [import:{digest}]"),
            seen: Seen::default(),
            view,
            references: References::default(),
            made: HashSet::new(),
            quarantine,
            report,
        })
    }

    async fn all(
        &mut self,
        rows: &mut Rows<File>,
        progress: &mut dyn Progress,
    ) -> Result<(), ExchangeError> {
        self.pass_over_done_rows(rows)?;
        loop {
            let mut batch = Batch::default();
            self.read_batch(rows, &mut batch)?;
            if batch.row == 0 {
                return Ok(());
            }
            let bytes = batch.bytes;
            self.settle(batch).await?;
            progress.advance(bytes, &self.report.counts);
        }
    }

    fn next_row(&self, rows: &mut Rows<File>) -> Result<Option<RawRow>, ExchangeError> {
        let name = self.report.input.name.as_ref();
        let row = rows
            .next_row()
            .map_err(|error| ExchangeError::io("import.file.unreadable", name, &error))?;
        if let Some(row) = &row
            && row.number > self.options.limits.rows
        {
            let limit = self.options.limits.rows;
            return Err(Refusal::new("import.file.too-many-rows").arg("limit", limit).into());
        }
        Ok(row)
    }

    /// Reads the rows that an interrupted run has done only for what they are
    /// about, so that a later row alike is still found.
    fn pass_over_done_rows(&mut self, rows: &mut Rows<File>) -> Result<(), ExchangeError> {
        let Some(done) = self.report.resumed_after_row else { return Ok(()) };
        for _ in 0..done {
            let Some(row) = self.next_row(rows)? else { break };
            let Ok(cells) = read_cells(&row, &self.shape) else { continue };
            if self.reader.is_blank(&cells) {
                continue;
            }
            self.note_keys(&cells);
            if let Ok(identity) = self.reader.identity(&cells) {
                self.seen.look(&identity, &row);
            }
        }
        Ok(())
    }

    /// Reads rows for one transaction.
    fn read_batch(
        &mut self,
        rows: &mut Rows<File>,
        batch: &mut Batch,
    ) -> Result<(), ExchangeError> {
        let mut held = 0;
        while batch.items.len() < self.options.batch_rows.max(1)
            && held < self.options.limits.batch_bytes
        {
            let Some(row) = self.next_row(rows)? else { break };
            (batch.row, batch.bytes) = (row.number, row.to);
            held += row.bytes.len();
            let (cells, fate) = match read_cells(&row, &self.shape) {
                Ok(cells) if self.reader.is_blank(&cells) => {
                    self.report.counts.blank += 1;
                    continue;
                }
                Ok(cells) => {
                    let fate = self.read(&row, &cells);
                    (Some(cells), fate)
                }
                Err(refusal) => (None, Fate::Refused(vec![refusal])),
            };
            self.report.counts.rows += 1;
            batch.items.push(Item { row, cells, fate });
        }
        Ok(())
    }

    fn read(&mut self, row: &RawRow, cells: &Cells) -> Fate {
        self.note_keys(cells);
        let identity = match self.reader.identity(cells) {
            Ok(identity) => identity,
            Err(refusals) => return Fate::Refused(refusals),
        };
        match self.seen.look(&identity, row) {
            Sight::First => {}
            Sight::Repeated => return Fate::Repeated,
            Sight::Other { row: first } => {
                let refusal = Refusal::new("import.row.same-key");
                return Fate::Refused(vec![refusal.arg("first", first).arg("second", row.number)]);
            }
        }
        let live = self.store.meta().class == StoreClass::Live;
        if live && identity.recorded_at.is_some() {
            let refusal = Refusal::new("import.time.live-store").field("recorded_at");
            return Fate::Refused(vec![refusal]);
        }
        match self.reader.read(cells, identity) {
            Ok(proposal) => Fate::Asks(Box::new(proposal)),
            Err(refusals) => Fate::Refused(refusals),
        }
    }

    /// Lists keys of objects that feed no field.
    fn note_keys(&mut self, cells: &Cells) {
        let Cells::Object(entries) = cells else { return };
        for (key, _) in entries {
            let used = &self.reader.binding.used;
            // A mapping may reach into an object by `outer.inner`.
            let known = || {
                used.contains(key)
                    || used.iter().any(|name| name.split_once('.').is_some_and(|n| n.0 == key))
            };
            let unmapped = &mut self.report.unmapped;
            let room = unmapped.len() < self.options.limits.columns;
            if room && !known() && !unmapped.contains(key) {
                unmapped.push(key.clone());
            }
        }
    }

    fn reason(&self, proposal: &Proposal) -> String {
        let reason = proposal.reason.as_deref().unwrap_or(&self.options.reason);
        format!("{reason}{}", self.mark)
    }

    /// Decides a batch, writes it, and notes that it is done.
    async fn settle(&mut self, mut batch: Batch) -> Result<(), ExchangeError> {
        self.load(&batch.items).await?;
        for item in &mut batch.items {
            let fate = std::mem::replace(&mut item.fate, Fate::Unchanged);
            item.fate = match fate {
                Fate::Asks(proposal) => self.decide(proposal),
                other => other,
            };
        }
        if self.options.mode == Mode::DryRun {
            self.forget_if_possible();
        } else {
            self.write(&mut batch.items).await?;
            self.view.forget();
        }
        self.count(&mut batch.items);
        self.quarantine_refused(&batch.items)?;
        if let Some(quarantine) = &mut self.quarantine {
            quarantine.checkpoint.row = batch.row;
            quarantine.checkpoint.bytes = batch.bytes;
            quarantine.checkpoint.seq = self.store.head().await?.seq;
            quarantine.checkpoint.counts = self.report.counts.clone();
            quarantine.save()?;
        }
        Ok(())
    }

    /// A dry run remembers records as long as a later row may build on them.
    fn forget_if_possible(&mut self) {
        if self.reader.binding.action.is_none() || self.view.is_full() {
            self.view.forget();
        }
    }

    /// Whether the ledger alone can decide the row, without reading the record.
    fn needs_no_record(&self, proposal: &Proposal) -> bool {
        self.options.mode != Mode::DryRun
            && proposal.complete
            && self.reader.binding.action.is_none()
            && proposal.base.is_none()
            && proposal.source.is_some()
    }

    async fn load(&mut self, batch: &[Item]) -> Result<(), ExchangeError> {
        let asks = batch.iter().filter_map(|item| match &item.fate {
            Fate::Asks(proposal) => Some(proposal),
            _ => None,
        });
        let needed: Vec<_> =
            asks.clone().filter(|proposal| !self.needs_no_record(proposal)).collect();
        let originals = needed.iter().filter_map(|proposal| proposal.duplicate_of.as_ref());
        let records = needed.iter().map(|proposal| &proposal.record).chain(originals);
        self.view.load(self.store, records).await?;
        // Without a column for events each record has one row, which says how the
        // record shall be: what was recorded before does not matter then.
        if self.reader.binding.action.is_some() {
            let records = needed.iter().map(|proposal| &proposal.record);
            self.view.load_earlier(self.store, records, &self.mark).await?;
        }
        Ok(())
    }

    fn decide(&mut self, proposal: Box<Proposal>) -> Fate {
        let schema = self.reader.binding.schema;
        if self.needs_no_record(&proposal) {
            let body = proposal.body(None);
            if let Err(refusals) = (schema.check)(&body) {
                return Fate::Refused(refusals);
            }
            self.note_references(&body);
            let mut draft = Draft::new_record(schema.kind, proposal.source.clone(), body);
            if let Some(time) = proposal.recorded_at {
                draft = draft.at(time);
            }
            return Fate::Draft { draft: Box::new(draft), proposal };
        }
        let overtaken = match self.view.earlier(&proposal, &self.mark) {
            Earlier::Recorded => {
                self.note_references_of(&proposal.record);
                return Fate::Unchanged;
            }
            Earlier::Nothing => None,
            Earlier::Overtaken(before) => Some(before),
        };
        let case = Case {
            schema,
            proposal: &proposal,
            before: match &overtaken {
                Some(before) => before.as_deref(),
                None => self.view.get(&proposal.record),
            },
            original: proposal.duplicate_of.as_ref().and_then(|id| self.view.get(id)),
        };
        match case.judge() {
            Err(refusals) => Fate::Refused(refusals),
            Ok(Verdict::Unchanged) => {
                self.note_references_of(&proposal.record);
                Fate::Unchanged
            }
            // It was refused before and could be recorded now, but its turn is over.
            Ok(Verdict::Event { .. }) if overtaken.is_some() => {
                Fate::Refused(vec![Refusal::new("import.row.overtaken")])
            }
            Ok(Verdict::Event { draft, after }) => {
                self.note_references(&after.body);
                let effect = effect_of(after.version, proposal.action.as_ref());
                self.view.set(*after);
                if self.options.mode == Mode::DryRun {
                    if effect == Effect::Created {
                        self.note_not_carried(&proposal);
                        self.made.insert(proposal.record.clone());
                    }
                    return Fate::Done(effect);
                }
                Fate::Draft { draft, proposal }
            }
        }
    }

    fn note_references_of(&mut self, record: &RecordId) {
        if let Some(body) = self.view.get(record).map(|record| record.body.clone()) {
            self.note_references(&body);
        }
    }

    fn note_references(&mut self, body: &shirube_model::record::Body) {
        let schema = self.reader.binding.schema;
        for (name, id) in references(schema, body) {
            if let Some(FieldType::Ref(kind)) = schema.field(name).map(|field| field.ty) {
                self.references.add(kind, name, id);
            }
        }
    }

    fn note_not_carried(&mut self, proposal: &Proposal) {
        let exported = &proposal.exported;
        let initial = self.reader.binding.schema.initial_state();
        let state = exported.state.as_deref().is_some_and(|state| state != initial);
        let standing = exported.standing.as_deref().is_some_and(|standing| standing != "active");
        if state || standing {
            self.report.counts.state_not_carried += 1;
        }
    }

    /// Writes the drafts of a batch, those with one reason after another at once.
    async fn write(&mut self, batch: &mut [Item]) -> Result<(), ExchangeError> {
        let mut waiting: Vec<(usize, Box<Proposal>)> = Vec::new();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut reason = String::new();
        for at in 0..batch.len() {
            let Some(item) = batch.get_mut(at) else { break };
            let (draft, proposal) = match std::mem::replace(&mut item.fate, Fate::Unchanged) {
                Fate::Draft { draft, proposal } => (draft, proposal),
                other => {
                    item.fate = other;
                    continue;
                }
            };
            let own = self.reason(&proposal);
            if own != reason && !drafts.is_empty() {
                let (taken, places) = (std::mem::take(&mut drafts), std::mem::take(&mut waiting));
                self.append(batch, places, taken, &reason).await?;
            }
            reason = own;
            drafts.push(*draft);
            waiting.push((at, proposal));
        }
        if !drafts.is_empty() {
            self.append(batch, waiting, drafts, &reason).await?;
        }
        Ok(())
    }

    async fn append(
        &mut self,
        batch: &mut [Item],
        waiting: Vec<(usize, Box<Proposal>)>,
        drafts: Vec<Draft>,
        reason: &str,
    ) -> Result<(), ExchangeError> {
        let report = self.store.append_bulk(drafts, &self.options.actor, reason).await?;
        for ((at, proposal), outcome) in waiting.into_iter().zip(report.outcomes) {
            let fate = match outcome {
                Outcome::Recorded { version, .. } => {
                    let effect = effect_of(version, proposal.action.as_ref());
                    if effect == Effect::Created {
                        self.note_not_carried(&proposal);
                    }
                    Fate::Done(effect)
                }
                Outcome::Unchanged { .. } => Fate::Unchanged,
                Outcome::Refused(error) => Fate::Refused(error.refusals()),
            };
            if let Some(item) = batch.get_mut(at) {
                item.fate = fate;
            }
        }
        Ok(())
    }

    fn count(&mut self, batch: &mut [Item]) {
        let counts = &mut self.report.counts;
        for item in batch {
            match &mut item.fate {
                Fate::Unchanged | Fate::Asks(_) | Fate::Draft { .. } => counts.unchanged += 1,
                Fate::Repeated => counts.repeated += 1,
                Fate::Done(Effect::Created) => counts.created += 1,
                Fate::Done(Effect::Corrected) => counts.corrected += 1,
                Fate::Done(Effect::Stepped) => counts.stepped += 1,
                Fate::Refused(refusals) => {
                    for refusal in refusals.iter_mut() {
                        refusal.place.row = Some(item.row.number);
                        refusal.place.line = Some(item.row.line);
                    }
                    counts.quarantine(refusals);
                    if self.report.samples.len() < SAMPLES {
                        self.report.samples.push(refusals.clone());
                    }
                }
            }
        }
    }

    fn quarantine_refused(&mut self, batch: &[Item]) -> Result<(), ExchangeError> {
        let Some(quarantine) = &mut self.quarantine else { return Ok(()) };
        let refused: Vec<Refused<'_>> = batch
            .iter()
            .filter_map(|item| match &item.fate {
                Fate::Refused(refusals) => {
                    Some(Refused { row: &item.row, cells: item.cells.as_ref(), refusals })
                }
                _ => None,
            })
            .collect();
        if refused.is_empty() { Ok(()) } else { quarantine.add(&refused) }
    }

    async fn finish(mut self) -> Result<Report, ExchangeError> {
        self.report.dangling_incomplete = self.references.incomplete;
        for field in self.references.dangling(self.store, &self.made).await? {
            *self.report.dangling.entry(field.to_owned()).or_default() += 1;
        }
        if let Some(quarantine) = &mut self.quarantine {
            quarantine.finish(&self.report)?;
        }
        Ok(self.report)
    }
}

fn effect_of(version: u32, action: Option<&Action>) -> Effect {
    match action {
        _ if version == 1 => Effect::Created,
        None | Some(Action::Correct | Action::Create) => Effect::Corrected,
        Some(_) => Effect::Stepped,
    }
}
