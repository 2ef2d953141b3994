//! Bytes on disk that say nothing without the key: a copy of the file in a backup or a bug report gives nothing away, and a file
//! that was touched is noticed.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

const NONCE: usize = 32;
const TAG: usize = 32;

/// `nonce, bytes mixed with the key's stream, keyed hash of both`. Each file has keys of its own.
pub(super) fn close(key: &[u8; 32], mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut nonce = [0; NONCE];
    File::open("/dev/urandom")?.read_exact(&mut nonce)?;
    mix(key, &nonce, &mut bytes);
    let mut sealed = nonce.to_vec();
    sealed.append(&mut bytes);
    let tag = tag(key, &sealed);
    sealed.extend_from_slice(tag.as_bytes());
    Ok(sealed)
}

/// `None`: it was made with another key, or is not whole.
pub(super) fn open(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (content, found) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
    // The comparison takes the same time wherever they differ.
    if tag(key, content) != blake3::Hash::from_bytes(found.try_into().ok()?) {
        return None;
    }
    let (nonce, bytes) = content.split_at_checked(NONCE)?;
    let mut bytes = bytes.to_vec();
    mix(key, nonce, &mut bytes);
    Some(bytes)
}

fn mix(key: &[u8; 32], nonce: &[u8], bytes: &mut [u8]) {
    let own = blake3::derive_key("driftguard: what was read of AWS, stream", &[key, nonce].concat());
    let mut stream = blake3::Hasher::new_keyed(&own).finalize_xof();
    let mut mask = [0; 4096];
    for part in bytes.chunks_mut(mask.len()) {
        stream.fill(&mut mask[..part.len()]);
        part.iter_mut().zip(&mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn tag(key: &[u8; 32], content: &[u8]) -> blake3::Hash {
    blake3::keyed_hash(&blake3::derive_key("driftguard: what was read of AWS, seal", key), content)
}

/// Replaces the file in one step; only its owner can read it. It is no loss if it is gone after a crash.
pub(super) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    let parent = file.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    let mut new =
        tempfile::Builder::new().prefix(".tmp-").permissions(Permissions::from_mode(0o600)).tempfile_in(parent)?;
    new.write_all(content)?;
    new.persist(file).map_err(|e| e.error)?;
    Ok(())
}
