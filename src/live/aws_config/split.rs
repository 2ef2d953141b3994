//! Finds the items in a recording without building its JSON: one pass, items are handed out as borrowed text.
//!
//! Recordings that are understood: Config snapshots and history files, `get-resource-config-history` and
//! `batch-get-resource-config` output, configuration item change notifications (bare, or in an SNS or EventBridge envelope),
//! `describe-security-groups` output, a bare item, bare lists of items, and all but the bare item inside a `{status_code, data}`
//! envelope.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// What an item's text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A configuration item.
    Config,
    /// A security group as EC2 describes it.
    SecurityGroup,
}

/// What a recording says, in the order it says it.
#[derive(Debug)]
pub(super) enum Fact<'a> {
    /// Only AWS recordings hold this.
    Marker,
    /// The file lists all resources of the types it has.
    Snapshot,
    Item(Kind, &'a RawValue),
    /// More pages exist.
    NextPage,
    /// AWS gave no answer for this type and id.
    Unprocessed(String, String),
    /// The real content is this text (SNS delivers messages as strings).
    Embedded(String),
}

/// Takes facts; `false` ends the pass.
pub(super) type Sink<'s, 'a> = dyn FnMut(Fact<'a>) -> bool + 's;

/// One pass over `text`. Facts that were handed out before an error stand.
pub(super) fn split<'a>(text: &'a str, sink: &mut Sink<'_, 'a>) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let is_item = Document { sink: &mut *sink, depth: 0 }.deserialize(&mut json)?;
    json.end()?;
    if is_item { give(sink, Fact::Item(Kind::Config, serde_json::from_str(text)?)) } else { Ok(()) }
}

/// What an object has that is a configuration item itself.
const OF_AN_ITEM: [&str; 3] = ["resourceType", "configurationItemStatus", "configuration"];

/// Envelopes lie at most this deep in each other.
const MAX_ENVELOPES: usize = 3;

struct Document<'s, 'a> {
    sink: &'s mut Sink<'s, 'a>,
    depth: usize,
}

/// Ends the pass when the sink has seen enough; the caller knows that it asked for that.
fn give<'a, E: serde::de::Error>(sink: &mut Sink<'_, 'a>, fact: Fact<'a>) -> Result<(), E> {
    if sink(fact) { Ok(()) } else { Err(E::custom("enough")) }
}

impl<'s, 'a> DeserializeSeed<'a> for Document<'s, 'a> {
    /// The document is an item itself.
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'s, 'a> Visitor<'a> for Document<'s, 'a> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AWS recording")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<bool, M::Error> {
        let Self { sink, depth } = self;
        let mut of_an_item = 0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "configurationItems" | "baseConfigurationItems" | "BaseConfigurationItems" => {
                    map.next_value_seed(Items { sink, kind: Kind::Config })?
                }
                "SecurityGroups" => map.next_value_seed(Items { sink, kind: Kind::SecurityGroup })?,
                "configurationItem" => one_or_many(map.next_value()?, sink)?,
                "data" | "Message" | "detail" if depth < MAX_ENVELOPES => {
                    map.next_value_seed(Document { sink: &mut *sink, depth: depth + 1 })?;
                }
                "fileVersion" => {
                    map.next_value::<IgnoredAny>()?;
                    give(sink, Fact::Marker)?;
                }
                "configSnapshotId" => {
                    map.next_value::<IgnoredAny>()?;
                    give(sink, Fact::Snapshot)?;
                }
                "nextToken" | "NextToken" => {
                    let token: &RawValue = map.next_value()?;
                    if !matches!(token.get(), "null" | "\"\"") {
                        give(sink, Fact::NextPage)?;
                    }
                }
                "unprocessedResourceKeys" | "UnprocessedResourceIdentifiers" => unprocessed(map.next_value()?, sink)?,
                other => {
                    of_an_item += usize::from(OF_AN_ITEM.contains(&other));
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(of_an_item == OF_AN_ITEM.len())
    }

    /// A bare list: what `--query configurationItems` leaves.
    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<bool, S::Error> {
        let mut is_recording = None;
        while let Some(item) = seq.next_element::<&RawValue>()? {
            if *is_recording.get_or_insert_with(|| looks_like_item(item.get())) {
                give(self.sink, Fact::Item(Kind::Config, item))?;
            }
        }
        Ok(false)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<bool, E> {
        if self.depth > 0 && text.trim_start().starts_with('{') {
            give(self.sink, Fact::Embedded(text.to_owned()))?;
        }
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
}

fn looks_like_item(text: &str) -> bool {
    text.starts_with('{') && text.contains("\"resourceType\"") && text.contains("\"configurationItemStatus\"")
}

/// A list of items, handed out one by one.
struct Items<'s, 't, 'a> {
    sink: &'s mut Sink<'t, 'a>,
    kind: Kind,
}

impl<'a> DeserializeSeed<'a> for Items<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for Items<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of recorded resources")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<(), S::Error> {
        give(self.sink, Fact::Marker)?;
        while let Some(item) = seq.next_element::<&RawValue>()? {
            give(self.sink, Fact::Item(self.kind, item))?;
        }
        Ok(())
    }
}

/// Notifications hold one item, or a list of them.
fn one_or_many<'a, E: serde::de::Error>(value: &'a RawValue, sink: &mut Sink<'_, 'a>) -> Result<(), E> {
    if value.get().starts_with('[') {
        let mut json = serde_json::Deserializer::from_str(value.get());
        return json.deserialize_seq(Items { sink, kind: Kind::Config }).map_err(E::custom);
    }
    give(sink, Fact::Marker)?;
    give(sink, Fact::Item(Kind::Config, value))
}

fn unprocessed<'a, E: serde::de::Error>(keys: Value, sink: &mut Sink<'_, 'a>) -> Result<(), E> {
    for key in keys.as_array().into_iter().flatten() {
        let text = |k: &str| key.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = [text("resourceId"), text("ResourceId")].concat();
        give(sink, Fact::Unprocessed([text("resourceType"), text("ResourceType")].concat(), id))?;
    }
    Ok(())
}
