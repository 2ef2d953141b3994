//! Where a value came from, and what was wrong with one.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::safety::Tainted;

/// The layer that set a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    BuiltIn,
    /// A file and its line, from 1.
    File(Arc<PathBuf>, usize),
    /// An environment variable.
    Variable(&'static str),
    /// A flag, without the dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path, line) => write!(f, "{}:{line}", Tainted::from(path.to_string_lossy().as_ref()).line()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag(name) => write!(f, "--{}", name.replace('_', "-")),
        }
    }
}

/// A value and its origin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Valued<T> {
    pub value: T,
    pub origin: Origin,
}

/// A mistake in the configuration, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub origin: Origin,
    /// Column from 1, for files.
    pub column: Option<usize>,
    pub message: Tainted,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{}:{column}: {}", self.origin, self.message.line()),
            None => write!(f, "{}: {}", self.origin, self.message.line()),
        }
    }
}
