//! Policies: rules of one's own about advice, as TOML files. A rule looks at a drift and may add advice, forbid some with a reason,
//! or give some another priority. Advice that is forbidden stays in sight, with who forbids it and why, and cannot be followed.

mod read;
mod when;

use jiff::SignedDuration;

use super::{Asked, Case, blank, risk, steps};
use crate::drift::{Effort, Priority, Recommendation, RecommendationType, Veto};
use crate::safety::Tainted;
pub use read::PolicyError;
use when::When;

/// The rules in force, and who is asked where somebody has to decide.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Policies {
    rules: Vec<Rule>,
    /// Who decides where nobody else is named.
    pub escalate_to: Option<Tainted>,
    /// Tags of a resource that name who it belongs to, the most telling first.
    pub owner_tags: Vec<String>,
}

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub name: Tainted,
    /// `file:line`
    pub place: String,
    when: When,
    deeds: Vec<Deed>,
}

/// What a rule does to the advice for a drift that it is about.
#[derive(Clone, PartialEq, Debug)]
enum Deed {
    Add(Box<Added>),
    Veto { kinds: Vec<RecommendationType>, reason: Tainted },
    Rank { kinds: Vec<RecommendationType>, rank: Rank },
}

/// Advice of a rule's own.
#[derive(Clone, PartialEq, Debug)]
struct Added {
    kind: RecommendationType,
    priority: Priority,
    rationale: Tainted,
    /// None: those of its kind.
    steps: Vec<Tainted>,
    effort: Effort,
    /// How long it is good.
    life: SignedDuration,
    /// How long the exception that it proposes.
    accept_for: Option<SignedDuration>,
    /// Who decides.
    to: Option<Tainted>,
}

/// Another priority.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rank {
    To(Priority),
    Up,
    Down,
}

impl Policies {
    /// Adds the rules of a file.
    ///
    /// # Errors
    /// Every mistake in it; then none of its rules is added.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), Vec<PolicyError>> {
        let rules = read::rules(file, text, &self.rules)?;
        self.rules.extend(rules);
        Ok(())
    }

    /// With everything but the rules.
    pub fn without_rules(&self) -> Self {
        Self { rules: vec![], ..self.clone() }
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Those that are about a drift, in their order.
    pub fn about<'a>(&'a self, case: &'a Case<'_>) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(|rule| rule.when.holds(case))
    }

    /// What they say of advice that a person gave: it stands, with the first that forbids such advice beside it.
    pub fn object(&self, case: &Case<'_>, advice: &mut Recommendation) {
        let about: Vec<&Rule> = self.about(case).collect();
        let kind = advice.recommendation_type;
        let first = deeds(&about, |deed| match deed {
            Deed::Veto { kinds, reason } if kinds.contains(&kind) => Some(reason.clone()),
            _ => None,
        })
        .next();
        advice.objection = first.map(|(rule, reason)| Veto { policy: rule.name.clone(), reason });
    }

    /// Does what they say: first what all of them add, then the priorities, then what they forbid, which has the last word.
    pub(super) fn apply(&self, asked: &Asked<'_>, advice: &mut Vec<Recommendation>) {
        let about: Vec<&Rule> = self.about(asked.case).collect();
        for (rule, added) in deeds(&about, |deed| if let Deed::Add(added) = deed { Some(added) } else { None }) {
            let new = rule.advice(added, asked);
            if !advice.iter().any(|one| one.key() == new.key()) {
                advice.push(new);
            }
        }
        for (rule, deed) in deeds(&about, Some) {
            let Deed::Rank { kinds, rank } = deed else { continue };
            for one in advice.iter_mut().filter(|one| kinds.contains(&one.recommendation_type)) {
                (one.priority, one.policy) = (rank.of(one.priority), Some(rule.name.clone()));
            }
        }
        for (rule, deed) in deeds(&about, Some) {
            let Deed::Veto { kinds, reason } = deed else { continue };
            let open = advice.iter_mut().filter(|one| one.vetoed.is_none());
            for one in open.filter(|one| kinds.contains(&one.recommendation_type)) {
                one.vetoed = Some(Veto { policy: rule.name.clone(), reason: reason.clone() });
            }
        }
    }
}

fn deeds<'a, T>(about: &[&'a Rule], wanted: impl Fn(&'a Deed) -> Option<T>) -> impl Iterator<Item = (&'a Rule, T)> {
    about
        .iter()
        .flat_map(move |rule| rule.deeds.iter().filter_map(|deed| Some((*rule, wanted(deed)?))).collect::<Vec<_>>())
}

impl Rule {
    fn advice(&self, added: &Added, asked: &Asked<'_>) -> Recommendation {
        let now = asked.case.facts.now;
        let steps = if added.steps.is_empty() {
            let to = added.to.clone().or_else(|| asked.to());
            steps::of(added.kind, asked.case, to.as_ref(), added.accept_for)
        } else {
            added.steps.clone()
        };
        let (expires_at, accept_until) =
            (now.checked_add(added.life).ok(), added.accept_for.and_then(|time| now.checked_add(time).ok()));
        Recommendation {
            rationale: added.rationale.clone(),
            implementation_steps: steps,
            risk_assessment: risk(80, &["A policy of your own gives this advice: nothing has measured how it fares."]),
            estimated_effort: added.effort,
            policy: Some(self.name.clone()),
            // No longer than the exception that it proposes.
            expires_at: [expires_at, accept_until].into_iter().flatten().min(),
            accept_until,
            ..blank(added.kind, added.priority, asked.case.analysis.cause.confidence_score, now)
        }
    }

    /// What it does, in words: `adds escalate_review (high); forbids auto_revert: ask first`.
    pub fn words(&self) -> String {
        let kinds =
            |kinds: &[RecommendationType]| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        let said = self.deeds.iter().map(|deed| match deed {
            Deed::Add(added) => format!("adds {} ({})", added.kind.as_str(), added.priority.as_str()),
            Deed::Veto { kinds: of, reason } => format!("forbids {}: {}", kinds(of), reason.line()),
            Deed::Rank { kinds: of, rank: Rank::To(priority) } => format!("makes {} {}", kinds(of), priority.as_str()),
            Deed::Rank { kinds: of, rank: Rank::Up } => format!("ranks {} higher", kinds(of)),
            Deed::Rank { kinds: of, rank: Rank::Down } => format!("ranks {} lower", kinds(of)),
        });
        said.collect::<Vec<_>>().join("; ")
    }

    /// When it does so, as it was written; empty: always.
    pub fn condition(&self) -> String {
        self.when.to_string()
    }
}

impl Rank {
    fn of(self, priority: Priority) -> Priority {
        match (self, priority) {
            (Self::To(other), _) => other,
            (Self::Up, Priority::Low) | (Self::Down, Priority::High) => Priority::Medium,
            (Self::Up, Priority::Medium) | (Self::Down, Priority::Critical) => Priority::High,
            (Self::Up, _) => Priority::Critical,
            (Self::Down, _) => Priority::Low,
        }
    }
}

#[cfg(test)]
mod tests;
