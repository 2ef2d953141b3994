//! Rules of security groups: one atomic shape (direction, protocol, ports, one peer) for what AWS groups by protocol and port
//! and Terraform by rule.

use std::collections::{HashMap, HashSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::evaluate::Context;
use super::item::Item;
use super::recall::Parsed;
use crate::declared::DeclaredResource;

/// Whom a rule lets in or out, in Terraform's attribute for it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Peer {
    Cidr(String),
    Cidr6(String),
    PrefixList(String),
    Group(String),
    Own,
}

/// What makes two rules the same, whatever is said about them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct What {
    protocol: String,
    from: i64,
    to: i64,
    peer: Peer,
}

/// One atomic rule.
#[derive(Clone, PartialEq, Debug)]
struct Rule {
    what: What,
    /// `None`: the recording does not say.
    description: Option<String>,
}

/// Live rules of one direction: the descriptions by rule.
pub(super) struct LiveRules(HashMap<What, Option<String>>);

impl LiveRules {
    pub fn of(item: &Item, ingress: bool) -> Self {
        Self(described(recorded(item, ingress).unwrap_or_default()))
    }
}

/// Of the same rules the first is heard.
fn described(rules: Vec<Rule>) -> HashMap<What, Option<String>> {
    rules.into_iter().rev().map(|rule| (rule.what, rule.description)).collect()
}

impl Rule {
    fn terraform(&self) -> Value {
        let list = |chosen: Option<&String>| chosen.map_or_else(|| json!([]), |c| json!([c]));
        let mut rule = json!({
            "protocol": self.what.protocol, "from_port": self.what.from, "to_port": self.what.to,
            "cidr_blocks": list(if let Peer::Cidr(c) = &self.what.peer { Some(c) } else { None }),
            "ipv6_cidr_blocks": list(if let Peer::Cidr6(c) = &self.what.peer { Some(c) } else { None }),
            "prefix_list_ids": list(if let Peer::PrefixList(p) = &self.what.peer { Some(p) } else { None }),
            "security_groups": list(if let Peer::Group(g) = &self.what.peer { Some(g) } else { None }),
            "self": self.what.peer == Peer::Own,
        });
        if let (Value::Object(map), Some(description)) = (&mut rule, &self.description) {
            map.insert("description".to_owned(), json!(description));
        }
        rule
    }
}

/// The live rules of one direction for the group itself: rules that a sibling resource declares are the sibling's to answer
/// for, so of those only the copies the group's own state holds are given back.
pub(super) fn for_group(ingress: bool, permissions: &Value, item: &Item, context: Context<'_>) -> Value {
    let own = &item.head.id;
    let attribute = if ingress { "ingress" } else { "egress" };
    let stated = context.declared.and_then(|d| d.get(attribute)).map(|s| of_terraform_list(s, own)).unwrap_or_default();
    let siblings = context.family.iter().filter(|r| is_ingress(r) == Some(ingress));
    let owned: HashSet<What> = siblings.flat_map(|r| of_sibling(&r.values, own)).map(|rule| rule.what).collect();
    let descriptions = described(stated.clone());
    let live = of_permissions(permissions, item).into_iter().filter(|r| !owned.contains(&r.what)).map(|mut rule| {
        if rule.description.is_none() {
            rule.description = descriptions.get(&rule.what).cloned().flatten();
        }
        rule
    });
    live.chain(stated.iter().filter(|r| owned.contains(&r.what)).cloned()).map(|r| r.terraform()).collect()
}

/// The live side of one rule resource: its declared values without the peers that are gone. `None`: no peer is left.
pub(super) fn for_sibling(declared: &DeclaredResource, parsed: &Parsed) -> Option<Value> {
    let own = &parsed.item.head.id;
    let ingress = is_ingress(declared)?;
    recorded(&parsed.item, ingress)?;
    let LiveRules(live) = parsed.rules(ingress);
    let mut values = declared.values.clone();
    let there: Vec<(Peer, &Option<String>)> = of_sibling(&values, own)
        .into_iter()
        .filter_map(|stated| Some((live.get(&stated.what)?, stated)))
        .map(|(description, stated)| (stated.what.peer, description))
        .collect();
    if there.is_empty() {
        return None;
    }
    let peers: HashSet<&Peer> = there.iter().map(|(peer, _)| peer).collect();
    let map = values.as_object_mut()?;
    for (name, make) in LISTS {
        let present = |text: &Value| text.as_str().is_some_and(|t| peers.contains(&make(t, own)));
        if let Some(Value::Array(list)) = map.get_mut(name) {
            list.retain(present);
        }
    }
    if map.get("self") == Some(&json!(true)) && !peers.contains(&Peer::Own) {
        map.insert("self".to_owned(), json!(false));
    }
    if let Some(description) = there.iter().find_map(|(_, description)| description.as_ref()) {
        map.insert("description".to_owned(), json!(description));
    }
    Some(values)
}

/// Declared attributes of a rule resource that the recording can answer for.
pub(super) const SIBLING_PATHS: [&str; 16] = [
    "security_group_id",
    "type",
    "protocol",
    "ip_protocol",
    "from_port",
    "to_port",
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "source_security_group_id",
    "self",
    "cidr_ipv4",
    "cidr_ipv6",
    "prefix_list_id",
    "referenced_security_group_id",
    "description",
];

type MakePeer = fn(&str, &str) -> Peer;

/// List attributes, and the peer an element is.
const LISTS: [(&str, MakePeer); 4] = [
    ("cidr_blocks", |t, _| Peer::Cidr(network(t))),
    ("ipv6_cidr_blocks", |t, _| Peer::Cidr6(network(t))),
    ("prefix_list_ids", |t, _| Peer::PrefixList(t.to_owned())),
    ("security_groups", group),
];

/// Attributes that hold one peer.
const SINGLES: [(&str, MakePeer); 5] = [
    ("cidr_ipv4", |t, _| Peer::Cidr(network(t))),
    ("cidr_ipv6", |t, _| Peer::Cidr6(network(t))),
    ("prefix_list_id", |t, _| Peer::PrefixList(t.to_owned())),
    ("referenced_security_group_id", group),
    ("source_security_group_id", group),
];

fn group(text: &str, own: &str) -> Peer {
    if text == own { Peer::Own } else { Peer::Group(text.to_owned()) }
}

/// One spelling for a network; text that is none stays as it is.
fn network(text: &str) -> String {
    text.parse::<IpNet>().map_or_else(|_| text.to_owned(), |net| net.trunc().to_string())
}

/// The direction a rule resource declares; `None` for other types.
fn is_ingress(declared: &DeclaredResource) -> Option<bool> {
    match declared.resource_type.as_ref() {
        "aws_vpc_security_group_ingress_rule" => Some(true),
        "aws_vpc_security_group_egress_rule" => Some(false),
        "aws_security_group_rule" => Some(declared.values.get("type").and_then(Value::as_str) == Some("ingress")),
        _ => None,
    }
}

fn of_terraform_list(rules: &Value, own: &str) -> Vec<Rule> {
    rules.as_array().into_iter().flatten().flat_map(|r| of_sibling(r, own)).collect()
}

/// Atomic rules of a declared rule, an element of `ingress` or a rule resource.
fn of_sibling(values: &Value, own: &str) -> Vec<Rule> {
    let protocol = ["protocol", "ip_protocol"].iter().find_map(|k| values.get(*k)).unwrap_or(&Value::Null);
    let lists = LISTS.iter().flat_map(|(name, make)| {
        let list = values.get(*name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|v| v.as_str()).map(|t| make(t, own)).collect::<Vec<_>>()
    });
    let singles = SINGLES.iter().filter_map(|(name, make)| Some(make(values.get(*name)?.as_str()?, own)));
    let itself = (values.get("self") == Some(&json!(true))).then_some(Peer::Own);
    let mut seen = HashSet::new();
    let peers = lists.chain(singles).chain(itself).filter(|peer| seen.insert(peer.clone()));
    let description = Some(values.get("description").and_then(Value::as_str).unwrap_or_default().to_owned());
    let rule = |peer| rule(protocol, values.get("from_port"), values.get("to_port"), peer, description.clone());
    peers.map(rule).collect()
}

/// Ports mean nothing when all protocols are meant; numbers of protocols that have a name get it.
fn rule(protocol: &Value, from: Option<&Value>, to: Option<&Value>, peer: Peer, description: Option<String>) -> Rule {
    let protocol = match super::path::spelling(protocol).to_lowercase().as_str() {
        "-1" | "all" | "null" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    };
    let port = |p: Option<&Value>| match p {
        _ if protocol == "-1" => 0,
        Some(Value::String(s)) => s.parse().unwrap_or(0),
        other => other.and_then(Value::as_i64).unwrap_or(0),
    };
    let (from, to) = (port(from), port(to));
    Rule { what: What { protocol, from, to, peer }, description }
}

/// Atomic rules of `ipPermissions`.
fn of_permissions(permissions: &Value, item: &Item) -> Vec<Rule> {
    permissions.as_array().into_iter().flatten().flat_map(|p| of_permission(p, item)).collect()
}

/// The item's rules of one direction, however it spells them; `None` when it says nothing about them.
fn recorded(item: &Item, ingress: bool) -> Option<Vec<Rule>> {
    let (described, modelled) = match ingress {
        true => ("ipPermissions", "SecurityGroupIngress"),
        false => ("ipPermissionsEgress", "SecurityGroupEgress"),
    };
    if item.is_model {
        let rules = item.configuration.get(modelled).map(permissions).unwrap_or_default();
        return Some(of_permissions(&rules, item));
    }
    item.configuration.get(described).map(|permissions| of_permissions(permissions, item))
}

/// `ipPermissions` of the rules of the group's CloudFormation model.
pub(super) fn permissions(rules: &Value) -> Value {
    let rule = |rule: &Value| {
        let text = |names: &[&str]| names.iter().find_map(|name| rule.get(*name)?.as_str());
        let described = |key: &str, value: &str| json!([{key: value, "description": text(&["Description"])}]);
        let mut out = json!({"ipProtocol": rule.get("IpProtocol"), "fromPort": rule.get("FromPort"), "toPort": rule.get("ToPort")});
        if let Some(cidr) = text(&["CidrIp"]) {
            out["ipv4Ranges"] = described("cidrIp", cidr);
        }
        if let Some(cidr) = text(&["CidrIpv6"]) {
            out["ipv6Ranges"] = described("cidrIpv6", cidr);
        }
        if let Some(list) = text(&["SourcePrefixListId", "DestinationPrefixListId"]) {
            out["prefixListIds"] = described("prefixListId", list);
        }
        if let Some(group) = text(&["SourceSecurityGroupId", "DestinationSecurityGroupId"]) {
            out["userIdGroupPairs"] = described("groupId", group);
            if let Some(owner) = text(&["SourceSecurityGroupOwnerId"]) {
                out["userIdGroupPairs"][0]["userId"] = json!(owner);
            }
        }
        out
    };
    rules.as_array().into_iter().flatten().map(rule).collect()
}

fn of_permission(permission: &Value, item: &Item) -> Vec<Rule> {
    let list = |key: &str| permission.get(key).and_then(Value::as_array).into_iter().flatten();
    // Newer items hold both; the older list has no descriptions.
    let v4 = if list("ipv4Ranges").next().is_some() { "ipv4Ranges" } else { "ipRanges" };
    let named = |keys: &'static [&'static str], v: &Value| {
        v.as_str().or_else(|| keys.iter().find_map(|k| v.get(*k)?.as_str())).map(str::to_owned)
    };
    let v4 = list(v4).filter_map(|v| Some((Peer::Cidr(network(&named(&["cidrIp"], v)?)), v)));
    let v6 = list("ipv6Ranges").filter_map(|v| Some((Peer::Cidr6(network(&named(&["cidrIpv6"], v)?)), v)));
    let prefixes = list("prefixListIds").filter_map(|v| Some((Peer::PrefixList(named(&["prefixListId"], v)?), v)));
    let groups = list("userIdGroupPairs").filter_map(|v| Some((pair(v, item)?, v)));
    let protocol = permission.get("ipProtocol").unwrap_or(&Value::Null);
    let (from, to) = (permission.get("fromPort"), permission.get("toPort"));
    v4.chain(v6).chain(prefixes).chain(groups).map(|(peer, v)| rule(protocol, from, to, peer, description(v))).collect()
}

fn description(peer: &Value) -> Option<String> {
    peer.is_object().then(|| peer.get("description").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// A group of another account is spelt `account/group`.
fn pair(value: &Value, item: &Item) -> Option<Peer> {
    let id = value.as_str().or_else(|| value.get("groupId")?.as_str())?;
    let owner = item.configuration.get("ownerId").and_then(Value::as_str).unwrap_or(&item.head.account);
    let account = value.get("userId").and_then(Value::as_str).unwrap_or(owner);
    let foreign = !owner.is_empty() && account != owner;
    Some(if foreign { Peer::Group(format!("{account}/{id}")) } else { group(id, &item.head.id) })
}

/// Whether a security group has only the rules it is made with: all from itself, all to everywhere. True for other items.
pub(super) fn untouched(item: &Item) -> bool {
    let rules = |ingress| recorded(item, ingress).unwrap_or_default();
    let everywhere = |peer: &Peer| matches!(peer, Peer::Cidr(c) | Peer::Cidr6(c) if c == "0.0.0.0/0" || c == "::/0");
    rules(true).iter().all(|r| r.what.protocol == "-1" && r.what.peer == Peer::Own)
        && rules(false).iter().all(|r| r.what.protocol == "-1" && everywhere(&r.what.peer))
}
