//! What the server signs tokens with. Who has it is everybody: so it is long, private, and never one that stands in a manual.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::random::random;
use crate::vault::{self, VaultError};

/// The variable it is read from.
pub const SECRET_VARIABLE: &str = "DRIFTGUARD_SECRET_KEY";
/// Bytes.
const LEAST: usize = 32;
const MOST: u64 = 4_096;
const VARIETY: usize = 10;

/// Why a server does not start. Never repeats what it found.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "no secret key: set {SECRET_VARIABLE} or name a file with it (`head -c 48 /dev/urandom | base64 > FILE; chmod 600 FILE`), or try it out with --dev"
    )]
    Missing,
    #[error("the secret key of {0} has {1} bytes and needs {LEAST}: `head -c 48 /dev/urandom | base64` makes one")]
    Short(String, usize),
    #[error("the secret key of {0} is one that anybody would try: `head -c 48 /dev/urandom | base64` makes one")]
    Default(String),
    #[error("{0} can be read by others than its owner: `chmod 600` it, and better make a new key")]
    Open(String),
    #[error("{0} belongs to somebody else")]
    Foreign(String),
    #[error("{path}: {source}")]
    Io { path: String, source: std::io::Error },
    #[error("the secret key: {0}")]
    Vault(#[from] VaultError),
    #[error("the system gave no random numbers")]
    Random,
}

/// At least 32 bytes that nobody guesses. Not `Debug`.
pub struct ServerSecret(Vec<u8>);

impl ServerSecret {
    /// From a file that is named, else from the variable's value, else, with `dev`, a random one that is forgotten at the end.
    ///
    /// # Errors
    /// [`SecretError`] says what is wrong with it; there is no way on without one.
    pub fn load(variable: Option<&str>, file: Option<&Path>, dev: bool) -> Result<Self, SecretError> {
        let found = match (file, variable.filter(|text| !text.trim().is_empty())) {
            (Some(file), _) => Some((read(file)?, file.display().to_string())),
            (None, Some(text)) => Some((text.trim().as_bytes().to_vec(), SECRET_VARIABLE.to_owned())),
            (None, None) => None,
        };
        let found = found.map(|(bytes, origin)| Ok::<_, SecretError>((unveiled(bytes)?, origin))).transpose()?;
        match found {
            None if dev => random::<32>().map(|bytes| Self(bytes.to_vec())).map_err(|_| SecretError::Random),
            None => Err(SecretError::Missing),
            Some((bytes, _)) if dev => Ok(Self(bytes)),
            Some((bytes, origin)) => strong(bytes, origin),
        }
    }

    /// A key for one purpose.
    pub(super) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }

    #[cfg(test)]
    pub(super) fn for_tests(byte: u8) -> Self {
        Self(vec![byte; LEAST])
    }
}

/// What Vault has, where that is named.
fn unveiled(bytes: Vec<u8>) -> Result<Vec<u8>, SecretError> {
    Ok(match std::str::from_utf8(&bytes) {
        Ok(text) => vault::resolve(text)?.into_bytes(),
        Err(_) => bytes,
    })
}

fn strong(bytes: Vec<u8>, origin: String) -> Result<ServerSecret, SecretError> {
    if bytes.len() < LEAST {
        return Err(SecretError::Short(origin, bytes.len()));
    }
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let words =
        ["insecure", "default", "change", "secret-key", "secret_key", "your-", "example", "driftguard", "django-"];
    let different = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
    // The same piece over and over is as good as the piece.
    let repeats = (1..=bytes.len() / 2).any(|piece| bytes.chunks(piece).all(|chunk| bytes.starts_with(chunk)));
    if repeats || different < VARIETY || words.iter().any(|word| text.contains(word)) {
        return Err(SecretError::Default(origin));
    }
    Ok(ServerSecret(bytes))
}

/// Looks at the opened file, not at its name: nobody can swap it in between.
fn read(path: &Path) -> Result<Vec<u8>, SecretError> {
    let shown = path.display().to_string();
    let io = |source| SecretError::Io { path: shown.clone(), source };
    let file = File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(SecretError::Open(shown));
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me && meta.uid() != 0 {
        return Err(SecretError::Foreign(shown));
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes.trim_ascii().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo";

    fn refused(variable: Option<&str>, file: Option<&Path>) -> String {
        let Err(error) = ServerSecret::load(variable, file, false) else { panic!("{variable:?}") };
        error.to_string()
    }

    #[test]
    fn a_missing_short_or_default_secret_stops_the_server_unless_it_is_tried_out() {
        assert!(refused(None, None).contains("no secret key"));
        assert!(refused(Some("  "), None).contains("no secret key"));
        assert!(refused(Some("a1b2c3d4e5f6"), None).contains("12 bytes"));
        for bad in [
            &"a".repeat(64),
            &"0123456789".repeat(5),
            "django-insecure-0123456789abcdefghijklmn",
            "default-insecure-key-0123456789abcdef",
        ] {
            let why = refused(Some(bad), None);
            assert!(why.contains("anybody would try") && !why.contains(bad), "{why}");
        }
        assert!(ServerSecret::load(Some(GOOD), None, false).is_ok());
        assert!(ServerSecret::load(Some("short"), None, true).is_ok());
        let [one, other] = [(); 2].map(|()| ServerSecret::load(None, None, true).unwrap_or_else(|e| panic!("{e}")));
        assert_ne!(one.derive("x"), other.derive("x"), "made up anew each time");
    }

    #[test]
    fn a_file_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, format!("{GOOD}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(refused(None, Some(&path)).contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let from_file = ServerSecret::load(None, Some(&path), false).unwrap_or_else(|e| panic!("{e}"));
        let same = ServerSecret::load(Some(GOOD), None, false).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(from_file.derive("x"), same.derive("x"), "the line break is no part of it");
        assert!(refused(None, Some(&dir.path().join("none"))).contains("none"));
    }
}
