//! What stories share: the real binary, and the recorded data beside the project.

use std::path::PathBuf;
use std::process::Command;

/// The real binary, with a private home so that no test touches the developer's own files.
pub fn driftguard(home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftguard"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("USER", "alice")
        .current_dir(home);
    command
}

/// A path in the shared folder of recorded data. `None`, said aloud, when the folder is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: recorded data is not there: {}", full.display());
    None
}
