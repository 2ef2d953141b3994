//! The title of the terminal's window: changed for news, given back at the end.

/// Puts the title that was there aside; terminals that cannot leave it out.
const PUSH: &str = "\x1b[22;2t";
/// No title, which most terminals take for their own; then the one that was put aside.
pub const RESTORE: &str = "\x1b]2;\x1b\\\x1b[23;2t";

/// Whether there is a window with a title.
pub fn has_title(term: &str) -> bool {
    !matches!(term, "" | "dumb" | "linux" | "cons25")
}

/// The bytes that set it. `is_first`: the one that is there is put aside.
pub fn set(words: &str, is_first: bool) -> Vec<u8> {
    let push = if is_first { PUSH } else { "" };
    let words = crate::safety::sanitise::line(words);
    format!("{push}\x1b]2;{words}\x1b\\").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_put_aside_once_and_holds_no_control() {
        assert_eq!(set("a\u{7}b", true).iter().filter(|byte| **byte == 7).count(), 0);
        assert!(set("new", true).starts_with(PUSH.as_bytes()) && !set("new", false).starts_with(PUSH.as_bytes()));
        assert!(!has_title("linux") && !has_title("dumb") && has_title("xterm-256color"));
    }
}
