//! From patterns to files: a file, a directory (walked), or a glob.

use std::path::{Path, PathBuf};

use super::reader::source_error;
use crate::drift::SourceError;
use crate::pattern;

/// Deeper trees than this are not walked; AWS delivers seven levels deep.
const MAX_DEPTH: usize = 16;

/// Extensions a directory walk takes up; a file named outright may be called anything.
const EXTENSIONS: [&str; 5] = ["json", "gz", "yaml", "yml", "jsonl"];

/// The files of all patterns, each once, sorted by path within a pattern. A pattern that gives no file is an error.
pub(super) fn expand(patterns: &[String]) -> (Vec<PathBuf>, Vec<SourceError>) {
    let (mut files, mut errors) = (Vec::<PathBuf>::new(), Vec::new());
    for pattern in patterns {
        match one(pattern, &mut errors) {
            Ok(found) if found.is_empty() => errors.push(source_error(
                Path::new(pattern),
                "holds no recording (.json, .yaml, .gz)",
                "name a file, a directory or a glob that matches recordings of live state",
            )),
            Ok(found) => files.extend(found),
            Err(error) => errors.push(error),
        }
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|f| seen.insert(f.clone()));
    (files, errors)
}

fn one(pattern: &str, errors: &mut Vec<SourceError>) -> Result<Vec<PathBuf>, SourceError> {
    let path = Path::new(pattern);
    let mut found = Vec::new();
    if path.is_dir() {
        walk(path, 0, errors, &mut |file| {
            if file.extension().is_some_and(|e| EXTENSIONS.iter().any(|x| e.eq_ignore_ascii_case(x))) {
                found.push(file.to_owned());
            }
        });
    } else if path.exists() || !pattern::has_wildcards(pattern) {
        found.push(path.to_owned());
    } else {
        let matcher = pattern::matcher(pattern)
            .map_err(|e| source_error(path, format!("is no valid glob: {e}"), "mend the pattern"))?;
        walk(&pattern::fixed_part(path), 0, errors, &mut |file| {
            if matcher.is_match(pattern::spelled(file)) {
                found.push(file.to_owned());
            }
        });
    }
    found.sort();
    Ok(found)
}

/// Hidden entries are left out, links to directories are not followed (they may loop), only regular files are reported.
fn walk(directory: &Path, depth: usize, errors: &mut Vec<SourceError>, take: &mut dyn FnMut(&Path)) {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(e) => {
            let help = "let the user who runs driftguard list the directory";
            return errors.push(source_error(directory, format!("cannot be listed: {e}"), help));
        }
    };
    for entry in entries.flatten().filter(|e| !e.file_name().as_encoded_bytes().starts_with(b".")) {
        let path = if directory == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
        let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
        if is_dir && depth < MAX_DEPTH {
            walk(&path, depth + 1, errors, take);
        } else if !is_dir && path.is_file() {
            take(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests share one current directory: this one is only read.
    #[test]
    fn a_glob_from_the_current_directory_may_begin_with_a_dot() {
        for pattern in ["*.toml", "./*.toml"] {
            let (files, errors) = expand(&[pattern.to_owned()]);
            assert_eq!(errors.len(), 0, "{pattern}");
            assert!(files.contains(&PathBuf::from("Cargo.toml")), "{pattern}: {files:?}");
        }
    }
}
