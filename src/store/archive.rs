//! The archive: what upkeep throws away is written here first. `2026-11.jsonl.zst` has what was thrown away in that month, a zstd
//! frame with its checksum for each step, and in it one record a line, as in an export. A frame is on the disk before what it holds
//! leaves the store; a crash in between leaves that in both, and whoever reads drops doubles. Plain `zstd -dc` reads it too.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::StoreError;
use super::files::{io_at, is_full, private_dir, private_file, sync_dir};
use super::probe::{Probe, Step};

const EXTENSION: &str = ".jsonl.zst";
const LEVEL: i32 = 3;
/// No step of ours comes near it; a damaged frame must not ask for all memory.
const FRAME_MAX: u64 = 1 << 30;

/// Where what is thrown away goes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Archiving {
    /// `archive/` in the store's directory. A database has none: there nothing is archived.
    #[default]
    Auto,
    Off,
    /// A directory, in which each organisation has its own.
    At(PathBuf),
}

/// The end of an archive, where it grows; opened with the first thing that is thrown away.
pub(super) struct Archive {
    dir: PathBuf,
    probe: Probe,
    open: Option<Open>,
}

/// The file of a month, held alone: another process that throws away waits.
struct Open {
    path: PathBuf,
    file: File,
    end: u64,
}

impl Archive {
    pub(super) fn new(dir: PathBuf, probe: Probe) -> Self {
        Self { dir, probe, open: None }
    }

    /// Appends lines in one frame. They are on the disk when this returns; after an error none of them counts, and nothing of them
    /// may be thrown away.
    pub(super) fn append(&mut self, now: Timestamp, lines: &[u8]) -> Result<(), StoreError> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.dir.join(format!("{}{EXTENSION}", now.strftime("%Y-%m")));
        let appended = self.try_append(&path, lines);
        appended.map_err(|error| {
            self.open = None;
            refused(&path, error)
        })
    }

    fn try_append(&mut self, path: &Path, lines: &[u8]) -> Result<(), StoreError> {
        let failed = || io_at(path);
        let mut open = match self.open.take().filter(|open| open.path == path) {
            Some(open) => open,
            None => Open::new(&self.dir, path)?,
        };
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), LEVEL).map_err(failed())?;
        packer.include_checksum(true).map_err(failed())?;
        packer.write_all(lines).map_err(failed())?;
        let frame = packer.finish().map_err(failed())?;
        let written = open.write(&frame, &self.probe);
        if written.is_err() {
            // What was half written is cut off again, now or by whoever opens it next.
            let _ = open.file.set_len(open.end);
        }
        written.map_err(failed())?;
        open.end += frame.len() as u64;
        self.open = Some(open);
        Ok(())
    }
}

impl Open {
    /// A frame that a crash cut short is cut off.
    fn new(dir: &Path, path: &Path) -> Result<Self, StoreError> {
        private_dir(dir)?;
        let is_new = !path.exists();
        let file = private_file(path).map_err(io_at(path))?;
        file.lock().map_err(io_at(path))?;
        if is_new {
            sync_dir(dir).and_then(|()| dir.parent().map_or(Ok(()), sync_dir)).map_err(io_at(dir))?;
        }
        let end = frames(path, &mut |_| Ok(()))?;
        if file.metadata().map_err(io_at(path))?.len() > end {
            file.set_len(end).map_err(io_at(path))?;
        }
        Ok(Self { path: path.to_owned(), file, end })
    }

    fn write(&mut self, frame: &[u8], probe: &Probe) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        probe.at(Step::ArchiveWrite)?;
        self.file.write_all(frame)?;
        probe.at(Step::ArchiveSync)?;
        self.file.sync_all()
    }
}

fn refused(path: &Path, error: StoreError) -> StoreError {
    let kept = "what was to be thrown away stays in the store";
    let shown = path.display();
    match error {
        StoreError::Io { source, .. } if is_full(&source) => StoreError::Full(format!(
            "{shown}: the disk is full, so the archive cannot be written and {kept}; make room there, or set `archive` to \
             another directory"
        )),
        StoreError::Io { source, .. } => StoreError::Invalid(format!(
            "{shown}: the archive cannot be written ({source}), and {kept}; set `archive` to a directory that can be, or to off"
        )),
        other => StoreError::Invalid(format!("{other}; {kept}")),
    }
}

/// The files of an archive, the oldest month first.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries.map_err(io_at(dir))?,
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(EXTENSION)));
    files.sort();
    Ok(files)
}

/// Gives the text of each whole frame; returns where the last of them ends. What a crash cut short at the end is passed over.
///
/// # Errors
/// [`StoreError::Damaged`] for a frame that is not what was written.
pub(super) fn frames(path: &Path, each: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>) -> Result<u64, StoreError> {
    let file = File::open(path).map_err(io_at(path))?;
    let mut input = Counted { input: BufReader::new(file), at: 0 };
    loop {
        let start = input.at;
        if input.fill_buf().map_err(io_at(path))?.is_empty() {
            return Ok(start);
        }
        let mut text = Vec::new();
        let read = zstd::stream::read::Decoder::with_buffer(&mut input)
            .and_then(|decoder| decoder.single_frame().take(FRAME_MAX).read_to_end(&mut text));
        match read {
            Ok(_) => each(&text)?,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof || is_blank(path, start) => return Ok(start),
            Err(error) => {
                let tree = format!("{} at byte {start}", path.display());
                return Err(StoreError::Damaged { tree, detail: format!("the archive does not read: {error}") });
            }
        }
    }
}

/// Space that was given to the file but never written reads as zeros.
fn is_blank(path: &Path, from: u64) -> bool {
    let rest = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = BufReader::new(file).bytes();
        bytes.try_fold(true, |blank, byte| Ok(blank && byte? == 0))
    });
    rest.unwrap_or(false)
}

/// Knows how far it was read.
struct Counted<R> {
    input: R,
    at: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount as u64;
        self.input.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &Path) -> Vec<String> {
        let mut texts = Vec::new();
        frames(path, &mut |text| {
            texts.push(String::from_utf8(text.to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        texts
    }

    #[test]
    fn wherever_an_append_is_cut_the_frames_before_it_stay_and_the_next_one_follows_them() {
        let dir = tempfile::tempdir().unwrap();
        let at: Timestamp = "2026-11-30T23:59:59Z".parse().unwrap();
        let open = || Archive::new(dir.path().join("archive"), Probe::default());
        let mut archive = open();
        archive.append(at, b"one\n").unwrap();
        archive.append(at, b"two\n").unwrap();
        drop(archive);
        let path = dir.path().join("archive/2026-11.jsonl.zst");
        let whole = fs::read(&path).unwrap();
        assert_eq!(texts(&path), ["one\n", "two\n"]);
        let first = whole.len() / 2;
        for cut in first..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(texts(&path), ["one\n"], "cut at {cut}");
            open().append(at, b"three\n").unwrap();
            assert_eq!(texts(&path), ["one\n", "three\n"], "cut at {cut}");
        }
        fs::write(&path, [&whole[..], &[0; 512]].concat()).unwrap();
        open().append(at, b"three\n").unwrap();
        assert_eq!(texts(&path), ["one\n", "two\n", "three\n"]);
    }

    #[test]
    fn a_damaged_archive_is_neither_read_past_nor_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let mut archive = Archive::new(dir.path().to_owned(), Probe::default());
        archive.append(at, b"one\n").unwrap();
        archive.append(at, b"two\n").unwrap();
        drop(archive);
        let path = files(dir.path()).unwrap().remove(0);
        let mut bytes = fs::read(&path).unwrap();
        bytes[6] ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(frames(&path, &mut |_| Ok(())), Err(StoreError::Damaged { .. })));
        let error = Archive::new(dir.path().to_owned(), Probe::default()).append(at, b"three\n").unwrap_err();
        assert!(error.to_string().contains("stays in the store"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
