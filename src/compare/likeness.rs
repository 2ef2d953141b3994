//! Which elements of two sets are the same ones, changed: the more they share, the likelier.

use std::collections::HashMap;

use serde_json::Value;

use super::arrays::MOST_PAIRS;
use super::walk::{At, Walk};
use super::{Dialect, rules, spelling};

/// What an equal property counts; one that is equal in part counts less.
const EQUAL: usize = 4;

impl Walk<'_> {
    /// How much two values share, whatever its spelling; 0 when nothing.
    pub(super) fn likeness<'w>(&self, at: At<'w>, a: &'w Value, b: &'w Value) -> usize {
        match (a, b) {
            _ if a == b => EQUAL,
            (Value::Object(a), Value::Object(b)) => {
                let shared = a.iter().filter_map(|(key, v)| b.get(key).map(|other| (key, v, other)));
                shared.map(|(key, v, other)| self.likeness(at.child(key, false), v, other)).sum()
            }
            (Value::Array(_), Value::Array(_)) if self.canonical(at, a) == self.canonical(at, b) => EQUAL,
            (Value::Array(a), Value::Array(b)) => {
                usize::from(a.iter().zip(b).any(|(x, y)| self.likeness(at.item(), x, y) > 0))
            }
            _ if spelling::same(&self.place(at), a, b).is_some() => EQUAL,
            _ => 0,
        }
    }

    /// Pairs what is left over of two sets of scalars, where a rule that has no canonical form finds both the same: a name
    /// and its ARN, a version and its track.
    pub(super) fn respelt(
        &self,
        at: At<'_>,
        d: &[Value],
        l: &[Value],
        left_d: &mut Vec<usize>,
        left_l: &mut Vec<usize>,
    ) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        if left_d.len() * left_l.len() > MOST_PAIRS {
            return pairs;
        }
        let place = self.place(at.item());
        left_d.retain(|&i| {
            let twin = left_l.iter().position(|&j| spelling::same(&place, &d[i], &l[j]).is_some());
            twin.map(|twin| pairs.push((i, left_l.remove(twin)))).is_none()
        });
        pairs
    }

    /// Whether two lists hold the same in another order, given their canonical texts.
    pub(super) fn is_shuffled(&self, at: At<'_>, (d, a): (&[Value], &[String]), (l, b): (&[Value], &[String])) -> bool {
        let place = self.place(at.item());
        let same = |i: usize| a[i] == b[i] || spelling::same(&place, &d[i], &l[i]).is_some();
        if d.len() != l.len() || (0..d.len()).all(same) {
            return false;
        }
        let mut waiting: HashMap<&str, Vec<usize>> = HashMap::with_capacity(l.len());
        b.iter().enumerate().for_each(|(i, text)| waiting.entry(text).or_default().push(i));
        let mut left_d: Vec<usize> = (0..d.len()).collect();
        left_d.retain(|i| waiting.get_mut(a[*i].as_str()).and_then(Vec::pop).is_none());
        let mut left_l: Vec<usize> = waiting.into_values().flatten().collect();
        left_l.sort_unstable();
        self.respelt(at, d, l, &mut left_d, &mut left_l);
        left_d.is_empty()
    }

    /// CloudFormation takes one value for a list of it. `false` when the sides are nothing like that, or differ.
    pub(super) fn single_list(&mut self, at: At<'_>, d: &Value, l: &Value) -> bool {
        let one = match (d, l) {
            (Value::Array(list), one) | (one, Value::Array(list)) if list.len() == 1 => Some((&list[0], one)),
            _ => None,
        };
        let aws = matches!(self.dialect, Dialect::Cloudformation | Dialect::AwsConfig);
        let same = |(element, one): (&Value, &Value)| {
            !one.is_object()
                && !element.is_array()
                && (element == one || spelling::same(&self.place(at), element, one).is_some())
        };
        if !aws || at.cursor.free || !one.is_some_and(same) {
            return false;
        }
        self.hidden(rules::SINGLE_LIST, Some(d), Some(l));
        true
    }
}
