//! The arithmetic of a scroll bar.

/// Where the thumb on a track of `track` cells stands, for `shown` of `total` rows from `first` on: first cell and length.
/// `None` when everything is visible.
pub fn thumb(first: usize, shown: usize, total: usize, track: usize) -> Option<(usize, usize)> {
    if track == 0 || shown >= total {
        return None;
    }
    let length = (track * shown / total).clamp(1, track);
    let room = track - length;
    let hidden = total - shown;
    // Only the very top and the very bottom touch the ends.
    let start = match first.min(hidden) {
        0 => 0,
        above if above == hidden => room,
        above if room < 2 => room.min(1) * above * 2 / (hidden + 1),
        above => (room * above / hidden).clamp(1, room - 1),
    };
    Some((start, length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_are_touched_only_at_the_ends() {
        assert_eq!(thumb(0, 10, 100, 10), Some((0, 1)));
        assert_eq!(thumb(1, 10, 100, 10), Some((1, 1)));
        assert_eq!(thumb(89, 10, 100, 10), Some((8, 1)));
        assert_eq!(thumb(90, 10, 100, 10), Some((9, 1)));
        assert_eq!(thumb(0, 10, 10, 10), None);
    }

    proptest! {
        #[test]
        fn the_thumb_is_always_on_its_track(
            first in 0_usize..600, shown in 0_usize..60, total in 0_usize..500, track in 0_usize..50,
        ) {
            if let Some((start, length)) = thumb(first, shown, total, track) {
                prop_assert!(length >= 1 && start + length <= track);
            }
        }
    }
}
