//! The sanitiser's sinks that have a syntax of their own: JSON, CSV, HTML, Markdown.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::sanitise::line;
use super::visible;

/// Writes JSON in which every character a terminal could act on is a `\uXXXX` escape: safe to print, lossless to parse.
pub fn to_json_writer<W: Write>(writer: W, value: &impl Serialize, pretty: bool) -> serde_json::Result<()> {
    if pretty {
        value.serialize(&mut Serializer::with_formatter(writer, Printable(PrettyFormatter::new())))
    } else {
        value.serialize(&mut Serializer::with_formatter(writer, Printable(CompactFormatter)))
    }
}

/// As [`to_json_writer`], on one line in a string. Empty when the value cannot be written as JSON.
pub fn to_json(value: &impl Serialize) -> String {
    let mut bytes = vec![];
    match to_json_writer(&mut bytes, value, false) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// One CSV field (RFC 4180), with a `'` before what a spreadsheet would take for a formula.
pub fn csv(text: &str) -> String {
    let formula = text
        .chars()
        .find(|c| *c != ' ')
        .is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'));
    let safe = line(text);
    let field = if formula { format!("'{safe}") } else { safe };
    if field.contains([',', '"', ';', '\'']) || field.starts_with(' ') || field.ends_with(' ') {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

/// Text for HTML, in content and in quoted attributes alike.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Plain text for Markdown (CommonMark, tables of GitHub, mentions of chat tools): nothing in it makes markup.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    escape_line_start(&out)
}

/// `-`, `=`, spaces and `1.` begin lists, headings and code blocks; elsewhere they are common inside words.
fn escape_line_start(text: &str) -> String {
    let trimmed = text.trim_start_matches(' ');
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (head, tail) = trimmed.split_at(digits);
    if digits > 0 && tail.starts_with(['.', ')']) {
        format!("{head}\\{tail}")
    } else if digits == 0 && tail.starts_with(['-', '=']) {
        format!("\\{tail}")
    } else {
        trimmed.to_owned()
    }
}

/// Wraps a formatter: layout is its own, characters are ours.
struct Printable<F>(F);

impl<F> Printable<F> {
    /// Writes a piece of JSON text with unsafe characters escaped. C0 controls cannot stand in it: `serde_json` escapes them
    /// in strings, and outside of strings they are layout.
    fn write_text<W: ?Sized + Write>(writer: &mut W, text: &str) -> io::Result<()> {
        if text.is_ascii() && !text.contains('\x7f') {
            return writer.write_all(text.as_bytes());
        }
        let mut done = 0;
        for (at, c) in text.char_indices() {
            if c >= '\x7f' && visible::is_unsafe(c) {
                writer.write_all(&text.as_bytes()[done..at])?;
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                done = at + c.len_utf8();
            }
        }
        writer.write_all(&text.as_bytes()[done..])
    }
}

/// Layout is passed on as it comes.
macro_rules! pass_on {
    ($($method:ident($($first:ident)?);)*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, writer: &mut W $(, $first: bool)?) -> io::Result<()> {
            self.0.$method(writer $(, $first)?)
        }
    )*};
}

impl<F: Formatter> Formatter for Printable<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        Self::write_text(writer, fragment)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        Self::write_text(writer, fragment)
    }

    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first);
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::vectors;

    #[test]
    fn json_is_printable_and_lossless() {
        for (name, text) in vectors::terminal() {
            for pretty in [false, true] {
                let value = serde_json::json!({ &text: [&text, 1, null] });
                let mut bytes = vec![];
                to_json_writer(&mut bytes, &value, pretty).unwrap();
                let json = String::from_utf8(bytes).unwrap();
                assert!(!json.replace('\n', "").chars().any(visible::is_unsafe), "{name}: {json:?}");
                assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value, "{name}");
            }
        }
    }

    #[test]
    fn a_spreadsheet_finds_no_formula() {
        assert_eq!(csv("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(csv("\t=1"), "\"'␉=1\"");
        assert_eq!(csv("-1"), "\"'-1\"");
        assert_eq!(csv("a,\"b\"\n"), "\"a,\"\"b\"\"␊\"");
        assert_eq!(csv("plain"), "plain");
    }

    #[test]
    fn html_and_markdown_hold_no_markup() {
        assert_eq!(html("<script>'\"&\x1b"), "&lt;script&gt;&#39;&quot;&amp;␛");
        assert_eq!(
            markdown("<!channel> [x](y) |a| *b* @all"),
            "&lt;\\!channel&gt; \\[x\\]\\(y\\) \\|a\\| \\*b\\* &#64;all"
        );
        assert_eq!(markdown("- item"), "\\- item");
        assert_eq!(markdown("    code"), "code");
        assert_eq!(markdown("1. one"), "1\\. one");
        assert_eq!(markdown("web-01.eu"), "web-01.eu");
    }
}
