//! Takes one big JSON document apart while it streams by: the elements of one top-level list come out as raw bytes, one at a
//! time, and everything around them is kept as a small document of its own.
//!
//! Only strings and brackets are looked at, so this runs at memory speed; whoever parses the pieces checks their grammar.
//! Longer than most files here because it is one state machine with its tests.

use std::ops::ControlFlow;

use memchr::{memchr_iter, memchr2};

/// The biggest element. A Terraform resource with all its instances stays far below.
pub const MAX_ELEMENT_BYTES: usize = 64 << 20;
/// The most that may stand around the list (outputs, check results).
pub const MAX_AROUND_BYTES: usize = 16 << 20;

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// What is wrong with the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SplitErrorKind {
    /// The input ended inside the document.
    #[error("the file is cut off")]
    CutOff,
    /// The document is a list or a scalar, or no JSON at all.
    #[error("it does not start with a JSON object")]
    NotAnObject,
    /// A byte that cannot stand where it stands.
    #[error("{expected} expected, {} found", shown(*.found))]
    Unexpected { expected: &'static str, found: u8 },
    /// Something follows the document.
    #[error("something follows the end of the document")]
    AfterTheEnd,
    /// Over [`MAX_ELEMENT_BYTES`].
    #[error("one entry is bigger than {} MiB", MAX_ELEMENT_BYTES >> 20)]
    ElementTooBig,
    /// Over [`MAX_AROUND_BYTES`].
    #[error("more than {} MiB stand outside the list of resources", MAX_AROUND_BYTES >> 20)]
    AroundTooBig,
    /// The second list would replace the first, which has been handed out already.
    #[error("the list stands twice")]
    ListTwice,
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("'{}'", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}

/// What is wrong, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{kind} at byte {offset} (line {line})")]
pub struct SplitError {
    pub kind: SplitErrorKind,
    /// From the start of the input, counted from 0.
    pub offset: u64,
    /// Counted from 1.
    pub line: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Start,
    KeyOrEnd,
    Key,
    Colon,
    ValueStart,
    Value,
    CommaOrEnd,
    ElementOrEnd,
    ElementStart,
    Element,
    ElementCommaOrEnd,
    Done,
}

/// Receives elements; `Break` stops the reading.
pub type ElementSink<'a> = dyn FnMut(Box<[u8]>) -> ControlFlow<()> + 'a;

/// A push parser: [`feed`](Self::feed) it buffers of any size, then [`finish`](Self::finish).
pub struct Splitter {
    list: &'static str,
    state: State,
    value: ValueScanner,
    around: Vec<u8>,
    /// The front of an element whose end is in a later buffer.
    element: Vec<u8>,
    /// Top-level keys, each with where its value starts in `around`.
    keys: Vec<(String, usize)>,
    key_start: usize,
    list_seen: bool,
    offset: u64,
    line: u64,
}

impl Splitter {
    /// Takes apart the list under the top-level key `list`.
    pub fn new(list: &'static str) -> Self {
        Self {
            list,
            state: State::Start,
            value: ValueScanner::default(),
            around: Vec::new(),
            element: Vec::new(),
            keys: Vec::new(),
            key_start: 0,
            list_seen: false,
            offset: 0,
            line: 1,
        }
    }

    /// Top-level keys seen so far, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(key, _)| key.as_str())
    }

    /// The raw text of a top-level number, string, `true`, `false` or `null` that has been read completely.
    pub fn scalar(&self, key: &str) -> Option<&str> {
        let (_, start) = self.keys.iter().rev().find(|(k, _)| k == key)?;
        let rest = self.around.get(*start..)?;
        let mut scanner = ValueScanner::default();
        scanner.start(*rest.first()?);
        let length = scanner.scan(rest)?;
        if matches!(rest.first(), Some(b'{' | b'[')) {
            return None;
        }
        std::str::from_utf8(&rest[..length]).ok()
    }

    /// Reads the next piece of the document.
    pub fn feed(&mut self, buffer: &[u8], sink: &mut ElementSink<'_>) -> Result<ControlFlow<()>, SplitError> {
        let mut at = 0;
        while at < buffer.len() {
            let step = match self.state {
                State::Key | State::Value => self.copy_around(&buffer[at..]),
                State::Element => match self.take_element(&buffer[at..], sink) {
                    Ok((read, ControlFlow::Continue(()))) => Ok(read),
                    Ok((_, ControlFlow::Break(()))) => return Ok(ControlFlow::Break(())),
                    Err(kind) => Err(kind),
                },
                _ => self.punctuation(buffer[at], at),
            };
            match step {
                Ok(read) => at += read,
                Err(kind) => {
                    let line = self.line + memchr_iter(b'\n', &buffer[..at]).count() as u64;
                    return Err(SplitError { kind, offset: self.offset + at as u64, line });
                }
            }
        }
        self.offset += buffer.len() as u64;
        self.line += memchr_iter(b'\n', buffer).count() as u64;
        Ok(ControlFlow::Continue(()))
    }

    /// The document without the elements: `{"version":4,"resources":[]}`.
    pub fn finish(self) -> Result<Vec<u8>, SplitError> {
        let kind = match self.state {
            State::Done => return Ok(self.around),
            State::Start => SplitErrorKind::NotAnObject,
            _ => SplitErrorKind::CutOff,
        };
        Err(SplitError { kind, offset: self.offset, line: self.line })
    }

    /// One byte between values. Returns how many bytes were used: 1, or 0 when the byte begins a value.
    fn punctuation(&mut self, byte: u8, at: usize) -> Result<usize, SplitErrorKind> {
        if byte.is_ascii_whitespace() {
            return Ok(1);
        }
        let wrong = |expected| Err(SplitErrorKind::Unexpected { expected, found: byte });
        self.state = match (self.state, byte) {
            (State::Start, b'{') => State::KeyOrEnd,
            (State::Start, _) => {
                let position = self.offset as usize + at;
                return if BOM.get(position) == Some(&byte) { Ok(1) } else { Err(SplitErrorKind::NotAnObject) };
            }
            (State::KeyOrEnd, b'"') => {
                self.key_start = self.around.len();
                return Ok(self.begin(State::Key, byte));
            }
            (State::KeyOrEnd, b'}') if self.around.last() == Some(&b'{') => State::Done,
            (State::KeyOrEnd, _) => return wrong("a key"),
            (State::Colon, b':') => State::ValueStart,
            (State::Colon, _) => return wrong("':'"),
            (State::ValueStart, b'[') if self.is_list()? => State::ElementOrEnd,
            (State::ValueStart | State::ElementStart | State::ElementOrEnd, b',' | b':' | b'}') => {
                return wrong("a value");
            }
            (State::ValueStart | State::ElementStart, b']') => return wrong("a value"),
            (State::ValueStart, _) => return Ok(self.begin(State::Value, byte)),
            (State::CommaOrEnd, b',') => State::KeyOrEnd,
            (State::CommaOrEnd, b'}') => State::Done,
            (State::CommaOrEnd, _) => return wrong("',' or '}'"),
            (State::ElementOrEnd | State::ElementCommaOrEnd, b']') => State::CommaOrEnd,
            (State::ElementOrEnd | State::ElementStart, _) => return Ok(self.begin(State::Element, byte)),
            // The comma between elements goes with the elements.
            (State::ElementCommaOrEnd, b',') => {
                self.state = State::ElementStart;
                return Ok(1);
            }
            (State::ElementCommaOrEnd, _) => return wrong("',' or ']'"),
            (State::Done, _) => return Err(SplitErrorKind::AfterTheEnd),
            // Never here: these states read values.
            (State::Key | State::Value | State::Element, _) => self.state,
        };
        self.around.push(byte);
        Ok(1)
    }

    fn begin(&mut self, state: State, byte: u8) -> usize {
        self.state = state;
        self.value.start(byte);
        0
    }

    /// Whether the key just read is the list's; its second time is an error.
    fn is_list(&mut self) -> Result<bool, SplitErrorKind> {
        if self.keys.last().is_none_or(|(key, _)| key != self.list) {
            return Ok(false);
        }
        if std::mem::replace(&mut self.list_seen, true) {
            return Err(SplitErrorKind::ListTwice);
        }
        Ok(true)
    }

    fn copy_around(&mut self, buffer: &[u8]) -> Result<usize, SplitErrorKind> {
        let end = self.value.scan(buffer);
        let read = end.unwrap_or(buffer.len());
        if self.around.len() + read > MAX_AROUND_BYTES {
            return Err(SplitErrorKind::AroundTooBig);
        }
        self.around.extend_from_slice(&buffer[..read]);
        if end.is_some() {
            self.state = if self.state == State::Key { self.end_key()? } else { State::CommaOrEnd };
        }
        Ok(read)
    }

    fn end_key(&mut self) -> Result<State, SplitErrorKind> {
        let key = serde_json::from_slice::<String>(&self.around[self.key_start..])
            .map_err(|_| SplitErrorKind::Unexpected { expected: "a key", found: b'"' })?;
        // One more for the colon that follows.
        self.keys.push((key, self.around.len() + 1));
        Ok(State::Colon)
    }

    fn take_element(
        &mut self,
        buffer: &[u8],
        sink: &mut ElementSink<'_>,
    ) -> Result<(usize, ControlFlow<()>), SplitErrorKind> {
        let end = self.value.scan(buffer);
        let read = end.unwrap_or(buffer.len());
        if self.element.len() + read > MAX_ELEMENT_BYTES {
            return Err(SplitErrorKind::ElementTooBig);
        }
        if end.is_none() {
            self.element.extend_from_slice(buffer);
            return Ok((read, ControlFlow::Continue(())));
        }
        self.state = State::ElementCommaOrEnd;
        let bytes = if self.element.is_empty() {
            Box::from(&buffer[..read])
        } else {
            self.element.extend_from_slice(&buffer[..read]);
            // A copy of its own size; the buffer keeps its capacity for the next split element.
            let whole = Box::from(self.element.as_slice());
            self.element.clear();
            whole
        };
        Ok((read, sink(bytes)))
    }
}

/// Finds the end of one JSON value that starts at its first byte.
#[derive(Default)]
struct ValueScanner {
    depth: u64,
    scalar: bool,
    in_string: bool,
    escaped: bool,
}

impl ValueScanner {
    fn start(&mut self, first: u8) {
        *self = Self { scalar: !matches!(first, b'{' | b'[' | b'"'), ..Self::default() };
    }

    /// Bytes up to the end of the value, `None` when it does not end in this buffer.
    fn scan(&mut self, buffer: &[u8]) -> Option<usize> {
        if self.scalar {
            return buffer
                .iter()
                .position(|b| b.is_ascii_whitespace() || matches!(b, b',' | b']' | b'}' | b':' | b'"'));
        }
        let mut at = 0;
        loop {
            if self.in_string {
                at = self.string_end(buffer, at)?;
                if self.depth == 0 {
                    return Some(at);
                }
            }
            let structural = buffer[at..].iter().position(|byte| STRUCTURAL[usize::from(*byte)])?;
            at += structural + 1;
            match buffer[at - 1] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
            }
        }
    }

    fn string_end(&mut self, buffer: &[u8], mut at: usize) -> Option<usize> {
        if self.escaped && at < buffer.len() {
            self.escaped = false;
            at += 1;
        }
        loop {
            at += memchr2(b'"', b'\\', buffer.get(at..)?)? + 1;
            if buffer[at - 1] == b'"' {
                self.in_string = false;
                return Some(at);
            }
            if at == buffer.len() {
                self.escaped = true;
                return None;
            }
            at += 1;
        }
    }
}

const STRUCTURAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 5 {
        table[b"\"{}[]"[i] as usize] = true;
        i += 1;
    }
    table
};

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
