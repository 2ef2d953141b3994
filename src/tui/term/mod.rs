//! The terminal: taken and given back by [`guard`], written by one thread, read by another, watched by a third.

pub mod background;
pub mod clipboard;
pub mod glyphs;
pub mod guard;
pub mod input;
pub mod output;
mod pen;
mod screen;
pub mod signals;
pub mod title;

pub use screen::Screen;

use std::io::{self, IsTerminal};

/// Why there can be no screens.
#[derive(Debug, thiserror::Error)]
pub enum TermError {
    /// A pipe or a file.
    #[error(
        "{0} is not a terminal, and the screens need one; `driftguard triage --plain` goes line by line, `driftguard scan` prints what they would show, `--format json` for programs"
    )]
    NotATerminal(&'static str),
    /// It cannot move its cursor.
    #[error(
        "TERM={0} says that the terminal cannot draw screens; set TERM to what it is, or use `driftguard triage --plain`, which goes line by line"
    )]
    Dumb(String),
    /// Taking it failed.
    #[error("the terminal cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// Says no before anything is changed.
pub fn check() -> Result<(), TermError> {
    if !io::stdin().is_terminal() {
        return Err(TermError::NotATerminal("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(TermError::NotATerminal("standard output"));
    }
    match std::env::var("TERM") {
        Ok(term) if term == "dumb" => Err(TermError::Dumb(term)),
        _ => Ok(()),
    }
}
