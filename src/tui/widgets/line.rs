//! Lines of several spans that fit: what is cut says so.

use std::borrow::Cow;

use ratatui::text::{Line, Span};

use super::text;

/// At most `columns`, closed with `…` in the style of what is cut. Blanks at the end are no loss.
pub fn cut<'a>(line: &'a Line<'a>, columns: usize) -> Cow<'a, Line<'a>> {
    if end(line) <= columns {
        return Cow::Borrowed(line);
    }
    let mut left = columns;
    let mut spans: Vec<Span<'a>> = vec![];
    for span in &line.spans {
        let wide = text::width(&span.content);
        // One column is kept for the sign.
        if wide < left {
            spans.push(span.clone());
            left -= wide;
            continue;
        }
        // One more than there is room for, so that it is cut though it would just fit.
        let shown = text::cut(&format!("{}  ", span.content), left);
        spans.push(Span::styled(shown, span.style));
        break;
    }
    Cow::Owned(Line { spans, ..line.clone() })
}

/// The columns up to the last letter.
fn end(line: &Line<'_>) -> usize {
    let (mut columns, mut end) = (0, 0);
    for span in &line.spans {
        let words = span.content.trim_end_matches(' ');
        if !words.is_empty() {
            end = columns + text::width(words);
        }
        columns += text::width(&span.content);
    }
    end
}

/// Hints of keys, two spaces between them: those before the last one give way, since that is the way out.
pub fn hints(keys: &str, columns: usize) -> String {
    let mut hints: Vec<&str> = keys.split("  ").collect();
    while hints.len() > 1 && text::width(&hints.join("  ")) > columns {
        hints.remove(hints.len() - 2);
    }
    text::cut(&hints.join("  "), columns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::{Style, Stylize};

    use super::*;

    fn cut_to(spans: &[&str], columns: usize) -> String {
        let line = Line::from(spans.iter().map(|span| Span::raw(span.to_string())).collect::<Vec<_>>());
        cut(&line, columns).spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn what_is_cut_ends_in_a_sign_and_what_fits_does_not() {
        assert_eq!(cut_to(&["first seen ", "3m ago"], 17), "first seen 3m ago");
        assert_eq!(cut_to(&["first seen ", "3m ago"], 16), "first seen 3m a…");
        assert_eq!(cut_to(&["first seen", " 3m ago"], 10), "first see…");
        assert_eq!(cut_to(&["first", " ", "seen"], 6), "first…");
        assert_eq!(cut_to(&["日本", "語"], 5), "日本…");
        assert_eq!(cut_to(&["日本", "語"], 4), "日…");
        assert_eq!(cut_to(&["blanks   ", "   "], 6).trim_end(), "blanks");
        assert_eq!(cut_to(&["cut once… more"], 10), "cut once…");
        assert_eq!(cut_to(&["a"], 0), "");
    }

    #[test]
    fn the_sign_looks_like_what_it_stands_for() {
        let line = Line::from(vec![Span::raw("ab"), Span::raw("cdef").bold()]);
        assert_eq!(cut(&line, 4).spans[1], Span::styled("c…", Style::new().bold()));
    }

    #[test]
    fn of_the_hints_the_way_out_stays() {
        let keys = "enter go to what it hides  e edit  d delete  esc close";
        assert_eq!(hints(keys, 80), keys);
        assert_eq!(hints(keys, 45), "enter go to what it hides  e edit  esc close");
        assert_eq!(hints(keys, 12), "esc close");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room(spans in prop::collection::vec("[ a-c日…]{0,6}", 0..5), columns in 0_usize..20) {
            let spans: Vec<&str> = spans.iter().map(String::as_str).collect();
            prop_assert!(text::width(cut_to(&spans, columns).trim_end_matches(' ')) <= columns);
        }
    }
}
