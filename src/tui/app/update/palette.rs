//! The palette: every action, environment, view, theme and keymap by name, and resources with drift; letters in order are
//! enough.

use std::cmp::Reverse;

use super::actions;
use super::jump::Place;
use crate::drift::Slug;
use crate::safety::sanitise;
use crate::tui::app::action::{Action, TABLE};
use crate::tui::app::finds::View;
use crate::tui::app::fuzzy::Fuzzy;
use crate::tui::app::overlay::{Overlay, Palette};
use crate::tui::app::{Effect, Model};

/// What a line of the palette does.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    Action(Action),
    /// `None`: all.
    Environment(Option<Slug>),
    View(View),
    /// What the service found.
    Resource(Place),
    Theme(usize),
    Keymap(usize),
}

/// A line of the palette.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    pub item: Item,
    pub name: String,
    pub help: String,
    /// Why it cannot be done now.
    pub disabled: Option<String>,
    score: (Fit, u32),
}

/// Why a line is there; the last is the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fit {
    Sentence,
    /// The service found it, by more than its name.
    Found,
    Name,
}

/// Lines for what is typed, the best first; everything, in the table's order, for nothing.
pub fn matches(model: &Model, palette: &Palette) -> Vec<Row> {
    let typed = palette.line.text().trim();
    let mut fuzzy = Fuzzy::new(typed);
    let words = typed.to_lowercase();
    // Letters in order stand in almost any sentence.
    let said = |text: &str| words.split_whitespace().all(|word| text.to_lowercase().contains(word));
    let mut rows: Vec<Row> = items(model)
        .into_iter()
        .filter_map(|mut row| {
            // A hit in the name counts more than one in the sentence.
            let by_name = fuzzy.score(&row.name).map(|score| (Fit::Name, score));
            row.score = by_name.or_else(|| said(&row.help).then_some((Fit::Sentence, 0)))?;
            Some(row)
        })
        .collect();
    rows.extend(palette.found.iter().map(found));
    if !typed.is_empty() {
        rows.sort_by_key(|row| Reverse(row.score));
    }
    rows
}

fn found(place: &Place) -> Row {
    Row {
        name: place.resource_id.line(),
        help: format!("{} in {}", place.resource_type.line(), place.environment),
        item: Item::Resource(place.clone()),
        disabled: None,
        score: (Fit::Found, 0),
    }
}

fn items(model: &Model) -> Vec<Row> {
    let row = |item, name: String, help: String| Row { item, name, help, disabled: None, score: (Fit::Name, 0) };
    let actions = TABLE.iter().map(|e| Row {
        disabled: e.action.disabled(model),
        ..row(Item::Action(e.action), e.name.into(), e.help.into())
    });
    let environments = model.environments.list.iter().map(|e| {
        let slug = e.environment.slug.clone();
        row(Item::Environment(Some(slug.clone())), format!("environment {slug}"), e.environment.name.cell(60))
    });
    let themes = model.themes.iter().enumerate();
    let themes = themes.map(|(at, theme)| row(Item::Theme(at), format!("theme {}", theme.name()), "Colours".into()));
    let keymaps = model.keymaps.iter().enumerate();
    let keymaps = keymaps.map(|(at, (name, _))| row(Item::Keymap(at), format!("keymap {name}"), "Keys".into()));
    let views = model.finds.views().into_iter();
    let views =
        views.map(|view| row(Item::View(view.clone()), format!("view {}", view.name), sanitise::line(&view.query)));
    actions.chain(environments).chain(views).chain(themes).chain(keymaps).collect()
}

/// Takes in what was found; the cursor stays on what it was on.
pub fn take_found(model: &mut Model, found: Vec<Place>) {
    let at = |model: &Model, item: Option<&Item>| match &model.overlay {
        Some(Overlay::Palette(palette)) => {
            let rows = matches(model, palette);
            let same = item.and_then(|item| rows.iter().position(|row| row.item == *item));
            (same, rows.into_iter().nth(palette.at).map(|row| row.item))
        }
        _ => (None, None),
    };
    let (_, chosen) = at(model, None);
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.found = found;
    }
    let (same, _) = at(model, chosen.as_ref());
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        // At the top nothing was chosen yet.
        palette.at = if palette.at == 0 { 0 } else { same.unwrap_or(0) };
    }
}

/// Does what the selected line says.
pub fn pick(model: &mut Model, palette: &Palette) -> Vec<Effect> {
    match matches(model, palette).into_iter().nth(palette.at) {
        Some(row) => actions::picked(model, row.item),
        None => vec![],
    }
}
