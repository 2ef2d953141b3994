//! Ages for people: `now`, `3m`, `2h`, `5d`, and when the next one changes, so that an idle screen can sleep until then.

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// What rounds to a whole one.
const NEARLY_HOUR: i64 = HOUR - MINUTE / 2;
const NEARLY_DAY: i64 = DAY - HOUR / 2;

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

/// How long until a time to come, to the nearest unit: `in 3h`, `soon`; `over` when it has passed.
pub fn until(then: Timestamp, now: Timestamp) -> String {
    match left(then, now) {
        None => "over".into(),
        Some((_, 0, _)) => "soon".into(),
        Some((_, number, name)) => format!("in {number}{name}"),
    }
}

/// The fewest seconds that read like those left, how many units that is, and the unit's name; `None`: it has passed.
fn left(then: Timestamp, now: Timestamp) -> Option<(i64, i64, &'static str)> {
    let seconds = then.duration_since(now).as_secs();
    if seconds < 1 {
        return None;
    }
    if seconds < MINUTE {
        return Some((1, 0, "m"));
    }
    // What would be a whole one of the next unit is that.
    let (size, name, below) = match seconds {
        ..NEARLY_HOUR => (MINUTE, "m", MINUTE),
        NEARLY_HOUR..NEARLY_DAY => (HOUR, "h", NEARLY_HOUR),
        _ => (DAY, "d", NEARLY_DAY),
    };
    let number = ((seconds + size / 2) / size).max(1);
    Some(((number * size - size / 2).max(below), number, name))
}

/// When [`until`] reads differently.
pub fn until_change(then: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let seconds = then.duration_since(now).as_secs();
    let (least, _, _) = left(then, now)?;
    now.checked_add(SignedDuration::from_secs(seconds - least + 1)).ok().map(|at| at.min(then))
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
    fn what_is_left_is_told_to_the_nearest_unit() {
        let said = |seconds| until(at(seconds), at(0));
        let week = 7 * DAY;
        assert_eq!(
            [week, week - 1, week - 11 * HOUR, week - 13 * HOUR].map(said),
            ["in 7d", "in 7d", "in 7d", "in 6d"]
        );
        assert_eq!([2 * HOUR - 1, HOUR - 1, DAY - 1, 29 * HOUR].map(said), ["in 2h", "in 1h", "in 1d", "in 1d"]);
        assert_eq!([0, 1, 59, 60, 89, 90].map(said), ["over", "soon", "soon", "in 1m", "in 1m", "in 2m"]);
    }

    #[test]
    fn what_is_left_reads_the_same_until_its_next_change() {
        for seconds in [1, 59, 60, 61, 89, 90, 3569, 3570, 3600, 5400, 7300, 84_599, 84_600, 86400, 129_600, 259_200] {
            let (now, then) = (at(0), at(seconds));
            let change = until_change(then, now).unwrap();
            let before = change.checked_sub(SignedDuration::from_secs(1)).unwrap();
            assert_eq!(until(then, before), until(then, now), "{seconds}");
            assert!(until(then, change) != until(then, now), "{seconds}");
        }
        assert_eq!(until_change(at(0), at(0)), None);
    }
}
