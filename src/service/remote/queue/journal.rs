//! The file: a line for each change, `CHECKSUM JSON`, on the disk before anything is said. Several driftguards write to it, each
//! under the lock; each reads it anew, for it is short: it is emptied when nothing waits.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::entry::{Entry, Record, apply};
use crate::store::{private_dir, private_file, sync_dir};

/// Bytes of a queue that is read at most: a thousand times what a day of work leaves.
const MOST: u64 = 256 << 20;

/// Where decisions wait.
#[derive(Clone, Debug)]
pub struct Journal {
    dir: PathBuf,
}

/// What a journal holds.
#[derive(Debug, Default)]
pub struct Held {
    pub entries: Vec<Entry>,
    /// Lines that cannot be read; the end of the last one is no damage, for it was never acknowledged.
    pub damaged: usize,
    /// Bytes of whole lines.
    whole: u64,
}

/// As long as it lives nobody else sends.
pub struct Sending(#[expect(dead_code, reason = "the lock is the open file")] File);

impl Journal {
    /// # Errors
    /// When the directory cannot be made, or is not ours.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        private_dir(&dir).map_err(io::Error::other)?;
        Ok(Self { dir })
    }

    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> io::Result<Held> {
        read(&mut self.locked()?)
    }

    /// Makes the changes that `decide` derives from what waits now; durable when it returns, or not made at all.
    ///
    /// # Errors
    /// When it cannot be written: the disk is full.
    pub fn change(&self, decide: impl FnOnce(&[Entry]) -> Vec<Record>) -> io::Result<Vec<Entry>> {
        let mut file = self.locked()?;
        let mut held = read(&mut file)?;
        let records = decide(&held.entries);
        if records.is_empty() {
            return Ok(held.entries);
        }
        let line = line(&records)?;
        // The end of a line that was never finished goes.
        file.set_len(held.whole)?;
        file.seek(SeekFrom::Start(held.whole))?;
        if let Err(error) = file.write_all(&line).and_then(|()| file.sync_data()) {
            // What was not acknowledged must not be sent by the next who reads it.
            file.set_len(held.whole).and_then(|()| file.sync_data())?;
            return Err(error);
        }
        records.into_iter().for_each(|record| apply(&mut held.entries, record));
        if held.entries.is_empty() {
            self.empty(&file, held.damaged)?;
        }
        Ok(held.entries)
    }

    /// Nothing waits. What cannot be read is set aside, for it may be somebody's decision.
    fn empty(&self, file: &File, damaged: usize) -> io::Result<()> {
        if damaged > 0 {
            let aside = self.dir.join(format!("damaged-{}", jiff::Timestamp::now().as_second()));
            fs::copy(self.path(), aside)?;
        }
        file.set_len(0)?;
        file.sync_data()
    }

    /// The right to send; `None` as long as another driftguard has it.
    ///
    /// # Errors
    /// When there is no lock to be had here.
    pub fn sending(&self) -> io::Result<Option<Sending>> {
        let file = private_file(&self.dir.join("sending"))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Sending(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.join("decisions")
    }

    /// Locked as long as it is open.
    fn locked(&self) -> io::Result<File> {
        let path = self.path();
        let is_new = !path.exists();
        let file = private_file(&path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        if is_new {
            sync_dir(&self.dir)?;
        }
        Ok(file)
    }
}

/// How many decisions wait in the queues below `dir`, of whatever server.
pub fn count(dir: &Path) -> usize {
    let Ok(queues) = fs::read_dir(dir) else { return 0 };
    let journals = queues.flatten().map(|queue| Journal { dir: queue.path() });
    let held = journals.filter(|journal| journal.path().exists()).filter_map(|journal| journal.read().ok());
    held.flat_map(|held| held.entries).map(|entry| entry.parts.len()).sum()
}

fn read(file: &mut File) -> io::Result<Held> {
    if file.metadata()?.len() > MOST {
        return Err(io::Error::other("the queue of decisions is larger than any could be"));
    }
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    let mut held = Held::default();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else { break };
        held.whole += line.len() as u64 + 1;
        match records(line) {
            Some(records) => records.into_iter().for_each(|record| apply(&mut held.entries, record)),
            None => held.damaged += 1,
        }
    }
    Ok(held)
}

fn line(records: &[Record]) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(records)?;
    let mut line = checksum(&json).into_bytes();
    line.push(b' ');
    line.extend(json);
    line.push(b'\n');
    Ok(line)
}

fn records(line: &[u8]) -> Option<Vec<Record>> {
    let (sum, json) = line.split_at_checked(16)?;
    let json = json.strip_prefix(b" ")?;
    (sum == checksum(json).as_bytes()).then(|| serde_json::from_slice(json).ok())?
}

fn checksum(json: &[u8]) -> String {
    blake3::hash(json).to_hex()[..16].to_owned()
}
