//! After a scan: what it saw again is shown with when and how often, while cursor and list stay as they are.

use super::{events, load};
use crate::drift::Slug;
use crate::service::ServiceError;
use crate::store::Page;
use crate::tui::app::{Effect, Model};

/// A scan of the environment has ended.
pub fn scanned(model: &mut Model, environment: &Slug) -> Vec<Effect> {
    model.timeline.grow_old(environment);
    let mut effects = rows(model);
    if model.timeline.selected().is_some_and(|event| event.environment == *environment) {
        effects.extend(load::detail(model, true));
    }
    effects
}

/// Nobody knows what became of any of them.
pub fn lost(model: &mut Model) -> Vec<Effect> {
    model.timeline.grow_all_old();
    rows(model)
}

/// Rows in sight that were read before their last scan.
pub fn rows(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    let request = model.timeline.ask_again(ticket).filter(|_| model.connected());
    request.map(|request| Effect::LoadPage(ticket, request)).into_iter().collect()
}

pub fn came(model: &mut Model, answer: Result<Page, ServiceError>) -> Vec<Effect> {
    for event in model.timeline.read_again(answer.ok()) {
        events::keep_in_sight(model, &event);
        model.timeline.window.replace_row(&event);
    }
    model.timeline.settle(model.now);
    load::follow(model)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::drift::DriftEvent;
    use crate::service::ServiceEvent;
    use crate::tui::Options;
    use crate::tui::app::testkit::{self, Screens};
    use crate::tui::app::{Effect, Msg};
    use crate::tui::sample::{Sample, Synthetic, now};

    /// A scan of the environment of the selected drift has ended.
    fn scan(screens: &mut Screens) {
        let slug = screens.model.timeline.selected().unwrap().environment.clone();
        let mut rows = screens.model.environments.list.iter().filter(|row| row.environment.slug == slug);
        let summary = rows.find_map(|row| row.last_scan.clone()).unwrap();
        screens.send(Msg::Service(ServiceEvent::Scanned(Box::new(summary))));
    }

    /// What a scan that sees the same again does to a drift: the version stays.
    fn see_again(event: &mut DriftEvent) {
        (event.seen_count, event.last_seen) = (77, now());
        event.version -= 1;
    }

    #[test]
    fn a_scan_that_saw_the_same_again_is_seen_in_the_rows_and_at_the_selected_drift() {
        let sample = Sample::shared();
        let mut screens = Screens::open(sample.clone(), testkit::options(Options::default()), (160, 45)).unwrap();
        screens.keys("j");
        let (selected, top) = (screens.model.timeline.selected_id().unwrap(), screens.model.timeline.top);
        sample.change(selected, true, see_again);
        scan(&mut screens);
        let shown = screens.screen();
        assert!(shown.contains("×77"), "{shown}");
        assert!(shown.contains("last now, 77 times"), "{shown}");
        assert_eq!((screens.model.timeline.selected_id(), screens.model.timeline.top), (Some(selected), top));
    }

    #[test]
    fn the_screen_stands_still_while_rows_are_read_again() {
        let sample = Sample::shared();
        let mut screens = Screens::open(sample.clone(), testkit::options(Options::default()), (160, 45)).unwrap();
        let before = screens.screen();
        screens.hold();
        scan(&mut screens);
        assert!(screens.held().iter().any(|effect| matches!(effect, Effect::LoadPage(..))));
        assert!(screens.held().iter().any(|effect| matches!(effect, Effect::LoadDetail(..))));
        assert_eq!(screens.screen(), before);
        screens.release();
        assert_eq!(screens.screen(), before);
    }

    #[test]
    fn a_row_out_of_sight_is_read_again_when_it_comes_into_sight() {
        let service = Arc::new(Synthetic::new(1_000));
        let mut screens = Screens::open(service.clone(), testkit::options(Options::default()), (80, 24)).unwrap();
        (0..14).for_each(|_| screens.keys("pagedown"));
        assert_eq!(screens.model.timeline.window.len(), 200);
        screens.keys("home");
        let before = service.served();
        scan(&mut screens);
        assert_eq!(service.served() - before, 100, "the page in sight");
        screens.keys("j j k");
        assert_eq!(service.served() - before, 100, "once");
        (0..20).for_each(|_| screens.keys("pagedown"));
        assert_eq!(service.served() - before, 200, "the page that came into sight");
    }

    #[test]
    fn after_another_servers_undo_or_rule_the_rows_are_read_again_and_the_cursor_stays() {
        for keys in ["j", "j j j"] {
            let sample = Sample::shared();
            let mut screens = Screens::open(sample.clone(), testkit::options(Options::default()), (80, 16)).unwrap();
            screens.keys(keys);
            let selected = screens.model.timeline.selected_id().unwrap();
            let ids = sample.ids();
            let hidden = *ids.iter().rev().find(|id| screens.model.timeline.window.find(**id).is_some()).unwrap();
            let seen = *ids.iter().find(|id| **id != selected).unwrap();
            sample.change(hidden, true, |event| event.state = crate::drift::State::Ignored);
            sample.change(seen, true, |event| event.seen_count = 4_711);
            screens.send(Msg::Service(ServiceEvent::Lost));
            let window = &screens.model.timeline.window;
            assert!(window.find(hidden).is_none(), "it is hidden now");
            assert_eq!(window.find(seen).unwrap().seen_count, 4_711);
            assert_eq!(screens.model.timeline.selected_id(), Some(selected));
        }
    }

    #[test]
    fn far_from_the_top_rows_that_a_rule_hides_now_leave_too() {
        let service = Arc::new(Synthetic::new(1_000));
        let mut screens = Screens::open(service.clone(), testkit::options(Options::default()), (80, 24)).unwrap();
        (0..14).for_each(|_| screens.keys("pagedown"));
        let selected = screens.model.timeline.selected_id();
        let before = service.served();
        screens.send(Msg::Service(ServiceEvent::Lost));
        assert_eq!(screens.model.timeline.selected_id(), selected);
        assert_eq!(service.served() - before, 100, "the page in sight is read again");
    }
}
