//! The seam between a recorded file and the reader that understands it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{LiveResource, LiveSource};
pub(super) use crate::declared::input::source_error;
use crate::drift::SourceError;

/// gzip gives at most 1032:1; real recordings stay far below this, a bomb does not.
const MAX_RATIO: u64 = 200;
/// Small files may have any ratio.
const RATIO_FREE: u64 = 64 << 20;

/// A kind of recorded live state.
pub trait Reader: Sync {
    /// What a recording of this kind is called in messages.
    fn name(&self) -> &'static str;

    /// Whether this reader understands the recording. Cheap: looks at the structure up to the first telling key.
    fn recognises(&self, recording: &Recording) -> bool;

    /// Makes sources of all recordings of one environment. What could not be read of a recording is an error of its source.
    fn open(&self, recordings: Vec<Recording>) -> Vec<Box<dyn LiveSource>>;

    /// The resources of a single recording, the newest of each.
    fn documents(&self, recording: Recording) -> Result<Vec<LiveResource>, SourceError>;
}

/// One file, decompressed.
pub struct Recording {
    pub path: PathBuf,
    /// Bytes that are no UTF-8 are replaced by U+FFFD.
    pub text: String,
    /// The file's own time stamp.
    pub modified: Option<jiff::Timestamp>,
    /// Set when the file was damaged at this point: `text` is what came before.
    pub broken: Option<String>,
}

impl Recording {
    /// Reads a regular file; gzip is known by its magic bytes, not by the name. A gzip file that is cut off gives its
    /// readable part with `broken` set.
    pub fn load(path: &Path) -> Result<Self, SourceError> {
        let failed = |e: std::io::Error| unreadable(path, &e);
        let meta = std::fs::metadata(path).map_err(failed)?;
        if !meta.is_file() {
            return Err(source_error(
                path,
                "is not a regular file",
                "name a file, a directory or a glob of recordings",
            ));
        }
        let mut file = File::open(path).map_err(failed)?;
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(failed)?;
        let mut broken = None;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            (bytes, broken) = gunzip(&bytes);
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        let modified = meta.modified().ok().and_then(|t| jiff::Timestamp::try_from(t).ok());
        Ok(Self { path: path.to_owned(), text, modified, broken })
    }
}

/// The decompressed bytes, and what went wrong on the way.
fn gunzip(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(RATIO_FREE);
    let mut out = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(limit + 1);
    let broken = match reader.read_to_end(&mut out) {
        Ok(_) if out.len() as u64 > limit => {
            out.clear();
            Some(format!("decompresses to more than {MAX_RATIO} times its size"))
        }
        Ok(_) => None,
        Err(e) => Some(format!("the gzip data is damaged or cut off: {e}")),
    };
    out.shrink_to_fit();
    (out, broken)
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    let help = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "let the user who runs driftguard read it",
        std::io::ErrorKind::NotFound => "check the path",
        _ => "check the file and the disk it is on",
    };
    source_error(path, format!("cannot be read: {error}"), help)
}
