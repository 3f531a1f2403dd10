//! Text in HTML.

/// `text` with what HTML would read as markup escaped, for content and for
/// attributes in quotes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_is_read_as_markup() {
        for (text, wanted) in [
            ("", ""),
            ("健康・医療", "健康・医療"),
            ("<b>\"a\" & 'b'</b>", "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt;"),
        ] {
            assert_eq!(escape(text), wanted);
        }
    }
}
