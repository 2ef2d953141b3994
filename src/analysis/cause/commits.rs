//! Commits that touched the block of code: what was written and may not be applied yet, or what was written afterwards, and why.

use std::sync::LazyLock;

use regex::Regex;

use super::hand::{Hand, hand};
use super::vote::{Basis, Group, Vote};
use super::words::names_incident;
use super::{Facts, Surroundings};
use crate::drift::{Cause, CorrelationEvent, CorrelationType};

/// What the subject of a commit says of why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    Emergency,
    Threat,
    Automation,
    Nothing,
}

pub(super) fn votes(_: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    let mut votes = vec![];
    for commit in commits(around) {
        let data = &commit.event_data;
        let named = format!("commit {} \"{}\"", commit.external_id.cell(20), data.title.cell(80));
        match commit.temporal_offset {
            // What a person did live is no code that was not applied.
            i64::MIN..=-1 if hand(around) != Hand::Person => {
                let sentence = format!("Its code was changed {} ({named}), and may not be applied yet.", commit.when());
                // That the code moved instead says the same.
                votes.push(Vote::guess(Group::Past, Cause::ConfigurationError, 0.55, sentence));
            }
            1.. => votes.extend(afterwards(commit, &named)),
            _ => {}
        }
    }
    votes
}

fn afterwards(commit: &CorrelationEvent, named: &str) -> Option<Vote> {
    let subject = commit.event_data.title.raw();
    let (cause, alone) = match says(subject) {
        Says::Emergency => (Cause::EmergencyFix, if names_incident(subject) { 0.75 } else { 0.65 }),
        Says::Threat => (Cause::SecurityResponse, 0.65),
        Says::Automation => (Cause::AutomatedResponse, 0.60),
        Says::Nothing => return None,
    };
    let sentence = format!("Its code was changed {}, and the subject says why: {named}.", commit.when());
    Some(Vote { cause, alone, basis: Basis::Stated, group: Group::Commits, sentence })
}

/// Before; after; after, speaking of an emergency; after, speaking of a threat.
pub(super) fn signs(around: &Surroundings<'_>) -> [bool; 4] {
    let any = |holds: &dyn Fn(&CorrelationEvent) -> bool| commits(around).any(holds);
    let after = |wanted: Says| any(&|one| one.temporal_offset > 0 && says(one.event_data.title.raw()) == wanted);
    [
        any(&|one| one.temporal_offset < 0),
        any(&|one| one.temporal_offset > 0),
        after(Says::Emergency),
        after(Says::Threat),
    ]
}

fn commits<'a>(around: &Surroundings<'a>) -> impl Iterator<Item = &'a CorrelationEvent> {
    around.correlations.iter().filter(|one| one.correlation_type == CorrelationType::GitCommit)
}

fn says(subject: &str) -> Says {
    static THREAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\bCVE-\d{4}-\d{4,}|\b(?:vulnerabilit(?:y|ies)|compromised?|breach(?:ed)?|exploit(?:ed)?|quarantined?|attack(?:er)?s?)\b").ok()
    });
    static URGENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:emergency|hot-?fix|outage|break-?glass|incident|mitigat(?:e[sd]?|ion))\b").ok()
    });
    static ITSELF: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\bauto(?:matic(?:ally)?)?[- ]?(?:minor[- ]version|upgraded?|updated?|scal(?:ed?|ing|er))|\bby the autoscaler\b").ok()
    });
    let fits = |regex: &'static LazyLock<Option<Regex>>| regex.as_ref().is_some_and(|regex| regex.is_match(subject));
    match () {
        () if fits(&THREAT) => Says::Threat,
        () if fits(&URGENT) || names_incident(subject) => Says::Emergency,
        () if fits(&ITSELF) => Says::Automation,
        () => Says::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_says_why_or_nothing() {
        for (subject, says_of_it) in [
            ("hotfix: raise the pool while checkout is down", Says::Emergency),
            ("codify INC-4711: open 8443 to the partner", Says::Emergency),
            ("close port 22, CVE-2024-3094", Says::Threat),
            ("the key was compromised", Says::Threat),
            ("AWS auto-upgraded the engine", Says::Automation),
            ("concourse: correcting rds version drift", Says::Nothing),
            ("security group of the web tier", Says::Nothing),
            ("match what is running", Says::Nothing),
            ("rename to Acme Inc 2024", Says::Nothing),
            ("grow pd-0", Says::Nothing),
        ] {
            assert_eq!(says(subject), says_of_it, "{subject}");
        }
    }
}
