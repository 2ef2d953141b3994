//! The clipboard of the person's own terminal, through any number of SSH hops: OSC 52, written and never read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What terminals take at most, in base64.
const LIMIT: usize = 74_994;

/// Bytes of text that fit.
pub const MAX_TEXT: usize = LIMIT / 4 * 3;

/// What to write, and what of the text is in it.
pub struct Copy {
    pub bytes: Vec<u8>,
    /// Bytes of the text.
    pub taken: usize,
    pub cut: bool,
}

/// `text` is sanitised already. tmux hands on only what is wrapped for it.
pub fn osc52(text: &str, in_tmux: bool) -> Copy {
    let mut taken = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(taken) {
        taken -= 1;
    }
    let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(&text[..taken]));
    let bytes = if in_tmux { format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")) } else { sequence };
    Copy { bytes: bytes.into_bytes(), taken, cut: taken < text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_for_the_terminal_and_for_tmux() {
        assert_eq!(osc52("hi", false).bytes, b"\x1b]52;c;aGk=\x07");
        assert_eq!(osc52("hi", true).bytes, b"\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
    }

    #[test]
    fn long_text_is_cut_on_a_character_and_says_so() {
        let copy = osc52(&"é".repeat(100_000), false);
        assert!(copy.cut && copy.taken.is_multiple_of(2));
        assert!(copy.bytes.len() <= LIMIT + 8);
        assert!(!osc52("short", false).cut);
    }
}
