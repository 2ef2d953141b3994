//! The arithmetic of a list that shows a window of many rows. Pure functions; drawing is the pane's.

/// The rows on the screen, and what lies beyond them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    /// Index of the first visible row.
    pub first: usize,
    /// Visible rows.
    pub len: usize,
    /// Rows hidden above.
    pub above: usize,
    /// Rows hidden below.
    pub below: usize,
}

/// The window of `height` rows over `total`, moved from `first` no further than needed to keep `selected` visible with
/// `margin` rows around it where there are any. Never leaves empty rows at the end while rows are hidden above.
pub fn window(total: usize, height: usize, first: usize, selected: Option<usize>, margin: usize) -> Window {
    let last_first = total.saturating_sub(height);
    let mut first = first.min(last_first);
    if let Some(selected) = selected.filter(|_| total > 0 && height > 0) {
        let selected = selected.min(total - 1);
        let margin = margin.min((height - 1) / 2);
        let lowest = (selected + margin + 1).saturating_sub(height);
        first = first.clamp(lowest, selected.saturating_sub(margin).max(lowest)).min(last_first);
    }
    let len = height.min(total - first);
    Window { first, len, above: first, below: total - first - len }
}

/// Where the thumb of a scrollbar of `track` cells stands: first cell and length. `None` when everything is visible.
pub fn thumb(window: Window, track: usize) -> Option<(usize, usize)> {
    let total = window.above + window.len + window.below;
    if track == 0 || window.len >= total {
        return None;
    }
    let length = (track * window.len / total).clamp(1, track);
    let room = track - length;
    let hidden = window.above + window.below;
    // Only the very top and the very bottom touch the ends.
    let start = match (window.above, window.below) {
        (0, _) => 0,
        (_, 0) => room,
        _ if room < 2 => room.min(1) * window.above * 2 / (hidden + 1),
        _ => (room * window.above / hidden).clamp(1, room - 1),
    };
    Some((start, length))
}

/// `↑3 ↓120`, empty when everything is visible.
pub fn indicator(window: Window, ascii: bool) -> String {
    let (up, down) = if ascii { ('^', 'v') } else { ('↑', '↓') };
    let part = |sign: char, n: usize| (n > 0).then(|| format!("{sign}{}", super::text::count(n as u64)));
    [part(up, window.above), part(down, window.below)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_window_moves_no_further_than_the_selection_needs() {
        assert_eq!(window(100, 10, 0, Some(5), 0).first, 0);
        assert_eq!(window(100, 10, 0, Some(10), 0).first, 1);
        assert_eq!(window(100, 10, 0, Some(10), 2).first, 3);
        assert_eq!(window(100, 10, 50, Some(50), 2).first, 48);
        assert_eq!(window(100, 10, 50, Some(0), 2).first, 0);
        assert_eq!(window(100, 10, 0, Some(99), 2).first, 90);
        assert_eq!(window(3, 10, 7, None, 0), Window { first: 0, len: 3, above: 0, below: 0 });
    }

    #[test]
    fn the_indicator_counts_what_is_hidden() {
        assert_eq!(indicator(window(1500, 10, 3, None, 0), false), "↑3 ↓1.4k");
        assert_eq!(indicator(window(20, 10, 0, None, 0), true), "v10");
        assert_eq!(indicator(window(5, 10, 0, None, 0), false), "");
    }

    proptest! {
        #[test]
        fn the_selection_is_always_visible_and_the_thumb_on_its_track(
            total in 0_usize..500, height in 0_usize..60, first in 0_usize..600, selected in 0_usize..600,
            margin in 0_usize..9, track in 0_usize..50,
        ) {
            let w = window(total, height, first, Some(selected), margin);
            prop_assert_eq!(w.above + w.len + w.below, total);
            prop_assert_eq!(w.len, height.min(total));
            if w.len > 0 {
                let selected = selected.min(total - 1);
                prop_assert!(w.first <= selected && selected < w.first + w.len);
            }
            if let Some((start, length)) = thumb(w, track) {
                prop_assert!(length >= 1 && start + length <= track);
                prop_assert_eq!(start == 0, w.above == 0 || track == length || start == 0);
            }
        }
    }
}
