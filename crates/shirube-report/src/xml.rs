//! Documents in XML.

use shirube_model::markup::escape;

/// An XML document under construction, two spaces a level.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    out: String,
    depth: usize,
}

impl Xml {
    pub(crate) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn head(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push_str(&format!(" {key}=\"{}\"", escape(value)));
        }
    }

    /// An element with children.
    pub(crate) fn within(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        children: impl FnOnce(&mut Self),
    ) {
        self.head(name, attributes);
        self.out.push_str(">\n");
        self.depth += 1;
        children(self);
        self.depth -= 1;
        self.indent();
        self.out.push_str(&format!("</{name}>\n"));
    }

    /// An element without children.
    pub(crate) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.head(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element with text.
    pub(crate) fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.head(name, attributes);
        self.out.push_str(&format!(">{}</{name}>\n", escape(text)));
    }

    pub(crate) fn done(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_xml_cannot_carry_are_escaped() {
        for (text, escaped) in [
            ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"),
            ("line\nand\ttab\r\n", "line\nand\ttab\n"),
            ("\u{0}\u{8}\u{7f}\u{ffff}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("指標", "指標"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn elements_nest() {
        let mut xml = Xml::new();
        xml.within("a", &[("b", "<")], |xml| {
            xml.empty("c", &[]);
            xml.text("d", &[], "e&f");
        });
        let body = xml.done();
        assert!(body.ends_with("<a b=\"&lt;\">\n  <c/>\n  <d>e&amp;f</d>\n</a>\n"), "{body}");
    }
}
