use jiff::Timestamp;

use super::*;
use crate::drift::{CloudProvider, ResourceRef, ScanId, ScanStage, Slug, SourceState, Unverified, UnverifiedReason};
use crate::safety::Tainted;

fn report(counts: Counts, error: bool, completeness: Completeness) -> Report {
    let slug = Slug::from_text("prod");
    let at = Timestamp::UNIX_EPOCH;
    let failed = SourceError { source: "a.tfstate".into(), message: "cut off".into(), help: "fetch it again".into() };
    let environment = Environment {
        organization: Slug::from_text("local"),
        slug: slug.clone(),
        name: "prod".into(),
        cloud_provider: CloudProvider::Aws,
        region: Default::default(),
        account_id: Default::default(),
        tags: Default::default(),
        is_active: true,
        created_at: at,
        updated_at: at,
    };
    let resource = ResourceRef {
        resource_type: "aws_vpc".into(),
        resource_id: "aws_vpc.\u{1b}[2Jmain".into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let unverified = Unverified { path: None, reason: UnverifiedReason::Denied, detail: "403".into() };
    let summary = ScanSummary {
        id: ScanId::generate(),
        environment: slug,
        started_at: at,
        finished_at: at,
        stage: ScanStage::Done,
        counts,
        new: 0,
        regressed: 0,
        closed: 0,
        sources: vec![SourceState {
            source: "a.tfstate".into(),
            last_good: None,
            error: None,
            version: None,
            written_at: None,
            notices: vec![],
        }],
        completeness,
        unverified: (0..counts.unverified).map(|_| (resource.clone(), unverified.clone())).collect(),
        timings: vec![],
    };
    Report::new(vec![EnvironmentReport {
        usage: Default::default(),
        actors: Default::default(),
        environment,
        summary,
        drifts: Sightings::default(),
        store: StoreUse::None,
        errors: if error { vec![failed] } else { vec![] },
        untold: vec![],
    }])
}

fn counts(in_sync: u64, drifted: u64, unverified: u64, unverified_properties: u64) -> Counts {
    let resources = in_sync + drifted + unverified;
    Counts { resources, in_sync, drifted, unverified, unverified_properties, ..Counts::default() }
}

#[test]
fn the_exit_code_says_what_happened() {
    let partial = || Completeness::Partial { unverified_types: vec![Tainted::from("aws_vpc")] };
    let code = |c, error, completeness, strict| report(c, error, completeness).exit_code(strict);
    assert_eq!(code(counts(3, 0, 0, 0), false, Completeness::Complete, false), 0);
    assert_eq!(code(counts(3, 0, 0, 5), false, Completeness::Complete, false), 0);
    assert_eq!(code(counts(3, 0, 0, 5), false, Completeness::Complete, true), 3);
    assert_eq!(code(counts(3, 0, 1, 0), false, Completeness::Complete, false), 3);
    assert_eq!(code(counts(3, 1, 1, 0), true, partial(), false), 2);
    assert_eq!(code(counts(3, 0, 0, 0), true, partial(), false), 3);
    assert_eq!(code(counts(0, 0, 0, 0), true, partial(), false), 1);
    assert_eq!(code(counts(3, 0, 0, 0), false, partial(), false), 3);
}

#[test]
fn no_format_lets_a_control_character_through() {
    let report = report(counts(0, 0, 1, 0), true, Completeness::Complete);
    for format in [Format::Text, Format::Json, Format::Ndjson, Format::Markdown] {
        let mut out = vec![];
        report.write(format, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format:?}: {text:?}");
        assert!(text.contains("fetch it again"), "{format:?}: {text}");
    }
}

#[test]
fn of_very_many_drifts_people_see_the_worst_and_are_told_how_to_see_all() {
    let many = u64::try_from(SHOWN).unwrap() + 200;
    let mut report = report(counts(0, many, 0, 0), false, Completeness::Complete);
    let sample = crate::scan::a_finding();
    for n in 0..many {
        let mut finding = sample.clone();
        finding.resource.resource_id = format!("zebra{n}").into();
        report.environments[0].drifts.push(&finding.into()).unwrap();
    }
    let write = |format| {
        let mut out = vec![];
        report.write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    for format in [Format::Text, Format::Markdown] {
        let text = write(format);
        assert!(text.contains("… and 200 more drifts"), "{format:?}");
        assert_eq!(text.matches("zebra").count(), SHOWN, "{format:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&write(Format::Json)).unwrap();
    assert_eq!(json["drifts"].as_array().unwrap().len() as u64, many);
    assert_eq!(write(Format::Ndjson).matches("{\"drift\":").count() as u64, many);
}

#[test]
fn a_policy_that_objects_stands_beside_the_advice_in_markdown() {
    let mut report = report(counts(0, 1, 0, 0), false, Completeness::Complete);
    let mut finding = crate::scan::a_finding();
    finding.recommendations = crate::tui::sample::drifts::all().remove(0).event.recommendations;
    finding.recommendations.truncate(1);
    finding.recommendations[0].vetoed = None;
    finding.recommendations[0].objection =
        Some(crate::drift::Veto { policy: "payments".into(), reason: "[ask](first)\u{1b}[2J".into() });
    let kind = finding.recommendations[0].recommendation_type.as_str();
    report.environments[0].drifts.push(&finding.into()).unwrap();
    let mut out = vec![];
    report.write(Format::Markdown, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let (_, advice) = text.split_once(&format!("\n{kind}: ")).unwrap();
    let line = advice.lines().find(|line| line.contains("objects")).unwrap();
    assert!(line.starts_with("the policy payments objects: ") && !line.contains("[ask](first)"), "{line}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn advice_that_somebody_put_aside_is_no_advice_of_the_scan_that_gives_it_once_more() {
    let event = crate::tui::sample::drifts::all().remove(0).event;
    let mut finding = crate::scan::a_finding();
    finding.recommendations = event.recommendations[..1].to_vec();
    let (now, kind) = (event.last_seen, event.recommendations[0].recommendation_type.as_str());
    let told = |result: Option<&str>| {
        let mut known = event.clone();
        known.recommendations[0].implementation_result = result.map(Into::into);
        let mut report = report(counts(0, 1, 0, 0), false, Completeness::Complete);
        report.environments[0].drifts.push(&Sighting::of(finding.clone(), &known, now, Vec::new)).unwrap();
        let [markdown, json] = [Format::Markdown, Format::Json].map(|format| {
            let mut out = vec![];
            report.write(format, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        });
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        (markdown, json["drifts"][0]["recommendations"].clone())
    };
    let (markdown, json) = told(None);
    assert!(markdown.contains(&format!("\n{kind}: ")) && json == serde_json::json!([kind]), "{markdown}{json}");
    let (markdown, json) = told(Some("not before INC-1"));
    assert!(markdown.contains(&format!("\n{kind}, dismissed: not before INC")), "{markdown}");
    assert_eq!(json, serde_json::json!([]));
}
