//! What was decided in this session, the newest first; each can be taken back as a whole.

use ratatui::text::Line;

use super::{frame, key};
use crate::tui::app::model::On;
use crate::tui::app::notice::count;
use crate::tui::app::update::undo::{Carried, carried};
use crate::tui::panes::Canvas;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

pub fn draw(canvas: &mut Canvas<'_>, at: usize) {
    let model = canvas.model;
    let plans = carried(model);
    let margin = if canvas.area().width < 60 { 0 } else { 4 };
    let width = canvas.area().width.saturating_sub(margin).min(100);
    let most = usize::from(canvas.area().height).saturating_sub(4);
    let keys = format!("{} take it back  {} close", key(canvas, "rules", "undo"), key(canvas, "rules", "back"));
    let inner = frame(canvas, width, plans.len().clamp(1, most.max(1)), "decided in this session", &keys);
    if plans.is_empty() {
        let none = Line::from(canvas.span(Role::Dim, "nothing is left of it"));
        return canvas.line(inner, 0, &none);
    }
    let height = usize::from(inner.height);
    let at = at.min(plans.len() - 1);
    let top = (at + 1).saturating_sub(height);
    for (row, one) in plans.iter().skip(top).take(height).enumerate() {
        let line = line(canvas, one, inner.width.into());
        canvas.line(inner, row, &line);
        if top + row == at {
            canvas.tint(inner, row, Role::Selection);
        }
    }
}

/// `3m  resolve 12 drifts  prod-eu 9, staging 3`
fn line(canvas: &mut Canvas<'_>, one: &Carried<'_>, width: usize) -> Line<'static> {
    let model = canvas.model;
    let Some(last) = one.decided.last() else { return Line::default() };
    let age = canvas.age(last.at);
    let environments = one.environments();
    let drifts: usize = environments.values().sum();
    let (what, role, tail) = match &last.on {
        On::Drift(target) if drifts == 1 => {
            (text::address(&target.label, width / 2), Role::Text, target.environment.to_string())
        }
        On::Drift(_) => {
            let mut places: Vec<_> = environments.iter().collect();
            places.sort_by_key(|(slug, _)| !model.is_production(slug));
            let each = places.into_iter().map(|(slug, number)| format!("{slug} {number}"));
            (count(drifts, "drift"), Role::Text, each.collect::<Vec<_>>().join(", "))
        }
        On::Rule(_) | On::NeverHide(_) => ("a rule".to_owned(), Role::Dim, String::new()),
    };
    let lead = format!("{age:>4}  ");
    let word = format!("{:12} ", last.word);
    let rest = width.saturating_sub(text::width(&lead) + text::width(&word) + 2);
    // Half of it, or what the other leaves.
    let tail = text::cut(&tail, rest - text::width(&what).min(rest - rest / 2));
    let what = text::cut(&what, rest.saturating_sub(text::width(&tail)));
    Line::from(vec![
        canvas.span(Role::Dim, lead),
        canvas.span(Role::Key, word),
        canvas.span(role, what),
        canvas.span(Role::Dim, format!("  {tail}")),
    ])
}
