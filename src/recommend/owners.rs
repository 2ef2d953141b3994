//! Who decides about a resource: the owner its tags name, else the owners of the file that declares it, by the CODEOWNERS of its
//! repository, else whoever the configuration names. GitHub and GitLab look for it in the same places, and the last line that
//! fits counts (docs.github.com, "About code owners"; docs.gitlab.com, "Code Owners").

use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::{Case, Policies};
use crate::safety::Tainted;

const PLACES: [&str; 4] = ["CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"];
/// GitHub reads no larger one.
const FILE_MAX: u64 = 3 * 1024 * 1024;

/// With where that is from; `None`: nobody is named.
pub(super) fn decides(case: &Case<'_>, policies: &Policies) -> Option<Tainted> {
    let tagged = policies.owner_tags.iter().find_map(|wanted| {
        let of_it = |(name, value): &&(Tainted, Tainted)| name.raw() == wanted && !value.is_empty();
        let (_, owner) = case.tags.iter().find(of_it)?;
        Some(format!("{} (by the tag {wanted})", owner.raw()).into())
    });
    let by_file = || {
        let (code, spot) = (case.code?, case.code?.spot(case.facts.resource).ok()?);
        let owners = code.owners(&spot.file);
        (!owners.is_empty()).then(|| format!("{} (owners of {} by CODEOWNERS)", owners.join(" "), spot.shown()).into())
    };
    tagged.or_else(by_file).or_else(|| policies.escalate_to.clone())
}

/// The lines of one file.
#[derive(Default, Debug)]
pub(super) struct Owners {
    /// Absolute; patterns are seen from here.
    root: PathBuf,
    lines: Vec<(Vec<GlobMatcher>, Vec<String>)>,
}

impl Owners {
    /// From the repository around a directory; nothing where there is none.
    pub fn of(directory: &Path) -> Self {
        let Ok(directory) = fs::canonicalize(directory) else { return Self::default() };
        let is_small =
            |path: &PathBuf| fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= FILE_MAX);
        for above in directory.ancestors() {
            if let Some(text) = PLACES
                .iter()
                .map(|place| above.join(place))
                .find(is_small)
                .and_then(|file| fs::read_to_string(file).ok())
            {
                return Self { root: above.to_owned(), lines: text.lines().filter_map(line).collect() };
            }
            // Beyond its repository nothing speaks for it.
            if above.join(".git").exists() {
                break;
            }
        }
        Self::default()
    }

    pub fn of_file(&self, file: &Path) -> Vec<String> {
        let Ok(file) = fs::canonicalize(file) else { return vec![] };
        let Ok(inside) = file.strip_prefix(&self.root) else { return vec![] };
        let fits = |globs: &[GlobMatcher]| globs.iter().any(|glob| glob.is_match(inside));
        self.lines.iter().rev().find(|(globs, _)| fits(globs)).map(|(_, owners)| owners.clone()).unwrap_or_default()
    }
}

/// `None`: a comment, a section or a pattern that cannot be read. A line without owners says that nobody owns it.
fn line(text: &str) -> Option<(Vec<GlobMatcher>, Vec<String>)> {
    let text = text.split_once(" #").map_or(text, |(before, _)| before).trim();
    if text.is_empty() || text.starts_with(['#', '[', '^']) {
        return None;
    }
    let mut words = text.split_whitespace();
    let globs = globs(words.next()?)?;
    Some((globs, words.map(str::to_owned).collect()))
}

/// As in a `.gitignore`: with a slash inside it is seen from the root, else anywhere; a directory is all that is below it.
fn globs(pattern: &str) -> Option<Vec<GlobMatcher>> {
    let (bare, is_directory) = (pattern.trim_matches('/'), pattern.ends_with('/'));
    let is_anchored = pattern.starts_with('/') || bare.contains('/');
    let start = if is_anchored || bare.starts_with("**") { bare.to_owned() } else { format!("**/{bare}") };
    let below = format!("{start}/**");
    let all = if is_directory { vec![below] } else { vec![start, below] };
    let glob = |text: String| GlobBuilder::new(&text).literal_separator(true).build().ok();
    all.into_iter().map(|text| glob(text).map(|glob| glob.compile_matcher())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_fits_names_the_owners() {
        let repository = tempfile::tempdir().unwrap();
        let (root, net) = (repository.path(), repository.path().join("live/net"));
        fs::create_dir_all(&net).unwrap();
        fs::create_dir_all(root.join(".github")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        let text = "# who\n* @all\n/live/ @platform @ops # both\n*.tf @terraform\n/live/net/secret.tf\n";
        fs::write(root.join(".github/CODEOWNERS"), text).unwrap();
        for name in ["main.tf", "secret.tf", "notes.md"] {
            fs::write(net.join(name), "").unwrap();
        }
        fs::write(root.join("README.md"), "").unwrap();
        let owners = Owners::of(&net);
        assert_eq!(owners.of_file(&net.join("main.tf")), ["@terraform"]);
        assert_eq!(owners.of_file(&net.join("notes.md")), ["@platform", "@ops"]);
        assert_eq!(owners.of_file(&root.join("README.md")), ["@all"]);
        assert!(owners.of_file(&net.join("secret.tf")).is_empty(), "a line without owners takes them away");
        assert!(owners.of_file(Path::new("/etc/passwd")).is_empty(), "it is in no repository");
    }

    #[test]
    fn what_cannot_be_read_names_nobody() {
        let empty = tempfile::tempdir().unwrap();
        fs::create_dir_all(empty.path().join(".git")).unwrap();
        fs::write(empty.path().join("CODEOWNERS"), "[a\u{1b} @x\n[[[ @y\n").unwrap();
        fs::write(empty.path().join("a.tf"), "").unwrap();
        assert!(Owners::of(empty.path()).of_file(&empty.path().join("a.tf")).is_empty());
        assert!(Owners::of(Path::new("/nowhere/at/all")).of_file(Path::new("x")).is_empty());
    }
}
