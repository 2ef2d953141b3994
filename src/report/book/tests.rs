use super::*;
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
