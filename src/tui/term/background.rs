//! Asks the terminal for its background without waiting for the answer: it comes, if ever, among the keys, and is taken out
//! there.

use std::sync::atomic::AtomicBool;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// OSC 11 with a question mark: which colour is the background?
pub const QUERY: &[u8] = b"\x1b]11;?\x1b\\";
/// Set when the question goes out; whoever reads the keys then looks for the answer.
pub static ASKED: AtomicBool = AtomicBool::new(false);
/// How the answer begins, after Esc: `]11;rgb:`.
const START: &str = "]11;rgb:";
/// An answer is no longer than this.
const LONGEST: usize = 48;

/// Whether the terminal may be asked: those that are known not to answer, or to show the question, are not.
pub fn may_ask(variable: impl Fn(&str) -> Option<String>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    // GNU screen hands the question on and mixes up the answer.
    !matches!(term.as_str(), "" | "dumb" | "linux" | "cons25") && variable("STY").is_none()
}

/// What the keys so far are.
#[derive(Debug, PartialEq)]
pub enum Taken {
    /// Keys, in order.
    Keys(Vec<KeyEvent>),
    /// Nothing yet.
    Waits,
    /// The background: red, green, blue.
    Colour([u8; 3]),
}

/// Takes one answer out of the keys. A key that could begin it waits for the next one; see [`Sieve::is_holding`].
#[derive(Default, Debug)]
pub struct Sieve {
    /// The question was asked and not answered.
    pub expects: bool,
    held: Vec<KeyEvent>,
    text: String,
}

impl Sieve {
    /// Keys wait: when nothing follows soon, give them back with [`Sieve::flush`].
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Far enough into an answer that no hand types so.
    pub fn is_sure(&self) -> bool {
        self.held.len() > 2
    }

    pub fn flush(&mut self) -> Vec<KeyEvent> {
        self.text.clear();
        // The middle of an answer would be keys that nobody pressed.
        let sure = self.is_sure();
        let held = std::mem::take(&mut self.held);
        if sure { vec![] } else { held }
    }

    pub fn take(&mut self, key: KeyEvent) -> Taken {
        if !self.expects {
            return Taken::Keys(vec![key]);
        }
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let ends = match key.code {
            // BEL, and the second half of ST.
            KeyCode::Char('g') => key.modifiers.contains(KeyModifiers::CONTROL),
            KeyCode::Char('\\') => alt,
            _ => false,
        };
        if ends && self.is_sure() {
            let colour = parse(&self.text);
            (self.held, self.text, self.expects) = (vec![], String::new(), false);
            return colour.map_or(Taken::Waits, Taken::Colour);
        }
        let KeyCode::Char(c) = key.code else { return self.give_up(key) };
        let fits = match self.held.len() {
            0 => c == ']' && alt,
            at if at < START.len() => START[at..].starts_with(c) && !alt,
            _ => (c.is_ascii_hexdigit() || c == '/') && !alt,
        };
        if !fits || self.held.len() >= LONGEST {
            return self.give_up(key);
        }
        self.held.push(key);
        self.text.push(c);
        Taken::Waits
    }

    /// It was no answer.
    fn give_up(&mut self, key: KeyEvent) -> Taken {
        let mut keys = self.flush();
        keys.push(key);
        Taken::Keys(keys)
    }
}

/// `]11;rgb:1e1e/1e1e/2e2e`: the first byte of each channel, whatever its length.
fn parse(text: &str) -> Option<[u8; 3]> {
    let channel = |hex: &str| {
        let value = u32::from_str_radix(hex.get(..hex.len().min(4))?, 16).ok()?;
        let widest = 16_u32.checked_pow(u32::try_from(hex.len().min(4)).ok()?)? - 1;
        u8::try_from(value * 255 / widest.max(1)).ok()
    };
    let mut channels = text.strip_prefix(START)?.split('/').map(channel);
    Some([channels.next()??, channels.next()??, channels.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(sieve: &mut Sieve, text: &str) -> Vec<Taken> {
        let mut keys = vec![];
        let mut escaped = false;
        for c in text.chars() {
            match c {
                '\u{1b}' => escaped = true,
                '\u{7}' => keys.push(KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL)),
                c => {
                    let modifiers = if std::mem::take(&mut escaped) { KeyModifiers::ALT } else { KeyModifiers::NONE };
                    keys.push(KeyEvent::new(KeyCode::Char(c), modifiers));
                }
            }
        }
        keys.into_iter().map(|key| sieve.take(key)).filter(|taken| *taken != Taken::Waits).collect()
    }

    fn asked() -> Sieve {
        Sieve { expects: true, ..Sieve::default() }
    }

    #[test]
    fn an_answer_is_a_colour_and_no_keys() {
        for (answer, colour) in [
            ("\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{1b}\\", [0x1e, 0x1e, 0x2e]),
            ("\u{1b}]11;rgb:ffff/ffff/ffff\u{7}", [255, 255, 255]),
            ("\u{1b}]11;rgb:f/0/8\u{7}", [255, 0, 136]),
        ] {
            let mut sieve = asked();
            assert_eq!(press(&mut sieve, answer), [Taken::Colour(colour)]);
            assert!(matches!(&press(&mut sieve, "q")[..], [Taken::Keys(keys)] if keys.len() == 1));
        }
    }

    #[test]
    fn keys_are_never_eaten() {
        let mut sieve = asked();
        let taken = press(&mut sieve, "j\u{1b}]x");
        let count: usize = taken.iter().map(|taken| if let Taken::Keys(keys) = taken { keys.len() } else { 0 }).sum();
        assert_eq!(count, 3, "{taken:?}");
        press(&mut sieve, "\u{1b}]");
        assert!(sieve.is_holding());
        assert_eq!(sieve.flush().len(), 1, "given back when nothing follows");
    }

    #[test]
    fn half_an_answer_presses_nothing() {
        let mut sieve = asked();
        assert!(press(&mut sieve, "\u{1b}]11;rgb:00").is_empty());
        assert!(sieve.flush().is_empty());
    }

    #[test]
    fn who_cannot_answer_is_not_asked() {
        let may = |term: &str, sty: Option<&str>| {
            may_ask(|name| match name {
                "TERM" => Some(term.to_owned()),
                _ => sty.map(str::to_owned),
            })
        };
        assert!(may("xterm-256color", None) && may("tmux-256color", None));
        assert!(!may("dumb", None) && !may("linux", None) && !may("screen", Some("1.pts")));
    }
}
