//! Reads a whole configuration item in one pass: its head, and of its configuration only what somebody asks for, because most of
//! an item is never compared.

use std::collections::HashSet;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::item::{Head, Item, Raw};
use super::lenient::unfold;
use crate::declared::tree::{self, Key, Tree};

/// An item, of its configuration only these keys, or all.
pub(super) struct Whole<'w>(pub Option<&'w HashSet<String>>);

impl<'a> DeserializeSeed<'a> for Whole<'_> {
    type Value = Item;

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<Item, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Whole<'_> {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a configuration item")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Item, M::Error> {
        let mut raw = Raw::default();
        let (mut configuration, mut supplementary, mut tags) = (Value::Null, Value::Null, None);
        let mut is_model = false;
        while let Some(field) = map.next_key_seed(FieldName)? {
            let head = match field {
                Field::Configuration => {
                    configuration = map.next_value_seed(Selection(self.0))?;
                    continue;
                }
                Field::Supplementary => {
                    supplementary = unfold(map.next_value_seed(Tree)?);
                    continue;
                }
                Field::Tags => {
                    // Null tags are tags left out.
                    tags = Some(map.next_value_seed(Tree)?).filter(|t| !t.is_null()).map(unfold);
                    continue;
                }
                Field::Shape => {
                    is_model = map.next_value::<Value>()?.as_str() == Some("cloudformation");
                    continue;
                }
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Field::Type => &mut raw.resource_type,
                Field::Id => &mut raw.resource_id,
                Field::Name => &mut raw.resource_name,
                Field::Arn => &mut raw.arn,
                Field::DeliveredArn => &mut raw.delivered_arn,
                Field::Account => &mut raw.account_id,
                Field::AwsAccount => &mut raw.aws_account_id,
                Field::Region => &mut raw.aws_region,
                Field::Captured => &mut raw.configuration_item_capture_time,
                Field::Status => &mut raw.configuration_item_status,
                Field::StateId => &mut raw.configuration_state_id,
            };
            *head = map.next_value()?;
        }
        let supplementary = match supplementary {
            Value::Object(map) => map.into_iter().map(|(k, v)| (k, unfold(v))).collect(),
            _ => Map::new(),
        };
        Ok(Item { head: Head::of(&raw), configuration, supplementary: Value::Object(supplementary), tags, is_model })
    }
}

enum Field {
    Type,
    Id,
    Name,
    Arn,
    DeliveredArn,
    Account,
    AwsAccount,
    Region,
    Captured,
    Status,
    StateId,
    Configuration,
    Supplementary,
    Tags,
    Shape,
    Other,
}

struct FieldName;

impl<'a> DeserializeSeed<'a> for FieldName {
    type Value = Field;

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<Field, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Field, E> {
        Ok(match name {
            "resourceType" => Field::Type,
            "resourceId" => Field::Id,
            "resourceName" => Field::Name,
            "arn" => Field::Arn,
            "ARN" => Field::DeliveredArn,
            "accountId" => Field::Account,
            "awsAccountId" => Field::AwsAccount,
            "awsRegion" => Field::Region,
            "configurationItemCaptureTime" => Field::Captured,
            "configurationItemStatus" => Field::Status,
            "configurationStateId" => Field::StateId,
            "configuration" => Field::Configuration,
            "supplementaryConfiguration" => Field::Supplementary,
            "tags" => Field::Tags,
            "configurationShape" => Field::Shape,
            _ => Field::Other,
        })
    }
}

/// A JSON object, maybe inside strings, without the keys nobody asked for.
struct Selection<'w>(Option<&'w HashSet<String>>);

impl<'a> DeserializeSeed<'a> for Selection<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Selection<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recorded configuration")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Value, M::Error> {
        let Some(wanted) = self.0 else { return Tree.visit_map(map) };
        let mut out = Map::new();
        let mut first = map.next_key_seed(Key)?;
        if matches!(first, Some(None)) {
            return tree::number(&mut map);
        }
        while let Some(key) = first.take().flatten().map_or_else(|| map.next_key::<String>(), |key| Ok(Some(key)))? {
            if wanted.contains(&key) {
                out.insert(key, map.next_value_seed(Tree)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(out))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        let inner = text.trim_start();
        if !inner.starts_with(['{', '"']) {
            return Ok(Value::String(text.to_owned()));
        }
        let mut json = serde_json::Deserializer::from_str(inner);
        Ok(json.deserialize_any(self).unwrap_or(Value::Null))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, seq: S) -> Result<Value, S::Error> {
        Tree.visit_seq(seq)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}
