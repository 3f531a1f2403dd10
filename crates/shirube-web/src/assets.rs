//! Style sheets, script and pictures, built into the binary.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// Name of each file with the first digits of its SHA-256, so that an address
/// changes when the file does.
static MARKS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let hash = Files::get(&name)?.metadata.sha256_hash();
            Some((name.into_owned(), hex::encode(hash.get(..6)?)))
        })
        .collect()
});

/// The address of a file.
pub(crate) fn address(name: &str) -> String {
    let mark = MARKS.get(name).map_or("", String::as_str);
    format!("/assets/{name}?v={mark}")
}

/// Answers with a file.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some(file) = Files::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, file.data).into_response()
}

/// Text of a file, for pages that show it.
pub(crate) fn text(name: &str) -> Option<String> {
    Files::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_party_file_has_its_licence_beside_it() {
        let vendored: Vec<_> = Files::iter().filter(|name| name.starts_with("vendor/")).collect();
        assert!(!vendored.is_empty());
        for name in &vendored {
            let (dir, _) = name.rsplit_once('/').unwrap();
            assert!(Files::get(&format!("{dir}/LICENSE")).is_some(), "{name}");
        }
    }

    #[test]
    fn files_the_pages_name_exist() {
        for name in ["css/site.css", "js/site.js", "img/shirube.svg"] {
            assert!(!address(name).ends_with('='), "{name}");
        }
    }
}
