//! The `aws` table of an environment: how its account is reached.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Source, scalar};
use super::{Problem, parse_duration};
use crate::aws::Access;

const KEYS: [&str; 11] = [
    "profile",
    "assume_role",
    "external_id",
    "accounts",
    "regions",
    "endpoint_url",
    "aggregator",
    "discover",
    "blame",
    "dynamodb_table",
    "timeout",
];

/// Reads the table with every mistake in it. `aws = true` is the SDK's own chain with nothing to add; `false` is no AWS.
pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Access> {
    let table = match value.get_ref() {
        DeValue::Boolean(on) => return on.then(|| Access { blame: true, ..Access::default() }),
        DeValue::Table(table) => table,
        other => {
            let message =
                format!("aws: true or a table such as {{ profile = \"prod\" }} is needed, not {}", other.type_str());
            problems.push(source.problem(&value.span(), message));
            return None;
        }
    };
    for key in table.keys().filter(|k| !KEYS.contains(&k.get_ref().as_ref())) {
        let message = format!("aws: unknown key '{}'; known are {}", key.get_ref(), KEYS.join(", "));
        problems.push(source.problem(&key.span(), message));
    }
    let mut reader = Reader { source, table, problems };
    let mut access = Access {
        profile: reader.text("profile"),
        assume_role: reader.list("assume_role"),
        external_id: reader.text("external_id"),
        accounts: reader.list("accounts"),
        regions: reader.list("regions"),
        endpoint_url: reader.text("endpoint_url"),
        aggregator: reader.text("aggregator"),
        discover: reader.list("discover"),
        blame: reader.text("blame").is_none_or(|t| t == "true"),
        as_of: None,
        full: false,
        dynamodb_table: reader.text("dynamodb_table"),
        timeout: None,
    };
    reader.check("blame", |text| {
        matches!(text, "true" | "false").then_some(()).ok_or("true or false is needed".to_owned())
    });
    reader.check("timeout", |text| parse_duration(text).map(|_| ()));
    access.timeout = reader.text("timeout").and_then(|t| parse_duration(&t).ok());
    for key in ["assume_role", "accounts"] {
        reader.check_each(key, |text| match text.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "iam", _, _, role] if role.starts_with("role/") => Ok(()),
            _ => Err("an ARN such as arn:aws:iam::123456789012:role/driftguard is needed".to_owned()),
        });
    }
    reader.check_each("discover", |text| globset::Glob::new(text).map(|_| ()).map_err(|e| e.to_string()));
    Some(access)
}

struct Reader<'a, 'p> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Reader<'a, '_> {
    fn text(&mut self, key: &str) -> Option<String> {
        let value = self.table.get(key)?;
        let text = scalar(value.get_ref()).filter(|t| !t.is_empty());
        if text.is_none() {
            self.problems.push(self.source.problem(&value.span(), format!("aws: {key}: a text is needed")));
        }
        text
    }

    /// One text or a list of them.
    fn list(&mut self, key: &str) -> Vec<String> {
        let mut texts = vec![];
        for item in self.items(key) {
            match item.get_ref().as_str().filter(|t| !t.is_empty()) {
                Some(text) => texts.push(text.to_owned()),
                None => self.problems.push(self.source.problem(&item.span(), format!("aws: {key}: a text is needed"))),
            }
        }
        texts
    }

    fn items(&self, key: &str) -> Vec<&'a Spanned<DeValue<'a>>> {
        match self.table.get(key) {
            None => vec![],
            Some(value) => match value.get_ref() {
                DeValue::Array(items) => items.iter().collect(),
                _ => vec![value],
            },
        }
    }

    fn check(&mut self, key: &str, right: impl Fn(&str) -> Result<(), String>) {
        let Some(value) = self.table.get(key) else { return };
        if let Some(Err(why)) = scalar(value.get_ref()).map(|text| right(&text)) {
            self.problems.push(self.source.problem(&value.span(), format!("aws: {key}: {why}")));
        }
    }

    fn check_each(&mut self, key: &str, right: impl Fn(&str) -> Result<(), String>) {
        let wrong: Vec<Problem> = (self.items(key).iter())
            .filter_map(|item| Some((item.span(), right(item.get_ref().as_str()?).err()?)))
            .map(|(span, why)| self.source.problem(&span, format!("aws: {key}: {why}")))
            .collect();
        self.problems.extend(wrong);
    }
}
