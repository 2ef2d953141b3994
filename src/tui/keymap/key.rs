//! One key press, as terminals send it and as keymap files write it.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with its modifiers, in one form whatever the terminal's protocol: shift is part of a character (`G`, `?`) and a
/// modifier only of other keys (`shift-tab`) and of characters with ctrl or alt that the terminal can tell apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Hash, Debug)]
pub struct KeyPress {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// The text names no key.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

/// Keys with a name, as files write them.
const NAMED: [(&str, KeyCode); 15] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)];

impl KeyPress {
    /// `None` for releases and for keys no keymap can name (a modifier alone, media keys).
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let nameable = matches!(event.code, KeyCode::Char(_) | KeyCode::F(_) | KeyCode::BackTab)
            || NAMED.iter().any(|(_, code)| *code == event.code);
        nameable.then(|| Self::new(event.code, event.modifiers))
    }

    /// Normalises.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                // Older terminals cannot tell ctrl-P from ctrl-p: the letter is small, shift stays where it is told.
                KeyCode::Char(c.to_ascii_lowercase())
            }
            KeyCode::Char(' ') => KeyCode::Char(' '),
            KeyCode::Char(c) => {
                let shifted = modifiers.contains(KeyModifiers::SHIFT);
                modifiers -= KeyModifiers::SHIFT;
                let mut upper = c.to_uppercase();
                match (shifted, upper.next(), upper.next()) {
                    (true, Some(one), None) => KeyCode::Char(one),
                    _ => KeyCode::Char(c),
                }
            }
            other => other,
        };
        Self { code, modifiers }
    }

    /// The character this key types into a text field.
    pub fn typed(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if (self.modifiers - KeyModifiers::SHIFT).is_empty() => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match (self.code, NAMED.iter().find(|(_, code)| *code == self.code)) {
            (_, Some((name, _))) => f.write_str(name),
            (KeyCode::Char(c), None) => write!(f, "{}", crate::safety::sanitise::line(c.encode_utf8(&mut [0; 4]))),
            (KeyCode::F(n), None) => write!(f, "f{n}"),
            (other, None) => write!(f, "{other}"),
        }
    }
}

impl FromStr for KeyPress {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        // `ctrl--` is ctrl with the minus key: a modifier's hyphen must be followed by something.
        while let Some((prefix, modifier)) = MODIFIERS.iter().find(|(p, _)| rest.len() > p.len() && has_prefix(rest, p))
        {
            modifiers |= *modifier;
            rest = &rest[prefix.len()..];
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => named(rest).ok_or_else(|| explain(rest))?,
        };
        Ok(Self::new(code, modifiers))
    }
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn named(text: &str) -> Option<KeyCode> {
    let function = || {
        let number = text.strip_prefix(['f', 'F'])?.parse().ok()?;
        (1..=24).contains(&number).then_some(KeyCode::F(number))
    };
    NAMED.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, code)| *code).or_else(function)
}

fn explain(text: &str) -> KeyError {
    let names = NAMED.map(|(name, _)| name);
    let hint = crate::tui::widgets::source::did_you_mean(&text.to_ascii_lowercase(), &names);
    let hint = if hint.is_empty() {
        "; write “ctrl-p”, “shift-tab”, “f5”, “space” or one character".into()
    } else {
        hint
    };
    KeyError(format!("no key is called {}{hint}", crate::tui::widgets::source::quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        KeyPress::from_event(&KeyEvent::new(code, modifiers)).map(|k| k.to_string())
    }

    #[test]
    fn a_key_reads_back_as_it_is_written() {
        for text in
            ["ctrl-p", "shift-tab", "f5", "?", "space", "enter", "esc", "G", "-", "ctrl--", "ctrl-alt-x", "é", "alt-<"]
        {
            assert_eq!(text.parse::<KeyPress>().unwrap().to_string(), text);
        }
        assert_eq!("Ctrl-P".parse::<KeyPress>(), "ctrl-p".parse());
        assert_eq!("shift-g".parse::<KeyPress>(), "G".parse());
    }

    #[test]
    fn every_protocol_gives_the_same_key() {
        let (none, shift, ctrl) = (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL);
        assert_eq!(event(KeyCode::Char('G'), shift).unwrap(), "G");
        assert_eq!(event(KeyCode::Char('G'), none).unwrap(), "G");
        assert_eq!(event(KeyCode::Char('g'), shift).unwrap(), "G");
        assert_eq!(event(KeyCode::Char('?'), shift).unwrap(), "?");
        assert_eq!(event(KeyCode::BackTab, none).unwrap(), "shift-tab");
        assert_eq!(event(KeyCode::Tab, shift).unwrap(), "shift-tab");
        assert_eq!(event(KeyCode::Char('P'), ctrl).unwrap(), "ctrl-p");
        assert_eq!(event(KeyCode::Char('ß'), shift).unwrap(), "ß", "its capital is two letters");
    }

    #[test]
    fn releases_and_nameless_keys_are_no_presses() {
        let release = KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(KeyPress::from_event(&release), None);
        assert_eq!(event(KeyCode::CapsLock, KeyModifiers::NONE), None);
        let repeat = KeyEvent::new_with_kind(KeyCode::Down, KeyModifiers::NONE, KeyEventKind::Repeat);
        assert!(KeyPress::from_event(&repeat).is_some());
    }

    #[test]
    fn what_names_no_key_is_explained() {
        let error = |text: &str| text.parse::<KeyPress>().unwrap_err().to_string();
        assert_eq!(error("ctrl-entr"), "no key is called “entr” (did you mean “enter”?)");
        assert!(error("f99").starts_with("no key is called “f99”"));
        assert!("".parse::<KeyPress>().is_err() && "ctrl-".parse::<KeyPress>().is_err());
    }

    #[test]
    fn only_plain_characters_type_text() {
        assert_eq!("G".parse::<KeyPress>().unwrap().typed(), Some('G'));
        assert_eq!("space".parse::<KeyPress>().unwrap().typed(), Some(' '));
        assert_eq!("ctrl-p".parse::<KeyPress>().unwrap().typed(), None);
        assert_eq!("enter".parse::<KeyPress>().unwrap().typed(), None);
    }
}
