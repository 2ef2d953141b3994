//! `[servers.NAME]` tables: servers by a name that is short.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use super::Config;
use super::file::Source;

/// By name: addresses of servers that have one database, in the order they are tried.
pub type Servers = BTreeMap<String, Vec<Url>>;

/// Reads all of them, with every mistake in them.
pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = value.get_ref() else {
        let message = "servers are written as [servers.NAME] tables with urls = [\"https://…\"]";
        config.problems.push(source.problem(&value.span(), message));
        return;
    };
    for (name, server) in table.iter() {
        match urls(source, server, config) {
            urls if urls.is_empty() => {
                let message = format!("servers.{}: urls = [\"https://…\"] is needed", name.get_ref());
                config.problems.push(source.problem(&name.span(), message));
            }
            urls => drop(config.servers.insert(name.get_ref().to_string(), urls)),
        }
    }
}

fn urls(source: &Source<'_>, server: &Spanned<DeValue<'_>>, config: &mut Config) -> Vec<Url> {
    let DeValue::Table(table) = server.get_ref() else { return vec![] };
    for (key, _) in table.iter().filter(|(key, _)| key.get_ref() != "urls") {
        let message = format!("unknown key '{}'; known is urls", key.get_ref());
        config.problems.push(source.problem(&key.span(), message));
    }
    let Some(DeValue::Array(items)) = table.get("urls").map(Spanned::get_ref) else { return vec![] };
    let mut urls = vec![];
    for item in items.iter() {
        let url = item.get_ref().as_str().and_then(|text| Url::parse(text).ok());
        match url.filter(|url| matches!(url.scheme(), "http" | "https")) {
            Some(url) => urls.push(url),
            None => config.problems.push(source.problem(&item.span(), "the address of a server is https://HOST")),
        }
    }
    urls
}
