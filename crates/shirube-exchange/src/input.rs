//! The input of an import: opening it, and looking through it once for its
//! digest, size, encoding and outer form.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};
use shirube_model::refusal::Refusal;

use crate::decode::{Encoding, Guess};
use crate::error::ExchangeError;
use crate::limits::Limits;
use crate::private;
use crate::rows::{Format, Rows, Shape};

/// Where the rows come from.
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Something that can be read once, such as the standard input, with the
    /// name that messages give it. It is copied to a temporary file first,
    /// because the digest must be known before the first row is written.
    Reader(String, Box<dyn Read + Send>),
}

impl Input {
    /// The standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self::Reader("-".to_owned(), Box::new(std::io::stdin()))
    }

    /// The name that messages give it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Reader(name, _) => name.clone(),
        }
    }

    /// Opens the input as a file that can be read again from the start.
    pub(crate) fn open(self) -> Result<File, ExchangeError> {
        match self {
            Self::Path(path) => File::open(&path)
                .map_err(|error| ExchangeError::io("import.file.unreadable", &path, &error)),
            Self::Reader(name, mut reader) => {
                let fault = |error: std::io::Error| {
                    ExchangeError::io("import.file.unreadable", name.as_ref(), &error)
                };
                let mut file = private::temporary_file().map_err(fault)?;
                std::io::copy(&mut reader, &mut file).map_err(fault)?;
                file.seek(SeekFrom::Start(0)).map_err(fault)?;
                Ok(file)
            }
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Input").field(&self.name()).finish()
    }
}

/// What a look through an input tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputFacts {
    /// Name as the caller gave it.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// Outer form.
    pub format: Format,
    /// Encoding.
    pub encoding: Encoding,
}

/// Looks through an input once. What the caller asked for goes before what is
/// found.
pub(crate) fn survey(
    name: &str,
    mut source: impl Read,
    format: Option<Format>,
    encoding: Option<Encoding>,
) -> Result<InputFacts, ExchangeError> {
    let fault =
        |error: std::io::Error| ExchangeError::io("import.file.unreadable", name.as_ref(), &error);
    let mut survey = Survey::default();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(fault(error)),
        };
        survey.add(chunk.get(..length).unwrap_or_default());
    }
    survey.finish(name, format, encoding)
}

#[derive(Default)]
struct Survey {
    hasher: Sha256,
    bytes: u64,
    head: Vec<u8>,
    line: Vec<u8>,
    guess: Guess,
}

/// Bytes of one line that the guess of the encoding looks at.
const LINE: usize = 1 << 16;

impl Survey {
    fn add(&mut self, chunk: &[u8]) {
        self.hasher.update(chunk);
        self.bytes += chunk.len() as u64;
        let room = 64_usize.saturating_sub(self.head.len());
        self.head.extend(chunk.iter().take(room));
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + piece.len() <= LINE {
                self.line.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                self.guess.line(&self.line);
                self.line.clear();
            }
        }
    }

    fn finish(
        mut self,
        name: &str,
        format: Option<Format>,
        encoding: Option<Encoding>,
    ) -> Result<InputFacts, ExchangeError> {
        self.guess.line(&self.line);
        if self.head.starts_with(&[0xff, 0xfe]) || self.head.starts_with(&[0xfe, 0xff]) {
            return Err(Refusal::new("import.file.utf16").file(name).into());
        }
        let marked = self.head.starts_with(b"\xef\xbb\xbf");
        let start = self.head.iter().skip(if marked { 3 } else { 0 });
        let first = start.copied().find(|byte| !byte.is_ascii_whitespace());
        let Some(first) = first else {
            return Err(Refusal::new("import.file.empty").file(name).into());
        };
        let found_encoding = if marked { Encoding::Utf8 } else { self.guess.encoding() };
        let found_format = if first == b'{' { Format::Ndjson } else { Format::Csv };
        Ok(InputFacts {
            name: name.to_owned(),
            bytes: self.bytes,
            sha256: hex::encode(self.hasher.finalize()),
            format: format.unwrap_or(found_format),
            encoding: encoding.unwrap_or(found_encoding),
        })
    }
}

/// The column names of a table; consumes the header row.
pub(crate) fn read_header<R: Read>(
    name: &str,
    rows: &mut Rows<R>,
    shape: &Shape,
) -> Result<Vec<String>, ExchangeError> {
    let fault =
        |error: std::io::Error| ExchangeError::io("import.file.unreadable", name.as_ref(), &error);
    let refuse = |refusal: Refusal| Err(refusal.file(name).into());
    let Some(row) = rows.next_row().map_err(fault)? else {
        return refuse(Refusal::new("import.file.empty"));
    };
    rows.header_read();
    let cells = match crate::rows::read_cells(&row, shape) {
        Ok(crate::rows::Cells::Table(cells)) => cells,
        Ok(crate::rows::Cells::Object(_)) => Vec::new(),
        Err(refusal) => return refuse(refusal.line(row.line)),
    };
    let mut names = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let cell = crate::cells::unprotect(cell.trim()).to_owned();
        if !cell.is_empty() && names.contains(&cell) {
            let refusal = Refusal::new("import.header.twice").arg("column", &cell);
            return refuse(refusal.line(row.line));
        }
        // A column without a name can still be shown in reports.
        names.push(if cell.is_empty() { format!("#{}", index + 1) } else { cell });
    }
    Ok(names)
}

/// The outer form and the limits an input is read with.
pub(crate) fn shape_of(facts: &InputFacts, delimiter: u8, limits: Limits) -> Shape {
    Shape { format: facts.format, encoding: facts.encoding, delimiter, limits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_and_encoding_are_found() {
        let sjis = encoding_rs::SHIFT_JIS.encode("契約番号,題名\n1,治験の委託\n").0.into_owned();
        let cases: [(&[u8], Format, Encoding); 5] = [
            (b"a,b\n1,2\n", Format::Csv, Encoding::Utf8),
            (b"\xef\xbb\xbf\n  {\"a\":1}\n", Format::Ndjson, Encoding::Utf8),
            (&sjis, Format::Csv, Encoding::Cp932),
            ("契約\n".as_bytes(), Format::Csv, Encoding::Utf8),
            (b"  {\"a\":1}", Format::Ndjson, Encoding::Utf8),
        ];
        for (bytes, format, encoding) in cases {
            let facts = survey("x", bytes, None, None).unwrap();
            assert_eq!((facts.format, facts.encoding), (format, encoding));
            assert_eq!(facts.sha256, hex::encode(Sha256::digest(bytes)));
            assert_eq!(facts.bytes, bytes.len() as u64);
        }
        let asked = survey("x", &b"{a\n"[..], Some(Format::Csv), Some(Encoding::Cp932)).unwrap();
        assert_eq!((asked.format, asked.encoding), (Format::Csv, Encoding::Cp932));
    }

    #[test]
    fn files_that_cannot_be_tables_are_refused() {
        let cases: [(&[u8], &str); 4] = [
            (b"", "import.file.empty"),
            (b"\xef\xbb\xbf \r\n", "import.file.empty"),
            (b"\xff\xfea\0", "import.file.utf16"),
            (b"\xfe\xff\0a", "import.file.utf16"),
        ];
        for (bytes, code) in cases {
            assert_eq!(survey("x", bytes, None, None).unwrap_err().code(), code);
        }
    }

    fn header(text: &str) -> Result<Vec<String>, &'static str> {
        let facts = survey("x", text.as_bytes(), Some(Format::Csv), None).unwrap();
        let shape = shape_of(&facts, b',', Limits { columns: 4, ..Limits::default() });
        let mut rows = Rows::new(text.as_bytes(), shape).unwrap();
        read_header("x", &mut rows, &shape).map_err(|error| error.code())
    }

    #[test]
    fn headers_are_read_or_refused_by_code() {
        assert_eq!(header("\u{feff}a, b ,\n1\n").unwrap(), ["a", "b", "#3"]);
        assert_eq!(header("'=a\n").unwrap(), ["=a"]);
        assert_eq!(header("a,b,a\n"), Err("import.header.twice"));
        assert_eq!(header("a,b,c,d,e\n"), Err("import.row.too-many-columns"));
        assert_eq!(header("a,\"b\n"), Err("import.row.quote-open"));
        assert_eq!(header("a\0\n"), Err("import.row.nul"));
    }
}
