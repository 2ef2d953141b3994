//! Security group rules: taken apart into atomic ones (protocol, ports, one peer), because clouds group them as they like.
//!
//! Reads the shapes of Terraform (`cidr_blocks`), CloudFormation (`CidrIp`), AWS Config (`ipv4Ranges`, `ipRanges`) and EC2.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::walk::Walk;
use super::{Dialect, rules, spelling};
use crate::drift::ChangeType;

/// Protocol, from port, to port, kind of peer, peer.
type Key = (String, String, String, &'static str, String);

const PROTOCOL: &[&str] = &["protocol", "ip_protocol", "IpProtocol", "ipProtocol"];
const FROM: &[&str] = &["from_port", "FromPort", "fromPort"];
const TO: &[&str] = &["to_port", "ToPort", "toPort"];
const DESCRIPTION: &[&str] = &["description", "Description"];

/// Kind of peer, properties of a rule that hold such peers, properties of a peer that name it.
const PEERS: [(&str, &[&str], &[&str]); 5] = [
    ("security_group_name", &["SourceSecurityGroupName"], &[]),
    (
        "cidr",
        &["cidr_blocks", "cidr_block", "cidr_ipv4", "CidrIp", "ipv4Ranges", "ipRanges", "IpRanges"],
        &["cidrIp", "CidrIp", "cidr_ip"],
    ),
    (
        "ipv6_cidr",
        &["ipv6_cidr_blocks", "cidr_ipv6", "CidrIpv6", "ipv6Ranges", "Ipv6Ranges"],
        &["cidrIpv6", "CidrIpv6"],
    ),
    (
        "prefix_list",
        &[
            "prefix_list_ids",
            "prefix_list_id",
            "SourcePrefixListId",
            "DestinationPrefixListId",
            "prefixListIds",
            "PrefixListIds",
        ],
        &["prefixListId", "PrefixListId"],
    ),
    (
        "security_group",
        &[
            "security_groups",
            "source_security_group_id",
            "SourceSecurityGroupId",
            "DestinationSecurityGroupId",
            "userIdGroupPairs",
            "UserIdGroupPairs",
        ],
        &["groupId", "GroupId"],
    ),
];

/// Atomic rules with their descriptions.
type Atoms = BTreeMap<Key, String>;

/// An atomic rule as a change shows it.
fn shown((protocol, from, to, kind, peer): &Key, description: &str) -> Value {
    let mut value = json!({"protocol": protocol, "from_port": from, "to_port": to, "description": description});
    value[if kind.is_empty() { "peer" } else { kind }] = Value::from(peer.as_str());
    value
}

impl Walk<'_> {
    /// Compares firewall rules atom by atom. `false` when a side is not there or has another shape.
    pub(super) fn firewall_rules(&mut self, key: &str, declared: Option<&Value>, live: Option<&Value>) -> bool {
        let list = |side: Option<&Value>| match side {
            Some(Value::Array(list)) => self.explode(list),
            Some(Value::Null) => Some(BTreeMap::new()),
            _ => None,
        };
        let (Some(mut d), Some(l)) = (list(declared), list(live)) else { return false };
        // The same rule inline and beside the group is one rule.
        self.sibling_rules(key).into_iter().for_each(|(key, description)| _ = d.entry(key).or_insert(description));
        let before = self.out.changes.len();
        let described = if self.dialect == Dialect::Cloudformation { "Description" } else { "description" };
        for (key, description) in &d {
            match l.get(key) {
                None => {
                    self.at_rule(key, |walk| walk.change(ChangeType::Removed, Some(&shown(key, description)), None))
                }
                Some(other) if other != description => {
                    let texts = [description, other].map(|t| Value::from(t.as_str()));
                    self.at_rule(key, |walk| {
                        walk.path.push_key(described);
                        walk.modified(&texts[0], &texts[1]);
                    });
                }
                Some(_) => {}
            }
        }
        for (key, description) in l.iter().filter(|(key, _)| !d.contains_key(*key)) {
            self.at_rule(key, |walk| walk.change(ChangeType::Added, None, Some(&shown(key, description))));
        }
        let both = declared.zip(live).filter(|(d, l)| d != l);
        if self.out.changes.len() == before && both.is_some() {
            self.hidden(rules::SG_RULES, declared, live);
        }
        true
    }

    /// Rules of this direction that are declared as resources of their own.
    fn sibling_rules(&self, key: &str) -> Atoms {
        let group = self.context.zip(self.own_id).and_then(|(context, id)| context.sibling_rules.get(id));
        let direction = if key.to_ascii_lowercase().ends_with("egress") { "egress" } else { "ingress" };
        let rules = group.and_then(|group| group[direction].as_array());
        rules.and_then(|rules| self.explode(rules)).unwrap_or_default()
    }

    fn at_rule(&mut self, (protocol, from, to, kind, peer): &Key, f: impl FnOnce(&mut Self)) {
        let mark = self.path.depth();
        let mut pairs = vec![("protocol", protocol.as_str())];
        if !from.is_empty() || !to.is_empty() {
            pairs.extend([("from_port", from.as_str()), ("to_port", to.as_str())]);
        }
        if !kind.is_empty() {
            pairs.push((kind, peer));
        }
        self.path.push_identity(&pairs);
        f(self);
        self.path.truncate(mark);
    }

    fn explode(&self, rules: &[Value]) -> Option<Atoms> {
        let mut out = BTreeMap::new();
        for rule in rules {
            let rule = rule.as_object()?;
            let (protocol, from, to) = service(rule);
            let text = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().to_owned();
            let peers = self.peers(rule);
            // A rule without a peer matches nothing, but it is stated.
            let peers = if peers.is_empty() { vec![("", String::new(), None)] } else { peers };
            for (kind, peer, described) in peers {
                let description = described.unwrap_or_else(|| text(get(rule, DESCRIPTION)));
                out.insert((protocol.clone(), from.clone(), to.clone(), kind, peer), description);
            }
        }
        Some(out)
    }

    /// Kind, name and own description of every peer of a rule.
    fn peers(&self, rule: &Map<String, Value>) -> Vec<(&'static str, String, Option<String>)> {
        let mut out = Vec::new();
        for (kind, properties, names) in PEERS {
            for value in properties.iter().filter_map(|p| rule.get(*p)) {
                let one = std::slice::from_ref(value);
                for peer in value.as_array().map_or(one, Vec::as_slice) {
                    let name = peer.as_str().or_else(|| names.iter().find_map(|n| peer.get(*n)?.as_str()));
                    let described = DESCRIPTION.iter().find_map(|n| peer.get(*n)?.as_str()).map(str::to_owned);
                    if let Some(name) = name.filter(|n| !n.is_empty()) {
                        out.push((kind, canonical_peer(kind, name), described));
                    }
                }
            }
        }
        if rule.get("self") == Some(&Value::Bool(true)) {
            out.push(("security_group", self.own_id.unwrap_or("self").to_owned(), None));
        }
        out
    }
}

fn get<'v>(rule: &'v Map<String, Value>, names: &[&str]) -> Option<&'v Value> {
    names.iter().find_map(|n| rule.get(*n)).filter(|v| !v.is_null())
}

/// Protocol by name and ports as text; where every protocol is meant, ports mean nothing.
fn service(rule: &Map<String, Value>) -> (String, String, String) {
    let text = |v: Option<&Value>| match v {
        Some(Value::String(s)) => s.clone(),
        // Ports are whole numbers, whoever writes them as `80.0`.
        Some(Value::Number(n)) => n.as_str().strip_suffix(".0").unwrap_or(n.as_str()).to_owned(),
        _ => String::new(),
    };
    let raw = text(get(rule, PROTOCOL));
    let protocol = spelling::protocol(&raw).map_or(raw, str::to_owned);
    if protocol == "-1" {
        return (protocol, String::new(), String::new());
    }
    (protocol, text(get(rule, FROM)), text(get(rule, TO)))
}

fn canonical_peer(kind: &str, name: &str) -> String {
    let network = |n: &str| n.parse::<ipnet::IpNet>().map(|net| net.trunc().to_string()).ok();
    match kind {
        "cidr" | "ipv6_cidr" => network(name).unwrap_or_else(|| name.to_owned()),
        _ => name.to_owned(),
    }
}
