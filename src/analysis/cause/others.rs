//! What other drifts appeared at the same time.

use super::hand::{Hand, hand};
use super::vote::{Group, Vote};
use super::{Facts, Surroundings};
use crate::drift::Cause;

/// From so many on it is a burst.
const BURST: u32 = 4;

pub(super) fn votes(_: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    let burst = around.burst;
    let vote = |cause, alone, sentence: String| vec![Vote::guess(Group::Others, cause, alone, sentence)];
    let person = hand(around) == Hand::Person;
    if burst.alike >= BURST && !person {
        let sentence = format!("{} others of its type changed in the same properties at once.", burst.alike);
        return vote(Cause::AutomatedResponse, 0.45, sentence);
    }
    if burst.same_hand >= BURST && burst.alike < BURST && person {
        let sentence = format!("The same person changed {} other resources at that time.", burst.same_hand);
        return vote(Cause::ManualTroubleshooting, 0.35, sentence);
    }
    vec![]
}
