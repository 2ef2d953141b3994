//! Images of containers: what a name pins.

use super::leaf::Leaf;
use super::{Lean, word};

pub(super) fn read(leaf: &Leaf<'_>) -> Option<Lean> {
    let [last] = leaf.last() else { return None };
    if last != "image" {
        return None;
    }
    let (before, after) = (pinned(&word(leaf.declared)?), pinned(&word(leaf.actual)?));
    let why = if after < before { "its image is pinned less" } else { "its image is pinned more" };
    (before != after).then(|| Lean::new(after < before, 2, why))
}

/// 0: whatever is the latest; 1: a tag, which may be moved; 2: a digest.
fn pinned(image: &str) -> u8 {
    let name = image.rsplit('/').next().unwrap_or_default();
    match name.split_once(':') {
        Some(_) if image.contains("@sha256:") => 2,
        None | Some((_, "latest")) => 0,
        Some(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::pinned;

    #[test]
    fn a_digest_pins_more_than_a_tag_and_a_tag_more_than_none() {
        for (image, expected) in [
            ("nginx", 0),
            ("nginx:latest", 0),
            ("registry:5000/team/nginx", 0),
            ("registry:5000/team/nginx:1.27", 1),
            ("nginx@sha256:0123", 2),
        ] {
            assert_eq!(pinned(image), expected, "{image}");
        }
    }
}
