//! From TOML to pattern trees, with the line of every mistake.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::Dialect;
use super::super::facts::{Aspect, Fact, Kind, Node};
use super::super::rules;
use super::take_back::{Claim, Section, What};
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
pub(super) type Mistake = (Range<usize>, String);
type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// Reads one file: the dialects it is about, what it says, and what others must have said for it to make sense.
pub(super) fn pack(file: &str, text: &str) -> Result<(Vec<Dialect>, Pack, Vec<Claim>), PackError> {
    let mut reader = Reader::default();
    reader.read(text).map_err(|mistake| PackError::at(mistake, (file, text)))?;
    Ok((reader.dialects, reader.pack, reader.claims))
}

impl PackError {
    pub(super) fn at((span, what): Mistake, (file, text): (&str, &str)) -> Self {
        let line = text.get(..span.start).unwrap_or(text).matches('\n').count() + 1;
        Self { file: file.to_owned(), line, what }
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    dialects: Vec<Dialect>,
    pack: Pack,
    shapes: Shapes,
    claims: Vec<Claim>,
}

impl Reader {
    fn read(&mut self, text: &str) -> Result<(), Mistake> {
        let document = DeTable::parse(text).map_err(|e| (e.span().unwrap_or(0..0), e.message().to_owned()))?;
        let document = document.get_ref();
        let format = document.get("format");
        if format.and_then(|f| f.get_ref().as_integer()).is_none_or(|f| f.as_str() != "1") {
            let span = format.map_or(0..0, Spanned::span);
            return Err((span, "this program reads packs that say: format = 1".to_owned()));
        }
        for (name, value) in document.get("shape").map(table).transpose()?.into_iter().flatten() {
            let node = self.section(value, Section::Shape)?;
            self.shapes.insert(name.get_ref().to_string(), node);
        }
        for (key, value) in document {
            match key.get_ref().as_ref() {
                "format" | "shape" => {}
                "dialects" => {
                    for (word, span) in words(value)? {
                        self.dialects.push(dialect(word, span)?);
                    }
                }
                "any" => {
                    let node = self.section(value, Section::Any)?;
                    self.pack.any.extend(node.into_children().map(|(name, child)| (name, child.facts)));
                }
                "top" => self.pack.top = self.section(value, Section::Top)?,
                "family" => {
                    for (prefix, value) in table(value)? {
                        let node = self.section(value, Section::Family(prefix.get_ref().as_ref().into()))?;
                        self.pack.families.insert(prefix.get_ref().as_ref().into(), node);
                    }
                }
                "type" => {
                    for (name, value) in table(value)? {
                        self.typed(name.get_ref(), value)?;
                    }
                }
                "cloud_tags" => {
                    for value in array(value)? {
                        let tags = self.cloud_tags(value)?;
                        self.pack.cloud_tags.push(tags);
                    }
                }
                other => return Err((key.span(), format!("unknown section `{other}`"))),
            }
        }
        Ok(())
    }

    fn typed(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<(), Mistake> {
        let alias =
            |key: &str| table(value).map(|t| t.get(key)).and_then(|v| v.map(|v| Ok((word(v)?, v.span()))).transpose());
        if let Some((twin, span)) = alias("same_as")? {
            if let Some(key) = table(value)?.keys().find(|key| key.get_ref().as_ref() != "same_as") {
                return Err((key.span(), format!("beside same_as nothing else counts; write it under [type.{twin}]")));
            }
            self.claim(Section::Type(name.into()), twin, What::IsType, span);
            self.pack.same_as.insert(name.into(), twin.into());
            return Ok(());
        }
        if let Some((twin, span)) = alias("not_same_as")? {
            self.claim(Section::Type(name.into()), twin, What::IsTwin, span);
            self.pack.parted.push(name.into());
        }
        let node = self.section(value, Section::Type(name.into()))?;
        self.pack.types.insert(name.into(), node);
        Ok(())
    }

    fn section(&mut self, value: &Spanned<DeValue<'_>>, section: Section) -> Result<Node, Mistake> {
        let mut node = Node::default();
        for (key, value) in table(value)? {
            match key.get_ref().as_ref() {
                "defaults" => each(value, |(path, _), v| {
                    node.at(path).default = Some(json(v)?);
                    Ok(())
                })?,
                "identity" => each(value, |(path, _), v| {
                    node.at(path).identity = alternatives(v)?;
                    Ok(())
                })?,
                "bounds" => each(value, |(path, _), v| {
                    let [(least, _), (most, _)] = &words(v)?[..] else {
                        return Err((v.span(), "expected two paths: of the least and of the most".to_owned()));
                    };
                    node.at(path).bounds = Some([(*least).into(), (*most).into()]);
                    Ok(())
                })?,
                "controllers" => each(value, |(path, _), v| {
                    node.at(path).controllers = words(v)?.into_iter().map(|(w, _)| w.into()).collect();
                    Ok(())
                })?,
                "hide" => each(value, |(path, _), v| {
                    let rule = word(v)?;
                    let known = rules::find(rule).ok_or_else(|| (v.span(), format!("no rule is called `{rule}`")))?;
                    node.at(path).hide = Some(known.id);
                    Ok(())
                })?,
                "include" => each(value, |(path, _), v| {
                    let shape = word(v)?;
                    let tree = self.shapes.get(shape);
                    let tree = tree.ok_or_else(|| (v.span(), format!("no shape is called `{shape}`")))?;
                    node.graft(path, tree);
                    Ok(())
                })?,
                "not_same_as" if matches!(section, Section::Type(_)) => {}
                name => self.list(&mut node, &section, (name, key.span()), value)?,
            }
        }
        Ok(node)
    }

    /// A list of paths, and what its name says of each of them or takes back.
    fn list(
        &mut self,
        node: &mut Node,
        section: &Section,
        (name, span): (&str, Range<usize>),
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Mistake> {
        let Some(word) = name.strip_prefix("not_") else {
            let aspect = knowledge(name, span)?;
            words(value)?.into_iter().for_each(|(path, _)| node.at(path).say(aspect));
            return Ok(());
        };
        if *section == Section::Shape {
            return Err((span, "a shape takes nothing back; write it where the shape is included".to_owned()));
        }
        let aspect = match word {
            "defaults" => Aspect::Default,
            "identity" => Aspect::Identity,
            "bounds" => Aspect::Bounds,
            "controllers" => Aspect::Controllers,
            "hide" => Aspect::Hide(None),
            _ => knowledge(word, span)?,
        };
        for (path, span) in words(value)? {
            let facts = node.at(path);
            if facts.says(aspect) {
                return Err((span, format!("this section both says `{word}` of `{path}` and takes it back")));
            }
            facts.take_back(aspect);
            self.claim(section.clone(), path, What::Says(aspect, word.into()), span);
        }
        Ok(())
    }

    fn claim(&mut self, section: Section, about: &str, what: What, span: Range<usize>) {
        self.claims.push(Claim { section, about: about.into(), what, span });
    }

    fn cloud_tags(&mut self, value: &Spanned<DeValue<'_>>) -> Result<CloudTags, Mistake> {
        let mut out = CloudTags::default();
        let mut taken_back = Vec::new();
        for (key, value) in table(value)? {
            match key.get_ref().as_ref() {
                "types" => out.types = word(value)?.to_owned(),
                "names" => out.names = words(value)?.into_iter().map(|(w, _)| w.to_owned()).collect(),
                "not_names" => taken_back = words(value)?,
                other => {
                    return Err((key.span(), format!("unknown key `{other}`; known are: types, names, not_names")));
                }
            }
        }
        for (name, span) in taken_back {
            self.claim(Section::Type(out.types.as_str().into()), name, What::IsCloudTag, span);
            out.not_names.push(name.to_owned());
        }
        Ok(out)
    }
}

/// What a list of paths called `name` says about each of them.
fn knowledge(name: &str, span: Range<usize>) -> Result<Aspect, Mistake> {
    let facts = FACTS.iter().map(|(word, fact)| (*word, Aspect::Fact(*fact)));
    let hides = HIDES.iter().map(|(word, rule)| (*word, Aspect::Hide(Some(*rule))));
    let kinds = KINDS.iter().map(|(word, kind)| (*word, Aspect::Kind(*kind)));
    let mut all = facts.chain(hides).chain(kinds);
    let found = all.clone().find(|(word, _)| *word == name).map(|(_, aspect)| aspect);
    found.ok_or_else(|| {
        let known = all.by_ref().map(|(word, _)| word).collect::<Vec<_>>().join(", ");
        let tables = "defaults, identity, hide, bounds, controllers, include";
        (span, format!("unknown kind of knowledge `{name}`; known are the lists {known}, and the tables {tables}"))
    })
}

fn dialect(word: &str, span: Range<usize>) -> Result<Dialect, Mistake> {
    Dialect::from_name(word).ok_or_else(|| {
        let known: Vec<_> = Dialect::names().collect();
        (span, format!("unknown dialect `{word}`; known are: {}", known.join(", ")))
    })
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
