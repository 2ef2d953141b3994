//! What to do about it: advice with its reasons, how bad it is on four axes, why it probably happened, what was decided.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Canvas, layout, wrap};
use crate::drift::{DriftEvent, Priority, Recommendation, Risk, Score, UserAttribution};
use crate::safety::Tainted;
use crate::tui::app::Model;
use crate::tui::app::model::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::bar;

/// Causes that are shown with their probabilities, from this width on, and from this probability on.
const CAUSES: usize = 3;
const CAUSES_FROM: u16 = 36;
const WORTH_A_ROW: f64 = 0.10;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let info = match canvas.model.timeline.selected().map(|event| event.recommendations.len()) {
        Some(number) if number > 1 => Line::from(canvas.span(Role::Dim, number.to_string())),
        _ => Line::default(),
    };
    let inner = canvas.frame(area, Pane::Recommendations, "recommendations", info);
    let lines = lines(canvas, inner.width.saturating_sub(1));
    // The last lines fill the pane.
    let scroll = canvas.model.detail.advice_scroll.min(lines.len().saturating_sub(inner.height.into()));
    canvas.scrollbar(inner, scroll, lines.len().min(inner.height.into()), lines.len());
    for (row, line) in lines.iter().skip(scroll).take(inner.height.into()).enumerate() {
        canvas.line(inner, row, line);
    }
}

/// Rows of the whole pane.
pub fn length(model: &Model) -> usize {
    let area = layout::plan(model).area_of(Pane::Recommendations);
    let width = if area.x > 0 { area.width.saturating_sub(2) } else { area.width };
    let mut nowhere = Buffer::empty(Rect::default());
    lines(&mut Canvas::new(model, &mut nowhere), width.saturating_sub(1)).len()
}

fn lines(canvas: &mut Canvas<'_>, width: u16) -> Vec<Line<'static>> {
    let Some(event) = canvas.model.timeline.selected() else { return vec![] };
    let mut lines = vec![];
    for recommendation in &event.recommendations {
        advice(canvas, (event, recommendation), width, &mut lines);
        lines.push(Line::default());
    }
    severity(canvas, event, width, &mut lines);
    cause(canvas, event, width, &mut lines);
    history(canvas, width, &mut lines);
    lines
}

fn priority_role(priority: Priority) -> Role {
    match priority {
        Priority::Critical => Role::SeverityCritical,
        Priority::High => Role::SeverityHigh,
        Priority::Medium => Role::SeverityMedium,
        Priority::Low => Role::SeverityLow,
    }
}

fn advice(
    canvas: &mut Canvas<'_>,
    (event, advice): (&DriftEvent, &Recommendation),
    width: u16,
    lines: &mut Vec<Line<'static>>,
) {
    if let Some(veto) = &advice.vetoed {
        lines.push(Line::from(vec![
            canvas.span(Role::Dim, advice.recommendation_type.as_str()),
            canvas.span(Role::Warning, "  vetoed"),
        ]));
        let why = format!("the policy {} forbids it: {}", veto.policy.line(), veto.reason.line());
        return paragraph(canvas, Role::Text, "", &why, width, lines);
    }
    if let Some(dismissed) = advice.dismissal() {
        lines.push(Line::from(canvas.span(Role::Dim, advice.recommendation_type.as_str())));
        paragraph(canvas, Role::Warning, "", &dismissed, width, lines);
        return paragraph(canvas, Role::Dim, "", &advice.rationale.line(), width, lines);
    }
    let stale = advice.is_stale(canvas.model.now);
    let head = vec![
        canvas.span(if stale { Role::Dim } else { Role::Title }, advice.recommendation_type.as_str()),
        Span::raw(" "),
        canvas.span(priority_role(advice.priority), advice.priority.as_str()),
    ];
    let mut sure = vec![canvas.span(Role::Dim, "confidence ")];
    sure.extend(bar::confidence(advice.confidence_score, (width / 8).clamp(8, 16), canvas.theme).spans);
    let mut effort = vec![canvas.span(Role::Dim, format!("takes {}", advice.estimated_effort.as_str()))];
    match advice.expires_at {
        _ if stale => effort.push(canvas.span(Role::Warning, "  stale")),
        Some(at) => {
            let left = canvas.until(at);
            effort.push(canvas.span(Role::Dim, format!("  expires {left}")));
        }
        None => {}
    }
    flow([head, sure, effort], width, lines);
    if let Some(at) = advice.implemented_at {
        let by = advice.settled_by.as_ref().map(|one| format!(" by {}", one.by.cell(20))).unwrap_or_default();
        let result = advice.implementation_result.as_ref().map(Tainted::line).unwrap_or_default();
        let when = just(canvas, at);
        paragraph(canvas, Role::Success, "", &format!("done {when}{by}: {result}"), width, lines);
    }
    paragraph(canvas, Role::Text, "", &advice.rationale.line(), width, lines);
    if let Some(policy) = &advice.policy {
        paragraph(canvas, Role::Dim, "policy: ", &policy.line(), width, lines);
    }
    let (when, success) = (just(canvas, advice.created_at), advice.success());
    let success = success.map(|score| format!(", success {score}")).unwrap_or_default();
    let origin = format!("{}, {when}{success}", advice.giver());
    if advice.added_by.is_some() {
        paragraph(canvas, Role::Dim, "by ", &origin, width, lines);
    }
    if let Some(until) = advice.accept_until {
        let until = until.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        paragraph(canvas, Role::Text, "accept until ", &until, width, lines);
    }
    if let Some(veto) = &advice.objection {
        paragraph(canvas, Role::Warning, "", &veto.objection(), width, lines);
    }
    for (number, step) in (1..).zip(&advice.implementation_steps) {
        match event.tick(advice, number) {
            None => paragraph(canvas, Role::Text, &format!("{number}. "), &step.line(), width, lines),
            Some(tick) => {
                let done = format!("{} (done by {})", step.line(), tick.by.line());
                paragraph(canvas, Role::Success, &format!("{number}. "), &done, width, lines);
            }
        }
    }
    if let Some(predicted) = &advice.predicted {
        let role = if predicted.left.is_empty() { Role::Success } else { Role::Warning };
        predicted.lines().iter().for_each(|line| paragraph(canvas, role, "", line, width, lines));
    }
    patch(canvas, advice, lines);
    for impact in &advice.risk_assessment.potential_impacts {
        paragraph(canvas, Role::Dim, "risk: ", &impact.line(), width, lines);
    }
    if advice.added_by.is_none() {
        paragraph(canvas, Role::Dim, "by ", &origin, width, lines);
    }
}

/// `just now`, `3m ago`
fn just(canvas: &mut Canvas<'_>, at: Timestamp) -> String {
    let age = canvas.age(at);
    if age == "now" { "just now".to_owned() } else { format!("{age} ago") }
}

/// The edit that follows it; long lines are cut at the edge, as in any diff.
fn patch(canvas: &Canvas<'_>, advice: &Recommendation, lines: &mut Vec<Line<'static>>) {
    for line in advice.patch.iter().flat_map(Tainted::multiline) {
        let role = match line.as_bytes() {
            [b'+', ..] => Role::Added,
            [b'-', ..] => Role::Removed,
            _ => Role::Dim,
        };
        lines.push(Line::from(canvas.span(role, line)));
    }
}

/// The parts beside each other, on as few rows as they need.
fn flow(parts: [Vec<Span<'static>>; 3], width: u16, lines: &mut Vec<Line<'static>>) {
    let mut row = Line::default();
    for part in parts {
        let part = Line::from(part);
        if row.width() > 0 && row.width() + 2 + part.width() > usize::from(width) {
            lines.push(std::mem::take(&mut row));
        }
        if row.width() > 0 {
            row.push_span(Span::raw("  "));
        }
        row.extend(part.spans);
    }
    lines.push(row);
}

/// Wrapped, with what follows the first line standing under its first word.
fn paragraph(canvas: &Canvas<'_>, role: Role, lead: &str, words: &str, width: u16, lines: &mut Vec<Line<'static>>) {
    let room = usize::from(width).saturating_sub(lead.len());
    for (at, piece) in wrap(words, room.max(1)).into_iter().enumerate() {
        let lead = if at == 0 { lead.to_owned() } else { " ".repeat(lead.len()) };
        lines.push(Line::from(vec![canvas.span(Role::Key, lead), canvas.span(role, piece)]));
    }
}

fn severity(canvas: &Canvas<'_>, event: &DriftEvent, width: u16, lines: &mut Vec<Line<'static>>) {
    let class = event.severity_class();
    let number = event.severity().overall();
    lines.push(Line::from(vec![
        canvas.span(Role::Title, "severity "),
        canvas.span(bar::role(class), format!("{} {number}", class.as_str())),
    ]));
    lines.extend(bar::severity(event.severity(), width.min(40), canvas.theme));
    let risk = Risk::of(event, canvas.model.is_production(&event.environment));
    paragraph(canvas, Role::Dim, "", &format!("disruption risk {}", risk.words()), width, lines);
    for reason in &event.analysis.reasons {
        let lead = format!("{} {}: ", reason.axis.as_str(), reason.score);
        paragraph(canvas, Role::Dim, &lead, &reason.text.line(), width, lines);
    }
    lines.push(Line::default());
}

fn cause(canvas: &Canvas<'_>, event: &DriftEvent, width: u16, lines: &mut Vec<Line<'static>>) {
    let cause = &event.analysis.cause;
    let mut head = vec![canvas.span(Role::Title, "cause "), canvas.span(Role::Text, cause.cause_category.as_str())];
    head.push(canvas.span(Role::Dim, " confidence "));
    head.extend(bar::confidence(cause.confidence_score, (width / 4).clamp(8, 16), canvas.theme).spans);
    lines.push(Line::from(head));
    if let Some(probabilities) = cause.probabilities.filter(|_| width >= CAUSES_FROM) {
        let likely = probabilities.ranked().into_iter().take(CAUSES).filter(|(_, share)| *share >= WORTH_A_ROW);
        lines.extend(likely.map(|(cause, share)| {
            let mut line = Line::from(canvas.span(Role::Dim, format!("{:<23}", cause.words())));
            let score = Score::new(share).unwrap_or_default();
            line.extend(bar::confidence(score, (width - 23).min(20), canvas.theme).spans);
            line
        }));
    }
    for factor in &cause.contributing_factors {
        paragraph(canvas, Role::Dim, "- ", &factor.line(), width, lines);
    }
    let clock = |at: Timestamp| at.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let when = cause.temporal_context.as_ref().map(|one| one.words(&clock));
    let who = UserAttribution::of(event.attribution.as_deref(), &event.analysis.changed_by);
    let model = cause.prediction.as_ref().map(|one| one.words(&clock));
    for (lead, words) in [("when: ", when), ("who: ", who.map(|one| one.words())), ("model: ", model)] {
        words.iter().for_each(|words| paragraph(canvas, Role::Dim, lead, words, width, lines));
    }
}

/// The audit trail of the drift, newest first.
fn history(canvas: &mut Canvas<'_>, width: u16, lines: &mut Vec<Line<'static>>) {
    let Some(loaded) = canvas.model.loaded().filter(|loaded| !loaded.detail.history.is_empty()) else { return };
    lines.push(Line::default());
    lines.push(Line::from(canvas.span(Role::Title, "history")));
    for entry in &loaded.detail.history {
        let age = canvas.age(entry.timestamp);
        let action = crate::safety::sanitise::cell(&entry.action, 24);
        let undone = if entry.undone_by.is_some() { " (undone)" } else { "" };
        let note = match &entry.verb {
            Some(crate::drift::TriageVerb::Note { text }) => Some(text),
            _ => entry.reason.as_ref(),
        };
        let said = note.map(|text| format!(": {}", text.multiline().join(" / "))).unwrap_or_default();
        let words = format!("{action} by {}{undone}{said}", entry.actor.cell(20));
        paragraph(canvas, Role::Dim, &format!("{age:>4} "), &words, width, lines);
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn the_last_lines_fill_the_pane_and_one_key_goes_back_up() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (80, 24)).unwrap();
        screens.act("focus-recommendations");
        screens.act("zoom");
        screens.keys("G");
        let end = screens.screen();
        let blank = end.lines().filter(|line| line.trim_end_matches(['▐', ' ']).is_empty()).count();
        assert!(blank < 6, "{end}");
        screens.keys("k");
        assert_ne!(screens.screen(), end, "it went up at once");
    }
}
