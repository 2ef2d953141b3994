//! Bytes that wait until they are needed again: a few in memory, more of them in a temporary file.
//!
//! The file has no name, and is written under a key that ends with the process: what waits may hold secrets, and those never
//! reach a disk in the clear.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// Whatever a spool fails for, in words for people.
pub(super) const HELP: &str = "set TMPDIR to a directory with more room";

/// See the module.
pub(super) struct Spool {
    /// Bytes that may wait in memory.
    most: usize,
    tail: Vec<u8>,
    /// Everything before the tail.
    written: Option<Written>,
}

struct Written {
    file: File,
    bytes: u64,
    key: [u8; 32],
}

impl Spool {
    pub fn new(most: usize) -> Self {
        Self { most, tail: vec![], written: None }
    }

    /// Where the next bytes will stand.
    pub fn end(&self) -> u64 {
        self.on_disk() + self.tail.len() as u64
    }

    pub fn on_disk(&self) -> u64 {
        self.written.as_ref().map_or(0, |w| w.bytes)
    }

    /// Where the bytes stand now. After an error nothing of them is kept, and everything before can still be read.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        if self.tail.len() + bytes.len() > self.most && !self.tail.is_empty() {
            self.write_out()?;
        }
        let at = self.end();
        self.tail.extend_from_slice(bytes);
        Ok(at)
    }

    /// Reads some of the bytes from there on; none at the end.
    pub fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        if let Some(written) = self.written.as_ref().filter(|w| at < w.bytes) {
            let most = usize::try_from(written.bytes - at).unwrap_or(usize::MAX).min(buffer.len());
            let read = written.file.read_at(&mut buffer[..most], at)?;
            written.veil(&mut buffer[..read], at);
            return Ok(read);
        }
        let from = usize::try_from(at - self.on_disk()).unwrap_or(usize::MAX).min(self.tail.len());
        (&self.tail[from..]).read(buffer)
    }

    /// Reads exactly so many bytes.
    pub fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut done = 0;
        while done < length {
            match self.read_at(&mut bytes[done..], at + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(bytes)
    }

    fn write_out(&mut self) -> io::Result<()> {
        let written = match &mut self.written {
            Some(written) => written,
            none => none.insert(Written::create()?),
        };
        written.veil(&mut self.tail, written.bytes);
        if let Err(error) = written.file.write_all_at(&self.tail, written.bytes) {
            written.veil(&mut self.tail, written.bytes);
            return Err(error);
        }
        written.bytes += self.tail.len() as u64;
        self.tail.clear();
        Ok(())
    }
}

impl Written {
    fn create() -> io::Result<Self> {
        let mut key = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(Self { file: tempfile::tempfile()?, bytes: 0, key })
    }

    /// Mixes the bytes that stand there with the key's stream; a second time gives them back. No place is written twice with
    /// different bytes, so a stream cipher is safe.
    fn veil(&self, bytes: &mut [u8], at: u64) {
        let mut stream = blake3::Hasher::new_keyed(&self.key).finalize_xof();
        stream.set_position(at);
        let mut mask = [0; 4096];
        for part in bytes.chunks_mut(mask.len()) {
            stream.fill(&mut mask[..part.len()]);
            part.iter_mut().zip(&mask).for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_aside_comes_back_from_memory_and_from_the_disk() {
        let mut spool = Spool::new(1000);
        let text = |n: usize| format!("number {n} is a secret; ").repeat(n % 7 + 1);
        let places: Vec<u64> = (0..200).map(|n| spool.append(text(n).as_bytes()).unwrap()).collect();
        assert!(spool.tail.len() <= 1000 && spool.on_disk() > 10_000, "{}", spool.on_disk());
        for (n, at) in places.iter().enumerate().rev() {
            assert_eq!(spool.read(*at, text(n).len()).unwrap(), text(n).as_bytes(), "{n}");
        }
        assert!(spool.read(spool.end() - 3, 4).is_err());
    }

    #[test]
    fn nothing_stands_on_the_disk_in_the_clear() {
        let mut spool = Spool::new(100);
        (0..100).for_each(|_| _ = spool.append(b"password=hunter2 ").unwrap());
        let mut raw = vec![0; spool.on_disk() as usize];
        spool.written.as_ref().unwrap().file.read_exact_at(&mut raw, 0).unwrap();
        assert!(raw.len() > 1000 && !raw.windows(7).any(|w| w == b"hunter2"));
    }
}
