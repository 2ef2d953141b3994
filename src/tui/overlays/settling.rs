//! Every decision where somebody else was faster, mine above theirs, before they are all settled in one way.

use ratatui::text::Line;
use ulid::Ulid;

use super::waiting::{line, theirs};
use super::{enter_or_back, frame, scrolled};
use crate::service::{Settle, Standing, Waiting};
use crate::tui::app::notice::count;
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn draw(canvas: &mut Canvas<'_>, how: Settle, ids: &[Ulid], scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(100);
    let room = usize::from(width).saturating_sub(4);
    let listed: Vec<Waiting> = canvas.model.waiting.all().iter().filter(|one| ids.contains(&one.id)).cloned().collect();
    let mut lines = vec![];
    for one in &listed {
        lines.push(line(canvas, one, room));
        if let Standing::Asks(newer) = &one.stands {
            let words = text::cut(&format!("  theirs: {}", theirs(canvas, newer)), room);
            lines.push(Line::from(canvas.span(Role::Dim, words)));
        }
    }
    let decisions = count(listed.len(), "decision");
    let (title, does) = match how {
        Settle::OnTop => (format!("all mine: {decisions} on top of theirs"), "apply all mine"),
        Settle::TakeBack => (format!("all theirs: {decisions} of mine not sent"), "keep all theirs"),
    };
    let keys = enter_or_back(canvas, "overlay", does);
    let height = lines.len().clamp(1, usize::from(canvas.area().height).saturating_sub(4).max(1));
    let inner = frame(canvas, width, height, &title, &keys);
    scrolled(canvas, inner, &lines, scroll);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::TriageVerb;
    use crate::service::{About, Contact, Newer, ServiceEvent, Sight};
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::app::{Effect, Msg};
    use crate::tui::sample::{self, Sample};

    fn waits(screens: &Screens, row: usize, asks: bool) -> Waiting {
        let event = screens.model.timeline.window.get(row).unwrap();
        Waiting {
            id: Ulid::generate(),
            about: About::Drift { drift: event.id, verb: TriageVerb::Acknowledge },
            reason: None,
            at: sample::now(),
            sight: Some(Sight::from(event)),
            may_be_done: false,
            stands: if asks { Standing::Asks(Box::new(Newer::from(event))) } else { Standing::Unsent },
        }
    }

    #[test]
    fn conflicts_are_settled_together_after_all_of_them_were_shown() {
        for (key, how, words) in [("g M", Settle::OnTop, "all mine: 2"), ("g T", Settle::TakeBack, "all theirs: 2")] {
            for size in [(80, 24), (160, 45)] {
                let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
                let all = vec![waits(&screens, 0, true), waits(&screens, 1, true), waits(&screens, 2, false)];
                let ids = vec![all[0].id, all[1].id];
                screens.send(Msg::Service(ServiceEvent::Waiting(all.clone())));
                screens.keys("esc");
                screens.act("waiting");
                assert!(screens.screen().contains("g M all mine"), "{}", screens.screen());
                screens.hold();
                screens.keys(key);
                let screen = screens.screen();
                assert!(screen.contains(words) && screen.matches("theirs: open").count() == 2, "{screen}");
                assert!(screens.held().is_empty(), "nothing is done before it was seen");
                // What comes now was not shown, and is not settled.
                screens.send(Msg::Service(ServiceEvent::Waiting([all, vec![waits(&screens, 3, true)]].concat())));
                screens.keys("enter");
                assert_eq!(screens.held(), [Effect::SettleWaiting(ids, how)]);
            }
        }
    }

    #[test]
    fn while_the_server_is_away_what_needs_it_says_so_and_a_kept_decision_stands_on_its_drift() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (120, 40)).unwrap();
        let again_at = sample::now().checked_add(jiff::SignedDuration::from_secs(8)).unwrap();
        screens.send(Msg::Service(ServiceEvent::Contact(Contact::Lost { since: sample::now(), again_at })));
        for action in ["scan", "ignore", "who"] {
            screens.act(action);
            assert!(screens.screen().contains("the server is away, and it"), "{action}: {}", screens.screen());
        }
        let kept = waits(&screens, 0, false);
        screens.send(Msg::Service(ServiceEvent::Waiting(vec![kept.clone()])));
        assert!(
            screens.screen().contains("acknowledge kept here, sent when the server is back"),
            "{}",
            screens.screen()
        );
        screens.act("reopen");
        assert!(screens.screen().contains("undo takes it back"), "{}", screens.screen());
        screens.hold();
        screens.act("undo");
        assert_eq!(screens.held(), [Effect::SettleWaiting(vec![kept.id], Settle::TakeBack)]);
    }

    #[test]
    fn before_the_first_answer_the_screen_says_what_is_tried_and_keys_work() {
        for size in [(80, 24), (120, 40)] {
            let mut screens = Screens::connecting(Sample::shared(), options(Options::default()), size).unwrap();
            let since = sample::now();
            let again_at = since.checked_add(jiff::SignedDuration::from_secs(4)).unwrap();
            let why = "https://drift cannot be reached: connection refused".to_owned();
            screens.send(Msg::Trying(crate::tui::Trying { why, since, again_at }));
            let screen = screens.screen();
            assert!(screen.contains("STALE") && screen.contains("RETRY 4s"), "{screen}");
            assert!(screen.contains("https://drift cannot be reached"), "{screen}");
            screens.keys("?");
            assert!(screens.screen().contains("On a drift"), "{}", screens.screen());
            screens.keys("esc");
            screens.connect();
            assert!(!screens.screen().contains("cannot be reached"), "{}", screens.screen());
        }
    }
}
