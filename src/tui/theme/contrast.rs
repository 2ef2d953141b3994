//! What a colour looks like, and how well two can be told apart.

use ratatui::style::Color;

/// The 16 colours as xterm shows them; terminals differ, this is the common middle.
const XTERM: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// Red, green and blue; `None` for the terminal's own colour, which nobody knows.
pub fn rgb(color: Color) -> Option<[u8; 3]> {
    Some(match color {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(i @ 0..=15) => XTERM[usize::from(i)],
        Color::Indexed(i @ 16..=231) => [(i - 16) / 36, (i - 16) / 6 % 6, (i - 16) % 6].map(cube),
        Color::Indexed(i) => [8 + (i - 232) * 10; 3],
        named => XTERM[usize::from(index_of(named)?)],
    })
}

/// The index of one of the 16 named colours.
pub fn index_of(color: Color) -> Option<u8> {
    Some(match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(i @ 0..=15) => i,
        _ => return None,
    })
}

fn cube(step: u8) -> u8 {
    if step == 0 { 0 } else { 55 + step * 40 }
}

/// Contrast ratio from 1 to 21 as WCAG 2.2 defines it; `None` when one of the two is the terminal's own colour.
pub fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(rgb(a)?), luminance(rgb(b)?));
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn luminance(color: [u8; 3]) -> f64 {
    let [r, g, b] = color.map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_21_between_black_and_white_and_1_between_equals() {
        let ratio = contrast(Color::Rgb(0, 0, 0), Color::White).unwrap();
        assert!((ratio - 21.0).abs() < 0.01, "{ratio}");
        assert_eq!(contrast(Color::Red, Color::Indexed(1)), Some(1.0));
        assert_eq!(contrast(Color::Reset, Color::White), None);
    }

    #[test]
    fn the_cube_and_the_greys_are_those_of_xterm() {
        assert_eq!(rgb(Color::Indexed(16)), Some([0, 0, 0]));
        assert_eq!(rgb(Color::Indexed(231)), Some([255, 255, 255]));
        assert_eq!(rgb(Color::Indexed(67)), Some([95, 135, 175]));
        assert_eq!(rgb(Color::Indexed(255)), Some([238, 238, 238]));
    }
}
