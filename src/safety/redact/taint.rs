//! Value taint: what was caught once is found again everywhere, in every encoding.
//!
//! Secrets arrive one resource at a time, so an automaton would have to be rebuilt over and over. Instead six bytes from the
//! middle of every encoded secret (its beginning is often a public prefix) go into a hash map, with a bit set before it: most
//! positions of a text cost one multiplication. A hit is checked byte by byte, so there are no false ones.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::{encoded, opaque};

/// Bytes of the window.
const WINDOW: usize = 6;
/// 2^20 bits.
const BITS: u32 = 20;

/// The secrets of one scan.
pub(super) struct Taint {
    known: HashMap<String, u32>,
    secrets: Vec<(String, String)>,
    windows: HashMap<u64, Vec<(u32, u8)>>,
    bits: Box<[u64]>,
    /// Secrets that only count at a place: (type, key, value), hashed.
    placed: HashSet<u64>,
}

impl Taint {
    pub fn new() -> Self {
        Self {
            known: HashMap::new(),
            secrets: vec![],
            windows: HashMap::new(),
            bits: vec![0; 1 << (BITS - 6)].into_boxed_slice(),
            placed: HashSet::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Remembers a secret, its lines and what is packed in it, as far as they are long and rare enough. `mark` makes the
    /// replacement of a text.
    pub fn add(&mut self, secret: &str, min: usize, mark: &dyn Fn(&str) -> String) {
        for piece in pieces(secret) {
            let piece = piece.trim();
            if is_worth(piece, min) && !self.known.contains_key(piece) {
                self.insert(piece, mark(piece));
            }
        }
    }

    /// Remembers that this value is secret under this key of this type, and only there.
    pub fn add_placed(&mut self, place: u64) {
        self.placed.insert(place);
    }

    pub fn is_placed(&self, place: u64) -> bool {
        self.placed.contains(&place)
    }

    pub fn has_placed(&self) -> bool {
        !self.placed.is_empty()
    }

    fn insert(&mut self, secret: &str, mark: String) {
        let Ok(id) = u32::try_from(self.secrets.len()) else { return };
        self.known.insert(secret.to_owned(), id);
        self.secrets.push((secret.to_owned(), mark));
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        for variant in 0..encoded::VARIANTS {
            let needle = encoded::encode(secret, variant);
            if needle.len() < WINDOW || seen.contains(&needle) {
                continue;
            }
            let window = read(&needle, middle(&needle));
            let bit = bit_of(window);
            self.bits[bit >> 6] |= 1 << (bit & 63);
            self.windows.entry(window).or_default().push((id, variant));
            seen.insert(needle);
        }
    }

    /// Appends where known secrets stand in `text`, with their replacement.
    pub fn find<'a>(&'a self, text: &str, found: &mut Vec<(Range<usize>, &'a str)>) {
        self.find_bytes(text.as_bytes(), found);
        if text.contains('\n') && !self.is_empty() {
            self.find_wrapped(text, found);
        }
    }

    fn find_bytes<'a>(&'a self, text: &[u8], found: &mut Vec<(Range<usize>, &'a str)>) {
        if self.is_empty() || text.len() < WINDOW {
            return;
        }
        for at in 0..=text.len() - WINDOW {
            let window = read(text, at);
            let bit = bit_of(window);
            if self.bits[bit >> 6] & (1 << (bit & 63)) != 0
                && let Some(candidates) = self.windows.get(&window)
            {
                found.extend(candidates.iter().filter_map(|&(id, variant)| self.check(text, at, id, variant)));
            }
        }
    }

    fn check(&self, text: &[u8], at: usize, id: u32, variant: u8) -> Option<(Range<usize>, &str)> {
        let (secret, mark) = self.secrets.get(id as usize)?;
        let needle = encoded::encode(secret, variant);
        let start = at.checked_sub(middle(&needle))?;
        text[start..].starts_with(&needle).then_some((start..start + needle.len(), mark.as_str()))
    }

    /// Looks again with line breaks, and the indentation behind them, taken out: wrapped output cuts secrets in two.
    fn find_wrapped<'a>(&'a self, text: &str, found: &mut Vec<(Range<usize>, &'a str)>) {
        let (mut joined, mut origin) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
        let mut at_line_start = false;
        for (at, &byte) in text.as_bytes().iter().enumerate() {
            match byte {
                b'\n' => at_line_start = true,
                b'\r' => {}
                b' ' | b'\t' if at_line_start => {}
                _ => {
                    at_line_start = false;
                    joined.push(byte);
                    origin.push(at);
                }
            }
        }
        let mut again = vec![];
        self.find_bytes(&joined, &mut again);
        found.extend(again.into_iter().map(|(range, mark)| (origin[range.start]..origin[range.end - 1] + 1, mark)));
    }
}

/// The secret as a whole, each of its lines (the value alone for `name: value` lines), the texts of a JSON document in it, and
/// what base64 in it unpacks to.
fn pieces(secret: &str) -> Vec<String> {
    let mut pieces = vec![];
    if let Ok(document @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) = serde_json::from_str(secret) {
        texts_of(&document, &mut pieces);
        return pieces;
    }
    let lines = |text: &str, pieces: &mut Vec<String>| {
        if text.contains('\n') || text.contains("\\n") {
            pieces.extend(text.split('\n').flat_map(|l| l.split("\\n")).map(|l| value_of_line(l).to_owned()));
        }
        if !text.contains('\n') || text.len() <= 4096 {
            pieces.push(text.to_owned());
        }
    };
    lines(secret, &mut pieces);
    if let Some(inner) = encoded::unpack(secret) {
        lines(&inner, &mut pieces);
    }
    pieces
}

fn texts_of(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => out.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|v| texts_of(v, out)),
        serde_json::Value::Object(map) => map.values().for_each(|v| texts_of(v, out)),
        _ => {}
    }
}

fn value_of_line(line: &str) -> &str {
    match line.split_once(": ") {
        Some((name, value))
            if name
                .trim_start_matches([' ', '-'])
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) =>
        {
            value.trim_matches(['"', '\''])
        }
        _ => line,
    }
}

/// Long enough, not a common word, not the frame of a PEM block, not masked already.
fn is_worth(piece: &str, min: usize) -> bool {
    piece.chars().count() >= min
        && !opaque::is_common(piece)
        && !opaque::is_arn(piece)
        && !piece.starts_with("-----")
        && !piece.contains('«')
}

fn middle(needle: &[u8]) -> usize {
    (needle.len() - WINDOW) / 2
}

fn read(text: &[u8], at: usize) -> u64 {
    text[at..at + WINDOW].iter().fold(0, |acc, &b| acc << 8 | u64::from(b))
}

fn bit_of(window: u64) -> usize {
    (window.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}
