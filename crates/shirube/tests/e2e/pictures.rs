//! The pictures of the documentation, taken from the product itself.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use shirube_model::lang::Lang;

use crate::browser::Page;
use crate::sound;

/// Size of every picture, in pixels.
const SIZE: (u32, u32) = (1280, 900);
/// Largest picture, in bytes.
const LARGEST: usize = 300_000;

/// Name, address, the part of the page to show first, and whether the picture is
/// taken in both languages or in English alone.
const PICTURES: [(&str, &str, Option<&str>, bool); 7] = [
    ("dashboard", "/", None, true),
    ("indicator", "/indicators/OI-02", None, true),
    ("readings", "/indicators/OI-02", Some("#readings"), true),
    ("proof", "/indicators/OI-02?class=repeats", Some("#proof"), true),
    ("follow-up", "/follow-up/2027", None, true),
    ("plan", "/plan", None, false),
    ("register", "/registers/phase_transition", None, false),
];

#[tokio::test]
async fn the_pictures_of_the_documentation_are_taken() -> Result<()> {
    let page = Page::open().await?;
    page.resize(SIZE.0, SIZE.1)?;
    for lang in sound::LANGUAGES {
        let tag = lang.tag();
        for (name, path, part, both) in PICTURES {
            if both || lang == Lang::En {
                page.visit(&format!("/{tag}{path}")).await?;
                if let Some(part) = part {
                    show(&page, part).await?;
                }
                keep(&page, lang, name).await?;
            }
        }
    }
    page.visit("/en/indicators/OI-02").await?;
    let link = "#records-0 + .scroll tbody a[href$='version=2']";
    let href = page.attribute(link, "href").await?.context("no record with two versions")?;
    let record = href.strip_suffix("?version=2").unwrap_or(&href);
    page.visit(&format!("{record}/history")).await?;
    keep(&page, Lang::En, "history").await
}

/// Keeps a picture of a page that is as it should be, and not too heavy for a
/// repository.
async fn keep(page: &Page, lang: Lang, name: &str) -> Result<()> {
    sound::check(page, lang).await?;
    let image = page.screenshot().await?;
    ensure!(image.len() <= LARGEST, "{name} takes {} bytes", image.len());
    page.keep_screenshot(&format!("{name}-{}", lang.tag())).await
}

/// Scrolls a part of the page to the top at once, below what stays there.
async fn show(page: &Page, part: &str) -> Result<()> {
    const SHOW: &str = "const head = document.querySelector('.demo-banner'); \
        const top = document.querySelector(arguments[0]).getBoundingClientRect().top; \
        scrollBy({ top: top - head.offsetHeight - 16, behavior: 'instant' });";
    page.find(Locator::Css(part)).await.with_context(|| format!("looking for `{part}`"))?;
    page.execute(SHOW, vec![serde_json::json!(part)]).await?;
    Ok(())
}
