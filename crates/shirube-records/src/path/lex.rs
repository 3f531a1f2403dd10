//! Words of a FHIRPath expression.

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Word {
    /// A name, plain or between back quotes.
    Name(String),
    /// A string literal.
    Text(String),
    /// A number as written.
    Number(String),
    /// A date or time after `@`, as written.
    Moment(String),
    /// A constant after `%`.
    Constant(String),
    /// `$this`, `$index`.
    Special(String),
    /// An operator or bracket.
    Mark(&'static str),
}

/// A word with its place, in characters from 1.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) word: Word,
    pub(crate) at: usize,
}

/// Longer marks first.
const MARKS: [&str; 23] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "=", "~", "<", ">", "|", "+",
    "-", "*", "/", "&", ";",
];

/// The words of `text`, or the place that is none.
pub(crate) fn words(text: &str) -> Result<Vec<Placed>, usize> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        let word = match c {
            '\'' => Word::Text(quoted(&chars, &mut at, '\'').ok_or(start + 1)?),
            '`' => Word::Name(quoted(&chars, &mut at, '`').ok_or(start + 1)?),
            '@' => {
                at += 1;
                {
                    let mut text = run(&chars, &mut at, |c| {
                        c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | '.' | 'Z' | '+')
                    });
                    // A dot at the end belongs to the function behind it.
                    if text.ends_with('.') {
                        text.pop();
                        at -= 1;
                    }
                    Word::Moment(text)
                }
            }
            '%' => {
                at += 1;
                match chars.get(at) {
                    Some('`') => Word::Constant(quoted(&chars, &mut at, '`').ok_or(start + 1)?),
                    Some('\'') => Word::Constant(quoted(&chars, &mut at, '\'').ok_or(start + 1)?),
                    _ => Word::Constant(run(&chars, &mut at, is_name)),
                }
            }
            '$' => {
                at += 1;
                Word::Special(run(&chars, &mut at, is_name))
            }
            c if c.is_ascii_digit() => Word::Number(number(&chars, &mut at)),
            c if c.is_ascii_alphabetic() || c == '_' => Word::Name(run(&chars, &mut at, is_name)),
            _ => {
                let rest: String = chars.iter().skip(at).take(2).collect();
                let mark = MARKS.iter().find(|m| rest.starts_with(**m)).ok_or(start + 1)?;
                at += mark.len();
                Word::Mark(mark)
            }
        };
        let empty =
            matches!(&word, Word::Moment(t) | Word::Constant(t) | Word::Special(t) if t.is_empty());
        if empty {
            return Err(start + 1);
        }
        out.push(Placed { word, at: start + 1 });
    }
    Ok(out)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn run(chars: &[char], at: &mut usize, keep: impl Fn(char) -> bool) -> String {
    let found: String = chars.iter().skip(*at).take_while(|c| keep(**c)).collect();
    *at += found.chars().count();
    found
}

fn number(chars: &[char], at: &mut usize) -> String {
    let mut out = run(chars, at, |c| c.is_ascii_digit());
    let fraction =
        chars.get(*at) == Some(&'.') && chars.get(*at + 1).is_some_and(char::is_ascii_digit);
    if fraction {
        *at += 1;
        out.push('.');
        out.push_str(&run(chars, at, |c| c.is_ascii_digit()));
    }
    out
}

/// Text up to the closing mark, escapes replaced; `None` when it does not close.
fn quoted(chars: &[char], at: &mut usize, mark: char) -> Option<String> {
    *at += 1;
    let mut out = String::new();
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        if c == mark {
            return Some(out);
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let kind = *chars.get(*at)?;
        *at += 1;
        match kind {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'f' => out.push('\u{c}'),
            'u' => {
                let digits: String = chars.get(*at..*at + 4)?.iter().collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                *at += 4;
            }
            '\'' | '"' | '`' | '\\' | '/' => out.push(kind),
            _ => return None,
        }
    }
}
