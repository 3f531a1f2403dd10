//! Text in HTML and XML.

/// `text` with what markup would read escaped, for content and for attributes in
/// quotes. Characters that XML 1.0 cannot carry become U+FFFD, so that a stray
/// control character in somebody's text cannot make a file unreadable.
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
            '\t' | '\n' => out.push(c),
            '\r' => {}
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
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
            ("a\r\n\tb\u{0}\u{b}", "a\n\tb\u{fffd}\u{fffd}"),
            ("<b>\"a\" & 'b'</b>", "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt;"),
        ] {
            assert_eq!(escape(text), wanted);
        }
    }
}
