//! What was asked for about the drift that is shown: one line of its details.

use ratatui::text::Line;

use super::Canvas;
use super::diff::ago;
use crate::drift::{DriftEvent, Remediation, RemediationState};
use crate::tui::app::Model;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// What was taken back is no news to anybody.
fn shown<'a>(model: &'a Model, event: &DriftEvent) -> Option<&'a Remediation> {
    model.remediation().filter(|one| one.drift == event.id && one.state != RemediationState::Cancelled)
}

/// How many lines it takes.
pub fn rows(model: &Model, event: &DriftEvent) -> usize {
    usize::from(shown(model, event).is_some())
}

/// `revert asked by bob 3m ago: awaits an admin; expires in 23h`
pub fn line(canvas: &mut Canvas<'_>, event: &DriftEvent, width: usize) -> Option<Line<'static>> {
    let one = shown(canvas.model, event)?;
    let state = one.state_at(canvas.model.now);
    let (role, words) = (role(state), words(canvas, one, state));
    Some(Line::from(canvas.span(role, text::cut(&words, width))))
}

fn role(state: RemediationState) -> Role {
    match state {
        RemediationState::AwaitingApproval => Role::Warning,
        RemediationState::Approved => Role::Success,
        _ => Role::Dim,
    }
}

fn words(canvas: &mut Canvas<'_>, one: &Remediation, state: RemediationState) -> String {
    let asked = ago(&canvas.age(one.requested_at));
    let asked = format!("{} asked by {} {asked}", one.kind.word(), one.requested_by.cell(20));
    let verdict = one.verdict.as_ref().map(|verdict| {
        let reason = verdict.reason.as_ref().map(|reason| format!(" ({})", reason.cell(40))).unwrap_or_default();
        format!("{} {}{reason}", verdict.by.cell(20), ago(&canvas.age(verdict.at)))
    });
    let by = verdict.unwrap_or_default();
    match state {
        RemediationState::AwaitingApproval => {
            canvas.wake_at(one.expires_at);
            format!("{asked}: awaits an admin; expires {}", canvas.until(one.expires_at))
        }
        RemediationState::Approved => {
            let who = one.requested_by.cell(20);
            format!("{} approved by {by}, asked by {who}: carry out the steps by hand", one.kind.word())
        }
        RemediationState::Rejected => format!("{asked}: rejected by {by}"),
        RemediationState::Cancelled => format!("{asked}: cancelled by {by}"),
        RemediationState::Expired => format!("{asked}: expired, nobody approved it"),
        RemediationState::Stale => format!("{asked}: stale, the drift has moved on; ask again"),
    }
}
