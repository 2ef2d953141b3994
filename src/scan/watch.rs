//! Notices that a source file was edited, replaced, made or removed.
//!
//! The directories of the files are watched, not the files: an editor or `terraform` replaces a file by renaming another one
//! over it, and a watch on the old file would go blind. Where the kernel cannot watch (limits, network file systems), the files
//! are looked at once a second instead.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

const POLL_EVERY: Duration = Duration::from_secs(1);

/// Called on a thread of the watcher; must return at once.
pub type OnChange = Arc<dyn Fn() + Send + Sync>;

type Followed = Arc<RwLock<BTreeSet<PathBuf>>>;

/// Watches the files it is told to follow. Stops when dropped.
pub struct FileWatch {
    followed: Followed,
    directories: BTreeSet<PathBuf>,
    means: Means,
    on_change: OnChange,
}

enum Means {
    Kernel(RecommendedWatcher),
    /// Dropping the sender ends the thread.
    Polling {
        _stop: Sender<()>,
    },
}

impl FileWatch {
    /// Uses what the kernel offers, or polls. The second value says so when it polls.
    pub fn new(on_change: OnChange) -> (Self, Option<String>) {
        let followed = Followed::default();
        let (handler_files, tell) = (Arc::clone(&followed), Arc::clone(&on_change));
        let handler = move |event: notify::Result<Event>| {
            if event.map_or(true, |e| concerns(&e, &handler_files)) {
                tell();
            }
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => {
                (Self { followed, directories: BTreeSet::new(), means: Means::Kernel(watcher), on_change }, None)
            }
            Err(error) => {
                let watch = Self::polling(followed, on_change);
                (watch, Some(polling_notice(&error)))
            }
        }
    }

    /// A watch that looks at the files once a second.
    fn polling(followed: Followed, on_change: OnChange) -> Self {
        let means = poll(Arc::clone(&followed), Arc::clone(&on_change));
        Self { followed, directories: BTreeSet::new(), means, on_change }
    }

    /// Follows exactly these files and directories (of a directory: its entries) from now on. Calls `on_change` when one that
    /// was not followed yet changed at or after `since`, because its change may have been missed. Says so when it begins to poll.
    pub fn follow(&mut self, paths: &[PathBuf], since: SystemTime) -> Option<String> {
        let wanted: BTreeSet<PathBuf> = paths.iter().flat_map(|p| spellings(p)).collect();
        let new: Vec<PathBuf> = wanted.difference(&read(&self.followed)).cloned().collect();
        let directories: BTreeSet<PathBuf> = wanted.iter().filter_map(|p| directory_of(p)).collect();
        *self.followed.write().unwrap_or_else(PoisonError::into_inner) = wanted;
        let notice = self.watch_directories(directories);
        if new.iter().any(|path| modified(path).is_some_and(|at| at >= since)) {
            (self.on_change)();
        }
        notice
    }

    fn watch_directories(&mut self, wanted: BTreeSet<PathBuf>) -> Option<String> {
        let Means::Kernel(watcher) = &mut self.means else { return None };
        for gone in self.directories.difference(&wanted) {
            // A directory that was removed is not watched any more anyway.
            let _ = watcher.unwatch(gone);
        }
        // Again for those that are watched: a directory that was replaced needs a new watch.
        let result = wanted.iter().try_for_each(|d| watcher.watch(d, RecursiveMode::NonRecursive));
        self.directories = wanted;
        let error = result.err()?;
        self.means = poll(Arc::clone(&self.followed), Arc::clone(&self.on_change));
        Some(polling_notice(&error))
    }
}

fn polling_notice(error: &notify::Error) -> String {
    format!("files cannot be watched ({error}); looking at them once a second instead")
}

fn read(followed: &Followed) -> std::sync::RwLockReadGuard<'_, BTreeSet<PathBuf>> {
    followed.read().unwrap_or_else(PoisonError::into_inner)
}

/// The path as it was given, and the file it leads to.
fn spellings(path: &Path) -> Vec<PathBuf> {
    let given = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let target = given.canonicalize().ok().filter(|t| *t != given);
    std::iter::once(given).chain(target).collect()
}

/// The nearest directory that exists: its entries tell when the rest appears.
fn directory_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|p| p.is_dir()).map(Path::to_owned)
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|m| m.modified()).ok()
}

/// Whether the event is about a followed file, an entry of a followed directory, or something above them. Reading a file is
/// no change; without this a scan would start the next one.
fn concerns(event: &Event, followed: &Followed) -> bool {
    let kind = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let followed = read(followed);
    let hit = |path: &PathBuf| {
        let entry = path.parent().is_some_and(|p| followed.contains(p)) && !is_hidden(path);
        entry || followed.range::<PathBuf, _>(path..).next().is_some_and(|f| f.starts_with(path))
    };
    kind && (event.need_rescan() || event.paths.iter().any(hit))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."))
}

fn poll(followed: Followed, on_change: OnChange) -> Means {
    let (stop, stopped) = channel::<()>();
    std::thread::spawn(move || {
        let look = || -> Vec<_> { read(&followed).iter().map(|p| (p.clone(), trace_of(p))).collect() };
        let mut last = look();
        while stopped.recv_timeout(POLL_EVERY) == Err(RecvTimeoutError::Timeout) {
            let now = look();
            let same_files = now.len() == last.len() && now.iter().zip(&last).all(|(a, b)| a.0 == b.0);
            if same_files && now != last {
                on_change();
            }
            last = now;
        }
    });
    Means::Polling { _stop: stop }
}

/// What changes when a file is edited, replaced or given other permissions.
fn trace_of(path: &Path) -> Option<(SystemTime, u64, u64, u32)> {
    use std::os::unix::fs::MetadataExt;
    let meta = path.metadata().ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino(), meta.mode()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::Receiver;

    use super::*;

    fn signal() -> (OnChange, Receiver<()>) {
        let (tell, told) = channel();
        let tell = std::sync::Mutex::new(tell);
        (Arc::new(move || drop(tell.lock().map(|t| t.send(())))), told)
    }

    /// Long enough for a busy machine; a test that holds returns at once.
    fn hears(told: &Receiver<()>) -> bool {
        let heard = told.recv_timeout(Duration::from_secs(20)).is_ok();
        while told.recv_timeout(Duration::from_millis(50)).is_ok() {}
        heard
    }

    fn sees_everything(mut watch: FileWatch, told: &Receiver<()>) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("terraform.tfstate");
        fs::write(&file, "1").unwrap();
        let _ = watch.follow(std::slice::from_ref(&file), SystemTime::now() + Duration::from_secs(60));
        // A poller has to see the file once before it can see a change.
        std::thread::sleep(POLL_EVERY + Duration::from_millis(300));
        while told.try_recv().is_ok() {}
        fs::write(&file, "22").unwrap();
        assert!(hears(told), "an edit");
        fs::write(dir.path().join("new"), "333").unwrap();
        fs::rename(dir.path().join("new"), &file).unwrap();
        assert!(hears(told), "a replacement by rename");
        fs::remove_file(&file).unwrap();
        assert!(hears(told), "a removal");
        fs::write(&file, "1").unwrap();
        assert!(hears(told), "the file is back");
    }

    #[test]
    fn an_edit_a_replacement_and_a_removal_are_noticed() {
        let (tell, told) = signal();
        let (watch, _) = FileWatch::new(tell);
        sees_everything(watch, &told);
    }

    #[test]
    fn polling_notices_the_same() {
        let (tell, told) = signal();
        let watch = FileWatch::polling(Followed::default(), tell);
        sees_everything(watch, &told);
    }

    #[test]
    fn neither_reading_nor_a_neighbour_is_a_change() {
        let followed: Followed = Arc::new(RwLock::new(BTreeSet::from(["/a/state".into(), "/b/dir".into()])));
        let event = |kind, path: &str| Event::new(kind).add_path(path.into());
        let write = EventKind::Modify(notify::event::ModifyKind::Any);
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(concerns(&event(write, "/a/state"), &followed));
        assert!(!concerns(&event(open, "/a/state"), &followed));
        assert!(!concerns(&event(write, "/a/other"), &followed));
        assert!(concerns(&event(write, "/b/dir/any"), &followed));
        assert!(!concerns(&event(write, "/b/dir/.any.swp"), &followed));
        assert!(concerns(&event(write, "/a"), &followed), "the directory itself came or went");
    }

    #[test]
    fn a_change_before_the_first_look_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        let scan_began = SystemTime::now() - Duration::from_secs(1);
        fs::write(&file, "edited while the first scan ran").unwrap();
        let (tell, told) = signal();
        let (mut watch, _) = FileWatch::new(tell);
        let _ = watch.follow(&[file], scan_began);
        assert!(told.try_recv().is_ok());
    }
}
