//! What properties are about: `packs/subjects.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::analysis::direction::Lexicon;

pub const TEXT: &str = include_str!("../../../packs/subjects.toml");

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    subject: BTreeMap<String, String>,
    /// Subjects that count in the name of the resource type as well.
    kinds: Vec<String>,
    /// Subjects of resource types alone.
    kind: BTreeMap<String, String>,
}

/// Named lists of words: of properties, and of resource types.
#[derive(Default)]
pub(super) struct Subjects {
    pub properties: Vec<(String, Lexicon)>,
    pub kinds: Vec<(String, Lexicon)>,
}

/// The built-in ones. A test proves that they load, so an error here cannot happen in a build that passed its tests.
pub(super) static SUBJECTS: LazyLock<Subjects> = LazyLock::new(|| load(TEXT).unwrap_or_default());

fn load(text: &str) -> Result<Subjects, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let lexicon = |(name, words): (&String, &String)| (name.clone(), Lexicon::of(words));
    let kinds = file.kinds.iter().filter_map(|name| file.subject.get_key_value(name)).chain(&file.kind).map(lexicon);
    Ok(Subjects { kinds: kinds.collect(), properties: file.subject.iter().map(lexicon).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_subjects_load() {
        let subjects = load(TEXT).unwrap_or_else(|e| panic!("{e}"));
        assert!(subjects.properties.len() > 20 && subjects.kinds.len() > 8);
    }
}
