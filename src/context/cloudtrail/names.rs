//! Under which names the trail knows a resource, and where it is written down.

use serde_json::Value;

use super::pack::PACK;
use crate::drift::DriftDetail;

/// Names that are asked for at most: each is a request.
const MOST: usize = 4;
/// The attributes that name a resource of any type.
const USUAL: [&str; 3] = ["arn", "id", "name"];

/// Names in the order to ask for them; empty when nothing names it.
pub fn names_of(detail: &DriftDetail) -> Vec<String> {
    let resource = &detail.event.resource;
    let kind = resource.resource_type.raw();
    let rule = PACK.names.iter().find(|rule| rule.types.is_match(kind));
    let mut names: Vec<String> = vec![];
    let mut add = |name: &str| {
        let fits = !name.is_empty() && name.len() <= 2000 && !names.iter().any(|known| known == name);
        if fits {
            names.push(name.to_owned());
        }
    };
    match rule {
        Some(rule) => rule.keys.iter().filter_map(|key| attribute(detail, key)).for_each(&mut add),
        None => {
            let id = resource.provider_id.as_ref().map(|id| id.raw());
            id.into_iter().for_each(&mut add);
            // Most services write down the bare id where Terraform has the ARN.
            id.filter(|id| id.starts_with("arn:")).and_then(tail).into_iter().for_each(&mut add);
            USUAL.iter().filter_map(|key| attribute(detail, key)).for_each(&mut add);
        }
    }
    if names.is_empty() {
        names.extend(resource.provider_id.as_ref().map(|id| id.raw().to_owned()));
    }
    if let Some((name, arn)) = names.iter().find_map(|name| of_queue(name)) {
        names.extend([Some(name), arn].into_iter().flatten());
    }
    let mut known = std::collections::HashSet::new();
    names.retain(|name| known.insert(name.clone()));
    names.truncate(MOST);
    names
}

/// Name and ARN of a queue from its URL, `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`; events know it by any of the three.
fn of_queue(url: &str) -> Option<(String, Option<String>)> {
    let (host, path) = url.split_once("://")?.1.split_once('/')?;
    let (account, name) = path.split_once('/').filter(|(_, name)| !name.is_empty() && !name.contains('/'))?;
    let region = host.strip_prefix("sqs.").and_then(|rest| rest.split_once(".amazonaws.com"));
    let arn = region.map(|(region, rest)| {
        let partition = match (rest, region.starts_with("us-gov-")) {
            (".cn", _) => "aws-cn",
            (_, true) => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:sqs:{region}:{account}:{name}")
    });
    Some((name.to_owned(), arn))
}

/// Whether the events of a type are in the home region of the partition.
pub(super) fn is_at_home(resource_type: &str) -> bool {
    PACK.home.is_match(resource_type)
}

/// Account and region of a resource, as far as its ARN says; empty parts are not said.
pub(super) fn place_of(detail: &DriftDetail) -> (String, String) {
    let id = detail.event.resource.provider_id.as_ref().map(|id| id.raw());
    let arn = id.filter(|id| id.starts_with("arn:")).or_else(|| attribute(detail, "arn"));
    let mut parts = arn.unwrap_or_default().split(':').skip(3);
    let region = parts.next().unwrap_or_default().to_owned();
    (parts.next().unwrap_or_default().to_owned(), region)
}

/// A text at the top of one of the bodies: live first, for a resource is known by what it is.
fn attribute<'a>(detail: &'a DriftDetail, key: &str) -> Option<&'a str> {
    let bodies = [&detail.actual_state, &detail.declared_state];
    let mut found = bodies.iter().filter_map(|body| body.as_ref()?.value().get(key)).filter_map(Value::as_str);
    found.find(|text| !text.is_empty())
}

fn tail(arn: &str) -> Option<&str> {
    arn.rsplit(['/', ':']).next()
}
