//! The palette: every action, environment, theme and keymap by name; letters in order are enough.

use super::actions;
use crate::drift::Slug;
use crate::tui::app::action::{Action, TABLE};
use crate::tui::app::overlay::Palette;
use crate::tui::app::{Effect, Model};

/// What a line of the palette does.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    Action(Action),
    /// `None`: all.
    Environment(Option<Slug>),
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
    score: i32,
}

/// Lines for what is typed, the best first; everything, in the table's order, for nothing.
pub fn matches(model: &Model, typed: &str) -> Vec<Row> {
    let words = typed.trim().to_lowercase();
    let mut rows: Vec<Row> = items(model)
        .into_iter()
        .filter_map(|mut row| {
            // A hit in the name counts more than one in the sentence.
            let in_help = || score(&words, &row.help.to_lowercase()).map(|score| score / 4 - 20);
            row.score = score(&words, &row.name.to_lowercase()).or_else(in_help)?;
            Some(row)
        })
        .collect();
    rows.sort_by_key(|row| -row.score);
    rows
}

fn items(model: &Model) -> Vec<Row> {
    let row = |item, name: String, help: String| Row { item, name, help, disabled: None, score: 0 };
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
    actions.chain(environments).chain(themes).chain(keymaps).collect()
}

/// `None` unless all letters stand in `text` in order. Letters in a row and at the start of words count more.
pub fn score(letters: &str, text: &str) -> Option<i32> {
    if letters.is_empty() {
        return Some(0);
    }
    let mut score = 0;
    let mut rest = text.char_indices();
    let mut last: Option<usize> = None;
    for letter in letters.chars().filter(|c| *c != ' ') {
        let (at, _) = rest.find(|(_, c)| *c == letter)?;
        let follows = last.is_some_and(|last| last + 1 == at);
        let starts = at == 0 || text[..at].ends_with([' ', '-']);
        score += 1 + 8 * i32::from(follows) + 6 * i32::from(starts);
        last = Some(at);
    }
    Some(score - i32::try_from(text.len() / 8).unwrap_or(0))
}

/// Does what the selected line says.
pub fn pick(model: &mut Model, palette: &Palette) -> Vec<Effect> {
    match matches(model, palette.line.text()).into_iter().nth(palette.at) {
        Some(row) => actions::picked(model, row.item),
        None => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_match_and_starts_of_words_win() {
        assert!(score("sca", "scan-all").unwrap() > score("sca", "escalate").unwrap());
        assert!(score("ca", "copy-address").unwrap() > score("ca", "local").unwrap());
        assert_eq!(score("xyz", "scan"), None);
        assert!(score("", "anything").is_some());
    }
}
