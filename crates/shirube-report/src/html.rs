//! The report as one HTML page that needs nothing beside it.

use std::fmt::Write;

use shirube_model::lang::Lang;
use shirube_model::markup::escape;

use crate::report::Report;
use crate::sheet::{Cell, Fact, Part, Sheet, Table, sheet};

const STYLE: &str = include_str!("report.css");

/// The report as a page: headings in order, tables with captions and header
/// cells, no script, no address loaded from anywhere.
#[must_use]
pub fn html(report: &Report, lang: Lang) -> String {
    let sheet = sheet(report, lang);
    let mut out = String::new();
    head(&mut out, &sheet);
    for notice in &sheet.notices {
        push(&mut out, format_args!("<p class=\"notice\">{}</p>\n", escape(notice)));
    }
    facts(&mut out, &sheet.facts);
    contents(&mut out, &sheet);
    for part in &sheet.measures {
        measure(&mut out, part);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Writing to a string does not fail.
fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(what);
}

fn head(out: &mut String, sheet: &Sheet) {
    let (title, subtitle) = (escape(&sheet.title), escape(&sheet.subtitle));
    push(
        out,
        format_args!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title} — {subtitle}</title>\n<style>\n{STYLE}</style>\n</head>\n\
             <body>\n<main>\n<h1>{title}</h1>\n<p class=\"of\">{subtitle}</p>\n",
            sheet.lang
        ),
    );
}

fn facts(out: &mut String, facts: &[Fact]) {
    out.push_str("<dl>\n");
    for fact in facts {
        let (label, text) = (escape(&fact.label), escape(&fact.text));
        push(out, format_args!("<div><dt>{label}</dt><dd>{text}</dd></div>\n"));
    }
    out.push_str("</dl>\n");
}

fn contents(out: &mut String, sheet: &Sheet) {
    let label = escape(&sheet.contents);
    push(out, format_args!("<nav aria-label=\"{label}\">\n<h2>{label}</h2>\n<ol>\n"));
    for part in &sheet.measures {
        let (id, heading) = (escape(&part.id), escape(&part.heading));
        push(out, format_args!("<li><a href=\"#{id}\">{heading}</a></li>\n"));
    }
    out.push_str("</ol>\n</nav>\n");
}

fn measure(out: &mut String, part: &Part) {
    let (id, heading) = (escape(&part.id), escape(&part.heading));
    push(out, format_args!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n"));
    facts(out, &part.facts);
    for text in &part.texts {
        push(out, format_args!("<h3>{}</h3>\n", escape(&text.label)));
        for paragraph in text.text.split('\n').filter(|line| !line.trim().is_empty()) {
            push(out, format_args!("<p>{}</p>\n", escape(paragraph)));
        }
    }
    for table in part.tables.iter().filter(|table| !table.rows.is_empty()) {
        self::table(out, table);
    }
    out.push_str("</section>\n");
}

fn table(out: &mut String, table: &Table) {
    let caption = escape(&table.caption);
    // A wide table scrolls by itself, also by keyboard.
    push(
        out,
        format_args!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n\
             <table>\n<caption>{caption}</caption>\n<thead>\n<tr>"
        ),
    );
    for head in &table.head {
        push(out, format_args!("<th scope=\"col\">{}</th>", escape(head)));
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            out.push_str(&self::cell(at, cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn cell(at: usize, cell: &Cell) -> String {
    let text = escape(&cell.text());
    match (at, cell.is_number()) {
        (0, _) => format!("<th scope=\"row\">{text}</th>"),
        (_, true) => format!("<td class=\"number\">{text}</td>"),
        (_, false) => format!("<td>{text}</td>"),
    }
}
