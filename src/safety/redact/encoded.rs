//! The same secret in other clothes: the encodings it is looked for in, and the containers it is unpacked from.

use std::borrow::Cow;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::opaque;

/// Bytes that a compressed text may unpack to.
const MAX_UNPACKED: u64 = 1 << 20;

/// Documents in strings in documents: deeper ones are treated as text.
const MAX_NESTING: u8 = 6;

/// How many encodings [`encode`] knows.
pub(super) const VARIANTS: u8 = 17;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secret as it would look inside of another text. Base64 is cut to the characters that depend on the secret alone,
/// once for each of the three ways it can lie on the 6-bit grid.
pub(super) fn encode(secret: &str, variant: u8) -> Vec<u8> {
    let text = match variant {
        0 => secret.to_owned(),
        1 => json(secret),
        2 => json(secret).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
        3 => ascii_json(secret),
        4 => json(&json(secret)),
        5 => utf8_percent_encode(secret, UNRESERVED).to_string(),
        6 => lower_escapes(&utf8_percent_encode(secret, UNRESERVED).to_string()),
        7 => utf8_percent_encode(secret, UNRESERVED).to_string().replace("%20", "+"),
        8 => secret.bytes().map(|b| format!("{b:02x}")).collect(),
        9 => secret.bytes().map(|b| format!("{b:02X}")).collect(),
        10 => utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        shift @ 11..=13 => aligned_base64(secret, usize::from(shift - 11)),
        shift => aligned_base64(secret, usize::from(shift.saturating_sub(14)) % 3).replace('+', "-").replace('/', "_"),
    };
    text.into_bytes()
}

/// As JSON writes it between the quotes.
fn json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn ascii_json(text: &str) -> String {
    let mut out = String::new();
    for c in json(text).chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn lower_escapes(text: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' { 2 } else { i32::max(left - 1, -1) };
        if c != '%' && left >= 0 { c.to_ascii_lowercase() } else { c }
    };
    text.chars().map(lower).collect()
}

/// Base64 of the secret standing `shift` bytes into a group of three, without the characters its neighbours share.
fn aligned_base64(secret: &str, shift: usize) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(secret.as_bytes());
    let text = STANDARD_NO_PAD.encode(&bytes);
    let first = (shift * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    text.get(first..last).unwrap_or_default().to_owned()
}

/// The text inside of base64, or of base64 of gzip. `None` when there is none.
pub(super) fn unpack(text: &str) -> Option<String> {
    let form = |b: u8| b.is_ascii_alphanumeric() || b"+/-_=".contains(&b) || b.is_ascii_whitespace();
    if text.len() < 8 || !text.bytes().all(form) {
        return None;
    }
    let spaced = text.bytes().any(|b| b.is_ascii_whitespace());
    let compact = if spaced { Cow::Owned(text.split_ascii_whitespace().collect()) } else { Cow::Borrowed(text) };
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let bytes = engines.iter().find_map(|engine| engine.decode(compact.as_bytes()).ok())?;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = vec![];
        // What was unpacked before an error counts: a damaged archive still holds its secret.
        let _ = flate2::read::GzDecoder::new(bytes.as_slice()).take(MAX_UNPACKED).read_to_end(&mut plain);
        plain
    } else {
        bytes
    };
    let text = String::from_utf8(bytes).ok()?;
    let printable = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).count();
    (!text.is_empty() && printable == text.chars().count()).then_some(text)
}

/// The JSON document that a string holds.
pub(super) fn document_in(text: &str, depth: u8) -> Option<Value> {
    let trimmed = text.trim_start();
    let looks_so = trimmed.starts_with(['{', '[']) && trimmed.len() > 2 && depth < MAX_NESTING;
    let document = looks_so.then(|| serde_json::from_str::<Value>(text).ok()).flatten()?;
    (document.is_object() || document.is_array()).then_some(document)
}

/// The text that base64 in a string unpacks to; not tried on what is short or plainly something else.
pub(super) fn packed_in(text: &str) -> Option<String> {
    let inner = (text.len() >= 16).then(|| unpack(text)).flatten()?;
    (!opaque::is_identifier(text)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_base64_however_it_is_aligned() {
        let secret = "hunter2-SUPER";
        for before in ["", "x", "xy", "xyz"] {
            for after in ["", "z", "zz", "zzz"] {
                let text = STANDARD.encode(format!("{before}{secret}{after}"));
                let hit = (11..14).any(|variant| {
                    let needle = String::from_utf8(encode(secret, variant)).unwrap();
                    text.contains(&needle)
                });
                assert!(hit, "{before}|{after}: {text}");
            }
        }
    }

    #[test]
    fn escapes_are_lowered_and_nothing_else() {
        assert_eq!(lower_escapes("A%2FB%3AC"), "A%2fB%3aC");
    }

    #[test]
    fn packed_text_is_unpacked_and_other_bytes_are_not() {
        assert_eq!(unpack(&STANDARD.encode("password=x")).unwrap(), "password=x");
        assert_eq!(unpack(&STANDARD.encode([0u8, 1, 2, 200, 201, 202])), None);
        assert_eq!(unpack("not base64!"), None);
    }
}
