//! News goes to the notices.

use crate::drift::{DriftEvent, ScanSummary};
use crate::tui::app::{Model, age};
use crate::tui::panes::health;

/// A drift that is new or came back; counted as long as its scan lasts.
pub fn hear(model: &mut Model, event: &DriftEvent) {
    if !event.state_at(model.now).needs_attention() {
        return;
    }
    let Some(told) = model.news.hear(event) else { return };
    match told.before {
        Some(before) => model.notices.again(model.now, told.urgent, &before, told.text),
        None => model.notices.add(model.now, told.urgent, told.text),
    }
}

pub fn scanned(model: &mut Model, scan: &ScanSummary) {
    if let Some((error, text)) = model.news.scanned(scan) {
        model.notices.add(model.now, error, text);
    }
}

/// Environments that became overdue by now, each once until it is scanned again.
pub fn overdue(model: &mut Model) {
    let now = model.now;
    let list = &model.environments.list;
    let late = list.iter().filter(|row| health::overdue_at(row).is_some_and(|at| at <= now));
    let late: Vec<_> = late.map(|row| (row.environment.slug.clone(), row.last_scan.as_ref())).collect();
    let mut texts = vec![];
    for (slug, last) in late.iter().filter(|(slug, _)| !model.news.overdue.contains(slug)) {
        let last = match last.and_then(health::last_complete) {
            Some(at) => format!("last complete scan {} ago", age::age(at, now)),
            None => "no scan was ever complete".to_owned(),
        };
        texts.push(format!("{slug}: scans are overdue, {last}"));
    }
    model.news.overdue = late.into_iter().map(|(slug, _)| slug).collect();
    texts.into_iter().for_each(|text| model.notices.add(now, true, text));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::drift::{DriftEvent, ScanStage, ScanSummary, SourceError, SourceState};
    use crate::service::ServiceEvent;
    use crate::tui::Options;
    use crate::tui::app::Msg;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::{Sample, now};

    fn open() -> Screens {
        Screens::open(Sample::shared(), options(Options::default()), (100, 30)).unwrap()
    }

    /// Drifts of the sample as if they were new.
    fn drifts(screens: &Screens, class: &str) -> Vec<DriftEvent> {
        let rows = screens.model.timeline.window.rows(0);
        rows.filter(|event| event.severity_class().as_str() == class && event.environment.as_str() == "prod-eu")
            .cloned()
            .collect()
    }

    fn found(screens: &mut Screens, event: &DriftEvent) {
        screens.send(Msg::Service(ServiceEvent::Drift(Box::new(event.clone()))));
    }

    fn scanned(screens: &mut Screens, change: impl FnOnce(&mut ScanSummary)) {
        let mut scan = screens.model.environments.list[0].last_scan.clone().unwrap();
        change(&mut scan);
        screens.send(Msg::Service(ServiceEvent::Scanned(Box::new(scan))));
    }

    fn inbox(screens: &Screens) -> Vec<String> {
        screens.model.notices.inbox().map(|one| one.text.clone()).collect()
    }

    #[test]
    fn new_critical_drift_is_one_notice_for_each_scan_and_environment() {
        let mut screens = open();
        let (critical, high) = (drifts(&screens, "CRITICAL"), drifts(&screens, "HIGH"));
        found(&mut screens, &high[0]);
        found(&mut screens, &critical[0]);
        let name = critical[0].resource.resource_id.name(40);
        let told = inbox(&screens);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("prod-eu: 1 new CRITICAL, 1 new HIGH: {name}, ")), "{told:?}");
        assert!(screens.screen().contains("1 new CRITICAL, 1 new HIGH"), "the status bar: {}", screens.screen());
        scanned(&mut screens, |_| {});
        found(&mut screens, &critical[0]);
        assert_eq!(inbox(&screens).len(), 2, "the next scan is another story: {:?}", inbox(&screens));
        screens.at(now() + Duration::from_secs(600));
        assert!(screens.screen().contains("2 unread"), "{}", screens.screen());
    }

    #[test]
    fn a_drift_that_came_back_says_so_and_the_small_ones_say_nothing() {
        let mut screens = open();
        let mut back = drifts(&screens, "CRITICAL")[0].clone();
        back.regressions = 1;
        found(&mut screens, &back);
        assert!(inbox(&screens)[0].contains("1 new CRITICAL (1 came back): "), "{:?}", inbox(&screens));
        let mut screens = open();
        for small in drifts(&screens, "MEDIUM").into_iter().chain(drifts(&screens, "LOW")) {
            found(&mut screens, &small);
        }
        assert!(inbox(&screens).is_empty(), "{:?}", inbox(&screens));
    }

    #[test]
    fn an_environment_that_fails_is_told_when_it_begins_and_when_it_is_over() {
        let mut screens = open();
        let error = SourceError {
            source: "/srv/state/prod-eu.tfstate".into(),
            message: "permission denied".into(),
            help: "chmod it".into(),
        };
        let broken = SourceState {
            source: error.source.clone(),
            last_good: None,
            error: Some(error),
            version: None,
            written_at: None,
            notices: vec![],
        };
        let fails = |scan: &mut ScanSummary| {
            scan.stage = ScanStage::Failed;
            scan.sources = vec![broken.clone()];
        };
        scanned(&mut screens, |_| {});
        assert!(inbox(&screens).is_empty(), "that a scan went well is no news");
        (0..3).for_each(|_| scanned(&mut screens, fails));
        scanned(&mut screens, |scan| scan.stage = ScanStage::Cancelled);
        scanned(&mut screens, fails);
        let told = inbox(&screens);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("prod-eu: scans fail, what is shown may be old: /srv/state/prod-eu.tfstate"));
        assert!(told[0].ends_with("permission denied; chmod it"), "{told:?}");
        scanned(&mut screens, |_| {});
        scanned(&mut screens, |_| {});
        assert_eq!(inbox(&screens).len(), 2);
        assert_eq!(inbox(&screens)[0], "prod-eu: scans see everything again");
    }

    #[test]
    fn scans_that_do_not_come_are_told_once_when_they_are_overdue() {
        let mut screens = open();
        let row = &mut screens.model.environments.list[0];
        row.interval = Some(Duration::from_secs(300));
        row.next_scan = Some(now() + Duration::from_secs(60));
        screens.at(now() + Duration::from_secs(350));
        assert!(inbox(&screens).is_empty());
        for seconds in [361, 362, 4000] {
            screens.at(now() + Duration::from_secs(seconds));
        }
        assert_eq!(inbox(&screens), ["prod-eu: scans are overdue, last complete scan 8m ago"]);
    }

    #[test]
    fn what_goes_wrong_the_same_way_again_is_news_once() {
        let mut screens = open();
        let stopped =
            || ServiceEvent::Notice { error: true, text: "scanning prod-eu stopped: the disk is full".into() };
        screens.send(Msg::Service(stopped()));
        screens.keys("j");
        screens.at(now() + Duration::from_secs(300));
        screens.send(Msg::Service(stopped()));
        assert_eq!(inbox(&screens).len(), 1);
        screens.at(now() + Duration::from_secs(600));
        assert!(!screens.screen().contains("unread"), "{}", screens.screen());
    }

    #[test]
    fn what_one_did_oneself_is_no_news_when_the_inbox_is_opened() {
        let mut screens = open();
        let critical = drifts(&screens, "CRITICAL");
        found(&mut screens, &critical[0]);
        screens.at(now() + Duration::from_secs(600));
        screens.act("acknowledge");
        screens.at(now() + Duration::from_secs(1200));
        screens.act("notices");
        let screen = screens.screen();
        let row = |words: &str| screen.lines().find(|line| line.contains(words)).unwrap().to_owned();
        assert!(row("1 new CRITICAL").contains("│ *  20m  prod-eu"), "{screen}");
        assert!(row("saved: acknowledge").contains("│    10m  saved"), "{screen}");
    }

    #[test]
    fn what_one_did_oneself_is_not_unread_and_answers_to_keys_are_not_in_the_inbox() {
        let mut screens = open();
        screens.act("acknowledge");
        screens.act("cycle-sort");
        screens.act("cycle-sort");
        screens.at(now() + Duration::from_secs(600));
        assert!(!screens.screen().contains("unread"), "{}", screens.screen());
        let told = inbox(&screens);
        assert!(told.len() <= 2 && told[0].starts_with("sort:"), "only the newest answer: {told:?}");
    }
}
