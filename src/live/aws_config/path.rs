//! Paths into an item, as the pack writes them.
//!
//! `c.` is `configuration`, `s.` is `supplementaryConfiguration`, `i.` the item itself (`arn`, `resourceId`, `resourceName`,
//! `accountId`, `awsRegion`, `tags`). Steps: `key`, `[0]` an element, `[]` all elements, `[key=text]` the element with that
//! field, `[a=x,b=y]` with those fields, `[=text]` itself; `{attribute}` in `text` stands for the declared value.

use serde_json::Value;

use super::item::Item;

/// A parsed path.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Path {
    root: Root,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Root {
    Configuration,
    Supplementary,
    Item,
    /// Relative, below an element of a list.
    Here,
}

#[derive(Clone, PartialEq, Debug)]
enum Step {
    Key(String),
    Index(usize),
    All,
    Where(Vec<(String, String)>),
}

impl Path {
    /// Parses an absolute path; the error says what is wrong with it.
    pub fn absolute(text: &str) -> Result<Self, String> {
        let (root, rest) = match text.split_once('.') {
            Some(("c", rest)) => (Root::Configuration, rest),
            Some(("s", rest)) => (Root::Supplementary, rest),
            Some(("i", rest)) => (Root::Item, rest),
            _ => return Err(format!("{text:?} begins with none of c. s. i.")),
        };
        Ok(Self { root, steps: steps(rest)? })
    }

    /// Parses a path below an element.
    pub fn relative(text: &str) -> Result<Self, String> {
        Ok(Self { root: Root::Here, steps: steps(text)? })
    }

    /// Parses a path of a model: below the object of the block, unless it says `i.` or `s.`.
    pub fn modelled(text: &str) -> Result<Self, String> {
        if text.starts_with("i.") || text.starts_with("s.") { Self::absolute(text) } else { Self::relative(text) }
    }

    /// Leads to the item itself and not to its configuration.
    #[cfg(test)]
    pub fn is_of_the_item(&self) -> bool {
        self.root != Root::Here
    }

    /// The keys on the way; none if it leads to the item itself.
    pub fn keys(&self) -> Vec<&str> {
        let steps = self.steps.iter().filter(|_| self.root == Root::Here);
        steps.filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect()
    }

    /// The key of `configuration` it begins with.
    pub fn configuration_key(&self) -> Option<&str> {
        match (self.root, self.steps.first()) {
            (Root::Configuration, Some(Step::Key(key))) => Some(key),
            _ => None,
        }
    }

    /// The value in the item. `None`: the item does not say. Below a value that is known to be null everything is null.
    pub fn get(&self, item: &Item, declared: Option<&Value>) -> Option<Value> {
        let text = |s: &String| Some(Value::String(s.clone()));
        match self.root {
            Root::Configuration => within(&item.configuration, &self.steps, declared),
            Root::Supplementary => within(&item.supplementary, &self.steps, declared),
            Root::Here => None,
            Root::Item => match self.steps.first()? {
                Step::Key(key) => match key.as_str() {
                    "arn" => text(&item.head.arn),
                    "resourceId" => text(&item.head.id),
                    "resourceName" => text(&item.head.name),
                    "accountId" => text(&item.head.account),
                    "awsRegion" => text(&item.head.region),
                    "tags" => item.tags.clone(),
                    _ => None,
                },
                _ => None,
            },
        }
        .filter(|v| self.root != Root::Item || v.as_str() != Some(""))
    }

    /// Every declared value it asks for is stated.
    pub fn is_filled(&self, declared: Option<&Value>) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Where(fields) => fields.iter().all(|(_, text)| filled(text, declared).is_some()),
            Step::Key(_) | Step::Index(_) | Step::All => true,
        })
    }

    /// The value below an element of a list.
    pub fn below(&self, element: &Value, declared: Option<&Value>) -> Option<Value> {
        within(element, &self.steps, declared)
    }
}

/// The root must be an object: a root that is null says nothing.
fn within(root: &Value, steps: &[Step], declared: Option<&Value>) -> Option<Value> {
    if root.is_object() { walk(root, steps, declared) } else { None }
}

fn walk(value: &Value, steps: &[Step], declared: Option<&Value>) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match (step, value) {
        (Step::All, Value::Null) => Some(Value::Array(vec![])),
        (_, Value::Null) => Some(Value::Null),
        // Recorders disagree about capitals (`ARN`, `Arn`, `aRN`).
        (Step::Key(key), Value::Object(map)) => walk(super::model::of(map, key)?, rest, declared),
        (Step::Index(n), Value::Array(list)) => walk(list.get(*n).unwrap_or(&Value::Null), rest, declared),
        (Step::Where(fields), Value::Array(list)) => {
            let filled = |(key, text): &(String, String)| Some((key.clone(), filled(text, declared)?));
            let fields: Vec<(String, String)> = fields.iter().map(filled).collect::<Option<_>>()?;
            let field =
                |v: &Value, key: &str| if key.is_empty() { Some(spelling(v)) } else { v.get(key).map(spelling) };
            let fits = |v: &&Value| fields.iter().all(|(key, text)| field(v, key).as_ref() == Some(text));
            walk(list.iter().find(fits).unwrap_or(&Value::Null), rest, declared)
        }
        (Step::All, Value::Array(list)) => {
            let element = |v: &Value| match v {
                // Some recorders give the ids where others give objects that hold them.
                Value::String(_) => Some(v.clone()),
                _ => walk(v, rest, declared),
            };
            Some(list.iter().filter_map(element).filter(|v| !v.is_null()).collect())
        }
        (Step::All, Value::Object(_)) => walk(&Value::Array(vec![value.clone()]), steps, declared),
        _ => None,
    }
}

/// `{attribute}` becomes the declared value; `None` when there is none or nothing in it.
fn filled(text: &str, declared: Option<&Value>) -> Option<String> {
    match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        Some(attribute) => declared?.get(attribute).filter(|v| !v.is_null()).map(spelling).filter(|s| !s.is_empty()),
        None => Some(text.to_owned()),
    }
}

/// A scalar as text.
pub(super) fn spelling(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut out = vec![];
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        if end > 0 {
            out.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let (inside, after) = inner.split_once(']').ok_or_else(|| format!("{text:?} has an open bracket"))?;
            let fields = || inside.split(',').map(|f| f.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
            out.push(match (inside, fields().collect::<Option<_>>()) {
                ("", _) => Step::All,
                (_, Some(fields)) => Step::Where(fields),
                (number, None) => Step::Index(number.parse().map_err(|_| format!("{text:?}: [{number}] is no index"))?),
            });
            rest = after;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    if out.is_empty() { Err("an empty path".to_owned()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn get(path: &str, configuration: Value) -> Option<Value> {
        let head = super::super::item::Head::read(super::super::split::Kind::Config, "{}", None).unwrap();
        let item = Item { head, configuration, supplementary: json!({}), tags: None, is_model: false };
        Path::absolute(path).unwrap().get(&item, Some(&json!({"name": "b"})))
    }

    #[test]
    fn a_path_finds_its_value_or_says_that_the_item_does_not_say() {
        let c = json!({"a": [{"k": "a", "v": 1}, {"k": "b", "v": 2}], "none": null, "ids": ["x"]});
        assert_eq!(get("c.a[k=b].v", c.clone()), Some(json!(2)));
        assert_eq!(get("c.a[k={name}].v", c.clone()), Some(json!(2)));
        assert_eq!(get("c.a[v=2,k={name}].k", c.clone()), Some(json!("b")));
        assert_eq!(get("c.a[v=1,k={name}].k", c.clone()), Some(Value::Null));
        assert_eq!(get("c.a[].v", c.clone()), Some(json!([1, 2])));
        assert_eq!(get("c.a[0].v", c.clone()), Some(json!(1)));
        assert_eq!(get("c.ids[=x]", c.clone()), Some(json!("x")));
        assert_eq!(get("c.ids[={name}]", c.clone()), Some(Value::Null));
        assert_eq!(get("c.ids[].groupId", c.clone()), Some(json!(["x"])));
        assert_eq!(get("c.none.below", c.clone()), Some(Value::Null));
        assert_eq!(get("c.a[k=c].v", c.clone()), Some(Value::Null));
        assert_eq!(get("c.absent", c.clone()), None);
        assert_eq!(get("c.anything", Value::Null), None);
    }
}
