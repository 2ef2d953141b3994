//! What a verb needs to know.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{enter_or_back, frame, preview};
use crate::tui::app::action::Danger;
use crate::tui::app::notice::count;
use crate::tui::app::overlay::{Field, Form, Value};
use crate::tui::app::update::preview::is_previewed_form;
use crate::tui::app::when;
use crate::tui::panes::{Canvas, field, place, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns before a field's value.
const LEAD: usize = 11;

pub fn draw(canvas: &mut Canvas<'_>, form: &Form) {
    let width = canvas.area().width.saturating_sub(4).min(76);
    let about = match form.targets.as_slice() {
        [] => about_rule(form, usize::from(width).saturating_sub(20)),
        [one] => match &form.change {
            Some(path) => text::middle(&path.0.line(), usize::from(width).saturating_sub(24)),
            None => text::address(&one.label, usize::from(width).saturating_sub(20)),
        },
        many => count(many.len(), "drift"),
    };
    let title = format!("{}: {about}", form.kind.action().entry().name);
    let place = place(canvas, form, usize::from(width).saturating_sub(4));
    if let [Field { value: Value::Lines(editor), hint, .. }] = form.fields.as_slice() {
        let place = place.map(|place| format!(" {place}")).unwrap_or_default();
        let title = text::cut(&title, usize::from(width).saturating_sub(6 + text::width(&place))) + &place;
        return super::editor::draw(canvas, width, &title, editor, form.problem.as_deref().unwrap_or(hint));
    }
    let keys = format!("{}  tab next field{}", enter_or_back(canvas, "input", enters(form)), offers(form));
    let previewed = is_previewed_form(form.kind);
    let picks = picks(canvas, form);
    let below = if previewed { preview::ROWS + 1 } else { picks.len() };
    let rows = form.fields.len() + 2 + below + usize::from(place.is_some());
    let mut inner = frame(canvas, width, rows, &title, &keys);
    // Where there is one row it is the field's.
    if let Some(place) = place.filter(|_| inner.height > 1) {
        canvas.line(inner, 0, &place);
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    // On a very low screen the field in focus is the one that is seen.
    let first = (form.at + 1).saturating_sub(inner.height.into());
    for (row, (at, one)) in form.fields.iter().enumerate().skip(first).enumerate() {
        let Ok(row) = u16::try_from(row) else { break };
        if row < inner.height {
            let area = Rect { y: inner.y + row, height: 1, ..inner };
            if form.is_asked(at) {
                draw_field(canvas, area, one, at == form.at);
            } else {
                let line = canvas.span(Role::Dim, format!("  {:8} only where it is accepted", one.label));
                canvas.line(area, 0, &Line::from(line));
            }
        }
    }
    let last = two_rows(&last(canvas, form), inner.width.into());
    // A long one has the row that is blank otherwise too.
    let at = form.fields.len() + usize::from(!previewed && last.len() == 1);
    for (row, words) in last.into_iter().enumerate() {
        let words = canvas.span(if form.problem.is_some() { Role::Error } else { Role::Dim }, words);
        canvas.line(inner, at + row, &Line::from(words));
    }
    let lines = if previewed { preview::lines(canvas, inner.width.into()) } else { picks };
    lines.iter().enumerate().for_each(|(row, line)| canvas.line(inner, form.fields.len() + 2 + row, line));
}

/// Keys that offer something for the field in focus.
fn offers(form: &Form) -> &'static str {
    match form.fields.get(form.at).map(|field| &field.value) {
        Some(Value::Text { presets, .. }) if !presets.is_empty() => "  up/down presets",
        Some(Value::Pick(_)) => "  up/down people",
        Some(Value::Choice { .. }) => "  up/down choose",
        _ => "",
    }
}

/// Where it is decided; a rule says so itself.
fn place(canvas: &Canvas<'_>, form: &Form, room: usize) -> Option<Line<'static>> {
    (!form.targets.is_empty()).then(|| place::sentence(canvas, form.targets.iter(), room))
}

/// What is wrong, else the moment that is meant by what is typed, else what may stand there.
fn last(canvas: &mut Canvas<'_>, form: &Form) -> String {
    let Some(field) = form.fields.get(form.at) else { return String::new() };
    if let Some(problem) = &form.problem {
        return problem.clone();
    }
    let model = canvas.model;
    match field.typed() {
        text if matches!(field.label, "until" | "expires") && !text.is_empty() => {
            match when::parse(text, model.now, &model.zone) {
                Ok(at) => format!("= {}, {}", when::says(at, &model.zone), canvas.until(at)),
                Err(why) => why,
            }
        }
        _ => field.hint.to_owned(),
    }
}

/// At most two rows; what has no room in them is cut.
fn two_rows(words: &str, width: usize) -> Vec<String> {
    let mut rows = wrap(words, width);
    if rows.len() > 2 {
        let rest = rows.split_off(1).join(" ");
        rows.push(text::cut(&rest, width));
    }
    rows
}

/// Rows of people that are offered.
const PICKS: usize = 6;

/// Who is known and has the letters that are typed.
fn picks(canvas: &Canvas<'_>, form: &Form) -> Vec<Line<'static>> {
    let Some(Field { value: Value::Pick(pick), .. }) = form.fields.get(form.at) else { return vec![] };
    let matches = pick.matches();
    let first = pick.at.map_or(0, |at| (at + 1).saturating_sub(PICKS));
    let rows = matches.iter().enumerate().skip(first).take(PICKS).map(|(at, one)| {
        let (mark, role) = if pick.at == Some(at) { ('>', Role::Selection) } else { (' ', Role::Dim) };
        Line::from(canvas.span(role, format!("         {mark} {}", crate::safety::sanitise::cell(one, 50))))
    });
    // Always as many rows, so that the box does not jump while somebody types.
    rows.chain(std::iter::repeat(Line::default())).take(PICKS).collect()
}

/// What `enter` does: what is confirmed first is not saved yet.
fn enters(form: &Form) -> &'static str {
    let is_confirmed = form.kind.action().entry().danger == Danger::Confirmed;
    let asks = is_previewed_form(form.kind) || is_confirmed || form.targets.len() > 1;
    if asks { "go on" } else { "save" }
}

/// The rule that is edited, or the resource of the hidden difference.
fn about_rule(form: &Form, room: usize) -> String {
    let rule = form.rule.as_ref().map(|rule| text::cut(&rule.says(), room));
    let unhides = || form.unhides.as_ref().map(|rule| text::cut(&rule.says(), room));
    rule.or_else(unhides).or_else(|| Some(text::address(&form.about.as_ref()?.resource_id, room))).unwrap_or_default()
}

fn draw_field(canvas: &mut Canvas<'_>, area: Rect, one: &Field, focused: bool) {
    let mark = if focused { ">" } else { " " };
    let lead = format!("{mark} {:8} ", one.label);
    match &one.value {
        Value::Choice { options, at } => {
            let mut spans = vec![canvas.span(Role::Key, lead)];
            spans.extend(choice(canvas, options, *at, area.width));
            canvas.line(area, 0, &Line::from(spans));
        }
        Value::Pick(pick) if focused && pick.at.is_none() => {
            let (before, after) = pick.line.halves();
            field(canvas, area, &lead, before, after);
        }
        Value::Text { line, .. } if focused => {
            let (before, after) = line.halves();
            field(canvas, area, &lead, before, after);
        }
        Value::Text { .. } | Value::Pick(_) | Value::Lines(_) => {
            let shown = crate::safety::sanitise::line(&one.value.text());
            let line = Line::from(vec![canvas.span(Role::Key, lead), canvas.span(Role::Text, shown)]);
            canvas.line(area, 0, &line);
        }
    }
}

/// All options with the chosen one in brackets where there is room for them; else the chosen one and how many there are.
fn choice(canvas: &Canvas<'_>, options: &[String], at: usize, width: u16) -> Vec<Span<'static>> {
    let all: usize = options.iter().map(|option| text::width(option) + 3).sum();
    if LEAD + all > usize::from(width) {
        let chosen = options.get(at).map(String::as_str).unwrap_or_default();
        let number = format!("   {} of {}", at + 1, options.len());
        return vec![canvas.span(Role::Text, chosen), canvas.span(Role::Dim, number)];
    }
    let shown = options.iter().enumerate().map(|(index, option)| match index == at {
        true => canvas.span(Role::Selection, format!("[{option}]")),
        false => canvas.span(Role::Dim, format!(" {option} ")),
    });
    shown.flat_map(|span| [span, Span::raw(" ")]).collect()
}
