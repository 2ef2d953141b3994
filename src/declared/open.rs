//! From patterns to sources.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::DeclaredSource;
use super::backend::{self, Reach};
use super::discover;
use super::driftctl::DriftctlReport;
use super::find::{self, Found, LOOKED_FOR};
use super::input::{io_error, source_error};
use super::kubernetes::{ManifestFile, Spelling};
use super::recognise::{Content, WRITE_AGAIN, recognise};
use super::terraform::{PlanFile, StateFile, refused_encrypted, refused_old};
use crate::drift::SourceError;

/// Opens every source that the patterns name: files, directories (with their workspace trees), globs and
/// addresses of [`backend`]s.
///
/// Content decides what a file is. Each file is read once, however many patterns name it; the order is that of the patterns,
/// and by path within one. What cannot be opened is an error in words; the other sources are not touched by it.
pub fn open(patterns: &[String]) -> (Vec<Box<dyn DeclaredSource>>, Vec<SourceError>) {
    open_with(patterns, &Reach::default())
}

/// [`open`]; `reach` says how what is no file is reached.
pub fn open_with(patterns: &[String], reach: &Reach<'_>) -> (Vec<Box<dyn DeclaredSource>>, Vec<SourceError>) {
    let mut opened = Opened::default();
    for pattern in patterns {
        if backend::is_remote(pattern) {
            opened.remote(backend::open(pattern, reach));
        } else if let Err(mut error) = opened.pattern(pattern) {
            // Code without state beside it says where that is.
            if let Some(hint) = Some(Path::new(pattern)).filter(|path| path.is_dir()).and_then(discover::hint) {
                error.help = hint.into();
            }
            opened.errors.push(error);
        }
    }
    (opened.sources, opened.errors)
}

#[derive(Default)]
struct Opened {
    sources: Vec<Box<dyn DeclaredSource>>,
    errors: Vec<SourceError>,
    /// Every file looked into, and whether anything came of it.
    seen: HashMap<PathBuf, bool>,
}

impl Opened {
    fn pattern(&mut self, pattern: &str) -> Result<(), SourceError> {
        let files = find::find(pattern)?;
        let mut something = false;
        for file in &files {
            let identity = find::identity(&file.path);
            let holds = match self.seen.get(&identity) {
                Some(true) => true,
                // Nothing so far; but named itself, it gets an error of its own.
                _ => self.file(file),
            };
            self.seen.insert(identity, holds);
            something |= holds;
        }
        if something {
            return Ok(());
        }
        Err(source_error(pattern, format!("none of the {} files here declares resources", files.len()), LOOKED_FOR))
    }

    fn remote(&mut self, fetched: Vec<Result<Box<dyn DeclaredSource>, SourceError>>) {
        for one in fetched {
            match one {
                Ok(source) => self.sources.push(source),
                Err(error) => self.errors.push(error),
            }
        }
    }

    /// Whether the file holds something of ours, be it broken.
    fn file(&mut self, file: &Found) -> bool {
        match open_file(file) {
            Ok(Some(source)) => self.sources.push(source),
            Ok(None) => return false,
            Err(error) => self.errors.push(error),
        }
        true
    }
}

/// `None`: a file somebody else's tools need, met on the way through a directory.
fn open_file(found: &Found) -> Result<Option<Box<dyn DeclaredSource>>, SourceError> {
    let path = &found.path;
    let name = path.to_string_lossy();
    let content = recognise(path).map_err(|error| io_error(&name, &error))?;
    let expected = found.named || is_state_name(path);
    match content {
        Content::TerraformState => Ok(Some(Box::new(StateFile::new(path.clone())))),
        Content::TerraformPlan => Ok(Some(Box::new(PlanFile::new(path.clone())))),
        Content::DriftctlReport => Ok(Some(Box::new(DriftctlReport::new(path.clone())))),
        Content::KubernetesJson => Ok(Some(manifests(path.clone(), Spelling::Json))),
        Content::KubernetesYaml => Ok(Some(manifests(path.clone(), Spelling::Yaml))),
        Content::TerraformStateOld(version) => Err(refused_old(&name, &version)),
        Content::TerraformStateEncrypted { serial, lineage } => Err(refused_encrypted(&name, serial, lineage)),
        Content::Empty if expected => {
            let help =
                "An empty state file is left behind when writing fails: restore it from its backup or the backend.";
            Err(source_error(&*name, "the file is empty", help))
        }
        Content::Other { found, help } if expected => {
            Err(source_error(&*name, format!("{found}: nothing driftguard reads"), help))
        }
        Content::Broken(fault) if expected => Err(source_error(&*name, fault, WRITE_AGAIN)),
        Content::Empty | Content::Broken(_) | Content::Other { .. } => Ok(None),
    }
}

fn manifests(path: PathBuf, spelling: Spelling) -> Box<dyn DeclaredSource> {
    Box::new(ManifestFile::new(path, spelling))
}

/// A file that claims to be state must be one.
fn is_state_name(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    [".tfstate", ".tfstate.json", ".tfstate.gz"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const STATE: &str = r#"{"version": 4, "serial": 1, "lineage": "l", "resources": []}"#;

    fn open_in(files: &[(&str, &str)], patterns: &[&str]) -> (Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let patterns: Vec<String> =
            patterns.iter().map(|p| dir.path().join(p).to_string_lossy().into_owned()).collect();
        let (sources, errors) = open(&patterns);
        let local = |text: &str| text.replace(&format!("{}/", dir.path().to_string_lossy()), "");
        let errors = errors.iter().map(|e| format!("{}: {}", local(e.source.raw()), e.message.raw())).collect();
        (sources.iter().map(|s| local(s.name().raw())).collect(), errors)
    }

    #[test]
    fn overlapping_patterns_open_each_file_once_and_in_order() {
        let files = [("a/x.tfstate", STATE), ("a/y.tfstate", STATE), ("b/z.tfstate", STATE)];
        let (sources, errors) = open_in(&files, &["a/y.tfstate", "*/*.tfstate", "a", "b/../a/x.tfstate"]);
        assert_eq!(
            sources.iter().map(|s| &s[s.len() - 9..]).collect::<Vec<_>>(),
            ["y.tfstate", "x.tfstate", "z.tfstate"]
        );
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn what_a_directory_holds_besides_is_nobodys_concern_unless_it_claims_to_be_state() {
        let files =
            [("x.tfstate", STATE), ("package.json", "{\"name\": 1}"), ("values.yaml", "replicas: 3\n"), ("e.json", "")];
        assert_eq!(open_in(&files, &["."]).1, Vec::<String>::new());
        let (sources, errors) = open_in(&[("x.tfstate", STATE), ("y.tfstate", "oops")], &["*"]);
        assert_eq!(sources, ["x.tfstate"]);
        assert_eq!(errors, ["y.tfstate: neither JSON nor manifests: nothing driftguard reads"]);
    }

    #[test]
    fn a_path_with_nothing_in_it_is_an_error_that_says_so() {
        let (sources, errors) = open_in(&[("d/package.json", "{}")], &["d", "gone", "*.tfstate", "d/package.json"]);
        assert!(sources.is_empty());
        assert_eq!(
            errors,
            [
                "d: none of the 1 files here declares resources",
                "gone: no such file or directory",
                "*.tfstate: no file matches the pattern",
                "d/package.json: an empty JSON object: nothing driftguard reads",
            ]
        );
    }

    #[test]
    fn a_named_file_that_holds_something_else_is_an_error() {
        let (_, errors) = open_in(&[("e.tfstate", ""), ("p.bin", "PK\u{3}\u{4} tfplan")], &["e.tfstate", "p.bin"]);
        assert_eq!(
            errors,
            [
                "e.tfstate: the file is empty",
                "p.bin: a saved plan in Terraform's binary format: nothing driftguard reads",
            ]
        );
    }
}
