//! Lists: ordered ones by position, sets by meaning, lists of objects by identity.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::sets::Order;
use super::walk::{At, Past, Walk};
use super::{Dialect, identity, rules, sets};
use crate::drift::{ChangeType, UnverifiedReason};

/// Identifying keys with their values, for the path.
fn pairs<'k>(keys: &[&'k str], id: &'k identity::Identity<'_>) -> Vec<(&'k str, &'k str)> {
    keys.iter().copied().zip(id.iter().map(|v| v.as_ref())).collect()
}

/// The elements themselves were compared.
pub(crate) const ORDER_UNKNOWN: &str = "Only the order differs, and whether it means something here is not known.";

const TOO_LONG: &str = "The list has more than 100,000 elements.";

/// Above this many pairs, elements without identity are paired in order instead of by likeness.
pub(super) const MOST_PAIRS: usize = 4096;

impl Walk<'_> {
    pub(super) fn array<'w>(&mut self, at: At<'w>, d: &'w [Value], l: &'w [Value], past: Past<'w>) {
        let objects = |list: &[Value]| list.iter().all(Value::is_object);
        if d == l && !d.iter().chain(l).any(super::placeholder::hides_value) {
            return;
        }
        if d.len().max(l.len()) > super::MAX_ELEMENTS {
            return self.unverified(UnverifiedReason::Unsupported, TOO_LONG);
        }
        if objects(d) && objects(l) {
            let at = At { partial: self.states_some_settings(at, d), ..at };
            if let Some(keys) = identity::keys(at.cursor, d, l) {
                return self.by_identity(at, &keys, d, l, past);
            }
            return match sets::order_of_objects(self.dialect, at) {
                Order::Matters => self.in_order(at, d, l),
                Order::Nothing | Order::Unknown => self.by_meaning(at, d, l),
            };
        }
        if sets::is_unordered(self.dialect, at, d, l) { self.by_meaning(at, d, l) } else { self.in_order(at, d, l) }
    }

    /// Whether a list is one of settings by name (`LoadBalancerAttributes`, `OptionSettings`), in which a cloud fills in all
    /// that the code does not state.
    fn states_some_settings(&self, at: At<'_>, d: &[Value]) -> bool {
        const ENDS: [&str; 5] = ["attributes", "settings", "parameters", "options", "features"];
        let cloud = matches!(self.dialect, Dialect::Cloudformation | Dialect::AwsConfig);
        let is_setting = |v: &Value| {
            v.as_object().is_some_and(|o| o.keys().any(|k| k.ends_with("Value") || k == "value" || k == "Status"))
        };
        cloud && ENDS.iter().any(|end| super::spelling::name_ends_with(at.key, end)) && d.iter().all(is_setting)
    }

    fn by_identity<'w>(&mut self, at: At<'w>, keys: &[&'w str], d: &'w [Value], l: &'w [Value], past: Past<'w>) {
        let index = |list: Option<&'w Value>| {
            identity::index(at.cursor, keys, list.and_then(Value::as_array).map_or(&[], Vec::as_slice))
        };
        let ids = |list: &'w [Value]| -> Vec<_> { list.iter().map(|v| identity::of(at.cursor, keys, v)).collect() };
        let (d_ids, l_ids) = (ids(d), ids(l));
        let live: BTreeMap<_, _> = l_ids.iter().zip(l).collect();
        let before = [past.remembered, past.seen, past.applied].map(index);
        let element = |id| Past {
            remembered: before[0].get(id).copied(),
            seen: before[1].get(id).copied(),
            applied: before[2].get(id).copied(),
        };
        let mark = self.path.depth();
        let mut declared = BTreeSet::new();
        for (id, dv) in d_ids.iter().zip(d) {
            declared.insert(id);
            self.path.push_identity(&pairs(keys, id));
            self.node(at.item(), Some(dv), live.get(id).copied(), element(id));
            self.path.truncate(mark);
        }
        for (id, lv) in l_ids.iter().zip(l).filter(|(id, _)| !declared.contains(id)) {
            self.path.push_identity(&pairs(keys, id));
            self.node(at.item(), None, Some(lv), element(id));
            self.path.truncate(mark);
        }
        let common = l_ids.iter().filter(|id| declared.contains(id));
        if !d_ids.iter().filter(|id| live.contains_key(id)).eq(common) {
            if sets::order_of_named(self.dialect, at, d, l) == Order::Matters {
                self.change(ChangeType::Modified, Some(&Value::from(d)), Some(&Value::from(l)));
            } else {
                self.hidden(rules::IDENTITY_ALIGN, Some(&Value::from(d)), Some(&Value::from(l)));
            }
        }
    }

    fn canonical_items(&self, at: At<'_>, list: &[Value]) -> Vec<String> {
        list.iter().map(|value| self.canonical(at.item(), value)).collect()
    }

    /// Sets: what means the same is taken out, what is left over was added and removed, or changed where it is alike.
    fn by_meaning<'w>(&mut self, at: At<'w>, d: &'w [Value], l: &'w [Value]) {
        let (a, b) = (self.canonical_items(at, d), self.canonical_items(at, l));
        if a == b {
            for (i, (dv, lv)) in d.iter().zip(l).enumerate() {
                self.element(dv, i, |walk| walk.node(at.item(), Some(dv), Some(lv), Past::default()));
            }
            return;
        }
        let mut waiting: HashMap<&str, Vec<usize>> = HashMap::with_capacity(l.len());
        for (i, text) in b.iter().enumerate().rev() {
            waiting.entry(text).or_default().push(i);
        }
        let mut left_d: Vec<usize> = (0..d.len()).collect();
        left_d.retain(|i| waiting.get_mut(a[*i].as_str()).and_then(Vec::pop).is_none());
        let mut left_l: Vec<usize> = waiting.into_values().flatten().collect();
        left_l.sort_unstable();
        if at.policy {
            // Naming something twice says nothing more than once.
            let [said_d, said_l] = [&a, &b].map(|texts| texts.iter().collect::<HashSet<_>>());
            left_d.retain(|i| !said_l.contains(&a[*i]));
            left_l.retain(|i| !said_d.contains(&b[*i]));
        }
        if left_d.is_empty() && left_l.is_empty() {
            let objects = d.iter().all(Value::is_object);
            if objects && sets::order_of_objects(self.dialect, at) == Order::Unknown {
                return self.unverified(UnverifiedReason::Unsupported, ORDER_UNKNOWN);
            }
            return self.hidden(rules::SET_ORDER, Some(&Value::from(d)), Some(&Value::from(l)));
        }
        for (i, j) in self.pairs(at, d, l, &mut left_d, &mut left_l) {
            self.element(&d[i], i, |walk| walk.node(at.item(), Some(&d[i]), Some(&l[j]), Past::default()));
        }
        for i in left_d {
            self.element(&d[i], i, |walk| walk.node(at.item(), Some(&d[i]), None, Past::default()));
        }
        // Behind the declared ones and by what they say: a set that comes back in another order has the same paths, and what came
        // never stands where something went.
        left_l.sort_unstable_by_key(|j| (&b[*j], *j));
        for (k, j) in left_l.into_iter().enumerate() {
            self.element(&l[j], d.len() + k, |walk| walk.node(at.item(), None, Some(&l[j]), Past::default()));
        }
    }

    fn element(&mut self, value: &Value, index: usize, f: impl FnOnce(&mut Self)) {
        let mark = self.path.depth();
        match value {
            Value::String(s) => self.path.push_set_value(s),
            Value::Number(_) | Value::Bool(_) => self.path.push_set_value(&value.to_string()),
            _ => self.path.push_index(index),
        };
        f(self);
        self.path.truncate(mark);
    }

    /// Takes out of what is left over the pairs that are one changed element: the only one of each side, or objects that
    /// share the most properties.
    fn pairs(
        &self,
        at: At<'_>,
        d: &[Value],
        l: &[Value],
        left_d: &mut Vec<usize>,
        left_l: &mut Vec<usize>,
    ) -> Vec<(usize, usize)> {
        if left_d.len() == 1 && left_l.len() == 1 {
            return vec![(left_d.remove(0), left_l.remove(0))];
        }
        let objects = |list: &[Value], left: &[usize]| left.iter().all(|i| list[*i].is_object());
        if left_d.is_empty() || left_l.is_empty() {
            return Vec::new();
        }
        if at.policy || !objects(d, left_d) || !objects(l, left_l) {
            return self.respelt(at, d, l, left_d, left_l);
        }
        if left_d.len() * left_l.len() > MOST_PAIRS {
            let n = left_d.len().min(left_l.len());
            return left_d.drain(..n).zip(left_l.drain(..n)).collect();
        }
        let mut ranked: Vec<_> = left_d
            .iter()
            .flat_map(|&i| left_l.iter().map(move |&j| (i, j)))
            .map(|(i, j)| (self.likeness(at.item(), &d[i], &l[j]), i, j))
            .collect();
        ranked.retain(|(shared, ..)| *shared > 0);
        ranked.sort_by_key(|&(shared, i, j)| (std::cmp::Reverse(shared), i, j));
        let mut pairs = Vec::new();
        for (_, i, j) in ranked {
            if left_d.contains(&i) && left_l.contains(&j) {
                left_d.retain(|x| *x != i);
                left_l.retain(|x| *x != j);
                pairs.push((i, j));
            }
        }
        pairs.sort_unstable();
        pairs
    }

    /// By position, after what is the same at both ends; the same elements in another order are one change of the list.
    fn in_order<'w>(&mut self, at: At<'w>, d: &'w [Value], l: &'w [Value]) {
        let (a, b) = (self.canonical_items(at, d), self.canonical_items(at, l));
        if a == b {
            for (i, (dv, lv)) in d.iter().zip(l).enumerate() {
                self.at_index(i, |walk| walk.node(at.item(), Some(dv), Some(lv), Past::default()));
            }
            return;
        }
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort_unstable();
            list
        };
        // Whoever describes a cloud's types says of few lists whether their order means something.
        let undescribed =
            matches!(self.dialect, Dialect::Cloudformation | Dialect::AwsConfig) && !sets::is_ordered(at) && !at.policy;
        if undescribed && self.is_shuffled(at, (d, &a), (l, &b)) {
            return self.unverified(UnverifiedReason::Unsupported, ORDER_UNKNOWN);
        }
        if d.len() == l.len() && sorted(&a) == sorted(&b) {
            return self.change(ChangeType::Modified, Some(&Value::from(d)), Some(&Value::from(l)));
        }
        let head = if d.len() == l.len() { 0 } else { a.iter().zip(&b).take_while(|(x, y)| x == y).count() };
        let rest = d.len().min(l.len()) - head;
        let tail = if d.len() == l.len() {
            0
        } else {
            a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(x, y)| x == y).count()
        };
        let (d, l) = (&d[head..d.len() - tail], &l[head..l.len() - tail]);
        for i in 0..d.len().max(l.len()) {
            self.at_index(head + i, |walk| walk.node(at.item(), d.get(i), l.get(i), Past::default()));
        }
    }

    fn at_index(&mut self, index: usize, f: impl FnOnce(&mut Self)) {
        let mark = self.path.depth();
        self.path.push_index(index);
        f(self);
        self.path.truncate(mark);
    }
}
