//! From TOML to pattern trees, with the line of every mistake.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::Dialect;
use super::super::facts::{Fact, Facts, Kind, Node};
use super::super::rules;
use super::{CloudTags, Pack, Shapes};

/// What is wrong in a pack file, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct PackError {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub what: String,
}

const FACTS: [(&str, Fact); 12] = [
    ("unordered", Fact::Unordered),
    ("ordered", Fact::Ordered),
    ("free_form", Fact::FreeForm),
    ("write_only", Fact::WriteOnly),
    ("owned", Fact::Owned),
    ("switch", Fact::Switch),
    ("returned", Fact::Returned),
    ("firewall_rules", Fact::FirewallRules),
    ("partial", Fact::Partial),
    ("create_only", Fact::CreateOnly),
    ("any_of", Fact::AnyOf),
    ("empty_is_absent", Fact::EmptyIsAbsent),
];

const KINDS: [(&str, Kind); 15] = [
    ("cidr", Kind::Cidr),
    ("dns", Kind::Dns),
    ("duration", Kind::Duration),
    ("timestamp", Kind::Timestamp),
    ("quantity", Kind::Quantity),
    ("fold_case", Kind::FoldCase),
    ("location", Kind::Location),
    ("file_mode", Kind::FileMode),
    ("user_data", Kind::UserData),
    ("protocol", Kind::Protocol),
    ("version_track", Kind::VersionTrack),
    ("redis_acl", Kind::RedisAcl),
    ("hour", Kind::Hour),
    ("trailing_slash", Kind::Slash),
    ("exact", Kind::Exact),
];

const HIDES: [(&str, &str); 2] = [("computed", rules::COMPUTED), ("meta", rules::META)];

/// A mistake and the bytes it stands at.
type Mistake = (Range<usize>, String);
type Knowledge = Box<dyn Fn(&mut Facts)>;
type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// Reads one file: the dialects it is about and what it says.
pub(super) fn pack(file: &str, text: &str) -> Result<(Vec<Dialect>, Pack), PackError> {
    read(text).map_err(|(span, what)| {
        let line = text.get(..span.start).unwrap_or(text).matches('\n').count() + 1;
        PackError { file: file.to_owned(), line, what }
    })
}

fn read(text: &str) -> Result<(Vec<Dialect>, Pack), Mistake> {
    let document = DeTable::parse(text).map_err(|e| (e.span().unwrap_or(0..0), e.message().to_owned()))?;
    let document = document.get_ref();
    let format = document.get("format");
    if format.and_then(|f| f.get_ref().as_integer()).is_none_or(|f| f.as_str() != "1") {
        let span = format.map_or(0..0, Spanned::span);
        return Err((span, "this program reads packs that say: format = 1".to_owned()));
    }
    let mut dialects = Vec::new();
    let mut pack = Pack::default();
    let mut shapes = Shapes::new();
    for (name, value) in document.get("shape").map(table).transpose()?.into_iter().flatten() {
        section(value, shapes.entry(name.get_ref().to_string()).or_default(), &Shapes::new())?;
    }
    for (key, value) in document {
        match key.get_ref().as_ref() {
            "format" | "shape" => {}
            "dialects" => {
                for (word, span) in words(value)? {
                    dialects.push(dialect(word, span)?);
                }
            }
            "any" => {
                let mut node = Node::default();
                section(value, &mut node, &shapes)?;
                pack.any.extend(node.into_children().map(|(name, child)| (name, child.facts)));
            }
            "top" => section(value, &mut pack.top, &shapes)?,
            "type" => {
                for (name, value) in table(value)? {
                    typed(name.get_ref(), value, &mut pack, &shapes)?;
                }
            }
            "cloud_tags" => pack.cloud_tags = array(value)?.iter().map(cloud_tags).collect::<Result<_, _>>()?,
            other => return Err((key.span(), format!("unknown section `{other}`"))),
        }
    }
    Ok((dialects, pack))
}

fn typed(name: &str, value: &Spanned<DeValue<'_>>, pack: &mut Pack, shapes: &Shapes) -> Result<(), Mistake> {
    if let Some(twin) = table(value)?.get("same_as") {
        if let Some(key) = table(value)?.keys().find(|key| key.get_ref().as_ref() != "same_as") {
            let twin = word(twin)?;
            return Err((key.span(), format!("beside same_as nothing else counts; write it under [type.{twin}]")));
        }
        pack.same_as.insert(name.into(), word(twin)?.into());
        return Ok(());
    }
    section(value, pack.types.entry(name.into()).or_default(), shapes)
}

fn section(value: &Spanned<DeValue<'_>>, node: &mut Node, shapes: &Shapes) -> Result<(), Mistake> {
    for (key, value) in table(value)? {
        let name = key.get_ref().as_ref();
        match name {
            "defaults" => each(value, |path, v| {
                node.at(path.0).default = Some(json(v)?);
                Ok(())
            })?,
            "identity" => each(value, |path, v| {
                node.at(path.0).identity = alternatives(v)?;
                Ok(())
            })?,
            "hide" => each(value, |path, v| {
                let rule = word(v)?;
                let known = rules::find(rule).ok_or_else(|| (v.span(), format!("no rule is called `{rule}`")))?;
                node.at(path.0).hide = Some(known.id);
                Ok(())
            })?,
            "include" => each(value, |path, v| {
                let shape = word(v)?;
                let tree = shapes.get(shape).ok_or_else(|| (v.span(), format!("no shape is called `{shape}`")))?;
                node.graft(path.0, tree);
                Ok(())
            })?,
            _ => {
                let apply = knowledge(name, key.span())?;
                words(value)?.into_iter().for_each(|(path, _)| apply(node.at(path)));
            }
        }
    }
    Ok(())
}

/// What a list of paths called `name` says about each of them.
fn knowledge(name: &str, span: Range<usize>) -> Result<Knowledge, Mistake> {
    if let Ok(fact) = lookup(&FACTS, name, "", 0..0) {
        return Ok(Box::new(move |f| f.set(fact)));
    }
    if let Ok(rule) = lookup(&HIDES, name, "", 0..0) {
        return Ok(Box::new(move |f| f.hide = Some(rule)));
    }
    let kind = lookup(&KINDS, name, "kind of knowledge", span)?;
    Ok(Box::new(move |f| f.kind = Some(kind)))
}

fn lookup<T: Copy>(words: &[(&str, T)], word: &str, what: &str, span: Range<usize>) -> Result<T, Mistake> {
    words.iter().find(|(w, _)| *w == word).map(|(_, t)| *t).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(w, _)| *w).collect();
        (span, format!("unknown {what} `{word}`; known are: {}", known.join(", ")))
    })
}

fn dialect(word: &str, span: Range<usize>) -> Result<Dialect, Mistake> {
    Dialect::from_name(word).ok_or_else(|| {
        let known: Vec<_> = Dialect::names().collect();
        (span, format!("unknown dialect `{word}`; known are: {}", known.join(", ")))
    })
}

fn cloud_tags(value: &Spanned<DeValue<'_>>) -> Result<CloudTags, Mistake> {
    let mut out = CloudTags { types: String::new(), names: Vec::new() };
    for (key, value) in table(value)? {
        match key.get_ref().as_ref() {
            "types" => out.types = word(value)?.to_owned(),
            "names" => out.names = words(value)?.into_iter().map(|(w, _)| w.to_owned()).collect(),
            other => return Err((key.span(), format!("unknown key `{other}`; known are: types, names"))),
        }
    }
    Ok(out)
}

fn alternatives(value: &Spanned<DeValue<'_>>) -> Result<Vec<Vec<Box<str>>>, Mistake> {
    let nested = array(value)?.iter().any(|v| matches!(v.get_ref(), DeValue::Array(_)));
    let keys = |v| Ok(words(v)?.into_iter().map(|(w, _)| w.into()).collect());
    if nested { array(value)?.iter().map(keys).collect() } else { Ok(vec![keys(value)?]) }
}

fn each<'a, 'i: 'a>(
    value: &'a Spanned<DeValue<'i>>,
    mut f: impl FnMut((&'a str, Range<usize>), &'a Spanned<DeValue<'i>>) -> Result<(), Mistake>,
) -> Result<(), Mistake> {
    table(value)?.iter().try_for_each(|(k, v): Entry<'a, 'i>| f((k.get_ref().as_ref(), k.span()), v))
}

fn table<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Result<&'a DeTable<'i>, Mistake> {
    value.get_ref().as_table().ok_or_else(|| (value.span(), "expected a table".to_owned()))
}

fn array<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Result<&'a toml::de::DeArray<'i>, Mistake> {
    value.get_ref().as_array().ok_or_else(|| (value.span(), "expected a list".to_owned()))
}

fn word<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, Mistake> {
    value.get_ref().as_str().ok_or_else(|| (value.span(), "expected a text".to_owned()))
}

fn words<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<Vec<(&'a str, Range<usize>)>, Mistake> {
    array(value)?.iter().map(|v| Ok((word(v)?, v.span()))).collect()
}

fn json(value: &Spanned<DeValue<'_>>) -> Result<Value, Mistake> {
    Ok(match value.get_ref() {
        DeValue::String(s) => Value::from(s.as_ref()),
        DeValue::Boolean(b) => Value::from(*b),
        DeValue::Integer(i) => serde_json::from_str(i.as_str()).map_err(|e| (value.span(), e.to_string()))?,
        DeValue::Float(f) => serde_json::from_str(f.as_str()).map_err(|e| (value.span(), e.to_string()))?,
        DeValue::Array(a) => Value::Array(a.iter().map(json).collect::<Result<_, _>>()?),
        DeValue::Table(t) => t
            .iter()
            .map(|(k, v)| Ok((k.get_ref().to_string(), json(v)?)))
            .collect::<Result<serde_json::Map<_, _>, _>>()?
            .into(),
        DeValue::Datetime(_) => return Err((value.span(), "write times as text".to_owned())),
    })
}
