//! Addresses, networks, protocols and DNS names.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::Place;
use crate::compare::Dialect;
use crate::compare::facts::Kind;

/// Networks in firewall-like properties are masked and a bare address is a network of one; elsewhere only the notation of
/// the address is folded, because `10.0.0.5/24` may be an address with its prefix.
pub(super) fn cidr(place: &Place<'_>, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    if !text.contains(['/', ':']) && !is_address(text) {
        return None;
    }
    if place.kind == Some(Kind::Cidr) || (!place.free && names_networks(place.key)) {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
        return Some(network.trunc().to_string());
    }
    match text.parse::<IpNet>() {
        Ok(network) => Some(network.to_string()),
        Err(_) => text.parse::<IpAddr>().ok().map(|a| a.to_string()),
    }
}

/// The same network with and without bits of a host, in AWS, which takes the first for the second. Two addresses in one
/// network are two addresses.
pub(super) fn same_network(place: &Place<'_>, a: &str, b: &str) -> bool {
    let aws = matches!(place.dialect, Dialect::Cloudformation | Dialect::AwsConfig);
    let parse = |text: &str| text.parse::<IpNet>().ok().filter(|_| aws && !place.free);
    let Some((a, b)) = parse(a).zip(parse(b)) else { return false };
    a.trunc() == b.trunc() && (a == a.trunc() || b == b.trunc())
}

fn is_address(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<IpAddr>().is_ok()
}

fn names_networks(key: &str) -> bool {
    const NAMES: [&str; 10] = [
        "source_ranges",
        "sourceRanges",
        "destination_ranges",
        "destinationRanges",
        "address_prefix",
        "address_prefixes",
        "addressPrefix",
        "addressPrefixes",
        "address_space",
        "ipRanges",
    ];
    NAMES.contains(&key) || key.to_ascii_lowercase().contains("cidr") || key.eq_ignore_ascii_case("aws:sourceip")
}

pub(super) fn protocol_name(place: &Place<'_>, value: &Value) -> Option<String> {
    let named = matches!(place.key, "protocol" | "ip_protocol" | "IpProtocol" | "ipProtocol") && !place.free;
    if !named && place.kind != Some(Kind::Protocol) {
        return None;
    }
    match value {
        Value::String(s) => protocol(s).map(str::to_owned),
        Value::Number(n) => protocol(n.as_str()).map(str::to_owned),
        _ => None,
    }
}

/// The usual name of an IP protocol; `-1` is every protocol. Numbers as assigned by IANA.
pub(crate) fn protocol(text: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 8] = [
        ("-1", "-1"),
        ("all", "-1"),
        ("1", "icmp"),
        ("6", "tcp"),
        ("17", "udp"),
        ("58", "icmpv6"),
        ("ipv6-icmp", "icmpv6"),
        ("50", "esp"),
    ];
    let by_alias = NAMES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(text));
    let by_name = || NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
    by_alias.or_else(by_name).map(|(_, name)| *name)
}

pub(super) fn dns_name(place: &Place<'_>, value: &Value) -> Option<String> {
    const NAMES: [&str; 7] = ["DomainName", "domain_name", "dns_name", "DNSName", "dnsName", "HostedZoneName", "fqdn"];
    if place.kind != Some(Kind::Dns) && (place.free || !NAMES.contains(&place.key)) {
        return None;
    }
    let lower = value.as_str()?.to_ascii_lowercase().replace("\\052", "*");
    let name = lower.strip_suffix('.').unwrap_or(&lower);
    // The prefix is put there by Route 53 for aliases of load balancers.
    let load_balancer = name.ends_with(".elb.amazonaws.com") || name.ends_with(".elb.amazonaws.com.cn");
    Some(if load_balancer { name.strip_prefix("dualstack.").unwrap_or(name) } else { name }.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::{at, of};
    use super::*;

    #[test]
    fn a_network_is_the_same_in_any_spelling() {
        for (a, b) in [
            ("67.221.169.243/0", "0.0.0.0/0"),
            ("10.0.0.1/8", "10.0.0.0/8"),
            ("2001:DB8:0::1/128", "2001:db8::1"),
            ("192.0.2.1", "192.0.2.1/32"),
        ] {
            assert_eq!(same(&at("cidr_blocks"), &json!(a), &json!(b)), Some("cidr"), "{a} {b}");
        }
        assert_eq!(same(&at("address"), &json!("::0:1"), &json!("::1")), Some("cidr"));
    }

    #[test]
    fn another_network_is_reported() {
        assert_eq!(same(&at("cidr_blocks"), &json!("10.0.0.0/8"), &json!("10.0.0.0/9")), None);
        assert_eq!(same(&at("private_address"), &json!("10.0.0.5/24"), &json!("10.0.0.6/24")), None);
    }

    #[test]
    fn a_protocol_is_known_by_name_and_number() {
        assert_eq!(same(&at("protocol"), &json!("6"), &json!("tcp")), Some("protocol"));
        assert_eq!(same(&at("protocol"), &json!("all"), &json!(-1)), Some("protocol"));
        assert_eq!(same(&at("protocol"), &json!("6"), &json!("udp")), None);
        assert_eq!(same(&at("size"), &json!("6"), &json!("tcp")), None);
    }

    #[test]
    fn a_dns_name_ignores_case_final_dot_and_escapes() {
        for (a, b) in [
            ("MyRecord.COM.", "myrecord.com"),
            ("\\052.a.org", "*.a.org"),
            ("dualstack.my-1.eu-west-1.elb.amazonaws.com.", "my-1.eu-west-1.elb.amazonaws.com"),
        ] {
            assert_eq!(same(&of(Kind::Dns), &json!(a), &json!(b)), Some("dns-name"), "{a} {b}");
        }
        assert_eq!(same(&of(Kind::Dns), &json!("dualstack.my.org"), &json!("my.org")), None);
        assert_eq!(same(&at("name"), &json!("A.org"), &json!("a.org")), None);
    }
}
