//! Spans of time: what several of them cover together, and what of them was not looked at yet.

use jiff::{SignedDuration, Timestamp};

/// The first and the last time of something.
pub(super) type Span = (Timestamp, Timestamp);

/// So far before it, and after it.
pub(super) fn around(at: Timestamp, gap: SignedDuration) -> Span {
    (at.checked_sub(gap).unwrap_or(Timestamp::MIN), at.checked_add(gap).unwrap_or(Timestamp::MAX))
}

/// In order, none touching another.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = vec![];
    for (from, until) in spans {
        match merged.last_mut() {
            Some((_, high)) if from <= *high => *high = until.max(*high),
            _ => merged.push((from, until)),
        }
    }
    merged
}

/// The parts of the spans that none of the others covers; ends may be in both. Both are in order, none touching another.
pub(super) fn missing(spans: &[Span], read: &[Span]) -> Vec<Span> {
    let mut parts = vec![];
    for (from, until) in spans {
        let mut at = *from;
        for (low, high) in read.iter().filter(|(low, high)| low <= until && from <= high) {
            if at < *low {
                parts.push((at, *low));
            }
            at = at.max(*high);
        }
        if at < *until {
            parts.push((at, *until));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(of: &[(u8, u8)]) -> Vec<Span> {
        let at = |second: u8| Timestamp::from_second(i64::from(second)).unwrap();
        merged(of.iter().map(|(from, length)| (at(*from), at(from.saturating_add(*length)))).collect())
    }

    proptest! {
        #[test]
        fn what_is_missing_is_what_is_asked_for_and_was_not_read(
            asked in prop::collection::vec((0_u8..200, 1_u8..40), 0..6),
            read in prop::collection::vec((0_u8..200, 1_u8..40), 0..6),
        ) {
            let before = spans(&read);
            let all = merged([before.clone(), spans(&asked)].concat());
            let parts = missing(&all, &before);
            let covers = |spans: &[Span], half: i64| {
                let at = Timestamp::from_millisecond(half * 500).unwrap();
                spans.iter().any(|(from, until)| *from < at && at < *until)
            };
            // Between whole seconds, where no span ends.
            for half in (1..500).step_by(2) {
                prop_assert_eq!(covers(&parts, half), covers(&all, half) && !covers(&before, half), "{}", half);
            }
        }
    }
}
