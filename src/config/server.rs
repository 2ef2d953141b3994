//! `[server]`: how much of a server anybody may have. One table names the keys for the file, its mistakes, and the help.

use std::fmt::Write;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::file::{Source, list, scalar};
use super::{Config, parse_duration};
use crate::server::Limits;

/// One key of the table.
struct Key {
    name: &'static str,
    help: &'static str,
    is_list: bool,
    apply: fn(&mut Limits, &str) -> Result<(), String>,
    show: fn(&Limits) -> String,
}

macro_rules! key {
    ($field:ident, $help:literal, $parse:expr, $show:expr) => {
        key!($field, $help, $parse, $show, false)
    };
    ($field:ident, $help:literal, $parse:expr, $show:expr, $is_list:literal) => {
        Key {
            name: stringify!($field),
            help: $help,
            is_list: $is_list,
            apply: |limits, text| {
                limits.$field = $parse(text)?;
                Ok(())
            },
            show: |limits| $show(&limits.$field),
        }
    };
}

const KEYS: &[Key] = &[
    key!(hosts, "names clients ask for; localhost always", names, |all: &Vec<String>| all.join(", "), true),
    key!(origins, "origins whose web pages may ask (CORS)", origins, |all: &Vec<String>| all.join(", "), true),
    key!(trusted_proxies, "networks whose X-Forwarded-For is believed", listed, show_listed, true),
    key!(requests_per_minute, "of one user or API key", number, NonZeroU32::to_string),
    key!(requests_per_minute_per_address, "of one address, whoever asks from it", number, NonZeroU32::to_string),
    key!(feeds, "live feeds of one user or API key", count, usize::to_string),
    key!(connections, "open at once, of all", count, usize::to_string),
    key!(header_timeout, "for the head of a request to arrive", time, show_time),
    key!(body_timeout, "for its body to arrive", time, show_time),
    key!(request_timeout, "for its answer to begin", time, show_time),
    key!(stall_timeout, "for which a reader may take nothing", time, show_time),
    key!(presence, "tell those of an organisation who looks at which drift", flag, bool::to_string),
    key!(drain, "for what is under way when the server is told to end", time, show_time),
];

fn names(text: &str) -> Result<Vec<String>, String> {
    let fits = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
    let all: Vec<String> = listed(text)?;
    match all.iter().find(|name| !fits(name)) {
        Some(name) => Err(format!("{name:?} is no name of a host: give it without scheme and port")),
        None => Ok(all),
    }
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    let all: Vec<String> = listed(text)?;
    let is_origin = |text: &str| url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    match all.iter().find(|origin| !is_origin(origin)) {
        Some(origin) => {
            Err(format!("{origin:?} is no origin: write https://HOST or https://HOST:PORT, without a path"))
        }
        None => Ok(all),
    }
}

fn listed<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Vec<T>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|error: T::Err| format!("{part:?}: {error}"))).collect()
}

fn show_listed<T: std::fmt::Display>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn number(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "a whole number from 1 on is needed".to_owned())
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("a whole number from 1 to 1000000 is needed".to_owned()),
    }
}

fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "true or false is needed".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text)?;
    if time.is_zero() { Err("more than no time is needed".to_owned()) } else { Ok(time) }
}

fn show_time(time: &Duration) -> String {
    format!("{}s", time.as_secs())
}

/// Reads the table into `config`; each mistake is one problem, and changes nothing.
pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = value.get_ref() else {
        config.problems.push(source.problem(&value.span(), "server is written as a [server] table"));
        return;
    };
    for (name, value) in table.iter() {
        let Some(key) = KEYS.iter().find(|key| key.name == name.get_ref().as_ref()) else {
            let known = KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ");
            let message = format!("unknown key '{}' in [server]; known are {known}", name.get_ref());
            config.problems.push(source.problem(&name.span(), message));
            continue;
        };
        let text = if key.is_list { list(value.get_ref()) } else { scalar(value.get_ref()) };
        let wanted = if key.is_list { "a list of texts" } else { "a single value" };
        let applied = match text {
            Some(text) => (key.apply)(&mut config.server, &text),
            None => Err(format!("it takes {wanted}, not {}", value.get_ref().type_str())),
        };
        if let Err(why) = applied {
            config.problems.push(source.problem(&value.span(), format!("{}: {why}", key.name)));
        }
    }
}

/// The keys with what holds without them, for the help.
pub fn server_keys() -> String {
    let mut text = String::from("[server] in the configuration:\n");
    let usual = Limits::default();
    for key in KEYS {
        let value = match (key.show)(&usual) {
            value if value.is_empty() => "[]".to_owned(),
            value => value,
        };
        let _ = writeln!(text, "  {} = {value}: {}", key.name, key.help);
    }
    text.push_str(
        "\n/metrics is for this machine; from elsewhere it wants the bearer token in $DRIFTGUARD_METRICS_TOKEN.",
    );
    text
}
