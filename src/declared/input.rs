//! Reading files: plain or gzip, streamed through the [`Splitter`], with errors in words for people.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::split::{ElementSink, SplitError, Splitter};
use crate::drift::SourceError;
use crate::safety::Tainted;

/// Bytes per read: big enough that the calls cost nothing, small enough to stay in the cache.
const BUFFER_BYTES: usize = 256 << 10;

/// Why a file could not be streamed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Split(#[from] SplitError),
}

/// Words for an error at a source: a path, or the name of something else.
pub(crate) fn source_error(
    source: &(impl AsRef<OsStr> + ?Sized),
    message: impl Into<String>,
    help: impl Into<String>,
) -> SourceError {
    SourceError {
        source: Tainted::from(source.as_ref().to_string_lossy().as_ref()),
        message: Tainted::from(message.into()),
        help: Tainted::from(help.into()),
    }
}

impl StreamError {
    /// `again`: how to get the file once more.
    pub(crate) fn in_words(&self, source: &str, again: &str) -> SourceError {
        match self {
            Self::Io(error) => io_error(source, error),
            Self::Split(error) => source_error(source, error.to_string(), again),
        }
    }
}

/// Words for a file that cannot be read.
pub(crate) fn io_error(source: &str, error: &io::Error) -> SourceError {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "Check the path; relative paths start in the current directory.",
        io::ErrorKind::PermissionDenied => "Give yourself read permission, or run driftguard as a user who has it.",
        _ => "Check the file system, then scan again.",
    };
    let what = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    source_error(source, what, help)
}

/// Opens a file; one that starts with the gzip magic is unpacked on the way.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    unpacked(File::open(path)?)
}

/// The reader; what starts with the gzip magic is unpacked on the way.
pub(crate) fn unpacked<'a>(mut reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut magic = [0; 2];
    let length = read_full(&mut reader, &mut magic)?;
    let front = io::Cursor::new(magic[..length].to_vec());
    let whole = front.chain(reader);
    Ok(if magic == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// At most `limit` bytes from the start of a file.
pub(crate) fn head(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    start_of(&mut open(path)?, limit)
}

/// At most `limit` bytes of what the reader gives next.
pub(crate) fn start_of(reader: &mut dyn Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; limit];
    let length = read_full(reader, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// The whole file, or `None` when it is bigger than `limit` (unpacked).
pub(crate) fn whole(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let length = open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((length as u64 <= limit).then_some(bytes))
}

/// Streams `reader` through the splitter. `None`: the sink wanted no more.
pub(crate) fn stream(
    mut reader: impl Read,
    mut splitter: Splitter,
    sink: &mut ElementSink<'_>,
) -> Result<Option<Vec<u8>>, StreamError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = read_full(&mut reader, &mut buffer)?;
        if splitter.feed(&buffer[..length], sink)?.is_break() {
            return Ok(None);
        }
        if length < buffer.len() {
            return Ok(Some(splitter.finish()?));
        }
    }
}

/// Fills `buffer` as far as the input goes.
fn read_full(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
