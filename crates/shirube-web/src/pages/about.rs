//! What the product is, its licence and the parts of others it contains.

use crate::request::{Ctx, Page, software};
use crate::view::frame::Tab;
use crate::view::pack::AboutPage;

/// Parts of others shown in pages, with their licence texts.
const PARTS: [(&str, &str); 1] =
    [("Digital Agency design tokens 1.1.9", "vendor/digital-go-jp/LICENSE")];

/// Shows what the product is.
pub(crate) async fn show(ctx: Ctx) -> Page {
    let t = ctx.t;
    let parts = PARTS
        .iter()
        .filter_map(|(name, file)| Some(((*name).to_owned(), crate::assets::text(file)?)));
    let page = AboutPage {
        c: ctx.chrome(Tab::About, t.get("web.about.title")),
        paragraphs: ["web.about.what", "web.about.proof", "web.about.readings"]
            .map(|key| t.get(key))
            .to_vec(),
        software: software().to_owned(),
        parts: parts.collect(),
    };
    ctx.page(&page)
}
