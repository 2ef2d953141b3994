//! From patterns to files: a file, a directory, a workspace tree or a glob.

use std::fs;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use super::input::{io_error, source_error};
use crate::drift::SourceError;
use crate::pattern;

/// More entries than this are no folder of state; somebody named `/`.
const MAX_ENTRIES: usize = 200_000;
const MAX_DEPTH: usize = 32;

/// A file to look into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub path: PathBuf,
    /// Named by the user itself: then a file that holds nothing we read is an error.
    pub named: bool,
}

/// Two spellings of one file are one file.
pub(super) fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The files of one pattern, sorted by path; at least one.
pub(super) fn find(pattern: &str) -> Result<Vec<Found>, SourceError> {
    let path = Path::new(pattern);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let files = Walk::new(pattern, None).run(path)?;
            if files.is_empty() {
                return Err(source_error(pattern, "the directory holds no state, plan or manifest file", LOOKED_FOR));
            }
            Ok(files)
        }
        Ok(_) => Ok(vec![Found { path: path.to_owned(), named: true }]),
        Err(_) if pattern::has_wildcards(pattern) => find_glob(pattern),
        Err(error) => Err(io_error(pattern, &error)),
    }
}

/// What a directory is searched for.
pub(super) const LOOKED_FOR: &str = "In a directory, driftguard looks for *.tfstate, *.tfstate.json, plans (*.json) and manifests (*.yaml, *.yml, *.json).";

fn find_glob(pattern: &str) -> Result<Vec<Found>, SourceError> {
    let matcher = pattern::matcher(pattern).map_err(|error| {
        source_error(pattern, format!("not a valid glob: {}", error.kind()), "Correct the pattern.")
    })?;
    let files = Walk::new(pattern, Some(matcher)).run(&pattern::fixed_part(Path::new(pattern)))?;
    if files.is_empty() {
        return Err(source_error(
            pattern,
            "no file matches the pattern",
            "Check the pattern; `*` stays within one folder, `**` does not.",
        ));
    }
    Ok(files)
}

/// One search below a directory. Links to directories are not followed, so it ends.
struct Walk<'a> {
    pattern: &'a str,
    glob: Option<GlobMatcher>,
    entries: usize,
    files: Vec<Found>,
}

impl<'a> Walk<'a> {
    fn new(pattern: &'a str, glob: Option<GlobMatcher>) -> Self {
        Self { pattern, glob, entries: 0, files: Vec::new() }
    }

    fn run(mut self, base: &Path) -> Result<Vec<Found>, SourceError> {
        let everything = self.glob.is_none();
        self.directory(base, everything, 0)?;
        Ok(self.files)
    }

    /// `everything`: the directory itself is wanted, so all files of our kinds below it are.
    fn directory(&mut self, directory: &Path, everything: bool, depth: usize) -> Result<(), SourceError> {
        let listing = fs::read_dir(directory).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let mut entries = match listing {
            Ok(entries) => entries,
            // A sub-directory that may not be entered would hide declared resources: it is an error like the top one.
            Err(error) => return Err(io_error(&directory.to_string_lossy(), &error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        self.entries += entries.len();
        if self.entries > MAX_ENTRIES || depth > MAX_DEPTH {
            let message = format!("more than {MAX_ENTRIES} entries or {MAX_DEPTH} levels below the directory");
            return Err(source_error(self.pattern, message, "Name the folder that holds the state."));
        }
        for entry in entries {
            self.entry(&entry.path(), &entry, everything, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, entry: &fs::DirEntry, everything: bool, depth: usize) -> Result<(), SourceError> {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let matched = self.glob.as_ref().is_some_and(|glob| glob.is_match(pattern::spelled(path)));
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory {
            if !skipped_directory(&name) {
                self.directory(path, everything || matched, depth + 1)?;
            }
        } else if !is_backup(&name) && (matched || everything && of_our_kinds(&name)) && path.is_file() {
            self.files.push(Found { path: path.to_owned(), named: false });
        }
        Ok(())
    }
}

/// Folders that hold copies of state (`.terraform` caches backends) or nothing of ours.
fn skipped_directory(name: &str) -> bool {
    matches!(name, ".terraform" | ".git" | "node_modules" | ".terragrunt-cache")
}

/// `terraform.tfstate.backup`, `errored.tfstate.1700000000.backup`: older states of the same resources.
fn is_backup(name: &str) -> bool {
    name.ends_with(".backup") || name.ends_with(".bak") || name.ends_with('~')
}

fn of_our_kinds(name: &str) -> bool {
    [".tfstate", ".json", ".yaml", ".yml", ".tfstate.gz", ".json.gz"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        dir
    }

    fn names(dir: &tempfile::TempDir, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<String> =
            patterns.iter().map(|p| dir.path().join(p).to_string_lossy().into_owned()).collect();
        let name = |found: &Found| found.path.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned();
        patterns
            .iter()
            .flat_map(|pattern| match find(pattern) {
                Ok(found) => found.iter().map(name).collect(),
                Err(error) => vec![format!("error: {}", error.message.raw())],
            })
            .collect()
    }

    #[test]
    fn a_directory_gives_its_workspace_tree_and_no_backups_or_caches() {
        let dir = tree(&[
            "terraform.tfstate",
            "terraform.tfstate.backup",
            "terraform.tfstate.d/prod/terraform.tfstate",
            "terraform.tfstate.d/dev/terraform.tfstate",
            ".terraform/terraform.tfstate",
            ".git/x.json",
            "main.tf",
        ]);
        assert_eq!(
            names(&dir, &[""]),
            [
                "terraform.tfstate",
                "terraform.tfstate.d/dev/terraform.tfstate",
                "terraform.tfstate.d/prod/terraform.tfstate"
            ]
        );
    }

    #[test]
    fn a_star_stays_within_one_folder_and_a_matched_folder_counts_whole() {
        let dir = tree(&["a/x.tfstate", "a/deep/y.tfstate", "b/z.tfstate"]);
        assert_eq!(names(&dir, &["*/*.tfstate"]), ["a/x.tfstate", "b/z.tfstate"]);
        assert_eq!(names(&dir, &["**/*.tfstate"]), ["a/deep/y.tfstate", "a/x.tfstate", "b/z.tfstate"]);
        assert_eq!(names(&dir, &["[a]"]), ["a/deep/y.tfstate", "a/x.tfstate"]);
    }

    #[test]
    fn nothing_found_is_an_error_that_says_so() {
        let dir = tree(&["main.tf"]);
        assert_eq!(
            names(&dir, &["", "*.tfstate", "gone.tfstate"]),
            [
                "error: the directory holds no state, plan or manifest file",
                "error: no file matches the pattern",
                "error: no such file or directory"
            ]
        );
    }
}
