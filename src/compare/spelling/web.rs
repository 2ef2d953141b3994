//! What the web's standards call the same: URLs, host names, header names, ports.

use super::{Place, is_named, name_ends_with};
use crate::compare::Dialect;

/// URLs with the same scheme, host, port, path and query (RFC 3986, 6.2): case of scheme and host, an empty path and the
/// scheme's own port are spelling. A property named after a URL may leave `https://` out.
pub(super) fn same_url(place: &Place<'_>, a: &str, b: &str) -> bool {
    if place.free || !(a.contains("://") || b.contains("://")) {
        return false;
    }
    let named = ["url", "issuer", "issueruri"].iter().any(|end| name_ends_with(place.key, end));
    let parse = |text: &str| match text.split_once("://") {
        Some((scheme, rest)) => parts(&scheme.to_ascii_lowercase(), rest),
        None if named => parts("https", text),
        None => None,
    };
    let Some((mut x, mut y)) = parse(a).zip(parse(b)) else { return false };
    // Where URLs are compared as texts, as redirects and origins are, an empty path is not `/`.
    let as_text = ["urls", "uri", "uris", "origins"].iter().any(|end| name_ends_with(place.key, end));
    [&mut x, &mut y].into_iter().filter(|parts| !as_text && parts.2 == "/").for_each(|parts| parts.2.clear());
    x == y
}

/// Scheme, host with port, path and what follows.
fn parts(scheme: &str, rest: &str) -> Option<(String, String, String)> {
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    // A user's name or password in front of the host knows case.
    if host.is_empty() || host.contains('@') || rest.contains("${") {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(port).unwrap_or(&host).to_owned();
    Some((scheme.to_owned(), host, path.to_owned()))
}

/// A domain name with and without its final dot, wherever it stands; its case, where a property is named after one. In
/// Kubernetes the dot decides whether search domains are tried.
pub(super) fn same_domain(place: &Place<'_>, a: &str, b: &str) -> bool {
    const ENDS: [&str; 8] = [
        "domain",
        "domainname",
        "domainnames",
        "dnsname",
        "hostname",
        "fqdn",
        "subjectalternativenames",
        "hostedzonename",
    ];
    if place.free || place.dialect == Dialect::Kubernetes {
        return false;
    }
    let (x, y) = (a.strip_suffix('.').unwrap_or(a), b.strip_suffix('.').unwrap_or(b));
    let named = || ENDS.iter().any(|end| name_ends_with(place.key, end));
    is_domain(x) && (x == y || (x.eq_ignore_ascii_case(y) && named()))
}

fn is_domain(text: &str) -> bool {
    let label =
        |l: &str| !l.is_empty() && l.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'*'));
    let tld = text.rsplit('.').next().unwrap_or_default();
    text.contains('.') && text.split('.').all(label) && tld.len() > 1 && tld.bytes().all(|c| c.is_ascii_alphabetic())
}

/// Names of HTTP headers, which know no case (RFC 9110, 5.1), at properties that hold them.
pub(super) fn same_header(place: &Place<'_>, a: &str, b: &str) -> bool {
    const ENDS: [&str; 6] =
        ["allowheaders", "allowedheaders", "exposeheaders", "exposedheaders", "headername", "headernames"];
    const NAMES: [&str; 4] = ["headers", "header", "varyheaders", "varybyheaders"];
    let name = |text: &str| text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'*'));
    !place.free
        && a.eq_ignore_ascii_case(b)
        && name(a)
        && (NAMES.iter().any(|n| is_named(place.key, n)) || ENDS.iter().any(|end| name_ends_with(place.key, end)))
}

/// `80` is the range `80-80`.
pub(super) fn same_ports(place: &Place<'_>, a: &str, b: &str) -> bool {
    const ENDS: [&str; 5] = ["port", "ports", "portrange", "portranges", "portrangespec"];
    let single = |range: &str, port: &str| {
        range.split_once('-').is_some_and(|(from, to)| from == to && from == port && from.parse::<u16>().is_ok())
    };
    !place.free && (single(a, b) || single(b, a)) && ENDS.iter().any(|end| name_ends_with(place.key, end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::at;
    use super::*;

    fn rule(key: &str, a: &str, b: &str) -> Option<&'static str> {
        let there = same(&at(key), &json!(a), &json!(b));
        assert_eq!(there, same(&at(key), &json!(b), &json!(a)), "{a} {b}");
        there
    }

    #[test]
    fn a_url_is_what_it_leads_to() {
        assert_eq!(rule("x", "https://Example.org", "https://example.org/"), Some("url"));
        assert_eq!(rule("x", "http://example.org:80/a", "http://example.org/a"), Some("url"));
        assert_eq!(rule("Url", "https://token.example.org", "token.example.org"), Some("url"));
        for (a, b) in [
            ("https://example.org/a", "https://example.org/A"),
            ("https://example.org/a", "https://example.org/a/"),
            ("http://example.org", "https://example.org"),
            ("https://User@example.org", "https://user@example.org"),
            ("token.example.org", "https://token.example.org"),
        ] {
            assert_eq!(rule("x", a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn a_domain_may_end_with_its_dot() {
        assert_eq!(rule("Name", "example.org", "example.org."), Some("dns-name"));
        assert_eq!(rule("CustomDomain", "Example.org", "example.org"), Some("dns-name"));
        for (a, b) in
            [("Example.org", "example.org"), ("example.org", "example.com."), ("1.0", "1.0."), ("end", "end.")]
        {
            assert_eq!(rule("Name", a, b), None, "{a} {b}");
        }
        let pod = Place { dialect: Dialect::Kubernetes, ..at("value") };
        assert_eq!(same(&pod, &json!("db.svc.local"), &json!("db.svc.local.")), None);
    }

    #[test]
    fn header_names_ignore_case_and_header_values_do_not() {
        assert_eq!(rule("allowed_headers", "X-Trace", "x-trace"), Some("fold-case"));
        assert_eq!(rule("AllowHeaders", "X-Trace", "x-traces"), None);
        assert_eq!(rule("HeaderValue", "Abc", "abc"), None);
    }

    #[test]
    fn one_port_is_a_range_of_one() {
        assert_eq!(rule("destination_port_range", "443", "443-443"), Some("port-range"));
        assert_eq!(rule("destination_port_range", "443", "443-444"), None);
        assert_eq!(rule("name", "443", "443-443"), None);
    }
}
