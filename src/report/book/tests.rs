use super::*;
use crate::drift::{Recommendation, Veto};
use crate::safety::vectors;
use crate::tui::sample;

fn page(book: &Book) -> String {
    let mut out = vec![];
    book.write("2026-11-22T08:00:00Z".parse().unwrap(), &TimeZone::UTC, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn book(drifts: Vec<DriftEvent>) -> Book {
    let environments = sample::environments().into_iter().map(|one| Chapter {
        environment: one.environment,
        open: one.open,
        last_scan: one.last_scan,
        contexts: one.contexts,
    });
    let stats =
        Stats { days: DAYS, total: 3, resolved: 2, healed: 1, unresolved: 1, average_resolution_seconds: Some(90) };
    Book { environments: environments.collect(), drifts, cut: false, stats, settings: vec![] }
}

fn sample_drifts() -> Vec<DriftEvent> {
    sample::drifts::all().into_iter().map(|detail| detail.event).collect()
}

#[test]
fn the_five_views_are_on_one_page_that_needs_nothing_else() {
    let mut book = book(sample_drifts());
    book.settings = vec![["theme", "dark", "built in"].map(str::to_owned)];
    let page = page(&book);
    for (anchor, name) in
        [("index", "Overview"), ("environments", ""), ("drifts", ""), ("recommendations", ""), ("settings", "")]
    {
        assert!(
            page.contains(&format!("<section id={anchor}>")) && page.contains(&format!("href=\"#{anchor}\"")),
            "{name}"
        );
    }
    for event in &book.drifts {
        assert_eq!(page.matches(&format!("id=\"d-{}\"", event.id)).count(), 1);
    }
    assert!(book.drifts.iter().any(|event| !event.recommendations.is_empty()));
    assert!(page.contains("<td>theme<td class=v>dark<td>built in"));
    for outside in ["<script", "<link", "<img", "src=", "url(", "@import", "http://", "https://", "javascript:"] {
        let text = page.replace("https:&#x2F;&#x2F;", "");
        assert!(!text.contains(outside) || is_text_only(&text, outside), "{outside}");
    }
}

#[test]
fn a_policy_that_objects_stands_beside_the_advice_it_objects_to_and_what_became_of_one_is_not_told_of_another() {
    let mut one = sample_drifts().into_iter().find(|event| !event.recommendations.is_empty()).unwrap();
    one.recommendations.truncate(1);
    let mut other = one.clone();
    other.resource.resource_id = "aws_vpc.other".into();
    one.recommendations[0].vetoed = None;
    one.recommendations[0].objection = Some(Veto { policy: "payments <1>".into(), reason: "ask first".into() });
    let mut third = other.clone();
    third.resource.resource_id = "aws_vpc.third".into();
    third.recommendations[0].implementation_result = Some("settled as codify_iac".into());
    third.recommendations[0].implemented_at = Some(third.detected_at);
    let page = page(&book(vec![one, other, third]));
    assert_eq!(page.matches("<p>the policy payments &lt;1&gt; objects: ask first</p>").count(), 1, "{page}");
    let (advice, _) = page.split_once("<section id=settings>").unwrap();
    let told = advice.split("<h3>").skip(1).map(|one| (one.contains("objects:"), one.contains("what became of it")));
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    assert!(told.ends_with(&[(false, false), (false, true), (true, false)]), "{told:?}");
}

fn shown_advice(page: &str) -> Vec<&str> {
    let (_, rest) = page.split_once("<section id=recommendations>").unwrap();
    let (advice, _) = rest.split_once("<section id=settings>").unwrap();
    advice.split("<h3>").skip(1).collect()
}

#[test]
fn each_drift_keeps_its_own_steps_and_prediction_where_the_advice_reads_the_same() {
    let mut one = sample_drifts().into_iter().find(|event| !event.recommendations.is_empty()).unwrap();
    one.recommendations.truncate(1);
    let mut advice = one.recommendations.remove(0);
    (advice.vetoed, advice.accept_until) = (None, Some("2026-11-24T10:00:00Z".parse().unwrap()));
    let of = |name: &str, left: usize, priority| {
        let mut event = one.clone();
        event.id = crate::drift::DriftId::generate();
        event.resource.resource_id = name.into();
        let left = vec![crate::drift::Left { path: "tags".into(), why: "it stays".into() }; left];
        event.recommendations = vec![Recommendation {
            implementation_steps: vec![format!("apply {name}").into()],
            predicted: Some(crate::drift::Prediction { left }),
            patch: Some(format!("+{name}").into()),
            priority,
            ..advice.clone()
        }];
        event
    };
    use crate::drift::Priority::{Low, Medium};
    let page = page(&book(vec![of("a.one", 0, Medium), of("a.two", 1, Medium), of("a.three", 0, Low)]));
    let [both, low] = shown_advice(&page)[..] else { panic!("{page}") };
    assert!(low.contains("apply a.three") && !low.contains("a.one"), "{low}");
    let (first, second) = both.split_at(both.find("apply a.two").unwrap());
    assert!(first.contains("apply a.one") && first.contains(">a.one</a>") && !first.contains(">a.two</a>"), "{both}");
    assert!(second.contains("predicted drift after this: 1") && second.contains(">a.two</a>"), "{both}");
    assert!(first.contains("predicted drift after this: 0") && first.contains("<pre>+a.one</pre>"), "{both}");
    for told in ["success<dd>", "given by<dd>ml_model", "given<dd>2026-", "accept until<dd>2026-11-24 10:00:00 UTC"] {
        assert!(both.contains(told), "{told}: {both}");
    }
    assert!(page.contains("by themselves, after 1m 30s on average"), "{page}");
}

#[test]
fn advice_that_nobody_may_follow_says_why_and_shows_no_steps() {
    let mut one = sample_drifts().into_iter().find(|event| !event.recommendations.is_empty()).unwrap();
    one.recommendations.truncate(1);
    one.recommendations[0].implementation_steps = vec!["do exactly this".into()];
    let told = |change: fn(&mut Recommendation)| {
        let mut event = one.clone();
        change(&mut event.recommendations[0]);
        shown_advice(&page(&book(vec![event]))).concat()
    };
    assert!(told(|_| {}).contains("do exactly this"));
    let stale = told(|one| one.expires_at = Some("2026-11-22T07:59:59Z".parse().unwrap()));
    assert!(stale.contains("Stale: it is too old") && !stale.contains("do exactly this"), "{stale}");
    let dismissed = told(|one| one.implementation_result = Some("advice x dismissed: <INC-1>".into()));
    assert!(dismissed.contains("&lt;INC-1&gt;") && !dismissed.contains("do exactly this"), "{dismissed}");
}

/// An address may stand in a text, but in no attribute.
fn is_text_only(page: &str, needle: &str) -> bool {
    page.match_indices(needle).all(|(at, _)| {
        let before = &page[..at];
        before.rfind('>') > before.rfind('<')
    }) && needle.starts_with("http")
}

#[test]
fn nothing_hostile_acts_in_a_browser_whereever_it_stands() {
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'\u{202e}\u{1b}[31m";
    let mut drifts = sample_drifts();
    for event in &mut drifts {
        event.resource.resource_id = evil.into();
        event.resource.resource_type = evil.into();
        event.assignee = Some(evil.into());
        event.analysis.changed_by = vec![evil.into()];
        event.changes.iter_mut().for_each(|change| change.path = evil.into());
        for one in &mut event.recommendations {
            (one.rationale, one.implementation_steps) = (evil.into(), vec![evil.into()]);
            (one.risk_assessment.potential_impacts, one.implementation_result) = (vec![evil.into()], Some(evil.into()));
            one.objection = Some(Veto { policy: evil.into(), reason: evil.into() });
        }
    }
    let mut book = book(drifts);
    for one in &mut book.environments {
        (one.environment.name, one.environment.region) = (evil.into(), evil.into());
    }
    book.settings = vec![[evil, evil, evil].map(str::to_owned)];
    let page = page(&book);
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    for (name, hostile) in vectors::terminal() {
        book.environments[0].environment.name = hostile.as_str().into();
        let page = self::page(&book);
        assert!(!page.chars().any(|c| c != '\n' && c.is_control()), "{name}");
    }
}
