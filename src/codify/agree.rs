//! Whether what code says is what a side has: where it says it by itself. What has to be worked out is not known to differ.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::fresh::is_nothing;
use super::literal;
use super::said::{Said, document};

/// Elements of one list that are told apart.
const MOST: usize = 2_000;

/// Where they differ, as names from the property on, and both sides where they are short and known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Odd {
    pub place: String,
    pub sides: Option<(String, String)>,
}

/// How strictly it is judged.
#[derive(Default)]
pub(super) struct Judge {
    /// Other spellings pass, and are remembered.
    pub is_lenient: bool,
    /// All of it has to be written out.
    pub is_whole: bool,
    /// Spellings that stood so on both sides before.
    pub pairs: RefCell<BTreeSet<(String, String)>>,
    /// What code says and a side does not have at all: some tell less than a provider would.
    pub missing: RefCell<BTreeSet<String>>,
    /// How many elements of a list something else makes.
    pub made: RefCell<BTreeSet<(String, usize)>>,
    /// What every element said before: none may have become silent about it. Places without indices.
    pub always: BTreeSet<String>,
    /// Lists whose order means something here.
    pub ordered: BTreeSet<String>,
}

impl Judge {
    pub fn lenient() -> Self {
        Self { is_lenient: true, ..Self::default() }
    }

    /// # Errors
    /// The first place where they differ.
    pub fn agrees(&self, said: &Said, value: &Value, place: &str) -> Result<(), Odd> {
        let odd = |sides| Err(Odd { place: place.to_owned(), sides });
        if value.as_str().is_some_and(|text| text.contains(super::MARK)) {
            return Ok(());
        }
        match (said, value) {
            (Said::Open, _) if self.is_whole => odd(None),
            (Said::Open, _) => Ok(()),
            // As good as silent.
            (Said::Is(Value::Null), _) if !is_off(value) && self.is_missing(place) => Ok(()),
            (Said::Is(one), _) => {
                if self.is_same(one, value) {
                    return Ok(());
                }
                match (Said::document(one), document(value), value) {
                    (Some(said), Some(value), _) => self.agrees(&said, &value, place),
                    (Some(said), None, Value::Object(_) | Value::Array(_)) => self.agrees(&said, value, place),
                    // One value is a list of it.
                    (None, _, Value::Array(list)) if list.len() == 1 && !one.is_null() => {
                        self.agrees(said, &list[0], place)
                    }
                    _ => odd(literal::text(one).zip(literal::text(value))),
                }
            }
            (_, Value::String(_)) => match document(value) {
                Some(value) => self.agrees(said, &value, place),
                None => self.alone(said, value, place),
            },
            (Said::Map { items, silent }, Value::Object(map)) => {
                for (name, one) in items {
                    let place = below(place, name);
                    match map.get(name) {
                        None if *silent && self.is_missing(&place) => {}
                        value => self.agrees(one, value.unwrap_or(&Value::Null), &place)?,
                    }
                }
                let more = map.iter().filter(|(name, value)| !items.contains_key(*name) && !is_off(value));
                for (name, _) in more {
                    let place = below(place, name);
                    if !silent || self.is_whole || self.always.contains(&place) {
                        return Err(Odd { place, sides: None });
                    }
                }
                Ok(())
            }
            (Said::Map { .. }, Value::Array(list)) if list.len() == 1 => self.agrees(said, &list[0], place),
            (Said::Map { items, .. }, _) if is_nothing(value) => {
                items.iter().try_for_each(|(name, one)| self.agrees(one, &Value::Null, &below(place, name)))
            }
            (Said::List { items, open }, Value::Array(list)) => self.list(items, *open, list, place),
            (Said::List { items, open }, _) if is_nothing(value) => self.list(items, *open, &[], place),
            (Said::List { .. }, _) => self.alone(said, value, place),
            _ => odd(None),
        }
    }

    /// One block, or a list of one, is what it holds.
    fn alone(&self, said: &Said, value: &Value, place: &str) -> Result<(), Odd> {
        match said {
            Said::List { items, .. } if items.len() == 1 => self.agrees(&items[0], value, place),
            _ => Err(Odd { place: place.to_owned(), sides: None }),
        }
    }

    fn list(&self, items: &[Said], open: bool, list: &[Value], place: &str) -> Result<(), Odd> {
        let count = || Odd { place: place.to_owned(), sides: None };
        let Some(more) = list.len().checked_sub(items.len()).filter(|more| *more == 0 || open) else {
            return Err(count());
        };
        if list.len() > MOST || open && (self.is_whole || !self.makes(place, more)) {
            return Err(count());
        }
        let in_order: Result<(), Odd> =
            items.iter().zip(list).try_for_each(|(one, value)| self.agrees(one, value, place));
        if items.len() == list.len() && (in_order.is_ok() || self.ordered.contains(place)) {
            return in_order;
        }
        // The only one is told more exactly.
        if let ([_], [_]) = (items, list) {
            return in_order;
        }
        let fits: Vec<Vec<usize>> = items
            .iter()
            .map(|one| (0..list.len()).filter(|at| self.agrees(one, &list[*at], place).is_ok()).collect())
            .collect();
        if pairing(&fits, list.len()) { Ok(()) } else { Err(count()) }
    }

    /// Whether something else made as many of them before.
    fn makes(&self, place: &str, more: usize) -> bool {
        if self.is_lenient {
            self.made.borrow_mut().insert((place.to_owned(), more));
        }
        self.made.borrow().contains(&(place.to_owned(), more))
    }

    /// A side that was without it before may be so afterwards.
    fn is_missing(&self, place: &str) -> bool {
        if self.is_lenient {
            self.missing.borrow_mut().insert(place.to_owned());
        }
        self.missing.borrow().contains(place)
    }

    fn is_same(&self, code: &Value, value: &Value) -> bool {
        if code == value || is_off(code) && is_off(value) {
            return true;
        }
        let (Some(a), Some(b)) = (literal::text(code), literal::text(value)) else { return false };
        let number = |text: &str| text.parse::<f64>().ok();
        let is_number = code.is_number() || value.is_number();
        if a == b || is_number && number(&a).is_some() && number(&a) == number(&b) {
            return true;
        }
        if self.pairs.borrow().contains(&(a.clone(), b.clone())) {
            return true;
        }
        let is_alike = self.is_lenient && is_spelt_otherwise(&a, &b);
        if is_alike {
            self.pairs.borrow_mut().insert((a, b));
        }
        is_alike
    }
}

/// Which of these is the element at `at` of what the state lists: the only one that says the same.
pub(super) fn chosen(items: &[Said], list: &[Value], at: usize) -> Option<usize> {
    let value = list.get(at)?;
    if let ([_], [_]) = (items, list) {
        return Some(0);
    }
    let judge = Judge::lenient();
    let mut fitting = (0..items.len()).filter(|one| judge.agrees(&items[*one], value, "").is_ok());
    let first = fitting.next()?;
    // What says nothing by itself may be any of them.
    let is_told = !matches!(items[first], Said::Open);
    (fitting.next().is_none() && is_told).then_some(first)
}

/// What every element of a property says, by place.
pub(super) fn always(said: &Said, place: &str) -> BTreeSet<String> {
    match said {
        Said::Map { items, .. } => {
            let own = items.iter().filter(|(_, one)| !matches!(one, Said::Is(Value::Null)));
            own.flat_map(|(name, one)| {
                let place = below(place, name);
                let mut inner = always(one, &place);
                inner.insert(place);
                inner
            })
            .collect()
        }
        Said::List { items, .. } => {
            let all = items.iter().map(|one| always(one, place));
            all.reduce(|a, b| a.intersection(&b).cloned().collect()).unwrap_or_default()
        }
        _ => BTreeSet::new(),
    }
}

fn below(place: &str, name: &str) -> String {
    format!("{place}.{name}")
}

/// Not set, or what stands for that.
fn is_off(value: &Value) -> bool {
    is_nothing(value) || *value == Value::Bool(false) || value.as_f64() == Some(0.0)
}

/// Letters, blanks and how much of a link is written mean nothing to many providers.
fn is_spelt_otherwise(code: &str, state: &str) -> bool {
    let plain = |text: &str| text.trim().trim_end_matches('.').replace(' ', "").to_ascii_lowercase();
    let network = |text: &str| text.parse::<ipnet::IpNet>().ok().map(|net| net.trunc());
    let is_end = |long: &str, short: &str| !short.is_empty() && long.ends_with(&format!("/{short}"));
    plain(code) == plain(state)
        || network(code).is_some() && network(code) == network(state)
        || is_end(state, code)
        || is_end(code, state)
}

/// Whether each gets one of its own: augmenting paths.
fn pairing(fits: &[Vec<usize>], count: usize) -> bool {
    let mut taken: Vec<Option<usize>> = vec![None; count];
    (0..fits.len()).all(|one| place(one, fits, &mut taken, &mut vec![false; count]))
}

fn place(one: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for at in &fits[one] {
        if std::mem::replace(&mut seen[*at], true) {
            continue;
        }
        if taken[*at].is_none_or(|other| place(other, fits, taken, seen)) {
            taken[*at] = Some(one);
            return true;
        }
    }
    false
}
