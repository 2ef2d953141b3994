//! One configuration file. Every mistake in it is found in one go, each with its line; what is right still counts.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, Origin, Problem};
use super::{analysis, environment, maintenance, recommend, remediation, server};
use crate::compare::NeverHide;
use crate::stacks;

/// The text of a file with what is needed to name a place in it.
pub(super) struct Source<'a> {
    pub path: Arc<PathBuf>,
    pub text: &'a str,
}

impl Source<'_> {
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File(self.path.clone(), self.position(span.start).0)
    }

    pub fn problem(&self, span: &Range<usize>, message: impl Into<String>) -> Problem {
        let (_, column) = self.position(span.start);
        Problem { origin: self.origin(span), column: Some(column), message: message.into().into() }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        (line, column)
    }
}

/// Reads `path` into `config`. A file that is not there is a mistake only when `required`.
pub(super) fn read(path: &Path, required: bool, config: &mut Config) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !required => return,
        Err(e) => {
            let origin = Origin::File(Arc::new(path.to_owned()), 1);
            config.problems.push(Problem { origin, column: None, message: format!("cannot be read: {e}").into() });
            return;
        }
    };
    config.files.push(path.to_owned());
    read_text(path, &text, config);
}

/// Reads what stands in `path`, or is to.
pub(super) fn read_text(path: &Path, text: &str, config: &mut Config) {
    let source = Source { path: Arc::new(path.to_owned()), text };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !table.get_ref().is_empty() {
        config.telling.push(path.to_owned());
    }
    for error in &errors {
        config.problems.push(source.problem(&error.span().unwrap_or(0..0), error.message()));
    }
    for (key, value) in table.get_ref().iter() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("environment", DeValue::Array(items)) => {
                for item in items.iter() {
                    environment::read(&source, item, config);
                }
            }
            ("environment", _) => {
                let message = "environments are written as [[environment]] tables";
                config.problems.push(source.problem(&value.span(), message));
            }
            ("maintenance", DeValue::Array(items)) => {
                items.iter().for_each(|item| maintenance::read(&source, item, config));
            }
            ("maintenance", _) => {
                let message = "maintenance is written as [[maintenance]] tables";
                config.problems.push(source.problem(&value.span(), message));
            }
            ("server", _) => server::read(&source, value, config),
            ("recommend", _) => recommend::read(&source, value, config),
            ("analysis", _) => analysis::read(&source, value, config),
            ("remediation", _) => remediation::read(&source, value, config),
            ("servers", _) => super::servers::read(&source, value, config),
            ("gemini", _) => super::gemini::read(&source, value, config),
            ("webhooks", _) => super::webhooks::read(&source, value, config),
            ("hooks", _) => super::webhooks::read_hooks(&source, value, config),
            ("never_hide", _) => never_hide(&source, value, config),
            (name, value_ref) => setting(&source, name, key, value, value_ref, config),
        }
    }
}

/// Comparison rules that must not hide anything, everywhere or at a place.
fn never_hide(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Array(items) = value.get_ref() else {
        config.problems.push(source.problem(&value.span(), "never_hide takes a list of rules"));
        return;
    };
    for item in items.iter() {
        match item.get_ref().as_str().map(NeverHide::parse) {
            Some(Ok(rule)) => config.knowledge.never_hide.push(rule),
            Some(Err(message)) => config.problems.push(source.problem(&item.span(), format!("never_hide: {message}"))),
            None => config.problems.push(source.problem(&item.span(), "never_hide: a text is needed")),
        }
    }
}

fn setting(
    source: &Source<'_>,
    name: &str,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    value_ref: &DeValue<'_>,
    config: &mut Config,
) {
    let takes_list = super::SETTINGS.iter().any(|setting| setting.key == name && setting.is_list());
    let Some(mut text) = scalar(value_ref).or_else(|| list(value_ref).filter(|_| takes_list)) else {
        let wanted = if takes_list { "a list of texts" } else { "a single value" };
        let message = format!("{name} takes {wanted}, not {}", value_ref.type_str());
        config.problems.push(source.problem(&value.span(), message));
        return;
    };
    if matches!(name, "store" | "driftignore") && !crate::store::is_url(&text) {
        text = resolve(source, &text);
    }
    if let Err(message) = config.settings.apply(name, &text, source.origin(&key.span())) {
        let known = super::SETTINGS.iter().any(|s| s.key == name);
        let span = if known { value.span() } else { key.span() };
        let keys = || super::SETTINGS.iter().map(|s| s.key).collect::<Vec<_>>().join(", ");
        let message = if known {
            message
        } else {
            format!(
                "{message}; known are {}, never_hide, [server], [analysis], [recommend], [remediation], [[environment]] and [[maintenance]]",
                keys()
            )
        };
        config.problems.push(source.problem(&span, message));
    }
}

/// A scalar as the text that flags and variables would have.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(s) => Some(s.as_ref().to_owned()),
        DeValue::Boolean(b) => Some(b.to_string()),
        DeValue::Integer(i) => Some(i.as_str().to_owned()),
        _ => None,
    }
}

/// A list of texts as one, as flags and variables would have it.
pub(super) fn list(value: &DeValue<'_>) -> Option<String> {
    let DeValue::Array(items) = value else { return None };
    let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
    texts.map(|texts| texts.join(","))
}

/// Paths in a file are relative to the file; `~/` is the home directory.
pub(super) fn resolve(source: &Source<'_>, text: &str) -> String {
    if stacks::is_stack(text) {
        return text.to_owned();
    }
    if let Some(rest) = text.strip_prefix("~/")
        && let Some(home) = directories::BaseDirs::new()
    {
        return home.home_dir().join(rest).to_string_lossy().into_owned();
    }
    let base = source.path.parent().unwrap_or(Path::new("."));
    base.join(text).to_string_lossy().into_owned()
}
