//! The first two minutes, on the real screen: each step is about the pane in focus, which stays in sight.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{frame_at, key};
use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::panes::{Canvas, layout, wrap};
use crate::tui::theme::Role;

/// One thing to know.
pub struct Step {
    /// What it is about.
    pub pane: Pane,
    title: &'static str,
    words: &'static str,
    /// Shown with their keys.
    actions: &'static [Action],
}

pub const STEPS: [Step; 6] = [
    Step {
        pane: Pane::Environments,
        title: "environments",
        words: "Each line is one place that is scanned: what is open by severity, when it was last scanned, how much could \
                be verified. PROD is production, ⊘ protected. What is under the cursor is what the timeline shows.",
        actions: &[Action::Scan, Action::AllEnvironments],
    },
    Step {
        pane: Pane::Timeline,
        title: "timeline",
        words: "Each line is one resource that is no longer as the code says. Nothing here changes the cloud: a decision \
                only says what is to become of the drift, and it is saved before the screen says so.",
        actions: &[Action::Down, Action::Filter, Action::CycleState, Action::Mark],
    },
    Step {
        pane: Pane::Diff,
        title: "diff",
        words: "What differs: declared beside live. What a rule explains away is hidden, never lost, and what could not be \
                compared is unverified, never clean: one key shows both, with their reasons.",
        actions: &[Action::NextChange, Action::ToggleHidden, Action::ToggleWhole, Action::CycleSyntax],
    },
    Step {
        pane: Pane::Recommendations,
        title: "recommendations",
        words: "How bad it is, what probably happened, and what can be done, with reasons. Advice: you decide.",
        actions: &[Action::FocusRecommendations, Action::Zoom],
    },
    Step {
        pane: Pane::Timeline,
        title: "decide",
        words: "Say that you look at it, put it off, or settle it. Every decision can be taken back.",
        actions: &[Action::Acknowledge, Action::Snooze, Action::Resolve, Action::Note, Action::Undo],
    },
    Step {
        pane: Pane::Timeline,
        title: "the rest",
        words: "Every action is in the palette by its name, with its key. This tour is there too.",
        actions: &[Action::Palette, Action::Help, Action::Quit],
    },
];

pub fn draw(canvas: &mut Canvas<'_>, at: usize) {
    let Some(step) = STEPS.get(at) else { return };
    let width = canvas.area().width.saturating_sub(2).min(72);
    let room = usize::from(width).saturating_sub(4).max(1);
    let mut lines: Vec<Line<'static>> =
        wrap(step.words, room).into_iter().map(|words| Line::from(canvas.span(Role::Text, words))).collect();
    lines.push(Line::default());
    lines.extend(keys(canvas, step, room));
    let title = format!("{} of {}: {}", at + 1, STEPS.len(), step.title);
    let last = if at + 1 < STEPS.len() { "go on" } else { "begin" };
    let keys = format!("{} {last}  {} skip", key(canvas, "overlay", "enter"), key(canvas, "overlay", "back"));
    let area = place(canvas, step.pane, (width, lines.len() as u16 + 2));
    let inner = frame_at(canvas, area, &title, &keys);
    for (row, line) in lines.iter().enumerate() {
        canvas.line(inner, row, line);
    }
}

/// `a acknowledge  s snooze`, as many in a row as fit.
fn keys(canvas: &Canvas<'_>, step: &Step, room: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    for action in step.actions {
        let entry = action.entry();
        let pair: [Span<'static>; 2] = [
            canvas.span(Role::Key, key(canvas, entry.scope.as_str(), entry.name)),
            canvas.span(Role::Dim, format!(" {}   ", entry.name)),
        ];
        let needed = pair[0].width() + pair[1].width();
        if lines.last().is_some_and(|line| line.width() > 0 && line.width() + needed > room) {
            lines.push(Line::default());
        }
        if let Some(line) = lines.last_mut() {
            line.extend(pair);
        }
    }
    lines
}

/// Where it covers least of the pane it is about: below it, else above, else at the bottom.
fn place(canvas: &Canvas<'_>, pane: Pane, (width, height): (u16, u16)) -> Rect {
    let screen = canvas.area();
    let about = layout::plan(canvas.model).area_of(pane);
    let height = height.min(screen.height);
    let x = about.x.min(screen.width - width);
    let below = screen.height.saturating_sub(about.bottom() + 1);
    let y = if below >= height {
        about.bottom()
    } else if about.y >= height {
        about.y - height
    } else {
        screen.height.saturating_sub(height + 1)
    };
    Rect::new(x, y, width, height)
}
