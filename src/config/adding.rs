//! Environments that code offers, and their way into the configuration file: what stands there already stays as it is, byte for
//! byte, and nothing is written that could not be read again.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Config, Paths, file, layers};
use crate::declared::backend::{Address, shown};
use crate::declared::discover::{Offer, discover_all};
use crate::drift::{Slug, SourceError};
use crate::safety::sanitise;
use crate::scan::EnvironmentSpec;

/// Where code is looked through, and the file that takes what is chosen.
#[derive(Clone, PartialEq, Debug)]
pub struct Adding {
    pub directory: PathBuf,
    /// The user's configuration, there or not.
    pub file: PathBuf,
    paths: Paths,
}

/// An environment that the code offers.
#[derive(Clone, PartialEq, Debug)]
pub struct Offered {
    pub offer: Offer,
    /// The environment that reads this state already.
    pub known_as: Option<Slug>,
}

/// What a directory and those below it offer, and what of it could not be read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Found {
    pub offered: Vec<Offered>,
    pub errors: Vec<SourceError>,
}

impl Adding {
    /// `explicit`: the file named on the command line.
    pub fn new(
        paths: &Paths,
        explicit: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
        directory: &Path,
    ) -> Self {
        let [_, file] = layers(paths, explicit, &variable);
        Self { directory: directory.to_owned(), file, paths: paths.clone() }
    }

    /// Looks through the code. Reads files, asks nobody else.
    pub fn find(&self) -> Found {
        let environments = self.config(&self.text().unwrap_or_default()).environments;
        let (offers, errors) = discover_all(&self.directory);
        Found { offered: offered(offers, &environments), errors }
    }

    /// Appends the environment to the file; the error says why it was not, in one line.
    pub fn add(&self, offer: &Offer) -> Result<Slug, String> {
        let name = sanitise::line(&self.file.display().to_string());
        let state = offer.state.as_ref().map_err(|why| sanitise::line(why))?;
        let slug = Slug::new(&offer.slug).map_err(|why| why.to_string())?;
        let text = self.text().map_err(|error| format!("{name} cannot be read: {error}"))?;
        let refuse = |config: &Config, what: &str| match config.problems.first() {
            Some(problem) => Err(format!("{what}, and nothing was written: {}", sanitise::line(&problem.to_string()))),
            None => Ok(()),
        };
        let before = self.config(&text);
        refuse(&before, "the configuration has mistakes")?;
        if let Some(known) = known_as(&before.environments, state) {
            return Err(format!("{known} reads this state already"));
        }
        if before.environments.iter().any(|spec| spec.environment.slug == slug) {
            return Err(format!("there is an environment {slug} already, and nothing was written"));
        }
        let new = appended(&text, &offer.to_string());
        refuse(&self.config(&new), "it cannot be appended")?;
        replace(&self.file, &new).map_err(|error| format!("{name} cannot be written: {error}"))?;
        Ok(slug)
    }

    fn text(&self) -> io::Result<String> {
        match fs::read_to_string(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }

    /// The configuration, if this stood in the user's file.
    fn config(&self, text: &str) -> Config {
        let mut config = Config::built_in(&self.paths, &|_| None);
        file::read(&self.paths.system_dir.join("config.toml"), false, &mut config);
        config.files.push(self.file.clone());
        file::read_text(&self.file, text, &mut config);
        config
    }
}

/// Behind what stands there, with an empty line between.
fn appended(text: &str, table: &str) -> String {
    let gap = match text {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{text}{gap}{table}")
}

/// The environment that reads this state.
fn known_as(environments: &[EnvironmentSpec], state: &str) -> Option<Slug> {
    let same = |known: &String| {
        shown(known) == shown(state)
            || matches!((Address::parse(known), Address::parse(state)),
        (Ok(Address::S3(known)), Ok(Address::S3(state))) if known.bucket == state.bucket && known.is_prefix() && state.key.starts_with(&known.key))
    };
    let is_it = |spec: &&EnvironmentSpec| spec.state.iter().any(same);
    environments.iter().find(is_it).map(|spec| spec.environment.slug.clone())
}

/// Says which are configured, and gives the others names that are not taken.
pub fn offered(offers: Vec<Offer>, environments: &[EnvironmentSpec]) -> Vec<Offered> {
    let mut taken: BTreeSet<String> = environments.iter().map(|e| e.environment.slug.as_str().to_owned()).collect();
    let one = |mut offer: Offer| {
        let known_as = offer.state.as_ref().ok().and_then(|state| known_as(environments, state));
        if known_as.is_none() && offer.state.is_ok() {
            let names = (1..).map(|n| if n == 1 { offer.slug.clone() } else { format!("{}-{n}", offer.slug) });
            let mut free = names.skip_while(|name| taken.contains(name));
            offer.slug = free.next().unwrap_or_default();
            taken.insert(offer.slug.clone());
        }
        Offered { offer, known_as }
    };
    offers.into_iter().map(one).collect()
}

/// In one step. A link stays one, and who may read the file may still.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mode = fs::metadata(&path).map_or_else(|_| private(), |about| about.permissions());
    let mut new = tempfile::Builder::new().prefix(".config-").permissions(private()).tempfile_in(parent)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(mode)?;
    new.as_file().sync_all()?;
    new.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

fn private() -> Permissions {
    use std::os::unix::fs::PermissionsExt;
    Permissions::from_mode(0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "# mine\ntheme = \"nord\"   # dark\n\n[[environment]]\nslug = \"prod\" # ours\ncloud_provider = \"aws\"\n\
                       state = \"s3://states/prod/app.tfstate\"";

    fn adding(directory: &Path) -> Adding {
        let paths = Paths {
            system_dir: directory.join("etc"),
            config_dir: directory.join("config"),
            data_dir: "/d".into(),
            state_dir: "/s".into(),
        };
        Adding::new(&paths, None, |_| None, directory)
    }

    /// Code that keeps its states in a bucket: one is configured, one is not, one is only known to Terraform.
    fn code(directory: &Path) {
        for (name, key) in [("app", "\"prod/app.tfstate\""), ("prod", "\"prod/net.tfstate\""), ("who", "var.key")] {
            let text =
                format!("terraform {{\n  backend \"s3\" {{\n    bucket = \"states\"\n    key = {key}\n  }}\n}}\n");
            fs::create_dir_all(directory.join(name)).unwrap();
            fs::write(directory.join(name).join("main.tf"), text).unwrap();
        }
    }

    #[test]
    fn what_is_added_stands_behind_what_was_there_and_is_known_from_then_on() {
        let home = tempfile::tempdir().unwrap();
        let adding = adding(home.path());
        code(home.path());
        fs::create_dir(home.path().join("config")).unwrap();
        fs::write(&adding.file, OWN).unwrap();
        let found = adding.find();
        let rows = |found: &Found| -> Vec<(String, Option<String>)> {
            let row = |one: &Offered| (one.offer.slug.clone(), one.known_as.as_ref().map(|slug| slug.to_string()));
            found.offered.iter().map(row).collect()
        };
        let text = str::to_owned;
        let expected = vec![(text("app"), Some(text("prod"))), (text("prod-2"), None), (text("who"), None)];
        assert_eq!(rows(&found), expected);
        assert_eq!(adding.add(&found.offered[1].offer).unwrap().as_str(), "prod-2");
        let now = fs::read_to_string(&adding.file).unwrap();
        let rest = now.strip_prefix(OWN).expect("what was there stays");
        assert!(rest.contains("[[environment]]\nslug = \"prod-2\"\ncloud_provider = \"aws\"\n"), "{rest}");
        assert!(rest.contains("state = \"s3://states/prod/net.tfstate\""), "{rest}");
        assert_eq!(rows(&adding.find())[1].1.as_deref(), Some("prod-2"));
        assert!(adding.add(&found.offered[1].offer).unwrap_err().contains("prod-2 reads this state already"));
        let why = adding.add(&found.offered[2].offer).unwrap_err();
        assert!(why.contains("key = var.key") && why.contains("is known only when Terraform runs"), "{why}");
        assert_eq!(fs::read_to_string(&adding.file).unwrap(), now);
    }

    #[test]
    fn a_file_that_cannot_take_it_stays_as_it_is_and_one_that_is_not_there_is_made() {
        let home = tempfile::tempdir().unwrap();
        let adding = adding(home.path());
        code(home.path());
        let offer = adding.find().offered[1].offer.clone();
        assert_eq!(adding.add(&offer).unwrap().as_str(), "prod");
        assert!(fs::read_to_string(&adding.file).unwrap().starts_with("# s3, "));
        for (text, why) in [
            ("interval = \"soon\"\n", "the configuration has mistakes"),
            ("environment = []\n", "it cannot be appended"),
            (&OWN.replace("app.tf", "other.tf"), "there is an environment prod already"),
        ] {
            fs::write(&adding.file, text).unwrap();
            let said = adding.add(&offer).unwrap_err();
            assert!(said.contains(why) && said.contains("nothing was written"), "{said}");
            assert_eq!(fs::read_to_string(&adding.file).unwrap(), text);
        }
    }

    #[test]
    fn a_link_to_the_file_stays_a_link_and_its_readers_stay_its_readers() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let home = tempfile::tempdir().unwrap();
        let adding = adding(home.path());
        code(home.path());
        let real = home.path().join("dotfiles.toml");
        fs::write(&real, "utc = true\n").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        fs::create_dir(home.path().join("config")).unwrap();
        symlink(&real, &adding.file).unwrap();
        adding.add(&adding.find().offered[0].offer).unwrap();
        assert!(adding.file.symlink_metadata().unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().starts_with("utc = true\n\n# s3"));
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
