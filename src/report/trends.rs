//! How often things happen where, in words with a row of bars beside them: no bars without words.

use crate::drift::{Pulse, Slug, Trend};
use crate::tui::widgets::spark::spark;
use crate::tui::widgets::text;

/// Columns of the numbers and bars of four weeks.
const BARS: usize = 51;

/// What is known of one environment, in so many columns where the words allow it. The first line is about now.
pub fn lines(pulse: &Pulse, width: usize, is_ascii: bool) -> Vec<String> {
    let mut lines = vec![pulse.says.line()];
    lines.extend(weeks(&pulse.trend, is_ascii));
    lines.extend(pulse.forecast.as_ref().map(|forecast| forecast.words()));
    let widest = pulse.types.iter().map(|one| text::width(&one.of.line())).max().unwrap_or(0);
    let widest = widest.min(width.saturating_sub(BARS)).max(10);
    lines.extend(pulse.types.iter().filter_map(|one| of_type(one, widest, is_ascii)));
    lines
}

/// Where nothing is known.
pub fn unknown(slug: &Slug) -> String {
    format!("{slug}: nothing is known yet; what is usual is learnt from its scans")
}

/// `14 in 28 days ▁▁▂█`; nothing where there was nothing.
pub fn weeks(days: &[u32], is_ascii: bool) -> Option<String> {
    let bars = spark(days, is_ascii);
    (!bars.is_empty()).then(|| format!("{} in {} days {bars}", days.iter().sum::<u32>(), days.len()))
}

/// `14 in 28 days, 1 today ▁▁▂█`; nothing where there was nothing.
fn trend(days: &[u32], is_ascii: bool) -> Option<String> {
    let (weeks, today) = (weeks(days, is_ascii)?, days.last()?);
    let (words, bars) = weeks.rsplit_once(' ')?;
    Some(format!("{words}, {today} today {bars}"))
}

fn of_type(trend: &Trend, width: usize, is_ascii: bool) -> Option<String> {
    let name = text::fit(&trend.of.line(), width);
    Some(format!("{name} {}", self::trend(&trend.days, is_ascii)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_their_numbers_beside_them_and_nothing_is_drawn_of_nothing() {
        assert_eq!(trend(&[0, 1, 3], false).unwrap(), "4 in 3 days, 3 today ▁▄█");
        assert_eq!(trend(&[0, 1, 3], true).unwrap(), "4 in 3 days, 3 today _-#");
        assert_eq!((trend(&[0, 0], false), trend(&[], false)), (None, None));
    }
}
