//! Rules of a security group that stand in it. The comparer takes them apart, one peer each; in code one block holds several.

use std::collections::BTreeMap;

use hcl_edit::Span;
use hcl_edit::expr::{Array, Expression};
use hcl_edit::structure::{Block, Body};
use serde_json::Value;

use super::edit::{Edit, Editor, Refusal, Wanted};
use super::fresh::Fresh;
use super::literal;
use super::said::Said;
use crate::compare::protocol;
use crate::drift::path::Step;

/// Kind of peer, as paths name it, and the attribute that lists such.
const PEERS: [(&str, &str); 4] = [
    ("cidr", "cidr_blocks"),
    ("ipv6_cidr", "ipv6_cidr_blocks"),
    ("prefix_list", "prefix_list_ids"),
    ("security_group", "security_groups"),
];

/// How paths name the group itself as a peer.
const OWN: &str = "self";

/// Whether rules stand in this property, one peer each.
pub(super) fn are_told_apart(kind: &str, name: &str) -> bool {
    matches!(kind, "aws_security_group" | "aws_default_security_group") && matches!(name, "ingress" | "egress")
}

/// A side's value, rules told apart.
pub(super) fn value(kind: &str, name: &str, value: &Value) -> Value {
    if !are_told_apart(kind, name) {
        return value.clone();
    }
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let rules = list.iter().map(|rule| {
        let items = rule.as_object().into_iter().flatten();
        Said::Map { items: items.map(|(name, one)| (name.clone(), plain(one))).collect(), silent: true }
    });
    let told = match apart(Said::List { items: rules.collect(), open: false }) {
        Said::List { items, .. } => items,
        _ => vec![],
    };
    let text = |one: &Said| if let Said::Is(value) = one { value.clone() } else { Value::Null };
    let object = |one: &Said| match one {
        Said::Map { items, .. } => items.iter().map(|(name, one)| (name.clone(), text(one))).collect(),
        _ => Value::Null,
    };
    told.iter().map(object).collect()
}

fn plain(value: &Value) -> Said {
    match value {
        Value::Array(list) => Said::List { items: list.iter().cloned().map(Said::Is).collect(), open: false },
        other => Said::Is(other.clone()),
    }
}

/// Rules of code, one peer each, as the comparer tells them.
pub(super) fn apart(said: Said) -> Said {
    let Said::List { items, mut open } = said else { return said };
    let mut rules = vec![];
    for rule in items {
        let Said::Map { items, .. } = rule else {
            open = true;
            continue;
        };
        let text = |name: &str, f: &dyn Fn(&str) -> String| match items.get(name) {
            None => Said::Is(Value::from(f(""))),
            Some(Said::Is(value)) => Said::Is(Value::from(f(&literal::text(value).unwrap_or_default()))),
            Some(_) => Said::Open,
        };
        let service = text("protocol", &|named| protocol(named).unwrap_or(named).to_owned());
        let is_any = service == Said::Is(Value::from("-1"));
        let port = |name: &str| if is_any { Said::Is(Value::from("")) } else { text(name, &str::to_owned) };
        let frame = BTreeMap::from([
            ("from_port".to_owned(), port("from_port")),
            ("to_port".to_owned(), port("to_port")),
            ("description".to_owned(), text("description", &str::to_owned)),
            ("protocol".to_owned(), service),
        ]);
        let network = |text: &str| text.parse::<ipnet::IpNet>().map_or(text.to_owned(), |net| net.trunc().to_string());
        for (kind, list) in PEERS {
            let peers = match items.get(list) {
                None | Some(Said::Is(Value::Null)) => vec![],
                Some(Said::List { items, open: false }) => items.clone(),
                // Any number of them.
                Some(_) => {
                    open = true;
                    vec![]
                }
            };
            for peer in peers {
                let peer = match peer {
                    Said::Is(value) => Said::Is(Value::from(network(&literal::text(&value).unwrap_or_default()))),
                    other => other,
                };
                rules.push((kind, peer, frame.clone()));
            }
        }
        match items.get("self") {
            None | Some(Said::Is(Value::Null | Value::Bool(false))) => {}
            Some(Said::Is(_)) => rules.push(("security_group", Said::Is(Value::from(OWN)), frame)),
            Some(_) => open = true,
        }
    }
    let rule = |(kind, peer, mut items): (&str, Said, BTreeMap<String, Said>)| {
        items.insert(kind.to_owned(), peer);
        Said::Map { items, silent: false }
    };
    Said::List { items: rules.into_iter().map(rule).collect(), open }
}

/// One peer's rule.
pub(super) struct Rule<'a> {
    /// `ingress` or `egress`.
    direction: &'a str,
    protocol: &'a str,
    /// Empty where every protocol is meant.
    ports: [&'a str; 2],
    /// The attribute that lists such peers.
    list: &'static str,
    peer: &'a str,
}

impl<'a> Rule<'a> {
    /// By its path: `ingress[protocol=tcp,from_port=22,to_port=22,cidr=0.0.0.0/0]`.
    pub fn of(name: &'a str, steps: &'a [Step]) -> Option<Self> {
        let Some(Step::Identity(pairs)) = steps.first().filter(|_| matches!(name, "ingress" | "egress")) else {
            return None;
        };
        let get = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str());
        let (list, peer) = PEERS.iter().find_map(|(kind, list)| Some((*list, get(kind)?)))?;
        let ports = ["from_port", "to_port"].map(|name| get(name).unwrap_or_default());
        Some(Self { direction: name, protocol: get("protocol")?, ports, list, peer })
    }

    /// The group itself is the peer.
    fn is_own(&self) -> bool {
        self.list == "security_groups" && self.peer == OWN
    }

    /// The same protocol and ports.
    fn is_served_by(&self, body: &Body) -> bool {
        let text = |name: &str| said(body, name).and_then(|value| literal::text(&value)).unwrap_or_default();
        let named = text("protocol");
        let named = protocol(&named).unwrap_or(&named).to_owned();
        named == self.protocol
            && (named == "-1" || [text("from_port"), text("to_port")].iter().map(String::as_str).eq(self.ports))
    }

    /// Its place among the peers of a list.
    fn place(&self, list: &Array) -> Option<usize> {
        let network = |text: &str| text.parse::<ipnet::IpNet>().ok().map(|net| net.trunc());
        let is_it = |text: &str| text == self.peer || (network(text).is_some() && network(text) == network(self.peer));
        list.iter().position(|one| literal::value(one).is_some_and(|value| value.as_str().is_some_and(is_it)))
    }
}

impl Editor<'_> {
    /// `steps`: from the rule on.
    pub(super) fn rule(
        &self,
        parent: &Block,
        blocks: &[&Block],
        rule: &Rule<'_>,
        steps: &[Step],
        wanted: Wanted<'_>,
    ) -> Edit {
        let alike: Vec<&Block> = blocks.iter().copied().filter(|block| rule.is_served_by(&block.body)).collect();
        let first = blocks.first().and_then(|block| block.span());
        match (&steps[1..], wanted) {
            ([], Some(new)) if self.adds => self.rule_into(parent, blocks, &alike, rule, new),
            ([], None) if rule.is_own() => {
                let mut found = alike.iter().filter(|block| is_own(&block.body) == Some(true));
                let (Some(block), None) = (found.next(), found.next()) else {
                    return Err(Refusal::new("which of its blocks is meant is not known").at(self.text, first));
                };
                if peers(&block.body) == Some(1) {
                    return self.without_line(block.span(), "the block");
                }
                self.without_line(block.body.get_attribute(OWN).and_then(Span::span), "the attribute")
            }
            ([], None) => {
                let (block, list, at) = self.holder(&alike, rule, first)?;
                if peers(&block.body) == Some(1) {
                    return self.without_line(block.span(), "the block");
                }
                self.without_element(list.get(at).and_then(Span::span), list.span())
            }
            (rest @ [Step::Key(name)], _) if name == "description" => {
                let (block, ..) = self.holder(&alike, rule, first)?;
                if peers(&block.body) != Some(1) {
                    let why =
                        "the block is about several peers, and its description would change for all: write it by hand";
                    return Err(Refusal::new(why).at(self.text, block.span()));
                }
                self.body(block, rest, wanted, None)
            }
            _ => Err(Refusal::new("a whole block differs: write it by hand").at(self.text, first)),
        }
    }

    /// The block that says it, its list, and where in that.
    fn holder<'b>(
        &self,
        alike: &[&'b Block],
        rule: &Rule<'_>,
        first: Option<std::ops::Range<usize>>,
    ) -> Result<(&'b Block, &'b Array, usize), Refusal> {
        let mut found = alike.iter().filter_map(|block| {
            let list = listed(&block.body, rule.list)?;
            Some((*block, list, rule.place(list)?))
        });
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(Refusal::new("which of its blocks is meant is not known").at(self.text, first)),
        }
    }

    /// Beside the peers of a block that says the same of them, else a block of its own.
    fn rule_into(&self, parent: &Block, blocks: &[&Block], alike: &[&Block], rule: &Rule<'_>, new: &Value) -> Edit {
        let described = new.get("description").and_then(Value::as_str).unwrap_or_default();
        let says_it = |block: &&&Block| match block.body.get_attribute("description") {
            None => described.is_empty(),
            Some(one) => literal::value(&one.value).is_some_and(|value| value == described),
        };
        if rule.is_own()
            && let Some(block) = alike.iter().find(|block| says_it(block) && is_own(&block.body) == Some(false))
        {
            return match block.body.get_attribute(OWN) {
                Some(one) => self.expression(&one.value, &[], Some(&Value::Bool(true)), None),
                None => self.attribute_into(block, OWN, "true"),
            };
        }
        let lists =
            alike.iter().filter(says_it).filter_map(|block| listed(&block.body, rule.list).filter(|_| !rule.is_own()));
        if let Some(list) = lists.into_iter().find(|list| !list.is_empty()) {
            let (first, last) = (list.iter().next().and_then(Span::span), list.iter().last().and_then(Span::span));
            return self.element_into(list.span(), first, last, &self.written(&Value::from(rule.peer)), false);
        }
        let port = |text: &str| if text.is_empty() { "0".to_owned() } else { text.to_owned() };
        let mut lines = vec![];
        if !described.is_empty() {
            lines.push(("description".to_owned(), self.written(&Value::from(described))));
        }
        lines.extend([
            ("from_port".to_owned(), port(rule.ports[0])),
            ("to_port".to_owned(), port(rule.ports[1])),
            ("protocol".to_owned(), self.written(&Value::from(rule.protocol))),
            match rule.is_own() {
                true => (OWN.to_owned(), "true".to_owned()),
                false => (rule.list.to_owned(), self.written(&Value::from(vec![rule.peer]))),
            },
        ]);
        let new = Fresh { name: rule.direction.to_owned(), lines, blocks: vec![] };
        self.blocks_into(parent, blocks.last().copied(), &[new])
    }
}

fn said(body: &Body, name: &str) -> Option<Value> {
    body.get_attribute(name).and_then(|one| literal::value(&one.value))
}

fn listed<'a>(body: &'a Body, name: &str) -> Option<&'a Array> {
    match &body.get_attribute(name)?.value {
        Expression::Array(list) => Some(list),
        _ => None,
    }
}

/// How many peers a block is about; `None`: that is worked out elsewhere.
fn peers(body: &Body) -> Option<usize> {
    let mut count = 0;
    for (_, list) in PEERS {
        count += match body.get_attribute(list) {
            Some(_) => listed(body, list)?.len(),
            None => 0,
        };
    }
    Some(count + usize::from(is_own(body)?))
}

/// Whether the group itself is a peer; `None`: that is worked out elsewhere.
fn is_own(body: &Body) -> Option<bool> {
    body.get_attribute(OWN).map_or(Some(false), |one| Some(literal::value(&one.value)? == true))
}
