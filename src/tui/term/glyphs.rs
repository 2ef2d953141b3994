//! Whether the terminal can show more than ASCII; and the last step of a frame where it cannot.

use ratatui::buffer::Buffer;

/// Why only ASCII may be drawn, in words; `None` when it may be more. The locale is what the terminal understands, as
/// POSIX has it: `LC_ALL` before `LC_CTYPE` before `LANG`, none of them means `C`. The console of Linux takes UTF-8, but its
/// fonts have no more than 512 signs.
pub fn only_ascii(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if variable("TERM").is_some_and(|term| term == "linux" || term.starts_with("vt")) {
        return Some("this terminal has no other signs".into());
    }
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty()).map(|value| format!("{name}={value}"));
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    let lower = locale.as_deref().unwrap_or_default().to_ascii_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        return None;
    }
    let locale = locale.map_or("LANG is not set".into(), |set| crate::safety::sanitise::cell(&set, 40));
    Some(format!("the locale is not UTF-8 ({locale})"))
}

/// Leaves nothing but ASCII in the cells: whatever drew them, and whatever the text from outside holds. To a terminal of
/// eight bits the second byte of many a letter is a control character.
pub fn to_ascii(frame: &mut Buffer) {
    for cell in &mut frame.content {
        if !cell.symbol().is_ascii() {
            // A wide sign leaves the cell behind it empty, which is a space.
            let plain = stand_in(cell.symbol());
            cell.set_char(plain);
        }
    }
}

fn stand_in(symbol: &str) -> char {
    match symbol.chars().next().unwrap_or(' ') {
        '─' => '-',
        '│' | '┃' | '▌' | '▐' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' => '+',
        '▸' | '›' => '>',
        '‹' => '<',
        '…' => '~',
        '·' => '.',
        '×' => 'x',
        '↑' | '▲' => '^',
        '↓' => 'v',
        '▉'..='▏' | '█' => '#',
        '░' => '.',
        '≈' => '=',
        '≠' => '!',
        '⊘' => '#',
        '“' | '”' | '«' | '»' => '"',
        '\u{a0}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn said(variables: &[(&str, &str)]) -> Option<String> {
        only_ascii(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_locale_decides_in_the_order_of_posix() {
        assert_eq!(said(&[("LANG", "en_US.UTF-8")]), None);
        assert_eq!(said(&[("LANG", "C"), ("LC_CTYPE", "de_DE.utf8")]), None);
        assert!(said(&[("LANG", "C.UTF-8"), ("LC_ALL", "POSIX")]).unwrap().contains("LC_ALL=POSIX"));
        assert!(said(&[("LC_ALL", ""), ("LANG", "de_DE.ISO-8859-1")]).unwrap().contains("ISO-8859-1"));
        assert!(said(&[]).unwrap().contains("LANG is not set"));
        assert!(said(&[("LANG", "C.UTF-8"), ("TERM", "linux")]).is_some());
        assert_eq!(said(&[("LANG", "C.UTF-8"), ("TERM", "xterm-256color")]), None);
    }

    #[test]
    fn every_cell_is_ascii_and_stands_where_it_stood() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 30, 1));
        frame.set_string(0, 0, "─▸ prоd 日本 ‹202E›… █▌░ e\u{301}", Style::new());
        let before = frame.clone();
        to_ascii(&mut frame);
        let text: String = frame.content().iter().map(|cell| cell.symbol()).collect();
        assert_eq!(text.trim_end(), "-> pr?d ? ?  <202E>~ #|. ?");
        assert!(before.content().iter().zip(frame.content()).all(|(a, b)| a.style() == b.style()));
    }
}
