//! The words of `packs/direction.toml`, and what the name of a property says with them.

use std::collections::HashSet;
use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

pub(in crate::analysis) const TEXT: &str = include_str!("../../../packs/direction.toml");

/// The longest phrase, in words.
const LONGEST: usize = 3;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    guards: String,
    exposes: String,
    neutral: String,
    turns: String,
    blocks: String,
    off: Vec<String>,
    on: Vec<String>,
    grants: String,
    grant_names: Vec<String>,
    identities: String,
    states: Vec<String>,
    access: String,
    watches: String,
    mild: String,
    restricts: String,
    peers: String,
    more_loosens: String,
    more_guards: String,
    vague_more_loosens: String,
    vague_more_guards: String,
    wide: String,
    looks: String,
    rank: Vec<RankText>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RankText {
    /// Counts only where the path has one of these words.
    keys: Option<String>,
    /// Counts only for resource types with one of these words.
    types: Option<String>,
    /// Absence ranks below all steps, instead of between the last and the others.
    absent_is_weakest: bool,
    /// Absence is as good as the weakest step, and that is told when the value comes or goes, whatever the name says.
    absence_tells: bool,
    /// Only where the name says nothing: the value alone tells.
    of_any_name: bool,
    /// Where the name says that something is granted, any of them that comes lets more happen.
    grants: bool,
    steps: Vec<String>,
}

/// Words and phrases.
#[derive(Default)]
pub(in crate::analysis) struct Lexicon(HashSet<String>);

impl Lexicon {
    pub fn of(text: &str) -> Self {
        Self(text.split_whitespace().map(|phrase| phrase.replace('-', " ")).collect())
    }

    /// The words of the longest phrase that begins here; 0 is none.
    fn at(&self, words: &[String]) -> usize {
        (1..=LONGEST.min(words.len())).rev().find(|n| self.0.contains(&words[..*n].join(" "))).unwrap_or(0)
    }

    /// Whether a word or phrase of it is what they end with.
    pub fn ends(&self, words: &[String]) -> bool {
        (1..=LONGEST.min(words.len())).any(|n| self.0.contains(&words[words.len() - n..].join(" ")))
    }

    /// Whether a word or phrase of it is among the words.
    pub fn is_in(&self, words: &[String]) -> bool {
        (0..words.len()).any(|from| self.at(&words[from..]) > 0)
    }
}

/// Values of one family, the weakest first.
pub(super) struct Rank {
    pub keys: Option<Lexicon>,
    pub types: Option<Lexicon>,
    pub absent_is_weakest: bool,
    pub absence_tells: bool,
    pub of_any_name: bool,
    pub grants: bool,
    pub steps: Vec<GlobSet>,
}

#[derive(Default)]
pub(super) struct Words {
    guards: Lexicon,
    exposes: Lexicon,
    neutral: Lexicon,
    turns: Lexicon,
    blocks: Lexicon,
    pub off: HashSet<String>,
    pub on: HashSet<String>,
    pub grants: Lexicon,
    pub grant_names: HashSet<String>,
    pub identities: Lexicon,
    pub states: HashSet<String>,
    pub access: Lexicon,
    pub watches: Lexicon,
    pub mild: Lexicon,
    pub restricts: Lexicon,
    pub peers: Lexicon,
    pub more_loosens: Lexicon,
    pub more_guards: Lexicon,
    pub vague_more_loosens: Lexicon,
    pub vague_more_guards: Lexicon,
    pub wide: HashSet<String>,
    pub looks: Vec<String>,
    pub ranks: Vec<Rank>,
}

/// The built-in words. A test proves that they load, so an error here cannot happen in a build that passed its tests.
pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| load(TEXT).unwrap_or_default());

pub(super) fn load(text: &str) -> Result<Words, String> {
    let file: File = toml::from_str(text).map_err(|e| format!("packs/direction.toml: {e}"))?;
    let ranks = file.rank.into_iter().map(rank).collect::<Result<_, _>>()?;
    Ok(Words {
        guards: Lexicon::of(&file.guards),
        exposes: Lexicon::of(&file.exposes),
        neutral: Lexicon::of(&file.neutral),
        turns: Lexicon::of(&file.turns),
        blocks: Lexicon::of(&file.blocks),
        off: file.off.into_iter().collect(),
        on: file.on.into_iter().collect(),
        grants: Lexicon::of(&file.grants),
        grant_names: file.grant_names.into_iter().collect(),
        identities: Lexicon::of(&file.identities),
        states: file.states.into_iter().collect(),
        access: Lexicon::of(&file.access),
        watches: Lexicon::of(&file.watches),
        mild: Lexicon::of(&file.mild),
        restricts: Lexicon::of(&file.restricts),
        peers: Lexicon::of(&file.peers),
        more_loosens: Lexicon::of(&file.more_loosens),
        more_guards: Lexicon::of(&file.more_guards),
        vague_more_loosens: Lexicon::of(&file.vague_more_loosens),
        vague_more_guards: Lexicon::of(&file.vague_more_guards),
        wide: texts(&file.wide).collect(),
        looks: texts(&file.looks).collect(),
        ranks,
    })
}

fn texts(list: &str) -> impl Iterator<Item = String> {
    list.split_whitespace().map(str::to_owned)
}

fn rank(text: RankText) -> Result<Rank, String> {
    let step = |step: &String| {
        let mut set = GlobSetBuilder::new();
        for value in step.split('|') {
            let glob = GlobBuilder::new(value).literal_separator(false).build();
            set.add(glob.map_err(|e| format!("packs/direction.toml: {e}"))?);
        }
        set.build().map_err(|e| format!("packs/direction.toml: {e}"))
    };
    Ok(Rank {
        keys: text.keys.as_deref().map(Lexicon::of),
        types: text.types.as_deref().map(Lexicon::of),
        absent_is_weakest: text.absent_is_weakest,
        absence_tells: text.absence_tells,
        of_any_name: text.of_any_name,
        grants: text.grants,
        steps: text.steps.iter().map(step).collect::<Result<_, _>>()?,
    })
}

/// What a name says of the property it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sense {
    Guards,
    Exposes,
    /// Nothing; or, with `true`, only that it is turned off: the name above it tells what.
    Silent(bool),
}

impl Sense {
    /// The sense of the opposite.
    pub fn turned(self, is_turned: bool) -> Self {
        match self {
            Self::Guards if is_turned => Self::Exposes,
            Self::Exposes if is_turned => Self::Guards,
            same => same,
        }
    }
}

impl Words {
    /// Of one name: an exposing word outweighs a guarding one (`password_authentication`), what turns turns both, and what
    /// blocks guards whatever it is that is blocked.
    pub fn sense(&self, name: &[String]) -> Sense {
        let (mut found, mut is_turned, mut is_block) = (None, false, false);
        let mut at = 0;
        while at < name.len() {
            let rest = &name[at..];
            let (neutral, exposes, guards) = (self.neutral.at(rest), self.exposes.at(rest), self.guards.at(rest));
            let longest = neutral.max(exposes).max(guards);
            if longest == 0 {
                is_block |= self.blocks.at(rest) > 0;
                is_turned ^= self.blocks.at(rest) == 0 && self.turns.at(rest) > 0;
            } else if exposes == longest && neutral < longest {
                found = Some(Sense::Exposes);
            } else if guards == longest && neutral < longest {
                found = found.or(Some(Sense::Guards));
            }
            at += longest.max(1);
        }
        match found {
            _ if is_block => Sense::Guards.turned(is_turned),
            Some(sense) => sense.turned(is_turned),
            None => Sense::Silent(is_turned),
        }
    }
}

/// A name as lower-case words: split at everything that is no letter or digit, and at capitals (`blockPublicAcls`, `KMSKeyId`).
pub(in crate::analysis) fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let lower_after = letters.get(at + 1).is_some_and(|c| c.is_lowercase());
        let begins = letter.is_uppercase()
            && before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit() || (b.is_uppercase() && lower_after));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
