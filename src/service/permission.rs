//! Who may decide what. The service enforces it, and the screens ask the same functions for their reasons.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::RequireReason;
use super::danger::{self, Danger};
use crate::drift::{IgnoreRule, NeverHideRule, Slug, TriageVerb};

/// Where decisions are limited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guard {
    /// Why nothing may be decided.
    pub read_only: Option<String>,
    /// Environments whose drift nobody may settle here.
    pub protected: BTreeSet<Slug>,
    /// What must say why.
    pub require_reason: RequireReason,
    /// Whoever asked for something to be done may approve it himself: only at the machine that has the store, and never in
    /// production.
    pub approve_own: bool,
}

impl Default for Guard {
    /// Everything is allowed.
    fn default() -> Self {
        Self { read_only: None, protected: BTreeSet::new(), require_reason: RequireReason::none(), approve_own: false }
    }
}

/// Why a decision is not allowed, in words for the screen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, thiserror::Error, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("read-only: {0}")]
    ReadOnly(String),
    #[error("{0} is protected by its configuration")]
    Protected(Slug),
    /// A rule for every environment.
    #[error("{0} is protected by its configuration, and the rule would hold there too: name one environment in it")]
    ReachesProtected(Slug),
    /// By the name of the decision, as it is configured.
    #[error("{0} needs a reason (require_reason in the configuration): say why, and decide again")]
    NoReason(Cow<'static, str>),
}

/// Whether anything may be decided. `why`: what stands in the way.
pub fn deciding(why: Option<&str>) -> Result<(), Refusal> {
    why.map_or(Ok(()), |why| Err(Refusal::ReadOnly(why.to_owned())))
}

/// Whether drift of these environments may be settled: resolved, wholly or in part, or ignored by rule.
pub fn settling<'a>(
    protected: &BTreeSet<Slug>,
    environments: impl IntoIterator<Item = &'a Slug>,
) -> Result<(), Refusal> {
    let hit = environments.into_iter().find(|slug| protected.contains(*slug));
    hit.map_or(Ok(()), |slug| Err(Refusal::Protected(slug.clone())))
}

/// Whether the verb settles drift for longer than a time that it names.
pub fn settles(verb: &TriageVerb) -> bool {
    matches!(danger::of_verb(verb), Danger::Settles | Danger::Hides(_))
}

impl Guard {
    /// This one, and what was protected `before` and `is_configured` no more: whoever takes an environment out of the
    /// configuration has not said that its drift may be settled.
    pub fn keeping(mut self, before: &BTreeSet<Slug>, is_configured: impl Fn(&Slug) -> bool) -> Self {
        self.protected.extend(before.iter().filter(|slug| !is_configured(slug)).cloned());
        self
    }

    /// Whether a rule about what must not be hidden may go, or be narrowed: it puts drift out of sight.
    pub fn allows_hiding(&self, rule: &NeverHideRule) -> Result<(), Refusal> {
        self.allows_in(rule.environment.as_ref())
    }

    /// Whether there may be such a rule.
    pub fn allows_rule(&self, rule: &IgnoreRule) -> Result<(), Refusal> {
        deciding(self.read_only.as_deref())?;
        self.allows_in(rule.environment.as_ref())
    }

    fn allows_in(&self, environment: Option<&Slug>) -> Result<(), Refusal> {
        match environment {
            Some(slug) => settling(&self.protected, [slug]),
            None => self.protected.first().map_or(Ok(()), |slug| Err(Refusal::ReachesProtected(slug.clone()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_stays_protected_until_the_configuration_names_it_without() {
        let [kept, named, fresh] = ["kept", "named", "fresh"].map(Slug::from_text);
        let new = Guard { protected: [fresh.clone()].into(), ..Guard::default() };
        let guard = new.keeping(&[kept.clone(), named.clone()].into(), |slug| *slug == named || *slug == fresh);
        assert_eq!(guard.protected, BTreeSet::from([fresh, kept]));
    }
}
