//! What must hold on every page, whatever it shows.

use anyhow::{Context, Result, ensure};
use shirube_model::lang::Lang;

use crate::browser::Page;

/// Both languages.
pub const LANGUAGES: [Lang; 2] = [Lang::Ja, Lang::En];

/// Checks language, title, landmarks, the demo banner, that no text is missing,
/// and that the browser has nothing to complain about.
pub async fn check(page: &Page, lang: Lang) -> Result<()> {
    check_as(page, lang, 200).await
}

/// [`check`] for a page with that status: the browser complains about the answer
/// itself when it is an error, and must not complain about anything else.
pub async fn check_as(page: &Page, lang: Lang, status: u16) -> Result<()> {
    let path = page.path().await?;
    inner(page, lang, status).await.with_context(|| format!("on {path}"))
}

async fn inner(page: &Page, lang: Lang, status: u16) -> Result<()> {
    ensure!(page.attribute("html", "lang").await?.as_deref() == Some(lang.tag()), "its language");
    for landmark in ["main", "main h1", "header.site-head", "footer.site-foot", ".demo-banner"] {
        let count = page.count(landmark).await?;
        ensure!(count == 1, "it has {count} `{landmark}`");
    }
    let heading = page.text("main h1").await?;
    ensure!(!heading.trim().is_empty(), "its heading is empty");
    ensure!(!page.title().await?.trim().is_empty(), "its title is empty");
    let missing = missing_texts(&page.source().await?);
    ensure!(missing.is_empty(), "texts are missing: {missing:?}");
    let answer = format!("the server responded with a status of {status} ");
    let complaints = page.complaints()?;
    let others: Vec<_> =
        complaints.iter().filter(|text| status < 400 || !text.contains(&answer)).collect();
    ensure!(others.is_empty(), "the browser complains: {others:?}");
    Ok(())
}

/// Keys of texts that are shown in place of the texts, such as `[web.skip]`.
fn missing_texts(page: &str) -> Vec<String> {
    let key = |text: &&str| {
        text.contains('.')
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
    };
    page.split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']').map(|(text, _)| text))
        .filter(key)
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_missing_text_is_seen_and_other_brackets_are_not() {
    let page = "<a href=\"#x\">[web.skip]</a> [1] [note] [a.b <b>x</b>] [web.as-of.go][Web.x] [";
    assert_eq!(missing_texts(page), ["web.skip", "web.as-of.go"]);
}
