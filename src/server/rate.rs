//! How often somebody may ask: each principal, and each address whoever asks from there.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Limits;
use crate::api::{Code, Problem};

/// Buckets that are kept before those that are full again are thrown away.
const BUCKETS: usize = 10_000;

pub(super) struct Rates {
    principals: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Rates {
    pub(super) fn new(limits: &Limits) -> Self {
        let limiter = |per_minute: NonZeroU32| Quota::per_minute(per_minute);
        Self {
            principals: RateLimiter::keyed(limiter(limits.requests_per_minute)),
            addresses: RateLimiter::keyed(limiter(limits.requests_per_minute_per_address)),
            clock: DefaultClock::default(),
        }
    }

    pub(super) fn of_principal(&self, account: &str) -> Result<(), Problem> {
        if self.principals.len() > BUCKETS {
            self.principals.retain_recent();
        }
        let checked = self.principals.check_key(&account.to_owned());
        checked.map_err(|until| too_many("you ask", until.wait_time_from(self.clock.now())))
    }

    pub(super) fn of_address(&self, address: IpAddr) -> Result<(), Problem> {
        if self.addresses.len() > BUCKETS {
            self.addresses.retain_recent();
        }
        let checked = self.addresses.check_key(&whose(address));
        checked.map_err(|until| too_many("your address asks", until.wait_time_from(self.clock.now())))
    }
}

/// Whoever has one address of IPv6 has as a rule the 2^64 around it.
fn whose(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        four => four,
    }
}

fn too_many(who: &str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let seconds = seconds.max(1);
    let mut problem =
        Problem::new(Code::RateLimited, format!("{who} more often than this server allows: wait {seconds} s"));
    problem.error.retry_after = Some(seconds);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_bucket_and_is_told_how_long_to_wait() {
        let three = NonZeroU32::new(3).unwrap();
        let limits = Limits { requests_per_minute: three, requests_per_minute_per_address: three, ..Limits::default() };
        let rates = Rates::new(&limits);
        (0..3).for_each(|_| rates.of_principal("acme/erin").unwrap());
        let refused = rates.of_principal("acme/erin").unwrap_err();
        assert_eq!(refused.error.code, Code::RateLimited);
        assert!((1..=20).contains(&refused.error.retry_after.unwrap()), "{refused:?}");
        rates.of_principal("acme/vic").unwrap();
        let address = |text: &str| rates.of_address(text.parse().unwrap());
        (0..3).for_each(|n| address(&format!("2001:db8::{n}")).unwrap());
        assert!(address("2001:db8::99").is_err(), "the same network");
        address("2001:db8:0:1::1").unwrap();
        (0..3).for_each(|_| address("192.0.2.1").unwrap());
        assert!(address("::ffff:192.0.2.1").is_err(), "the same address");
    }
}
