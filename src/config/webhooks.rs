//! `[webhooks.NAME]`: where notifications are sent; `[hooks.NAME]`: who may ask for scans and say what goes on, with a secret alone.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Source, resolve, scalar};
use super::{Config, Problem};
use crate::drift::{SeverityClass, Slug};
use crate::server::HookSpec;
use crate::store::Channel;
use crate::webhooks::{self, WebhookSpec};

/// Reads all `[webhooks.NAME]` tables, with every mistake in them.
pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    const KEYS: [&str; 5] = ["url", "secret", "severity", "environments", "organization"];
    each(source, value, "webhooks", &KEYS, config, |config, name, reader| {
        let url = reader.needed("url", webhooks::address);
        let secret = reader.needed("secret", |text| reference(source, text));
        let from = reader.text("severity", severity).unwrap_or(SeverityClass::High);
        let environments = reader.slugs("environments");
        let organization = reader.text("organization", slug);
        if let Some((url, secret)) = url.zip(secret).filter(|_| reader.problems.is_empty()) {
            let channel = Channel { name, from, environments };
            config.webhooks.retain(|known| known.channel.name != channel.name);
            config.webhooks.push(WebhookSpec { organization, channel, url, secret });
        }
    });
}

/// Reads all `[hooks.NAME]` tables, with every mistake in them.
pub(super) fn read_hooks(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    const KEYS: [&str; 4] = ["secret", "organization", "environments", "may"];
    each(source, value, "hooks", &KEYS, config, |config, name, reader| {
        let secret = reader.needed("secret", |text| reference(source, text));
        let organization = reader.text("organization", slug);
        let environments = reader.slugs("environments");
        let may = reader.list("may", |text| match text {
            "scan" | "mark" => Ok(text.to_owned()),
            other => Err(format!("'{other}' is none of scan, mark")),
        });
        if may.is_empty() {
            reader.complain("may", "say what it may do: may = [\"scan\", \"mark\"], or one of them");
        }
        if let Some(secret) = secret.filter(|_| reader.problems.is_empty()) {
            let [may_scan, may_mark] = ["scan", "mark"].map(|what| may.iter().any(|may| may == what));
            config.hooks.retain(|known| known.name != name);
            config.hooks.push(HookSpec { name, organization, environments, may_scan, may_mark, secret });
        }
    });
}

/// Calls `take` for each table of that name.
fn each(
    source: &Source<'_>,
    value: &Spanned<DeValue<'_>>,
    kind: &'static str,
    keys: &[&str],
    config: &mut Config,
    mut take: impl FnMut(&mut Config, Slug, &mut Reader<'_>),
) {
    let DeValue::Table(tables) = value.get_ref() else {
        config.problems.push(source.problem(&value.span(), format!("{kind} are written as [{kind}.NAME] tables")));
        return;
    };
    for (name, item) in tables.iter() {
        let (Ok(slug), DeValue::Table(table)) = (Slug::new(name.get_ref()), item.get_ref()) else {
            let message = format!("[{kind}.NAME] is a table, and NAME holds lower-case letters, digits and '-'");
            config.problems.push(source.problem(&name.span(), message));
            continue;
        };
        let mut reader = Reader::new(source, table, item, format!("{kind}.{slug}"), keys);
        take(config, slug, &mut reader);
        config.problems.append(&mut reader.problems);
    }
}

/// One table, and what is wrong with it.
pub(super) struct Reader<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    item: &'a Spanned<DeValue<'a>>,
    name: String,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &'a Source<'a>,
        table: &'a DeTable<'a>,
        item: &'a Spanned<DeValue<'a>>,
        name: String,
        keys: &[&str],
    ) -> Self {
        let unknown = |key: &Spanned<_>| {
            let message = format!("unknown key '{}'; known are {}", key.get_ref(), keys.join(", "));
            source.problem(&key.span(), message)
        };
        let problems = table.keys().filter(|key| !keys.contains(&key.get_ref().as_ref())).map(unknown).collect();
        Self { source, table, item, name, problems }
    }

    fn needed<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if !self.table.contains_key(key) {
            self.complain(key, "is missing");
        }
        self.text(key, parse)
    }

    pub(super) fn text<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = scalar(self.table.get(key)?.get_ref()).ok_or_else(|| "text is needed".to_owned());
        text.and_then(|text| parse(&text)).map_err(|why| self.complain(key, &why)).ok()
    }

    fn list<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(value) = self.table.get(key) else { return vec![] };
        let texts: Option<Vec<&str>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str()).collect(),
            other => other.as_str().map(|text| vec![text]),
        };
        let parsed = texts.ok_or_else(|| "a list of texts is needed".to_owned());
        let parsed = parsed.and_then(|texts| texts.into_iter().map(parse).collect());
        parsed.map_err(|why| self.complain(key, &why)).unwrap_or_default()
    }

    fn slugs(&mut self, key: &str) -> Vec<Slug> {
        self.list(key, slug)
    }

    fn complain(&mut self, key: &str, why: &str) {
        let span = self.table.get(key).map_or_else(|| self.item.span(), Spanned::span);
        self.problems.push(self.source.problem(&span, format!("{}: {key}: {why}", self.name)));
    }
}

fn slug(text: &str) -> Result<Slug, String> {
    Slug::new(text).map_err(|error| error.to_string())
}

fn severity(text: &str) -> Result<SeverityClass, String> {
    let known = SeverityClass::WORST_FIRST.into_iter().find(|class| class.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("'{text}' is none of critical, high, medium, low"))
}

/// A secret stands elsewhere: configurations are shown, copied and committed.
pub(super) fn reference(source: &Source<'_>, text: &str) -> Result<String, String> {
    match text.strip_prefix("file:") {
        Some(path) => Ok(format!("file:{}", resolve(source, path))),
        None if webhooks::is_reference(text) => Ok(text.to_owned()),
        // Whatever it is, it is not said back.
        None => Err("name where it is: env:NAME, file:PATH or vault:PATH#FIELD".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testkit::read;

    #[test]
    fn webhooks_and_hooks_are_read_with_what_holds_without_a_word() {
        let config = read(
            "[webhooks.ops]\nurl = \"https://ops.example.com/in\"\nsecret = \"env:OPS\"\n\
             [webhooks.pager]\nurl = \"http://localhost:9/\"\nsecret = \"file:/run/pager\"\nseverity = \"critical\"\n\
             environments = [\"prod-eu\"]\norganization = \"acme\"\n\
             [hooks.ci]\nsecret = \"vault:secret/ci#key\"\nmay = [\"scan\"]\n",
        );
        assert!(config.problems.is_empty(), "{:?}", config.problems);
        let [ops, pager] = config.webhooks.as_slice() else { panic!("{:?}", config.webhooks) };
        assert_eq!(
            (ops.channel.from, ops.channel.environments.len(), &ops.organization),
            (SeverityClass::High, 0, &None)
        );
        assert_eq!((pager.channel.from, pager.channel.environments.len()), (SeverityClass::Critical, 1));
        let [ci] = config.hooks.as_slice() else { panic!("{:?}", config.hooks) };
        assert!(ci.may_scan && !ci.may_mark && ci.environments.is_empty());
    }

    #[test]
    fn a_mistake_names_its_table_and_key_and_a_secret_in_clear_is_not_repeated() {
        for (text, words) in [
            ("[webhooks.a]\nurl = \"http://example.com\"\nsecret = \"env:X\"", "webhooks.a: url: "),
            ("[webhooks.a]\nsecret = \"env:X\"", "webhooks.a: url: is missing"),
            (
                "[webhooks.a]\nurl = \"https://e.example\"\nsecret = \"hunter2hunter2\"",
                "webhooks.a: secret: name where",
            ),
            ("[webhooks.a]\nurl = \"https://e.example\"\nsecret = \"env:X\"\nseverity = \"bad\"", "none of critical"),
            ("[webhooks.a]\nurl = \"https://e.example\"\nsecret = \"env:X\"\nsecrets = 1", "unknown key 'secrets'"),
            ("[hooks.a]\nsecret = \"env:X\"", "hooks.a: may: say what it may do"),
            ("[hooks.a]\nsecret = \"env:X\"\nmay = [\"apply\"]", "'apply' is none of scan, mark"),
            ("[hooks.A]\nsecret = \"env:X\"\nmay = [\"scan\"]", "lower-case"),
        ] {
            let config = read(text);
            let problems: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
            assert!(problems.iter().any(|problem| problem.contains(words)), "{text}: {problems:?}");
            assert!(!problems.iter().any(|problem| problem.contains("hunter2")), "{problems:?}");
            assert!(config.webhooks.is_empty() && config.hooks.is_empty(), "{text}");
        }
    }
}
