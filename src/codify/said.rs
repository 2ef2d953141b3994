//! What code says of a property by itself: values that are written out, and places where something has to be worked out.

use std::collections::BTreeMap;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};
use hcl_edit::template::Element;
use serde_json::Value;

use super::{literal, rules};

/// As far as it is written out.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Said {
    Is(Value),
    /// It has to be worked out.
    Open,
    Map {
        items: BTreeMap<String, Self>,
        /// What it does not name may be anything: a provider fills it in.
        silent: bool,
    },
    List {
        items: Vec<Self>,
        /// Something else makes more of them.
        open: bool,
    },
}

impl Said {
    /// Of a property of a resource's block; `None`: the code is silent about it.
    pub fn of(kind: &str, body: &Body, name: &str) -> Option<Self> {
        let said = Self::in_block(body, name)?;
        Some(if rules::are_told_apart(kind, name) { rules::apart(said) } else { said })
    }

    fn in_block(body: &Body, name: &str) -> Option<Self> {
        if let Some(attribute) = body.get_attribute(name) {
            return Some(Self::expression(&attribute.value));
        }
        let items: Vec<Self> = body.get_blocks(name).map(Self::block).collect();
        let is_it = |block: &Block| block.labels.first().is_some_and(|label| label.as_str() == name);
        let open = body.get_blocks("dynamic").any(is_it);
        (open || !items.is_empty()).then_some(Self::List { items, open })
    }

    pub fn block(block: &Block) -> Self {
        let made = block.body.get_blocks("dynamic").filter_map(|one| one.labels.first());
        let blocks = block.body.blocks().filter(|one| one.ident.as_str() != "dynamic").map(|one| one.ident.as_str());
        let names = block.body.attributes().map(|one| one.key.as_str()).chain(blocks);
        let names = names.chain(made.map(|label| label.as_str()));
        let items = names.filter_map(|name| Some((name.to_owned(), Self::in_block(&block.body, name)?))).collect();
        Self::Map { items, silent: true }
    }

    pub fn expression(expression: &Expression) -> Self {
        Self::told(expression, Place::Whole)
    }

    fn told(expression: &Expression, place: Place) -> Self {
        if let Some(value) = literal::value(expression) {
            return Self::value(&value, place);
        }
        match expression {
            Expression::Parenthesis(inner) => Self::told(inner.inner(), place),
            Expression::HeredocTemplate(text) => {
                let literal = |element: &Element| element.as_literal().map(|text| text.as_str().to_owned());
                let text: Option<String> = text.template.iter().map(literal).collect();
                text.map_or(Self::Open, |text| Self::Is(Value::String(text)))
            }
            Expression::Object(object) => {
                let items: Option<Vec<_>> =
                    object.iter().map(|(name, item)| Some((literal::name_of(name)?, item.expr()))).collect();
                // Names that have to be worked out may be any.
                let Some(items) = items else { return Self::Open };
                let below = |name: &str| place.below(name);
                let items: BTreeMap<String, Self> =
                    items.into_iter().map(|(name, one)| (name.clone(), Self::told(one, below(&name)))).collect();
                Self::Map { items, silent: place == Place::Element }
            }
            Expression::Array(list) => {
                Self::List { items: list.iter().map(|one| Self::told(one, place.element())).collect(), open: false }
            }
            Expression::FuncCall(call) if call.name.name.as_str() == "jsonencode" && call.args.len() == 1 => {
                call.args.iter().next().map_or(Self::Open, |one| Self::told(one, Place::Whole))
            }
            _ => Self::Open,
        }
    }

    /// What stands in a text as JSON.
    pub fn document(text: &Value) -> Option<Self> {
        Some(Self::value(&document(text)?, Place::Whole))
    }

    fn value(value: &Value, place: Place) -> Self {
        match value {
            Value::Array(list) => {
                Self::List { items: list.iter().map(|one| Self::value(one, place.element())).collect(), open: false }
            }
            Value::Object(map) => {
                let items = map.iter().map(|(name, one)| (name.clone(), Self::value(one, place.below(name)))).collect();
                Self::Map { items, silent: place == Place::Element }
            }
            other => Self::Is(other.clone()),
        }
    }
}

/// Where an object stands: in a list a provider may fill in what it does not say, but in no statement of a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Whole,
    Element,
    Policy,
}

impl Place {
    fn below(self, name: &str) -> Self {
        if self == Self::Policy || name == "Statement" { Self::Policy } else { self }
    }

    fn element(self) -> Self {
        if self == Self::Policy { Self::Policy } else { Self::Element }
    }
}

/// An object or a list that stands in a text.
pub(super) fn document(text: &Value) -> Option<Value> {
    let text = text.as_str().filter(|text| text.trim_start().starts_with(['{', '[']))?;
    serde_json::from_str(text).ok().filter(|read: &Value| read.is_object() || read.is_array())
}
