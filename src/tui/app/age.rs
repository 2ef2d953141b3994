//! Ages for people: `now`, `3m`, `2h`, `5d`, and when the next one changes, so that an idle screen can sleep until then.

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn unit(seconds: i64) -> (i64, &'static str) {
    match seconds {
        ..HOUR => (MINUTE, "m"),
        HOUR..DAY => (HOUR, "h"),
        _ => (DAY, "d"),
    }
}

/// At most four columns for anything younger than ten years. A time to come counts as `now`.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    match seconds {
        ..MINUTE => "now".into(),
        _ => {
            let (size, name) = unit(seconds);
            format!("{}{name}", seconds / size)
        }
    }
}

/// When [`age`] of `then` reads differently.
pub fn next_change(then: Timestamp, now: Timestamp) -> Timestamp {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (size, _) = unit(seconds);
    // A future time changes a minute after it has come.
    let base = if then > now { then } else { now };
    let left = if then > now { MINUTE } else { size - seconds % size };
    base.checked_add(SignedDuration::from_secs(left)).unwrap_or(Timestamp::MAX)
}

/// How long until a time to come: `in 3h`, `soon`; `over` when it has passed.
pub fn until(then: Timestamp, now: Timestamp) -> String {
    let seconds = then.duration_since(now).as_secs();
    match seconds {
        ..=0 => "over".into(),
        1..MINUTE => "soon".into(),
        _ => {
            let (size, name) = unit(seconds);
            format!("in {}{name}", seconds / size)
        }
    }
}

/// When [`until`] reads differently.
pub fn until_change(then: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let seconds = then.duration_since(now).as_secs();
    let left = seconds % unit(seconds).0 + 1;
    (seconds > 0).then(|| now.checked_add(SignedDuration::from_secs(left)).ok()).flatten().map(|at| at.min(then))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn an_age_has_one_unit() {
        let ages: Vec<_> = [0, 59, 60, 3599, 3600, 86399, 86400, 864_000].map(|s| age(at(0), at(s))).into();
        assert_eq!(ages, ["now", "now", "1m", "59m", "1h", "23h", "1d", "10d"]);
    }

    #[test]
    fn an_age_reads_the_same_until_its_next_change() {
        for seconds in [0, 1, 59, 60, 119, 3599, 3600, 7300, 86399, 86400, 100_000] {
            let (then, now) = (at(0), at(seconds));
            let change = next_change(then, now);
            let before = change.checked_sub(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(age(then, before.max(now)), age(then, now), "{seconds}");
            assert_ne!(age(then, change), age(then, now), "{seconds}");
        }
    }

    #[test]
    fn what_is_left_reads_the_same_until_its_next_change() {
        for seconds in [1, 59, 60, 61, 3600, 7300, 86400, 259_200] {
            let (now, then) = (at(0), at(seconds));
            let change = until_change(then, now).unwrap();
            let before = change.checked_sub(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(until(then, before), until(then, now), "{seconds}");
            assert!(until(then, change) != until(then, now), "{seconds}");
        }
        assert_eq!(until_change(at(0), at(0)), None);
    }
}
