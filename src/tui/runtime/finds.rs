//! Keeps views and query history in two files, on a thread of its own. The views are the user's: a file to be edited by hand,
//! of which only the line that changes is written anew. The history is ours: one query a line, the last one last, for this
//! user's eyes only.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::UnboundedSender;
use toml::de::{DeTable, DeValue};

use crate::safety::sanitise;
use crate::tui::app::Msg;
use crate::tui::app::finds::{Finds, check, named};
use crate::tui::widgets::source::Source;

/// Larger files are none of ours.
const MAX_BYTES: u64 = 256 * 1024;

enum Deed {
    View(String, Option<String>),
    Query(String),
    Load,
}

/// Writes until it is dropped; dropping it writes what is still to be written.
#[derive(Default)]
pub struct Shelf {
    queue: Option<Sender<Deed>>,
    thread: Option<JoinHandle<()>>,
}

impl Shelf {
    /// What earlier sessions kept arrives at `inbox`. Without a file nothing is kept in it.
    pub fn start(views: Option<PathBuf>, history: Option<PathBuf>, inbox: UnboundedSender<Msg>) -> Self {
        if views.is_none() && history.is_none() {
            return Self::default();
        }
        let (queue, deeds) = channel();
        let files = Files { views, history };
        let thread = std::thread::Builder::new().name("finds".into()).spawn(move || work(&files, &deeds, &inbox));
        Self { queue: thread.is_ok().then_some(queue), thread: thread.ok() }
    }

    /// Keeps a view, or deletes it.
    pub fn save_view(&self, name: String, query: Option<String>) {
        self.send(Deed::View(name, query));
    }

    pub fn keep_query(&self, query: String) {
        self.send(Deed::Query(query));
    }

    /// Reads the files anew: somebody has edited them.
    pub fn load(&self) {
        self.send(Deed::Load);
    }

    fn send(&self, deed: Deed) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(deed);
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(files: &Files, deeds: &Receiver<Deed>, inbox: &UnboundedSender<Msg>) {
    let tell = || {
        let mut problems = vec![];
        let finds = files.load(&mut problems);
        let _ = inbox.send(Msg::Finds(finds, problems));
    };
    tell();
    while let Ok(deed) = deeds.recv() {
        let (done, what) = match &deed {
            Deed::View(name, query) => {
                (files.write_view(name, query.as_deref()), "the view is gone after this session")
            }
            Deed::Load => {
                tell();
                continue;
            }
            Deed::Query(query) => (files.write_query(query), "queries are remembered for this session only"),
        };
        if let Err(why) = done {
            let _ = inbox.send(Msg::Broken(sanitise::line(&format!("{what}: {why}"))));
        }
    }
}

struct Files {
    views: Option<PathBuf>,
    history: Option<PathBuf>,
}

impl Files {
    fn load(&self, problems: &mut Vec<String>) -> Finds {
        let mut finds = Finds::default();
        let mut read = |path: &Option<PathBuf>| {
            let path = path.as_ref()?;
            let text = read(path).map_err(|why| problems.push(sanitise::line(&why)));
            text.ok().flatten().map(|text| (path.display().to_string(), text))
        };
        if let Some((_, text)) = read(&self.history) {
            finds.remember_all(text.lines());
        }
        if let Some((name, text)) = read(&self.views) {
            let source = Source { name: &name, text: &text };
            for entry in entries(&source, problems) {
                match (named(&entry.name), check(&entry.query, Timestamp::now(), &TimeZone::system())) {
                    (Err(why), _) => problems.push(source.problem(entry.at.start, &why)),
                    (_, Err(why)) => problems.push(source.problem(entry.at.start, &why.to_string())),
                    (Ok(name), Ok(())) => finds.put(&name, &entry.query),
                }
            }
        }
        finds
    }

    /// Writes one view into the file as it is now; all else in it stays as somebody wrote it.
    fn write_view(&self, name: &str, query: Option<&str>) -> Result<(), String> {
        let Some(path) = &self.views else { return Ok(()) };
        // Where dotfiles are links into a repository, the file there is written.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let mut text = read(&path)?.unwrap_or_else(|| HEAD.to_owned());
        let shown = path.display().to_string();
        let mut problems = vec![];
        let entries = entries(&Source { name: &shown, text: &text }, &mut problems);
        if let Some(problem) = problems.into_iter().next() {
            return Err(format!("{problem}; mend the file first"));
        }
        let old = entries.into_iter().find(|entry| entry.name == name);
        match (old, query) {
            (Some(old), Some(query)) => text.replace_range(old.at, &quoted(query)),
            (Some(old), None) => text.replace_range(line_of(&text, old.at), ""),
            (None, Some(query)) => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                text += &format!("{} = {}\n", quoted(name), quoted(query));
            }
            (None, None) => return Ok(()),
        }
        let mode = fs::metadata(&path).map_or(0o644, |meta| meta.permissions().mode() & 0o777);
        write(&path, &text, mode).map_err(|why| format!("{shown}: {why}"))
    }

    /// Adds a query to the history as it is now: another session may have added to it.
    fn write_query(&self, query: &str) -> Result<(), String> {
        let Some(path) = &self.history else { return Ok(()) };
        let mut finds = Finds::default();
        finds.remember_all(read(path)?.unwrap_or_default().lines());
        if !finds.remember(query) {
            return Ok(());
        }
        let text: String = finds.history.iter().map(|query| format!("{query}\n")).collect();
        write(path, &text, 0o600).map_err(|why| format!("{}: {why}", path.display()))
    }
}

const HEAD: &str = "# Queries by name, for driftguard's list of views: name = \"query\"\n";

/// One view of the file.
struct Entry {
    name: String,
    query: String,
    /// Of the quoted query, in bytes.
    at: Range<usize>,
}

fn entries(source: &Source<'_>, problems: &mut Vec<String>) -> Vec<Entry> {
    let table = match DeTable::parse(source.text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            problems.push(source.problem(at, error.message()));
            return vec![];
        }
    };
    let mut entries = vec![];
    for (name, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::String(query) => {
                let (name, query) = (name.get_ref().to_string(), query.to_string());
                entries.push(Entry { name, query, at: value.span() });
            }
            _ => problems.push(source.problem(name.span().start, "a view is a name and a query in quotes")),
        }
    }
    entries
}

/// The lines a value stands in, with its name and the end of the line.
fn line_of(text: &str, at: Range<usize>) -> Range<usize> {
    let start = text[..at.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at.end..].find('\n').map_or(text.len(), |end| at.end + end + 1);
    start..end
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// `None`: there is no such file.
fn read(path: &Path) -> Result<Option<String>, String> {
    let shown = path.display();
    let file = match File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|why| format!("{shown}: {why}"))?,
    };
    let mut text = String::new();
    let length = file.metadata().map_or(0, |meta| if meta.is_file() { meta.len() } else { u64::MAX });
    if length > MAX_BYTES {
        return Err(format!("{shown}: this is no file of at most {MAX_BYTES} bytes"));
    }
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|why| format!("{shown}: {why}"))?;
    Ok(Some(text))
}

/// A crash leaves the old or the new file.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file =
        tempfile::Builder::new().prefix(".tmp-").permissions(Permissions::from_mode(mode)).tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    // What the umask took away.
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Files {
        Files { views: Some(directory.join("config/views.toml")), history: Some(directory.join("state/queries")) }
    }

    #[test]
    fn a_saved_view_leaves_the_rest_of_the_file_as_somebody_wrote_it() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        let path = files.views.clone().unwrap();
        files.write_view("pay \"day\"", Some("tag:team=pay \"a b\"")).unwrap();
        let mut text = fs::read_to_string(&path).unwrap();
        text += "# by hand\nmine='owner:me'  # not the built-in one\n";
        fs::write(&path, &text).unwrap();
        files.write_view("mine", Some("is:mine is:open")).unwrap();
        files.write_view("pay \"day\"", None).unwrap();
        let left = fs::read_to_string(&path).unwrap();
        assert_eq!(left, format!("{HEAD}# by hand\nmine=\"is:mine is:open\"  # not the built-in one\n"));
        let mut problems = vec![];
        let own = files.load(&mut problems).own;
        assert_eq!((own.len(), own[0].query.as_str(), problems.len()), (1, "is:mine is:open", 0));
    }

    #[test]
    fn a_mistake_in_the_file_is_told_with_its_line_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        let path = files.views.clone().unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "good = \"is:new\"\nodd = \"colour:red\"\nnumber = 3\n").unwrap();
        let mut problems = vec![];
        assert_eq!(files.load(&mut problems).own.len(), 1);
        assert!(
            problems.iter().any(|p| p.contains("views.toml:2:") && p.contains("`colour:` is no key")),
            "{problems:?}"
        );
        assert!(problems.iter().any(|p| p.contains("views.toml:3:1")), "{problems:?}");
        fs::write(&path, "good = \n").unwrap();
        let why = files.write_view("x", Some("web")).unwrap_err();
        assert!(why.contains("views.toml:1:") && why.contains("mend the file"), "{why}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "good = \n");
    }

    #[test]
    fn two_sessions_share_a_history_that_nobody_else_reads() {
        let directory = tempfile::tempdir().unwrap();
        let files = files(directory.path());
        for query in ["is:new", "web", "is:new"] {
            files.write_query(query).unwrap();
        }
        let path = files.history.clone().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "web\nis:new\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(files.load(&mut vec![]).history, ["web", "is:new"]);
    }
}
