//! Commits that touched a block of code, from the repository it lies in.
//!
//! `git` is asked, for its own files alone: no remote, no lock, no pager, no program that a repository's configuration names. What
//! takes too long, or has too much to say, is left alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::forge;
use crate::declared::blocks::blocks;
use crate::program;
use crate::safety::Tainted;

/// For one question, and for all of one pass over many drifts.
const PATIENCE: Duration = Duration::from_secs(2);
const IN_ALL: Duration = Duration::from_secs(4);
/// Of an answer, and of the file of a block.
const MOST: u64 = 2 << 20;
/// Commits of a block that are told.
const COMMITS: usize = 20;

/// A commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Abbreviated as git does.
    pub hash: Tainted,
    pub subject: Tainted,
    pub at: Timestamp,
    /// The forge that the repository was cloned from, and the commit's page there; `None`: none that is known.
    pub page: Option<(&'static str, String)>,
}

/// Why nothing is known of the commits of a file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Silence {
    #[error("git is not installed here")]
    NoGit,
    #[error("the code lies in no git repository")]
    NoRepository,
    #[error("the repository is a shallow clone: its history is not known here")]
    Shallow,
    #[error("git took too long, or had too much to say")]
    TooLong,
    #[error("the last commit does not have the block")]
    NotCommitted,
}

/// One pass over the code of many drifts: what is known of a directory is asked once.
#[derive(Default)]
pub struct Repositories {
    places: Mutex<HashMap<PathBuf, Result<String, Silence>>>,
    spent: Mutex<Duration>,
}

/// A block, as its head names it.
pub struct BlockName<'a> {
    pub kind: &'a str,
    pub labels: &'a [&'a str],
}

impl Repositories {
    /// Commits of this span that touched the block in the file, the newest first.
    ///
    /// # Errors
    /// Why nothing is known of them.
    pub fn commits(
        &self,
        file: &Path,
        block: &BlockName<'_>,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<Commit>, Silence> {
        let directory = file.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = file.file_name().and_then(|name| name.to_str()).ok_or(Silence::NotCommitted)?;
        let below = self.place(directory)?;
        let span = [format!("--since=@{} +0000", from.as_second()), format!("--until=@{} +0000", until.as_second())];
        let log = ["log", "--no-show-signature", "--format=%x1e%h%x1f%ct%x1f%s"];
        let newest = format!("--max-count={COMMITS}");
        // Most files were not touched at all: then nobody need follow lines.
        let touched = self.ask(directory, &[&log[..], &[&span[0], &span[1], &newest, "--", name]].concat())?;
        if touched.is_empty() {
            return Ok(vec![]);
        }
        let text = self.ask(directory, &["cat-file", "blob", &format!("HEAD:{below}{name}")])?;
        let (first, last) = lines_of(&text, block).ok_or(Silence::NotCommitted)?;
        let lines = format!("-L{first},{last}:{name}");
        let told = self.ask(directory, &[&log[..], &["--no-patch", &span[0], &span[1], &newest, &lines]].concat())?;
        let mut found: Vec<Commit> = told.split('\u{1e}').filter_map(commit_of).take(COMMITS).collect();
        if !found.is_empty() {
            let origin = self.origin(directory).unwrap_or_default();
            found.iter_mut().for_each(|one| one.page = forge::page(&origin, one.hash.raw()));
        }
        Ok(found)
    }

    /// Where it was cloned from, as its configuration has it; nobody is asked there.
    fn origin(&self, directory: &Path) -> Option<String> {
        let origin = self.ask(directory, &["config", "--get", "remote.origin.url"]).ok()?;
        Some(origin.trim().to_owned())
    }

    /// The directory's path below the top of its repository.
    fn place(&self, directory: &Path) -> Result<String, Silence> {
        let known = || self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known().get(directory) {
            return place.clone();
        }
        let asked = self.ask(directory, &["rev-parse", "--is-shallow-repository", "--show-prefix"]);
        let place = match asked.as_deref().map(|said| said.split_once('\n')) {
            Ok(Some(("false", below))) => Ok(below.trim_end_matches('\n').to_owned()),
            Ok(Some(("true", _))) => Err(Silence::Shallow),
            Ok(_) | Err(Silence::NotCommitted) => Err(Silence::NoRepository),
            Err(why) => Err(why.clone()),
        };
        if let Err(why) = &place {
            tracing::debug!(directory = %directory.display(), %why, "commits say nothing about drift");
        }
        known().insert(directory.to_owned(), place.clone());
        place
    }

    /// What git says; [`Silence::NotCommitted`] where it knows nothing of the kind.
    fn ask(&self, directory: &Path, arguments: &[&str]) -> Result<String, Silence> {
        let spent = || self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let left = IN_ALL.checked_sub(*spent()).ok_or(Silence::TooLong)?.min(PATIENCE);
        let begun = Instant::now();
        let said = ask(directory, arguments, left);
        *spent() += begun.elapsed();
        said
    }
}

fn ask(directory: &Path, arguments: &[&str], patience: Duration) -> Result<String, Silence> {
    let mut command = Command::new("git");
    command.args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"]);
    command.args(["-c", "core.fsmonitor=false", "-c", "protocol.allow=never", "-c", "diff.external="]);
    command.arg("-C").arg(directory).args(arguments);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_TRACE"] {
        command.env_remove(name);
    }
    command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1").env("LC_ALL", "C");
    match program::ask(&mut command, patience, MOST) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(program::Silence::NotThere) => Err(Silence::NoGit),
        Err(program::Silence::TooLong) => Err(Silence::TooLong),
        Err(program::Silence::Failed) => Err(Silence::NotCommitted),
    }
}

/// First and last line of a block, counted from 1.
fn lines_of(text: &str, block: &BlockName<'_>) -> Option<(usize, usize)> {
    let all = blocks(text);
    let found = all.iter().find(|one| one.kind == block.kind && one.labels == block.labels)?;
    Some((found.line, found.end))
}

fn commit_of(record: &str) -> Option<Commit> {
    let mut parts = record.trim_end_matches('\n').splitn(3, '\u{1f}');
    let (hash, at, subject) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    Some(Commit { hash: hash.into(), subject: subject.into(), at: Timestamp::from_second(at).ok()?, page: None })
}

#[cfg(test)]
#[path = "git_tests.rs"]
mod tests;
