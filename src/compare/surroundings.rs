//! What an access policy says depends on where it stands: short names in it are written out by the service.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::walk::Walk;

type Statements = Vec<Map<String, Value>>;

const SHORT: &str = "execute-api:/";
const IDENTITY: &str = ":iam::cloudfront:user/CloudFront Origin Access Identity ";

impl Walk<'_> {
    /// Brings both sides' statements into the same words, where that needs the resource or its surroundings.
    pub(super) fn in_surroundings(&self, d: &mut Statements, l: &mut Statements) {
        let is_short = |list: &Statements| list.iter().flat_map(resources).any(|r| r.starts_with(SHORT));
        if is_short(d) != is_short(l) {
            [&mut *d, &mut *l].into_iter().flatten().for_each(|statement| self.shorten_apis(statement));
        }
        if self.context.is_some_and(|context| !context.access_identities.is_empty()) {
            [&mut *d, &mut *l].into_iter().flatten().for_each(|statement| self.name_identities(statement));
        }
        if self.context.is_some_and(|context| !context.principals.is_empty()) {
            [&mut *d, &mut *l].into_iter().flatten().for_each(|statement| self.name_principals(statement));
        }
        same_condition_keys(d, l);
    }

    /// A user or role by its unique id, where its ARN is known (IAM documentation, "Unique identifiers"). The id of one that was
    /// deleted stays, even if another has its name by now.
    fn name_principals(&self, statement: &mut Map<String, Value>) {
        let Some(context) = self.context else { return };
        for name in ["Principal", "NotPrincipal"] {
            let who = statement.get_mut(name).and_then(Value::as_object_mut).and_then(|who| who.get_mut("AWS"));
            let Some(Value::Array(list)) = who else { continue };
            for id in list.iter_mut() {
                if let Some(arn) = id.as_str().and_then(|id| context.principals.get(id)) {
                    *id = Value::from(&**arn);
                }
            }
            list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            list.dedup();
        }
    }

    /// API Gateway writes `execute-api:/*` of its own policy out as `arn:aws:execute-api:REGION:ACCOUNT:API/*`
    /// (API Gateway documentation, "Amazon API Gateway resource policy"). Another API's ARN stays.
    fn shorten_apis(&self, statement: &mut Map<String, Value>) {
        let short = |arn: &str| -> Option<String> {
            let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':').skip(1);
            let (service, region, account, resource) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let (api, rest) = resource.split_once('/')?;
            let at_home = self.home.is_none_or(|home| home == (account, region));
            let own = self.own_id.map_or(self.home.is_some(), |id| id == api);
            (service == "execute-api" && at_home && own).then(|| format!("{SHORT}{rest}"))
        };
        for name in ["Resource", "NotResource"] {
            let Some(Value::Array(list)) = statement.get_mut(name) else { continue };
            for resource in list.iter_mut() {
                if let Some(text) = resource.as_str().and_then(short) {
                    *resource = Value::from(text);
                }
            }
            list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            list.dedup();
        }
    }

    /// An origin access identity by its ARN and by its canonical user id.
    fn name_identities(&self, statement: &mut Map<String, Value>) {
        let Some(context) = self.context else { return };
        for name in ["Principal", "NotPrincipal"] {
            let Some(Value::Object(who)) = statement.get_mut(name) else { continue };
            let Some(Value::Array(arns)) = who.get_mut("AWS") else { continue };
            let mut named = Vec::new();
            arns.retain(|arn| {
                let id = arn.as_str().and_then(|s| s.split_once(IDENTITY)).map(|(_, id)| id);
                let user = id.and_then(|id| context.access_identities.get(id));
                named.extend(user.map(|user| Value::from(&**user)));
                user.is_none()
            });
            if arns.is_empty() {
                who.remove("AWS");
            }
            if named.is_empty() {
                continue;
            }
            if let Some(Value::Array(users)) = who.get("CanonicalUser") {
                named.extend(users.iter().cloned());
            }
            named.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            named.dedup();
            who.insert("CanonicalUser".to_owned(), Value::Array(named));
        }
    }
}

fn resources(statement: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let lists = ["Resource", "NotResource"].into_iter().filter_map(|name| statement.get(name)?.as_array());
    lists.flatten().filter_map(Value::as_str)
}

/// Names of condition keys and operators know no case (IAM documentation, "Condition"): every one takes the spelling in which
/// it is declared first, on both sides.
fn same_condition_keys(d: &mut Statements, l: &mut Statements) {
    let mut spelt: HashMap<String, String> = HashMap::new();
    for (operator, tests) in d.iter().filter_map(|s| s.get("Condition")?.as_object()).flatten() {
        let keys = tests.as_object().into_iter().flatten().map(|(key, _)| key);
        for name in keys.chain([operator]) {
            spelt.entry(name.to_ascii_lowercase()).or_insert_with(|| name.clone());
        }
    }
    if spelt.is_empty() {
        return;
    }
    for condition in d.iter_mut().chain(l).filter_map(|s| s.get_mut("Condition")) {
        rename(condition, &spelt);
        condition.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(|tests| rename(tests, &spelt));
    }
}

fn rename(value: &mut Value, spelt: &HashMap<String, String>) {
    let Value::Object(map) = value else { return };
    let known = |key: &str| spelt.get(&key.to_ascii_lowercase()).map(String::as_str).filter(|name| *name != key);
    let others: Vec<(String, &str)> = map.keys().filter_map(|key| Some((key.clone(), known(key)?))).collect();
    for (old, new) in others.into_iter().filter(|(_, new)| !map.contains_key(*new)).collect::<Vec<_>>() {
        if let Some(tests) = map.remove(&old) {
            map.insert(new.to_owned(), tests);
        }
    }
}
