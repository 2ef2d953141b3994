//! How an environment is named where somebody decides. Production is a word and not a colour, and a protected environment has a
//! sign, so that neither is found out only afterwards.

use ratatui::text::{Line, Span};

use super::Canvas;
use crate::drift::Slug;
use crate::tui::app::Model;
use crate::tui::app::overlay::Target;
use crate::tui::theme::Role;
use crate::tui::widgets::text;

const PRODUCTION: &str = "PROD";
/// From so many columns of a list on the whole word stands in its rows; below, its first letter.
const ROOMY: usize = 74;

/// The columns behind the names of environments. There are none where no environment has a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    production: usize,
    protected: usize,
}

impl Marks {
    /// For a list of so many columns.
    pub fn of(model: &Model, width: usize) -> Self {
        let list = &model.environments.list;
        // Before they are loaded any of them may be production.
        let production = list.is_empty() || list.iter().any(|e| e.is_production);
        let word = if width < ROOMY { 1 } else { PRODUCTION.len() };
        Self { production: if production { word } else { 0 }, protected: usize::from(!model.protected.is_empty()) }
    }

    /// With a space behind them.
    pub fn width(self) -> usize {
        match self.production + self.protected {
            0 => 0,
            columns => columns + 1,
        }
    }

    /// Always [`width`](Self::width) columns; `None`: of no environment.
    pub fn spans(self, canvas: &Canvas<'_>, slug: Option<&Slug>) -> Vec<Span<'static>> {
        let is = |of: &dyn Fn(&Slug) -> bool| slug.is_some_and(of);
        let word = if is(&|slug| canvas.model.is_production(slug)) { PRODUCTION } else { "" };
        let sign = if is(&|slug| canvas.model.is_protected(slug)) { protected(canvas) } else { "" };
        let production = self.production;
        let mut spans = vec![
            canvas.span(
                if word.is_empty() { Role::Dim } else { Role::Production },
                format!("{word:production$.production$}"),
            ),
            canvas.span(Role::Warning, text::fit(sign, self.protected)),
        ];
        if self.width() > 0 {
            spans.push(Span::raw(" "));
        }
        spans
    }
}

/// The sign of an environment whose drift may not be settled here.
fn protected(canvas: &Canvas<'_>) -> &'static str {
    if canvas.theme.is_ascii() { "#" } else { "⊘" }
}

/// The sign where it is due; one column, none where no environment is protected.
pub fn protection(canvas: &Canvas<'_>, slug: &Slug) -> Span<'static> {
    let sign = if canvas.model.is_protected(slug) { protected(canvas) } else { "" };
    canvas.span(Role::Warning, text::fit(sign, usize::from(!canvas.model.protected.is_empty())))
}

/// ` PROD⊘`: what stands behind a name that is in no column.
pub fn behind(canvas: &Canvas<'_>, slug: &Slug) -> Vec<Span<'static>> {
    let (production, is_protected) = (canvas.model.is_production(slug), canvas.model.is_protected(slug));
    let mut spans = vec![];
    if production || is_protected {
        spans.push(Span::raw(" "));
    }
    if production {
        spans.push(canvas.span(Role::Production, PRODUCTION));
    }
    if is_protected {
        spans.push(canvas.span(Role::Warning, protected(canvas)));
    }
    spans
}

/// `in PRODUCTION prod-eu 42 (protected); stage 3`: where a decision is made, production first, in words.
pub fn sentence<'a>(canvas: &Canvas<'_>, targets: impl Iterator<Item = &'a Target>, room: usize) -> Line<'static> {
    let model = canvas.model;
    let places = model.places(targets);
    let several = places.iter().map(|(_, number)| number).sum::<usize>() > 1;
    let one = |(slug, number): &(Slug, usize)| {
        let number = if several { format!(" {number}") } else { String::new() };
        format!("{slug}{number}{}", if model.is_protected(slug) { " (protected)" } else { "" })
    };
    let (production, other): (Vec<_>, Vec<_>) = places.iter().partition(|(slug, _)| model.is_production(slug));
    let [names, others] = [production, other].map(|these| these.into_iter().map(one).collect::<Vec<_>>().join(", "));
    let mut line = Line::from(canvas.span(Role::Text, "in "));
    let mut left = room.saturating_sub(3);
    if !names.is_empty() {
        left = left.saturating_sub("PRODUCTION ".len());
        line.push_span(canvas.span(Role::Production, "PRODUCTION"));
        let names = text::cut(&format!(" {names}"), left + 1);
        left = left.saturating_sub(text::width(&names));
        line.push_span(canvas.span(Role::Text, names));
    }
    let between = if names.is_empty() || others.is_empty() { "" } else { "; " };
    line.push_span(canvas.span(Role::Text, text::cut(&format!("{between}{others}"), left)));
    line
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
