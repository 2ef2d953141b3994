//! Which words of two lines differ.

use std::ops::Range;

use similar::{DiffOp, TextDiff};

/// Longer differing stretches are marked whole: to match their words takes time and helps nobody.
const LONGEST: usize = 2_000;

/// Below this share of common words the stretch counts as replaced.
const ALIKE: f32 = 0.3;

/// The differing byte ranges of both texts, on character borders, in order.
pub fn marks(left: &str, right: &str) -> [Vec<Range<usize>>; 2] {
    let (start, ends) = trimmed(left, right);
    if start == left.len() && start == right.len() {
        return Default::default();
    }
    // Whole words: half a word marked reads badly.
    let start = left[..start].rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| next_char(left, at));
    let ends = [(left, ends[0]), (right, ends[1])]
        .map(|(text, end)| text[end..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |at| end + at));
    let (a, b) = (&left[start..ends[0].max(start)], &right[start..ends[1].max(start)]);
    if a.is_empty() || b.is_empty() || a.len() > LONGEST || b.len() > LONGEST {
        return [a, b].map(|text| one(start, text));
    }
    let diff = TextDiff::from_unicode_words(a, b);
    if diff.ratio() < ALIKE {
        return [a, b].map(|text| one(start, text));
    }
    let mut marks = [Vec::new(), Vec::new()];
    let (a, b) = (offsets(diff.iter_old_slices(), start), offsets(diff.iter_new_slices(), start));
    for op in diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        for (side, offsets, words) in [(0, &a, op.old_range()), (1, &b, op.new_range())] {
            if let (false, Some(from), Some(to)) = (words.is_empty(), offsets.get(words.start), offsets.get(words.end))
            {
                marks[side].push(*from..*to);
            }
        }
    }
    marks
}

/// All of `text`, which begins at byte `start`.
fn one(start: usize, text: &str) -> Vec<Range<usize>> {
    Some(start..start + text.len()).filter(|range| !range.is_empty()).into_iter().collect()
}

/// Where the common beginning ends, and where the common end begins on either side.
fn trimmed(left: &str, right: &str) -> (usize, [usize; 2]) {
    let same = left.chars().zip(right.chars()).take_while(|(a, b)| a == b);
    let start: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let tail = left[start..].chars().rev().zip(right[start..].chars().rev()).take_while(|(a, b)| a == b);
    let common: usize = tail.map(|(c, _)| c.len_utf8()).sum();
    (start, [left.len() - common, right.len() - common])
}

fn next_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// The byte offset of every word, and of the end.
fn offsets<'a>(words: impl Iterator<Item = &'a str>, start: usize) -> Vec<usize> {
    let mut at = start;
    let mut out = vec![at];
    for word in words {
        at += word.len();
        out.push(at);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(left: &str, right: &str) -> [Vec<String>; 2] {
        let [a, b] = marks(left, right);
        let cut = |text: &str, ranges: Vec<Range<usize>>| ranges.into_iter().map(|r| text[r].to_owned()).collect();
        [cut(left, a), cut(right, b)]
    }

    #[test]
    fn the_words_that_differ_are_marked() {
        assert_eq!(marked("\"cidr\": \"10.0.0.0/8\"", "\"cidr\": \"10.0.0.0/16\""), [["8"], ["16"]]);
        assert_eq!(marked("\"a\": true", "\"a\": false"), [["true"], ["false"]]);
        assert_eq!(marked("a b c d e", "a x c y e"), [["b", "d"], ["x", "y"]]);
        assert_eq!(marked("\"port\": 22", "\"port\": 2222"), [["22"], ["2222"]]);
        assert_eq!(marked("[]", "[a]"), [vec![], vec!["a"]]);
        assert_eq!(marked("same", "same"), [Vec::<String>::new(), Vec::new()]);
    }

    proptest! {
        #[test]
        fn marks_lie_on_character_borders_in_order(left in any::<String>(), right in any::<String>()) {
            for (text, ranges) in [&left, &right].into_iter().zip(marks(&left, &right)) {
                let mut last = 0;
                for range in ranges {
                    prop_assert!(range.start >= last && range.start <= range.end);
                    prop_assert!(text.get(range.clone()).is_some());
                    last = range.end;
                }
            }
        }
    }
}
