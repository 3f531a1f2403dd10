//! The report of a ministry as a file.

use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use shirube_cycle::Typed;
use shirube_model::lang::Lang;
use shirube_model::refusal::Refusal;
use shirube_model::registers::follow_up::MeasureReport;
use shirube_report::{Publisher, Report, Stage};

use super::{failed, known_year, may_read, year_link};
use crate::link::encode;
use crate::request::{Ctx, Page};
use crate::view::frame::Labelled;

/// Forms of a report: the parameter, and the type of the file.
const FORMS: [(&str, &str); 5] = [
    ("html", "text/html; charset=utf-8"),
    ("pdf", "application/pdf"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("json", "application/json"),
    ("xml", "application/xml"),
];

/// Whether this build has the typesetter.
const PRINTS: bool = cfg!(feature = "pdf");

/// Links to the files, without IATI, which needs its publisher.
pub(super) fn links(ctx: &Ctx, year: i32, ministry: &str) -> Vec<Labelled> {
    let forms = FORMS.iter().map(|(form, _)| *form);
    let offered = forms.filter(|form| *form != "xml" && (PRINTS || *form != "pdf"));
    offered
        .map(|form| {
            let link = year_link(ctx, year).segment(ministry).segment("file").set("as", form);
            Labelled::new(form.to_uppercase(), link)
        })
        .collect()
}

/// Sends the report of a ministry as a file.
pub(crate) async fn file(ctx: Ctx, Path((_, text, abbr)): Path<(String, String, String)>) -> Page {
    let (year, found) = known_year(&ctx, &text).await?;
    let form = ctx.query.one_of("as", FORMS.iter().map(|(form, _)| *form));
    let form = form.map_err(|refusal| ctx.refuse(refusal))?.unwrap_or("html").to_owned();
    let reports: Vec<&Typed<MeasureReport>> =
        found.reports.iter().filter(|one| one.body.ministry == abbr).collect();
    // A file holds every report of the ministry; whoever may not read one of
    // them does not learn whether there is anything to read.
    if reports.is_empty() || !reports.iter().all(|report| may_read(&ctx, report)) {
        return Err(ctx.not_found());
    }
    let busy = || ctx.refuse(Refusal::new("web.follow-up.busy"));
    let turn = ctx.state.heavy_turn().ok_or_else(busy)?;
    let report = ctx.state.follow_up().report(year, &abbr).await;
    let report = report.map_err(|error| failed(&ctx, &error))?;
    let (lang, publisher) = (ctx.t.0, ctx.query.get("publisher").map(str::to_owned));
    let kind = form.clone();
    // Setting pages is work for a processor; other pages go on being served.
    let made = tokio::task::spawn_blocking(move || {
        let made = bytes(&report, &kind, lang, publisher);
        drop(turn);
        made
    });
    let made = made.await.unwrap_or_else(|_| Err(Refusal::new("web.follow-up.no-file")));
    let made = made.map_err(|refusal| ctx.refuse(refusal))?;
    let media = FORMS.iter().find(|(known, _)| *known == form).map_or("", |(_, media)| *media);
    let mark = if ctx.state.demo() { "demo-" } else { "" };
    let ending = format!("{}.{form}", lang.tag());
    let plain = format!("{mark}follow-up-FY{year}.{ending}");
    let named = encode(&format!("{mark}follow-up-FY{year}-{abbr}.{ending}"));
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{named}"),
        ),
    ];
    Ok((headers, made).into_response())
}

fn bytes(
    report: &Report,
    form: &str,
    lang: Lang,
    publisher: Option<String>,
) -> Result<Vec<u8>, Refusal> {
    match form {
        "xlsx" => shirube_report::xlsx(report, lang),
        "json" => {
            serde_json::to_vec_pretty(report).map_err(|_| Refusal::new("web.follow-up.no-file"))
        }
        "pdf" => print(report, lang),
        "xml" => {
            if report.stage != Stage::Approved {
                let refusal = Refusal::new("cycle.report-unapproved");
                return Err(refusal.arg("ministry", &report.ministry.code));
            }
            let missing = || Refusal::new("web.follow-up.publisher-missing").field("publisher");
            let reference = publisher.ok_or_else(missing)?;
            let publisher = Publisher { reference, name: report.ministry.name.clone() };
            shirube_report::iati(report, &publisher).map(String::into_bytes)
        }
        _ => Ok(shirube_report::html(report, lang).into_bytes()),
    }
}

#[cfg(feature = "pdf")]
fn print(report: &Report, lang: Lang) -> Result<Vec<u8>, Refusal> {
    let font = shirube_report::pdf::Font::find()?;
    shirube_report::pdf(report, lang, &font)
}

#[cfg(not(feature = "pdf"))]
fn print(_: &Report, _: Lang) -> Result<Vec<u8>, Refusal> {
    Err(Refusal::new("web.follow-up.no-pdf"))
}
