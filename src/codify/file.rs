//! A file of the code, and what becomes of it.

use std::fs;
use std::path::{Path, PathBuf};

use hcl_edit::structure::Body;

use crate::recommend::Spot;

/// A larger file is edited by hand.
const FILE_MAX: u64 = 2 * 1024 * 1024;

/// An edit of one file; one that changes nothing, where both texts are the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edited {
    pub file: PathBuf,
    /// `net/main.tf`, from the configuration's directory on.
    pub shown: String,
    pub(super) before: String,
    pub(super) after: String,
}

impl Edited {
    /// Not edited yet. `root`: the configuration's directory.
    ///
    /// # Errors
    /// It cannot be read; with its name.
    pub(super) fn open(root: &Path, file: &Path) -> Result<Self, String> {
        let shown = shown(root, file);
        let text = read(file).map_err(|why| format!("{shown}: {why}"))?;
        Ok(Self { file: file.to_owned(), shown, before: text.clone(), after: text })
    }

    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// From the configuration's directory on.
pub(super) fn shown(root: &Path, file: &Path) -> String {
    let spot = Spot { root: root.to_owned(), file: file.to_owned(), line: 0 }.shown();
    spot.rsplit_once(':').map_or(spot.as_str(), |(file, _)| file).to_owned()
}

/// Terraform keeps copies of modules in its own directory, and puts them there anew.
pub(super) fn is_downloaded(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == ".terraform")
}

pub(super) fn read(file: &Path) -> Result<String, String> {
    let size = fs::metadata(file).map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > FILE_MAX {
        return Err("the file is too large to be edited here".into());
    }
    fs::read_to_string(file).map_err(|e| format!("cannot be read: {e}"))
}

pub(super) fn parse(text: &str) -> Result<Body, String> {
    hcl_edit::parser::parse_body(text).map_err(|error| {
        let at = error.location();
        format!("line {}, column {}: {}", at.line(), at.column(), error.message())
    })
}
