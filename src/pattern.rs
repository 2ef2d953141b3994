//! Patterns that name files: `*` stays within one folder, `**` does not.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

const WILDCARDS: [char; 4] = ['*', '?', '[', '{'];

/// Whether it could name more than one file.
pub(crate) fn has_wildcards(pattern: &str) -> bool {
    pattern.contains(WILDCARDS)
}

/// The leading folders without a wildcard, where a search begins; `.` when there are none.
pub(crate) fn fixed_part(pattern: &Path) -> PathBuf {
    let plain = |part: &Component<'_>| !has_wildcards(&part.as_os_str().to_string_lossy());
    let fixed: PathBuf = pattern.components().take_while(plain).collect();
    if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed }
}

/// Matches paths as [`spelled`] gives them.
pub(crate) fn matcher(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(pattern.strip_prefix("./").unwrap_or(pattern)).literal_separator(true).build()?;
    Ok(glob.compile_matcher())
}

/// Without the leading `./`, which a pattern may have and a path below `.` has.
pub(crate) fn spelled(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_begins_below_what_is_fixed() {
        let from = |pattern: &str| fixed_part(Path::new(pattern)).to_string_lossy().into_owned();
        assert_eq!(from("/srv/state/**/*.tfstate"), "/srv/state");
        assert_eq!(from("*/x.json"), ".");
        assert_eq!(from("state/a?/x"), "state");
    }

    #[test]
    fn a_leading_dot_makes_no_difference() {
        for pattern in ["./a/*.json", "a/*.json"] {
            for path in ["./a/x.json", "a/x.json"] {
                assert!(matcher(pattern).unwrap().is_match(spelled(Path::new(path))), "{pattern} {path}");
            }
        }
    }
}
