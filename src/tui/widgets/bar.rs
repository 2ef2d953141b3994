//! Scores as bars, always with their number: no meaning hangs on length or colour alone.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::drift::{Coverage, Score, Severity, SeverityClass};
use crate::tui::theme::{Role, Theme};

/// Eighths of a block, from one to seven.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// Columns of ` 0.62`.
const NUMBER: u16 = 5;

/// A bar and its number in exactly `width` columns: `███▌░░ 0.62`. Too narrow for a bar, the number stands alone; too
/// narrow for that, nothing does. `###... 0.62` where the theme is ASCII.
pub fn confidence(score: Score, width: u16, theme: &Theme) -> Line<'static> {
    scored(score, width, theme.style(Role::Key), theme)
}

/// Four lines, one an axis: `security    ██████░░ 0.75 H`, each in exactly `width` columns where they fit.
pub fn severity(severity: &Severity, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let axes = [
        ("security", severity.security),
        ("performance", severity.performance),
        ("cost", severity.cost),
        ("compliance", severity.compliance),
    ];
    axes.into_iter().map(|(label, score)| axis(label, score, width, theme)).collect()
}

/// How much was verified: `███▌  93 %`, the number alone where there is no room for a bar; `None` where not even that fits, or
/// nothing was compared.
pub fn coverage(coverage: &Coverage, width: u16, theme: &Theme) -> Option<Line<'static>> {
    let number = format!("{:>5}", coverage.verified_percent()?);
    let room = width.checked_sub(NUMBER)?;
    let is_whole = coverage.verified == coverage.total();
    let role = if is_whole { Role::Dim } else { Role::Unverified };
    let mut line = Line::default();
    if room >= 4 {
        let (filled, empty) = bar(coverage.verified_score(), room - 1, theme.is_ascii());
        line.extend([
            Span::styled(filled, theme.style(Role::Key)),
            Span::styled(empty, theme.style(Role::Unverified)),
            Span::raw(" "),
        ]);
    }
    line.push_span(Span::styled(number, theme.style(role)));
    Some(line)
}

/// The role of a severity class.
pub fn role(class: SeverityClass) -> Role {
    match class {
        SeverityClass::Critical => Role::SeverityCritical,
        SeverityClass::High => Role::SeverityHigh,
        SeverityClass::Medium => Role::SeverityMedium,
        SeverityClass::Low => Role::SeverityLow,
    }
}

fn axis(label: &str, score: Score, width: u16, theme: &Theme) -> Line<'static> {
    let class = SeverityClass::of(score);
    let style = theme.style(role(class));
    // A label of 11 columns and a gap before the bar, a gap and the letter after the number.
    let label_width = 12.min(width.saturating_sub(NUMBER + 2));
    let mut line = Line::from(Span::styled(super::text::fit(label, label_width.into()), theme.style(Role::Dim)));
    // A class may stand out by its ground; the bar then has the colour of that.
    let bar = Style { fg: style.bg.or(style.fg), ..Style::new() };
    line.extend(scored(score, width.saturating_sub(label_width + 2), bar, theme));
    if width >= 2 {
        line.push_span(Span::raw(" "));
        line.push_span(Span::styled(class.letter().to_string(), style));
    }
    line
}

fn scored(score: Score, width: u16, full: Style, theme: &Theme) -> Line<'static> {
    let Some(room) = width.checked_sub(NUMBER) else {
        let number = if width == NUMBER - 1 { score.to_string() } else { String::new() };
        return Line::from(format!("{number:width$}", width = width.into()));
    };
    let (filled, empty) = bar(score, room, theme.is_ascii());
    Line::from(vec![
        Span::styled(filled, full),
        Span::styled(empty, theme.style(Role::Dim)),
        Span::raw(" "),
        Span::raw(score.to_string()),
    ])
}

/// The filled and the empty part, together `room` columns. Something above nothing shows, and less than all is not full.
fn bar(score: Score, room: u16, ascii: bool) -> (String, String) {
    let (room, hundredths) = (usize::from(room), usize::from(score.hundredths()));
    let steps = if !ascii { 8 } else { 1 };
    let filled = room * steps * hundredths / 100;
    let filled = if hundredths > 0 { filled.max(1.min(room)) } else { 0 };
    let (whole, part) = (filled / steps, filled % steps);
    let (block, rest) = if !ascii { ("█", "░") } else { ("#", ".") };
    let mut full = block.repeat(whole);
    if part > 0 {
        full.push(EIGHTHS[part - 1]);
    }
    (full, rest.repeat(room - whole - usize::from(part > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hundredths: u8, width: u16, ascii: bool) -> String {
        confidence(Score::percent(hundredths), width, &Theme::default().with_ascii(ascii)).to_string()
    }

    #[test]
    fn a_bar_is_as_long_as_its_score_and_says_the_number() {
        assert_eq!(shown(62, 11, false), "███▋░░ 0.62");
        assert_eq!(shown(62, 11, true), "###... 0.62");
        assert_eq!(shown(0, 9, false), "░░░░ 0.00");
        assert_eq!(shown(1, 9, false), "▏░░░ 0.01");
        assert_eq!(shown(99, 9, false), "███▉ 0.99");
        assert_eq!(shown(100, 9, true), "#### 1.00");
    }

    #[test]
    fn every_width_is_filled_exactly() {
        for (width, ascii) in (0..30).flat_map(|w| [(w, false), (w, true)]) {
            for score in [0, 33, 100] {
                assert_eq!(super::super::text::width(&shown(score, width, ascii)), usize::from(width));
            }
        }
        assert_eq!(shown(62, 4, false), "0.62");
    }

    #[test]
    fn coverage_is_a_bar_and_a_number_that_never_says_more_than_it_is() {
        let of = |verified: u64, unverified: u64, width| {
            let sum = Coverage::all_but(verified + unverified, [(crate::drift::UnverifiedReason::Denied, unverified)]);
            coverage(&sum, width, &Theme::default().with_ascii(true)).map(|line| line.to_string())
        };
        assert_eq!(of(50, 50, 10).as_deref(), Some("##..  50 %"));
        assert_eq!(of(1_000_000, 1, 10).as_deref(), Some("###.  99 %"));
        assert_eq!(of(1, 1_000_000, 10).as_deref(), Some("#...  <1 %"));
        assert_eq!(of(7, 0, 10).as_deref(), Some("#### 100 %"));
        assert_eq!((of(7, 0, 5).as_deref(), of(7, 0, 4), of(0, 0, 10)), (Some("100 %"), None, None));
    }

    #[test]
    fn severities_stand_below_each_other_with_label_number_and_letter() {
        let severity = Severity {
            security: Score::percent(90),
            performance: Score::percent(10),
            cost: Score::percent(30),
            compliance: Score::percent(60),
        };
        let lines: Vec<String> =
            super::severity(&severity, 27, &Theme::default().with_ascii(true)).iter().map(Line::to_string).collect();
        let expect = [
            "security    #######. 0.90 C",
            "performance #....... 0.10 L",
            "cost        ##...... 0.30 M",
            "compliance  ####.... 0.60 H",
        ];
        assert_eq!(lines, expect);
    }
}
