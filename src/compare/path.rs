//! Paths without positions: what an observable path of a reader is matched by.

use std::borrow::Cow;

/// The keys of a path without positions and identities: `rule[id=a].prefix` gives `rule.prefix`. Quoted keys stay as they are.
pub(super) fn skeleton(path: &str) -> Cow<'_, str> {
    if !path.contains('[') {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(open) = rest.find('[') {
        out.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let quoted_key = inside.starts_with('"');
        let close = crate::drift::path::bracket_end(inside);
        if quoted_key {
            out.push('.');
            out.push_str(&inside[..close]);
        }
        rest = inside.get(close + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skeleton_of_a_path_has_only_its_keys() {
        assert_eq!(skeleton("rule[id=\"]\"].a[3].b"), "rule.a.b");
        assert_eq!(skeleton("tags[\"a.b\"].c"), "tags.\"a.b\".c");
    }
}
