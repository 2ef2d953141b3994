//! A single property on both sides, and the readers that may know what it means.

use serde_json::Value;

use super::lexicon::{Sense, WORDS, split};
use super::{Lean, address, is_empty, listed, policy, port, rank, switch, tls, words};
use crate::drift::path::{Step, parse};

/// Parts looked at of one change; the rest of a huge object adds nothing to what they say.
const MOST: usize = 200;
const DEEPEST: usize = 12;

/// What a reader says.
pub(super) enum Read {
    /// Not its kind of value: ask the next.
    Pass,
    /// It is, and says nothing.
    Neutral,
    Says(Lean),
}

impl From<Option<Lean>> for Read {
    fn from(lean: Option<Lean>) -> Self {
        lean.map_or(Self::Pass, Self::Says)
    }
}

/// One property with its names as words.
pub(super) struct Leaf<'a> {
    /// Of the resource type, without the provider.
    pub kind: Vec<String>,
    /// Of each name in the path, and those of names that select elements (`database_flags[name=log_connections]`).
    pub names: Vec<Vec<String>>,
    /// All of them.
    pub words: Vec<String>,
    pub sense: Sense,
    /// Only the resource type tells the sense.
    pub sense_of_kind: bool,
    pub declared: Option<&'a Value>,
    pub actual: Option<&'a Value>,
}

/// The readers, in the order they are asked.
const READERS: &[fn(&Leaf<'_>) -> Read] = &[
    secret,
    |leaf| tls::read(leaf).into(),
    address::read,
    |leaf| port::read(leaf).into(),
    |leaf| rank::read(leaf).into(),
    listed::grants,
    |leaf| switch::switched(leaf).into(),
    |leaf| listed::guards(leaf).into(),
    |leaf| switch::number(leaf).into(),
    |leaf| switch::presence(leaf).into(),
    |leaf| switch::feature(leaf).into(),
    |leaf| rank::weak_word(leaf).into(),
];

impl Leaf<'_> {
    pub fn read(&self) -> Option<Lean> {
        for reader in READERS {
            match reader(self) {
                Read::Pass => {}
                Read::Neutral => return None,
                Read::Says(lean) => return Some(lean),
            }
        }
        None
    }

    /// The name that stands last.
    pub fn last(&self) -> &[String] {
        self.names.last().map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|one| one == word)
    }

    pub fn guards(&self) -> Option<bool> {
        match self.sense {
            Sense::Guards => Some(true),
            Sense::Exposes => Some(false),
            Sense::Silent(_) => None,
        }
    }

    pub fn came(&self) -> bool {
        is_empty(self.declared) && !is_empty(self.actual)
    }

    pub fn went(&self) -> bool {
        !is_empty(self.declared) && is_empty(self.actual)
    }
}

/// A secret within a longer text where none stood: masked by now, but seen. Of a property that is a secret as a whole the name
/// tells more.
fn secret(leaf: &Leaf<'_>) -> Read {
    let is_whole =
        |text: &String| text.starts_with("«secret #") && text.ends_with('»') && text.matches('«').count() == 1;
    let (before, after) = (words(leaf.declared), words(leaf.actual));
    let holds = |texts: &[String]| texts.iter().any(|text| text.contains("«secret #"));
    if before.iter().chain(&after).any(is_whole) || holds(&before) == holds(&after) {
        return Read::Pass;
    }
    let why = if holds(&after) { "a secret stands in its text" } else { "no secret stands in its text any more" };
    Read::Says(Lean::new(holds(&after), 3, why))
}

/// The properties that differ below a change, the change itself when it is a plain value.
pub(super) fn below<'a>(
    resource_type: &str,
    path: &str,
    declared: Option<&'a Value>,
    actual: Option<&'a Value>,
) -> Vec<Leaf<'a>> {
    let mut names: Vec<Vec<String>> = vec![];
    for step in parse(path).0 {
        match step {
            Step::Key(key) => names.push(split(&key)),
            Step::Identity(pairs) => names.extend(pairs.iter().filter(|(key, _)| selects(key)).map(|(_, v)| split(v))),
            Step::Index(_) | Step::SetValue(_) => {}
        }
    }
    let kind: Vec<String> = split(resource_type).into_iter().skip(1).collect();
    let mut found = vec![];
    descend(&kind, &mut names, [declared, actual], 0, &mut found);
    found
}

fn selects(key: &str) -> bool {
    key.eq_ignore_ascii_case("name") || key.eq_ignore_ascii_case("key")
}

fn descend<'a>(
    kind: &[String],
    names: &mut Vec<Vec<String>>,
    sides: [Option<&'a Value>; 2],
    depth: usize,
    found: &mut Vec<Leaf<'a>>,
) {
    if sides[0] == sides[1] || found.len() >= MOST || depth > DEEPEST {
        return;
    }
    if policy::is_policy(sides[0]) || policy::is_policy(sides[1]) {
        // Whole documents are weighed as such; see `policy`.
        found.push(leaf(kind, names, sides));
        return;
    }
    let objects = sides.map(|side| side.and_then(Value::as_object).filter(|map| !map.is_empty()));
    let lists = sides.map(|side| side.and_then(Value::as_array).filter(|list| list.iter().any(Value::is_object)));
    if objects.iter().any(Option::is_some) {
        let mut keys: Vec<&String> = objects.iter().flatten().flat_map(|map| map.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            names.push(split(key));
            descend(kind, names, objects.map(|map| map.and_then(|map| map.get(key))), depth + 1, found);
            names.pop();
        }
    } else if lists.iter().any(Option::is_some) {
        for at in 0..lists.iter().flatten().map(|list| list.len()).max().unwrap_or(0) {
            let items = lists.map(|list| list.and_then(|list| list.get(at)));
            let name = items.iter().flatten().find_map(|item| item.get("name").or_else(|| item.get("Name"))?.as_str());
            name.iter().for_each(|name| names.push(split(name)));
            descend(kind, names, items, depth + 1, found);
            name.iter().for_each(|_| _ = names.pop());
        }
    } else {
        found.push(leaf(kind, names, sides));
    }
}

fn leaf<'a>(kind: &[String], names: &[Vec<String>], [declared, actual]: [Option<&'a Value>; 2]) -> Leaf<'a> {
    let mut is_turned = false;
    let mut sense = Sense::Silent(false);
    for name in names.iter().rev() {
        match WORDS.sense(name) {
            Sense::Silent(turns) => is_turned ^= turns,
            found => {
                sense = found.turned(is_turned);
                break;
            }
        }
    }
    let sense_of_kind = matches!(sense, Sense::Silent(_)) && WORDS.sense(kind) == Sense::Guards;
    if sense_of_kind {
        sense = Sense::Guards.turned(is_turned);
    }
    Leaf { kind: kind.to_vec(), names: names.to_vec(), words: names.concat(), sense, sense_of_kind, declared, actual }
}
