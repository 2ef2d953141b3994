//! The exact plan, before it is carried out: these drifts, this decision, nothing else.

use std::collections::BTreeMap;

use ratatui::text::{Line, Span};

use super::{enter_or_back, frame, preview};
use crate::drift::{SeverityClass, State, TriageVerb};
use crate::tui::app::notice::count;
use crate::tui::app::overlay::{Plan, Target};
use crate::tui::app::update::preview::is_previewed;
use crate::tui::panes::{Canvas, place, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// Columns of a resource below which nothing stands beside it.
const LABEL: usize = 18;

pub fn draw(canvas: &mut Canvas<'_>, plan: &Plan, scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(90);
    let room = usize::from(width).saturating_sub(4);
    let head = head(canvas, plan, room);
    let targets: Vec<&Target> = plan.targets().collect();
    let is_of_drifts = plan.rule.is_none() && plan.never_hide.is_none() && plan.remediation.is_none();
    let title = match is_of_drifts {
        true => format!("{}: {}", plan.word, count(targets.len(), "drift")),
        false => plan.word.clone(),
    };
    let keys = enter_or_back(canvas, "overlay", "apply");
    let rows = head.len() + targets.len() + plan.left_out.len();
    let inner = frame(canvas, width, rows, &title, &keys);
    let height = usize::from(inner.height);
    let end = rows.saturating_sub(height);
    canvas.end_at(end);
    let from = scroll.min(end);
    // There may be thousands: only what is seen is made.
    for (row, at) in (from..rows).take(height).enumerate() {
        let line = match (head.get(at), at.checked_sub(head.len())) {
            (Some(line), _) => line.clone(),
            (None, Some(at)) => match (targets.get(at), at.checked_sub(targets.len())) {
                (Some(target), _) => one(canvas, target, room, Becomes::Of(plan)),
                (None, Some(at)) => plan
                    .left_out
                    .get(at)
                    .map_or_else(Line::default, |(target, _)| one(canvas, target, room, Becomes::LeftOut)),
                (None, None) => Line::default(),
            },
            (None, None) => Line::default(),
        };
        canvas.line(inner, row, &line);
    }
    let below = rows.saturating_sub(from + height);
    if below > 0 && height > 1 {
        let more = Line::from(canvas.span(Role::Key, format!(" and {below} more ")));
        canvas.line_right(inner, height - 1, &more);
    }
}

/// What is decided, about how many of what, and what is left out.
fn head(canvas: &mut Canvas<'_>, plan: &Plan, room: usize) -> Vec<Line<'static>> {
    let says = plan.says.iter().flat_map(|says| wrap(says, room));
    let mut lines: Vec<Line<'static>> = says.map(|says| Line::from(canvas.span(Role::Text, says))).collect();
    if is_previewed(plan) {
        lines.push(Line::default());
        lines.extend(preview::lines(canvas, room));
    }
    lines.extend(counts(canvas, plan, room));
    for (why, number) in reasons(plan) {
        let words = format!("left out: {}: {why}", count(number, "drift"));
        let pieces = wrap(&words, room).into_iter();
        lines.extend(pieces.map(|piece| Line::from(canvas.span(Role::Warning, piece))));
    }
    if !lines.is_empty() && !plan.steps.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// `in PRODUCTION prod-eu 9; staging 3`, and of several ` CRITICAL 2 HIGH 4`: their letters where there is no room for words.
fn counts(canvas: &Canvas<'_>, plan: &Plan, room: usize) -> Option<Line<'static>> {
    plan.targets().next()?;
    let mut line = place::sentence(canvas, plan.targets(), room);
    if plan.targets().nth(1).is_none() {
        return Some(line);
    }
    let all = classes(canvas, plan, |class| class.as_str().to_owned());
    let short = || classes(canvas, plan, |class| class.letter().to_string());
    let classes = if line.width() + all.width() > room { short() } else { all };
    if line.width() + classes.width() > room {
        line = place::sentence(canvas, plan.targets(), room.saturating_sub(classes.width()));
    }
    line.extend(classes.spans);
    Some(line)
}

/// How many of each class, the worst first.
fn classes(canvas: &Canvas<'_>, plan: &Plan, word: fn(SeverityClass) -> String) -> Line<'static> {
    let mut classes: BTreeMap<SeverityClass, usize> = BTreeMap::new();
    plan.targets().for_each(|target| *classes.entry(target.class).or_default() += 1);
    let mut spans = vec![Span::raw("  ")];
    for (class, number) in classes.iter().rev() {
        spans.push(Span::raw(" "));
        spans.push(canvas.span(bar::role(*class), format!("{} {number}", word(*class))));
    }
    Line::from(spans)
}

/// Why some are left out, and how many for each reason.
fn reasons(plan: &Plan) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    plan.left_out.iter().for_each(|(_, why)| *reasons.entry(why.as_str()).or_default() += 1);
    reasons
}

/// What becomes of a row.
#[derive(Clone, Copy)]
enum Becomes<'a> {
    Of(&'a Plan),
    LeftOut,
}

/// `prod-eu PROD aws_vpc.main  open → snoozed`; one that is left out stands after a sign.
fn one(canvas: &Canvas<'_>, target: &Target, room: usize, becomes: Becomes<'_>) -> Line<'static> {
    let marks = place::behind(canvas, &target.environment);
    let environment = text::cut(target.environment.as_str(), 20);
    let moved = canvas.model.moved.get(&target.id).filter(|(version, _)| *version > target.version);
    let (lead, role, then) = match becomes {
        Becomes::Of(plan) => ("", Role::Text, then(canvas, plan, target)),
        Becomes::LeftOut => ("not ", Role::Dim, String::new()),
    };
    // What was seen is not so any more: the decision will be refused.
    let (then, then_role) = match moved {
        Some((_, state)) => (format!("  has changed since: {}", state.as_str()), Role::Warning),
        None => (then, Role::Dim),
    };
    let used = text::width(&environment) + Line::from(marks.clone()).width() + lead.len() + 1;
    let rest = room.saturating_sub(used);
    // The resource comes first: what becomes of all of them is in the title.
    let short = moved.map_or(String::new(), |_| "  changed".to_owned());
    let then = if text::width(&then) + LABEL <= rest { then } else { short };
    let label = text::address(&target.label, rest - text::width(&then));
    let gap = rest.saturating_sub(text::width(&label) + text::width(&then));
    let mut spans = vec![canvas.span(Role::Warning, lead), canvas.span(Role::Dim, environment)];
    spans.extend(marks);
    spans.push(canvas.span(role, format!(" {label}")));
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(canvas.span(then_role, then));
    Line::from(spans)
}

/// `  open → snoozed`; of what leaves the state as it is the state alone.
fn then(canvas: &Canvas<'_>, plan: &Plan, target: &Target) -> String {
    let steps = plan.steps.iter().skip_while(|(one, _)| one.id != target.id).take_while(|(one, _)| one.id == target.id);
    let takes_back = steps.clone().any(|(_, verb)| matches!(verb, TriageVerb::Undo { .. }));
    let after = steps.filter_map(|(_, verb)| state_after(verb)).last();
    let arrow = if canvas.theme.is_ascii() { "->" } else { "→" };
    match after {
        Some(after) if after != target.state => format!("  {} {arrow} {}", target.state.as_str(), after.as_str()),
        None if takes_back => format!("  {} {arrow} as before", target.state.as_str()),
        _ => format!("  {}", target.state.as_str()),
    }
}

/// Of a verb that leads to the same state whatever was before.
fn state_after(verb: &TriageVerb) -> Option<State> {
    match verb {
        TriageVerb::Acknowledge => Some(State::Acknowledged),
        TriageVerb::Snooze { .. } => Some(State::Snoozed),
        TriageVerb::Resolve { .. } => Some(State::Resolved),
        TriageVerb::Reopen => Some(State::Open),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::drift::State;
    use crate::service::ServiceEvent;
    use crate::tui::Options;
    use crate::tui::app::Msg;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn a_row_that_is_not_as_it_was_seen_any_more_says_so() {
        for (width, words) in [(60, "  changed"), (120, "has changed since: resolved")] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), (width, 24)).unwrap();
            screens.act("mark-matching");
            screens.keys("s enter");
            assert!(!screens.screen().contains("changed since"), "{}", screens.screen());
            let found =
                screens.model.timeline.window.rows(0).find(|one| one.resource.resource_id.raw().contains("invoices"));
            let mut event = found.unwrap().clone();
            (event.state, event.version) = (State::Resolved, event.version + 1);
            screens.send(Msg::Service(ServiceEvent::Updated(Box::new(event))));
            let screen = screens.screen();
            let says = screen.lines().any(|line| line.contains("invoices") && line.contains(words));
            assert!(says, "{screen}");
        }
    }

    #[test]
    fn each_row_of_a_plan_says_what_becomes_of_it() {
        for (width, room) in [(60, false), (80, true), (120, true)] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), (width, 24)).unwrap();
            screens.keys("a");
            screens.act("mark-matching");
            screens.keys("s enter");
            let screen = screens.screen();
            let says = |name: &str, what: &str| screen.lines().any(|line| line.contains(name) && line.contains(what));
            assert!(says("aws_s3_bucket.invoices", " open → snoozed "), "{screen}");
            assert_eq!(says("aws_security_group.web", " acknowledged → snoozed "), room, "{screen}");
        }
    }
}
