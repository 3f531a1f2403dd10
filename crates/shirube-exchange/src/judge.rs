//! What a row would do to its record, decided before anything is written. The
//! ledger decides the same again when the row is written; a dry run rests on
//! this alone, and a test compares the two.

use shirube_model::record::{Body, RecordVersion, Standing};
use shirube_model::refusal::Refusal;
use shirube_model::schema::KindSchema;
use shirube_store::{Action, Draft};

use crate::proposal::Proposal;

/// What a row does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// The record already stands as asked.
    Unchanged,
    /// The draft makes an event, after which the record stands so.
    Event { draft: Box<Draft>, after: Box<RecordVersion> },
}

/// The rows' kind, with the records a row needs to know.
pub(crate) struct Case<'a> {
    pub(crate) schema: &'static KindSchema,
    pub(crate) proposal: &'a Proposal,
    pub(crate) before: Option<&'a RecordVersion>,
    /// The record that `duplicate_of` names.
    pub(crate) original: Option<&'a RecordVersion>,
}

impl Case<'_> {
    /// Decides the row.
    ///
    /// # Errors
    /// Every rule it breaks.
    pub(crate) fn judge(&self) -> Result<Verdict, Vec<Refusal>> {
        let Some(before) = self.before else { return self.judge_new() };
        let body = self.proposal.body(Some(&before.body));
        match &self.proposal.action {
            None | Some(Action::Correct) => self.correct(before, body),
            Some(Action::Create) if body == before.body => Ok(Verdict::Unchanged),
            Some(Action::Create) => {
                Err(vec![Refusal::new("store.source-known").arg("record", &before.id)])
            }
            Some(Action::Transition(name)) => self.transition(before, body, name),
            Some(action) => self.change_standing(before, &body, action),
        }
    }

    fn judge_new(&self) -> Result<Verdict, Vec<Refusal>> {
        let proposal = self.proposal;
        let (Some(source), None | Some(Action::Create)) = (&proposal.source, &proposal.action)
        else {
            let refusal = Refusal::new("import.row.unknown-record").arg("record", &proposal.record);
            return Err(vec![refusal]);
        };
        let body = proposal.body(None);
        (self.schema.check)(&body)?;
        let draft = Draft::new_record(self.schema.kind, Some(source.clone()), body.clone());
        let draft = if proposal.action.is_some() { draft.only_if_new() } else { draft };
        let after = RecordVersion {
            kind: self.schema.kind.to_owned(),
            id: proposal.record.clone(),
            version: 1,
            state: self.schema.initial_state().to_owned(),
            standing: Standing::Active,
            duplicate_of: None,
            body,
            seq: 0,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        };
        Ok(self.event(draft, after))
    }

    fn correct(&self, before: &RecordVersion, body: Body) -> Result<Verdict, Vec<Refusal>> {
        self.check_exported(before)?;
        if body == before.body {
            return Ok(Verdict::Unchanged);
        }
        self.check_base(before)?;
        (self.schema.check)(&body)?;
        self.check_state_still_holds(&before.state, &body)?;
        let draft = Draft::correct(before.id.clone(), before.version, body.clone());
        Ok(self.event(draft, RecordVersion { body, ..next(before) }))
    }

    fn transition(
        &self,
        before: &RecordVersion,
        body: Body,
        name: &str,
    ) -> Result<Verdict, Vec<Refusal>> {
        let body = self.proposal.fills().then_some(body).filter(|body| *body != before.body);
        let there = self.schema.transitions.iter().any(|s| s.name == name && s.to == before.state);
        if there && body.is_none() {
            return Ok(Verdict::Unchanged);
        }
        self.check_base(before)?;
        if let Some(body) = &body {
            (self.schema.check)(body)?;
        }
        let after = body.clone().unwrap_or_else(|| before.body.clone());
        let state = self
            .schema
            .step(name, &before.state, before.standing, &after)
            .map_err(|refusal| vec![refusal])?;
        let draft = Draft::transition(before.id.clone(), before.version, name, body);
        Ok(self
            .event(draft, RecordVersion { body: after, state: state.to_owned(), ..next(before) }))
    }

    fn change_standing(
        &self,
        before: &RecordVersion,
        body: &Body,
        action: &Action,
    ) -> Result<Verdict, Vec<Refusal>> {
        if self.proposal.fills() && *body != before.body {
            return Err(vec![
                Refusal::new("import.row.fields-with-action").arg("action", action.code()),
            ]);
        }
        let (id, version) = (before.id.clone(), before.version);
        let original = self.proposal.duplicate_of.clone();
        let (draft, standing) = match action {
            Action::Withdraw => (Draft::withdraw(id, version), Standing::Withdrawn),
            Action::Restore => (Draft::restore(id, version), Standing::Active),
            _ => match original.clone() {
                Some(original) => {
                    (Draft::mark_duplicate(id, version, original), Standing::Duplicate)
                }
                None => return Err(vec![Refusal::new("import.duplicate-of.missing")]),
            },
        };
        if before.standing == standing && before.duplicate_of == original {
            return Ok(Verdict::Unchanged);
        }
        self.check_base(before)?;
        if standing == Standing::Duplicate {
            self.check_original(before).map_err(|refusal| vec![refusal])?;
        }
        let possible = match standing {
            Standing::Withdrawn => before.standing != Standing::Withdrawn,
            Standing::Active => before.standing != Standing::Active,
            Standing::Duplicate => before.standing == Standing::Active,
        };
        if !possible {
            return Err(vec![
                Refusal::new("store.standing-not-from-here")
                    .arg("action", action.code())
                    .arg("standing", before.standing.code()),
            ]);
        }
        let duplicate_of = original.filter(|_| standing == Standing::Duplicate);
        Ok(self.event(draft, RecordVersion { standing, duplicate_of, ..next(before) }))
    }

    fn event(&self, draft: Draft, after: RecordVersion) -> Verdict {
        let draft = match self.proposal.recorded_at {
            Some(time) => draft.at(time),
            None => draft,
        };
        Verdict::Event { draft: Box::new(draft), after: Box::new(after) }
    }

    /// A row of an export that is older than the record would undo what others
    /// changed meanwhile. A version beyond the record's is from another store.
    fn check_base(&self, before: &RecordVersion) -> Result<(), Vec<Refusal>> {
        match self.proposal.base {
            Some(base) if base < before.version => Err(vec![
                Refusal::new("store.stale-edit")
                    .arg("record", &before.id)
                    .arg("base", base)
                    .arg("current", before.version),
            ]),
            Some(base) if base > before.version && self.proposal.source.is_none() => Err(vec![
                Refusal::new("store.version-unknown")
                    .arg("record", &before.id)
                    .arg("version", base)
                    .arg("current", before.version),
            ]),
            _ => Ok(()),
        }
    }

    /// State and standing change by actions; an edit of the exported columns
    /// must not pass as if it had been done.
    fn check_exported(&self, before: &RecordVersion) -> Result<(), Vec<Refusal>> {
        if self.proposal.base != Some(before.version) {
            return Ok(());
        }
        let differs = |exported: &Option<String>, now: &str| {
            exported.as_deref().is_some_and(|exported| exported != now)
        };
        if differs(&self.proposal.exported.state, &before.state) {
            return Err(vec![Refusal::new("import.row.state-edited").field("_state")]);
        }
        if differs(&self.proposal.exported.standing, before.standing.code()) {
            return Err(vec![Refusal::new("import.row.state-edited").field("_standing")]);
        }
        Ok(())
    }

    fn check_original(&self, before: &RecordVersion) -> Result<(), Refusal> {
        let Some(id) = &self.proposal.duplicate_of else { return Ok(()) };
        let refuse = |code| Err(Refusal::new(code).arg("original", id));
        match self.original {
            _ if *id == before.id => refuse("store.duplicate-of-itself"),
            None => Err(Refusal::new("store.record-unknown").arg("record", id)),
            Some(original) if original.kind != before.kind => {
                refuse("store.duplicate-of-other-kind")
            }
            Some(original) if original.standing != Standing::Active => {
                refuse("store.duplicate-of-inactive")
            }
            Some(_) => Ok(()),
        }
    }

    fn check_state_still_holds(&self, state: &str, body: &Body) -> Result<(), Vec<Refusal>> {
        if state == self.schema.initial_state() {
            return Ok(());
        }
        let mut steps = self.schema.transitions.iter().filter(|step| step.to == state).peekable();
        if steps.peek().is_none() {
            return Ok(());
        }
        let mut lacking = None;
        for step in steps {
            match step.needs.iter().find(|need| body.get(**need).is_none_or(|v| v.is_null())) {
                None => return Ok(()),
                Some(need) => lacking = lacking.or(Some(*need)),
            }
        }
        let refusal = Refusal::new("store.state-needs-field").arg("state", state);
        Err(vec![match lacking {
            Some(need) => refusal.field(need),
            None => refusal,
        }])
    }
}

fn next(before: &RecordVersion) -> RecordVersion {
    RecordVersion { version: before.version + 1, ..before.clone() }
}
