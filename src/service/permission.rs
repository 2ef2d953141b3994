//! Who may decide what. The service enforces it, and the screens ask the same functions for their reasons.

use std::collections::BTreeSet;

use crate::drift::{IgnoreRule, NeverHideRule, Slug, TriageVerb};

/// Where decisions are limited.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Guard {
    /// Why nothing may be decided.
    pub read_only: Option<String>,
    /// Environments whose drift nobody may settle here.
    pub protected: BTreeSet<Slug>,
}

/// Why a decision is not allowed, in words for the screen.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("read-only: {0}")]
    ReadOnly(String),
    #[error("{0} is protected by its configuration")]
    Protected(Slug),
    /// A rule for every environment.
    #[error("{0} is protected by its configuration, and the rule would hold there too: name one environment in it")]
    ReachesProtected(Slug),
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
    matches!(verb, TriageVerb::Resolve { .. } | TriageVerb::SettleChanges { .. } | TriageVerb::Ignore { .. })
}

impl Guard {
    /// Whether `verb` may be done to a drift of `environment`.
    pub fn allows(&self, verb: &TriageVerb, environment: &Slug) -> Result<(), Refusal> {
        deciding(self.read_only.as_deref())?;
        if !settles(verb) {
            return Ok(());
        }
        settling(&self.protected, [environment])?;
        match verb {
            TriageVerb::Ignore { rule } => self.allows_rule(rule),
            _ => Ok(()),
        }
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
    use crate::drift::{ResolutionType, RuleId};

    fn ignore(environment: Option<&str>) -> TriageVerb {
        TriageVerb::Ignore {
            rule: IgnoreRule {
                id: RuleId::generate(),
                environment: environment.map(Slug::from_text),
                resource_type: Some("*".into()),
                resource_id: None,
                path: None,
                value: None,
                actor: None,
                reason: "known".into(),
                owner: "alice".into(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                expires_at: None,
            },
        }
    }

    #[test]
    fn drift_of_a_protected_environment_may_be_looked_after_but_not_settled() {
        let (prod, test) = (Slug::from_text("prod"), Slug::from_text("test"));
        let guard = Guard { read_only: None, protected: [prod.clone()].into() };
        let resolve = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None };
        assert_eq!(guard.allows(&TriageVerb::Acknowledge, &prod), Ok(()));
        assert_eq!(guard.allows(&resolve, &prod), Err(Refusal::Protected(prod.clone())));
        assert_eq!(guard.allows(&resolve, &test), Ok(()));
        assert_eq!(guard.allows(&ignore(Some("test")), &test), Ok(()));
        assert_eq!(guard.allows(&ignore(Some("prod")), &test), Err(Refusal::Protected(prod.clone())));
        assert_eq!(guard.allows(&ignore(None), &test), Err(Refusal::ReachesProtected(prod)));
    }

    #[test]
    fn read_only_refuses_everything() {
        let guard = Guard { read_only: Some("by flag --read-only".into()), ..Guard::default() };
        let refusal = guard.allows(&TriageVerb::Acknowledge, &Slug::from_text("test")).unwrap_err();
        assert_eq!(refusal.to_string(), "read-only: by flag --read-only");
    }
}
