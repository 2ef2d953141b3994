//! One change of one resource as an edit of its block: found by its path, refused where the code does not say the value itself.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Array, Expression, Object};
use hcl_edit::structure::{Block, Body};
use serde_json::Value;

use super::agree::chosen;
use super::follow::Link;
use super::fresh::settable;
use super::kinds::{Form, Inside};
use super::literal;
use super::rules::Rule;
use super::said::{Said, document};
use super::sides::is_it;
use super::splice::{Splice, line_of};
use crate::drift::path::Step;

/// Why a change is not written, and where to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub why: String,
    pub line: Option<usize>,
    /// `var.size`, where one name decides.
    pub name: Option<String>,
    /// Where nothing but that name stands: it can be followed.
    pub link: Option<Box<Link>>,
    /// Where the line is, when that is another file than the resource's.
    pub file: Option<String>,
}

impl Refusal {
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), line: None, name: None, link: None, file: None }
    }

    pub fn at(self, text: &str, at: Option<Range<usize>>) -> Self {
        Self { line: at.map(|at| line_of(text, at.start)), ..self }
    }

    /// Of a file that is not the resource's.
    pub fn in_file(self, shown: &str) -> Self {
        Self { file: self.file.or_else(|| Some(shown.to_owned())), name: None, ..self }
    }
}

pub(super) type Edit = Result<Vec<Splice>, Refusal>;

const SPELLING: &str = "how it is spelt live is not kept: write it by hand";

/// What a property is to be; `None`: it goes.
pub(super) type Wanted<'a> = Option<&'a Value>;

/// Walks a block of this text.
pub(super) struct Editor<'a> {
    pub text: &'a str,
    /// What is to be written is new there: nothing stands in its place.
    pub adds: bool,
    /// It is a document in JSON inside of the code.
    pub json: bool,
    /// What is known of the block.
    pub inside: Inside<'a>,
}

impl<'a> Editor<'a> {
    /// Of a property of a block. `declared`: what the state says of the block, for which of several is meant.
    pub fn body(&self, block: &Block, steps: &[Step], wanted: Wanted<'_>, declared: Option<&Value>) -> Edit {
        let Some((Step::Key(name), rest)) = steps.split_first() else {
            return Err(Refusal::new("its path names no property"));
        };
        let below = declared.and_then(|value| value.get(name));
        if let Some(attribute) = block.body.get_attribute(name) {
            if rest.is_empty() && wanted.is_none() {
                return self.without_line(attribute.span(), "the attribute");
            }
            return self.expression(&attribute.value, rest, wanted, below);
        }
        let blocks: Vec<&Block> = block.body.get_blocks(name).collect();
        if let Some(rule) = Rule::of(name, rest) {
            return self.rule(block, &blocks, &rule, rest, wanted);
        }
        if !blocks.is_empty() {
            let inside = Editor { inside: self.inside.below(name), ..*self };
            return inside.blocks(&blocks, rest, wanted, below);
        }
        let is_made = |one: &&Block| one.labels.first().is_some_and(|label| label.as_str() == name.as_str());
        if let Some(dynamic) = block.body.get_blocks("dynamic").find(is_made) {
            return Err(
                Refusal::new("a dynamic block makes it: change what it is made from").at(self.text, dynamic.span())
            );
        }
        let Some(value) = wanted else {
            return Err(Refusal::new("the code does not say it, so there is nothing to take out"));
        };
        if self.inside.is_computed(name) {
            return Err(Refusal::new("the provider computes it: no code can say it"));
        }
        let by_hand =
            |why: &str| Refusal::new(format!("the code has no `{name}` yet{why}")).at(self.text, block.span());
        let told = |why: String| by_hand(&format!(": {why}"));
        let form = self.form(name, rest, value).map_err(told)?;
        if form == Form::Attribute {
            self.inside.may_be_said(name).map_err(told)?;
        }
        match (form, rest) {
            (Form::Block, _) => self.fresh(block, name, rest, value, below),
            (Form::Attribute, []) => {
                self.attribute_into(block, name, &self.written(&settable(&self.inside.below(name), value)))
            }
            (Form::Attribute, [Step::Key(key)]) => {
                // All that the state has in it, or an apply would take the rest away.
                let mut map = below.and_then(Value::as_object).cloned().unwrap_or_default();
                map.insert(key.clone(), value.clone());
                let map = settable(&self.inside.below(name), &Value::Object(map));
                self.attribute_into(block, name, &self.written(&map))
            }
            _ => Err(by_hand(": write it by hand")),
        }
    }

    /// Of one of several blocks of a name.
    fn blocks(&self, blocks: &[&Block], steps: &[Step], wanted: Wanted<'_>, declared: Option<&Value>) -> Edit {
        let list = declared.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let first = blocks.first().and_then(|block| block.span());
        let unknown = || Refusal::new("which of its blocks is meant is not known").at(self.text, first.clone());
        if steps.is_empty() {
            let Some(_) = wanted else {
                let lines = blocks.iter().map(|block| self.without_line(block.span(), "the block"));
                return Ok(lines.collect::<Result<Vec<_>, _>>()?.concat());
            };
            let why = if self.adds {
                "the code has it already: see whether it says the same"
            } else {
                "the whole list differs: write it by hand"
            };
            return Err(Refusal::new(why).at(self.text, first));
        }
        if let (true, [_], Some(Value::Object(new))) = (self.adds, steps, wanted) {
            return self.block_beside(blocks, new, list);
        }
        let (block, rest, below) = match steps.split_first() {
            Some((Step::Key(_), _)) if blocks.len() == 1 => (blocks[0], steps, list.first().or(declared)),
            // The only one is the only one that can be meant, where the state knows no other.
            Some((Step::Index(0), rest)) if blocks.len() == 1 && list.len() <= 1 => (blocks[0], rest, list.first()),
            // The state may have them in another order.
            Some((Step::Index(at), rest)) => {
                let said: Vec<Said> = blocks.iter().map(|block| Said::block(block)).collect();
                let one = chosen(&said, list, *at).ok_or_else(unknown)?;
                (blocks[one], rest, list.get(*at))
            }
            // One block for one element: it need not say what tells it from others.
            Some((Step::Identity(pairs), rest))
                if blocks.len() == 1
                    && list.len() == 1
                    && is_it(&list[0], pairs)
                    && pairs.iter().all(|(name, text)| says_nothing_else(&blocks[0].body, name, text)) =>
            {
                (blocks[0], rest, list.first())
            }
            Some((Step::Identity(pairs), rest)) => {
                let is_it = |block: &&&Block| pairs.iter().all(|(name, text)| says(&block.body, name, text));
                let mut found = blocks.iter().filter(is_it);
                match (found.next(), found.next()) {
                    (Some(one), None) => {
                        let named = |value: &&Value| {
                            pairs
                                .iter()
                                .all(|(name, text)| value.get(name).and_then(literal::text).as_deref() == Some(text))
                        };
                        (*one, rest, list.iter().find(named))
                    }
                    _ => return Err(unknown()),
                }
            }
            _ => return Err(unknown()),
        };
        match (rest.is_empty(), wanted) {
            (true, None) => self.without_line(block.span(), "the block"),
            (true, Some(_)) => Err(Refusal::new("a whole block differs: write it by hand").at(self.text, block.span())),
            _ => self.body(block, rest, wanted, below),
        }
    }

    /// `declared`: what the state says there.
    pub(super) fn expression(
        &self,
        expression: &Expression,
        steps: &[Step],
        wanted: Wanted<'_>,
        declared: Option<&Value>,
    ) -> Edit {
        let read = declared.and_then(document);
        let inside = read.as_ref().or(declared);
        match (steps.split_first(), expression, wanted) {
            (_, Expression::Parenthesis(inner), _) => self.expression(inner.inner(), steps, wanted, declared),
            (_, Expression::HeredocTemplate(text), _) => self.heredoc(text, expression.span(), steps, (wanted, inside)),
            (None, Expression::Array(list), Some(Value::Array(new))) if inside.is_some_and(Value::is_array) => {
                let old = inside.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                self.whole_list(list, old, new)
            }
            (None, _, Some(value)) if literal::value(expression).is_some() => {
                let at = expression.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
                let is_number = |old: &Value| old.as_str().is_some_and(|text| text.parse::<f64>().is_ok());
                let quoted = value.is_number() && literal::value(expression).as_ref().is_some_and(is_number);
                // `"30"` stays a text: whoever wrote it so meant it so.
                let new = if quoted { Value::String(value.to_string()) } else { as_before(expression, value) };
                Ok(vec![Splice::replace(at, self.written(&new))])
            }
            (Some((Step::Key(key), rest)), Expression::Object(object), _) => {
                self.object(object, key, rest, (wanted, inside))
            }
            (Some((step, rest)), Expression::Array(list), _) => self.array(list, step, rest, (wanted, inside)),
            // The document stands there: what is inside can be edited as if it stood alone.
            (Some(_), Expression::FuncCall(call), _)
                if call.name.name.as_str() == "jsonencode" && call.args.len() == 1 =>
            {
                match call.args.iter().next() {
                    Some(document) => self.expression(document, steps, wanted, inside),
                    None => Err(self.worked_out(expression)),
                }
            }
            (Some((Step::SetValue(_), [])), _, Some(value)) if self.adds => self.one_more(expression, value),
            _ if literal::value(expression).is_some() => {
                let why = "it stands inside a text: write it by hand";
                Err(Refusal::new(why).at(self.text, expression.span()))
            }
            _ => Err(Refusal { link: Link::of(expression, steps).map(Box::new), ..self.worked_out(expression) }),
        }
    }

    /// A value that was alone becomes the first of two, as policies take both.
    fn one_more(&self, expression: &Expression, value: &Value) -> Edit {
        let (Some(old), Some(at)) = (literal::value(expression).filter(Value::is_string), expression.span()) else {
            return Err(self.worked_out(expression));
        };
        if is_folded_beside(value, &old) {
            return Err(Refusal::new(SPELLING).at(self.text, Some(at)));
        }
        let list = format!("[{}, {}]", &self.text[at.clone()], self.written(value));
        Ok(vec![Splice::replace(at, list)])
    }

    /// A value that is not written here, with what decides about it.
    fn worked_out(&self, expression: &Expression) -> Refusal {
        let shown = expression.to_string().trim().to_owned();
        let first = shown.lines().next().unwrap_or_default();
        let kind = match expression {
            Expression::StringTemplate(_) => format!("the template {first} makes it: change what is put in"),
            _ => format!("the expression `{first}` decides about it: change it where that comes from"),
        };
        let mut parts = shown.split('.');
        let name = match (parts.next(), parts.next()) {
            (Some(kind @ ("var" | "local")), Some(name)) => {
                let word: String = name.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
                Some(format!("{kind}.{word}"))
            }
            _ => None,
        };
        Refusal { name, ..Refusal::new(kind).at(self.text, expression.span()) }
    }

    fn object(
        &self,
        object: &Object,
        key: &str,
        rest: &[Step],
        (wanted, declared): (Wanted<'_>, Option<&Value>),
    ) -> Edit {
        let item = object.iter().find(|(name, _)| literal::name_of(name).as_deref() == Some(key));
        let unknown = object.iter().any(|(name, _)| literal::name_of(name).is_none());
        match (item, rest.is_empty(), wanted) {
            (Some((name, item)), true, None) => {
                let at = name.span().zip(item.expr().span()).map(|(name, value)| name.start..value.end);
                self.without_element(at, object.span())
            }
            (Some((_, item)), ..) => {
                self.expression(item.expr(), rest, wanted, declared.and_then(|value| value.get(key)))
            }
            (None, true, Some(value)) if !unknown => {
                let last = object.iter().last().and_then(|(_, item)| item.expr().span());
                let first = object.iter().next().and_then(|(name, _)| name.span());
                self.element_into(object.span(), first, last, &self.item(key, value), true)
            }
            _ => Err(Refusal::new("the code does not say it here").at(self.text, object.span())),
        }
    }

    fn array(
        &self,
        list: &Array,
        step: &Step,
        rest: &[Step],
        (wanted, declared): (Wanted<'_>, Option<&Value>),
    ) -> Edit {
        let state = declared.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_appended = self.adds && rest.is_empty() && wanted.is_some_and(Value::is_object);
        let values: Option<Vec<Value>> = list.iter().map(literal::value).collect();
        let unknown = || Refusal::new("which element is meant is not known").at(self.text, list.span());
        let spelling = || Refusal::new(SPELLING).at(self.text, list.span());
        let found = match (step, values) {
            // What came has a place behind those of the state.
            (Step::Index(_), _) if is_appended => None,
            (Step::Index(0), _) if list.len() == 1 && state.len() <= 1 => Some(0),
            (Step::Index(at), _) => {
                let said: Vec<Said> = list.iter().map(Said::expression).collect();
                Some(chosen(&said, state, *at).ok_or_else(unknown)?)
            }
            (Step::SetValue(text), Some(values)) => {
                let texts: Vec<Option<String>> = values.iter().map(literal::text).collect();
                let exact = texts.iter().position(|one| one.as_deref() == Some(text));
                let alike = |one: &Option<String>| one.as_ref().is_some_and(|one| one.eq_ignore_ascii_case(text));
                match (exact, texts.iter().position(alike)) {
                    (None, Some(_)) if wanted.is_some() => return Err(spelling()),
                    (exact, alike) => exact.or(alike),
                }
            }
            (Step::Identity(pairs), Some(values)) => {
                let is_it = |value: &Value| {
                    pairs.iter().all(|(name, text)| value.get(name).and_then(literal::text).as_deref() == Some(text))
                };
                let mut all = values.iter().enumerate().filter(|(_, value)| is_it(value)).map(|(at, _)| at);
                let first = all.next();
                if all.next().is_some() {
                    return Err(unknown());
                }
                first
            }
            _ => return Err(unknown()),
        };
        match (found.and_then(|at| list.get(at)), rest.is_empty(), wanted) {
            (Some(element), true, None) => self.without_element(element.span(), list.span()),
            (Some(element), ..) => {
                let declared = match step {
                    Step::Index(at) => state.get(*at),
                    Step::Identity(pairs) => state.iter().find(|one| is_it(one, pairs)),
                    _ => None,
                };
                self.expression(element, rest, wanted, declared)
            }
            (None, true, Some(value)) if self.adds => {
                if list.iter().filter_map(literal::value).any(|one| is_folded_beside(value, &one)) {
                    return Err(spelling());
                }
                let (first, last) = (list.iter().next().and_then(Span::span), list.iter().last().and_then(Span::span));
                self.element_into(list.span(), first, last, &self.written(value), false)
            }
            (None, ..) => Err(unknown()),
        }
    }
}

/// A number that a state keeps as text stays a number in the code.
fn as_before(expression: &Expression, new: &Value) -> Value {
    let is_number = literal::value(expression).is_some_and(|old| old.is_number());
    let number = new.as_str().filter(|_| is_number).and_then(|text| serde_json::from_str::<Value>(text).ok());
    number.filter(Value::is_number).unwrap_or_else(|| new.clone())
}

/// The comparer tells what means the same in small letters: beside others that is no spelling of anybody's.
fn is_folded_beside(new: &Value, other: &Value) -> bool {
    let text = |value: &Value| value.as_str().map(|text| text == text.to_lowercase());
    (text(new), text(other)) == (Some(true), Some(false))
}

/// It says this, or nothing of it.
fn says_nothing_else(body: &Body, name: &str, text: &str) -> bool {
    !body.has_blocks(name) && (!body.has_attribute(name) || says(body, name, text))
}

/// Whether a block says so in as many words.
fn says(body: &Body, name: &str, text: &str) -> bool {
    body.get_attribute(name)
        .and_then(|one| literal::value(&one.value))
        .and_then(|value| literal::text(&value))
        .as_deref()
        == Some(text)
}
