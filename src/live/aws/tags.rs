//! Tags, which BatchGetResourceConfig leaves out: by SELECT, a hundred resources a call, or one history call each where there are
//! few. Items that still have none known leave their tags unverified.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_config::types::ResourceType;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Map, Value};

use super::items::{BATCHES_AT_ONCE, Fetched};
use crate::aws::{Fault, Service, Session};

/// Rows a SELECT page may hold ([API reference, SelectResourceConfig]).
///
/// [API reference, SelectResourceConfig]: https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html
const PAGE: i32 = 100;
/// A query has at most 4,096 characters.
const TYPES_A_QUERY: usize = 60;
/// Resources worth a call each when SELECT does not tell.
const FEW: usize = 200;

/// By type and id.
type Tags = HashMap<(String, String), Value>;

/// Gives the items their tags.
pub(super) async fn add(session: &Session, fetched: &mut Fetched) {
    let bare: BTreeSet<String> =
        fetched.items.iter().filter(|i| !i.has_tags()).map(|i| i.key.config_type.clone()).collect();
    if bare.is_empty() {
        return;
    }
    let mut known = Tags::new();
    let types: Vec<String> = bare.into_iter().collect();
    for types in types.chunks(TYPES_A_QUERY) {
        if let Err(fault) = select(session, types, &mut known).await {
            tracing::info!(%fault, "tags are not read by SELECT");
            break;
        }
    }
    give(fetched, &known);
    let left: Vec<(String, String)> = (fetched.items.iter().filter(|i| !i.has_tags()))
        .map(|i| (i.key.config_type.clone(), i.key.id.clone()))
        .collect();
    if left.len() <= FEW {
        give(fetched, &one_by_one(session, left).await);
    }
}

fn give(fetched: &mut Fetched, known: &Tags) {
    for item in fetched.items.iter_mut().filter(|i| !i.has_tags()) {
        if let Some(tags) = known.get(&(item.key.config_type.clone(), item.key.id.clone())) {
            item.body.insert("tags".to_owned(), tags.clone());
        }
    }
}

async fn select(session: &Session, types: &[String], known: &mut Tags) -> Result<(), Fault> {
    let names: Vec<String> = types.iter().map(|t| format!("'{t}'")).collect();
    let query = format!("SELECT resourceId, resourceType, tags WHERE resourceType IN ({})", names.join(", "));
    let client = session.config();
    let mut token: Option<String> = None;
    loop {
        let request = client.select_resource_config().expression(&query).limit(PAGE).set_next_token(token.take());
        let page = session.call(Service::Config, "config:SelectResourceConfig", || request.send()).await?;
        known.extend(page.results().iter().filter_map(|row| row_tags(row)));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(()),
        }
    }
}

/// A row without the column says nothing: not that there are no tags.
fn row_tags(row: &str) -> Option<((String, String), Value)> {
    let mut row: Map<String, Value> = serde_json::from_str(row).ok()?;
    let text = |row: &Map<String, Value>, key: &str| Some(row.get(key)?.as_str()?.to_owned());
    let key = (text(&row, "resourceType")?, text(&row, "resourceId")?);
    Some((key, row.remove("tags").filter(|t| t.is_array() || t.is_object())?))
}

async fn one_by_one(session: &Session, left: Vec<(String, String)>) -> Tags {
    let asked = stream::iter(left).map(|key| async move {
        let tags = newest_tags(session, &key).await.ok().flatten();
        tags.map(|tags| (key, tags))
    });
    asked.buffer_unordered(BATCHES_AT_ONCE).filter_map(|found| async move { found }).collect().await
}

async fn newest_tags(session: &Session, (config_type, id): &(String, String)) -> Result<Option<Value>, Fault> {
    let request = session
        .config()
        .get_resource_config_history()
        .resource_type(ResourceType::from(config_type.as_str()))
        .resource_id(id)
        .limit(1);
    let page = session.call(Service::Config, "config:GetResourceConfigHistory", || request.send()).await?;
    let tags = page.configuration_items().first().and_then(|item| item.tags());
    Ok(tags.map(|tags| tags.iter().collect::<BTreeMap<_, _>>()).map(|tags| serde_json::json!(tags)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_gives_its_tags_and_a_row_without_the_column_says_nothing() {
        let row = r#"{"resourceId":"q","resourceType":"AWS::SQS::Queue","tags":[{"key":"team","value":"pay","tag":"team=pay"}]}"#;
        let (key, tags) = row_tags(row).unwrap();
        assert_eq!(key, ("AWS::SQS::Queue".into(), "q".into()));
        assert_eq!(tags, json!([{"key": "team", "value": "pay", "tag": "team=pay"}]));
        assert_eq!(row_tags(r#"{"resourceId":"q","resourceType":"AWS::SQS::Queue"}"#), None);
        assert_eq!(row_tags("oops"), None);
    }
}
