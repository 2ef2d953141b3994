//! Why it happened. Labelling functions look at one kind of evidence each; they vote for a cause with a sentence, or abstain, and
//! what they say is added up ([`vote`]). Thin evidence is the normal case, and then the answer is `unknown`.
//!
//! | functions | look at |
//! |---|---|
//! | `notes` | tags, annotations and words that state a reason |
//! | `nature` | the kind of change, its direction, what is expected to change outside the code |
//! | `hand` | the kind of hand in the audit event, field managers |
//! | `names` | the names of session, role and account |
//! | `around` | incidents, alerts, maintenance, deployments at the time; hours on call |
//! | `past` | whether the code moved instead, how the drift came and went, whether the same hand took it back before |
//! | `others` | bursts |
//! | `commits` | commits that touched the block of code, before it or after |

mod around;
mod commits;
mod expected;
pub(super) mod features;
mod hand;
pub(super) mod learned;
mod names;
mod nature;
mod notes;
mod others;
mod past;
mod temporal;
mod vote;
mod words;

use jiff::Timestamp;

use super::Facts;
use crate::drift::{
    Attribution, Cause, CauseAnalysis, CorrelationEvent, FeatureVector, OnCall, OperationalContext, Severity,
};
use crate::safety::{Masked, Tainted};
pub use learned::{ArtifactError, LearnedCause};
use vote::{Basis, Group, Vote, is_backed, tally};

/// Sentences that are told.
const TOLD: usize = 5;

/// What is known beside the drift itself. Empty: nothing.
#[derive(Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// Who it was put down to.
    pub attribution: Option<&'a Attribution>,
    /// Who wrote the changed fields, as the live object tells; see [`changed_by`](super::changed_by).
    pub writers: &'a [Tainted],
    /// Between which moments it happened, where no audit event says when.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What went on, in whichever environment.
    pub contexts: &'a [OperationalContext],
    pub on_call: Option<&'a OnCall>,
    pub past: Past,
    pub burst: Burst,
    /// What other systems tell, the highest score first.
    pub correlations: &'a [CorrelationEvent],
    /// What somebody says of it, without secrets.
    pub said: Option<&'a Masked>,
    /// What a person says the cause is.
    pub judged: Option<Cause>,
    /// The model that is in use.
    pub learned: Option<&'a LearnedCause>,
}

/// What the drift and its resource did before.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Past {
    /// The live side is as it was when last in sync: it is the code that differs.
    pub code_moved: bool,
    /// Ended without a decision within hours of being seen, and came back: by itself, as far as the trail tells.
    pub taken_back: u32,
    /// Came back after it had ended.
    pub returns: u32,
}

/// Other drifts that appeared with it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Burst {
    /// Of the same type, in the same properties.
    pub alike: u32,
    /// Put down to the same hand.
    pub same_hand: u32,
}

/// Probabilities, and what speaks for them.
pub(super) fn find(facts: &Facts<'_>, around: &Surroundings<'_>, severity: &Severity) -> CauseAnalysis {
    let (votes, is_informed) = votes(facts, around);
    let rules = tally(&votes);
    // Whoever was there knows better than what was learned from others.
    let is_said = around.judged.is_some() || votes.iter().any(Vote::is_statement);
    let learned = around.learned.filter(|_| !is_said).and_then(|learned| {
        let features = features::of(facts, around, &rules, severity);
        learned.beside(rules, &features, |cause| is_backed(&votes, cause), facts.now)
    });
    let (probabilities, prediction) = match learned {
        Some((both, prediction)) => (both, Some(Box::new(prediction))),
        None => (rules, None),
    };
    let is_informed = is_informed || prediction.is_some();
    CauseAnalysis {
        cause_category: probabilities.likeliest(),
        confidence_score: probabilities.confidence(),
        contributing_factors: factors(votes, around),
        probabilities: Some(probabilities),
        is_informed,
        prediction,
        said: around.said.cloned(),
        correlations: around.correlations.to_vec(),
        temporal_context: temporal::context(facts, around).map(Box::new),
    }
}

/// All votes, and whether more than what a scan sees by itself has to do with them.
fn votes(facts: &Facts<'_>, around: &Surroundings<'_>) -> (Vec<Vote>, bool) {
    if let Some(cause) = around.judged {
        return (judged(cause), true);
    }
    let mut votes = notes::votes(facts, around);
    votes.extend(nature::votes(facts));
    votes.extend(hand::votes(facts, around));
    let seen = votes.len();
    for group in [names::votes, around::votes, past::votes, others::votes, commits::votes] {
        votes.extend(group(facts, around));
    }
    let is_informed = votes.len() > seen || around.attribution.is_some() || around.said.is_some();
    (votes, is_informed)
}

/// What a person says goes before everything else; that nobody can tell is said by no vote.
fn judged(cause: Cause) -> Vec<Vote> {
    let sentence = "A person confirmed or corrected the cause.".to_owned();
    let vote = Vote { cause, alone: 0.95, basis: Basis::Stated, group: Group::Words, sentence };
    if cause == Cause::Unknown { vec![] } else { vec![vote] }
}

/// The numbers a model learns from, whatever it has learned so far.
pub(super) fn features_of(facts: &Facts<'_>, around: &Surroundings<'_>, severity: &Severity) -> FeatureVector {
    // What a person says is what is to be learned, so it must not stand among them.
    let around = &Surroundings { judged: None, learned: None, ..*around };
    features::of(facts, around, &tally(&votes(facts, around).0), severity)
}

/// The weightiest first, each once.
fn factors(mut votes: Vec<Vote>, around: &Surroundings<'_>) -> Vec<Tainted> {
    votes.sort_by(|a, b| b.weight().abs().total_cmp(&a.weight().abs()));
    let mut told: Vec<String> = vec![];
    for vote in votes {
        if !told.contains(&vote.sentence) && told.len() < TOLD {
            told.push(vote.sentence);
        }
    }
    if told.is_empty() {
        told.push(match around.attribution {
            _ if around.judged.is_some() => "A person says that the cause is not known.".into(),
            Some(to) => format!("{} did it; nothing says why.", to.actor.cell(60)),
            None => "Nothing in the drift says who changed it or why.".into(),
        });
    }
    told.into_iter().map(Tainted::from).collect()
}

#[cfg(test)]
mod tests;
