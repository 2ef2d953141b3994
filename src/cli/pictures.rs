//! The pictures of the screens, at any size and in any colours.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub struct Screenshots {
    /// Where they go
    pub directory: PathBuf,
    /// A built-in theme; all: each of them, as NAME-THEME.svg
    #[arg(long, value_name = "NAME", default_value = "dark")]
    pub theme: String,
    /// COLUMNSxROWS instead of the size a picture has in the README
    #[arg(long, value_name = "SIZE")]
    pub size: Option<Size>,
    /// As on a terminal with so many colours
    #[arg(long, value_enum, default_value_t)]
    pub colors: Colors,
    /// In place of those of the README: a name, and what is pressed: names of actions, keys, "text, resize:60x20, wait:30 seconds
    #[arg(long = "shot", value_name = "NAME=STEPS")]
    pub shots: Vec<String>,
}

/// Of a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('x').and_then(|(columns, rows)| columns.parse().ok().zip(rows.parse().ok()));
        let size = numbers.map(|(columns, rows)| Self { columns, rows });
        size.filter(|size| size.columns > 0 && size.rows > 0).ok_or_else(|| format!("`{text}` is no size: 80x24"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Colors {
    None,
    #[value(name = "16")]
    Sixteen,
    #[value(name = "256")]
    Palette,
    #[default]
    All,
}
