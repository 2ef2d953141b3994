//! By which names the server is asked, and from where: a page in somebody's browser must not reach it under a name of its own, and
//! nobody says for whom they ask unless they are believed.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use ipnet::IpNet;

use crate::api::Problem;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The names that are answered to.
pub(super) struct Hosts {
    names: Vec<String>,
    /// Any name will do.
    any: bool,
}

impl Hosts {
    pub(super) fn new(names: &[String], listens_on_loopback: bool) -> Self {
        let names = names.iter().map(|name| plain(name)).collect::<Vec<_>>();
        Self { any: names.is_empty() && !listens_on_loopback, names }
    }

    /// # Errors
    /// There is not exactly one name, or it is none of ours.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let host = Self::one(headers)?;
        // One of them decides how a proxy before us reads it, the other how we do.
        if uri.authority().is_some_and(|asked| plain(asked.host()) != plain(host.host())) {
            return Err(refused("the address and the Host header name different servers"));
        }
        if host.as_str().contains('@') || !self.knows(&plain(host.host())) {
            let message = "this server does not go by that name: whoever runs it adds it to hosts in [server]";
            return Err(refused(message));
        }
        Ok(())
    }

    /// The one name that is asked for, whosever it is.
    ///
    /// # Errors
    /// There is not exactly one.
    pub(super) fn one(headers: &HeaderMap) -> Result<Authority, Problem> {
        let mut named = headers.get_all(header::HOST).iter();
        let (first, another) = (named.next(), named.next());
        if another.is_some() {
            return Err(refused("a request has one Host"));
        }
        let host = first.and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<Authority>().ok());
        host.ok_or_else(|| refused("a request names the Host it is for"))
    }

    fn knows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_this_machine = host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        self.any || is_this_machine || self.names.iter().any(|name| name == host)
    }
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn refused(message: &str) -> Problem {
    Problem::of_field("host", message)
}

/// For whom the peer asks: itself, unless it is a proxy that is trusted. The list is read from its end, where the proxy nearest to
/// us wrote; what stands before an address that nobody vouches for may be made up.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip.to_canonical()));
    let mut client = peer;
    let lines = headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default());
    let all: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    for one in all.into_iter().rev() {
        if !is_trusted(client) {
            break;
        }
        let Ok(next) = one.parse::<IpAddr>() else { break };
        client = next;
    }
    client.to_canonical()
}

/// Whether it asks from this machine, for itself.
pub(super) fn is_local(client: IpAddr, headers: &HeaderMap) -> bool {
    let passed_on = [FORWARDED_FOR, header::FORWARDED, header::VIA].iter().any(|name| headers.contains_key(name));
    client.is_loopback() && !passed_on
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asked(host: &str, uri: &str, hosts: &Hosts) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        hosts.check(&uri.parse().unwrap(), &headers).is_ok()
    }

    #[test]
    fn only_names_of_ours_are_answered_to() {
        let ours = Hosts::new(&["Drift.example.com".to_owned()], true);
        for good in ["drift.example.com", "DRIFT.example.com.:8000", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"] {
            assert!(asked(good, "/", &ours), "{good}");
        }
        for bad in ["evil.example", "drift.example.com.evil.example", "drift.example.com@evil.example", "", "a b"] {
            assert!(!asked(bad, "/", &ours), "{bad}");
        }
        assert!(!asked("localhost", "http://evil.example/", &ours) && asked("localhost", "http://localhost/", &ours));
        let mut twice = HeaderMap::new();
        for host in ["localhost", "localhost"] {
            twice.append(header::HOST, HeaderValue::from_static(host));
        }
        assert!(
            ours.check(&Uri::default(), &twice).is_err() && ours.check(&Uri::default(), &HeaderMap::new()).is_err()
        );
        assert!(asked("anything.example", "/", &Hosts::new(&[], false)));
        assert!(!asked("anything.example", "/", &Hosts::new(&[], true)));
    }

    #[test]
    fn who_is_not_trusted_asks_for_itself() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let of = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
            }
            client(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            of("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.1.1.1"]),
            "198.51.100.7",
            "the first may be made up"
        );
        assert_eq!(of("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }
}
