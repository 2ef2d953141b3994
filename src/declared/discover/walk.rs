//! Directories with Terraform code.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Root, hcl, record};
use crate::declared::input::{io_error, source_error};
use crate::drift::SourceError;

const MAX_DEPTH: usize = 16;
const MAX_DIRECTORIES: usize = 20_000;
/// A larger file is no code.
const MAX_FILE: u64 = 8 << 20;

/// Every directory with code or an initialised backend, by path.
pub(super) fn roots(directory: &Path) -> (Vec<Root>, Vec<SourceError>) {
    let (mut roots, mut errors, mut seen) = (vec![], vec![], 0);
    descend(directory, 0, &mut seen, &mut roots, &mut errors);
    if seen > MAX_DIRECTORIES {
        let message = format!("more than {MAX_DIRECTORIES} directories lie below it; the rest was not looked at");
        let name = directory.to_string_lossy();
        errors.push(source_error(&*name, message, "Name the folder that holds the code."));
    }
    (roots, errors)
}

fn descend(directory: &Path, depth: usize, seen: &mut usize, roots: &mut Vec<Root>, errors: &mut Vec<SourceError>) {
    *seen += 1;
    if *seen > MAX_DIRECTORIES || depth > MAX_DEPTH {
        return;
    }
    let listing = fs::read_dir(directory).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let mut entries = match listing {
        Ok(entries) => entries,
        Err(error) => return errors.push(io_error(&directory.to_string_lossy(), &error)),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    let (mut files, mut below) = (vec![], vec![]);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below.push(entry.path()),
            _ => files.push(entry.path()),
        }
    }
    let root = root(directory, &files);
    if root.block.is_some() || root.recorded.is_some() || !root.errors.is_empty() {
        roots.push(root);
    }
    let hidden = |path: &PathBuf| {
        path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.') || name == "node_modules")
    };
    below.into_iter().filter(|path| !hidden(path)).for_each(|path| descend(&path, depth + 1, seen, roots, errors));
}

fn root(directory: &Path, files: &[PathBuf]) -> Root {
    let mut root = Root {
        directory: directory.to_owned(),
        recorded: record::backend(directory),
        workspace: record::workspace(directory),
        ..Root::default()
    };
    // Files named override stand in front of the others, whatever their order.
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_override = |path: &Path| {
        let name = name(path);
        let stem = name.trim_end_matches(".json").trim_end_matches(".tf");
        stem == "override" || stem.ends_with("_override")
    };
    let (late, early): (Vec<_>, Vec<_>) = files.iter().partition(|path| is_override(path));
    for path in early.into_iter().chain(late) {
        let name = name(path);
        if name.ends_with(".tf") || name.ends_with(".tf.json") {
            code(&mut root, path, name.ends_with(".json"));
        } else if name.ends_with(".tfbackend") {
            match text(path).and_then(|text| in_words(path, hcl::read_partial(path, &text))) {
                Ok(settings) => root.partial.push((path.clone(), settings)),
                Err(error) => root.errors.push(error),
            }
        }
    }
    root
}

fn code(root: &mut Root, path: &Path, is_json: bool) {
    let said = text(path).and_then(|text| {
        let said = if is_json { hcl::read_json(path, &text) } else { hcl::read(path, &text) };
        in_words(path, said)
    });
    match said {
        Ok(said) => {
            root.block = said.block.or(root.block.take());
            root.providers.extend(said.providers);
        }
        Err(error) => root.errors.push(error),
    }
}

fn text(path: &Path) -> Result<String, SourceError> {
    read(path, MAX_FILE).map_err(|error| io_error(&path.to_string_lossy(), &error))
}

fn in_words<T>(path: &Path, result: Result<T, String>) -> Result<T, SourceError> {
    result.map_err(|why| source_error(path, format!("not valid Terraform: {why}"), "`terraform validate` says more."))
}

/// A text file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    let length = fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if length as u64 > limit {
        return Err(io::Error::other("it is too large to be code"));
    }
    Ok(text)
}
