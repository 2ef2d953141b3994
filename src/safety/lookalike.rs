//! Names that are not what they look like: letters of other scripts that read as ours (UTS #39), without changing any name.

use unicode_security::{MixedScript, skeleton};

/// Stands before a name that is not pure ASCII: what it is exactly says the [escaped](escaped) form.
pub const MARK: &str = "≠";

/// Bytes of an escaped name; more is cut.
const LONGEST: usize = 400;

/// Every character beyond printable ASCII as `\\u{43e}`.
pub fn escaped(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            ' '..='~' => out.push(c),
            other => out.extend(other.escape_unicode()),
        }
        if out.len() > LONGEST {
            out.push_str("...");
            break;
        }
    }
    out
}

/// A word of the name has letters of scripts that do not go together.
pub fn mixes_scripts(name: &str) -> bool {
    name.split(|c: char| !c.is_alphanumeric()).any(|word| !word.is_single_script())
}

/// Two different names that a person cannot tell apart. ASCII names are left alone: `web-1` beside `web-l` is common.
pub fn reads_like(name: &str, other: &str) -> bool {
    let foreign = !name.is_ascii() || !other.is_ascii();
    foreign && name != other && skeleton(name).eq(skeleton(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_of_another_script_is_found_and_named() {
        assert_eq!(escaped("pr\u{43e}d\u{7}"), "pr\\u{43e}d\\u{7}");
        assert!(mixes_scripts("aws_instance.pr\u{43e}d") && !mixes_scripts("aws_instance.prod"));
        assert!(!mixes_scripts("aws_instance.прод") && !mixes_scripts("tags.größe") && !mixes_scripts("データベース1"));
        assert!(reads_like("prod", "pr\u{43e}d") && reads_like("pr\u{43e}d", "prod"));
        assert!(!reads_like("prod", "prod") && !reads_like("web-1", "web-l") && !reads_like("prod", "größe"));
        assert!(escaped(&"ж".repeat(1_000)).len() <= LONGEST + 13);
    }
}
