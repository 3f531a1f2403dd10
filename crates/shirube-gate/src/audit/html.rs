//! The report as one HTML page that needs nothing else.

use std::fmt::Write as _;

use shirube_model::lang::Lang;
use shirube_model::markup::escape;
use shirube_model::refusal::{Refusal, text, text_with};

use crate::attack::Verdict;

use super::report::{AuditReport, CellAt, FindingReport, Why};
use super::unit::EquationKind;

/// Cells listed as the worst; all of them are in the JSON report.
const WORST: usize = 300;
/// Cells to mask that are listed.
const MASK_LISTED: usize = 1_000;
/// Notices and refusals that are listed.
const NOTES_LISTED: usize = 200;

/// Colours and type follow the report's own few needs: it is read on paper, too.
const STYLE: &str = "\
:root{color-scheme:light}*{box-sizing:border-box}\
body{margin:0 auto;max-width:72rem;padding:1.5rem;line-height:1.7;color:#1a1a1c;background:#fff;\
font-family:'Noto Sans JP','Hiragino Sans','Yu Gothic',Meiryo,sans-serif}\
h1{font-size:1.75rem;margin:0 0 .25rem}h2{font-size:1.25rem;margin:2.5rem 0 .5rem;\
border-bottom:2px solid #0017c1;padding-bottom:.25rem}\
p{margin:.5rem 0;max-width:60rem}.lead{font-size:1.1rem;font-weight:700}\
.tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0;padding:0;list-style:none}\
.tiles li{border:1px solid #949494;border-radius:8px;padding:.5rem 1rem;min-width:10rem}\
.tiles b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}\
.bad{border-left:6px solid #ce0000!important}.good{border-left:6px solid #197a4b!important}\
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}\
th,td{border:1px solid #b3b3b3;padding:.3rem .5rem;text-align:left;vertical-align:top}\
th{background:#f1f1f4}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
code{font-family:inherit;white-space:nowrap}details{margin:.5rem 0}summary{cursor:pointer}\
footer{margin-top:3rem;font-size:.85rem;color:#414143}\
@media print{.scroll{overflow:visible}h2{break-after:avoid}tr{break-inside:avoid}}";

/// Writes the report as a page in one language.
#[must_use]
pub fn html(report: &AuditReport, lang: Lang) -> String {
    let mut page = Page { out: String::with_capacity(1 << 16), lang };
    page.head();
    page.sections(report);
    page.foot(report);
    page.out
}

/// Writes the report's sections in one language, for a page that has its own
/// frame and first heading. Everything that comes from a file is escaped.
#[must_use]
pub fn html_sections(report: &AuditReport, lang: Lang) -> String {
    let mut page = Page { out: String::with_capacity(1 << 16), lang };
    page.sections(report);
    page.out
}

struct Page {
    out: String,
    lang: Lang,
}

/// A whole number with separators.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

impl Page {
    fn text(&self, key: &str) -> String {
        escape(&text(self.lang, &format!("gate.audit.{key}")))
    }

    fn with(&self, key: &str, args: &[(&'static str, String)]) -> String {
        escape(&text_with(self.lang, &format!("gate.audit.{key}"), args))
    }

    fn raw(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn heading(&mut self, key: &str) {
        let heading = self.text(key);
        let _ = writeln!(self.out, "<h2>{heading}</h2>");
    }

    fn paragraph(&mut self, key: &str) {
        let paragraph = self.text(key);
        let _ = writeln!(self.out, "<p>{paragraph}</p>");
    }

    fn table_head(&mut self, keys: &[&str]) {
        self.raw("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        for key in keys {
            let head = self.text(key);
            let _ = writeln!(self.out, "<th scope=\"col\">{head}</th>");
        }
        self.raw("</tr></thead><tbody>");
    }

    fn table_foot(&mut self) {
        self.raw("</tbody></table></div>\n");
    }

    fn row(&mut self, texts: &[String], numbers: &[u64]) {
        self.raw("<tr>");
        for text in texts {
            let _ = writeln!(self.out, "<td>{text}</td>");
        }
        for number in numbers {
            let _ = write!(self.out, "<td class=\"n\">{}</td>", grouped(*number));
        }
        self.raw("</tr>");
    }

    fn sections(&mut self, report: &AuditReport) {
        self.summary(report);
        self.kinds(report);
        self.worst(report);
        self.mask_also(report);
        self.files(report);
        self.sums(report);
        self.notes(report);
    }

    fn head(&mut self) {
        let title = self.text("title");
        let tag = self.lang.tag();
        let _ = writeln!(
            self.out,
            "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head><body><main>\n<h1>{title}</h1>\n"
        );
    }

    fn summary(&mut self, report: &AuditReport) {
        let t = &report.totals;
        let scope = self.with(
            "scope",
            &[
                ("files", grouped(t.files)),
                ("tables", grouped(t.tables)),
                ("cells", grouped(t.cells)),
                ("masked", grouped(t.masked)),
                ("policy", report.policy.clone()),
            ],
        );
        let verdict = if t.recoverable_small > 0 {
            let rows = grouped(t.rows_small);
            self.with("verdict-leaks", &[("cells", grouped(t.recoverable_small)), ("rows", rows)])
        } else if t.recoverable + t.weak > 0 {
            self.text("verdict-weak")
        } else {
            self.text("verdict-none")
        };
        let _ = write!(self.out, "<p>{scope}</p>\n<p class=\"lead\">{verdict}</p>");
        self.raw("<ul class=\"tiles\">\n");
        let tiles = [
            ("small", t.recoverable_small, true),
            ("rows-small", t.rows_small, true),
            ("companion", t.recoverable_companion, false),
            ("zero", t.recoverable_zero, false),
            ("weak", t.weak, false),
            ("undecided", t.undecided, false),
            ("safe", t.safe, false),
            ("mask-also", t.mask_also, false),
        ];
        for (key, number, serious) in tiles {
            let class = match (serious, number) {
                (true, 0) => "good",
                (true, _) => "bad",
                (false, _) => "",
            };
            let label = self.text(&format!("count-{key}"));
            let number = grouped(number);
            let _ = writeln!(self.out, "<li class=\"{class}\"><b>{number}</b>{label}</li>");
        }
        self.raw("</ul>\n");
        self.paragraph("terms");
        let width = self.with("width", &[("width", report.width.to_string())]);
        let _ = writeln!(self.out, "<p>{width}</p>");
        self.paragraph(if report.revealed { "revealed" } else { "hidden" });
    }

    fn kinds(&mut self, report: &AuditReport) {
        if report.kinds.is_empty() {
            return;
        }
        self.heading("kinds");
        self.table_head(&[
            "kind",
            "meaning",
            "count-small",
            "count-companion",
            "count-zero",
            "count-weak",
        ]);
        for kind in &report.kinds {
            let code = kind.kind.code().replace('_', "-");
            let texts =
                [self.text(&format!("kind-{code}")), self.text(&format!("kind-{code}-meaning"))];
            self.row(&texts, &[kind.small, kind.companion, kind.zero, kind.weak]);
        }
        self.table_foot();
    }

    fn worst(&mut self, report: &AuditReport) {
        if report.findings.is_empty() {
            return;
        }
        self.heading("worst");
        let shown = report.findings.len().min(WORST);
        let note = self.with(
            "worst-note",
            &[("shown", grouped(shown as u64)), ("all", grouped(report.findings.len() as u64))],
        );
        let _ = writeln!(self.out, "<p>{note}</p>");
        self.table_head(&["cell", "verdict", "possible", "kind", "why"]);
        for finding in report.findings.iter().take(WORST) {
            let texts = [
                place(&finding.at),
                self.text(match finding.verdict {
                    Verdict::Recoverable => "recoverable",
                    _ => "weak",
                }),
                self.possible(finding),
                self.text(&format!("kind-{}", finding.kind.code().replace('_', "-"))),
                self.why(finding),
            ];
            self.row(&texts, &[]);
        }
        self.table_foot();
    }

    fn possible(&self, finding: &FindingReport) -> String {
        match &finding.range {
            Some((lo, hi)) if lo == hi => escape(lo),
            Some((lo, hi)) => format!("{}–{}", escape(lo), escape(hi)),
            None => self.with("width-is", &[("width", finding.width.clone())]),
        }
    }

    fn why(&self, finding: &FindingReport) -> String {
        let mut out = String::new();
        for why in &finding.why {
            if !out.is_empty() {
                out.push_str("<br>");
            }
            out.push_str(&self.sum_text(why));
        }
        let kept = finding.why.len();
        if finding.sums_used > kept {
            let more = (finding.sums_used - kept).to_string();
            let _ = writeln!(out, "<br>{}", self.with("why-more", &[("count", more)]));
        }
        out
    }

    fn sum_text(&self, why: &Why) -> String {
        let total = why.total.as_ref().map_or_else(String::new, |at| at.cell.clone());
        let printed = why.total_printed.clone().unwrap_or_else(|| self.plain("masked-mark"));
        let file = why.total.as_ref().map_or_else(String::new, |at| at.file.clone());
        let key = match (why.kind, why.exact) {
            (EquationKind::AtMost, _) => "why-at-most",
            (_, true) => "why-sum",
            (_, false) => "why-at-least",
        };
        let args = [
            ("total", format!("{file} {total}")),
            ("printed", printed),
            ("parts", why.parts_at.clone()),
            ("count", why.parts_printed.to_string()),
            ("sum", why.printed_sum.clone()),
            ("masked", if why.masked.is_empty() { "–".to_owned() } else { why.masked.join(", ") }),
        ];
        self.with(key, &args)
    }

    /// A text that another one takes in, not yet escaped.
    fn plain(&self, key: &str) -> String {
        text(self.lang, &format!("gate.audit.{key}"))
    }

    fn mask_also(&mut self, report: &AuditReport) {
        if report.totals.recoverable_small == 0 {
            return;
        }
        self.heading("mask-also");
        self.paragraph("mask-also-note");
        if report.totals.not_repaired > 0 {
            let count = grouped(report.totals.not_repaired);
            let note = self.with("not-repaired", &[("count", count)]);
            let _ = write!(self.out, "<p>{note}</p>");
        }
        let label = self.with("mask-also-list", &[("count", grouped(report.totals.mask_also))]);
        let _ = writeln!(self.out, "<details><summary>{label}</summary>");
        self.table_head(&["cell", "printed"]);
        for also in report.mask_also.iter().take(MASK_LISTED) {
            self.row(&[place(&also.at), escape(&also.printed)], &[]);
        }
        self.table_foot();
        self.raw("</details>\n");
    }

    fn files(&mut self, report: &AuditReport) {
        self.heading("files");
        let touched = report.files.iter().filter(|f| f.small + f.other + f.weak > 0);
        let clean = report.files.iter().filter(|f| f.small + f.other + f.weak == 0).count();
        self.table_head(&[
            "file",
            "subject",
            "count-cells",
            "count-masked",
            "count-small",
            "count-other",
            "count-weak",
            "count-mask-also",
        ]);
        let mut files: Vec<_> = touched.collect();
        files.sort_by(|a, b| {
            (b.small, b.weak, b.other, &a.file).cmp(&(a.small, a.weak, a.other, &b.file))
        });
        for f in files {
            let texts = [escape(&f.file), escape(&f.title)];
            self.row(&texts, &[f.cells, f.masked, f.small, f.other, f.weak, f.mask_also]);
        }
        self.table_foot();
        let note = self.with("files-clean", &[("count", grouped(clean as u64))]);
        let _ = writeln!(self.out, "<p>{note}</p>");
    }

    fn sums(&mut self, report: &AuditReport) {
        self.heading("sums");
        self.paragraph("sums-note");
        self.table_head(&[
            "measure",
            "characteristic",
            "relation",
            "used",
            "holds",
            "fails",
            "with-masks",
        ]);
        for sum in &report.sums {
            let texts = [
                escape(&sum.measure),
                escape(&sum.axis),
                self.text(&format!("relation-{}", sum.relation.replace('_', "-"))),
                self.text(if sum.used { "yes" } else { "no" }),
            ];
            self.row(&texts, &[sum.holds, sum.fails, sum.masked]);
        }
        self.table_foot();
        let odd = report.disagreements.len() + report.contradictions.len();
        if odd > 0 {
            let note = self.with("contradictions", &[("count", grouped(odd as u64))]);
            let _ = writeln!(self.out, "<p>{note}</p>\n<ul>");
            for why in report.contradictions.iter().take(NOTES_LISTED) {
                let line = self.sum_text(why);
                let _ = writeln!(self.out, "<li>{line}</li>");
            }
            for pair in report.disagreements.iter().take(NOTES_LISTED) {
                let line = format!("{} ≠ {}", place(&pair.one), place(&pair.other));
                let _ = writeln!(self.out, "<li>{line}</li>");
            }
            self.raw("</ul>\n");
        }
    }

    fn notes(&mut self, report: &AuditReport) {
        self.list("refused", &report.refused);
        self.list("notices", &report.notices);
    }

    fn list(&mut self, key: &str, refusals: &[Refusal]) {
        if refusals.is_empty() {
            return;
        }
        self.heading(key);
        self.raw("<ul>\n");
        for refusal in refusals.iter().take(NOTES_LISTED) {
            let line = escape(&refusal.line_text(self.lang));
            let _ = writeln!(self.out, "<li>{line}</li>");
        }
        self.raw("</ul>\n");
    }

    fn foot(&mut self, report: &AuditReport) {
        let note = self.with("foot", &[("version", report.version.to_string())]);
        let _ = writeln!(self.out, "</main><footer><p>{note}</p></footer></body></html>");
    }
}

/// File, sheet, address and heads.
fn place(at: &CellAt) -> String {
    format!(
        "<code>{} {} {}</code><br>{}",
        escape(&at.file),
        escape(&at.sheet),
        escape(&at.cell),
        escape(&at.heads)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::leak::LeakKind;
    use shirube_model::refusal::has_message;

    /// Message keys that the page uses by kind, for the test of the catalogues.
    fn kind_keys() -> Vec<String> {
        LeakKind::ALL
            .iter()
            .flat_map(|kind| {
                let code = kind.code().replace('_', "-");
                [format!("gate.audit.kind-{code}"), format!("gate.audit.kind-{code}-meaning")]
            })
            .collect()
    }

    #[test]
    fn every_kind_of_leak_is_explained_in_both_languages() {
        for lang in Lang::ALL {
            for key in kind_keys() {
                assert!(has_message(lang, &key), "{key}");
            }
        }
    }

    #[test]
    fn what_files_say_cannot_become_markup() {
        assert_eq!(escape("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
