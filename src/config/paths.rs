//! Where files live, by the XDG rules.

use std::path::PathBuf;

/// The directories of this user and machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paths {
    /// `/etc/driftguard`
    pub system_dir: PathBuf,
    /// `~/.config/driftguard`: `config.toml`, `themes/`, `keymap.toml`.
    pub config_dir: PathBuf,
    /// `~/.local/share/driftguard`: the store.
    pub data_dir: PathBuf,
    /// `~/.local/state/driftguard`: logs.
    pub state_dir: PathBuf,
}

impl Paths {
    /// Of the current user; `None` when there is no home directory to be found.
    pub fn of_user() -> Option<Self> {
        let dirs = directories::ProjectDirs::from("", "", "driftguard")?;
        let data_dir = dirs.data_dir().to_owned();
        Some(Self {
            system_dir: "/etc/driftguard".into(),
            config_dir: dirs.config_dir().to_owned(),
            // macOS and Windows have no state directory.
            state_dir: dirs.state_dir().map_or_else(|| data_dir.join("state"), ToOwned::to_owned),
            data_dir,
        })
    }
}
