//! One writer at a time, and a name for it: `<store>.lock` beside the store says who holds it.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::files::{io_at, private_file};
use super::{Holder, StoreError};

/// So long this very process may take to let go.
const LETTING_GO: Duration = Duration::from_secs(1);

/// Held as long as it lives; the kernel lets go when the process dies, however it dies.
pub(super) struct StoreLock {
    _file: File,
}

/// `<store>.lock`.
pub(super) fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    store.with_file_name(name)
}

impl StoreLock {
    /// Takes the lock, or says who has it.
    pub(super) fn take(store: &Path) -> Result<Self, StoreError> {
        let path = lock_path(store);
        let mut file = private_file(&path).map_err(io_at(&path))?;
        match lock_patiently(&mut file) {
            Ok(None) => {}
            Ok(Some(holder)) => return Err(StoreError::Held { path: store.to_owned(), holder: Box::new(holder) }),
            Err(source) => return Err(StoreError::Io { path, source }),
        }
        // Who holds it is a courtesy: a full disk must not keep the store shut.
        let _ = write_holder(&mut file);
        Ok(Self { _file: file })
    }
}

/// Who has it, if it cannot be had. A process that has let go of it may hold it a moment longer: a program that it is about to
/// start has the lock too, until it runs.
fn lock_patiently(file: &mut File) -> std::io::Result<Option<Holder>> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        let holder = read_holder(file);
        if holder.pid != std::process::id() || begun.elapsed() > LETTING_GO {
            return Ok(Some(holder));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    let uname = rustix::system::uname();
    let holder = Holder {
        pid: std::process::id(),
        host: uname.nodename().to_string_lossy().into_owned(),
        tty: rustix::termios::ttyname(std::io::stdin(), Vec::new()).ok().map(|t| t.to_string_lossy().into_owned()),
        since: Timestamp::now(),
    };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(&holder)?)
}

/// The holder writes its name just after it has the lock, so a first look may come too early.
fn read_holder(file: &mut File) -> Holder {
    for _ in 0..20 {
        let mut text = String::new();
        if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_ok()
            && let Ok(holder) = serde_json::from_str(&text)
        {
            return holder;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Holder { pid: 0, host: "an unknown host".into(), tty: None, since: Timestamp::UNIX_EPOCH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lets_go_in_a_moment_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let first = StoreLock::take(&store).unwrap();
        let letting_go = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(first);
        });
        StoreLock::take(&store).unwrap();
        letting_go.join().unwrap();
    }

    #[test]
    fn the_second_one_is_told_who_holds_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let first = StoreLock::take(&store).unwrap();
        match StoreLock::take(&store) {
            Err(StoreError::Held { holder, .. }) => assert_eq!(holder.pid, std::process::id()),
            other => panic!("expected Held, got {:?}", other.err()),
        }
        drop(first);
        StoreLock::take(&store).unwrap();
    }
}
