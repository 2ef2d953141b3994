//! Decisions that the server does not have yet, and the two that are in each other's way beside each other.

use ratatui::text::Line;

use super::said::decided;
use super::{frame, key, scrolled};
use crate::drift::{Decision, ResolutionType};
use crate::safety::{Tainted, sanitise};
use crate::service::{About, Newer, Standing, Waiting};
use crate::tui::app::update::waiting::{colliding, collision};
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// The list.
pub fn draw(canvas: &mut Canvas<'_>) {
    let waiting = &canvas.model.waiting;
    let margin = if canvas.area().width < 60 { 0 } else { 4 };
    let width = canvas.area().width.saturating_sub(margin).min(100);
    let most = usize::from(canvas.area().height).saturating_sub(4);
    let [undo, enter, back] = ["undo", "enter", "back"].map(|action| key(canvas, "waiting", action));
    let mut keys = format!("{undo} take back  {enter} look  {back} close");
    if colliding(canvas.model).nth(1).is_some() {
        let [theirs, mine] = ["keep-all-theirs", "apply-all-mine"].map(|action| key(canvas, "waiting", action));
        keys = format!("{keys}  {theirs} all theirs  {mine} all mine");
    }
    let inner = frame(canvas, width, (waiting.all().len() + 1).clamp(1, most.max(1)), "waiting for the server", &keys);
    if waiting.all().is_empty() {
        let none = Line::from(canvas.span(Role::Dim, "nothing waits: the server has every decision"));
        return canvas.line(inner, 0, &none);
    }
    let height = usize::from(inner.height).saturating_sub(1).max(1);
    let top = (waiting.at + 1).saturating_sub(height);
    for (row, one) in waiting.all().iter().skip(top).take(height).enumerate() {
        let line = line(canvas, one, inner.width.into());
        canvas.line(inner, row, &line);
        if top + row == waiting.at {
            canvas.tint(inner, row, Role::Selection);
        }
    }
    let why = waiting.current().map(standing).unwrap_or_default();
    let why = Line::from(canvas.span(Role::Dim, text::cut(&why, inner.width.into())));
    canvas.line(inner, usize::from(inner.height).saturating_sub(1), &why);
}

/// What the one under the cursor waits for.
fn standing(one: &Waiting) -> String {
    match &one.stands {
        Standing::Unsent if one.may_be_done => "sent, but no answer came: it is asked for again, and done once".into(),
        Standing::Unsent => "kept on this machine; sent as soon as the server takes it".into(),
        Standing::Asks(_) => "somebody else was faster".into(),
        Standing::Refused(why) => format!("refused: {}", sanitise::line(why)),
    }
}

/// `…   3m  acknowledge  aws_s3_bucket.logs  prod-eu`
pub(super) fn line(canvas: &mut Canvas<'_>, one: &Waiting, width: usize) -> Line<'static> {
    let age = canvas.age(one.at);
    let (sign, role) = match one.stands {
        Standing::Unsent => ('…', Role::Key),
        Standing::Asks(_) => ('?', Role::Error),
        Standing::Refused(_) => ('!', Role::Error),
    };
    let (label, place) = about(one);
    let lead = format!("{sign} {age:>4}  ");
    let said = words(canvas, one);
    let rest = width.saturating_sub(text::width(&lead) + text::width(&place) + 4);
    let label = text::address(&label, rest / 2);
    let said = text::cut(&said, rest.saturating_sub(text::width(&label)));
    Line::from(vec![
        canvas.span(role, lead),
        canvas.span(Role::Key, format!("{said}  ")),
        canvas.span(Role::Text, label),
        canvas.span(Role::Dim, format!("  {place}")),
    ])
}

fn about(one: &Waiting) -> (Tainted, String) {
    match &one.sight {
        Some(sight) => (sight.label.clone(), sight.environment.to_string()),
        None => match &one.about {
            About::Drift { drift, .. } => (format!("drift {drift}").into(), String::new()),
            About::Mark { title } | About::EndMark { title } => (title.clone(), String::new()),
        },
    }
}

/// `acknowledged`, `marked`.
fn words(canvas: &Canvas<'_>, one: &Waiting) -> String {
    match &one.about {
        About::Drift { verb, .. } => decided(canvas.model, verb),
        About::Mark { .. } => "marked".into(),
        About::EndMark { .. } => "over".into(),
    }
}

/// Mine and theirs.
pub fn collide(canvas: &mut Canvas<'_>) {
    let Some(one) = collision(canvas.model).cloned() else { return };
    let Standing::Asks(newer) = &one.stands else { return };
    let width = canvas.area().width.saturating_sub(4).min(90);
    let room = usize::from(width).saturating_sub(4);
    let (label, place) = about(&one);
    let mut lines = vec![
        Line::from(canvas.span(Role::Title, text::address(&label, room))),
        Line::from(canvas.span(Role::Dim, place)),
        Line::default(),
    ];
    let ago = canvas.age(one.at);
    part(canvas, "mine", &format!("{}, {ago} ago", words(canvas, &one)), room, &mut lines);
    reason(canvas, one.reason.as_ref(), room, &mut lines);
    lines.push(Line::default());
    let theirs = theirs(canvas, newer);
    part(canvas, "theirs", &theirs, room, &mut lines);
    reason(canvas, newer.decision.as_ref().and_then(|decision| decision.reason.as_ref()), room, &mut lines);
    let [keep, apply, back] = ["keep-theirs", "apply-mine", "back"].map(|action| key(canvas, "waiting", action));
    let keys = format!("{keep} keep theirs  {apply} apply mine on top  {back} later");
    let height = lines.len().min(usize::from(canvas.area().height).saturating_sub(2));
    let inner = frame(canvas, width, height, "somebody else was faster", &keys);
    scrolled(canvas, inner, &lines, 0);
}

/// Who, what and when; a scan may have been it as well.
pub(super) fn theirs(canvas: &mut Canvas<'_>, newer: &Newer) -> String {
    let state = newer.state.as_str();
    let to = newer.assignee.as_ref().map(|to| format!(", assigned to {}", to.cell(30))).unwrap_or_default();
    match &newer.decision {
        Some(Decision { by, at, resolution_type, .. }) => {
            let kind = resolution_type.map(|kind| format!(" as {}", ResolutionType::as_str(kind))).unwrap_or_default();
            format!("{state}{kind} by {}, {} ago{to}", by.cell(30), canvas.age(*at))
        }
        None => format!("{state}{to}; changed since it was shown, last seen {} ago", canvas.age(newer.last_seen)),
    }
}

fn part(canvas: &Canvas<'_>, lead: &str, words: &str, room: usize, lines: &mut Vec<Line<'static>>) {
    for (row, piece) in wrap(words, room.saturating_sub(8).max(1)).into_iter().enumerate() {
        let lead = text::fit(if row == 0 { lead } else { "" }, 8);
        lines.push(Line::from(vec![canvas.span(Role::Key, lead), canvas.span(Role::Text, piece)]));
    }
}

fn reason(canvas: &Canvas<'_>, reason: Option<&Tainted>, room: usize, lines: &mut Vec<Line<'static>>) {
    let words = reason.map_or("no reason given".into(), Tainted::line);
    for piece in wrap(&words, room.saturating_sub(8).max(1)) {
        lines.push(Line::from(canvas.span(Role::Dim, format!("        {piece}"))));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::Capability;
    use crate::drift::{DriftEvent, State, TriageVerb};
    use crate::service::{Contact, Missing, ServiceError, ServiceEvent, Settle, Sight};
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::app::{Effect, Msg};
    use crate::tui::sample::{self, Sample};

    fn open(size: (u16, u16)) -> Screens {
        Screens::open(Sample::shared(), options(Options::default()), size).unwrap()
    }

    fn waits(event: &DriftEvent, stands: Standing) -> Waiting {
        Waiting {
            id: ulid::Ulid::generate(),
            about: About::Drift { drift: event.id, verb: TriageVerb::Acknowledge },
            reason: Some("it is mine".into()),
            at: sample::now(),
            sight: Some(Sight::from(event)),
            may_be_done: false,
            stands,
        }
    }

    fn asks(event: &DriftEvent) -> Standing {
        let decision = Decision {
            seq: 9,
            by: "bob".into(),
            at: sample::now(),
            reason: Some("no, \u{1b}[31mmine".into()),
            resolution_type: Some(ResolutionType::Accepted),
            until: None,
        };
        let newer = Newer { version: 7, state: State::Resolved, decision: Some(decision), ..Newer::from(event) };
        Standing::Asks(Box::new(newer))
    }

    fn told(screens: &mut Screens, list: Vec<Waiting>) {
        screens.send(Msg::Service(ServiceEvent::Waiting(list)));
    }

    #[test]
    fn what_waits_is_told_in_the_title_in_its_row_and_in_a_list_from_which_it_is_taken_back() {
        for size in [(80, 24), (120, 40)] {
            let mut screens = open(size);
            let event = screens.model.timeline.selected().unwrap().clone();
            let one = waits(&event, Standing::Unsent);
            told(&mut screens, vec![one.clone()]);
            let screen = screens.screen();
            assert!(screen.contains("1 pending") && screen.contains("C …"), "{screen}");
            screens.act("waiting");
            let screen = screens.screen();
            assert!(screen.contains("waiting for the server") && screen.contains("acknowledged"), "{screen}");
            assert!(screen.contains("sent as soon as the server takes it"), "{screen}");
            screens.hold();
            screens.keys("u");
            assert_eq!(screens.held(), [Effect::SettleWaiting(vec![one.id], Settle::TakeBack)]);
            told(&mut screens, vec![]);
            assert!(!screens.screen().contains("pending") && screens.screen().contains("nothing waits"));
        }
    }

    #[test]
    fn undo_takes_the_last_decision_back_where_it_waits() {
        let mut screens = open((120, 40));
        let event = screens.model.timeline.selected().unwrap().clone();
        let [one, last] = [(); 2].map(|()| waits(&event, Standing::Unsent));
        told(&mut screens, vec![one, last.clone()]);
        screens.hold();
        screens.keys("u");
        assert_eq!(screens.held(), [Effect::SettleWaiting(vec![last.id], Settle::TakeBack)]);
    }

    #[test]
    fn a_decision_that_met_a_newer_one_shows_both_and_each_key_does_what_it_says() {
        for (key, how) in [("T", Settle::TakeBack), ("M", Settle::OnTop)] {
            let mut screens = open((120, 40));
            let event = screens.model.timeline.selected().unwrap().clone();
            let one = waits(&event, asks(&event));
            told(&mut screens, vec![one.clone()]);
            let screen = screens.screen();
            for words in ["somebody else was faster", "it is mine", "resolved as accepted by bob", "1 to decide"] {
                assert!(screen.contains(words), "{words}: {screen}");
            }
            assert!(screen.contains("T keep theirs  M apply mine on top  esc later"), "{screen}");
            screens.hold();
            screens.keys("enter");
            assert!(screens.held().is_empty(), "enter chooses nothing");
            screens.keys(key);
            assert_eq!(screens.held(), [Effect::SettleWaiting(vec![one.id], how)]);
            screens.keys("esc");
            assert!(screens.screen().contains("1 to decide"), "later: it is not forgotten");
        }
    }

    #[test]
    fn nothing_opens_under_the_hands_of_somebody_who_is_at_something_else() {
        let mut screens = open((120, 40));
        let event = screens.model.timeline.selected().unwrap().clone();
        screens.act("note");
        screens.text("half a sen");
        let asks = waits(&event, asks(&event));
        told(&mut screens, vec![asks]);
        assert!(screens.screen().contains("half a sen") && !screens.screen().contains("apply mine"));
    }

    #[test]
    fn a_decision_that_is_kept_is_said_to_be_and_the_cursor_goes_on() {
        let mut screens = open((120, 40));
        let before = screens.model.timeline.selected_id();
        screens.hold();
        screens.act("acknowledge");
        let asked =
            screens.held().iter().find_map(|e| if let Effect::Triage(ticket, _) = e { Some(*ticket) } else { None });
        screens.send(Msg::Triaged(asked.unwrap(), Err(ServiceError::Kept("the server cannot be reached".into()))));
        let screen = screens.screen();
        assert!(
            screen.contains("kept here: acknowledge") && screen.contains("sent when the server is back"),
            "{screen}"
        );
        assert_ne!(screens.model.timeline.selected_id(), before);
        assert!(screens.model.pending.is_empty());
    }

    #[test]
    fn the_frame_after_a_key_does_not_wait_for_a_server_that_hangs() {
        let mut screens = open((120, 40));
        screens.hold();
        screens.act("acknowledge");
        screens.act("reload");
        let before = (screens.screen(), screens.model.timeline.selected_id());
        screens.keys("j");
        assert!(screens.model.timeline.selected_id() != before.1 && screens.screen() != before.0);
        screens.act("help");
        assert!(screens.screen().contains("On a drift"), "{}", screens.screen());
        assert!(!screens.held().is_empty(), "nobody has answered");
    }

    #[test]
    fn a_busy_server_is_asked_again_in_so_many_seconds_and_what_an_older_one_lacks_is_off_with_the_reason() {
        let mut screens = open((120, 40));
        let again_at = sample::now().checked_add(jiff::SignedDuration::from_secs(8)).unwrap();
        screens.send(Msg::Service(ServiceEvent::Contact(Contact::Busy { again_at })));
        assert!(screens.screen().contains("RETRY 8s"), "{}", screens.screen());
        let what = BTreeSet::from([Capability::Incident]);
        screens.send(Msg::Missing(Missing {
            what,
            why: "the server is driftguard 0.9.0, which does not know this".into(),
        }));
        screens.act("incident");
        assert!(screens.screen().contains("incident: the server is driftguard 0.9.0"), "{}", screens.screen());
        screens.send(Msg::Service(ServiceEvent::Server("erin (editor) at https://b".into())));
        assert!(screens.screen().contains("https://b"), "{}", screens.screen());
    }
}
