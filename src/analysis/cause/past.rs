//! What this drift, and its resource, did before.

use super::hand::{Hand, hand};
use super::vote::{Group, Vote};
use super::{Facts, Surroundings};
use crate::drift::Cause;

/// Comes back so often: something sets it.
const OFTEN: u32 = 2;

pub(super) fn votes(_: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    let past = &around.past;
    let hand = hand(around);
    let vote = |cause, alone, sentence: String| Vote::guess(Group::Past, cause, alone, sentence);
    let mut votes = vec![];
    if past.code_moved {
        let sentence = "Live it is as when it was last in sync: the code has changed since, and was not applied.";
        votes.push(vote(Cause::ConfigurationError, 0.65, sentence.into()));
    }
    let tried = around.attribution.and_then(|to| Some((to.tried()?, to.taken_back.len())));
    match tried {
        Some((words, times)) if hand == Hand::Person => {
            let alone = if times == 1 { 0.55 } else { 0.65 };
            let sentence = format!("{words}, and then changed it again: somebody tries things.");
            votes.push(vote(Cause::ManualTroubleshooting, alone, sentence));
        }
        Some((words, times)) if hand == Hand::Machine && times > 1 => {
            let sentence = format!("{words}, and then changed it again: a program does that.");
            votes.push(vote(Cause::AutomatedResponse, 0.45, sentence));
        }
        None if past.taken_back > 0 && hand == Hand::Person => {
            let sentence = format!(
                "It went away by itself within hours {}, and came back; nobody was seen to change it back.",
                times(past.taken_back)
            );
            votes.push(vote(Cause::ManualTroubleshooting, 0.40, sentence));
        }
        _ => {}
    }
    if past.returns >= OFTEN && hand != Hand::Person {
        let sentence = format!("It has come back {} after it was put right: something sets it.", times(past.returns));
        votes.push(vote(Cause::AutomatedResponse, 0.45, sentence));
    }
    votes
}

fn times(number: u32) -> String {
    if number == 1 { "once".into() } else { format!("{number} times") }
}
