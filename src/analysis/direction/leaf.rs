//! A single property on both sides, and the readers that may know what it means.

use std::sync::LazyLock;

use serde_json::Value;

use super::lexicon::{Sense, WORDS, split};
use super::{Lean, ToldBy, address, image, is_empty, listed, policy, port, rank, switch, tls, watched, words};
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
    pub resource_type: &'a str,
    /// Its words, without the provider.
    pub kind: Vec<String>,
    /// Of each name in the path, and those of names that select elements (`database_flags[name=log_connections]`).
    pub names: Vec<Vec<String>>,
    /// All of them.
    pub words: Vec<String>,
    pub sense: Sense,
    /// Only the resource type tells the sense.
    pub sense_of_kind: bool,
    /// Of a list of which other elements stay.
    pub is_part: bool,
    pub declared: Option<&'a Value>,
    pub actual: Option<&'a Value>,
}

/// One that may know what a property means.
type Reader = fn(&Leaf<'_>) -> Read;

/// The readers, in the order they are asked, each with the kind of value it knows.
const READERS: &[(ToldBy, Reader)] = &[
    (ToldBy::Secret, secret),
    (ToldBy::Tls, |leaf| tls::read(leaf).into()),
    (ToldBy::Address, address::read),
    (ToldBy::Port, |leaf| port::read(leaf).into()),
    (ToldBy::Rank, |leaf| rank::read(leaf).into()),
    (ToldBy::Rank, |leaf| image::read(leaf).into()),
    (ToldBy::Grant, listed::grants),
    (ToldBy::Switch, |leaf| switch::switched(leaf).into()),
    (ToldBy::List, |leaf| listed::guards(leaf).into()),
    (ToldBy::Number, |leaf| switch::number(leaf).into()),
    (ToldBy::Presence, |leaf| switch::presence(leaf).into()),
    (ToldBy::Word, |leaf| switch::feature(leaf).into()),
    (ToldBy::Word, |leaf| rank::weak_word(leaf).into()),
    (ToldBy::Word, |leaf| watched::read(leaf).into()),
];

impl Leaf<'_> {
    pub fn read(&self) -> Option<Lean> {
        for (kind, reader) in READERS {
            match reader(self) {
                Read::Pass => {}
                Read::Neutral => return None,
                Read::Says(lean) => return Some(Lean { told_by: self.told_by(*kind), ..lean }),
            }
        }
        None
    }

    fn told_by(&self, kind: ToldBy) -> ToldBy {
        let is_switch = matches!(kind, ToldBy::Switch | ToldBy::Presence);
        if is_switch && self.guards() == Some(false) { ToldBy::Exposure } else { kind }
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

/// A secret where none stood: masked by now, but seen. Of a property that is called a secret the name tells more.
fn secret(leaf: &Leaf<'_>) -> Read {
    const SECRETS: [&str; 10] =
        ["password", "secret", "secrets", "token", "key", "keys", "credential", "credentials", "string", "auth"];
    let is_whole =
        |text: &String| text.starts_with("«secret #") && text.ends_with('»') && text.matches('«').count() == 1;
    let is_secret = leaf.kind.iter().chain(leaf.last()).any(|word| SECRETS.contains(&word.as_str()));
    let (before, after) = (words(leaf.declared), words(leaf.actual));
    let holds = |texts: &[String]| texts.iter().any(|text| text.contains("«secret #"));
    if (is_secret && before.iter().chain(&after).any(is_whole)) || holds(&before) == holds(&after) {
        return Read::Pass;
    }
    let why = if holds(&after) { "a secret stands in its text" } else { "no secret stands in its text any more" };
    Read::Says(Lean::new(holds(&after), 3, why))
}

/// The properties that differ below a change, the change itself when it is a plain value.
pub(super) fn below<'a>(
    (resource_type, is_part): (&'a str, bool),
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
    let kind = Kind { name: resource_type, words: split(resource_type).into_iter().skip(1).collect(), is_part };
    let mut found = vec![];
    descend(&kind, &mut names, [declared, actual], 0, &mut found);
    found
}

/// A key by whose value elements are called.
pub(super) fn selects(key: &str) -> bool {
    key.eq_ignore_ascii_case("name") || key.eq_ignore_ascii_case("key")
}

/// The property of a rule that says it refuses, and the word for that.
fn refusal(block: &serde_json::Map<String, Value>) -> Option<(&String, &Value)> {
    const SAYS: [&str; 5] = ["access", "action", "rule action", "effect", "override action"];
    block.iter().find_map(|(key, value)| {
        let words = split(key).join(" ");
        if SAYS.contains(&words.as_str()) { Some((key, refuses(&words, value)?)) } else { None }
    })
}

fn refuses<'a>(key: &str, value: &'a Value) -> Option<&'a Value> {
    const REFUSES: [&str; 6] = ["deny", "block", "drop", "reject", "throttle", "rate_based_ban"];
    static BLOCK: LazyLock<Value> = LazyLock::new(|| "block".into());
    let is_refusing = |text: &str| {
        let text = text.to_ascii_lowercase();
        // `deny(403)`; of a group of rules `none` says that nothing of them is overridden.
        REFUSES.contains(&text.split('(').next().unwrap_or_default()) || (key == "override action" && text == "none")
    };
    // `action { block {} }`
    let says = |map: &serde_json::Map<String, Value>| map.keys().any(|key| is_refusing(key)).then_some(&*BLOCK);
    match value {
        Value::String(text) => is_refusing(text).then_some(value),
        Value::Array(list) => says(list.first()?.as_object()?),
        Value::Object(map) => says(map),
        _ => None,
    }
}

/// A resource type, and its words without the provider.
struct Kind<'a> {
    name: &'a str,
    words: Vec<String>,
    is_part: bool,
}

fn descend<'a>(
    kind: &Kind<'a>,
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
    if let [None, Some(block)] | [Some(block), None] = objects {
        if let Some((key, word)) = refusal(block) {
            // A rule that refuses guards by being there, whatever it names.
            names.push(split(key));
            found.push(leaf(kind, names, objects.map(|map| map.map(|_| word))));
            names.pop();
            return;
        }
        if listed::is_granted(names) {
            found.push(leaf(kind, names, sides));
            return;
        }
    }
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

fn leaf<'a>(kind: &Kind<'a>, names: &[Vec<String>], [declared, actual]: [Option<&'a Value>; 2]) -> Leaf<'a> {
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
    let sense_of_kind = matches!(sense, Sense::Silent(_))
        && (!WORDS.access.is_in(&kind.words) || WORDS.watches.is_in(&kind.words))
        && WORDS.sense(&kind.words) == Sense::Guards;
    if sense_of_kind {
        sense = Sense::Guards.turned(is_turned);
    }
    let is_state = || names.last().is_some_and(|name| WORDS.states.contains(&name.join(" ")));
    if (sense_of_kind || matches!(sense, Sense::Silent(_))) && WORDS.identities.ends(&kind.words) && is_state() {
        sense = Sense::Exposes.turned(is_turned);
    }
    Leaf {
        resource_type: kind.name,
        kind: kind.words.clone(),
        names: names.to_vec(),
        words: names.concat(),
        sense,
        sense_of_kind,
        is_part: kind.is_part,
        declared,
        actual,
    }
}
