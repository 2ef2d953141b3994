//! Whether what stands in the code is what holds: it has to say the whole of what the state says, else something else decides.

use hcl_edit::expr::Expression;
use serde_json::Value;

use super::fresh::is_nothing;
use super::literal;
use crate::drift::path::Step;

/// What a state says at a path; `None`: the path does not lead there.
pub(super) fn at(state: &Value, steps: &[Step]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(state.clone()) };
    let list = state.as_array().map(Vec::as_slice);
    let is_it = |one: &&Value, pairs: &[(String, String)]| {
        pairs.iter().all(|(name, text)| one.get(name).and_then(literal::text).as_deref() == Some(text))
    };
    match (step, state, list) {
        (Step::Key(name), Value::Object(map), _) => at(map.get(name).unwrap_or(&Value::Null), rest),
        (Step::Key(_), _, Some([one])) => at(one, steps),
        (Step::Index(index), _, Some(list)) => at(list.get(*index)?, rest),
        (Step::Identity(pairs), _, Some(list)) => {
            let mut found = list.iter().filter(|one| is_it(one, pairs));
            let first = found.next()?;
            if found.next().is_some() { None } else { at(first, rest) }
        }
        _ => None,
    }
}

/// What has to be worked out in it is not known to differ. `in_order`: an element is meant by its place.
pub(super) fn agrees(expression: &Expression, said: &Value, in_order: bool) -> bool {
    if let Some(stands) = literal::value(expression) {
        return is_same(&stands, said, in_order);
    }
    match (expression, said) {
        (Expression::Parenthesis(inner), _) => agrees(inner.inner(), said, in_order),
        (Expression::Object(object), Value::Object(map)) => {
            let names: Option<Vec<String>> = object.iter().map(|(name, _)| literal::name_of(name)).collect();
            let Some(names) = names else { return false };
            let mut items = names.iter().zip(object.iter());
            items.all(|(name, (_, item))| agrees(item.expr(), map.get(name).unwrap_or(&Value::Null), in_order))
                && map.iter().all(|(name, value)| value.is_null() || names.contains(name))
        }
        (Expression::Array(list), Value::Array(said)) => {
            list.len() == said.len() && list.iter().zip(said).all(|(one, said)| agrees(one, said, in_order))
        }
        (Expression::Object(_) | Expression::Array(_), _) => false,
        (Expression::FuncCall(call), Value::String(text)) if call.name.name.as_str() == "jsonencode" => {
            let document = serde_json::from_str::<Value>(text);
            document.is_ok_and(|said| call.args.iter().all(|one| agrees(one, &said, in_order)))
        }
        _ => true,
    }
}

/// A state sorts sets, keeps numbers as text, and has null where nothing was said.
fn is_same(stands: &Value, said: &Value, in_order: bool) -> bool {
    match (stands, said) {
        _ if is_nothing(stands) && is_nothing(said) => true,
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(name, value)| is_same(value, b.get(name).unwrap_or(&Value::Null), in_order))
                && b.iter().all(|(name, value)| value.is_null() || a.contains_key(name))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut left: Vec<&Value> = b.iter().collect();
            a.iter().zip(b).all(|(one, other)| is_same(one, other, in_order))
                || !in_order
                    && a.iter().all(|one| {
                        let found = left.iter().position(|other| is_same(one, other, in_order));
                        found.map(|at| left.remove(at)).is_some()
                    })
        }
        _ => literal::text(stands).is_some_and(|text| literal::text(said) == Some(text)),
    }
}
