//! How many colours a terminal has, and the nearest colour of those it has.

use ratatui::style::Color;

use super::contrast::rgb;

/// How many colours the terminal can show. Ordered from none up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ColorDepth {
    None,
    /// The terminal's own 16 colours.
    Ansi16,
    /// The 16, a 6×6×6 cube and 24 greys.
    Ansi256,
    /// 24 bits.
    True,
}

impl ColorDepth {
    /// From the environment variables `NO_COLOR` (no-color.org: any non-empty value), `TERM` and `COLORTERM`.
    pub fn detect(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let term = lookup("TERM").unwrap_or_default();
        let color_term = lookup("COLORTERM").unwrap_or_default().to_ascii_lowercase();
        if lookup("NO_COLOR").is_some_and(|v| !v.is_empty()) || term == "dumb" {
            Self::None
        } else if color_term == "truecolor" || color_term == "24bit" || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Ansi256
        } else if term.starts_with("vt") {
            Self::None
        } else {
            Self::Ansi16
        }
    }

    /// The nearest colour this depth has. `None` has none but the terminal's own.
    pub fn nearest(self, color: Color) -> Color {
        match (self, color) {
            (_, Color::Reset) | (Self::None, _) => Color::Reset,
            (Self::Ansi256, Color::Rgb(..)) => Color::Indexed(closest(16..=255, color)),
            (Self::Ansi16, Color::Rgb(..) | Color::Indexed(16..)) => ANSI[usize::from(among_16(color))],
            _ => color,
        }
    }
}

/// The names of the 16 colours, by index.
const ANSI: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// A pastel is nearer to grey than to any of the six colours, but its hue is what it says: that is kept.
fn among_16(color: Color) -> u8 {
    const GREYS: [u8; 4] = [0, 7, 8, 15];
    /// By hue, from red on in steps of 60 degrees: red, yellow, green, cyan, blue, magenta.
    const HUES: [u8; 6] = [1, 3, 2, 6, 4, 5];
    match rgb(color).and_then(hue) {
        None => closest(GREYS, color),
        Some(degrees) => {
            let hue = HUES[usize::from((degrees + 30) / 60) % HUES.len()];
            closest([hue, hue + 8], color)
        }
    }
}

/// In degrees; `None` for what is nearly grey.
fn hue([r, g, b]: [u8; 3]) -> Option<u16> {
    const NEARLY_GREY: i32 = 40;
    let [r, g, b] = [r, g, b].map(i32::from);
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let chroma = most - least;
    if chroma < NEARLY_GREY {
        return None;
    }
    let sixth = |from: i32, plus: i32, minus: i32| from + 60 * (plus - minus) / chroma;
    let degrees = match most {
        most if most == r => sixth(0, g, b),
        most if most == g => sixth(120, b, r),
        _ => sixth(240, r, g),
    };
    u16::try_from(degrees.rem_euclid(360)).ok()
}

fn closest(candidates: impl IntoIterator<Item = u8>, color: Color) -> u8 {
    let Some(want) = rgb(color) else { return 0 };
    candidates
        .into_iter()
        .min_by_key(|&i| rgb(Color::Indexed(i)).map_or(u32::MAX, |have| distance(want, have)))
        .unwrap_or(0)
}

/// Squared distance, weighted by how strongly the mean red shifts what the eye sees ("redmean", compuphase.com/cmetric.htm).
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let [r, g, b2] = [0, 1, 2].map(|i| u32::from(a[i].abs_diff(b[i])).pow(2));
    let mean = (u32::from(a[0]) + u32::from(b[0])) / 2;
    ((512 + mean) * r + 1024 * g + (767 - mean) * b2) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(vars: &[(&str, &str)]) -> ColorDepth {
        ColorDepth::detect(|name| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| v.to_string()))
    }

    #[test]
    fn no_color_wins_over_everything_unless_it_is_empty() {
        assert_eq!(detect(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), ColorDepth::None);
        assert_eq!(detect(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]), ColorDepth::True);
    }

    #[test]
    fn the_terminal_says_how_many_colours_it_has() {
        assert_eq!(detect(&[("TERM", "dumb"), ("COLORTERM", "truecolor")]), ColorDepth::None);
        assert_eq!(detect(&[("TERM", "xterm-256color")]), ColorDepth::Ansi256);
        assert_eq!(detect(&[("TERM", "tmux-256color"), ("COLORTERM", "24bit")]), ColorDepth::True);
        assert_eq!(detect(&[("TERM", "xterm-direct")]), ColorDepth::True);
        assert_eq!(detect(&[("TERM", "linux")]), ColorDepth::Ansi16);
        assert_eq!(detect(&[("TERM", "vt220")]), ColorDepth::None);
        assert_eq!(detect(&[]), ColorDepth::Ansi16);
    }

    #[test]
    fn a_colour_becomes_the_nearest_one_there_is() {
        assert_eq!(ColorDepth::Ansi256.nearest(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(ColorDepth::Ansi256.nearest(Color::Rgb(128, 128, 128)), Color::Indexed(244));
        assert_eq!(ColorDepth::Ansi16.nearest(Color::Rgb(250, 250, 250)), Color::White);
        assert_eq!(ColorDepth::Ansi16.nearest(Color::Indexed(16)), Color::Black);
        assert_eq!(ColorDepth::Ansi16.nearest(Color::Rgb(137, 180, 250)), Color::LightBlue, "a pastel keeps its hue");
        assert_eq!(ColorDepth::True.nearest(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(ColorDepth::None.nearest(Color::Red), Color::Reset);
    }
}
