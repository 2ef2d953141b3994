//! A configuration that has gone is no configuration that says nothing: with it goes what is protected and needs a reason.

use super::Config;

/// Why what was read now cannot take the place of what is in force: a file is gone or empty, or every environment is. An editor
/// that saves slowly, and a checkout, look like this for a while.
pub fn lost(old: &Config, new: &Config) -> Option<String> {
    const NEXT: &str = "put it back, or quit and start again to go on without";
    if let Some(file) = old.telling.iter().find(|file| !new.telling.contains(file)) {
        let what = if new.files.contains(file) { "is empty" } else { "is not there any more" };
        return Some(format!("{} {what}: {NEXT}", file.display()));
    }
    let none_is_left = new.environments.is_empty() && !old.environments.is_empty();
    none_is_left.then(|| {
        let file = old.telling.last().map_or(String::new(), |file| format!("{}: ", file.display()));
        format!("{file}no environment is configured any more: {NEXT}")
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Paths, load};
    use super::*;

    fn read(dir: &Path) -> Config {
        let paths = Paths {
            system_dir: dir.join("etc"),
            config_dir: dir.to_owned(),
            data_dir: "/d".into(),
            state_dir: "/s".into(),
        };
        load(&paths, None, |_| None, &[])
    }

    const PROD: &str = "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nstate = \"/x.tfstate\"\n";

    #[test]
    fn a_file_that_goes_or_is_emptied_and_the_loss_of_every_environment_are_losses() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let none = read(dir.path());
        std::fs::write(&file, format!("require_reason = \"all\"\n{PROD}")).unwrap();
        let before = read(dir.path());
        assert_eq!((lost(&none, &before), lost(&before, &before)), (None, None));
        let after = |text: Option<&str>| {
            match text {
                Some(text) => std::fs::write(&file, text).unwrap(),
                None => std::fs::remove_file(&file).unwrap(),
            }
            lost(&before, &read(dir.path())).unwrap_or_default()
        };
        assert!(after(Some("")).contains("config.toml is empty: "));
        assert!(after(Some("# nothing yet\n")).contains("config.toml is empty: "));
        assert!(after(Some("require_reason = \"all\"\n")).contains("no environment is configured any more"));
        assert_eq!(after(Some(&PROD.replace("prod", "other"))), "");
        assert!(after(None).contains("config.toml is not there any more: "));
    }
}
