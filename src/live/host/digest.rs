//! Digests and content of one file in one pass, without holding more than the content that was asked for.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;

/// What one pass over a file gave.
pub(super) struct Pass {
    md5: md5::Md5,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
    sha512: sha2::Sha512,
    /// `None` when the file is larger than the limit.
    pub content: Option<Vec<u8>>,
}

impl Pass {
    /// Reads at most `bytes` bytes, and keeps them if there are at most `keep`.
    pub fn over(file: &mut dyn Read, bytes: u64, keep: u64) -> io::Result<Self> {
        let mut pass = Self {
            md5: md5::Md5::new(),
            sha1: sha1::Sha1::new(),
            sha256: sha2::Sha256::new(),
            sha512: sha2::Sha512::new(),
            content: (bytes <= keep).then(Vec::new),
        };
        let mut buffer = vec![0; 64 << 10];
        let mut rest = file.take(bytes);
        loop {
            let read = match rest.read(&mut buffer) {
                Ok(0) => return Ok(pass),
                Ok(read) => read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            pass.update(&buffer[..read]);
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        self.sha512.update(bytes);
        if let Some(content) = &mut self.content {
            content.extend_from_slice(bytes);
        }
    }

    /// The digests by the attribute that shows them.
    pub fn attributes(self) -> [(&'static str, String); 7] {
        let sha1 = hex(&self.sha1.finalize());
        let (sha256, sha512) = (self.sha256.finalize(), self.sha512.finalize());
        [
            ("id", sha1.clone()),
            ("content_md5", hex(&self.md5.finalize())),
            ("content_sha1", sha1),
            ("content_sha256", hex(&sha256)),
            ("content_base64sha256", STANDARD.encode(sha256)),
            ("content_sha512", hex(&sha512)),
            ("content_base64sha512", STANDARD.encode(sha512)),
        ]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
