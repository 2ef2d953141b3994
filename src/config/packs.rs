//! The user's own packs: `packs/*.toml` in the system's and the user's directory, on top of those that come with the program.

use std::path::Path;
use std::sync::Arc;

use super::{Config, Origin, Paths, Problem};
use crate::compare::Packs;

/// Adds every pack there is; a mistake in one is a problem, and leaves that file out.
pub(super) fn read(paths: &Paths, config: &mut Config) {
    let mut packs = None;
    for directory in [&paths.system_dir, &paths.config_dir] {
        for file in files(&directory.join("packs")) {
            let packs = packs.get_or_insert_with(|| Packs::embedded().clone());
            if let Err(problem) = add(packs, &file) {
                config.problems.push(problem);
            }
            config.files.push(file);
        }
    }
    config.knowledge.packs = packs.map_or_else(Packs::shared, Arc::new);
}

/// In the order of their names; no directory is no packs.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = directory.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

fn add(packs: &mut Packs, file: &Path) -> Result<(), Problem> {
    let problem = |line, message: String| {
        let origin = Origin::File(Arc::new(file.to_owned()), line);
        Problem { origin, column: None, message: message.into() }
    };
    let text = std::fs::read_to_string(file).map_err(|e| problem(1, format!("cannot be read: {e}")))?;
    let mut with = packs.clone();
    with.add(&file.to_string_lossy(), &text).map_err(|e| problem(e.line, e.what))?;
    *packs = with;
    Ok(())
}
