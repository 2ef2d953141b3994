//! One recorded resource: its head is read when the recording is indexed, its body when somebody asks for it.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lenient::timestamp;
use super::split::Kind;
use super::whole::Whole;

/// Whether the resource is there, as far as the item says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Presence {
    There,
    Deleted,
    NotRecorded,
}

/// What an item is found by.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Head {
    /// `AWS::EC2::SecurityGroup`; old items spell it in capitals.
    pub config_type: String,
    pub id: String,
    pub name: String,
    pub arn: String,
    pub account: String,
    pub region: String,
    pub captured_at: Option<Timestamp>,
    pub state_id: u64,
    pub presence: Presence,
}

/// An item with its strings taken apart.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Item {
    pub head: Head,
    pub configuration: Value,
    pub supplementary: Value,
    /// `None` when the recording leaves tags out (batch-get does).
    pub tags: Option<Value>,
    /// Marked (`"configurationShape": "cloudformation"`) as the whole of what AWS's resource model says.
    pub is_model: bool,
}

/// What identifies a configuration item, still as text.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Raw<'a> {
    #[serde(borrow, default)]
    pub resource_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub resource_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub resource_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub arn: Option<&'a RawValue>,
    /// Delivered files spell it so.
    #[serde(borrow, default, rename = "ARN")]
    pub delivered_arn: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub account_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub aws_account_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub aws_region: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub configuration_item_capture_time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub configuration_item_status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub configuration_state_id: Option<&'a RawValue>,
}

impl Head {
    /// Reads what identifies the item; the body is skipped. `modified`: the recording's time, for items without one.
    pub fn read(kind: Kind, text: &str, modified: Option<Timestamp>) -> Result<Self, serde_json::Error> {
        match kind {
            Kind::Config => serde_json::from_str::<Raw<'_>>(text).map(|raw| Self::of(&raw)),
            Kind::SecurityGroup => serde_json::from_str(text).map(|group| Self::of_group(&group, modified)),
        }
    }

    pub fn of(raw: &Raw<'_>) -> Self {
        let arn = plain(raw.arn.or(raw.delivered_arn));
        let part = |n: usize| arn.split(':').nth(n).unwrap_or_default().to_owned();
        let or = |text: String, n: usize| if text.is_empty() { part(n) } else { text };
        Self {
            config_type: plain(raw.resource_type),
            id: plain(raw.resource_id),
            name: plain(raw.resource_name),
            account: or(plain(raw.account_id.or(raw.aws_account_id)), 4),
            region: or(plain(raw.aws_region), 3),
            captured_at: raw.configuration_item_capture_time.and_then(|t| timestamp(&value(Some(t)))),
            state_id: plain(raw.configuration_state_id).parse().unwrap_or(0),
            presence: match plain(raw.configuration_item_status).as_str() {
                "ResourceDeleted" | "ResourceDeletedNotRecorded" => Presence::Deleted,
                "ResourceNotRecorded" => Presence::NotRecorded,
                _ => Presence::There,
            },
            arn,
        }
    }

    /// A described group has no ARN in old answers; account and id are enough to tell it apart.
    fn of_group(group: &Value, modified: Option<Timestamp>) -> Self {
        let text = |k: &str| group.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
        let arn = text("SecurityGroupArn");
        Self {
            config_type: "AWS::EC2::SecurityGroup".to_owned(),
            id: text("GroupId"),
            name: text("GroupName"),
            account: text("OwnerId"),
            region: arn.split(':').nth(3).unwrap_or_default().to_owned(),
            captured_at: modified,
            state_id: 0,
            presence: Presence::There,
            arn,
        }
    }
}

impl Item {
    /// Parses the item; of its configuration only the `wanted` keys, or all.
    pub fn read(
        kind: Kind,
        text: &str,
        modified: Option<Timestamp>,
        wanted: Option<&HashSet<String>>,
    ) -> Result<Self, serde_json::Error> {
        match kind {
            Kind::Config => {
                let mut json = serde_json::Deserializer::from_str(text);
                let item = Whole(wanted).deserialize(&mut json)?;
                json.end()?;
                Ok(item)
            }
            Kind::SecurityGroup => {
                let group: Value = serde_json::from_str(text)?;
                let head = Head::of_group(&group, modified);
                let configuration = camel_case(group);
                Ok(Self { head, tags: None, is_model: false, configuration, supplementary: Value::Object(Map::new()) })
            }
        }
    }
}

/// EC2 answers in PascalCase, Config records the same fields in camelCase.
fn camel_case(value: Value) -> Value {
    let lower = |key: String| {
        let mut chars = key.chars();
        chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or(key)
    };
    match value {
        Value::Object(map) => map.into_iter().map(|(k, v)| (lower(k), camel_case(v))).collect(),
        Value::Array(list) => list.into_iter().map(camel_case).collect(),
        other => other,
    }
}

/// A string's text, or the spelling of anything else.
fn plain(raw: Option<&RawValue>) -> String {
    let Some(raw) = raw else { return String::new() };
    let text = raw.get();
    match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(bare) if !bare.contains('\\') => bare.to_owned(),
        Some(_) => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
        None => text.to_owned(),
    }
}

fn value(raw: Option<&RawValue>) -> Value {
    raw.and_then(|r| serde_json::from_str(r.get()).ok()).unwrap_or(Value::Null)
}
