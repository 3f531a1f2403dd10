//! Character encodings of input files.

use encoding_rs::SHIFT_JIS;
use serde::Serialize;

/// Encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// CP932 (Windows-31J), which offices call Shift_JIS.
    Cp932,
}

impl Encoding {
    /// Reads a name: `utf-8`, `cp932`, `shift_jis`, `sjis` or `windows-31j`, in
    /// any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "cp932" | "shift-jis" | "sjis" | "windows-31j" | "ms932" => Some(Self::Cp932),
            _ => None,
        }
    }

    /// The name used in messages.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Cp932 => "CP932",
        }
    }

    /// The bytes as text; `None` when they are not in this encoding.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Cp932 => SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(std::borrow::Cow::into_owned),
        }
    }

    /// The bytes as text, with a mark where they cannot be read.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Cp932 => SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned(),
        }
    }
}

/// Decides between the encodings line by line: a file with a few damaged lines
/// keeps the encoding of the others, and only those lines are refused.
#[derive(Debug, Default)]
pub(crate) struct Guess {
    utf8_lines: u64,
    cp932_lines: u64,
}

impl Guess {
    pub(crate) fn line(&mut self, line: &[u8]) {
        if line.is_ascii() {
            return;
        }
        if std::str::from_utf8(line).is_ok() {
            self.utf8_lines += 1;
        } else if Encoding::Cp932.decode(line).is_some() {
            self.cp932_lines += 1;
        }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        if self.cp932_lines > self.utf8_lines { Encoding::Cp932 } else { Encoding::Utf8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(lines: &[&[u8]]) -> Encoding {
        let mut guess = Guess::default();
        for line in lines {
            guess.line(line);
        }
        guess.encoding()
    }

    #[test]
    fn encodings_are_told_apart() {
        let sjis = |text: &str| SHIFT_JIS.encode(text).0.into_owned();
        assert_eq!(guess(&[b"a,b", b"1,2"]), Encoding::Utf8);
        assert_eq!(guess(&["契約,日付".as_bytes()]), Encoding::Utf8);
        assert_eq!(guess(&[b"id", &sjis("契約の台帳,譲渡")]), Encoding::Cp932);
        // One damaged line does not change the rest.
        assert_eq!(guess(&["契約".as_bytes(), "譲渡".as_bytes(), &sjis("表示")]), Encoding::Utf8);
        assert_eq!(Encoding::from_name("Shift_JIS"), Some(Encoding::Cp932));
        assert_eq!(Encoding::from_name("UTF-8"), Some(Encoding::Utf8));
        assert_eq!(Encoding::from_name("utf-16"), None);
    }

    #[test]
    fn cp932_reads_what_offices_write() {
        let bytes = [0x87, 0x40, 0xfa, 0xb1, 0x83, 0x5c]; // ①﨑ソ
        assert_eq!(Encoding::Cp932.decode(&bytes).as_deref(), Some("①﨑ソ"));
        assert_eq!(Encoding::Cp932.decode(&[0x81]), None);
    }
}
