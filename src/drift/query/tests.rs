use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::drift::{Cause, DriftEvent, DriftType, Score, SeverityClass, State};

fn now() -> jiff::Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

fn parse(text: &str) -> Result<Query, QueryError> {
    Query::parse(text, now(), &TimeZone::UTC)
}

/// A CRITICAL change of an ingress rule in `prod-eu`, first seen an hour ago by alice.
fn event() -> DriftEvent {
    let score = |n: u8| f64::from(n) / 100.0;
    let json = serde_json::json!({
        "id": "01JNZ6Q0V4M2Y8T5R3W7X9B1CD", "version": 1, "environment": "prod-eu",
        "fingerprint": "00".repeat(32),
        "resource": {"resource_type": "aws_security_group", "provider_id": "sg-0a1b",
                     "resource_id": "module.net[\"a.b\"].module.edge.aws_security_group.web"},
        "drift_type": "modified",
        "changes": [{"path": "ingress[protocol=tcp,from_port=22].cidr_blocks", "change_type": "modified",
                     "declared": ["10.0.0.0/8"], "actual": ["0.0.0.0/0"], "is_security_critical": true}],
        "hidden_count": 0, "unverified_count": 0,
        "analysis": {"cause": {"cause_category": "unknown", "confidence_score": 0.0, "contributing_factors": []},
                     "severity": {"security": score(95), "performance": 0.0, "cost": 0.0, "compliance": 0.0},
                     "reasons": [], "changed_by": ["alice"], "analyzed_at": "2026-11-21T02:00:00Z"},
        "recommendations": [], "tags": [["team", "pay"], ["tier", "web"]],
        "detected_at": "2026-11-21T02:00:00Z", "last_seen": "2026-11-21T02:55:00Z", "seen_count": 3,
        "regressions": 0, "state": "open"
    });
    serde_json::from_value(json).unwrap()
}

fn finds(text: &str, event: &DriftEvent) -> bool {
    let query = parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    let again: Query = query.to_string().parse().unwrap_or_else(|why| panic!("{text} → {query}: {why}"));
    assert_eq!(again, query, "{text} reads back from {query}");
    query.matches(event, Viewer { now: now(), me: "bob", incidents: None })
}

#[test]
fn every_key_asks_about_its_property() {
    let event = event();
    for text in [
        "",
        "env:prod",
        "env:prod-*",
        "sev:critical",
        "sev:>=high",
        "sev:C",
        "type:aws_security_group*",
        "type:SECURITY",
        "id:sg-0a1b",
        "id:module.net*web",
        "module:edge",
        "actor:alice",
        "is:new",
        "is:open",
        "is:modified",
        "is:security",
        "is:unassigned",
        "cause:unknown",
        "age:<2h",
        "age:>30m",
        "seen:<10m",
        "path:ingress",
        "path:ingress[protocol=tcp,from_port=22]*",
        "tag:team",
        "tag:team=pay",
        "tag:t*=WEB",
        "web",
        "CIDR",
        "\"cidr_blocks\"",
        "@-2h",
        "@01:30..02:30",
        "@2026-11-21",
        "sort:severity",
        "group:change",
    ] {
        assert!(finds(text, &event), "{text}");
    }
    for text in [
        "env:stage",
        "env:prod?",
        "sev:low",
        "sev:<critical",
        "type:aws_vpc",
        "type:security*",
        "id:sg-9",
        "module:db",
        "actor:bob",
        "is:regressed",
        "is:snoozed",
        "is:deleted",
        "is:mine",
        "cause:emergency_fix",
        "age:>2h",
        "seen:>10m",
        "path:egress",
        "tag:owner",
        "tag:team=ops",
        "tag:team=pa",
        "nothing",
        "@-30m",
        "@yesterday",
    ] {
        assert!(!finds(text, &event), "{text}");
    }
}

#[test]
fn a_guard_that_is_gone_is_about_security_though_no_property_of_it_differs() {
    let gone = |drift_type: DriftType| DriftEvent { drift_type, changes: vec![], ..event() };
    for drift_type in [DriftType::Deleted, DriftType::Added] {
        assert!(finds("is:security", &gone(drift_type)), "{drift_type:?}");
        let mut harmless = gone(drift_type);
        harmless.analysis.severity.security = Score::percent(49);
        assert!(!finds("is:security", &harmless) && finds("-is:security", &harmless), "{drift_type:?}");
    }
    assert!(!finds("is:security", &gone(DriftType::Modified)));
}

#[test]
fn a_minus_takes_out_and_the_same_key_widens_where_a_drift_has_one_of_it() {
    let event = event();
    for text in [
        "-env:stage",
        "env:prod env:stage",
        "env:stage,prod",
        "sev:low,critical",
        "-egress web",
        "is:new is:snoozed",
        "is:new,regressed",
        "is:open is:modified,deleted",
    ] {
        assert!(finds(text, &event), "{text}");
    }
    for text in [
        "-env:prod",
        "env:prod -type:aws*",
        "path:ingress path:egress",
        "tag:team=pay tag:tier=db",
        "web -cidr",
        "age:>10m age:<30m",
        "-is:new",
        "is:new is:deleted",
        "is:new is:regressed",
        "-is:regressed,new",
    ] {
        assert!(!finds(text, &event), "{text}");
    }
}

#[test]
fn what_people_did_decides_what_is_new() {
    let mut noted = event();
    noted.note_count = 1;
    assert!(!finds("is:new", &noted) && finds("is:open", &noted) && finds("is:noted", &noted));
    let mut owned = event();
    owned.assignee = Some("bob".into());
    assert!(finds("is:mine owner:bob", &owned) && !finds("is:new", &owned));
    let mut back = event();
    back.regressions = 1;
    assert!(finds("is:regressed", &back) && !finds("is:new", &back));
}

#[test]
fn indexes_are_told_no_less_than_may_match() {
    let states = |text: &str| parse(text).unwrap().states();
    assert_eq!(states("env:prod"), []);
    assert_eq!(states("is:snoozed,new"), [State::Open, State::Snoozed]);
    assert_eq!(states("is:snoozed is:regressed"), [State::Snoozed]);
    assert_eq!(states("is:snoozed,regressed"), []);
    assert_eq!(states("is:accepted"), [State::Resolved]);
    assert_eq!(states("is:open -is:new"), [State::Open]);
    assert_eq!(states("-is:closed -is:accepted").len(), 5);
    let classes = |text: &str| parse(text).unwrap().severities();
    assert_eq!(classes(">=high"), []);
    assert_eq!(classes("sev:>=high -sev:critical"), [SeverityClass::High]);
    assert!(parse("is:snoozed").unwrap().names_states() && !parse("-is:snoozed is:regressed").unwrap().names_states());
}

#[test]
fn a_mistake_says_where_it_is_and_what_would_be_understood() {
    let wrong = |text: &str| {
        let error = parse(text).unwrap_err();
        (text[error.at.clone()].to_owned(), error.message)
    };
    for (text, at, says) in [
        ("env:prod colour:red", "colour:red", "`colour:` is no key: env, sev"),
        ("sev:huge", "sev:huge", "critical, high, medium, low"),
        ("is:odd", "is:odd", "new, open, acknowledged"),
        ("age:soon", "age:soon", "<2h"),
        ("type:", "type:", "wants a value: resource type"),
        ("web \"open end", "\"open end", "not closed"),
        ("@noon", "@noon", "02:40..04:10"),
        ("-sort:newest", "-sort:newest", "means nothing"),
        ("sort:best", "sort:best", "newest, oldest, severity, blast"),
    ] {
        let (place, message) = wrong(text);
        assert!(place == at && message.contains(says), "{text}: {place} {message}");
    }
    assert!(wrong(&"x".repeat(3000)).1.contains("at most 2000 bytes"));
}

#[test]
fn quotes_make_plain_text_of_what_would_mean_something() {
    let event = event();
    for text in ["\"-web\"", "\"env:prod\"", "\"@-2h\"", "path:\"a b\"", "\"a\\\"b\""] {
        assert!(!finds(text, &event), "{text}");
    }
    assert!(finds("cause:unk", &event) && parse("cause:unknown").is_ok());
    assert_eq!(parse("cause:unk").unwrap(), parse(&format!("cause:{}", Cause::Unknown.as_str())).unwrap());
}

#[test]
fn modules_are_found_whatever_their_keys() {
    for (address, module) in [
        ("aws_vpc.main", ""),
        ("module.net.aws_vpc.main", "module.net"),
        ("module.net[\"a.b]\"].module.dns[0].aws_vpc.x", "module.net[\"a.b]\"].module.dns"),
        ("module.", ""),
        ("module.net[", "module.net"),
    ] {
        assert_eq!(matching::module(address), module, "{address}");
    }
}

fn offered(line: &str) -> Vec<String> {
    let known = Vocabulary {
        environments: vec!["prod-eu".into(), "stage".into()],
        types: vec!["aws_vpc".into(), "my aws_thing".into()],
        ..Vocabulary::default()
    };
    let done = |c: Completion| format!("{}{}{}", &line[..c.replace.start], c.text, &line[c.replace.end..]);
    complete(line, line.len(), &known, 4).into_iter().map(done).collect()
}

#[test]
fn the_line_completes_keys_then_values() {
    assert_eq!(offered("e"), ["env:"]);
    assert_eq!(offered("web -ty"), ["web -type:"]);
    assert_eq!(offered("env:"), ["env:prod-eu", "env:stage"]);
    assert_eq!(offered("x env:prod-eu,s"), ["x env:prod-eu,stage"]);
    assert_eq!(offered("type:aws"), ["type:aws_vpc", "type:\"my aws_thing\""]);
    assert_eq!(offered("is:reg"), ["is:regressed"]);
    assert_eq!(offered("@-"), ["@-15m", "@-2h"]);
    assert_eq!(offered("colour:r"), Vec::<String>::new());
    assert_eq!(offered("").len(), 4);
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader_and_what_it_prints_reads_back(text in "[-@a-z:\"\\\\ ,=*?\\[<>.0-9é\u{202e}]{0,40}") {
        let _ = complete(&text, text.len() / 2, &Vocabulary::default(), 10);
        if let Ok(query) = parse(&text) {
            query.matches(&event(), Viewer { now: now(), me: "", incidents: None });
            prop_assert_eq!(query.to_string().parse::<Query>(), Ok(query));
        }
    }
}

#[test]
fn an_incident_is_asked_for_by_its_id_or_a_drift_in_it_and_nothing_else_is_taken_for_one() {
    let own = event().id;
    for name in ["6B01657f00aa12bb34cc", &own.to_string()] {
        let query = parse(&format!("incident:{name}")).unwrap();
        let asked: Vec<_> = query.incidents().collect();
        assert_eq!(asked.len(), 1, "{name}");
        // What only a store knows turns nothing away here.
        assert!(finds(&format!("incident:{name}"), &event()) && finds(&format!("-incident:{name}"), &event()));
        let found = Incidents::from([(asked[0].0.clone(), [own].into())]);
        let nothing = Incidents::new();
        let viewer = |incidents| Viewer { now: now(), me: "", incidents: Some(incidents) };
        assert!(query.matches(&event(), viewer(&found)));
        assert!(!query.matches(&event(), viewer(&nothing)));
        let other = parse(&format!("-incident:{name}")).unwrap();
        assert!(!other.matches(&event(), viewer(&found)));
    }
    let wrong = parse("incident:yesterday\u{1b}").unwrap_err().to_string();
    assert!(
        wrong.contains("names no incident: give its id (20 hexadecimal digits") && !wrong.contains('\u{1b}'),
        "{wrong}"
    );
    for id in ["6b01657f00aa12bb34cc", "0000000000000000000f"] {
        let key = GroupKey::of_incident(id).unwrap();
        assert_eq!((key.incident().as_deref(), key.to_string().parse()), (Some(id), Ok(key)));
    }
    assert_eq!(GroupKey::of_incident("6B01657f00aa12bb34cc"), None, "ids are in lower case");
}
