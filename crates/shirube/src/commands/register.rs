//! `shirube register`: kinds, schema, states, show, history, search, import, export.

use std::process::ExitCode;

use shirube_model::calendar::{end_of_japan_day, jst};
use shirube_model::refusal::Refusal;
use shirube_model::registers::{KINDS, kind};
use shirube_model::schema::{KindSchema, state_diagram};
use shirube_store::{Access, AsOf, SearchQuery};

use crate::cli::{RegisterArgs, RegisterCommand};
use crate::output::{Failure, Out};
use crate::packs;

pub(crate) async fn run(args: RegisterArgs, out: &Out) -> Result<ExitCode, Failure> {
    match args.command {
        RegisterCommand::Kinds => {
            let pack = packs::read(None)?;
            for schema in KINDS {
                let label = pack.label(schema.kind).map_or("", |label| label.get(out.lang));
                out.line(format!("{}\t{}\t{label}", schema.kind, schema.prefix));
            }
            Ok(ExitCode::SUCCESS)
        }
        RegisterCommand::Schema { kind } => {
            let schema = find(&kind)?.json_schema();
            out.line(serde_json::to_string_pretty(&schema).unwrap_or_default());
            Ok(ExitCode::SUCCESS)
        }
        RegisterCommand::States { kind } => {
            out.line(state_diagram(find(&kind)?));
            Ok(ExitCode::SUCCESS)
        }
        RegisterCommand::Import(args) => super::exchange::import(args, out).await,
        RegisterCommand::ImportReviewSheets(args) => super::evidence::review(args, out).await,
        RegisterCommand::EnterEvidence(args) => super::evidence::enter(args, out).await,
        RegisterCommand::SuggestLinks(args) => super::evidence::suggest(args, out).await,
        RegisterCommand::Export(args) => super::exchange::export(args, out).await,
        RegisterCommand::Show { at, record, as_of } => {
            let opened = packs::open(&at, Access::Read).await?;
            let id = record.parse()?;
            let as_of = as_of.map_or(AsOf::Now, |day| AsOf::At(end_of_japan_day(day)));
            let found = opened.store.get(&id, as_of).await?;
            let found = found.ok_or_else(|| Refusal::new("cli.record-unknown").arg("id", &id))?;
            out.line(serde_json::to_string_pretty(&found).unwrap_or_default());
            Ok(ExitCode::SUCCESS)
        }
        RegisterCommand::History { at, record } => {
            let opened = packs::open(&at, Access::Read).await?;
            let id = record.parse()?;
            for event in opened.store.history(&id).await? {
                out.line(format!(
                    "{}\tv{}\t{}\t{}\t{}\t{}\t{}",
                    event.seq,
                    event.version,
                    event.recorded_at.with_timezone(&jst()).to_rfc3339(),
                    event.action.code(),
                    event.state,
                    event.actor,
                    event.reason
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        RegisterCommand::Search { at, query, kind } => {
            let opened = packs::open(&at, Access::Read).await?;
            let kinds = match kind {
                Some(kind) => vec![find(&kind)?.kind.to_owned()],
                None => Vec::new(),
            };
            let search =
                SearchQuery { text: query, kinds, include_internal: true, offset: 0, limit: 50 };
            let page = opened.store.search(&search).await?;
            for hit in &page.hits {
                out.line(format!("{}\t{}\t{}", hit.id, hit.kind, hit.title.get(out.lang)));
            }
            out.say("cli.search.found", &[("total", page.total.to_string())]);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The register kind of that name.
pub(crate) fn find(name: &str) -> Result<&'static KindSchema, Refusal> {
    kind(name).ok_or_else(|| {
        let known: Vec<_> = KINDS.iter().map(|schema| schema.kind).collect();
        Refusal::new("cli.kind-unknown").arg("kind", name).arg("known", known.join(", "))
    })
}
