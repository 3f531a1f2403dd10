//! Where the things of a pack were written, for faults found after reading.

use std::collections::BTreeMap;

use shirube_model::refusal::Refusal;

use crate::document::Marks;

/// Lines of rows and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Lines of the rows of each table.
    pub(crate) rows: BTreeMap<String, Vec<u64>>,
    /// Keys of each document.
    pub(crate) documents: BTreeMap<String, Marks>,
    /// Files of the indicators, in the order of the pack.
    pub(crate) indicators: Vec<String>,
    /// Lines of the labels by key.
    pub(crate) labels: BTreeMap<String, u64>,
    /// Lines of the vocabulary index by id.
    pub(crate) index: BTreeMap<String, u64>,
}

impl Places {
    /// Puts a fault at a row of a table.
    pub(crate) fn at_row(&self, fault: Refusal, file: &str, row: usize, field: &str) -> Refusal {
        let fault = fault.file(file).field(field);
        match self.rows.get(file).and_then(|lines| lines.get(row)) {
            Some(line) => fault.line(*line),
            None => fault,
        }
    }

    /// Puts a fault at a key of a document, or at the nearest key above it.
    pub(crate) fn at_key(&self, fault: Refusal, file: &str, path: &str) -> Refusal {
        let fault = fault.file(file).field(path);
        let Some(marks) = self.documents.get(file) else { return fault };
        let mut above = path;
        loop {
            if let Some(mark) = marks.get(above) {
                return fault.line(mark.line);
            }
            match above.rfind(['.', '[']) {
                Some(at) => above = above.get(..at).unwrap_or_default(),
                None => return fault.line(1),
            }
        }
    }

    /// Path of the key that a fault of a spec means. The model names fields
    /// without list positions and without the part before the spec; `prefixes`
    /// are the specs laid over each other, the uppermost first.
    pub(crate) fn spec_path(&self, file: &str, prefixes: &[String], fault: &Refusal) -> String {
        let fallback = prefixes.first().cloned().unwrap_or_default();
        let (Some(marks), Some(field)) = (self.documents.get(file), &fault.place.field) else {
            return fallback;
        };
        let wanted = [field.clone(), format!("evidence.{field}"), format!("compare.{field}")];
        let second = field.strip_prefix("evidence").map(|rest| format!("compare{rest}"));
        let mut found: Option<&String> = None;
        for prefix in prefixes {
            let start = format!("{prefix}.");
            for (path, mark) in
                marks.range(start.clone()..).take_while(|(p, _)| p.starts_with(&start))
            {
                let plain = without_positions(path.get(start.len()..).unwrap_or_default());
                if !wanted.contains(&plain)
                    && second.as_ref() != Some(&plain)
                    && plain.rsplit('.').next() != Some(field)
                {
                    continue;
                }
                // Of several filters or links, the one that holds what is named.
                let named = mark.text.as_ref().is_some_and(|text| {
                    let tells = ["name", "text", "detail"].iter().filter_map(|n| fault.args.get(n));
                    tells.into_iter().any(|value| text.contains(value.as_str()))
                });
                if named {
                    return path.clone();
                }
                found = found.or(Some(path));
            }
        }
        match found {
            Some(path) => path.clone(),
            None => format!("{fallback}.{field}"),
        }
    }
}

/// `link[0].filter` as `link.filter`.
fn without_positions(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
