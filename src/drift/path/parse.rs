//! Reads a [`PropertyPath`](super::PropertyPath) back into its steps.

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// A key of an object.
    Key(String),
    /// A position in a list.
    Index(usize),
    /// A list element by the values of some of its keys.
    Identity(Vec<(String, String)>),
    /// An element of a set by its own value.
    SetValue(String),
}

/// The steps, and whether the path is whole: a path that was cut ends in `…` and its last step cannot be trusted, so it is
/// left out. Never fails: what is not understood counts as a key or an identity that nothing has.
pub(crate) fn parse(path: &str) -> (Vec<Step>, bool) {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = bracket_end(inner);
            steps.push(bracketed(&inner[..end]));
            rest = inner[end..].strip_prefix(']').unwrap_or_default();
        } else {
            let key = rest.strip_prefix('.').unwrap_or(rest);
            let end = key.find(['.', '[']).unwrap_or(key.len());
            if end > 0 {
                steps.push(Step::Key(key[..end].to_owned()));
            }
            rest = &key[end..];
        }
    }
    let whole = !path.ends_with('…');
    if !whole {
        steps.pop();
    }
    (steps, whole)
}

/// Position of the `]` that ends a bracket, quoted strings skipped; the end when there is none.
pub(crate) fn bracket_end(inner: &str) -> usize {
    outside_quotes(inner).find(|(_, c)| *c == ']').map_or(inner.len(), |(at, _)| at)
}

/// The characters that stand in no JSON string, with their positions.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().filter(move |(_, c)| {
        let inside = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        !inside
    })
}

fn bracketed(inner: &str) -> Step {
    if let Ok(index) = inner.parse() {
        Step::Index(index)
    } else if let Some(value) = inner.strip_prefix('=') {
        Step::SetValue(unquoted(value))
    } else if outside_quotes(inner).any(|(_, c)| c == '=') {
        Step::Identity(pairs(inner))
    } else {
        Step::Key(unquoted(inner))
    }
}

fn pairs(inner: &str) -> Vec<(String, String)> {
    let (mut pairs, mut start, mut equals) = (Vec::new(), 0, None);
    for (at, c) in outside_quotes(inner).chain([(inner.len(), ',')]) {
        match (c, equals) {
            ('=', None) => equals = Some(at),
            (',', Some(equals_at)) => {
                pairs.push((unquoted(&inner[start..equals_at]), unquoted(&inner[equals_at + 1..at])));
                (start, equals) = (at + 1, None);
            }
            (',', None) => start = at + 1,
            _ => {}
        }
    }
    pairs
}

fn unquoted(text: &str) -> String {
    let quoted = text.starts_with('"').then(|| serde_json::from_str::<String>(text).ok()).flatten();
    quoted.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::PathBuilder;
    use super::*;

    fn written(steps: &[Step]) -> PathBuilder {
        let mut path = PathBuilder::new();
        for step in steps {
            path.push(step);
        }
        path
    }

    fn step() -> impl Strategy<Value = Step> {
        let text = || "[a-c\\[\\]\"=,. \\\\\n…]{0,6}|\\PC{0,4}";
        prop_oneof![
            text().prop_map(Step::Key),
            any::<usize>().prop_map(Step::Index),
            proptest::collection::vec((text(), text()), 1..3).prop_map(Step::Identity),
            text().prop_map(Step::SetValue),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(steps in proptest::collection::vec(step(), 0..5)) {
            let path = written(&steps);
            // A key that ends in the mark of a cut path is taken for one.
            prop_assume!(!path.as_str().ends_with('…'));
            prop_assert_eq!(parse(path.as_str()), (steps, true));
        }

        #[test]
        fn any_text_can_be_read(text in any::<String>(), other in "[a\\[\\]\"=,.0…\\\\]{0,20}") {
            parse(&text);
            parse(&other);
        }
    }

    #[test]
    fn a_cut_path_is_read_up_to_its_last_whole_step() {
        assert_eq!(parse("a.b…"), (vec![Step::Key("a".into())], false));
    }
}
