//! Where the code of a directory names something. Terraform reads symbolic links and JSON, too, so both count here.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::{read, shown};

/// The files that Terraform reads in a directory, with their text, by name.
pub(super) fn code_of(directory: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_code = |file: &PathBuf| {
        let name = file.to_string_lossy();
        (name.ends_with(".tf") || name.ends_with(".tf.json")) && fs::metadata(file).is_ok_and(|about| about.is_file())
    };
    let mut found: Vec<(PathBuf, String)> =
        entries.filter(is_code).filter_map(|file| read(&file).ok().map(|text| (file, text))).collect();
    found.sort();
    found
}

/// Lines of a directory's code that name it, as `main.tf:3`.
pub(super) fn uses(root: &Path, directory: &Path, name: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_it = |line: &str, at: usize| {
        !line[..at].ends_with(is_word) && !line[at + name.len()..].starts_with(|c| is_word(c) && c != '.')
    };
    let lines = code_of(directory).into_iter().flat_map(|(file, text)| {
        let shown = shown(root, &file);
        let count = |line: &str| line.match_indices(name).filter(|(at, _)| is_it(line, *at)).count();
        let found: Vec<String> =
            (1..).zip(text.lines()).flat_map(|(at, line)| vec![format!("{shown}:{at}"); count(line)]).collect();
        found
    });
    lines.collect()
}

/// The first `most` of them, and how many more there are.
pub(super) fn listed(uses: &[String], most: usize) -> String {
    let shown = uses.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match uses.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
