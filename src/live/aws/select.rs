//! AWS Config's own query language: many types in one listing, with what the other calls leave out (tags) and what they do not
//! offer (an order by time).
//!
//! What SELECT answers lags behind, and some servers answer it in part or not at all: it never decides alone what is there, and a
//! type is believed only after its rows have agreed with the items (`proof`).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::aggregate;
use super::counts::Counts;
use super::items::Item;
use super::proof;
use super::reader::Reader;
use super::target::Key;
use crate::aws::{Fault, FaultKind, Service};

/// Rows a page may hold ([API reference, SelectResourceConfig]).
///
/// [API reference, SelectResourceConfig]: https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html
pub(super) const PAGE: i32 = 100;
/// A query has at most 4,096 characters.
const TYPES_A_QUERY: usize = 60;
/// Rows worth a query of their own: its pages are a chain, and chains are read side by side.
const ROWS_A_QUERY: u64 = 1000;

const COLUMNS: &str = "resourceId, resourceType, configurationItemCaptureTime, configurationItemStatus, \
                       configurationStateId, tags";
/// Whose it is; rows of an aggregator are nothing without.
const SCOPE: &str = ", accountId, awsRegion";
/// What makes a row a whole item, together with its scope.
const BODY: &str = ", arn, resourceName, configuration, supplementaryConfiguration";

/// What SELECT says of one resource.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Row {
    /// Milliseconds since 1970; 0: not said.
    pub captured: i64,
    pub state_id: String,
    /// As JSON. `None`: the row has no such column, which does not mean that there are no tags.
    pub tags: Option<String>,
    /// What the row says of the configuration, in short, where whole items were asked for and came.
    pub digest: Option<u64>,
    /// The row itself, of types whose items it is to be.
    pub body: Option<String>,
}

impl Row {
    /// The row as the item it holds; only once.
    pub fn take_item(&mut self, key: &Key) -> Option<Item> {
        let mut body: Map<String, Value> = serde_json::from_str(&self.body.take()?).ok()?;
        body.retain(|_, value| !value.is_null());
        body.insert("configurationItemCaptureTime".into(), json!(self.captured as f64 / 1000.0));
        body.insert("configurationStateId".into(), json!(self.state_id));
        Some(Item::new(key.clone(), &body))
    }
}

/// By resource; what is marked as deleted is not in it.
pub(super) type Rows = HashMap<Key, Row>;

/// Types whose rows are read one after the other.
pub(super) fn queries(types: &[&str], counts: &Counts) -> Vec<Vec<String>> {
    let mut queries: Vec<(u64, Vec<String>)> = vec![];
    for name in types {
        let count = counts.get(*name).copied().unwrap_or(0);
        match queries.last_mut() {
            Some((rows, query)) if query.len() < TYPES_A_QUERY && *rows + count <= ROWS_A_QUERY => {
                *rows += count;
                query.push((*name).to_owned());
            }
            _ => queries.push((count, vec![(*name).to_owned()])),
        }
    }
    queries.into_iter().map(|(_, query)| query).collect()
}

/// EC2 keeps tags in the configuration.
pub(super) fn holds_tags(config_type: &str) -> bool {
    config_type.starts_with("AWS::EC2::")
}

/// All rows of these types; `whole`: with the items themselves, if the server gives them, which are kept of the types `kept`.
pub(super) async fn all(
    reader: Reader<'_>,
    types: &[String],
    whole: bool,
    kept: &BTreeSet<Arc<str>>,
) -> Result<Rows, Fault> {
    let expression = |body: &str| format!("SELECT {COLUMNS}{body} WHERE {}", of_types(types));
    if whole {
        match read_all(reader, &expression(&format!("{SCOPE}{BODY}")), kept).await {
            // A server that does not know a column refuses the query.
            Err(fault) if fault.kind == FaultKind::Other => {}
            read => return read,
        }
    }
    read_all(reader, &expression(scope(reader)), kept).await
}

fn scope(reader: Reader<'_>) -> &'static str {
    reader.aggregator.map_or("", |_| SCOPE)
}

async fn read_all(reader: Reader<'_>, expression: &str, kept: &BTreeSet<Arc<str>>) -> Result<Rows, Fault> {
    let (mut rows, mut token) = (Rows::new(), None);
    loop {
        let (page, next) = page(reader, expression, token.take()).await?;
        rows.extend(page.into_iter().map(|(name, mut row)| {
            row.body = row.body.filter(|_| kept.contains(&name.config_type));
            (name, row)
        }));
        match next {
            Some(next) => token = Some(next),
            None => return Ok(rows),
        }
    }
}

/// The rows captured at that moment or later, newest first; `None`: the answer is not in that order, so where it ends says nothing.
pub(super) async fn since(reader: Reader<'_>, types: &[String], moment: i64) -> Result<Option<Rows>, Fault> {
    let order = "ORDER BY configurationItemCaptureTime DESC";
    let expression = format!("SELECT {COLUMNS}{} WHERE {} {order}", scope(reader), of_types(types));
    let (mut rows, mut token, mut last) = (Rows::new(), None, i64::MAX);
    loop {
        let (page, next) = page(reader, &expression, token.take()).await?;
        for (name, row) in page {
            if row.captured == 0 || row.captured > last {
                return Ok(None);
            }
            last = row.captured;
            if row.captured < moment {
                return Ok(Some(rows));
            }
            rows.insert(name, row);
        }
        match next {
            Some(next) => token = Some(next),
            None => return Ok(Some(rows)),
        }
    }
}

fn of_types(types: &[String]) -> String {
    let names: Vec<String> = types.iter().map(|t| format!("'{t}'")).collect();
    format!("resourceType IN ({})", names.join(", "))
}

type Named = Vec<(Key, Row)>;

async fn page(reader: Reader<'_>, expression: &str, token: Option<String>) -> Result<(Named, Option<String>), Fault> {
    let (rows, next) = match reader.aggregator {
        Some(aggregator) => aggregate::select(reader.session, aggregator, expression, token).await?,
        None => {
            let config = reader.session.config();
            let request = config.select_resource_config().expression(expression).limit(PAGE).set_next_token(token);
            let action = "config:SelectResourceConfig";
            let page = reader.session.call(Service::Config, action, || request.clone().send()).await?;
            (page.results.unwrap_or_default(), page.next_token.filter(|t| !t.is_empty()))
        }
    };
    Ok((rows.iter().filter_map(|row| read(row, reader.aggregator.is_some())).collect(), next))
}

/// One row; `None` when it names no resource, or one that was deleted. `many`: of many accounts and regions, and it must say which.
fn read(row: &str, many: bool) -> Option<(Key, Row)> {
    let source = row;
    let row: Map<String, Value> = serde_json::from_str(row).ok()?;
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let here = Key::here(&text("resourceType")?.into(), &text("resourceId")?);
    let key = if many { Key { account: text("accountId")?, region: text("awsRegion")?, ..here } } else { here };
    if text("configurationItemStatus").is_some_and(|status| status.starts_with("ResourceDeleted")) {
        return None;
    }
    let captured = text("configurationItemCaptureTime").and_then(|t| t.parse::<jiff::Timestamp>().ok());
    let state_id = row.get("configurationStateId").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    let tags = row.get("tags").filter(|t| t.is_array() || t.is_object()).map(Value::to_string);
    let is_whole = row.get("configuration").is_some_and(|c| c.is_object() || c.is_string());
    let captured = captured.map_or(0, |t| t.as_millisecond());
    let (digest, body) = is_whole.then(|| (proof::digest(&row), source.to_owned())).unzip();
    Some((key, Row { captured, state_id: state_id.unwrap_or_default(), tags, digest, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_its_tags_and_a_row_without_the_column_says_nothing() {
        let text = r#"{"resourceId":"q","resourceType":"AWS::SQS::Queue","configurationItemCaptureTime":"2026-11-21T02:40:00.500Z",
            "configurationStateId":1795228800500,"tags":[{"key":"team","value":"pay"}]}"#;
        let (key, row) = read(text, false).unwrap();
        assert_eq!(key, Key::here(&"AWS::SQS::Queue".into(), "q"));
        assert_eq!(row.tags.as_deref(), Some(r#"[{"key":"team","value":"pay"}]"#));
        assert_eq!((row.captured, row.state_id.as_str(), row.body), (1_795_228_800_500, "1795228800500", None));
        assert_eq!(read(r#"{"resourceId":"q","resourceType":"AWS::SQS::Queue"}"#, false).unwrap().1, Row::default());
        assert_eq!(read("oops", false), None);
    }

    #[test]
    fn a_row_of_many_accounts_belongs_to_one_of_them_or_to_nobody() {
        let text = |scope: &str| format!(r#"{{"resourceId":"q","resourceType":"T"{scope}}}"#);
        let (key, _) = read(&text(r#","accountId":"1","awsRegion":"r""#), true).unwrap();
        assert_eq!((key.account.as_str(), key.region.as_str()), ("1", "r"));
        assert_eq!(read(&text(""), true), None);
    }

    #[test]
    fn what_was_deleted_is_no_row() {
        let text = r#"{"resourceId":"q","resourceType":"T","configurationItemStatus":"ResourceDeleted"}"#;
        assert_eq!(read(text, false), None);
    }

    #[test]
    fn small_types_share_a_query_and_large_ones_are_read_side_by_side() {
        let counts = Counts::from([("A".into(), 5000), ("B".into(), 400), ("C".into(), 500), ("D".into(), 200)]);
        let expected: Vec<Vec<String>> = vec![vec!["A".into()], vec!["B".into(), "C".into()], vec!["D".into()]];
        assert_eq!(queries(&["A", "B", "C", "D"], &counts), expected);
        let many: Vec<String> = (0..130).map(|n| format!("T{n}")).collect();
        let names: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(queries(&names, &Counts::new()).iter().map(Vec::len).collect::<Vec<_>>(), [60, 60, 10]);
    }
}
