//! The front page in both languages.

use anyhow::{Context, Result};
use fantoccini::key::Key;

use crate::browser::Page;

#[tokio::test]
async fn the_front_page_is_whole_in_both_languages() -> Result<()> {
    let page = Page::open().await?;
    for language in ["ja", "en"] {
        page.visit(&format!("/{language}/")).await?;
        assert_eq!(page.attribute("html", "lang").await?.as_deref(), Some(language));
        assert_eq!(page.count("main").await?, 1, "{language}");
        assert_eq!(page.count("h1").await?, 1, "{language}");
        assert!(!page.title().await?.trim().is_empty(), "{language}");

        page.press(Key::Tab).await?;
        let first = page.active_element().await?.attr("href").await?;
        let target = first.as_deref().and_then(|href| href.strip_prefix('#'));
        let target = target.context("the first stop of the Tab key is no skip link")?;
        assert_eq!(page.count(&format!("main#{target}, main #{target}")).await?, 1, "{language}");

        page.check_accessibility().await.context(language)?;
        assert_eq!(page.complaints()?, Vec::<String>::new(), "{language}");
    }
    Ok(())
}
