//! An account as AWS Config sees it, with resources that change: listings, items, counts, and SELECT as well as it may work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::fake::{Fake, Reply, Request, bucket};

const PAGE: usize = 100;
/// When the account was made, in milliseconds.
const BEGINNING: i64 = 1_795_000_000_000;

/// How SELECT answers.
#[derive(Clone, Default, PartialEq)]
pub enum Select {
    /// Tags, times, order by time.
    #[default]
    Works,
    /// And the items themselves.
    Whole,
    /// As `Whole`, without what is beside the configuration.
    Half,
    /// Nothing ever, as moto does.
    Empty,
    Denied,
    /// As if nobody had asked for an order.
    Unordered,
    /// What was there at a time, whatever happened since.
    Stale(Arc<World>),
}

/// Team and time of capture, by type and id.
pub type World = BTreeMap<(String, String), (String, i64)>;

#[derive(Default)]
pub struct Account {
    world: Mutex<Arc<World>>,
    pub select: Mutex<Select>,
    /// Whether it may be asked how much there is.
    pub no_counts: Mutex<bool>,
    /// The counts are still those of this world.
    pub counted: Mutex<Option<Arc<World>>>,
    /// What AWS Config needs for an answer.
    latency: Duration,
}

impl Account {
    /// With so many buckets of the team `pay`.
    pub fn of_buckets(count: usize) -> Arc<Self> {
        let account = Self::default();
        (0..count).for_each(|n| account.put("AWS::S3::Bucket", &format!("bucket-{n}"), "pay"));
        Arc::new(account)
    }

    /// An empty one that takes so long for each answer.
    pub fn answering_after(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    /// Makes or changes a resource: later than everything before.
    pub fn put(&self, config_type: &str, id: &str, team: &str) {
        let mut world = self.world.lock().unwrap();
        let last = world.values().map(|(_, at)| *at).max().unwrap_or(BEGINNING);
        Arc::make_mut(&mut world).insert((config_type.to_owned(), id.to_owned()), (team.to_owned(), last + 1));
    }

    /// Makes many at once.
    pub fn fill(&self, resources: impl Iterator<Item = (String, String)>) {
        let mut world = self.world.lock().unwrap();
        Arc::make_mut(&mut world).extend(resources.zip(BEGINNING..).map(|(name, at)| (name, ("pay".to_owned(), at))));
    }

    pub fn delete(&self, config_type: &str, id: &str) {
        Arc::make_mut(&mut self.world.lock().unwrap()).remove(&(config_type.to_owned(), id.to_owned()));
    }

    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.lock().unwrap())
    }

    pub fn start(self: &Arc<Self>) -> Fake {
        let account = Arc::clone(self);
        Fake::start(move |request| account.answer(request))
    }

    pub fn answer(&self, request: &Request<'_>) -> Option<Reply> {
        std::thread::sleep(self.latency);
        match request.action {
            "ListDiscoveredResources" => {
                let world = self.world();
                let kind = request.body["resourceType"].as_str()?;
                let names: Vec<_> = world.keys().filter(|(t, _)| t == kind).collect();
                let (page, next) = paged(request.body, names, "nextToken");
                let ids: Vec<Value> = page.iter().map(|(t, id)| json!({"resourceType": t, "resourceId": id})).collect();
                Some(Reply::Json(json!({"resourceIdentifiers": ids, "nextToken": next})))
            }
            "BatchGetResourceConfig" => {
                let world = self.world();
                let keys = request.body["resourceKeys"].as_array()?;
                let text = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
                let found = keys.iter().filter_map(|key| {
                    let name = (text(key, "resourceType"), text(key, "resourceId"));
                    world.get(&name).map(|(_, captured)| item(&name, *captured))
                });
                let found: Vec<Value> = found.collect();
                Some(Reply::Json(json!({"baseConfigurationItems": found, "unprocessedResourceKeys": []})))
            }
            "GetResourceConfigHistory" => {
                let text = |name: &str| request.body[name].as_str().unwrap_or_default().to_owned();
                let name = (text("resourceType"), text("resourceId"));
                let (team, captured) = self.world().get(&name).cloned()?;
                let mut item = item(&name, captured);
                item["tags"] = json!({"team": team});
                Some(Reply::Json(json!({"configurationItems": [item]})))
            }
            "GetDiscoveredResourceCounts" if *self.no_counts.lock().unwrap() => {
                Some(Reply::Error(400, "AccessDeniedException", "no"))
            }
            "GetDiscoveredResourceCounts" => {
                let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                let world = self.counted.lock().unwrap().clone().unwrap_or_else(|| self.world());
                world.keys().for_each(|(t, _)| *counts.entry(t.clone()).or_default() += 1);
                let counts: Vec<Value> = counts.iter().map(|(t, n)| json!({"resourceType": t, "count": n})).collect();
                Some(Reply::Json(json!({"resourceCounts": counts})))
            }
            "SelectResourceConfig" => Some(self.select(request.body)),
            _ => self.aggregated(request),
        }
    }

    /// As an aggregator of this one account and region tells it.
    fn aggregated(&self, request: &Request<'_>) -> Option<Reply> {
        let (world, body) = (self.world(), request.body);
        let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        Some(Reply::Json(match request.action {
            "DescribeConfigurationAggregatorSourcesStatus" => json!({"AggregatedSourceStatusList": [
                {"SourceId": "123456789012", "SourceType": "ACCOUNT", "AwsRegion": "eu-west-1", "LastUpdateStatus": "SUCCEEDED"}]}),
            "ListAggregateDiscoveredResources" => {
                let kind = text(body, "ResourceType");
                let (page, next) = paged(body, world.keys().filter(|(t, _)| *t == kind).collect(), "NextToken");
                let found = page.iter().map(|(t, id)| {
                    json!({"SourceAccountId": "123456789012", "SourceRegion": "eu-west-1", "ResourceId": id, "ResourceType": t})
                });
                json!({"ResourceIdentifiers": found.collect::<Vec<_>>(), "NextToken": next})
            }
            "BatchGetAggregateResourceConfig" => {
                let found = body["ResourceIdentifiers"].as_array()?.iter().filter_map(|key| {
                    let name = (text(key, "ResourceType"), text(key, "ResourceId"));
                    world.get(&name).map(|(_, captured)| item(&name, *captured))
                });
                json!({"BaseConfigurationItems": found.collect::<Vec<_>>(), "UnprocessedResourceIdentifiers": []})
            }
            "GetAggregateDiscoveredResourceCounts" => {
                let count = json!({"GroupName": "AWS::S3::Bucket", "ResourceCount": world.len()});
                json!({"TotalDiscoveredResources": world.len(), "GroupedResourceCounts": [count]})
            }
            "SelectAggregateResourceConfig" => return Some(self.select(body)),
            _ => return None,
        }))
    }

    fn select(&self, body: &Value) -> Reply {
        let select = self.select.lock().unwrap().clone();
        let expression = body["Expression"].as_str().unwrap_or_default();
        let world = match &select {
            Select::Empty => return Reply::Json(json!({"Results": []})),
            Select::Denied => return Reply::Error(400, "AccessDeniedException", "no"),
            Select::Stale(world) => Arc::clone(world),
            _ => self.world(),
        };
        let types: Vec<&str> = expression.split('\'').skip(1).step_by(2).collect();
        let mut rows: Vec<_> = world.iter().filter(|((t, _), _)| types.contains(&t.as_str())).collect();
        if expression.ends_with("ORDER BY configurationItemCaptureTime DESC") && select != Select::Unordered {
            rows.sort_by_key(|(_, (_, captured))| std::cmp::Reverse(*captured));
        }
        let is_whole = expression.contains("supplementaryConfiguration");
        let (page, next) = paged(body, rows, "NextToken");
        let rows = page.into_iter().map(|(name, (team, captured))| {
            let mut row = json!({"accountId": "123456789012", "awsRegion": "eu-west-1", "resourceId": name.1, "resourceType": name.0, "configurationStateId": captured,
                "configurationItemCaptureTime": jiff::Timestamp::from_millisecond(*captured).unwrap().to_string(),
                "tags": [{"key": "team", "value": team, "tag": format!("team={team}")}]});
            if is_whole && matches!(select, Select::Whole | Select::Half) {
                let item = item(name, *captured);
                row["configuration"] = serde_json::from_str(item["configuration"].as_str().unwrap()).unwrap();
                let kept = ["accountId", "awsRegion", "arn", "resourceName", "supplementaryConfiguration"];
                let kept = kept.iter().take(if select == Select::Half { 4 } else { 5 });
                kept.for_each(|key| row[*key] = item[*key].clone());
            }
            Value::from(row.to_string())
        });
        Reply::Json(json!({"Results": rows.collect::<Vec<_>>(), "NextToken": next}))
    }
}

/// A page, and where the next one begins.
fn paged<T>(body: &Value, mut all: Vec<T>, token: &str) -> (Vec<T>, Option<String>) {
    let start: usize = body[token].as_str().and_then(|t| t.parse().ok()).unwrap_or(0);
    let end = (start + PAGE).min(all.len());
    let next = (end < all.len()).then(|| end.to_string());
    (all.drain(start..end).collect(), next)
}

fn item(name: &(String, String), captured: i64) -> Value {
    let mut item = bucket(&name.1);
    item["resourceType"] = name.0.as_str().into();
    item["configurationItemCaptureTime"] = json!(captured as f64 / 1000.0);
    item["configurationStateId"] = captured.to_string().into();
    item
}
