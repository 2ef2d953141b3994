//! Words that say why, and words that only look like it.

use Cause::{EmergencyFix, SecurityResponse};
use proptest::prelude::*;

use super::*;

fn told(name: &str, text: &str) -> Option<(Cause, u8, Basis)> {
    read(Some(name), text).map(|word| (word.cause, (word.alone * 100.0).round() as u8, word.basis))
}

#[test]
fn words_that_state_no_cause_name_none() {
    for (name, text) in [
        ("Company", "Acme Inc 2024"),
        ("Company", "Acme Inc. 20,000"),
        ("disk", "pd-0"),
        ("disk", "pd-100"),
        ("release", "inc-7"),
        ("release", "inc-2031"),
        ("az", "sev 1"),
        ("alert", "sev3"),
        ("Tier", "isolated"),
        ("aws-cdk:subnet-type", "Isolated"),
        ("quarantine", "false"),
        ("quarantine", "released"),
        ("compromised", "false"),
        ("compromised", ""),
        ("security-incident", "none"),
        ("security_incident", "no longer"),
        ("reason", "not an incident, just cleaning"),
        ("reason", "no emergency"),
        ("reason", "a non-emergency change"),
        ("reason", "not related to INC-4711"),
        ("reason", "isn't compromised"),
        ("reason", "no longer part of INC-4711"),
        ("reason", "Not part of the incident"),
        ("reason", "compromised: false"),
        ("reason", "rebuilt by Acme Inc 2024"),
        ("reason", "cleanup"),
        ("ticket", "JIRA-12"),
        ("on-call-schedule", "PD4711"),
        ("on-call", "incident-4"),
        ("emergency-contact", "incident@example.com"),
        ("reason", "asked by incident-team@example.com"),
        ("severity", "sev2ish"),
    ] {
        assert_eq!(told(name, text), None, "{name}: {text}");
    }
}

#[test]
fn whoever_is_asked_for_a_reason_and_gives_one_states_it() {
    for (name, text) in [
        ("reason", "INC-4711"),
        ("ChangeReason", "fix for INC0012345"),
        ("change_reason", "PD-1234 paged"),
        ("kubernetes.io/change-cause", "rollback, INC#912"),
        ("ticket", "https://example.com/browse/INC-17"),
        ("incident-id", "INC-7"),
        ("reason", "SEV-2"),
        ("reason", "sev 1: checkout is down, and does not come back"),
        ("Hotfix", "incident 4711"),
        ("reason", "PD4711"),
        ("reason", "could not wait for INC-4711"),
        ("reason", "do not revert INC-4711"),
        ("reason", "took longer because of INC-4711"),
        ("reason", "INC-4711: no disk space left"),
        ("reason", "no disk space left INC-4711"),
    ] {
        assert_eq!(told(name, text), Some((EmergencyFix, 80, Basis::Stated)), "{name}: {text}");
    }
    assert_eq!(told("reason", "emergency rollback"), Some((EmergencyFix, 65, Basis::Stated)));
    for (name, text) in
        [("reason", "host was compromised"), ("ticket", "CVE-2024-12345"), ("security-incident", "SIR-17")]
    {
        assert_eq!(told(name, text), Some((SecurityResponse, 80, Basis::Stated)), "{name}: {text}");
    }
    assert_eq!(read(None, "emergency, INC-4711").map(|word| word.alone), Some(0.80));
}

#[test]
fn what_stands_in_other_notes_is_a_guess_but_for_a_mark() {
    for text in ["see INC-4711", "incident 4711", "INC0012345"] {
        assert_eq!(told("team", text), Some((EmergencyFix, 65, Basis::Guessed)), "{text}");
    }
    assert_eq!(told("note", "patched CVE-2024-12345"), Some((SecurityResponse, 65, Basis::Guessed)));
    for (name, text) in [("quarantine", "true"), ("ops:Quarantined", "Yes"), ("compromised", "1")] {
        assert_eq!(told(name, text), Some((SecurityResponse, 65, Basis::Stated)), "{name}: {text}");
    }
}

#[test]
fn a_name_has_the_number_of_an_incident_or_only_ends_in_one() {
    for name in ["INC-4711-alice", "alice_INC-4711", "PD-1234", "sev-471", "inc#912", "INC0012345", "incident-4711"] {
        assert!(names_incident(name), "{name}");
    }
    for name in ["acme-inc-2024", "inc2prod", "pd-1-operator", "team-sev-7", "pd1", "zinc-4711", "Acme Inc 471"] {
        assert!(!names_incident(name), "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_and_a_denial_before_it_takes_a_number_back(text in ".{0,40}", number in 3000_u32..9_999_999) {
        let _ = (told(&text, &text), told("reason", &text), names_incident(&text));
        let (named, denied) = (format!("{text}. INC-{number}"), format!("not INC-{number}"));
        prop_assert!(told("reason", &named).is_some());
        prop_assert!(!names_incident(&denied));
    }
}
