//! For the tests of what reads a part of the configuration.

use std::path::Path;

use super::{Config, Paths, file};

/// A configuration of this text alone; no disk is touched.
pub(super) fn read(text: &str) -> Config {
    let home = Path::new("/home/nobody");
    let [system_dir, config_dir, data_dir, state_dir] = ["etc", "config", "data", "state"].map(|one| home.join(one));
    let paths = Paths { system_dir, config_dir, data_dir, state_dir };
    let mut config = Config::built_in(&paths, &|_| None);
    file::read_text(Path::new("config.toml"), text, &mut config);
    config
}
