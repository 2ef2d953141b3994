//! The changes of one property are written together, and judged: before, the code has to say what the state says; afterwards it is
//! read again, and has to say what is live. What fails is taken back.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::structure::{Block, Body};
use serde_json::Value;

use super::agree::{Judge, Odd, always};
use super::file::parse;
use super::follow::Followed;
use super::fresh::{is_nothing, settable};
use super::said::Said;
use super::{Asked, NotWritten, Patch, Place, find, pack, rules, sides};
use crate::drift::path::{PathBuilder, Step, parse as parse_path};
use crate::drift::{Change, ChangeType, PropertyPath};
use crate::safety::Masked;

const HALF: &str = "the rest of what it belongs to cannot be written, and half of a rule may allow more than either side: write it by hand";

/// What a property said before anything was written.
struct Before {
    said: Option<Said>,
    judge: Judge,
}

/// Why a name is not written at all, or that it needs no edit.
enum Stands {
    AsDeclared(Before),
    AsLive,
    Otherwise(String),
}

/// Changes that are judged together: those of a property, or of a whole resource that is one rule.
pub(super) fn groups<'c>(kind: &str, changes: &'c [Change]) -> Vec<Vec<&'c Change>> {
    let mut groups: Vec<(String, Vec<&Change>)> = vec![];
    for change in changes {
        let name = if pack::is_rule(kind, name_of(change).as_str()) { String::new() } else { name_of(change) };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(change),
            None => groups.push((name, vec![change])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Patch {
    /// Writes what can be written, and what is right afterwards.
    pub(super) fn together(&mut self, asked: &Asked<'_>, place: &Place<'_>, changes: &[&Change]) {
        let names: BTreeSet<String> = changes.iter().map(|change| name_of(change)).collect();
        let (mut known, mut refused) = (BTreeMap::new(), BTreeMap::new());
        for name in &names {
            match self.stands(asked, place, name, changes) {
                Stands::AsDeclared(before) => drop(known.insert(name.clone(), before)),
                Stands::AsLive => {}
                Stands::Otherwise(why) => {
                    let own = changes.iter().filter(|change| name_of(change) == *name);
                    refused.extend(own.map(|change| (change.path.clone(), why.clone())));
                }
            }
        }
        let start = self.clone();
        loop {
            *self = start.clone();
            self.write_all(asked, place, (changes, &known, &refused));
            let more = self.wrong(asked, place, (changes, &known, &start));
            if more.is_empty() {
                return;
            }
            refused.extend(more);
        }
    }

    fn write_all(
        &mut self,
        asked: &Asked<'_>,
        place: &Place<'_>,
        (changes, known, refused): (&[&Change], &BTreeMap<String, Before>, &BTreeMap<PropertyPath, String>),
    ) {
        let mut open = vec![];
        for change in changes {
            match refused.get(&change.path) {
                Some(why) => self.left.push(NotWritten { path: change.path.clone(), why: why.clone() }),
                None if !known.contains_key(&name_of(change)) => self.written.push(change.path.clone()),
                None => open.push(*change),
            }
        }
        let lists = lists(asked, self.now.as_ref(), &open);
        for (list, parts) in &lists {
            let is_part = |change: &&Change| parts.contains(&change.path);
            open.retain(|change| !is_part(change));
            let written = self.written.len();
            self.change(asked, place, list);
            let whole = self.left.iter().position(|one| one.path == list.path && self.written.len() == written);
            match whole.map(|at| self.left.remove(at)) {
                Some(NotWritten { why, .. }) => {
                    self.left.extend(parts.iter().map(|path| NotWritten { path: path.clone(), why: why.clone() }));
                }
                None => {
                    self.written.truncate(written);
                    self.written.extend(parts.iter().cloned());
                }
            }
        }
        // What comes is written beside what there is, so what goes is taken out last; the last of a list first, as places are counted.
        open.sort_by_key(|change| (change.change_type == ChangeType::Removed, std::cmp::Reverse(index_of(change))));
        open.into_iter().for_each(|change| self.change(asked, place, change));
    }

    /// What must not stay written, with the reason.
    fn wrong(
        &self,
        asked: &Asked<'_>,
        place: &Place<'_>,
        (changes, known, start): (&[&Change], &BTreeMap<String, Before>, &Self),
    ) -> Vec<(PropertyPath, String)> {
        let written = &self.written[start.written.len()..];
        let left: Vec<&PropertyPath> = self.left[start.left.len()..].iter().map(|one| &one.path).collect();
        let kind = &place.labels[0];
        let halves: BTreeSet<String> = left.iter().filter_map(|path| pack::rule(kind, path.raw())).collect();
        let is_half = |path: &&PropertyPath| pack::rule(kind, path.raw()).is_some_and(|rule| halves.contains(&rule));
        let half: Vec<_> = written.iter().filter(is_half).map(|path| (path.clone(), HALF.to_owned())).collect();
        if !half.is_empty() {
            return half;
        }
        let mut wrong = vec![];
        for (name, before) in known {
            let own: Vec<&Change> = changes.iter().copied().filter(|change| name_of(change) == *name).collect();
            let done = own.iter().filter(|change| written.contains(&change.path));
            let stays = own.iter().copied().filter(|change| left.contains(&&change.path)).collect::<Vec<_>>();
            let done: Vec<PropertyPath> = done.map(|change| change.path.clone()).collect();
            if done.is_empty() {
                continue;
            }
            if let Err(why) = self.says_live(asked, place, name, before, &stays) {
                wrong.extend(done.into_iter().map(|path| (path, why.clone())));
            }
        }
        wrong
    }

    /// Whether the code says what the state says, as far as it says it itself.
    fn stands(&self, asked: &Asked<'_>, place: &Place<'_>, name: &str, changes: &[&Change]) -> Stands {
        let kind = &place.labels[0];
        let said = parse(&self.own.after).ok().and_then(|body| Said::of(kind, &find(&body, place.labels)?.body, name));
        let declared =
            asked.declared.and_then(|state| state.value().get(name)).map(|value| rules::value(kind, name, value));
        let mut judge = Judge::lenient();
        if let (Some(said), Some(declared)) = (&said, &declared)
            && let Err(odd) = judge.agrees(said, declared, name)
        {
            let live = asked.live.and_then(|live| live.value().get(name)).map(|value| rules::value(kind, name, value));
            let whole = Judge { is_whole: true, ..Judge::default() };
            if live.is_some_and(|live| whole.agrees(said, &live, name).is_ok()) {
                return Stands::AsLive;
            }
            return Stands::Otherwise(self.told_odd(&odd, place, name));
        }
        for (list, _) in lists(asked, self.now.as_ref(), changes) {
            let place = keys(&parse_path(list.path.raw()).0);
            let in_order = Judge { ordered: BTreeSet::from([place.clone()]), ..Judge::lenient() };
            if said.as_ref().zip(declared.as_ref()).is_some_and(|(a, b)| in_order.agrees(a, b, name).is_ok()) {
                judge.ordered.insert(place);
            }
        }
        judge.is_lenient = false;
        judge.always = said.as_ref().map(|said| always(said, name)).unwrap_or_default();
        Stands::AsDeclared(Before { said, judge })
    }

    fn told_odd(&self, odd: &Odd, place: &Place<'_>, name: &str) -> String {
        let body = parse(&self.own.after);
        let line = body.ok().and_then(|body| {
            let span = place_of(find(&body, place.labels)?, name)?;
            Some(format!(" ({}:{})", self.own.shown, super::splice::line_of(&self.own.after, span.start)))
        });
        let place = &odd.place;
        let both = match &odd.sides {
            Some((code, state)) if code.len() + state.len() < 120 => {
                format!("the code says {code:?} for {place}, the state {state:?}")
            }
            _ => format!("the code says something else about {place} than the state"),
        };
        format!("{both}: apply it first, or write it by hand{}", line.unwrap_or_default())
    }

    /// Reads the edited code again.
    ///
    /// # Errors
    /// It would not say what is live, or nobody can tell.
    fn says_live(
        &self,
        asked: &Asked<'_>,
        place: &Place<'_>,
        name: &str,
        before: &Before,
        stays: &[&Change],
    ) -> Result<(), String> {
        let unknown = || "what stays of it cannot be told from what would be written: write it by hand".to_owned();
        let Some(live) = asked.live else {
            // Without sides nothing is predicted either.
            return if asked.compare.is_some() { Err(unknown()) } else { Ok(()) };
        };
        let kind = &place.labels[0];
        let mut live = live.value().clone();
        if let Some(value) = live.get_mut(name) {
            *value = rules::value(kind, name, value);
        }
        for change in stays {
            // What the code is silent about stays so.
            if before.said.is_some() && !is_silent_at(before, change) {
                sides::take_back(&mut live, change).ok_or_else(unknown)?;
            }
        }
        let wrong = |odd: &Odd| format!("the code would not say what is live at {}: write it by hand", odd.place);
        for one in self.followed.iter().filter(|one| one.name == name) {
            self.follows(one, asked, &live).map_err(|odd| odd.as_ref().map_or_else(unknown, wrong))?;
        }
        let value = live.get(name).cloned().unwrap_or(Value::Null);
        let body = parse(&self.own.after)?;
        let block = find(&body, place.labels).ok_or_else(unknown)?;
        match (Said::of(kind, &block.body, name), &before.said) {
            (None, _) if is_nothing(&value) || !self.followed.is_empty() => Ok(()),
            (None, _) => Err(wrong(&Odd { place: name.to_owned(), sides: None })),
            // What the provider gives out in it was left out.
            (Some(said), None) => {
                let value = settable(&place.inside.below(name), &value);
                before.judge.agrees(&said, &value, name).map_err(|odd| wrong(&odd))
            }
            (Some(said), Some(_)) => {
                before.judge.agrees(&said, &value, name).map_err(|odd| wrong(&odd))?;
                in_order(asked, block, name, &said, &value, &before.judge)
            }
        }
    }

    /// What stands where a name was followed to.
    fn follows(&self, one: &Followed, asked: &Asked<'_>, live: &Value) -> Result<(), Option<Odd>> {
        let edited = self.files().find(|edited| edited.file == one.file).ok_or(None)?;
        let (before, after) = (parse(&edited.before).map_err(|_| None)?, parse(&edited.after).map_err(|_| None)?);
        let judge = Judge::lenient();
        let state = asked.declared.and_then(|state| sides::at(state.value(), &one.above));
        if let (Some(was), Some(state)) = (one.source.expression(&before), &state) {
            judge.agrees(&Said::expression(was), state, &one.name).map_err(Some)?;
        }
        let judge = Judge { is_lenient: false, ..judge };
        let live = sides::at(live, &one.above).ok_or(None)?;
        let said = one.source.expression(&after).ok_or(None)?;
        judge.agrees(&Said::expression(said), &live, &one.name).map_err(Some)
    }
}

/// Blocks in another order than live ones, where the comparer says that it means something.
fn in_order(
    asked: &Asked<'_>,
    block: &Block,
    name: &str,
    said: &Said,
    value: &Value,
    judge: &Judge,
) -> Result<(), String> {
    let (Some(compare), Some(live), false) = (asked.compare, asked.live, block.body.has_attribute(name)) else {
        return Ok(());
    };
    let (Said::List { items, .. }, Value::Array(list)) = (said, value) else { return Ok(()) };
    let mut left: Vec<&Value> = list.iter().collect();
    let mut ordered = vec![];
    for one in items {
        let at = left.iter().position(|value| judge.agrees(one, value, name).is_ok());
        ordered.extend(at.map(|at| left.remove(at).clone()));
    }
    if ordered == *list || ordered.len() != list.len() {
        return Ok(());
    }
    let mut as_written = live.value().clone();
    as_written[name] = Value::Array(ordered);
    if compare(&as_written, live.value()).iter().any(|path| path.starts_with(name)) {
        return Err(format!(
            "the blocks `{name}` would stand in another order than live, which means something: write them by hand"
        ));
    }
    Ok(())
}

/// Nothing is said at its place, before or after.
fn is_silent_at(before: &Before, change: &Change) -> bool {
    let (steps, _) = parse_path(change.path.raw());
    let is_key = matches!(steps.last(), Some(Step::Key(_)));
    is_key && !before.judge.always.contains(&keys(&steps)) && steps.len() > 1 && is_in_block(&before.said, &steps)
}

/// A block does not name it anywhere.
fn is_in_block(said: &Option<Said>, steps: &[Step]) -> bool {
    let names = |said: &Said, name: &str| -> Vec<Said> {
        let all = match said {
            Said::List { items, .. } => items.clone(),
            other => vec![other.clone()],
        };
        all.into_iter()
            .filter_map(|one| if let Said::Map { items, .. } = one { items.get(name).cloned() } else { None })
            .collect()
    };
    let mut here: Vec<Said> = said.iter().cloned().collect();
    let is_blocks = matches!(said, Some(Said::List { .. }));
    for step in &steps[1..] {
        if let Step::Key(name) = step {
            here = here.iter().flat_map(|one| names(one, name)).collect();
        }
    }
    is_blocks && here.is_empty()
}

/// Lists of plain values whose elements are meant by their place: each is written as a whole, with the changes that it stands for.
fn lists(asked: &Asked<'_>, state: Option<&Value>, changes: &[&Change]) -> Vec<(Change, Vec<PropertyPath>)> {
    let mut found: BTreeMap<PropertyPath, Vec<PropertyPath>> = BTreeMap::new();
    for change in changes {
        let (steps, _) = parse_path(change.path.raw());
        if let Some((Step::Index(_), above)) = steps.split_last() {
            let mut path = PathBuilder::new();
            for step in above {
                path.push(step);
            }
            found.entry(path.finish()).or_default().push(change.path.clone());
        }
    }
    let plain = |side: Option<&Value>, path: &PropertyPath| -> Option<Value> {
        let value = sides::at(side?, &parse_path(path.raw()).0)?;
        value.as_array().is_some_and(|list| !list.iter().any(Value::is_object)).then_some(value)
    };
    let live = asked.live.map(Masked::value);
    let whole = |(path, parts): (PropertyPath, Vec<PropertyPath>)| {
        let (declared, actual) = (plain(state, &path)?, plain(live, &path)?);
        let change = Change {
            path,
            change_type: ChangeType::Modified,
            declared: Some(Masked::trusted(declared)),
            actual: Some(Masked::trusted(actual)),
            is_security_critical: false,
            remembered_at: None,
        };
        Some((change, parts))
    };
    found.into_iter().filter_map(whole).collect()
}

fn name_of(change: &Change) -> String {
    match parse_path(change.path.raw()).0.into_iter().next() {
        Some(Step::Key(name)) => name,
        _ => String::new(),
    }
}

fn index_of(change: &Change) -> Option<usize> {
    parse_path(change.path.raw())
        .0
        .into_iter()
        .rev()
        .find_map(|step| if let Step::Index(at) = step { Some(at) } else { None })
}

/// A path without what tells elements apart.
fn keys(steps: &[Step]) -> String {
    let names = steps.iter().filter_map(|step| if let Step::Key(name) = step { Some(name.as_str()) } else { None });
    names.collect::<Vec<_>>().join(".")
}

fn place_of(block: &Block, name: &str) -> Option<std::ops::Range<usize>> {
    use hcl_edit::Span;
    let body: &Body = &block.body;
    body.get_attribute(name).and_then(Span::span).or_else(|| body.get_blocks(name).next().and_then(Span::span))
}
