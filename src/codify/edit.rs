//! One change of one resource as an edit of its block: found by its path, refused where the code does not say the value itself.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Array, Expression, Object};
use hcl_edit::structure::{Attribute, Block, Body};
use serde_json::Value;

use super::literal::{self, written};
use super::splice::{Splice, begins_line, indent, line_end, line_of, newline, whole_lines};
use crate::drift::path::Step;

/// Why a change is not written, and where to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub why: String,
    pub line: Option<usize>,
    /// `var.size`, where one name decides.
    pub name: Option<String>,
}

impl Refusal {
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), line: None, name: None }
    }

    fn at(self, text: &str, at: Option<Range<usize>>) -> Self {
        Self { line: at.map(|at| line_of(text, at.start)), ..self }
    }
}

type Edit = Result<Vec<Splice>, Refusal>;

/// What a property is to be; `None`: it goes.
pub(super) type Wanted<'a> = Option<&'a Value>;

/// Walks a block of this text.
pub(super) struct Editor<'a> {
    pub text: &'a str,
    /// What is to be written is new there: nothing stands in its place.
    pub adds: bool,
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
            return self.expression(&attribute.value, rest, wanted);
        }
        let blocks: Vec<&Block> = block.body.get_blocks(name).collect();
        if !blocks.is_empty() {
            return self.blocks(&blocks, rest, wanted, below);
        }
        let is_made = |one: &&Block| one.labels.first().is_some_and(|label| label.as_str() == name.as_str());
        if let Some(dynamic) = block.body.get_blocks("dynamic").find(is_made) {
            return Err(
                Refusal::new("a dynamic block makes it: change what it is made from").at(self.text, dynamic.span())
            );
        }
        match (rest, wanted) {
            ([], Some(value)) => self.attribute_into(block, name, &written(value)),
            ([Step::Key(key)], Some(value)) => {
                let map = format!("{{ {} = {} }}", literal::key(key), written(value));
                self.attribute_into(block, name, &map)
            }
            (_, None) => Err(Refusal::new("the code does not say it, so there is nothing to take out")),
            _ => Err(Refusal::new(format!("the code has no `{name}` yet: write the block by hand"))
                .at(self.text, block.span())),
        }
    }

    /// Of one of several blocks of a name.
    fn blocks(&self, blocks: &[&Block], steps: &[Step], wanted: Wanted<'_>, declared: Option<&Value>) -> Edit {
        let list = declared.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let first = blocks.first().and_then(|block| block.span());
        let unknown = || Refusal::new("which of its blocks is meant is not known").at(self.text, first.clone());
        let (block, rest, below) = match steps.split_first() {
            Some((Step::Key(_), _)) if blocks.len() == 1 => (blocks[0], steps, list.first().or(declared)),
            // The only one is the only one that can be meant, where the state knows no other.
            Some((Step::Index(0), rest)) if blocks.len() == 1 && list.len() <= 1 => (blocks[0], rest, list.first()),
            Some((Step::Index(at), rest)) if *at < blocks.len() && list.len() == blocks.len() => {
                (blocks[*at], rest, list.get(*at))
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

    fn expression(&self, expression: &Expression, steps: &[Step], wanted: Wanted<'_>) -> Edit {
        match (steps.split_first(), expression, wanted) {
            (_, Expression::Parenthesis(inner), _) => self.expression(inner.inner(), steps, wanted),
            (None, _, Some(value)) if literal::value(expression).is_some() => {
                let at = expression.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
                let is_number = |old: &Value| old.as_str().is_some_and(|text| text.parse::<f64>().is_ok());
                let quoted = value.is_number() && literal::value(expression).as_ref().is_some_and(is_number);
                // `"30"` stays a text: whoever wrote it so meant it so.
                let new = if quoted { written(&Value::String(value.to_string())) } else { written(value) };
                Ok(vec![Splice::replace(at, new)])
            }
            (Some((Step::Key(key), rest)), Expression::Object(object), _) => self.object(object, key, rest, wanted),
            (Some((step, rest)), Expression::Array(list), _) => self.array(list, step, rest, wanted),
            // The document stands there: what is inside can be edited as if it stood alone.
            (Some(_), Expression::FuncCall(call), _)
                if call.name.name.as_str() == "jsonencode" && call.args.len() == 1 =>
            {
                match call.args.iter().next() {
                    Some(document) => self.expression(document, steps, wanted),
                    None => Err(self.worked_out(expression)),
                }
            }
            _ if literal::value(expression).is_some() => {
                let why = "it stands inside a text: write it by hand";
                Err(Refusal::new(why).at(self.text, expression.span()))
            }
            _ => Err(self.worked_out(expression)),
        }
    }

    /// A value that is not written here, with what decides about it.
    fn worked_out(&self, expression: &Expression) -> Refusal {
        let shown = expression.to_string().trim().to_owned();
        let first = shown.lines().next().unwrap_or_default();
        let kind = match expression {
            Expression::HeredocTemplate(_) => "it is a text over several lines: write it by hand".to_owned(),
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

    fn object(&self, object: &Object, key: &str, rest: &[Step], wanted: Wanted<'_>) -> Edit {
        let item = object.iter().find(|(name, _)| literal::name_of(name).as_deref() == Some(key));
        let unknown = object.iter().any(|(name, _)| literal::name_of(name).is_none());
        match (item, rest.is_empty(), wanted) {
            (Some((name, item)), true, None) => {
                let at = name.span().zip(item.expr().span()).map(|(name, value)| name.start..value.end);
                self.without_element(at, object.span())
            }
            (Some((_, item)), ..) => self.expression(item.expr(), rest, wanted),
            (None, true, Some(value)) if !unknown => {
                let last = object.iter().last().and_then(|(_, item)| item.expr().span());
                let first = object.iter().next().and_then(|(name, _)| name.span());
                self.element_into(
                    object.span(),
                    first,
                    last,
                    &format!("{} = {}", literal::key(key), written(value)),
                    true,
                )
            }
            _ => Err(Refusal::new("the code does not say it here").at(self.text, object.span())),
        }
    }

    fn array(&self, list: &Array, step: &Step, rest: &[Step], wanted: Wanted<'_>) -> Edit {
        let values: Option<Vec<Value>> = list.iter().map(literal::value).collect();
        let unknown = || Refusal::new("which element is meant is not known").at(self.text, list.span());
        let spelling = || Refusal::new("how it is spelt live is not kept: write it by hand").at(self.text, list.span());
        let found = match (step, values) {
            (Step::Index(at), _) => (*at < list.len()).then_some(*at),
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
            (Some(element), ..) => self.expression(element, rest, wanted),
            (None, true, Some(value)) if self.adds => {
                // The comparer tells what means the same in small letters: beside others that is no spelling of anybody's.
                let is_folded = value.as_str().is_some_and(|text| text == text.to_lowercase());
                let has_capitals = |one: &Value| one.as_str().is_some_and(|text| text != text.to_lowercase());
                if is_folded && list.iter().filter_map(literal::value).any(|one| has_capitals(&one)) {
                    return Err(spelling());
                }
                let (first, last) = (list.iter().next().and_then(Span::span), list.iter().last().and_then(Span::span));
                self.element_into(list.span(), first, last, &written(value), false)
            }
            (None, ..) => Err(unknown()),
        }
    }

    /// A new line behind the last attribute, the `=` under its.
    fn attribute_into(&self, block: &Block, name: &str, value: &str) -> Edit {
        let at = block.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let open = at.start + self.text[at.clone()].find('{').unwrap_or(0);
        let inside = line_end(self.text, open);
        if inside >= at.end {
            return Err(Refusal::new("its block stands on one line: write it by hand").at(self.text, Some(at)));
        }
        let last: Option<&Attribute> = block.body.attributes().filter(|one| !is_meta(one.key.as_str())).last();
        let (place, indent, key) = match last.and_then(|one| Some((one, one.span()?))) {
            Some((one, span)) => {
                (line_end(self.text, span.end), indent(self.text, span.start), self.aligned(one, name))
            }
            None => {
                let own = indent(self.text, at.start);
                return Ok(vec![Splice::insert(
                    inside,
                    format!("{own}  {name} = {value}{}", newline(self.text, open)),
                )]);
            }
        };
        Ok(vec![Splice::insert(place, format!("{indent}{key}= {value}{}", newline(self.text, place - 1)))])
    }

    /// A key as wide as that of an attribute on a single line.
    fn aligned(&self, beside: &Attribute, name: &str) -> String {
        let width = beside.key.span().zip(beside.value.span()).map_or(0, |(key, value)| {
            let between = &self.text[key.start..value.start];
            if between.contains('\n') { 0 } else { between.find('=').unwrap_or(0) }
        });
        let pad = width.saturating_sub(name.len()).max(1);
        format!("{name}{}", " ".repeat(pad))
    }

    /// One more in a list or an object: on a line of its own where the others have one.
    fn element_into(
        &self,
        whole: Option<Range<usize>>,
        first: Option<Range<usize>>,
        last: Option<Range<usize>>,
        new: &str,
        braces: bool,
    ) -> Edit {
        let whole = whole.ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let Some((first, last)) = first.zip(last) else {
            let new = if braces { format!("{{ {new} }}") } else { format!("[{new}]") };
            let is_bare = self.text[whole.start + 1..whole.end - 1].trim().is_empty();
            return if is_bare {
                Ok(vec![Splice::replace(whole, new)])
            } else {
                Err(Refusal::new("only a comment stands in it: write it by hand").at(self.text, Some(whole)))
            };
        };
        if !begins_line(self.text, first.start) {
            return Ok(vec![Splice::insert(last.end, format!(", {new}"))]);
        }
        let end = line_end(self.text, last.end);
        if end >= whole.end {
            return Ok(vec![Splice::insert(last.end, format!(", {new}"))]);
        }
        let has_comma = self.text[last.end..].trim_start_matches([' ', '\t']).starts_with(',');
        let (own, line) = (indent(self.text, first.start), newline(self.text, first.start));
        let comma = if has_comma { "," } else { "" };
        let mut splices = vec![Splice::insert(end, format!("{own}{new}{comma}{line}"))];
        // In an object a new line is enough.
        if !has_comma && !braces {
            splices.push(Splice::insert(last.end, ","));
        }
        Ok(splices)
    }

    /// An element goes, with its line where it has one, else with one comma.
    fn without_element(&self, at: Option<Range<usize>>, whole: Option<Range<usize>>) -> Edit {
        let (at, whole) = at.zip(whole).ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        if let Some(lines) = whole_lines(self.text, &at)
            && lines.start > whole.start
            && lines.end < whole.end
        {
            return Ok(vec![Splice::replace(lines, "")]);
        }
        let behind = &self.text[at.end..whole.end];
        let comma = behind.trim_start().starts_with(',').then(|| at.end + behind.find(',').unwrap_or(0) + 1);
        if let Some(comma) = comma {
            let rest = &self.text[comma..whole.end];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            return Ok(vec![Splice::replace(at.start..comma + blanks, "")]);
        }
        let before = self.text[whole.start..at.start].trim_end();
        let from = match before.strip_suffix(',') {
            Some(kept) => whole.start + kept.len(),
            None => at.start,
        };
        Ok(vec![Splice::replace(from..at.end, "")])
    }

    fn without_line(&self, at: Option<Range<usize>>, what: &str) -> Edit {
        let at = at.ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        match whole_lines(self.text, &at) {
            Some(lines) => Ok(vec![Splice::replace(lines, "")]),
            None => Err(Refusal::new(format!("{what} shares its line: take it out by hand")).at(self.text, Some(at))),
        }
    }
}

/// Terraform's own attributes, which stand apart.
fn is_meta(name: &str) -> bool {
    matches!(name, "count" | "for_each" | "provider" | "depends_on")
}

/// Whether a block says so in as many words.
fn says(body: &Body, name: &str, text: &str) -> bool {
    body.get_attribute(name)
        .and_then(|one| literal::value(&one.value))
        .and_then(|value| literal::text(&value))
        .as_deref()
        == Some(text)
}
