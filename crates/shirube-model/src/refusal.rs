//! Refusals: what was not accepted, where, and what to do next, with a stable
//! code and a text in both languages.
//!
//! A code such as `import.date.unreadable` names the entry
//! `import-date-unreadable` of the message catalogues in `src/messages`; the
//! entry's `.remedy` attribute says what to do. Values from a person's record
//! never go into a refusal.

use std::collections::BTreeMap;
use std::fmt;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use serde::Serialize;

use crate::lang::Lang;

/// Where something was refused. Every part is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// File as the user named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Data row, from 1, header excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Field or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(file) = &self.file {
            match self.line {
                Some(line) => parts.push(format!("{file}:{line}")),
                None => parts.push(file.clone()),
            }
        } else if let Some(line) = self.line {
            parts.push(format!(":{line}"));
        }
        if let Some(row) = self.row {
            parts.push(format!("#{row}"));
        }
        if let Some(field) = &self.field {
            parts.push(format!("`{field}`"));
        }
        f.write_str(&parts.join(" "))
    }
}

/// Something the product did not accept, by rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Refusal {
    /// Stable code, dotted lower case.
    pub code: &'static str,
    /// Values named in the message.
    pub args: BTreeMap<&'static str, String>,
    /// Where.
    pub place: Place,
}

impl Refusal {
    /// A refusal with no arguments and no place.
    #[must_use]
    pub fn new(code: &'static str) -> Self {
        Self { code, args: BTreeMap::new(), place: Place::default() }
    }

    /// Adds a value that the message names.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.insert(name, value.to_string());
        self
    }

    /// Sets the file.
    #[must_use]
    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.place.file = Some(file.into());
        self
    }

    /// Sets the line, from 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.place.line = Some(line);
        self
    }

    /// Sets the data row, from 1.
    #[must_use]
    pub fn row(mut self, row: u64) -> Self {
        self.place.row = Some(row);
        self
    }

    /// Sets the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.place.field = Some(field.into());
        self
    }

    /// What was refused, in one language.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        render(lang, self.code, None, &self.args)
    }

    /// What to do next, in one language.
    #[must_use]
    pub fn remedy(&self, lang: Lang) -> String {
        render(lang, self.code, Some("remedy"), &self.args)
    }

    /// Place, code, message and remedy in one line, for a terminal.
    #[must_use]
    pub fn line_text(&self, lang: Lang) -> String {
        let place = self.place.to_string();
        let gap = if place.is_empty() { "" } else { ": " };
        format!("{place}{gap}{} [{}] {}", self.message(lang), self.code, self.remedy(lang))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line_text(Lang::En))
    }
}

impl std::error::Error for Refusal {}

/// Message sources by language: one file per area of the product.
const SOURCES: &[(Lang, &str)] = &[
    (Lang::Ja, include_str!("messages/core.ja.ftl")),
    (Lang::En, include_str!("messages/core.en.ftl")),
    (Lang::Ja, include_str!("messages/registers.ja.ftl")),
    (Lang::En, include_str!("messages/registers.en.ftl")),
    (Lang::Ja, include_str!("messages/pack.ja.ftl")),
    (Lang::En, include_str!("messages/pack.en.ftl")),
    (Lang::Ja, include_str!("messages/store.ja.ftl")),
    (Lang::En, include_str!("messages/store.en.ftl")),
    (Lang::Ja, include_str!("messages/import.ja.ftl")),
    (Lang::En, include_str!("messages/import.en.ftl")),
    (Lang::Ja, include_str!("messages/indicators.ja.ftl")),
    (Lang::En, include_str!("messages/indicators.en.ftl")),
    (Lang::Ja, include_str!("messages/web.ja.ftl")),
    (Lang::En, include_str!("messages/web.en.ftl")),
    (Lang::Ja, include_str!("messages/access.ja.ftl")),
    (Lang::En, include_str!("messages/access.en.ftl")),
    (Lang::Ja, include_str!("messages/cli.ja.ftl")),
    (Lang::En, include_str!("messages/cli.en.ftl")),
    (Lang::Ja, include_str!("messages/gate.ja.ftl")),
    (Lang::En, include_str!("messages/gate.en.ftl")),
    (Lang::Ja, include_str!("messages/cycle.ja.ftl")),
    (Lang::En, include_str!("messages/cycle.en.ftl")),
    (Lang::Ja, include_str!("messages/report.ja.ftl")),
    (Lang::En, include_str!("messages/report.en.ftl")),
    (Lang::Ja, include_str!("messages/records.ja.ftl")),
    (Lang::En, include_str!("messages/records.en.ftl")),
    (Lang::Ja, include_str!("messages/query.ja.ftl")),
    (Lang::En, include_str!("messages/query.en.ftl")),
    (Lang::Ja, include_str!("messages/health.ja.ftl")),
    (Lang::En, include_str!("messages/health.en.ftl")),
];

type Bundle = FluentBundle<FluentResource>;

fn bundle(lang: Lang) -> &'static Bundle {
    use std::sync::OnceLock;
    static JA: OnceLock<Bundle> = OnceLock::new();
    static EN: OnceLock<Bundle> = OnceLock::new();
    let cell = match lang {
        Lang::Ja => &JA,
        Lang::En => &EN,
    };
    cell.get_or_init(|| {
        let id = lang.tag().parse::<unic_langid::LanguageIdentifier>().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        for (source_lang, source) in SOURCES {
            if *source_lang != lang {
                continue;
            }
            // A file with an error still gives its readable entries; the
            // catalogue test fails on any error.
            let resource = match FluentResource::try_new((*source).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            let _ = bundle.add_resource(resource);
        }
        bundle
    })
}

/// Whether the catalogue of `lang` has an entry for the dotted `key`.
#[must_use]
pub fn has_message(lang: Lang, key: &str) -> bool {
    bundle(lang).has_message(&key.replace(['.', '_'], "-"))
}

/// Text of the dotted `key` without arguments, for pages and terminals. A key
/// that the catalogue lacks comes back in brackets, which the page tests refuse.
#[must_use]
pub fn text(lang: Lang, key: &str) -> String {
    render(lang, key, None, &BTreeMap::new())
}

/// Text of the dotted `key` with arguments.
#[must_use]
pub fn text_with(lang: Lang, key: &str, args: &[(&'static str, String)]) -> String {
    render(lang, key, None, &args.iter().cloned().collect())
}

fn render(
    lang: Lang,
    key: &str,
    attribute: Option<&str>,
    args: &BTreeMap<&'static str, String>,
) -> String {
    let id = key.replace(['.', '_'], "-");
    let bundle = bundle(lang);
    let message = bundle.get_message(&id);
    let pattern = match attribute {
        None => message.and_then(|m| m.value()),
        Some(name) => message.and_then(|m| m.get_attribute(name)).map(|a| a.value()),
    };
    let Some(pattern) = pattern else {
        return match attribute {
            None => format!("[{key}]"),
            Some(_) => String::new(),
        };
    };
    let mut fluent_args = FluentArgs::new();
    for (name, value) in args {
        fluent_args.set(*name, value.clone());
    }
    let mut errors = Vec::new();
    bundle.format_pattern(pattern, Some(&fluent_args), &mut errors).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Entry ids with the variables each text uses, as written in the files.
    fn entries(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
        let mut out = BTreeMap::new();
        for (source_lang, source) in SOURCES {
            if *source_lang != lang {
                continue;
            }
            let resource = FluentResource::try_new((*source).to_owned());
            assert!(
                resource.is_ok(),
                "catalogue does not parse: {:?}",
                resource.err().map(|e| e.1)
            );
            let mut id = String::new();
            for line in source.lines() {
                if line.trim_start().starts_with('#') || line.trim().is_empty() {
                    continue;
                }
                if !line.starts_with([' ', '}']) {
                    id = line.split('=').next().unwrap().trim().to_owned();
                    assert!(!out.contains_key(&id), "`{id}` stands twice in {lang:?}");
                    out.insert(id.clone(), BTreeSet::new());
                } else if let Some(attribute) = line.trim_start().strip_prefix('.') {
                    let name = attribute.split('=').next().unwrap().trim();
                    out.get_mut(&id).unwrap().insert(format!(".{name}"));
                }
                let mut rest = line;
                while let Some(at) = rest.find('$') {
                    rest = &rest[at + 1..];
                    let name: String =
                        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    out.get_mut(&id).unwrap().insert(name);
                }
            }
        }
        out
    }

    #[test]
    fn both_catalogues_have_the_same_entries_and_variables() {
        assert_eq!(entries(Lang::Ja), entries(Lang::En));
    }

    #[test]
    fn a_refusal_names_place_code_and_remedy() {
        let refusal = Refusal::new("core.date.unreadable")
            .arg("value", "2025-13-01")
            .file("a.csv")
            .line(3)
            .field("started_on");
        let text = refusal.line_text(Lang::En);
        assert!(text.starts_with("a.csv:3 `started_on`: "), "{text}");
        assert!(text.contains("[core.date.unreadable]") && text.contains("2025-13-01"), "{text}");
        assert!(!refusal.remedy(Lang::Ja).is_empty());
    }
}
