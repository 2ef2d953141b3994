//! Which decisions need a reason, as configured: the service refuses them without one, and the screens ask for it beforehand.

use crate::drift::{ResolutionType, TriageVerb};
use crate::safety::Tainted;

/// The decisions that can be named. To accept and to escalate is to resolve, so `resolve` stands for them too.
pub const DECISIONS: [&str; 7] = ["acknowledge", "snooze", "resolve", "accept", "escalate", "reopen", "ignore"];

/// The names of the decisions that need one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequireReason(Vec<String>);

impl Default for RequireReason {
    /// What settles a drift.
    fn default() -> Self {
        Self(["resolve", "accept", "escalate", "ignore"].map(String::from).into())
    }
}

impl RequireReason {
    /// None of them.
    pub fn none() -> Self {
        Self(vec![])
    }

    /// `true`, `false`, or names with commas between them.
    ///
    /// # Errors
    /// A sentence that names what would be understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "true" => return Ok(Self(DECISIONS.map(str::to_owned).into())),
            "false" | "" => return Ok(Self::none()),
            _ => {}
        }
        let known = |name: &str| {
            DECISIONS
                .contains(&name)
                .then(|| name.to_owned())
                .ok_or_else(|| format!("'{name}' is no decision: true, false, or some of {}", DECISIONS.join(", ")))
        };
        text.split(',').map(str::trim).map(known).collect::<Result<_, _>>().map(Self)
    }

    /// As it is written.
    pub fn shown(&self) -> String {
        match self.0.len() {
            0 => "false".to_owned(),
            all if all == DECISIONS.len() => "true".to_owned(),
            _ => self.0.join(","),
        }
    }

    /// The name under which `verb` needs a reason; `None`: it needs none.
    pub fn asks(&self, verb: &TriageVerb) -> Option<&'static str> {
        named(verb).iter().copied().find(|name| self.0.iter().any(|required| required == name))
    }

    /// As [`asks`](Self::asks), when there is none: spaces are no reason.
    pub fn missing(&self, verb: &TriageVerb, reason: Option<&Tainted>) -> Option<&'static str> {
        let given = match verb {
            // A rule carries its own.
            TriageVerb::Ignore { rule } => reason.or(Some(&rule.reason)),
            _ => reason,
        };
        self.asks(verb).filter(|_| given.is_none_or(|reason| reason.raw().trim().is_empty()))
    }
}

/// The names that stand for a verb, the narrowest first.
fn named(verb: &TriageVerb) -> &'static [&'static str] {
    use TriageVerb as V;
    match verb {
        V::Acknowledge => &["acknowledge"],
        V::Snooze { .. } => &["snooze"],
        // A part of it is settled and reopened like the whole.
        V::Resolve { resolution_type, .. } | V::SettleChanges { resolution_type, .. } => match resolution_type {
            ResolutionType::Accepted => &["accept", "resolve"],
            ResolutionType::Escalated => &["escalate", "resolve"],
            ResolutionType::AutoRevert | ResolutionType::CodifyIac => &["resolve"],
        },
        V::Reopen | V::ReopenChanges { .. } => &["reopen"],
        // Without one the store refuses it, whatever is configured: a rule outlives who made it.
        V::Ignore { .. } => &["ignore"],
        V::Assign { .. } | V::Note { .. } | V::JudgeCause { .. } | V::NeverHide { .. } | V::Undo { .. } => &[],
        V::Link { .. } | V::Unlink { .. } | V::Advise { .. } | V::Tick { .. } | V::Split | V::Rejoin => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(resolution_type: ResolutionType) -> TriageVerb {
        TriageVerb::Resolve { resolution_type, until: None }
    }

    #[test]
    fn what_is_written_reads_back() {
        for text in ["true", "false", "resolve,ignore", "snooze"] {
            assert_eq!(RequireReason::parse(text).unwrap().shown(), text);
        }
        assert!(RequireReason::parse("resolve,delete").unwrap_err().contains("'delete' is no decision"));
    }

    #[test]
    fn a_decision_needs_a_reason_under_every_name_that_stands_for_it() {
        let of = |text: &str, verb: &TriageVerb| RequireReason::parse(text).unwrap().asks(verb);
        assert_eq!(of("true", &TriageVerb::Acknowledge), Some("acknowledge"));
        assert_eq!(of("resolve", &resolve(ResolutionType::Accepted)), Some("resolve"));
        assert_eq!(of("accept", &resolve(ResolutionType::Accepted)), Some("accept"));
        assert_eq!(of("accept", &resolve(ResolutionType::Escalated)), None);
        assert_eq!(of("reopen", &TriageVerb::ReopenChanges { paths: vec![] }), Some("reopen"));
        assert_eq!(of("true", &TriageVerb::Undo { seq: 1 }), None);
    }

    #[test]
    fn spaces_are_no_reason() {
        let (all, verb) = (RequireReason::default(), resolve(ResolutionType::AutoRevert));
        assert_eq!(all.missing(&verb, None), Some("resolve"));
        assert_eq!(all.missing(&verb, Some(&" \t".into())), Some("resolve"));
        assert_eq!(all.missing(&verb, Some(&"put back".into())), None);
    }
}
