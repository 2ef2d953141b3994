//! What may reach a terminal: text, and the few sequences that draw a screen. Everything else is a fault.

/// Modes that may be set and reset: cursor, alternate screen, paste brackets, synchronized output.
const MODES: [u16; 4] = [25, 1049, 2004, 2026];

#[derive(Default)]
struct Guard {
    faults: Vec<String>,
}

impl vte::Perform for Guard {
    fn print(&mut self, c: char) {
        if forbidden(c) {
            self.faults.push(format!("character U+{:04X}", c as u32));
        }
    }

    fn execute(&mut self, byte: u8) {
        if !matches!(byte, b'\r' | b'\n') {
            self.faults.push(format!("control {byte:#04x}"));
        }
    }

    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.faults.push(format!("device control string {action}"));
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        self.faults.push(format!("operating system command {:?}", params.first()));
    }

    fn csi_dispatch(&mut self, params: &vte::Params, intermediates: &[u8], _: bool, action: char) {
        let fine = match action {
            'm' | 'H' | 'C' | 'J' | 'K' => intermediates.is_empty(),
            'h' | 'l' => intermediates == b"?" && params.iter().flatten().all(|mode| MODES.contains(mode)),
            _ => false,
        };
        if !fine {
            self.faults.push(format!("control sequence {intermediates:?} {params:?} {action}"));
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, byte: u8) {
        // The end of a string that was a fault already.
        if byte != b'\\' {
            self.faults.push(format!("escape {intermediates:?} {}", byte as char));
        }
    }
}

/// Bidirectional, invisible and private characters, and whatever else changes how its neighbours read.
fn forbidden(c: char) -> bool {
    matches!(c as u32,
        0x80..=0x9f | 0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
        | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xe000..=0xf8ff | 0xfeff | 0xffa0 | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
}

/// Everything in `bytes` that no terminal should have been sent.
pub fn faults(bytes: &[u8]) -> Vec<String> {
    let mut guard = Guard::default();
    let mut parser = vte::Parser::new();
    parser.advance(&mut guard, bytes);
    for introducer in [b'_', b'^', b'X'] {
        if bytes.windows(2).any(|w| w == [0x1b, introducer]) {
            guard.faults.push(format!("string introducer ESC {}", introducer as char));
        }
    }
    guard.faults
}

#[test]
fn the_firewall_sees_what_it_must() {
    for bad in ["\x1b[31t", "\x1b]0;x\x07", "\x1bPq\x1b\\", "\x07", "\u{202e}", "\x1b[?1003h", "\x1b_G\x1b\\", "\x1bc"]
    {
        assert!(!faults(bad.as_bytes()).is_empty(), "{bad:?}");
    }
    assert_eq!(faults(b"\x1b[?1049h\x1b[2J\x1b[1;1H\x1b[38;5;4mtext\r\n"), Vec::<String>::new());
}
