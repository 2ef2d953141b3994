//! Keeps drafts in files of the user's own beside the store, one a draft, so that two sessions never overwrite each other. On
//! a thread of its own: a slow disk must not hold a key.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc::UnboundedSender;

use crate::tui::app::Msg;
use crate::tui::app::drafts::Draft;

/// So long nothing is typed before it is written, and at most so long it waits while typing goes on.
const PAUSE: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(2);
/// Older drafts are removed when they are met.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A draft is a few lines; a larger file is none.
const MAX_BYTES: u64 = 64 * 1024;

/// Writes drafts until it is dropped; dropping it writes what is still to be written.
#[derive(Default)]
pub struct Keeper {
    queue: Option<Sender<Vec<Draft>>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// What earlier sessions left arrives at `inbox`. Without a directory nothing is kept.
    pub fn start(directory: Option<PathBuf>, actor: &str, inbox: UnboundedSender<Msg>) -> Self {
        let Some(directory) = directory else { return Self::default() };
        let files = Files { directory, prefix: short_hash(actor.as_bytes()), on_disk: BTreeMap::new() };
        let (queue, drafts) = channel();
        let thread = std::thread::Builder::new().name("drafts".into()).spawn(move || work(files, &drafts, &inbox));
        // Without a thread nothing is kept, and nobody reads the queue.
        Self { queue: thread.is_ok().then_some(queue), thread: thread.ok() }
    }

    /// These are all there are now.
    pub fn keep(&self, drafts: Vec<Draft>) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(drafts);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(mut files: Files, queue: &Receiver<Vec<Draft>>, inbox: &UnboundedSender<Msg>) {
    let _ = inbox.send(Msg::Drafts(files.load(Timestamp::now())));
    let mut told = false;
    while let Ok(mut drafts) = queue.recv() {
        let end = Instant::now() + LONGEST;
        while let Ok(newer) = queue.recv_timeout(PAUSE.min(end.saturating_duration_since(Instant::now()))) {
            drafts = newer;
        }
        let Err(error) = files.write(drafts) else { continue };
        let directory = files.directory.display();
        let words = format!("what you type would be lost with the connection: {directory} cannot be written: {error}");
        if !std::mem::replace(&mut told, true) {
            let _ = inbox.send(Msg::Broken(crate::safety::sanitise::line(&words)));
        }
    }
}

struct Files {
    directory: PathBuf,
    /// Of this person's files: several may share a store under one account.
    prefix: String,
    on_disk: BTreeMap<String, Draft>,
}

impl Files {
    fn load(&mut self, now: Timestamp) -> Vec<Draft> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return vec![] };
        for entry in entries.flatten() {
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let Some(draft) = name.starts_with(&self.prefix).then(|| read::<Draft>(&entry.path())).flatten() else {
                continue;
            };
            if now.duration_since(draft.at) > LIFE {
                let _ = fs::remove_file(entry.path());
            } else {
                self.on_disk.insert(name, draft);
            }
        }
        let mut drafts: Vec<Draft> = self.on_disk.values().cloned().collect();
        drafts.sort_by_key(|draft| draft.at);
        drafts
    }

    fn name(&self, draft: &Draft) -> String {
        // A key is plain data: it can always be written.
        let key = serde_json::to_vec(&draft.key).unwrap_or_default();
        format!("{}-{}.json", self.prefix, short_hash(&key))
    }

    /// Brings the directory to this list; only files this session knows are removed.
    fn write(&mut self, drafts: Vec<Draft>) -> io::Result<()> {
        let wanted: BTreeMap<String, Draft> = drafts.into_iter().map(|draft| (self.name(&draft), draft)).collect();
        for (name, draft) in wanted.iter().filter(|(name, draft)| self.on_disk.get(*name) != Some(draft)) {
            write(&self.directory, name, draft)?;
        }
        for name in self.on_disk.keys().filter(|name| !wanted.contains_key(*name)) {
            match fs::remove_file(self.directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.on_disk = wanted;
        Ok(())
    }
}

/// `None` for what is no file of ours: another user's file, a link, a file of another form.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags).ok()?).open(path).ok()?;
    let meta = file.metadata().ok()?;
    let ours = meta.is_file() && meta.uid() == rustix::process::geteuid().as_raw() && meta.len() <= MAX_BYTES;
    let mut bytes = vec![];
    ours.then(|| file.take(MAX_BYTES).read_to_end(&mut bytes).ok()).flatten()?;
    serde_json::from_slice(&bytes).ok()
}

/// 0600 in a directory of 0700 whatever the umask; a crash leaves the old or the new file.
pub(super) fn write<T: Serialize>(directory: &Path, name: &str, draft: &T) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let meta = fs::symlink_metadata(directory)?;
    if !meta.is_dir() || meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a directory of yours"));
    }
    let mode = Permissions::from_mode(0o600);
    let mut file = tempfile::Builder::new().prefix(".tmp-").permissions(mode).tempfile_in(directory)?;
    file.write_all(&serde_json::to_vec(draft)?)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name)).map_err(|error| error.error)?;
    Ok(())
}

fn short_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::drafts::DraftKey;

    fn draft(text: &str, at: Timestamp) -> Draft {
        Draft { key: DraftKey::FILTER, at, fields: vec![text.into()] }
    }

    fn files(directory: &Path, actor: &str) -> Files {
        let prefix = short_hash(actor.as_bytes());
        Files { directory: directory.to_owned(), prefix, on_disk: BTreeMap::new() }
    }

    #[test]
    fn a_draft_is_private_to_its_person_and_gone_when_it_is_no_longer_wanted() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("store.drafts");
        let now = Timestamp::now();
        files(&directory, "alice").write(vec![draft("half a wo", now)]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
        assert_eq!(files(&directory, "bob").load(now), vec![]);
        let mut next = files(&directory, "alice");
        assert_eq!(next.load(now), vec![draft("half a wo", now)]);
        next.write(vec![]).unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn old_drafts_links_and_other_files_are_not_offered() {
        let home = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let mut kept = files(home.path(), "alice");
        kept.write(vec![draft("x", now)]).unwrap();
        assert!(files(home.path(), "alice").load(now + LIFE + SignedDuration::from_secs(1)).is_empty());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "it is removed when it is met");
        let name = |n: u32| home.path().join(format!("{}-{n}.json", kept.prefix));
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        fs::write(elsewhere.path(), serde_json::to_vec(&draft("stolen", now)).unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), name(1)).unwrap();
        fs::write(name(2), "no json").unwrap();
        fs::write(name(3), vec![b' '; 100_000]).unwrap();
        assert_eq!(files(home.path(), "alice").load(now), vec![]);
    }
}
