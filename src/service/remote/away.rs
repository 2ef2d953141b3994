//! What becomes of each write while the server is away: one table.

use super::RemoteService;
use crate::service::ServiceError;

/// What becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Away {
    /// It is kept on this machine, and sent when the server is back.
    Waits,
    /// It is not done, and this says why it has to be the server.
    Needs(&'static str),
    /// It is not done, and nobody misses it.
    Passes,
    /// It is about what is kept here.
    Here,
}

/// Every write of the service, by its name.
pub const WRITES: [(&str, Away); 21] = [
    ("triage", Away::Waits),
    ("triage_many", Away::Waits),
    ("put_context", Away::Waits),
    ("end_context", Away::Waits),
    ("change_rule", Away::Needs("it knows what a rule would hide, and nothing is hidden unseen")),
    ("change_never_hide", Away::Needs("it knows what such a rule would bring to light")),
    ("scan", Away::Needs("it is what scans")),
    ("cancel_scan", Away::Needs("it is what scans")),
    ("who", Away::Needs("it asks the audit trail")),
    ("analyse", Away::Needs("it thinks about the drift as it is now")),
    ("train_model", Away::Needs("it knows what was said of causes")),
    ("evaluate_model", Away::Needs("it knows what was said of causes")),
    ("activate_model", Away::Needs("it is what judges")),
    ("answer_advice", Away::Needs("advice may be another one by then")),
    ("read_notification", Away::Needs("it keeps who has read what")),
    ("read_notifications", Away::Needs("it keeps who has read what")),
    ("resend_notification", Away::Needs("it is what sends them")),
    ("request_remediation", Away::Needs("the steps may be other ones by then")),
    ("decide_remediation", Away::Needs("what is approved has to be what is asked for now")),
    // What somebody looks at now is nobody's business later.
    ("look", Away::Passes),
    ("settle_waiting", Away::Here),
];

/// Why a write has to be done by the server itself; `None`: it need not.
pub fn needs_server(write: &str) -> Option<&'static str> {
    let (_, away) = WRITES.iter().find(|(name, _)| *name == write)?;
    if let Away::Needs(why) = away { Some(why) } else { None }
}

impl RemoteService {
    /// Says at once that it cannot be done, when nobody is there to do it.
    pub(super) fn reached(&self, write: &str) -> Result<(), ServiceError> {
        match (self.line.link.away(), needs_server(write)) {
            (Some(why), Some(needs)) => {
                Err(ServiceError::Unavailable(format!("{why}, and {needs}: try again when it is back")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;

    /// Asked, and changing nothing.
    const READS: [&str; 30] = [
        "environments",
        "drifts",
        "groups",
        "drift",
        "incident",
        "stats",
        "daily",
        "business",
        "relations",
        "resources",
        "remediation",
        "remediations",
        "observations",
        "matching",
        "people",
        "ignore_rules",
        "rules",
        "preview_rule",
        "never_hidden",
        "preview_never_hide",
        "untold",
        "contexts",
        "looking",
        "scans",
        "notifications",
        "notification",
        "audit",
        "audit_between",
        "models",
        "lessons",
    ];

    /// What a service far away says of itself as any would.
    const SAME_EVERYWHERE: [&str; 3] = ["store_gauges", "protected", "backlog"];
    /// What a server notes for itself, where its store lies.
    const NOTES: [&str; 3] = ["answers", "keep_analysis", "analysis"];

    fn names(source: &str, pattern: &str) -> BTreeSet<String> {
        Regex::new(pattern).unwrap().captures_iter(source).map(|found| found[1].to_owned()).collect()
    }

    fn of_the_trait(pattern: &str) -> BTreeSet<String> {
        let source = include_str!("../mod.rs");
        names(&source[source.find("pub trait DriftService").unwrap()..], pattern)
    }

    #[test]
    fn what_becomes_of_every_write_while_the_server_is_away_is_decided() {
        let calls = of_the_trait(r"(?m)^    async fn (\w+)");
        let decided = WRITES.iter().map(|(name, _)| *name).chain(READS);
        let calls: BTreeSet<String> = calls.into_iter().filter(|name| !NOTES.contains(&name.as_str())).collect();
        assert_eq!(calls, decided.map(str::to_owned).collect());
    }

    #[test]
    fn what_needs_the_server_asks_for_it_first_and_nothing_else_does() {
        let asked = names(include_str!("calls.rs"), r#"self\.reached\("(\w+)"\)"#);
        let needs =
            WRITES.iter().filter(|(_, away)| matches!(away, Away::Needs(_))).map(|(name, _)| (*name).to_owned());
        assert_eq!(asked, needs.collect());
    }

    #[test]
    fn no_call_is_left_to_what_a_service_does_that_cannot_do_it() {
        let (all, here) = (
            of_the_trait(r"(?m)^    (?:async )?fn (\w+)"),
            names(include_str!("calls.rs"), r"(?m)^    (?:async )?fn (\w+)"),
        );
        let elsewhere = [&SAME_EVERYWHERE[..], &NOTES].concat();
        let left: Vec<&String> = all.difference(&here).filter(|name| !elsewhere.contains(&name.as_str())).collect();
        assert!(left.is_empty(), "{left:?} of the service are not asked of the server");
    }
}
