//! `.driftignore` files, as driftctl reads them.
//!
//! One pattern a line over `<type>.<id>` and `<type>.<id>.<path>`; blank lines and lines that start with `#` say nothing.
//! `*`, `?`, `[ab]` and `\` work as in a `.gitignore` over a single name (`/` is nothing special), `!` takes back, the last
//! line that matches wins. A pattern also covers what lies below it: `aws_route` is every route, `aws_s3_bucket.logs.tags`
//! every tag of that bucket. A line that is no pattern matches nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use globset::{GlobBuilder, GlobMatcher};

use super::ResourceRef;
use super::path::{Step, parse};

/// Patterns of one file and of `--ignore`.
#[derive(Default, Debug)]
pub struct DriftIgnore {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    text: String,
    /// `!`: what it matches is not ignored.
    takes_back: bool,
    /// `None`: no pattern; it stays among the unused ones.
    itself: Option<GlobMatcher>,
    below: Option<GlobMatcher>,
    used: AtomicBool,
}

impl PartialEq for DriftIgnore {
    fn eq(&self, other: &Self) -> bool {
        self.lines.iter().map(|l| &l.text).eq(other.lines.iter().map(|l| &l.text))
    }
}

impl DriftIgnore {
    /// Adds the patterns of a file's text.
    pub fn add(&mut self, text: &str) {
        self.lines.extend(text.lines().filter_map(Line::parse));
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether the resource as a whole is ignored: by its type with its cloud id, or with its name in the code.
    pub fn covers(&self, resource: &ResourceRef) -> bool {
        !self.lines.is_empty() && self.ignores(&subjects(resource))
    }

    /// Whether a change of the resource at a property path is ignored.
    pub fn covers_path(&self, resource: &ResourceRef, path: &str) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let [keys, steps] = dotted(path);
        let subjects = subjects(resource);
        let full = |path: &str| subjects.iter().map(|s| format!("{s}.{path}")).collect::<Vec<_>>();
        self.ignores(&[full(&keys), full(&steps)].concat())
    }

    fn ignores(&self, subjects: &[String]) -> bool {
        let names: Vec<String> = subjects.iter().map(|s| s.replace('/', SLASH)).collect();
        let last = self.lines.iter().rev().find(|line| names.iter().any(|name| line.matches(name)));
        last.is_some_and(|line| {
            line.used.store(true, Ordering::Relaxed);
            !line.takes_back
        })
    }

    /// Lines that have matched nothing so far.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|line| !line.used.load(Ordering::Relaxed)).map(|line| line.text.as_str())
    }
}

/// Stands for `/`, which must not separate anything.
const SLASH: &str = "_-_";

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\r', ' ']);
        if text.trim().is_empty() || text.starts_with('#') {
            return None;
        }
        let (takes_back, pattern) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let itself = glob(pattern);
        let below = if pattern.ends_with('*') { itself.clone() } else { glob(&format!("{pattern}.*")) };
        Some(Self { text: text.to_owned(), takes_back, itself, below, used: AtomicBool::new(false) })
    }

    fn matches(&self, name: &str) -> bool {
        [&self.itself, &self.below].into_iter().flatten().any(|glob| glob.is_match(name))
    }
}

/// Braces mean themselves here.
fn glob(pattern: &str) -> Option<GlobMatcher> {
    let mut text = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.replace('/', SLASH).chars() {
        if !escaped && matches!(c, '{' | '}') {
            text.push('\\');
        }
        escaped = !escaped && c == '\\';
        text.push(c);
    }
    let glob = GlobBuilder::new(&text).literal_separator(false).backslash_escape(true).build().ok()?;
    Some(glob.compile_matcher())
}

/// What a resource is called: type and cloud id, type and name in the code, and its address.
fn subjects(resource: &ResourceRef) -> Vec<String> {
    let kind = resource.resource_type.raw();
    let address = resource.resource_id.raw();
    let mut out = Vec::new();
    out.extend(resource.provider_id.as_ref().map(|id| format!("{kind}.{}", id.raw())));
    let dotted = format!("{kind}.");
    if !address.starts_with(&dotted) {
        out.push(format!("{kind}.{address}"));
    }
    out.push(address.to_owned());
    out
}

/// The keys of a path, and its keys with positions and identities, both dotted.
fn dotted(path: &str) -> [String; 2] {
    let (mut keys, mut all) = (Vec::new(), Vec::new());
    for step in parse(path).0 {
        match step {
            Step::Key(key) => {
                keys.push(key.clone());
                all.push(key);
            }
            Step::Index(index) => all.push(index.to_string()),
            Step::Identity(pairs) => all.extend(pairs.into_iter().map(|(_, value)| value)),
            Step::SetValue(value) => all.push(value),
        }
    }
    [keys, all].map(|steps| steps.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: &str, id: &str) -> ResourceRef {
        ResourceRef {
            resource_type: kind.into(),
            resource_id: format!("{kind}.in_code").into(),
            previous_address: None,
            provider_id: Some(id.into()),
            declared_in: None,
        }
    }

    fn file(text: &str) -> DriftIgnore {
        let mut file = DriftIgnore::default();
        file.add(text);
        file
    }

    fn covers(text: &str, kind: &str, id: &str) -> bool {
        file(text).covers(&resource(kind, id))
    }

    #[test]
    fn a_resource_is_ignored_by_type_and_id() {
        let text = "aws_vpc.v1\naws_role.*\nweird.id\\.with\\.dots\nweird.ends\\\\\nweird.a\\\\b\n";
        for (kind, id, ignored) in [
            ("aws_vpc", "v1", true),
            ("aws_vpc", "v12", false),
            ("aws_role", "with/slash", true),
            ("weird", "id.with.dots", true),
            ("weird", "idXwithXdots", false),
            ("weird", "ends\\", true),
            ("weird", "a\\b", true),
        ] {
            assert_eq!(covers(text, kind, id), ignored, "{kind} {id}");
        }
    }

    #[test]
    fn stars_cross_dots_and_slashes() {
        let text = "*2**.**d1*\ntype3.id1***0\n\n# not *** a pattern\n";
        for (kind, id, ignored) in [
            ("type1", "id1", false),
            ("type2", "id11", true),
            ("type2", "id2", false),
            ("type3", "id100", true),
            ("type3", "id101", false),
        ] {
            assert_eq!(covers(text, kind, id), ignored, "{kind} {id}");
        }
    }

    #[test]
    fn an_exclamation_mark_takes_back_and_the_last_match_wins() {
        let text = "*\n!iam_*\niam_user.bot\n!some.with/slash";
        assert!(covers(text, "aws_vpc", "a") && covers(text, "iam_user", "bot"));
        assert!(!covers(text, "iam_role", "a") && !covers(text, "some", "with/slash"));
        assert!(covers(text, "some", "with/slash/"));
    }

    #[test]
    fn a_bare_type_covers_all_of_it_and_not_its_longer_namesake() {
        assert!(covers("aws_route", "aws_route", "r-1"));
        assert!(!covers("aws_route", "aws_route_table", "rtb-1"));
    }

    #[test]
    fn the_name_in_the_code_counts_as_well_as_the_cloud_id() {
        assert!(covers("aws_vpc.in_code", "aws_vpc", "vpc-1"));
        let mut nested = resource("aws_vpc", "vpc-1");
        nested.resource_id = "module.net.aws_vpc.main[0]".into();
        assert!(file("module.net.*").covers(&nested) && file("aws_vpc.module.net.*").covers(&nested));
    }

    #[test]
    fn a_path_is_ignored_with_all_below_it() {
        let text = "t.full.json\nt.any.*.baz\nt.end.struct\nt.list.rule.0.port\nt.list.tags.Name\n";
        for (id, path, ignored) in [
            ("full", "json", true),
            ("full", "jsonx", false),
            ("any", "struct.baz", true),
            ("any", "struct.bar", false),
            ("end", "struct.bar", true),
            ("list", "rule[0].port", true),
            ("list", "rule[1].port", false),
            ("list", "tags[Key=Name].Value", true),
        ] {
            assert_eq!(file(text).covers_path(&resource("t", id), path), ignored, "{id} {path}");
        }
        let all = file("*\n!*.bar");
        assert!(
            all.covers_path(&resource("t", "x"), "struct.baz") && !all.covers_path(&resource("t", "x"), "struct.bar")
        );
    }

    #[test]
    fn lines_that_are_no_patterns_match_nothing_and_unused_ones_are_known() {
        let file = file("4(\"è-(_ç'è-ç'(\"\n\\\n[\n.\naws_vpc.v1\naws_vpc.{a,b}\n");
        assert!(file.covers(&resource("aws_vpc", "v1")));
        assert!(!file.covers(&resource("aws_vpc", "a")) && file.covers(&resource("aws_vpc", "{a,b}")));
        assert!(file.unused().all(|line| !line.starts_with("aws_vpc")));
    }
}
