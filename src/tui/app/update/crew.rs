//! Tells the others what is looked at, and hears what they look at. Who does nothing is not told of, and tells nothing.

use jiff::SignedDuration;

use crate::safety::Tainted;
use crate::service::{Contact, Looking};
use crate::tui::app::{Effect, Model};

/// Told again so often while somebody is at it: it holds for a minute.
const AGAIN: SignedDuration = SignedDuration::from_secs(20);
/// Without a key for so long nobody is thought to sit there.
const IDLE: SignedDuration = SignedDuration::from_secs(60);

/// The service is there.
pub fn begin(model: &mut Model, is_shared: bool, me: Option<Tainted>) -> Vec<Effect> {
    if let Some(me) = &me {
        model.actor = me.line();
        model.timeline.filter.me.clone_from(&model.actor);
    }
    let me = me.unwrap_or_else(|| model.actor.as_str().into());
    model.crew.begin(is_shared, me);
    load(model)
}

/// Everybody who is there.
pub fn load(model: &mut Model) -> Vec<Effect> {
    // Nobody there knows of us either.
    model.crew.told = None;
    if model.crew.is_there() && model.connected() { vec![Effect::LoadLooking] } else { vec![] }
}

pub fn came(model: &mut Model, all: Vec<Looking>) -> Vec<Effect> {
    model.crew.replace(all, model.now);
    vec![]
}

pub fn told(model: &mut Model, looking: Looking) {
    model.crew.hear(looking, model.now);
}

/// After anything that happened: what is to be told, if it is another drift than the last time or a while ago.
pub fn follow(model: &mut Model, is_active: bool) -> Option<Effect> {
    let now = model.now;
    if is_active {
        model.crew.active_at = now;
    }
    let is_heard = model.contact.as_ref().is_none_or(|contact| *contact == Contact::Live);
    let is_idle = now.duration_since(model.crew.active_at) >= IDLE;
    if !model.crew.is_there() || !model.connected() || !is_heard || is_idle {
        return None;
    }
    let drift = model.timeline.selected_id();
    let is_news = match model.crew.told {
        None => drift.is_some(),
        Some((before, at)) => before != drift || is_active && now.duration_since(at) >= AGAIN,
    };
    is_news.then(|| {
        model.crew.told = Some((drift, now));
        Effect::Look(drift)
    })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use ulid::Ulid;

    use super::*;
    use crate::drift::{DriftEvent, DriftId, State};
    use crate::service::{ServiceEvent, Spot};
    use crate::tui::Options;
    use crate::tui::app::Msg;
    use crate::tui::app::testkit::{self, Screens};
    use crate::tui::sample::{Sample, now};

    fn open(is_on: bool, size: (u16, u16)) -> Screens {
        let options = testkit::options(Options { presence: is_on, ..Options::default() });
        let mut screens = Screens::open(Sample::shared(), options, size).unwrap();
        screens.send(Msg::Crewed { is_shared: true, me: Some("alice".into()), role: None });
        screens
    }

    fn after(seconds: i64) -> Timestamp {
        now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    /// What was told since the last time.
    fn told(screens: &mut Screens) -> Vec<Option<DriftId>> {
        let told = screens.effects.drain(..);
        told.filter_map(|effect| if let Effect::Look(drift) = effect { Some(drift) } else { None }).collect()
    }

    fn looks(screens: &mut Screens, who: &str, at: Option<&DriftEvent>) {
        let looking = Looking { who: who.into(), screen: Ulid::from(7u128), at: at.and_then(Spot::of), left: None };
        screens.send(Msg::Service(ServiceEvent::Looking(Box::new(looking))));
    }

    fn selected(screens: &Screens) -> DriftEvent {
        screens.model.timeline.selected().unwrap().clone()
    }

    #[test]
    fn what_the_cursor_rests_on_is_told_again_only_while_somebody_is_at_it() {
        let mut screens = open(true, (80, 24));
        let first = selected(&screens).id;
        assert_eq!(told(&mut screens), [Some(first)]);
        screens.keys("j");
        let second = selected(&screens).id;
        assert_eq!(told(&mut screens), [Some(second)]);
        screens.keys("?");
        screens.keys("esc");
        assert!(told(&mut screens).is_empty(), "nothing new");
        screens.at(after(25));
        assert!(told(&mut screens).is_empty(), "time alone tells nothing");
        screens.keys("?");
        assert_eq!(told(&mut screens), [Some(second)]);
        screens.keys("esc");
        screens.at(after(200));
        let gone = screens.model.timeline.window.get(4).unwrap().clone();
        screens.send(Msg::Service(ServiceEvent::Updated(Box::new(gone))));
        assert!(told(&mut screens).is_empty(), "nobody sits there");
        screens.keys("k");
        assert_eq!(told(&mut screens), [Some(first)]);
    }

    #[test]
    fn nothing_is_told_where_nobody_hears_it_or_nobody_wants_it() {
        let mut screens = open(false, (80, 24));
        screens.keys("j j");
        assert!(told(&mut screens).is_empty());
        let event = selected(&screens);
        looks(&mut screens, "bob", Some(&event));
        assert!(!screens.screen().contains("bob"), "{}", screens.screen());
        let mut screens = open(true, (80, 24));
        let again_at = after(8);
        screens.send(Msg::Service(ServiceEvent::Contact(Contact::Lost { since: now(), again_at })));
        told(&mut screens);
        screens.keys("j j");
        assert!(told(&mut screens).is_empty(), "it is not kept for later");
        screens.send(Msg::Service(ServiceEvent::Contact(Contact::Live)));
        assert_eq!(told(&mut screens), [Some(selected(&screens).id)], "what is looked at now");
    }

    #[test]
    fn who_else_looks_at_a_drift_is_said_in_its_row_and_in_its_details_for_a_minute() {
        for size in [(60, 16), (80, 24), (160, 45)] {
            let mut screens = open(true, size);
            let calm = screens.screen();
            let event = selected(&screens);
            looks(&mut screens, "alice", Some(&event));
            assert_eq!(screens.screen(), calm, "not oneself");
            looks(&mut screens, "bob\u{1b}[31m\u{202e}", Some(&event));
            let screen = screens.screen();
            assert!(screen.contains("@C"), "{screen}");
            assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'), "{screen}");
            assert!(size.0 < 80 || screen.contains("bob") && screen.contains("looks at this"), "{screen}");
            assert_eq!(screen.lines().count(), calm.lines().count());
            looks(&mut screens, "carol", Some(&event));
            assert!(size.0 < 80 || screens.screen().contains("and carol look at this"), "{}", screens.screen());
            let wake = screens.draw().1.wake.unwrap();
            assert!(wake <= after(60), "{wake}");
            looks(&mut screens, "carol", None);
            assert!(!screens.screen().contains("carol"));
            screens.at(after(61));
            assert!(!screens.screen().contains("bob") && !screens.screen().contains("@C"), "{}", screens.screen());
        }
    }

    #[test]
    fn who_has_taken_a_drift_is_said_unless_it_is_oneself() {
        let sample = Sample::shared();
        let options = testkit::options(Options { presence: true, ..Options::default() });
        let mut screens = Screens::open(sample.clone(), options, (120, 40)).unwrap();
        let id = selected(&screens).id;
        screens.send(Msg::Crewed { is_shared: true, me: Some("alice".into()), role: None });
        for (who, is_said) in [("bob", true), ("alice", false)] {
            sample.change(id, false, |event| event.assignee = Some(who.into()));
            screens.listen();
            let screen = screens.screen();
            assert_eq!(
                (screen.contains(&format!("taken by {who}")), screen.contains("@C")),
                (is_said, is_said),
                "{screen}"
            );
        }
        sample.change(id, false, |event| {
            let by = crate::drift::Decision {
                seq: 1,
                by: "bob".into(),
                at: after(-180),
                reason: None,
                resolution_type: None,
                until: None,
            };
            (event.assignee, event.state, event.decision) = (None, State::Acknowledged, Some(by));
        });
        screens.listen();
        let screen = screens.screen();
        let is_said_once = screen.contains("acknowledged by bob 3m") && !screen.contains("taken by");
        assert!(is_said_once && screen.contains("@C"), "{screen}");
    }

    #[test]
    fn somebody_at_a_drift_of_a_group_shows_in_the_row_of_the_group() {
        let mut screens = open(true, (120, 40));
        let event = selected(&screens);
        screens.act("cycle-group");
        assert!(!screens.screen().contains("▸@") && !screens.screen().contains("▾@"), "{}", screens.screen());
        looks(&mut screens, "bob", Some(&event));
        assert_eq!(screens.screen().matches("▸@").count(), 1, "{}", screens.screen());
        screens.at(after(61));
        assert!(!screens.screen().contains("▸@"), "{}", screens.screen());
    }
}
