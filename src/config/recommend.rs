//! `[recommend]`: rules of one's own about advice, and who decides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::file::{Source, resolve};
use super::{Config, Origin, Paths, Problem};
use crate::pattern::{fixed_part, has_wildcards, matcher, spelled};
use crate::recommend::{Policies, PolicyError};
use crate::safety::Tainted;

const KEYS: [&str; 3] = ["policies", "escalate_to", "owner_tags"];
/// A larger one is none.
const FILE_MAX: u64 = 1024 * 1024;

/// What advice goes by, besides the built-in rules.
#[derive(Clone, Debug)]
pub struct Advising {
    pub policies: Policies,
    /// Some of them could not be read: advice would be without their vetoes.
    pub is_broken: bool,
    /// Files and patterns of files, each with where it is named.
    named: Vec<(String, Origin)>,
}

impl Default for Advising {
    fn default() -> Self {
        let owner_tags = ["owner", "Owner", "team", "Team"].map(str::to_owned).into();
        let mut policies = Policies::default();
        policies.owner_tags = owner_tags;
        Self { policies, is_broken: false, named: vec![] }
    }
}

impl Advising {
    /// Files and directories in which a change may change the policies; `policies/` beside the configuration is known.
    pub fn watched(&self) -> impl Iterator<Item = PathBuf> {
        self.named.iter().flat_map(|(pattern, _)| {
            let directory = has_wildcards(pattern).then(|| fixed_part(Path::new(pattern)));
            directory.into_iter().chain(files_of(pattern).unwrap_or_default())
        })
    }
}

pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = value.get_ref() else {
        let message = "what advice goes by is written as a [recommend] table";
        return config.problems.push(source.problem(&value.span(), message));
    };
    for (key, value) in table.iter() {
        let texts = texts(value.get_ref());
        let wrong = |what: String| source.problem(&value.span(), format!("{}: {what}", key.get_ref()));
        match (key.get_ref().as_ref(), texts) {
            ("policies", Some(texts)) => {
                let origin = source.origin(&value.span());
                let named = texts.iter().map(|text| (resolve(source, text), origin.clone()));
                config.recommend.named = named.collect();
            }
            ("escalate_to", Some(texts)) => match texts.as_slice() {
                [one] if !one.trim().is_empty() => {
                    config.recommend.policies.escalate_to = Some(Tainted::from(one.as_str()));
                }
                _ => config.problems.push(wrong("one name or address is needed".into())),
            },
            ("owner_tags", Some(texts)) => config.recommend.policies.owner_tags = texts,
            (name, None) if KEYS.contains(&name) => {
                config.problems.push(wrong("a text or a list of texts is needed".into()))
            }
            (name, _) => {
                let message = format!("unknown key '{name}' in [recommend]; known are {}", KEYS.join(", "));
                config.problems.push(source.problem(&key.span(), message));
            }
        }
    }
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(text) => Some(vec![text.as_ref().to_owned()]),
        DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Reads the policy files: those in `policies/` beside the configurations, then those that are named. A file with a mistake is left
/// out, with all its mistakes told.
pub(super) fn finish(paths: &Paths, config: &mut Config) {
    let mistakes = config.problems.len();
    let beside = [&paths.system_dir, &paths.config_dir].map(|directory| directory.join("policies/*.toml"));
    let mut files: Vec<PathBuf> =
        beside.iter().filter_map(|pattern| files_of(&pattern.to_string_lossy()).ok()).flatten().collect();
    for (pattern, origin) in config.recommend.named.clone() {
        match files_of(&pattern) {
            Ok(found) => files.extend(found),
            Err(why) => config.problems.push(Problem { origin, column: None, message: why.into() }),
        }
    }
    let mut read: Vec<PathBuf> = vec![];
    for file in files {
        if read.contains(&file) {
            continue;
        }
        config.problems.extend(add(&mut config.recommend.policies, &file));
        config.files.push(file.clone());
        read.push(file);
    }
    config.recommend.is_broken = config.problems.len() > mistakes;
}

/// Adds a file; the mistakes in it, where there are any.
fn add(policies: &mut Policies, file: &Path) -> Vec<Problem> {
    let problem = |line: usize, column: Option<usize>, message: String| {
        let origin = Origin::File(Arc::new(file.to_owned()), line);
        Problem { origin, column, message: message.into() }
    };
    let text = match text_of(file) {
        Ok(text) => text,
        Err(why) => return vec![problem(1, None, why)],
    };
    let told = |error: PolicyError| problem(error.line, Some(error.column), error.what);
    policies.add(&file.to_string_lossy(), &text).err().into_iter().flatten().map(told).collect()
}

/// The text of a policy file.
pub(crate) fn text_of(file: &Path) -> Result<String, String> {
    match std::fs::metadata(file) {
        Ok(about) if about.len() > FILE_MAX => return Err(format!("a policy file has at most {FILE_MAX} bytes")),
        _ => {}
    }
    std::fs::read_to_string(file).map_err(|e| format!("cannot be read: {e}"))
}

/// In the order of their names. A pattern that finds nothing is no mistake; a file or a directory that is not there is one, for a
/// veto in it would be missing in silence.
fn files_of(pattern: &str) -> Result<Vec<PathBuf>, String> {
    let path = Path::new(pattern);
    if !has_wildcards(pattern) || path.is_file() {
        return if path.is_file() {
            Ok(vec![path.to_owned()])
        } else {
            Err(format!("policies: there is no file {}", Tainted::from(pattern).line()))
        };
    }
    let glob = matcher(pattern).map_err(|why| format!("policies: not a valid pattern: {}", why.kind()))?;
    let folder = fixed_part(path);
    if !folder.is_dir() {
        let named = Tainted::from(folder.to_string_lossy().as_ref());
        return Err(format!("policies: there is no directory {}", named.line()));
    }
    let mut found = vec![];
    // Policies stand together in one folder or two: nobody looks for them in a whole tree.
    let mut folders = vec![(folder, 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < 3 {
                folders.push((path, depth + 1));
            } else if glob.is_match(spelled(&path)) && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::load;

    const RULE: &str = "[[rule]]\nname = \"NAME\"\nveto = { type = \"auto_revert\", reason = \"ask first\" }\n";

    fn config(home: &Path, text: &str) -> Config {
        fs::create_dir_all(home.join("config/policies")).unwrap();
        fs::write(home.join("config/config.toml"), text).unwrap();
        let [system_dir, config_dir, data_dir, state_dir] =
            ["etc", "config", "data", "state"].map(|one| home.join(one));
        load(&Paths { system_dir, config_dir, data_dir, state_dir }, None, |_| None, &[])
    }

    fn names(config: &Config) -> Vec<&str> {
        config.recommend.policies.rules().iter().map(|rule| rule.name.raw()).collect()
    }

    #[test]
    fn policies_beside_the_configuration_and_those_it_names_are_read_once_each() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("config/policies")).unwrap();
        fs::create_dir_all(home.path().join("config/team")).unwrap();
        fs::write(home.path().join("config/policies/b.toml"), RULE.replace("NAME", "b")).unwrap();
        fs::write(home.path().join("config/policies/a.toml"), RULE.replace("NAME", "a")).unwrap();
        fs::write(home.path().join("config/team/c.toml"), RULE.replace("NAME", "c")).unwrap();
        let text =
            "[recommend]\npolicies = [\"team/*.toml\", \"policies/a.toml\"]\nescalate_to = \"sec@example.org\"\n";
        let config = config(home.path(), text);
        assert_eq!(config.problems, []);
        assert_eq!(names(&config), ["a", "b", "c"]);
        assert_eq!(config.recommend.policies.escalate_to, Some("sec@example.org".into()));
        let watched: Vec<PathBuf> = config.recommend.watched().collect();
        assert!(watched.contains(&home.path().join("config/team")), "{watched:?}");
    }

    #[test]
    fn a_directory_that_is_not_there_is_a_mistake_and_an_empty_one_is_not() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("config/team")).unwrap();
        let config = config(home.path(), "[recommend]\npolicies = [\"team/*.toml\", \"taem/*.toml\"]\n");
        let said: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
        assert!(
            matches!(said.as_slice(), [one] if one.contains("there is no directory") && one.contains("taem")),
            "{said:?}"
        );
    }

    #[test]
    fn a_bad_file_is_left_out_with_its_mistake_and_the_others_count() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("config/policies")).unwrap();
        fs::write(home.path().join("config/policies/a.toml"), "[[rule]]\nname = \"a\"\nveto = \"auto_revert\"\n")
            .unwrap();
        fs::write(home.path().join("config/policies/b.toml"), RULE.replace("NAME", "b")).unwrap();
        let config = config(home.path(), "[recommend]\npolicies = \"gone.toml\"\nowners = 1\n");
        assert_eq!(names(&config), ["b"]);
        let said: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("config.toml:3:1: unknown key 'owners' in [recommend]"), "{said:?}");
        assert!(said[1].contains("config.toml:2") && said[1].contains("there is no file"), "{said:?}");
        assert!(said[2].contains("a.toml:3:8: "), "{said:?}");
    }
}
