//! How votes become probabilities: log-odds over a prior, added up.

use crate::drift::{Cause, Probabilities};

/// Nothing being known: of real drifts that were later written into code, more than half state no reason at all. The rest is
/// shared evenly, for nothing is known of how often each cause is the one.
const UNKNOWN: f64 = 0.60;
const EACH: f64 = 0.08;
/// No single vote is surer than this, for or against: so much is lost of what would be certain.
const SUREST: f64 = 0.95;
const LEAST: f64 = 0.01;
/// Below this nothing is named.
const NAMED: f64 = 0.50;
/// Guesses together stay below 0.80, from where on advice acts upon a cause.
const GUESSED: f64 = 0.79;

/// Where a vote comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Basis {
    /// Somebody said so.
    Stated,
    /// A source that was there tells it.
    Witnessed,
    /// It often is so.
    Guessed,
}

/// What votes look at. Of those that look at the same thing only the strongest counts: they are one piece of evidence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Group {
    Words,
    Nature,
    Hand,
    Names,
    Around,
    Clock,
    Past,
    Others,
    Commits,
}

/// One labelling function's word: how likely the cause would be if nothing else were known. Less than the prior speaks against it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Vote {
    pub cause: Cause,
    pub alone: f64,
    pub basis: Basis,
    pub group: Group,
    /// The sentence with the evidence.
    pub sentence: String,
}

impl Vote {
    pub fn guess(group: Group, cause: Cause, alone: f64, sentence: impl Into<String>) -> Self {
        Self { cause, alone, basis: Basis::Guessed, group, sentence: sentence.into() }
    }

    /// The same, as far as it goes where nobody knows whether it was there before the drift: a third of its weight. By itself no such
    /// vote names anything.
    pub fn faint(self) -> Self {
        let odds = (log_odds(EACH) + self.weight() / 3.0).exp();
        Self { alone: odds / (1.0 + odds), ..self }
    }

    /// What it adds to the log-odds of its cause.
    pub fn weight(&self) -> f64 {
        log_odds(self.alone.clamp(LEAST, SUREST)) - log_odds(EACH)
    }

    /// Sure enough to be heard over guesses.
    pub fn is_statement(&self) -> bool {
        self.basis == Basis::Stated && self.alone >= 0.80
    }
}

fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// What nobody knows anything about.
pub(super) fn prior() -> [f64; 6] {
    Cause::ALL.map(|cause| if cause == Cause::Unknown { UNKNOWN } else { EACH })
}

/// What the votes say together. One vote alone gives its cause exactly the probability it names.
pub(super) fn tally(votes: &[Vote]) -> Probabilities {
    humble(odds(votes), |cause| is_backed(votes, cause))
}

/// A word or a witness speaks for it, not guesses alone.
pub(super) fn is_backed(votes: &[Vote], cause: Cause) -> bool {
    votes.iter().any(|vote| vote.cause == cause && vote.basis != Basis::Guessed && vote.weight() > 0.0)
}

/// In proportion to what is likely.
fn odds(votes: &[Vote]) -> [f64; 6] {
    let is_stated = votes.iter().any(Vote::is_statement);
    // Guesses do not outvote what somebody said.
    let counted = || votes.iter().filter(|vote| !is_stated || vote.basis != Basis::Guessed);
    let mut weights = prior();
    for cause in Cause::ALL.into_iter().filter(|cause| *cause != Cause::Unknown) {
        let mut strongest: Vec<(Group, f64)> = vec![];
        for vote in counted().filter(|vote| vote.cause == cause) {
            let weight = vote.weight();
            match strongest.iter_mut().find(|(group, other)| *group == vote.group && (*other > 0.0) == (weight > 0.0)) {
                Some((_, other)) if weight.abs() > other.abs() => *other = weight,
                Some(_) => {}
                None => strongest.push((vote.group, weight)),
            }
        }
        weights[cause.index()] *= strongest.iter().map(|(_, weight)| weight).sum::<f64>().exp();
    }
    weights
}

/// Of proportions, what one may say: nothing is named that is not likelier than not, and what rests on guesses alone (`backed`
/// says no) is never acted upon.
pub(super) fn humble(weights: [f64; 6], backed: impl Fn(Cause) -> bool) -> Probabilities {
    let sum: f64 = weights.iter().sum();
    let mut shares = weights.map(|weight| weight / sum);
    let unknown = Cause::Unknown.index();
    let first = (0..unknown).max_by(|&a, &b| shares[a].total_cmp(&shares[b])).unwrap_or(0);
    // A hair below counts as there: one vote of exactly a half is named.
    if shares[first] < NAMED - 1e-9 {
        return unnamed(weights);
    } else if shares[first] > GUESSED && !backed(Cause::ALL[first]) {
        shares[unknown] += shares[first] - GUESSED;
        shares[first] = GUESSED;
    }
    Probabilities::of(shares)
}

/// Of proportions, what one may say when none of the causes is to be named.
pub(super) fn unnamed(weights: [f64; 6]) -> Probabilities {
    let sum: f64 = weights.iter().sum();
    let mut shares = weights.map(|weight| weight / sum);
    let unknown = Cause::Unknown.index();
    if shares[unknown] < NAMED {
        let named = 1.0 - shares[unknown];
        shares.iter_mut().take(unknown).for_each(|share| *share *= (1.0 - NAMED) / named);
        shares[unknown] = NAMED;
    }
    Probabilities::of(shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vote(group: Group, cause: Cause, alone: f64) -> Vote {
        Vote::guess(group, cause, alone, "because")
    }

    fn told(votes: &[Vote]) -> (Cause, f64) {
        let probabilities = tally(votes);
        (probabilities.likeliest(), probabilities.confidence().as_f64())
    }

    #[test]
    fn one_vote_alone_gives_what_it_says_and_none_gives_the_prior() {
        assert_eq!(told(&[]), (Cause::Unknown, 0.60));
        for alone in [0.50, 0.55, 0.65, 0.75] {
            assert_eq!(
                told(&[vote(Group::Nature, Cause::AutomatedResponse, alone)]),
                (Cause::AutomatedResponse, alone)
            );
        }
    }

    #[test]
    fn a_faint_vote_says_the_same_less_loudly_and_names_nothing_by_itself() {
        for alone in [0.03, 0.20, 0.45, 0.75, 0.95] {
            let loud = vote(Group::Around, Cause::EmergencyFix, alone);
            let faint = loud.clone().faint();
            assert!((faint.weight() * 3.0 - loud.weight()).abs() < 1e-9);
            assert_eq!(told(&[faint]).0, Cause::Unknown);
        }
    }

    #[test]
    fn what_is_not_likelier_than_not_is_not_named() {
        assert_eq!(told(&[vote(Group::Nature, Cause::SecurityResponse, 0.45)]), (Cause::Unknown, 0.50));
        // Two that speak for different causes leave it open.
        let torn = [vote(Group::Nature, Cause::AutomatedResponse, 0.6), vote(Group::Around, Cause::EmergencyFix, 0.6)];
        assert_eq!(told(&torn), (Cause::Unknown, 0.50));
    }

    #[test]
    fn evidence_of_different_kinds_adds_up_and_of_the_same_kind_counts_once() {
        let (a, b) =
            (vote(Group::Nature, Cause::AutomatedResponse, 0.55), vote(Group::Hand, Cause::AutomatedResponse, 0.3));
        assert!(told(&[a.clone(), b]).1 > 0.7);
        assert_eq!(
            told(&[a.clone(), vote(Group::Nature, Cause::AutomatedResponse, 0.5)]),
            told(std::slice::from_ref(&a))
        );
        let against = vote(Group::Hand, Cause::AutomatedResponse, 0.02);
        assert_eq!(told(&[a, against]).0, Cause::Unknown);
    }

    #[test]
    fn guesses_together_never_reach_what_is_acted_upon_and_a_word_or_a_witness_does() {
        let mut votes: Vec<Vote> = [Group::Nature, Group::Hand, Group::Around, Group::Clock]
            .map(|group| vote(group, Cause::EmergencyFix, 0.75))
            .to_vec();
        assert_eq!(told(&votes), (Cause::EmergencyFix, 0.79));
        votes[0].basis = Basis::Witnessed;
        assert!(told(&votes).1 > 0.95);
    }

    #[test]
    fn guesses_do_not_outvote_what_somebody_said() {
        let stated = Vote { basis: Basis::Stated, ..vote(Group::Words, Cause::ConfigurationError, 0.90) };
        let guess = vote(Group::Nature, Cause::AutomatedResponse, 0.75);
        assert_eq!(told(&[stated, guess]), (Cause::ConfigurationError, 0.90));
    }

    proptest! {
        #[test]
        fn whatever_the_votes_the_rules_hold(said in prop::collection::vec((0_usize..5, 0_usize..3, 0.0_f64..1.0), 0..12)) {
            let groups = [Group::Nature, Group::Hand, Group::Around];
            let votes: Vec<Vote> = said.iter().map(|&(cause, group, p)| vote(groups[group], Cause::ALL[cause], p)).collect();
            let probabilities = tally(&votes);
            prop_assert!((probabilities.all().iter().sum::<f64>() - 1.0).abs() < 1e-6);
            let named = probabilities.likeliest() != Cause::Unknown;
            prop_assert!(!named || (0.4999..=0.7901).contains(&probabilities.confidence().as_f64()));
        }
    }
}
