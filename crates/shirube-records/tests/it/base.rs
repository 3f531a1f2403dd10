//! What several tests share.

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use shirube_records::{Holds, Value, Views};

/// A file of the public data sets beside the repository; `None`, said aloud,
/// when it is absent.
pub fn shared(path: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("SHIRUBE_DATA").map_or(beside, PathBuf::from);
    let found = folder.join(path);
    if !found.exists() {
        println!("absent, not tested: {}", found.display());
        return None;
    }
    Some(found)
}

/// The files of the public archive whose name starts with `prefix`.
pub fn archived(prefix: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let archive = shared("public-data.tar.zst")?;
    let reader = zstd::Decoder::new(std::fs::File::open(archive).unwrap()).unwrap();
    let mut out = Vec::new();
    for entry in tar::Archive::new(reader).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let name = name.trim_start_matches("./").to_owned();
        if name.starts_with(prefix) && entry.header().entry_type().is_file() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            out.push((name, bytes));
        }
    }
    out.sort();
    Some(out)
}

pub fn to_json(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Number(text) => serde_json::from_str(text).unwrap(),
        Value::Decimal(value) => serde_json::from_str(&value.to_string()).unwrap(),
        Value::Text(text) => json!(text),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
    }
}

/// The rows of a view over resources, or the code of the refusal.
pub fn run(view: &Json, resources: &[Json]) -> Result<Vec<Json>, String> {
    let views = Views::read(std::slice::from_ref(view)).map_err(|r| r.code.to_owned())?;
    let columns = views.views()[0].columns();
    let mut rows = Vec::new();
    for resource in resources {
        let text = resource.to_string();
        views
            .runner(Holds::Resource)
            .rows(&text, &mut |_, row| {
                let cells = columns.iter().zip(row).map(|(c, v)| (c.name.clone(), to_json(v)));
                rows.push(Json::Object(cells.collect()));
                Ok(())
            })
            .map_err(|r| r.code.to_owned())?;
    }
    Ok(rows)
}
