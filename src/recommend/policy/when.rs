//! What a rule is about: conditions that all have to hold. A condition with several values holds when one of them does; a value
//! with `!` before it takes out what it names.

use std::fmt;

use crate::drift::query::{Pattern, Than};
use crate::drift::{Axis, Score, SeverityClass};
use crate::recommend::Case;

/// All conditions of a rule, and how they were written.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct When {
    pub all: Vec<Condition>,
}

/// One condition, and its text.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Condition {
    pub text: String,
    pub asks: Asks,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Asks {
    Production(bool),
    /// Of the text that the key names.
    Text(Key, Vec<Word>),
    Class(Vec<(Option<Than>, SeverityClass)>),
    Axis(Axis, Bound),
    Confidence(Bound),
}

/// A text that is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Environment,
    Provider,
    Type,
    Address,
    Path,
    Cause,
    Actor,
    /// `name=value`, or `name` alone.
    Tag,
    DriftType,
    /// Which way it went.
    Direction,
}

/// A pattern, or all but it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Word {
    pub negated: bool,
    pub pattern: Pattern,
}

/// `>= 0.8`
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bound(pub Than, pub Score);

impl When {
    pub fn holds(&self, case: &Case<'_>) -> bool {
        self.all.iter().all(|condition| condition.asks.holds(case))
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.all.iter().map(|one| one.text.as_str()).collect();
        f.write_str(&texts.join(", "))
    }
}

impl Asks {
    fn holds(&self, case: &Case<'_>) -> bool {
        let severity = &case.analysis.severity;
        match self {
            Self::Production(wanted) => case.facts.environment.is_production() == *wanted,
            Self::Text(key, words) => holds(words, &key.texts(case)),
            Self::Class(classes) => {
                let class = severity.class();
                classes.iter().any(|(than, wanted)| than.map_or(class == *wanted, |than| than.holds(class, *wanted)))
            }
            Self::Axis(axis, bound) => bound.holds(severity.on(*axis)),
            Self::Confidence(bound) => bound.holds(case.analysis.cause.confidence_score),
        }
    }
}

impl Bound {
    fn holds(self, score: Score) -> bool {
        self.0.holds(score, self.1)
    }
}

/// One of those that are wanted is there, where any is wanted, and none of those that are not.
fn holds(words: &[Word], texts: &[String]) -> bool {
    let has = |word: &Word| texts.iter().any(|text| word.pattern.is_whole(text));
    let (out, wanted): (Vec<&Word>, Vec<&Word>) = words.iter().partition(|word| word.negated);
    (wanted.is_empty() || wanted.into_iter().any(has)) && !out.into_iter().any(has)
}

impl Key {
    /// What the drift says of it; several for changes, tags and people.
    fn texts(self, case: &Case<'_>) -> Vec<String> {
        let (facts, analysis) = (case.facts, case.analysis);
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::Environment => one(facts.environment.slug.as_str()),
            Self::Provider => one(facts.environment.cloud_provider.as_str()),
            Self::Type => one(facts.resource.resource_type.raw()),
            Self::Address => one(facts.resource.resource_id.raw()),
            Self::Path => facts.changes.iter().map(|change| change.path.raw().to_owned()).collect(),
            Self::Cause => one(analysis.cause.cause_category.as_str()),
            Self::Actor => analysis.changed_by.iter().map(|who| who.raw().to_owned()).collect(),
            Self::Tag => case
                .tags
                .iter()
                .flat_map(|(name, value)| [name.raw().to_owned(), format!("{}={}", name.raw(), value.raw())])
                .collect(),
            Self::DriftType => one(facts.drift_type.as_str()),
            Self::Direction => one(analysis.direction.as_str()),
        }
    }
}
