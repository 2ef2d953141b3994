//! What came of the watching, as rows of text. What a figure is stands below it, once where the next one is the same.

use crate::drift::{Business, Figure};
use crate::tui::widgets::spark::spark;

/// A row: the figure, or what it is.
pub enum Row {
    Figure(String),
    Definition(&'static str),
}

/// Days that are drawn at most.
const BARS: usize = 90;
/// Columns of a name.
const NAME: usize = 27;

/// Every figure, those without data too.
pub fn rows(business: &Business) -> Vec<Row> {
    let figures = business.figures();
    let mut rows = vec![];
    for (at, figure) in figures.iter().enumerate() {
        let Figure { words, definition, .. } = figure;
        rows.push(Row::Figure(format!("{:<NAME$} {words}", figure.title())));
        if figures.get(at + 1).is_none_or(|next| next.definition != *definition) {
            rows.push(Row::Definition(definition));
        }
    }
    rows
}

/// The days themselves: how many drifts were first seen, of which classes and causes. Nothing where there were none.
pub fn days(business: &Business, is_ascii: bool) -> Vec<String> {
    let days: Vec<u32> = business.by_day.iter().map(|drifts| u32::try_from(*drifts).unwrap_or(u32::MAX)).collect();
    let total: u64 = business.by_day.iter().sum();
    if total == 0 {
        return vec![];
    }
    // More of them fit into no row.
    let bars = if days.len() <= BARS { spark(&days, is_ascii) } else { String::new() };
    let span = if days.len() == 1 { "1 day".to_owned() } else { format!("{} days", days.len()) };
    let today = business.by_day.last().copied().unwrap_or_default();
    let classes = business.severities.iter().rev().map(|(class, drifts)| format!("{} {drifts}", class.as_str()));
    let causes = business.causes.iter().map(|one| format!("{} {}", one.cause.words(), one.drifts));
    vec![
        format!("first seen {total} in {span}, {today} today {bars}").trim_end().to_owned(),
        format!("severity   {}", classes.collect::<Vec<_>>().join(", ")),
        format!("cause      {}", causes.collect::<Vec<_>>().join(", ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{Cause, CauseCount, Ratio, SeverityClass};

    #[test]
    fn days_are_told_in_words_beside_the_bars_and_not_at_all_where_nothing_was_found() {
        let business = Business {
            by_day: vec![0, 3, 1],
            severities: [(SeverityClass::High, 1), (SeverityClass::Low, 3)].into(),
            causes: vec![CauseCount { cause: Cause::Unknown, drifts: 4 }],
            ..Business::default()
        };
        assert_eq!(
            days(&business, true),
            ["first seen 4 in 3 days, 1 today _#-", "severity   HIGH 1, LOW 3", "cause      unknown 4"]
        );
        let first = |by_day: Vec<u64>| days(&Business { by_day, ..Business::default() }, true).swap_remove(0);
        assert_eq!(first(vec![2]), "first seen 2 in 1 day, 2 today #");
        assert_eq!(first(vec![1; 365]), "first seen 365 in 365 days, 1 today", "no bar would be seen whole");
        assert_eq!(days(&Business { by_day: vec![0, 0], ..Business::default() }, false), Vec::<String>::new());
    }

    #[test]
    fn what_frameworks_share_is_said_once() {
        let compliance = ["cis", "nist"].map(|of| (of.to_owned(), Ratio { part: 9, of: 10 })).into();
        let rows = rows(&Business { compliance, ..Business::default() });
        let (figures, definitions) = rows.iter().fold((0, 0), |(a, b), row| match row {
            Row::Figure(_) => (a + 1, b),
            Row::Definition(_) => (a, b + 1),
        });
        assert_eq!((figures, definitions), (10, 9));
        assert!(matches!(&rows[0], Row::Figure(text) if text == "detection accuracy          no data"));
    }
}
