//! Who else is at a drift: a sign in its row, and a few words in the details.

use ratatui::text::Span;

use super::Canvas;
use super::diff::ago;
use crate::drift::query::GroupKey;
use crate::drift::{DriftEvent, State};
use crate::service::About;
use crate::tui::theme::Role;

/// Names that are said; of more it is said how many.
const NAMES: usize = 2;
/// Somebody else looks at it, or has taken it.
pub const SIGN: &str = "@";

/// In the column of the marks.
pub fn sign(canvas: &mut Canvas<'_>, event: &DriftEvent) -> Span<'static> {
    let (model, now) = (canvas.model, canvas.model.now);
    if model.marks.contains_key(&event.id) {
        return canvas.span(Role::Marked, "*");
    }
    if let Some(until) = model.crew.until(event.id, now) {
        canvas.wake_at(until);
        return canvas.span(Role::Key, SIGN);
    }
    match model.crew.taken(event, &[], now) {
        Some(_) if event.state_at(now).needs_attention() => canvas.span(Role::Dim, SIGN),
        _ => canvas.span(Role::Marked, " "),
    }
}

/// Behind the sign of a group: somebody else looks at a drift of it.
pub fn group_sign(canvas: &mut Canvas<'_>, group: GroupKey) -> Span<'static> {
    match canvas.model.crew.in_group_until(group, canvas.model.now) {
        Some(until) => {
            canvas.wake_at(until);
            canvas.span(Role::Key, SIGN)
        }
        None => Span::raw(" "),
    }
}

/// `acknowledge kept here, sent when the server is back`, `alice looks at this`, `taken by bob 3m ago`.
pub fn words(canvas: &mut Canvas<'_>, event: &DriftEvent) -> Vec<String> {
    let (model, now) = (canvas.model, canvas.model.now);
    let names = model.crew.looking_at(event.id, now);
    let said: Vec<String> = names.iter().take(NAMES).map(|who| who.cell(20)).collect();
    let looking = match (said.as_slice(), names.len().saturating_sub(NAMES)) {
        ([], _) => None,
        ([one], 0) => Some(format!("{one} looks at this")),
        (some, 0) => Some(format!("{} look at this", some.join(" and "))),
        (some, more) => Some(format!("{} and {more} more look at this", some.join(", "))),
    };
    model.crew.until(event.id, now).into_iter().for_each(|until| canvas.wake_at(until));
    let history = model.loaded().map(|loaded| loaded.detail.history.as_slice()).unwrap_or_default();
    // Whose decision it stands under is said beside its state already.
    let is_said = event.assignee.is_none() && event.state_at(now) != State::Open;
    let taken = model.crew.taken(event, history, now).filter(|_| !is_said).map(|(who, at)| {
        let when = at.map(|at| format!(" {}", ago(&canvas.age(at)))).unwrap_or_default();
        format!("taken by {}{when}", who.cell(20))
    });
    let kept = match model.waiting.kept(event.id).map(|one| &one.about) {
        Some(About::Drift { verb, .. }) => Some(format!("{} kept here, sent when the server is back", verb.as_str())),
        _ => None,
    };
    [kept, looking, taken].into_iter().flatten().collect()
}
