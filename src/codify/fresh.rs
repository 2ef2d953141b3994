//! Blocks of a kind that the code does not have there yet, worked out from what is live: what has to be said, and no more.

use hcl_edit::Span;
use hcl_edit::structure::Block;
use serde_json::{Map, Value};

use super::edit::{Edit, Editor, Refusal};
use super::kinds::{Form, Inside};
use super::pack;
use super::sides::is_it;
use crate::drift::path::Step;

/// A block that is to be written.
pub(super) struct Fresh {
    pub name: String,
    /// Its attributes, and their values as they are written.
    pub lines: Vec<(String, String)>,
    pub blocks: Vec<Self>,
}

impl Fresh {
    /// As `terraform fmt` lays it out. `own`: what its first line begins with, `step`: one level more, `line`: how lines end.
    pub fn text(&self, own: &str, step: &str, line: &str) -> String {
        if self.lines.is_empty() && self.blocks.is_empty() {
            return format!("{own}{} {{}}{line}", self.name);
        }
        let width = self.lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut inside: Vec<String> = vec![];
        if !self.lines.is_empty() {
            let text = |(name, value): &(String, String)| format!("{own}{step}{name:<width$} = {value}{line}");
            inside.push(self.lines.iter().map(text).collect());
        }
        let own_step = format!("{own}{step}");
        inside.extend(self.blocks.iter().map(|block| block.text(&own_step, step, line)));
        format!("{own}{} {{{line}{}{own}}}{line}", self.name, inside.join(line))
    }
}

impl Editor<'_> {
    /// How something is written that the code does not say yet.
    pub(super) fn form(&self, name: &str, steps: &[Step], value: &Value) -> Result<Form, String> {
        match (steps, value) {
            ([], Value::Array(list)) if list.iter().any(Value::is_object) => self.inside.form(name),
            ([], Value::Object(_)) | ([Step::Key(_)], _) => self.inside.form_of_one(name),
            ([], _) => Ok(Form::Attribute),
            _ => self.inside.form(name),
        }
    }

    /// `steps`: what is meant below the name. `declared`: what the state has under it, though the code is silent.
    pub(super) fn fresh(
        &self,
        parent: &Block,
        name: &str,
        steps: &[Step],
        wanted: &Value,
        declared: Option<&Value>,
    ) -> Edit {
        let inside = self.inside.below(name);
        let by_hand = |why| Refusal::new(format!("the code has no `{name}` yet: {why}")).at(self.text, parent.span());
        let values = elements(&inside, steps, wanted, declared).map_err(by_hand)?;
        let made = |value| self.made(&inside, name, value, &|_| false);
        let blocks = values.iter().map(made).collect::<Result<Vec<_>, _>>().map_err(by_hand)?;
        self.blocks_into(parent, None, &blocks)
    }

    /// A block that says this, without what the provider gives out, what conflicts, and what is empty; `must`: said all the same.
    pub(super) fn made(
        &self,
        inside: &Inside<'_>,
        name: &str,
        value: &Map<String, Value>,
        must: &dyn Fn(&str) -> bool,
    ) -> Result<Fresh, String> {
        let required = inside.required();
        let mut made = Fresh { name: name.to_owned(), lines: vec![], blocks: vec![] };
        for (key, value_of) in value {
            let is_needed = must(key) || (value_of.is_string() && required.contains(key));
            if !must(key) && (inside.is_computed(key) || pack::gives_way(key, value))
                || is_nothing(value_of) && !is_needed
            {
                continue;
            }
            let objects = objects(value_of);
            let form = match value_of {
                _ if objects.is_empty() => Form::Attribute,
                Value::Array(_) => inside.form(key)?,
                _ => inside.form_of_one(key)?,
            };
            match form {
                Form::Attribute => {
                    made.lines.push((key.clone(), self.written(&settable(&inside.below(key), value_of))))
                }
                Form::Block => {
                    let below = inside.below(key);
                    let nested = objects.into_iter().map(|one| self.made(&below, key, one, &|_| false));
                    made.blocks.extend(nested.collect::<Result<Vec<_>, _>>()?);
                }
            }
        }
        made.lines.sort_by_key(|(key, _)| !required.contains(key));
        Ok(made)
    }
}

/// What the blocks of a name have to say.
fn elements(
    inside: &Inside<'_>,
    steps: &[Step],
    wanted: &Value,
    declared: Option<&Value>,
) -> Result<Vec<Map<String, Value>>, String> {
    let list = match declared {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let (meant, rest, identity) = match steps.split_first() {
        None => {
            let objects: Vec<_> = objects(wanted).into_iter().cloned().collect();
            return if objects.is_empty() { Err("no block can say this value".into()) } else { Ok(objects) };
        }
        Some((Step::Index(at), rest)) => (list.get(*at), rest, &[][..]),
        Some((Step::Identity(pairs), rest)) => (list.iter().find(|one| is_it(one, pairs)), rest, pairs.as_slice()),
        Some((Step::Key(_), _)) => (list.first(), steps, &[][..]),
        Some((Step::SetValue(_), _)) => return Err("what is meant in it is not known".into()),
    };
    let others = list.len() - usize::from(meant.is_some());
    if others > 0 {
        return Err(format!(
            "it is silent about {others} more, which a block would take away: write all of them by hand"
        ));
    }
    let mut one = element(inside, rest, wanted, meant)?;
    for (key, text) in identity {
        one.entry(key.clone()).or_insert_with(|| Value::from(text.as_str()));
    }
    Ok(vec![one])
}

/// What one block has to say so that what is meant in it is as wanted: that, and what it cannot go without.
fn element(
    inside: &Inside<'_>,
    steps: &[Step],
    wanted: &Value,
    declared: Option<&Value>,
) -> Result<Map<String, Value>, String> {
    let (name, rest) = match steps.split_first() {
        None => return wanted.as_object().cloned().ok_or_else(|| "no block can say this value".into()),
        Some((Step::Key(name), rest)) => (name, rest),
        Some(_) => return Err("what is meant in it is not known".into()),
    };
    let there = |name: &str| declared.and_then(|value| value.get(name)).filter(|value| !value.is_null()).cloned();
    let said = inside.required().into_iter().filter_map(|name| Some((name.clone(), there(&name)?)));
    let mut all: Map<String, Value> = said.collect();
    let keys = || rest.iter().all(|step| matches!(step, Step::Key(_)));
    let value = match (rest.is_empty(), inside.form(name)) {
        (true, _) => wanted.clone(),
        (false, Ok(Form::Block)) => {
            let below = there(name);
            elements(&inside.below(name), rest, wanted, below.as_ref())?.into_iter().map(Value::Object).collect()
        }
        (false, Err(why)) if !keys() => return Err(why),
        (false, _) => {
            let mut whole = there(name).unwrap_or_else(|| Value::Object(Map::new()));
            put(&mut whole, rest, wanted).ok_or("how it is written is not known")?;
            whole
        }
    };
    all.insert(name.clone(), value);
    Ok(all)
}

/// Into an object, at a path of nothing but names.
fn put(into: &mut Value, steps: &[Step], wanted: &Value) -> Option<()> {
    match steps.split_first() {
        None => *into = wanted.clone(),
        Some((Step::Key(name), rest)) => {
            let map = into.as_object_mut()?;
            put(map.entry(name.clone()).or_insert_with(|| Value::Object(Map::new())), rest, wanted)?;
        }
        Some(_) => return None,
    }
    Some(())
}

/// Those of a list, or the one that it is.
fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Object(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_object).collect(),
        _ => vec![],
    }
}

/// What a provider puts where nothing was said.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An attribute's value without what the provider gives out in it, and without what is not set.
pub(super) fn settable(inside: &Inside<'_>, value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|one| settable(inside, one)).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, value)| !value.is_null() && !inside.is_told_computed(name));
            Value::Object(kept.map(|(name, value)| (name.clone(), settable(&inside.below(name), value))).collect())
        }
        other => other.clone(),
    }
}
