//! Environments that the code here offers: a line each, and what is known of the one under the cursor below.

use std::path::Path;

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{frame, key};
use crate::config::{Found, Offered};
use crate::safety::sanitise;
use crate::tui::app::offers::OffersView;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Rows of what is said about the one under the cursor, where there is room.
const ABOUT: usize = 8;

pub fn draw(canvas: &mut Canvas<'_>) {
    let model = canvas.model;
    let Some(view) = &model.offers else { return };
    let directory = model.adding.as_ref().map_or(Path::new(""), |adding| &adding.directory);
    let width = canvas.area().width.saturating_sub(if canvas.area().width < 60 { 0 } else { 4 }).min(110);
    let room = usize::from(width).saturating_sub(4);
    let rows = view.rows();
    let about = view.current().map_or_else(|| nothing(canvas, view, room), |one| about(canvas, one, directory, room));
    let below = about.len().min(ABOUT);
    let most = usize::from(canvas.area().height).saturating_sub(4);
    let title = format!("environments in {}", text::tail(&sanitise::line(&directory.to_string_lossy()), room / 2));
    let wanted = rows.len() + usize::from(!rows.is_empty()) + below;
    let inner = frame(canvas, width, wanted.min(most), &title, &keys(canvas, view));
    let height = rows.len().min(usize::from(inner.height).saturating_sub(below + 1).max(1));
    list(canvas, inner, (view, directory), height);
    let first = if rows.is_empty() { 0 } else { height + 1 };
    for (row, line) in about.iter().take(usize::from(inner.height).saturating_sub(first)).enumerate() {
        canvas.line(inner, first + row, line);
    }
}

fn keys(canvas: &Canvas<'_>, view: &OffersView) -> String {
    let close = format!("{} close", key(canvas, "overlay", "back"));
    match view.current() {
        Some(one) if one.known_as.is_none() && one.offer.state.is_ok() => {
            format!("{} add to the configuration  {close}", key(canvas, "overlay", "enter"))
        }
        _ => close,
    }
}

/// A text about files, without the directory that the title names; sanitised.
fn short(text: &str, directory: &Path) -> String {
    sanitise::line(&text.replace(&format!("{}/", directory.display()), ""))
}

fn list(canvas: &mut Canvas<'_>, inner: Rect, (view, directory): (&OffersView, &Path), height: usize) {
    let rows = view.rows();
    let names = rows.iter().map(|one| text::width(&one.offer.slug)).max().unwrap_or(0);
    let names = names.min(usize::from(inner.width) / 3).max(4);
    let top = (view.at + 1).saturating_sub(height);
    for (row, (at, one)) in rows.iter().enumerate().skip(top).take(height).enumerate() {
        let (sign, role, words) = match (&one.known_as, &one.offer.state) {
            (Some(slug), _) => ("=", Role::Dim, format!("configured as {slug}")),
            (None, Ok(state)) => ("+", Role::Key, sanitise::line(state)),
            (None, Err(why)) => ("!", Role::Warning, short(why, directory)),
        };
        let rest = usize::from(inner.width).saturating_sub(names + 4);
        let line = Line::from(vec![
            canvas.span(role, format!("{sign} {}", text::fit(&sanitise::line(&one.offer.slug), names))),
            canvas.span(if sign == "+" { Role::Text } else { Role::Dim }, format!("  {}", text::cut(&words, rest))),
        ]);
        canvas.line(inner, row, &line);
        if at == view.at {
            canvas.tint(inner, row, Role::Selection);
        }
    }
}

/// Where it was found, and all that was said about it.
fn about(canvas: &Canvas<'_>, one: &Offered, directory: &Path, room: usize) -> Vec<Line<'static>> {
    let mut words = vec![(Role::Dim, format!("found: {}", short(&one.offer.found, directory)))];
    match &one.offer.state {
        Ok(state) => words.push((Role::Text, sanitise::line(state))),
        Err(why) => words.push((Role::Warning, format!("no environment: {}", short(why, directory)))),
    }
    words.extend(one.offer.remarks.iter().map(|remark| (Role::Warning, short(remark, directory))));
    let wrapped = words.into_iter().flat_map(|(role, words)| wrap(&words, room).into_iter().map(move |w| (role, w)));
    wrapped.map(|(role, words)| Line::from(canvas.span(role, words))).collect()
}

/// In place of a list.
fn nothing(canvas: &Canvas<'_>, view: &OffersView, room: usize) -> Vec<Line<'static>> {
    let words = match &view.found {
        None => vec![(Role::Dim, "looking through the code".to_owned())],
        Some(Found { errors, .. }) if errors.is_empty() => {
            vec![(Role::Dim, "neither a backend block in any .tf file nor a *.tfstate lies here or below".to_owned())]
        }
        Some(Found { errors, .. }) => {
            let line = |error: &crate::drift::SourceError| format!("{}: {}", error.source.line(), error.sentences());
            errors.iter().map(|error| (Role::Error, line(error))).collect()
        }
    };
    let wrapped = words.into_iter().flat_map(|(role, words)| wrap(&words, room).into_iter().map(move |w| (role, w)));
    wrapped.map(|(role, words)| Line::from(canvas.span(role, words))).collect()
}
