//! The clipboard of the person's own terminal, through any number of SSH hops: OSC 52, written and never read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What terminals take at most, in base64.
const LIMIT: usize = 74_994;
/// What GNU screen takes at most in one string, its own wrapping included.
const SCREEN_STRING: usize = 768;

/// Bytes of text that fit.
pub const MAX_TEXT: usize = LIMIT / 4 * 3;

/// What stands between us and the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Through {
    #[default]
    Nothing,
    Tmux,
    Screen,
    /// tmux runs inside of GNU screen.
    TmuxInScreen,
    /// GNU screen runs inside of tmux.
    ScreenInTmux,
}

impl Through {
    /// From the environment's variables. Inside of both, `TERM` says which is nearer; `screen` may be either, and is taken for
    /// screen, since tmux drops what is wrapped for screen, while screen would show what is wrapped for tmux.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let term = variable("TERM").unwrap_or_default();
        match (is_set("TMUX"), is_set("STY")) {
            (false, false) => Self::Nothing,
            (true, false) => Self::Tmux,
            (false, true) => Self::Screen,
            (true, true) if term.starts_with("tmux") => Self::TmuxInScreen,
            (true, true) => Self::ScreenInTmux,
        }
    }

    /// What to say about the way, and what to look at when nothing arrives.
    pub fn says(self) -> (&'static str, Option<&'static str>) {
        const TMUX: &str = "set -g set-clipboard on";
        match self {
            Self::Nothing => ("by OSC 52", None),
            Self::Tmux => ("by OSC 52 through tmux", Some(TMUX)),
            Self::Screen => ("by OSC 52 through screen", None),
            Self::TmuxInScreen => ("by OSC 52 through tmux and screen", Some("set -g allow-passthrough on")),
            Self::ScreenInTmux => ("by OSC 52 through screen and tmux", Some(TMUX)),
        }
    }
}

/// What to write, and what of the text is in it.
pub struct Copy {
    pub bytes: Vec<u8>,
    /// Bytes of the text.
    pub taken: usize,
    pub cut: bool,
}

/// `text` is sanitised already.
pub fn osc52(text: &str, through: Through) -> Copy {
    let mut taken = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(taken) {
        taken -= 1;
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(&text[..taken]));
    let sequence = match through {
        Through::Nothing => plain,
        // tmux takes the plain one with `set-clipboard on` and hands the wrapped one on with `allow-passthrough on`: one of them
        // is what most have, and both together do no harm.
        Through::Tmux => format!("{plain}{}", for_tmux(&plain)),
        Through::TmuxInScreen => {
            format!("{plain}{}", for_screen(&plain).map(|chunk| for_tmux(&chunk)).collect::<String>())
        }
        // The tmux outside takes the plain one that comes out of screen.
        Through::Screen | Through::ScreenInTmux => for_screen(&plain).collect(),
    };
    Copy { bytes: sequence.into_bytes(), taken, cut: taken < text.len() }
}

/// tmux hands on what is wrapped for it, with every escape doubled.
fn for_tmux(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}

/// screen hands on device control strings, but only short ones: pieces of the sequence, each in its own. The sequence is ASCII.
fn for_screen(sequence: &str) -> impl Iterator<Item = String> + '_ {
    let room = SCREEN_STRING - "\x1bP\x1b\\".len();
    let starts = (0..sequence.len()).step_by(room);
    starts.map(move |from| format!("\x1bP{}\x1b\\", &sequence[from..sequence.len().min(from + room)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"\x1b]52;c;aGk=\x07";
    const IN_TMUX: &[u8] = b"\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\";

    #[test]
    fn text_is_wrapped_for_what_stands_between() {
        assert_eq!(osc52("hi", Through::Nothing).bytes, PLAIN);
        assert_eq!(osc52("hi", Through::Tmux).bytes, [PLAIN, IN_TMUX].concat());
        assert_eq!(osc52("hi", Through::Screen).bytes, b"\x1bP\x1b]52;c;aGk=\x07\x1b\\");
        assert_eq!(osc52("hi", Through::ScreenInTmux).bytes, b"\x1bP\x1b]52;c;aGk=\x07\x1b\\");
        let both = b"\x1bPtmux;\x1b\x1bP\x1b\x1b]52;c;aGk=\x07\x1b\x1b\\\x1b\\";
        assert_eq!(osc52("hi", Through::TmuxInScreen).bytes, [PLAIN, both].concat());
    }

    #[test]
    fn screen_gets_strings_that_it_takes_and_they_add_up() {
        let text = "x".repeat(5000);
        let bytes = String::from_utf8(osc52(&text, Through::Screen).bytes).unwrap();
        let chunks: Vec<&str> = bytes.split_inclusive("\x1b\\").collect();
        assert!(chunks.len() > 8 && chunks.iter().all(|chunk| chunk.len() <= 768));
        let inside: String =
            chunks.iter().map(|c| c.strip_prefix("\x1bP").unwrap().strip_suffix("\x1b\\").unwrap()).collect();
        assert_eq!(inside.as_bytes(), osc52(&text, Through::Nothing).bytes);
    }

    #[test]
    fn long_text_is_cut_on_a_character_and_says_so() {
        let copy = osc52(&"é".repeat(100_000), Through::Nothing);
        assert!(copy.cut && copy.taken.is_multiple_of(2));
        assert!(copy.bytes.len() <= LIMIT + 8);
        assert!(!osc52("short", Through::Nothing).cut);
    }

    #[test]
    fn which_is_nearer_is_told_by_its_name() {
        let found = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> = set.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            Through::detect(move |name| set.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        assert_eq!(found(&[("TERM", "xterm")]), Through::Nothing);
        assert_eq!(found(&[("TMUX", "/tmp/1"), ("TERM", "screen-256color")]), Through::Tmux);
        assert_eq!(found(&[("STY", "1.a"), ("TMUX", "")]), Through::Screen);
        let both = [("STY", "1.a"), ("TMUX", "/tmp/1")];
        assert_eq!(found(&[&both[..], &[("TERM", "tmux-256color")]].concat()), Through::TmuxInScreen);
        assert_eq!(found(&[&both[..], &[("TERM", "screen.xterm")]].concat()), Through::ScreenInTmux);
    }
}
