//! Where the server listens, to whom, and how much of it anybody may have.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

use super::{Certificate, Hooks};

/// Where and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Loopback unless somebody says otherwise.
    pub listen: SocketAddr,
    /// Without one only this machine is listened to.
    pub certificate: Option<Certificate>,
    pub limits: Limits,
    pub hooks: Hooks,
}

impl Options {
    /// Without a certificate, within the usual limits.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen, certificate: None, limits: Limits::default(), hooks: Hooks::default() }
    }
}

/// How much of the server anybody may have; `[server]` of the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Limits {
    /// Names it is asked by. None: on loopback those of this machine, elsewhere any.
    pub hosts: Vec<String>,
    /// Web pages that may ask it.
    pub origins: Vec<String>,
    /// Who is believed when it says for whom it asks.
    pub trusted_proxies: Vec<IpNet>,
    /// Of one principal, all at once if need be.
    pub requests_per_minute: NonZeroU32,
    /// Of one address, whoever asks from there.
    pub requests_per_minute_per_address: NonZeroU32,
    /// Of one principal.
    pub feeds: usize,
    pub connections: usize,
    /// Until the head of a request is there.
    pub header_timeout: Duration,
    /// Until its body is there.
    pub body_timeout: Duration,
    /// Until it is answered.
    pub request_timeout: Duration,
    /// For which a reader may take nothing.
    pub stall_timeout: Duration,
    /// Between two looks whether somebody who follows the feed still may.
    pub recheck: Duration,
    /// Tells those of an organisation who looks at what.
    pub presence: bool,
    /// For what is under way when the server leaves.
    pub drain: Duration,
    /// Opens `/metrics` to those who are not on this machine.
    pub metrics_token: Option<String>,
}

impl Default for Limits {
    fn default() -> Self {
        let per_minute = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let seconds = Duration::from_secs;
        Self {
            hosts: vec![],
            origins: vec![],
            trusted_proxies: vec![],
            requests_per_minute: per_minute(3_000),
            requests_per_minute_per_address: per_minute(30_000),
            feeds: 64,
            connections: 4_096,
            header_timeout: seconds(15),
            body_timeout: seconds(30),
            request_timeout: seconds(60),
            stall_timeout: seconds(30),
            recheck: seconds(20),
            presence: true,
            drain: seconds(20),
            metrics_token: None,
        }
    }
}
