//! Rules that people switched off, everywhere or at some place.

use globset::{GlobBuilder, GlobMatcher};

use super::{RawChange, RawHidden, Verdict, rules};
use crate::drift::{ChangeType, Hidden, NeverHideRule, ResourceRef};

/// A rule that must not hide anything on matching resource types at matching paths. Patterns are globs; `*` crosses dots.
#[derive(Clone, Debug)]
pub struct NeverHide {
    rule: &'static str,
    resource_type: Option<GlobMatcher>,
    resource_id: Option<GlobMatcher>,
    path: Option<GlobMatcher>,
}

impl PartialEq for NeverHide {
    fn eq(&self, other: &Self) -> bool {
        let text = |glob: &Option<GlobMatcher>| glob.as_ref().map(|g| g.glob().glob().to_owned());
        self.rule == other.rule
            && text(&self.resource_type) == text(&other.resource_type)
            && text(&self.resource_id) == text(&other.resource_id)
            && text(&self.path) == text(&other.path)
    }
}

impl std::fmt::Display for NeverHide {
    /// As [`NeverHide::parse`] reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |glob: &Option<GlobMatcher>| glob.as_ref().map_or("*".to_owned(), |g| g.glob().glob().to_owned());
        match (&self.resource_type, &self.path) {
            (None, None) => f.write_str(self.rule),
            (kind, None) => write!(f, "{} {}", self.rule, text(kind)),
            (kind, path) => write!(f, "{} {} {}", self.rule, text(kind), text(path)),
        }
    }
}

impl NeverHide {
    /// As configuration writes it: `RULE`, `RULE TYPE` or `RULE TYPE PATH`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let rule = words.next().ok_or("a rule is needed")?;
        let place = (words.next(), words.next());
        match words.next() {
            Some(more) => Err(format!("'{more}' is one word too many: write RULE, RULE TYPE or RULE TYPE PATH")),
            None => Self::new(rule, place.0, place.1),
        }
    }

    /// No pattern matches everything. The error says what is wrong with the rule's id or a pattern.
    pub fn new(rule: &str, resource_type: Option<&str>, path: Option<&str>) -> Result<Self, String> {
        let rule = rules::find(rule).ok_or_else(|| format!("no rule is called '{rule}'"))?.id;
        let (resource_type, path) = (matcher(resource_type)?, matcher(path)?);
        Ok(Self { rule, resource_type, resource_id: None, path })
    }

    /// As somebody decided it; in which environment it holds is for the caller to know. Errors as [`new`](Self::new).
    pub fn decided(rule: &NeverHideRule) -> Result<Self, String> {
        let raw = |text: &'_ Option<crate::safety::Tainted>| text.as_ref().map(|t| t.raw().to_owned());
        let [resource_type, resource_id, path] = [&rule.resource_type, &rule.resource_id, &rule.path].map(raw);
        let general = Self::new(&rule.rule, resource_type.as_deref(), path.as_deref())?;
        Ok(Self { resource_id: matcher(resource_id.as_deref())?, ..general })
    }

    /// Whether it names single resources.
    pub(super) fn is_of_some(&self) -> bool {
        self.resource_id.is_some()
    }

    /// Whether it may be about a resource that has any of these names.
    pub fn is_about(&self, resource_type: &str, names: &[&str]) -> bool {
        self.resource_type.as_ref().is_none_or(|g| g.is_match(resource_type))
            && self.resource_id.as_ref().is_none_or(|g| names.iter().any(|name| g.is_match(name)))
    }

    /// Whether it brings this hidden difference to light. Names and paths are as they are shown.
    pub fn exposes(&self, resource: &ResourceRef, hidden: &Hidden) -> bool {
        self.rule == hidden.rule
            && self.is_about(resource.resource_type.raw(), &[resource.resource_id.raw()])
            && self.path.as_ref().is_none_or(|g| g.is_match(hidden.path.raw()))
    }

    fn covers(&self, resource_type: &str, hidden: &RawHidden) -> bool {
        self.rule == hidden.rule
            && self.resource_type.as_ref().is_none_or(|g| g.is_match(resource_type))
            && self.path.as_ref().is_none_or(|g| g.is_match(&hidden.path))
    }
}

fn matcher(pattern: Option<&str>) -> Result<Option<GlobMatcher>, String> {
    let Some(pattern) = pattern else { return Ok(None) };
    let glob = GlobBuilder::new(pattern).literal_separator(false).backslash_escape(true).build();
    let glob = glob.map_err(|e| format!("the pattern '{pattern}' does not work: {}", e.kind()))?;
    Ok(Some(glob.compile_matcher()))
}

/// Makes changes of what must not be hidden.
pub(super) fn apply(rules: &[NeverHide], resource_type: &str, verdict: &mut Verdict) {
    if rules.is_empty() {
        return;
    }
    let exposed = verdict.hidden.extract_if(.., |hidden| rules.iter().any(|r| r.covers(resource_type, hidden)));
    verdict.changes.extend(exposed.map(RawChange::from));
}

impl From<RawHidden> for RawChange {
    fn from(RawHidden { path, declared, actual, .. }: RawHidden) -> Self {
        let change_type = match (&declared, &actual) {
            (None, _) => ChangeType::Added,
            (_, None) => ChangeType::Removed,
            _ => ChangeType::Modified,
        };
        Self { path, change_type, declared, actual, is_remembered: false }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Dialect, Knowledge, Observable, Settings, Subject, compare_with};
    use super::*;

    fn changes(never_hide: &[NeverHide]) -> Vec<(String, ChangeType)> {
        let declared = json!({"security_groups": ["a", "b"], "port": "5", "tags": {"a": "x"}});
        let live = json!({"security_groups": ["b", "a"], "port": 5, "tags": {"a": "x"}, "extra": 1});
        let subject = Subject {
            dialect: Dialect::Terraform,
            resource_type: "aws_instance",
            declared: &declared,
            live: &live,
            memory: None,
            observable: &Observable::All,
        };
        let verdict = compare_with(&subject, &Settings { never_hide, ..Settings::default() });
        verdict.changes.into_iter().map(|c| (c.path, c.change_type)).collect()
    }

    #[test]
    fn a_rule_that_must_not_hide_gives_a_change_and_others_go_on_hiding() {
        assert_eq!(changes(&[]), []);
        let set = NeverHide::new("set-order", None, None).unwrap();
        assert_eq!(changes(&[set]), [("security_groups".to_owned(), ChangeType::Modified)]);
        let undeclared = NeverHide::new("undeclared", Some("aws_*"), Some("ex*")).unwrap();
        assert_eq!(changes(&[undeclared]), [("extra".to_owned(), ChangeType::Added)]);
    }

    #[test]
    fn it_counts_only_where_it_is_meant() {
        let elsewhere = [
            NeverHide::new("set-order", Some("aws_vpc"), None).unwrap(),
            NeverHide::new("number-string", None, Some("size")).unwrap(),
        ];
        assert_eq!(changes(&elsewhere), []);
        let decided = NeverHideRule {
            id: crate::drift::RuleId::generate(),
            rule: "set-order".into(),
            environment: None,
            resource_type: Some("aws_instance".into()),
            resource_id: Some("aws_instance.web".into()),
            path: None,
            owner: "alice".into(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let knowledge = Knowledge { never_hide: vec![NeverHide::decided(&decided).unwrap()], ..Knowledge::default() };
        let of = |name: &str| knowledge.never_hide_of("aws_instance", || vec![name.to_owned()]).len();
        assert_eq!((of("aws_instance.web"), of("aws_instance.db")), (1, 0));
        assert!(NeverHide::new("no-such-rule", None, None).is_err_and(|e| e.contains("no-such-rule")));
        assert!(NeverHide::new("set-order", None, Some("[")).is_err_and(|e| e.contains("'['")));
    }
}
