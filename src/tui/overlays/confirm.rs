//! The exact plan, before it is carried out: these drifts, this decision, nothing else.

use ratatui::text::Line;

use super::{enter_or_back, frame, preview, scrolled};
use crate::tui::app::notice::count;
use crate::tui::app::overlay::Plan;
use crate::tui::app::update::preview::is_previewed;
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn draw(canvas: &mut Canvas<'_>, plan: &Plan, scroll: usize) {
    let width = canvas.area().width.saturating_sub(4).min(90);
    let room = usize::from(width).saturating_sub(4);
    let mut lines: Vec<Line<'_>> =
        plan.says.iter().map(|says| Line::from(canvas.span(Role::Text, text::cut(says, room)))).collect();
    if is_previewed(plan) {
        lines.push(Line::default());
        lines.extend(preview::lines(canvas, room));
    }
    if !lines.is_empty() && !plan.steps.is_empty() {
        lines.push(Line::default());
    }
    for (target, _) in &plan.steps {
        let list = &canvas.model.environments.list;
        let production = list.iter().any(|e| e.is_production && e.environment.slug == target.environment);
        let role = if production { Role::Production } else { Role::Dim };
        let environment = text::cut(target.environment.as_str(), 20);
        let rest = room.saturating_sub(text::width(&environment) + 1);
        lines.push(Line::from(vec![
            canvas.span(role, environment),
            canvas.span(Role::Text, format!(" {}", target.label.name(rest))),
        ]));
    }
    let title = match (&plan.rule, &plan.never_hide) {
        (Some(_), _) | (_, Some(_)) => plan.word.clone(),
        (None, None) => format!("{}: {}", plan.word, count(plan.steps.len(), "drift")),
    };
    let keys = enter_or_back(canvas, "overlay", "apply");
    let inner = frame(canvas, width, lines.len(), &title, &keys);
    scrolled(canvas, inner, &lines, scroll);
}
