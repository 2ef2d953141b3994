//! The query line: opening it, what typing does, and what comes of it.

use std::collections::BTreeSet;

use super::{drafting, load};
use crate::drift::DriftEvent;
use crate::drift::query::{Group, Sort, Vocabulary, edit, module};
use crate::tui::app::drafts::DraftKey;
use crate::tui::app::finds;
use crate::tui::app::input::Line;
use crate::tui::app::model::Pane;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::query_line::QueryLine;
use crate::tui::app::{Effect, Model};

/// Names of a kind that completion knows; the rows that are loaded have hardly more.
const NAMES: usize = 300;

/// Opens the line with the query in force, or with what was being typed when the connection was lost.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let before = model.timeline.filter.text().to_owned();
    let text = drafting::restored_filter(model).map_or_else(
        // Room for the next term.
        || if before.is_empty() { Line::default() } else { Line::new(before.clone() + " ") },
        |typed| Line::typed(&typed),
    );
    model.overlay = Some(Overlay::Query(QueryLine::new(text, before)));
    changed(model)
}

/// The text may have changed: what it says is in force at once, without the terms that have a mistake in them. So the list does
/// not stay empty because the start of a term was taken for a word.
pub fn changed(model: &mut Model) -> Vec<Effect> {
    let known = vocabulary(model);
    let Some(Overlay::Query(query)) = &mut model.overlay else { return vec![] };
    if query.name.is_some() {
        return vec![];
    }
    query.offer(&known);
    let text = query.line.text().to_owned();
    let (now, zone) = (model.now, model.zone.clone());
    let mut problem = None;
    let effects = load::filtered(model, |filter| {
        problem = filter.ask(&text, now, &zone).err();
        if problem.is_some() {
            // What is left is understood.
            let _ = filter.ask(&edit::without_mistakes(&text, now, &zone), now, &zone);
        }
    });
    if let Some(Overlay::Query(query)) = &mut model.overlay {
        query.problem = problem;
    }
    effects
}

/// Puts a text in force from elsewhere; what is wrong with it is said.
pub fn ask(model: &mut Model, text: &str) -> Vec<Effect> {
    let (now, zone) = (model.now, model.zone.clone());
    let mut problem = None;
    let effects = load::filtered(model, |filter| problem = filter.ask(text, now, &zone).err());
    if let Some(problem) = problem {
        model.notice(true, format!("this query is not understood: {problem}"));
    }
    effects
}

/// Tab takes an offer.
pub fn complete(model: &mut Model) -> Vec<Effect> {
    let taken = match &mut model.overlay {
        Some(Overlay::Query(query)) => query.name.is_none() && query.take(),
        _ => false,
    };
    if taken { changed(model) } else { vec![] }
}

/// Up and down.
pub fn step(model: &mut Model, down: bool) -> Vec<Effect> {
    let moved = match &mut model.overlay {
        Some(Overlay::Query(query)) => query.name.is_none() && query.step(down, &model.finds.history),
        _ => false,
    };
    if moved { changed(model) } else { vec![] }
}

/// Takes the offer that was chosen, or saves under the name that was typed, else leaves the query in force.
pub fn enter(model: &mut Model, mut query: QueryLine) -> Vec<Effect> {
    if let Some(name) = &query.name {
        return save(model, name.text().to_owned(), query);
    }
    if query.chosen.is_some() {
        query.take();
        model.overlay = Some(Overlay::Query(query));
        return changed(model);
    }
    if let Some(problem) = &query.problem {
        // What is typed and what is in force are not the same: it stays open.
        model.notice(true, format!("not understood: {problem}"));
        model.overlay = Some(Overlay::Query(query));
        return vec![];
    }
    model.drafts.forget(&DraftKey::FILTER);
    model.focus = Pane::Timeline;
    let text = query.line.text().trim().to_owned();
    model.finds.remember(&text).then_some(Effect::KeepQuery(text)).into_iter().collect()
}

/// Out of the name, else back to the query that was in force.
pub fn leave(model: &mut Model, mut query: QueryLine) -> Vec<Effect> {
    if query.name.take().is_some() {
        model.overlay = Some(Overlay::Query(query));
        return vec![];
    }
    model.drafts.forget(&DraftKey::FILTER);
    ask(model, &query.before)
}

/// Asks for a name for what is typed.
pub fn name(model: &mut Model) -> Vec<Effect> {
    if let Some(Overlay::Query(query)) = &mut model.overlay {
        if query.problem.is_none() && !query.line.text().trim().is_empty() {
            query.name = Some(Line::default());
        } else {
            model.notice(false, "save-view: there is no query that could be saved");
        }
    }
    vec![]
}

fn save(model: &mut Model, name: String, mut query: QueryLine) -> Vec<Effect> {
    let text = query.line.text().trim().to_owned();
    let effects = match finds::named(&name) {
        Ok(name) => {
            query.name = None;
            model.finds.put(&name, &text);
            model.notice(false, format!("saved as view {}", crate::safety::sanitise::cell(&name, 40)));
            vec![Effect::SaveView(name, Some(text))]
        }
        Err(why) => {
            model.notice(true, why);
            vec![]
        }
    };
    model.overlay = Some(Overlay::Query(query));
    effects
}

/// The next order: newest, oldest, worst, widest reach first.
pub fn cycle_sort(model: &mut Model) -> Vec<Effect> {
    let sort = next(Sort::ALL, model.timeline.filter.query().sort);
    let text = edit::with_sort(model.timeline.filter.text(), sort);
    model.notice(false, format!("sort: {}", help(Sort::ALL, sort)));
    ask(model, &text)
}

/// The next grouping, and then none.
pub fn cycle_group(model: &mut Model) -> Vec<Effect> {
    let group = match model.timeline.filter.group() {
        None => Some(Group::Resource),
        Some(Group::Incident) => None,
        Some(group) => Some(next(Group::ALL, group)),
    };
    let text = edit::with_group(model.timeline.filter.text(), group);
    let said = group.map_or("each drift for itself", |group| help(Group::ALL, group));
    model.notice(false, format!("one row for {said}"));
    ask(model, &text)
}

type Table<T> = &'static [(T, &'static str, &'static str)];

fn next<T: Copy + PartialEq>(all: Table<T>, one: T) -> T {
    let at = all.iter().position(|(other, ..)| *other == one).map_or(0, |at| (at + 1) % all.len());
    all[at].0
}

fn help<T: PartialEq>(all: Table<T>, one: T) -> &'static str {
    all.iter().find(|(other, ..)| *other == one).map_or("", |(_, _, help)| help)
}

/// What the screens know by name: from environments and the rows that are loaded.
fn vocabulary(model: &Model) -> Vocabulary {
    let mut known = Vocabulary {
        environments: model.environments.list.iter().map(|row| row.environment.slug.to_string()).take(NAMES).collect(),
        ..Vocabulary::default()
    };
    let groups = model.timeline.grouped.list.rows.iter().map(|group| &group.sample);
    let rows: Vec<&DriftEvent> = model.timeline.window.rows(0).chain(groups).collect();
    let names = |of: &dyn Fn(&DriftEvent, &mut BTreeSet<String>)| {
        let mut names = BTreeSet::new();
        for row in &rows {
            if names.len() < NAMES {
                of(row, &mut names);
            }
        }
        names.into_iter().collect::<Vec<String>>()
    };
    known.types = names(&|row, names| names.extend([row.resource.resource_type.raw().to_owned()]));
    known.actors =
        names(&|row, names| names.extend(row.analysis.changed_by.iter().map(|actor| actor.raw().to_owned())));
    known.owners = names(&|row, names| names.extend(row.assignee.iter().map(|owner| owner.raw().to_owned())));
    known.modules = names(&|row, names| {
        let module = module(row.resource.resource_id.raw());
        names.extend((!module.is_empty()).then(|| module.to_owned()));
    });
    known.tags =
        names(&|row, names| names.extend(row.tags.iter().map(|(key, value)| format!("{}={}", key.raw(), value.raw()))));
    let incidents = model.timeline.grouped.list.rows.iter().filter_map(|group| group.key.incident());
    known.incidents = incidents.take(NAMES).collect();
    known.paths =
        names(&|row, names| names.extend(row.changes.iter().take(20).map(|change| change.path.raw().to_owned())));
    known
}
