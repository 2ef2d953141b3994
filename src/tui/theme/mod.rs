//! Colours by role. Themes are data (`themes/*.toml`): they inherit, they may be the user's own, and they come down to
//! 256, 16 or no colours as the terminal needs it.

mod contrast;
mod depth;
mod file;
mod role;

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

pub use contrast::{contrast, index_of, rgb};
pub use depth::ColorDepth;
pub use role::Role;

use super::widgets::source::{Source, did_you_mean, quoted};
use file::{RawColor, RawStyle, ThemeFile};

/// The built-in themes, in the order pickers show them; the first is the default.
pub const NAMES: [&str; FILES.len()] = [
    "default",
    "dark",
    "light",
    "high-contrast",
    "colour-blind",
    "mono",
    "catppuccin-latte",
    "catppuccin-mocha",
    "dracula",
    "gruvbox-dark",
    "gruvbox-light",
    "nord",
    "solarized-dark",
    "solarized-light",
    "tokyo-night",
];

const FILES: [&str; 15] = [
    include_str!("../../../themes/default.toml"),
    include_str!("../../../themes/dark.toml"),
    include_str!("../../../themes/light.toml"),
    include_str!("../../../themes/high-contrast.toml"),
    include_str!("../../../themes/colour-blind.toml"),
    include_str!("../../../themes/mono.toml"),
    include_str!("../../../themes/catppuccin-latte.toml"),
    include_str!("../../../themes/catppuccin-mocha.toml"),
    include_str!("../../../themes/dracula.toml"),
    include_str!("../../../themes/gruvbox-dark.toml"),
    include_str!("../../../themes/gruvbox-light.toml"),
    include_str!("../../../themes/nord.toml"),
    include_str!("../../../themes/solarized-dark.toml"),
    include_str!("../../../themes/solarized-light.toml"),
    include_str!("../../../themes/tokyo-night.toml"),
];

/// How many files may inherit from each other in a row.
const MAX_INHERITANCE: usize = 8;

/// A style for every role.
#[derive(Clone, PartialEq, Debug)]
pub struct Theme {
    name: String,
    styles: [Style; Role::ALL.len()],
    ascii: bool,
}

impl Theme {
    /// The name it was loaded by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The style of a role. Fill the screen with that of [`Role::Text`] first: other roles need not repeat its background.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The same, drawn with ASCII only where widgets have a choice: for terminals and fonts without blocks and arrows.
    pub fn with_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// Whether only ASCII may be drawn.
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// With the nearest colours the terminal has.
    fn degraded(mut self, depth: ColorDepth) -> Self {
        let paper = depth.nearest(self.style(Role::Text).bg.unwrap_or(Color::Reset));
        for (index, style) in self.styles.iter_mut().enumerate() {
            let ink = style.fg.map(|c| depth.nearest(c));
            // A tint that is no longer to be told from the background says nothing.
            let ground = style.bg.map(|c| depth.nearest(c)).filter(|c| index == 0 || *c != paper);
            let ink = ink.map(|c| readable(c, ground.unwrap_or(paper)));
            *style = Style { fg: ink, bg: ground, ..*style };
        }
        self
    }
}

/// `ink`, or black or white where coarse colours made it the same as its ground.
fn readable(ink: Color, ground: Color) -> Color {
    match contrast(ink, ground) {
        Some(ratio) if ratio < 1.5 => match contrast(Color::Black, ground) {
            Some(on_black) if on_black > 6.0 => Color::Black,
            _ => Color::White,
        },
        _ => ink,
    }
}

impl Default for Theme {
    fn default() -> Self {
        load(NAMES[0], None, ColorDepth::True).0
    }
}

/// A built-in theme in all its colours.
pub fn builtin(name: &str) -> Option<Theme> {
    NAMES.contains(&name).then(|| load(name, None, ColorDepth::True).0)
}

/// The theme `name` from `user_dir/<name>.toml` or else the built-in one, brought down to `depth`. What is wrong with it
/// is reported, each with file, line and column, and the rest still holds; a theme that is nowhere gives the default one.
/// Without colours every theme is `mono`.
pub fn load(name: &str, user_dir: Option<&Path>, depth: ColorDepth) -> (Theme, Vec<String>) {
    let mut warnings = Vec::new();
    let wanted = if depth == ColorDepth::None { "mono" } else { name };
    let mut files = chain(wanted, user_dir, &mut warnings);
    if files.is_empty() {
        files = chain(NAMES[0], None, &mut warnings);
    }
    (resolve(name, &files, &mut warnings).degraded(depth), warnings)
}

/// The file and all it inherits from, nearest first.
fn chain(name: &str, user_dir: Option<&Path>, warnings: &mut Vec<String>) -> Vec<ThemeFile> {
    let mut files = Vec::new();
    let mut seen: Vec<(String, bool)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        // A user's `dark` may inherit from the built-in `dark`.
        let again = seen.iter().any(|(n, own)| *n == name && *own);
        let own = if again { None } else { user_file(&name, user_dir, warnings) };
        let is_own = own.is_some();
        let circle = seen.contains(&(name.clone(), is_own)) || files.len() == MAX_INHERITANCE;
        let built_in =
            NAMES.iter().position(|n| *n == name).map(|i| (format!("built-in theme {name}"), FILES[i].to_owned()));
        match own.or(built_in) {
            Some(_) if circle => warnings.push(format!("theme {}: inherits in a circle", quoted(&name))),
            Some((file, text)) => {
                let parsed = file::parse(&Source { name: &file, text: &text }, warnings);
                next.clone_from(&parsed.inherits);
                files.push(parsed);
            }
            None => warnings.push(format!(
                "no theme {}{}; there are {}",
                quoted(&name),
                did_you_mean(&name, &NAMES),
                NAMES.join(", ")
            )),
        }
        seen.push((name, is_own));
    }
    files
}

/// Name and text of the user's own file; `None` when there is none.
fn user_file(name: &str, user_dir: Option<&Path>, warnings: &mut Vec<String>) -> Option<(String, String)> {
    // A name is a file's stem, never a way out of the directory.
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let path = user_dir.filter(|_| plain)?.join(format!("{name}.toml"));
    match std::fs::read_to_string(&path) {
        Ok(text) => Some((path.display().to_string(), text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            let path = crate::safety::sanitise::line(&path.display().to_string());
            warnings.push(format!("{path}: cannot be read ({error}); make it a readable UTF-8 file"));
            None
        }
    }
}

fn resolve(name: &str, files: &[ThemeFile], warnings: &mut Vec<String>) -> Theme {
    let mut styles = [Style::default(); Role::ALL.len()];
    for (role, _) in Role::ALL {
        if let Some(raw) = raw_style(role, files) {
            styles[role as usize] = Style {
                fg: raw.fg.as_ref().and_then(|c| color(c, files, warnings)),
                bg: raw.bg.as_ref().and_then(|c| color(c, files, warnings)),
                add_modifier: raw.attributes,
                sub_modifier: Modifier::empty(),
                ..Style::default()
            };
        }
    }
    warnings.sort();
    warnings.dedup();
    Theme { name: name.to_owned(), styles, ascii: false }
}

/// What the nearest file says about the role, or about the role it falls back to.
fn raw_style(role: Role, files: &[ThemeFile]) -> Option<&RawStyle> {
    let said = files.iter().find_map(|f| f.roles.iter().find(|(r, _)| *r == role));
    match (said, role.fallback()) {
        (Some((_, style)), _) => Some(style),
        (None, Some(Role::Text)) | (None, None) => None,
        (None, Some(parent)) => raw_style(parent, files),
    }
}

fn color(raw: &RawColor, files: &[ThemeFile], warnings: &mut Vec<String>) -> Option<Color> {
    let named = files.iter().find_map(|f| f.palette.iter().find(|(n, _)| *n == raw.text)).map(|(_, c)| *c);
    let found = named.or_else(|| file::parse_color(&raw.text));
    if found.is_none() {
        let known: Vec<&str> = files.iter().flat_map(|f| f.palette.iter().map(|(n, _)| n.as_str())).collect();
        let hint = did_you_mean(&raw.text, &known);
        warnings.push(format!("{}: {} is no colour and in no palette{hint}", raw.at, quoted(&raw.text)));
    }
    found
}

#[cfg(test)]
mod tests;
