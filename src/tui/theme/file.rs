//! A theme file:
//!
//! ```toml
//! inherits = "dark"             # optional: what this file leaves out comes from there
//! [palette]
//! sky = "#7aa2f7"               # `#rrggbb`, 0 to 255, or one of the 16 names
//! [roles]
//! title = { fg = "sky", bold = true }
//! dim = "dark-gray"             # short for { fg = "dark-gray" }
//! ```
//!
//! A palette of the inheriting file also recolours the roles it inherits.

use ratatui::style::{Color, Modifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Role;
use crate::tui::widgets::source::{Source, did_you_mean, quoted};

/// What a file says, colours still by name.
#[derive(Default)]
pub struct ThemeFile {
    pub inherits: Option<String>,
    pub palette: Vec<(String, Color)>,
    pub roles: Vec<(Role, RawStyle)>,
}

/// A style whose colours may be names of a palette.
#[derive(Clone, Default)]
pub struct RawStyle {
    pub fg: Option<RawColor>,
    pub bg: Option<RawColor>,
    pub attributes: Modifier,
}

/// A colour as written, with its place for the message when no palette knows it.
#[derive(Clone)]
pub struct RawColor {
    pub text: String,
    pub at: String,
}

/// Reads a file; what is wrong is reported and left out.
pub fn parse(source: &Source<'_>, warnings: &mut Vec<String>) -> ThemeFile {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    for error in &errors {
        warnings.push(source.problem(error.span().map_or(0, |s| s.start), error.message()));
    }
    let mut file = ThemeFile::default();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("inherits", DeValue::String(name)) => file.inherits = Some(name.to_string()),
            ("palette", DeValue::Table(entries)) => read_palette(source, entries, &mut file, warnings),
            ("roles", DeValue::Table(entries)) => read_roles(source, entries, &mut file, warnings),
            (name @ ("inherits" | "palette" | "roles"), _) => {
                warnings.push(source.problem(at, &format!("“{name}” has the wrong type")));
            }
            (other, _) => {
                let hint = did_you_mean(other, &["inherits", "palette", "roles"]);
                warnings.push(source.problem(at, &format!("unknown entry {}{hint}", quoted(other))));
            }
        }
    }
    file
}

fn read_palette(source: &Source<'_>, entries: &DeTable<'_>, file: &mut ThemeFile, warnings: &mut Vec<String>) {
    for (name, value) in entries {
        match color_text(value).as_deref().and_then(parse_color) {
            Some(color) => file.palette.push((name.get_ref().to_string(), color)),
            None => warnings.push(source.problem(
                value.span().start,
                &format!(
                    "{} is no colour; write “#rrggbb”, 0 to 255 or a name like “light-blue”",
                    shown(source, value)
                ),
            )),
        }
    }
}

fn read_roles(source: &Source<'_>, entries: &DeTable<'_>, file: &mut ThemeFile, warnings: &mut Vec<String>) {
    for (name, value) in entries {
        let Some(role) = Role::named(name.get_ref()) else {
            let hint = did_you_mean(name.get_ref(), &Role::ALL.map(|(_, n)| n));
            warnings.push(source.problem(name.span().start, &format!("unknown role {}{hint}", quoted(name.get_ref()))));
            continue;
        };
        let mut style = RawStyle::default();
        match value.get_ref() {
            DeValue::Table(parts) => {
                for (key, part) in parts {
                    read_part(source, key, part, &mut style, warnings);
                }
            }
            _ => style.fg = raw_color(source, value, warnings),
        }
        file.roles.push((role, style));
    }
}

fn read_part(
    source: &Source<'_>,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    style: &mut RawStyle,
    warnings: &mut Vec<String>,
) {
    let attribute = match key.get_ref().as_ref() {
        "fg" => return style.fg = raw_color(source, value, warnings),
        "bg" => return style.bg = raw_color(source, value, warnings),
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        other => {
            let hint = did_you_mean(other, &["fg", "bg", "bold", "dim", "italic", "underlined", "reversed"]);
            return warnings.push(source.problem(key.span().start, &format!("unknown {}{hint}", quoted(other))));
        }
    };
    match value.get_ref() {
        DeValue::Boolean(on) => style.attributes.set(attribute, *on),
        _ => warnings.push(source.problem(value.span().start, &format!("“{}” is true or false", key.get_ref()))),
    }
}

fn raw_color(source: &Source<'_>, value: &Spanned<DeValue<'_>>, warnings: &mut Vec<String>) -> Option<RawColor> {
    let at = source.at(value.span().start);
    match color_text(value) {
        Some(text) => Some(RawColor { text, at }),
        None => {
            warnings.push(format!("{at}: {} is no colour", shown(source, value)));
            None
        }
    }
}

fn color_text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn shown(source: &Source<'_>, value: &Spanned<DeValue<'_>>) -> String {
    quoted(source.text.get(value.span()).unwrap_or_default())
}

/// A colour that needs no palette: `#rrggbb`, 0 to 255, one of the 16 names, or `reset` for the terminal's own.
pub fn parse_color(text: &str) -> Option<Color> {
    if let Some(hex) = text.strip_prefix('#') {
        let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        let [_, r, g, b] = value.to_be_bytes();
        return Some(Color::Rgb(r, g, b));
    }
    if let Ok(index) = text.parse::<u8>() {
        return Some(Color::Indexed(index));
    }
    Some(match text {
        "reset" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "gray" => Color::Gray,
        "dark-gray" => Color::DarkGray,
        "light-red" => Color::LightRed,
        "light-green" => Color::LightGreen,
        "light-yellow" => Color::LightYellow,
        "light-blue" => Color::LightBlue,
        "light-magenta" => Color::LightMagenta,
        "light-cyan" => Color::LightCyan,
        "white" => Color::White,
        _ => return None,
    })
}
