//! Where the code of a directory names something. Terraform reads symbolic links and JSON, too, so both count here.

use std::fs;
use std::path::{Path, PathBuf};

use hcl_edit::structure::Block;
use serde_json::Value;

use super::file::{parse, read, shown};

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

/// # Errors
/// Another file says something of the resource, too: an override, in JSON, or behind a symbolic link.
pub(super) fn stands_once(
    code: &[(PathBuf, String)],
    root: &Path,
    file: &Path,
    labels: &[String; 2],
) -> Result<(), String> {
    let is_it = |block: &Block| block.labels.iter().map(|one| one.as_str()).eq(labels.iter().map(String::as_str));
    let in_json = |text: &str| {
        let read: Value = serde_json::from_str(text).unwrap_or_default();
        let below = |value: &Value, name: &str| -> Vec<Value> {
            let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            all.iter().filter_map(|one| one.get(name).cloned()).collect()
        };
        let kinds = below(&read, "resource").into_iter().flat_map(|one| below(&one, &labels[0]));
        kinds.into_iter().any(|one| !below(&one, &labels[1]).is_empty())
    };
    // A block's name stands on one line.
    let is_head = |line: &str| {
        line.trim_start().starts_with("resource") && labels.iter().all(|label| line.contains(label.as_str()))
    };
    let says_it = |(other, text): &(PathBuf, String)| match other.extension().is_some_and(|end| end == "json") {
        _ if other.as_path() == file || !text.contains(labels[1].as_str()) => false,
        true => in_json(text),
        false => text.lines().any(is_head) && parse(text).is_ok_and(|body| body.get_blocks("resource").any(is_it)),
    };
    match code.iter().find(|one| says_it(one)) {
        None => Ok(()),
        Some((other, _)) => {
            Err(format!("{} says something of it, too: write it by hand where it holds", shown(root, other)))
        }
    }
}

/// The first `most` of them, and how many more there are.
pub(super) fn listed(uses: &[String], most: usize) -> String {
    let shown = uses.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match uses.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
