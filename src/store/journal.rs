//! The journal: what people decided, append-only, checksummed, chained by hash, synced before anything else is written.
//!
//! `journal/000001.dgj`, … hold frames, big-endian, one after another:
//! `magic "DGJ1" | payload length u32 | seq u64 | payload crc32c u32 | BLAKE3 of the previous frame [32] | header crc32c u32 | payload`.
//! The header has a checksum of its own, so that a frame cut short by a crash can be told from one that was damaged: only the
//! first is dropped, at the very end of the last file; everything else stops the store and is reported.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::files::{io_at, private_dir, private_file, sync_dir};
use super::probe::{Probe, Step};

const MAGIC: [u8; 4] = *b"DGJ1";
const HEADER: usize = 56;
/// A file that has reached this is closed and the next one begun.
const ROTATE_AT: u64 = 16 << 20;

/// Is given number and payload of every good frame.
pub(super) type Each<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), StoreError>;

/// The end of the journal, where it grows.
pub(super) struct Journal {
    dir: PathBuf,
    file: File,
    number: u32,
    length: u64,
    rotate_at: u64,
    tip: Tip,
    probe: Probe,
    /// After a failed sync nobody knows what is on the disk: nothing more is appended.
    broken: bool,
}

/// The last frame: what the next one continues.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tip {
    pub(super) seq: u64,
    hash: [u8; 32],
}

/// An entry that is to follow in a chain: its payload, and what the chain ends in then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    pub(super) payload: Vec<u8>,
    /// Of the entry before.
    pub(super) previous: [u8; 32],
    pub(super) tip: Tip,
}

impl Tip {
    pub(super) fn new(seq: u64, hash: [u8; 32]) -> Self {
        Self { seq, hash }
    }

    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The entry that follows, hashed as in a file.
    pub(super) fn followed_by(self, payload: Vec<u8>) -> Result<Frame, StoreError> {
        let hash = *blake3::hash(&frame(self, &payload)?).as_bytes();
        Ok(Frame { payload, previous: self.hash, tip: Self { seq: self.seq + 1, hash } })
    }
}

/// Where a chain of frames ended, and whether what follows is the torn rest of an append.
struct Chain {
    tip: Tip,
    good: usize,
    torn: bool,
}

impl Journal {
    /// Opens for appending. Every frame is checked and given to `each`; returns how many torn bytes were cut off.
    pub(super) fn open(store: &Path, probe: Probe, each: Each<'_>) -> Result<(Self, u64), StoreError> {
        let dir = store.join("journal");
        private_dir(&dir)?;
        sync_dir(store).map_err(io_at(store))?;
        let (tip, last) = walk(&dir, each)?;
        let (number, good) = last.unwrap_or((1, 0));
        let path = file_path(&dir, number);
        let is_new = !path.exists();
        let mut file = private_file(&path).map_err(io_at(&path))?;
        let length = file.seek(SeekFrom::End(0)).map_err(io_at(&path))?;
        if length > good {
            file.set_len(good).and_then(|()| file.sync_all()).map_err(io_at(&path))?;
        }
        if is_new {
            sync_dir(&dir).map_err(io_at(&dir))?;
        }
        let torn = length.saturating_sub(good);
        let journal = Self { dir, file, number, length: good, rotate_at: ROTATE_AT, tip, probe, broken: false };
        Ok((journal, torn))
    }

    /// The number the next frame gets.
    pub(super) fn next_seq(&self) -> u64 {
        self.tip.seq + 1
    }

    /// Appends all payloads, the first with [`Journal::next_seq`]. They are on the disk when this returns; after an error
    /// none of them counts.
    pub(super) fn append(&mut self, payloads: &[Vec<u8>]) -> Result<(), StoreError> {
        if self.broken {
            return Err(StoreError::ReadOnly("the journal could not be written; open the store again".into()));
        }
        if self.length >= self.rotate_at {
            self.rotate()?;
        }
        let mut tip = self.tip;
        let mut bytes = Vec::new();
        for payload in payloads {
            let frame = frame(tip, payload)?;
            tip = Tip { seq: tip.seq + 1, hash: *blake3::hash(&frame).as_bytes() };
            bytes.extend_from_slice(&frame);
        }
        match self.write_and_sync(&bytes) {
            Ok(()) => {
                self.tip = tip;
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(source) => {
                // What was half written must not come back at the next start.
                self.broken = self.file.set_len(self.length).and_then(|()| self.file.sync_all()).is_err();
                Err(StoreError::Io { path: file_path(&self.dir, self.number), source })
            }
        }
    }

    fn write_and_sync(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.probe.at(Step::JournalWrite)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)?;
        self.probe.at(Step::JournalSync)?;
        self.file.sync_data()
    }

    fn rotate(&mut self) -> Result<(), StoreError> {
        let path = file_path(&self.dir, self.number + 1);
        let file = private_file(&path).map_err(io_at(&path))?;
        sync_dir(&self.dir).map_err(io_at(&self.dir))?;
        (self.file, self.number, self.length) = (file, self.number + 1, 0);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn set_rotation(&mut self, at: u64) {
        self.rotate_at = at;
    }
}

/// Reads and checks the whole journal without changing it; a torn end is passed over. Returns the last number.
pub(super) fn read(store: &Path, each: Each<'_>) -> Result<u64, StoreError> {
    walk(&store.join("journal"), each).map(|(tip, _)| tip.seq)
}

/// Bytes of an unfinished write at the journal's end. One that is being written right now is none: its end moves.
pub(super) fn torn(store: &Path) -> Result<u64, StoreError> {
    let dir = store.join("journal");
    let look = || -> Result<Option<(u32, u64, u64)>, StoreError> {
        let Some((number, good)) = walk(&dir, &mut |_, _| Ok(()))?.1 else { return Ok(None) };
        let path = file_path(&dir, number);
        let length = fs::metadata(&path).map_err(io_at(&path))?.len();
        Ok((length > good).then_some((number, good, length)))
    };
    let Some(first) = look()? else { return Ok(0) };
    std::thread::sleep(std::time::Duration::from_millis(200));
    Ok(look()?.filter(|again| *again == first).map_or(0, |(_, good, length)| length - good))
}

fn file_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}.dgj"))
}

/// Every file in order. Returns the tip, and number and good length of the last file.
#[allow(clippy::type_complexity)]
fn walk(dir: &Path, each: Each<'_>) -> Result<(Tip, Option<(u32, u64)>), StoreError> {
    let files = numbers(dir)?;
    let mut tip = Tip::default();
    let mut last = None;
    for (position, &number) in files.iter().enumerate() {
        let path = file_path(dir, number);
        if number as usize != position + 1 {
            return Err(damaged(&path, 0, "a file of the journal before it is missing"));
        }
        let bytes = fs::read(&path).map_err(io_at(&path))?;
        let chain = check(&path, &bytes, tip, each)?;
        // A file is begun only when the one before it is whole.
        if chain.torn && position + 1 != files.len() {
            return Err(damaged(&path, chain.good, "the frame is cut short, but the journal goes on"));
        }
        tip = chain.tip;
        last = Some((number, chain.good as u64));
    }
    Ok((tip, last))
}

fn numbers(dir: &Path) -> Result<Vec<u32>, StoreError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_at(dir))? {
        let name = entry.map_err(io_at(dir))?.file_name();
        if let Some(number) = name.to_str().and_then(|n| n.strip_suffix(".dgj")).and_then(|n| n.parse().ok()) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn check(path: &Path, bytes: &[u8], mut tip: Tip, each: Each<'_>) -> Result<Chain, StoreError> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        // Space that was given to the file but never written reads as zeros.
        if rest.len() < HEADER || rest.iter().all(|b| *b == 0) {
            return Ok(Chain { tip, good: at, torn: true });
        }
        let header = &rest[..HEADER];
        if header[..4] != MAGIC || word(&header[52..]) != crc32c::crc32c(&header[..52]) {
            return Err(damaged(path, at, "the header does not match its checksum"));
        }
        let Some(payload) = rest.get(HEADER..HEADER + word(&header[4..]) as usize) else {
            return Ok(Chain { tip, good: at, torn: true });
        };
        let seq = u64::from(word(&header[8..])) << 32 | u64::from(word(&header[12..]));
        if word(&header[16..]) != crc32c::crc32c(payload) {
            return Err(damaged(path, at, "the payload does not match its checksum"));
        }
        if seq != tip.seq + 1 || header[20..52] != tip.hash {
            return Err(damaged(path, at, "the frame does not continue the one before it"));
        }
        each(seq, payload)?;
        let end = at + HEADER + payload.len();
        tip = Tip { seq, hash: *blake3::hash(&bytes[at..end]).as_bytes() };
        at = end;
    }
    Ok(Chain { tip, good: at, torn: false })
}

fn frame(tip: Tip, payload: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(payload.len()).map_err(|_| StoreError::Invalid("the decision is too large".into()))?;
    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&(tip.seq + 1).to_be_bytes());
    frame.extend_from_slice(&crc32c::crc32c(payload).to_be_bytes());
    frame.extend_from_slice(&tip.hash);
    frame.extend_from_slice(&crc32c::crc32c(&frame).to_be_bytes());
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// The first four bytes; the caller has checked that they are there.
fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |b| u32::from_be_bytes(*b))
}

fn damaged(path: &Path, at: usize, what: &str) -> StoreError {
    StoreError::Damaged { tree: format!("{} at byte {at}", path.display()), detail: what.into() }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
