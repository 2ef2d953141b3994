//! `[[environment]]` tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Source, resolve, scalar};
use super::{Config, Origin, Problem, aws, settings};
use crate::declared::backend::{Address, is_remote};
use crate::drift::{CloudProvider, Environment, Slug};
use crate::safety::Tainted;
use crate::scan::{EnvironmentSpec, Schedule};

const KEYS: [&str; 16] = [
    "slug",
    "organization",
    "name",
    "cloud_provider",
    "region",
    "account_id",
    "tags",
    "state",
    "live",
    "aws",
    "interval",
    "schedule",
    "watch",
    "protect",
    "active",
    "unmanaged",
];

/// Of an environment whose table names no organisation, until all layers are read. Nobody's slug looks like it.
const UNNAMED: &str = "unnamed--";

fn unnamed() -> Slug {
    Slug::new(UNNAMED).unwrap_or_else(|_| Slug::from_text(UNNAMED))
}

/// Reads one table with every mistake in it; adds the environment when slug and provider are right.
pub(super) fn read(source: &Source<'_>, item: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = item.get_ref() else {
        config.problems.push(source.problem(&item.span(), "an environment is a table"));
        return;
    };
    for key in table.keys().filter(|k| !KEYS.contains(&k.get_ref().as_ref())) {
        let message = format!("unknown key '{}'; known are {}", key.get_ref(), KEYS.join(", "));
        config.problems.push(source.problem(&key.span(), message));
    }
    let mut reader = Reader { source, table, problems: vec![] };
    let spec = reader.spec(item, config);
    config.problems.append(&mut reader.problems);
    let Some(spec) = spec else { return };
    let is_it = |known: &Environment| {
        (&known.slug, &known.organization) == (&spec.environment.slug, &spec.environment.organization)
    };
    match config.environments.iter_mut().find(|e| is_it(&e.environment)) {
        // A higher layer replaces an environment of a lower one; twice in one file is a mistake.
        Some(old) if config.files.len() > 1 && !twice_in_file(source, table, &spec.environment.slug) => *old = spec,
        Some(_) => {
            let message = format!("the slug '{}' is used twice", spec.environment.slug);
            config.problems.push(source.problem(&item.span(), message));
        }
        None => config.environments.push(spec),
    }
}

/// Whether the slug stands in the text before this table.
fn twice_in_file(source: &Source<'_>, table: &DeTable<'_>, slug: &Slug) -> bool {
    let Some(value) = table.get("slug") else { return false };
    let before = source.text.get(..value.span().start).unwrap_or_default();
    let (earlier, _) = DeTable::parse_recoverable(before);
    let Some(DeValue::Array(items)) = earlier.get_ref().get("environment").map(Spanned::get_ref) else { return false };
    let text = |of: &DeValue<'_>, key: &str| of.get(key).and_then(|s| s.get_ref().as_str().map(str::to_owned));
    let own = table.get("organization").and_then(|s| s.get_ref().as_str().map(str::to_owned));
    items
        .iter()
        .map(Spanned::get_ref)
        .any(|one| text(one, "slug").as_deref() == Some(slug.as_str()) && text(one, "organization") == own)
}

struct Reader<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn spec(&mut self, item: &Spanned<DeValue<'_>>, config: &Config) -> Option<EnvironmentSpec> {
        let slug = self.required("slug", item, |t| Slug::new(t).map_err(|e| e.to_string()));
        let provider = self.required("cloud_provider", item, provider);
        let (state, live) = (self.paths("state"), self.paths("live"));
        let aws = self.table.get("aws").and_then(|value| aws::read(self.source, value, &mut self.problems));
        if state.is_empty() && !self.table.contains_key("state") {
            let message = "state is missing: name the files that declare this environment";
            self.problems.push(self.source.problem(&item.span(), message));
        }
        let short = |what: &'static str| move |t: &str| Environment::check_place(what, t).map(|()| Tainted::from(t));
        let name = self.text("name", |t| Ok(Tainted::from(t)));
        let region = self.text("region", short("a region")).unwrap_or_default();
        let account_id = self.text("account_id", short("an account id")).unwrap_or_default();
        let interval: Option<Option<Duration>> = self.text("interval", settings::interval);
        let schedule = self.text("schedule", Schedule::parse);
        if let (Some(_), Some(span)) = (&schedule, self.table.get("interval").map(Spanned::span)) {
            let message = "interval: a schedule says already when it is scanned; leave one of them out";
            self.problems.push(self.source.problem(&span, message));
        }
        let (watch, protect) = (self.flag("watch"), self.flag("protect"));
        let (active, unmanaged) = (self.flag("active"), self.flag("unmanaged"));
        let tags = self.tags();
        let organization = self.text("organization", |t| Slug::new(t).map_err(|e| e.to_string()));
        let slug = slug?;
        let now = Timestamp::now();
        Some(EnvironmentSpec {
            environment: Environment {
                // As long as nothing says otherwise, of whoever's organisation is served: see `finish`.
                organization: organization.unwrap_or_else(unnamed),
                name: name.unwrap_or_else(|| slug.as_str().into()),
                slug,
                cloud_provider: provider?,
                region,
                account_id,
                tags,
                is_active: active.unwrap_or(true),
                created_at: now,
                updated_at: now,
            },
            state,
            live,
            aws: aws.map(Arc::new),
            interval: interval.unwrap_or(config.settings.interval.value).filter(|_| schedule.is_none()),
            schedule,
            watch: watch.unwrap_or(config.settings.watch.value),
            protect: protect.unwrap_or(false),
            unmanaged: unmanaged.unwrap_or(true),
            knowledge: Default::default(),
            ignore: Default::default(),
            maintenance: Default::default(),
            policies: Default::default(),
            on_call: Default::default(),
        })
    }

    fn required<T>(
        &mut self,
        key: &str,
        item: &Spanned<DeValue<'_>>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.table.contains_key(key) {
            self.problems.push(self.source.problem(&item.span(), format!("{key} is missing")));
        }
        self.text(key, parse)
    }

    fn text<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let value = self.table.get(key)?;
        let parsed = match scalar(value.get_ref()) {
            Some(text) => parse(&text),
            None => Err(format!("text is needed, not {}", value.get_ref().type_str())),
        };
        parsed.map_err(|e| self.problems.push(self.source.problem(&value.span(), format!("{key}: {e}")))).ok()
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.table.get(key)?;
        let parsed = value.get_ref().as_bool();
        if parsed.is_none() {
            self.problems.push(self.source.problem(&value.span(), format!("{key}: true or false is needed")));
        }
        parsed
    }

    /// One path or a list of them; of state also addresses.
    fn paths(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.table.get(key) else { return vec![] };
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut paths = vec![];
        for item in items {
            match item.get_ref().as_str().filter(|t| !t.is_empty()) {
                Some(text) if key == "state" && is_remote(text) => match Address::parse(text) {
                    Ok(_) => paths.push(text.to_owned()),
                    Err(why) => self.problems.push(self.source.problem(&item.span(), format!("{key}: {why}"))),
                },
                Some(text) => paths.push(resolve(self.source, text)),
                None => self.problems.push(self.source.problem(&item.span(), format!("{key}: a path is needed"))),
            }
        }
        paths
    }

    fn tags(&mut self) -> BTreeMap<String, Tainted> {
        let Some(value) = self.table.get("tags") else { return BTreeMap::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.problems
                .push(self.source.problem(&value.span(), "tags: a table such as { team = \"pay\" } is needed"));
            return BTreeMap::new();
        };
        let mut tags = BTreeMap::new();
        for (key, value) in table.iter() {
            match scalar(value.get_ref()) {
                Some(text) => drop(tags.insert(key.get_ref().as_ref().to_owned(), Tainted::from(text))),
                None => self.problems.push(self.source.problem(&value.span(), "tags: each tag is one text")),
            }
        }
        tags
    }
}

fn provider(text: &str) -> Result<CloudProvider, String> {
    CloudProvider::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| {
        let known: Vec<_> = CloudProvider::ALL.iter().map(|p| p.as_str()).collect();
        format!("'{text}' is none of {}", known.join(", "))
    })
}

/// What flags and variables decide for all environments, whatever their tables say.
pub(super) fn finish(config: &mut Config) {
    let forced = |origin: &Origin| matches!(origin, Origin::Variable(_) | Origin::Flag(_));
    for spec in &mut config.environments {
        if spec.environment.organization == unnamed() {
            spec.environment.organization = config.settings.organization.value.clone();
        }
        if forced(&config.settings.interval.origin) {
            (spec.interval, spec.schedule) = (config.settings.interval.value, None);
        }
        if forced(&config.settings.watch.origin) {
            spec.watch = config.settings.watch.value;
        }
    }
}
