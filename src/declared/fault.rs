//! What is wrong with a text that should be JSON, in words for people.

use serde::de::IgnoredAny;

/// `None`: the text is JSON, be it with something behind it. Looks at the structure only.
pub(crate) fn json_fault(text: &[u8]) -> Option<String> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let Some(Err(error)) = values.next() else { return None };
    let at = format!("line {}, column {}", error.line(), error.column());
    let words = error.to_string();
    let words = words.rfind(" at line ").map_or(words.as_str(), |end| &words[..end]);
    Some(match words.strip_prefix("EOF while parsing ") {
        Some(inside) => format!("truncated JSON: the file ends at {at}, inside {inside}"),
        None => format!("broken JSON at {at}: {words}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_and_a_broken_one_are_told_with_their_place() {
        for (text, words) in [
            ("{", "truncated JSON: the file ends at line 1, column 1, inside an object"),
            ("[1", "truncated JSON: the file ends at line 1, column 2, inside a list"),
            ("{\"a\": \"b", "truncated JSON: the file ends at line 1, column 8, inside a string"),
            ("{\n nonsense", "broken JSON at line 2, column 2: key must be a string"),
        ] {
            assert_eq!(json_fault(text.as_bytes()).as_deref(), Some(words));
        }
        for text in ["{}", "[1]", "{}\n{}"] {
            assert_eq!(json_fault(text.as_bytes()), None);
        }
    }
}
