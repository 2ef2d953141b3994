//! What is different between two configurations: what has to be done when one takes the place of the other.

use super::{SETTINGS, Settings};
use crate::drift::Slug;
use crate::scan::EnvironmentSpec;

/// Settings that a running session cannot take over: files that are open, a terminal that was set up.
const AT_THE_START: [&str; 9] =
    ["store", "organization", "retention", "archive", "log_spans", "read_only", "actor", "mouse", "ascii"];

/// The difference, by name.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Changes {
    /// Keys of settings with another value.
    pub settings: Vec<&'static str>,
    pub added: Vec<Slug>,
    pub removed: Vec<Slug>,
    /// Environments that are scanned otherwise: elsewhere, at other times, by other rules.
    pub changed: Vec<Slug>,
}

impl Changes {
    /// From the running configuration to the one that was read. Environments as they are scanned, with packs and patterns.
    pub fn between(old: (&Settings, &[EnvironmentSpec]), new: (&Settings, &[EnvironmentSpec])) -> Self {
        let is_other = |key: &str| {
            let shown = |settings| SETTINGS.iter().find(|one| one.key == key).map(|one| one.show(settings).0);
            shown(old.0) != shown(new.0)
        };
        let find =
            |specs: &[EnvironmentSpec], slug: &Slug| specs.iter().find(|spec| spec.environment.slug == *slug).cloned();
        let mut changes = Self {
            settings: SETTINGS.iter().map(|one| one.key).filter(|key| is_other(key)).collect(),
            ..Self::default()
        };
        for spec in new.1 {
            let slug = spec.environment.slug.clone();
            match find(old.1, &slug) {
                None => changes.added.push(slug),
                Some(before) if !is_same(&before, spec) => changes.changed.push(slug),
                Some(_) => {}
            }
        }
        let is_gone = |slug: &Slug| find(new.1, slug).is_none();
        changes.removed = old.1.iter().map(|spec| spec.environment.slug.clone()).filter(is_gone).collect();
        changes
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Something is scanned that was not, or otherwise, or no more.
    pub fn environments(&self) -> bool {
        !(self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty())
    }

    /// One sentence for people. Empty when nothing is different.
    pub fn words(&self) -> String {
        let names = |slugs: &[Slug]| slugs.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
        let (late, now): (Vec<&str>, Vec<&str>) = self.settings.iter().partition(|key| AT_THE_START.contains(key));
        let mut parts = vec![];
        let mut say = |what: &str, names: String| {
            if !names.is_empty() {
                parts.push(format!("{what} {names}"));
            }
        };
        say("now in force:", now.join(", "));
        say("new environments", names(&self.added));
        say("no longer scanned:", names(&self.removed));
        say("scanned anew:", names(&self.changed));
        say("from the next start:", late.join(", "));
        parts.join("; ")
    }
}

/// When an environment was read from its file is no difference.
pub fn is_same(a: &EnvironmentSpec, b: &EnvironmentSpec) -> bool {
    let mut b = b.clone();
    (b.environment.created_at, b.environment.updated_at) = (a.environment.created_at, a.environment.updated_at);
    *a == b
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Paths, load};
    use super::*;

    fn config(text: &str) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths {
            system_dir: dir.path().join("etc"),
            config_dir: dir.path().to_owned(),
            data_dir: "/d".into(),
            state_dir: "/s".into(),
        };
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        load(&paths, None, |_| None, &[])
    }

    fn changes(old: &str, new: &str) -> Changes {
        let (old, new) = (config(old), config(new));
        Changes::between((&old.settings, &old.environments), (&new.settings, &new.environments))
    }

    const PROD: &str = "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nstate = \"/x.tfstate\"\n";

    #[test]
    fn the_same_text_read_twice_is_no_change_whatever_its_comments_say() {
        let changes = changes(&format!("theme = \"nord\"\n{PROD}"), &format!("# mine\ntheme = \"nord\"\n\n{PROD}"));
        assert!(changes.is_empty(), "{changes:?}");
        assert_eq!(changes.words(), "");
    }

    #[test]
    fn every_difference_is_named_with_when_it_counts() {
        let other = PROD.replace("prod", "lab");
        let late = "theme = \"dark\"\nstore = \"/elsewhere\"\n";
        let changes = changes(
            &format!("{PROD}{}", PROD.replace("prod", "old")),
            &format!("{late}{PROD}interval = \"1m\"\n{other}"),
        );
        assert_eq!(
            changes.words(),
            "now in force: theme; new environments lab; no longer scanned: old; scanned anew: prod; from the next start: store"
        );
    }

    #[test]
    fn another_interval_for_all_changes_those_that_have_none_of_their_own() {
        let own = format!("{PROD}interval = \"2h\"\n");
        let text = |interval: &str| format!("interval = \"{interval}\"\n{}{own}", PROD.replace("prod", "lab"));
        let changes = changes(&text("5m"), &text("6m"));
        assert_eq!((changes.settings, changes.changed), (vec!["interval"], vec![Slug::from_text("lab")]));
    }
}
