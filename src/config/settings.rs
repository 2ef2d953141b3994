//! Single values: one table names them all, and every layer sets them through it.

use std::path::PathBuf;
use std::time::Duration;

use super::{Origin, Paths, Problem, Valued, parse_duration};
use crate::drift::Slug;
use crate::knowledge::Framework;
use crate::safety::Tainted;
use crate::service::RequireReason;
use crate::store::{Archiving, shown_url, url_of};

const DAY: Duration = Duration::from_secs(86_400);

/// The values in force.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    pub theme: Valued<String>,
    pub keymap: Valued<String>,
    /// `None`: as the terminal's locale says.
    pub ascii: Valued<Option<bool>>,
    pub actor: Valued<Tainted>,
    pub utc: Valued<bool>,
    /// Ring the terminal's bell for new critical drift.
    pub bell: Valued<bool>,
    /// Say it in the title of the terminal's window.
    pub title: Valued<bool>,
    /// Environments that do neither.
    pub mute: Valued<Vec<Slug>>,
    pub mouse: Valued<bool>,
    /// Tell the others on a server what is looked at, and show what they look at.
    pub presence: Valued<bool>,
    /// Begin the first session with the tutorial.
    pub tutorial: Valued<bool>,
    pub read_only: Valued<bool>,
    pub log_level: Valued<String>,
    /// Requests, scans and writes as lines of the log.
    pub log_spans: Valued<bool>,
    /// A directory, or the address of a database.
    pub store: Valued<PathBuf>,
    /// Whose part of a database the store is, and whose environments are meant where none is named.
    pub organization: Valued<Slug>,
    /// Between scheduled scans, unless an environment says otherwise.
    pub interval: Valued<Option<Duration>>,
    pub watch: Valued<bool>,
    /// Patterns of what is not to be reported, as driftctl writes them; need not exist.
    pub driftignore: Valued<PathBuf>,
    /// How long drifts that ended, and observed values, are kept.
    pub retention: Valued<Duration>,
    /// Where what is thrown away then is written first.
    pub archive: Valued<Archiving>,
    /// Which decisions need a reason.
    pub require_reason: Valued<RequireReason>,
    /// Who may be asked: offered where somebody is named.
    pub people: Valued<Vec<Tainted>>,
    /// What the organisation answers to: whose controls are named. Empty: all that are known.
    pub frameworks: Valued<Vec<Framework>>,
    /// Where a database, which has no directory of its own, has its archive.
    pub(super) data_dir: PathBuf,
}

/// One row of the table.
pub struct Setting {
    /// In files and, with `-` for `_`, as a flag.
    pub key: &'static str,
    pub variable: &'static str,
    pub help: &'static str,
    apply: fn(&mut Settings, &str, Origin) -> Result<(), String>,
    show: fn(&Settings) -> (String, &Origin),
}

impl Setting {
    /// In files it may be a list of texts; elsewhere they stand with commas between them.
    pub fn is_list(&self) -> bool {
        matches!(self.key, "require_reason" | "people" | "frameworks")
    }

    /// The value in force as text, and where it came from.
    pub fn show<'a>(&self, settings: &'a Settings) -> (String, &'a Origin) {
        (self.show)(settings)
    }
}

macro_rules! setting {
    ($field:ident, $variable:literal, $help:literal, $parse:expr, $show:expr) => {
        Setting {
            key: stringify!($field),
            variable: $variable,
            help: $help,
            apply: |settings, text, origin| {
                settings.$field = Valued { value: $parse(text)?, origin };
                Ok(())
            },
            show: |settings| ($show(&settings.$field.value), &settings.$field.origin),
        }
    };
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    setting!(
        theme,
        "DRIFTGUARD_THEME",
        "colours: a built-in theme, one of your themes/, or auto (dark or light, as the terminal says)",
        name,
        String::clone
    ),
    setting!(keymap, "DRIFTGUARD_KEYMAP", "keys: default, vim, emacs or tmux", name, String::clone),
    setting!(
        ascii,
        "DRIFTGUARD_ASCII",
        "draw with ASCII only: true, false or auto (by locale and terminal)",
        ascii,
        show_ascii
    ),
    setting!(actor, "DRIFTGUARD_ACTOR", "who decides, as the audit trail names you", actor, Tainted::line),
    setting!(utc, "DRIFTGUARD_UTC", "times in UTC instead of local time", boolean, bool::to_string),
    setting!(bell, "DRIFTGUARD_BELL", "ring the bell for new critical drift, once a burst", boolean, bool::to_string),
    setting!(title, "DRIFTGUARD_TITLE", "say new critical drift in the window's title", boolean, bool::to_string),
    setting!(mute, "DRIFTGUARD_MUTE", "environments that never ring, by slug: \"lab, sandbox\"", slugs, show_slugs),
    setting!(mouse, "DRIFTGUARD_MOUSE", "a click selects, the wheel scrolls", boolean, bool::to_string),
    setting!(
        presence,
        "DRIFTGUARD_PRESENCE",
        "on a server: tell the others which drift you look at, and show which they do",
        boolean,
        bool::to_string
    ),
    setting!(tutorial, "DRIFTGUARD_TUTORIAL", "begin the first session with the tutorial", boolean, bool::to_string),
    setting!(read_only, "DRIFTGUARD_READ_ONLY", "look, but decide nothing", boolean, bool::to_string),
    setting!(log_level, "DRIFTGUARD_LOG", "error, warn, info, debug or trace", log_level, String::clone),
    setting!(
        log_spans,
        "DRIFTGUARD_LOG_SPANS",
        "a line for each request, scan and write when it ends, with its time",
        boolean,
        bool::to_string
    ),
    setting!(
        store,
        "DRIFTGUARD_STORE",
        "directory of the local store, or postgres://… of a shared one",
        path,
        show_store
    ),
    setting!(
        organization,
        "DRIFTGUARD_ORGANIZATION",
        "whose part of a shared store, and whose environments where none is named",
        slug,
        Slug::to_string
    ),
    setting!(interval, "DRIFTGUARD_INTERVAL", "time between scans (30s, 5m, 1h), or off", interval, show_interval),
    setting!(driftignore, "DRIFTGUARD_DRIFTIGNORE", "patterns of what not to report, as in driftctl", path, show_path),
    setting!(watch, "DRIFTGUARD_WATCH", "scan at once when a source file changes", boolean, bool::to_string),
    setting!(retention, "DRIFTGUARD_RETENTION", "how long ended drifts and observed values are kept", days, show_days),
    setting!(
        archive,
        "DRIFTGUARD_ARCHIVE",
        "directory for what is thrown away then, auto (beside the store) or off",
        archive,
        show_archive
    ),
    setting!(
        require_reason,
        "DRIFTGUARD_REQUIRE_REASON",
        "decisions that need a reason: true, false or names of decisions",
        RequireReason::parse,
        RequireReason::shown
    ),
    setting!(people, "DRIFTGUARD_PEOPLE", "who is offered where somebody is named", people, show_people),
    setting!(
        frameworks,
        "DRIFTGUARD_FRAMEWORKS",
        "whose controls are named with a drift: cis, soc2, hipaa, pci_dss, gdpr, iso27001, nist; none named means all",
        frameworks,
        show_frameworks
    ),
];

fn name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| text.to_owned()).ok_or_else(|| "a name holds letters, digits, '-' and '_'".to_owned())
}

fn actor(text: &str) -> Result<Tainted, String> {
    if text.trim().is_empty() { Err("a name is needed".to_owned()) } else { Ok(Tainted::from(text.trim())) }
}

fn slugs(text: &str) -> Result<Vec<Slug>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| Slug::new(name).map_err(|error| format!("{name}: {error}"))).collect()
}

fn show_slugs(slugs: &[Slug]) -> String {
    slugs.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ")
}

fn people(text: &str) -> Result<Vec<Tainted>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    match names.clone().find(|name| name.len() > 100) {
        Some(_) => Err("a name has at most 100 bytes".to_owned()),
        None => Ok(names.map(Tainted::from).collect()),
    }
}

fn show_people(people: &[Tainted]) -> String {
    people.iter().map(Tainted::line).collect::<Vec<_>>().join(",")
}

fn frameworks(text: &str) -> Result<Vec<Framework>, String> {
    let known = |name: &str| Framework::ALL.into_iter().find(|one| one.as_str() == name);
    let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let all = Framework::ALL.map(Framework::as_str).join(", ");
    named.map(|name| known(name).ok_or_else(|| format!("unknown framework '{name}'; known are {all}"))).collect()
}

fn show_frameworks(frameworks: &[Framework]) -> String {
    frameworks.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(",")
}

fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("true or false is needed".to_owned()),
    }
}

fn ascii(text: &str) -> Result<Option<bool>, String> {
    match text {
        "auto" => Ok(None),
        _ => boolean(text).map(Some).map_err(|_| "true, false or auto is needed".to_owned()),
    }
}

fn show_ascii(value: &Option<bool>) -> String {
    value.map_or_else(|| "auto".to_owned(), |on| on.to_string())
}

fn log_level(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
    if LEVELS.contains(&text) { Ok(text.to_owned()) } else { Err(format!("one of {} is needed", LEVELS.join(", "))) }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("a path is needed".to_owned()) } else { Ok(PathBuf::from(text)) }
}

fn show_path(path: &std::path::Path) -> String {
    Tainted::from(path.to_string_lossy().as_ref()).line()
}

fn show_store(place: &std::path::Path) -> String {
    url_of(place).map_or_else(|| show_path(place), shown_url)
}

fn slug(text: &str) -> Result<Slug, String> {
    Slug::new(text).map_err(|error| error.to_string())
}

pub(super) fn interval(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" { Ok(None) } else { parse_duration(text).map(Some) }
}

fn show_interval(value: &Option<Duration>) -> String {
    value.map_or_else(|| "off".to_owned(), |d| format!("{}s", d.as_secs()))
}

fn days(text: &str) -> Result<Duration, String> {
    let kept = parse_duration(text)?;
    if kept < DAY { Err("at least a day (1d) is needed".to_owned()) } else { Ok(kept) }
}

fn show_days(kept: &Duration) -> String {
    format!("{}d", kept.as_secs() / DAY.as_secs())
}

fn archive(text: &str) -> Result<Archiving, String> {
    match text {
        "auto" => Ok(Archiving::Auto),
        "off" => Ok(Archiving::Off),
        text => path(text).map(Archiving::At),
    }
}

fn show_archive(archive: &Archiving) -> String {
    match archive {
        Archiving::Auto => "auto".to_owned(),
        Archiving::Off => "off".to_owned(),
        Archiving::At(directory) => show_path(directory),
    }
}

impl Settings {
    /// What the store is to keep.
    pub fn store_options(&self) -> crate::store::Options {
        let days = self.retention.value.as_secs() / DAY.as_secs();
        let archive = match &self.archive.value {
            Archiving::Auto if url_of(&self.store.value).is_some() => Archiving::At(self.data_dir.join("archive")),
            archive => archive.clone(),
        };
        crate::store::Options {
            retention_days: u32::try_from(days).unwrap_or(u32::MAX),
            organization: self.organization.value.clone(),
            archive,
            ..crate::store::Options::default()
        }
    }

    /// The lowest layer.
    pub(super) fn built_in(paths: &Paths, variable: &impl Fn(&str) -> Option<String>) -> Self {
        fn value<T>(value: T) -> Valued<T> {
            Valued { value, origin: Origin::BuiltIn }
        }
        // SUDO_USER first: on a bastion the person matters, not the account that was borrowed.
        let login = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
        Self {
            theme: value("default".into()),
            keymap: value("default".into()),
            ascii: value(None),
            actor: value(
                login.map_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()).into(), Tainted::from),
            ),
            utc: value(false),
            bell: value(false),
            title: value(true),
            mute: value(vec![]),
            mouse: value(false),
            presence: value(true),
            tutorial: value(true),
            read_only: value(false),
            log_level: value("info".into()),
            log_spans: value(false),
            store: value(paths.data_dir.join("store")),
            organization: value(Slug::from_text("local")),
            interval: value(Some(Duration::from_secs(300))),
            watch: value(true),
            driftignore: value(".driftignore".into()),
            retention: value(90 * DAY),
            archive: value(Archiving::Auto),
            require_reason: value(RequireReason::default()),
            people: value(vec![]),
            frameworks: value(vec![]),
            data_dir: paths.data_dir.clone(),
        }
    }

    /// Sets one value; an unknown key or a bad value is a problem and changes nothing.
    pub(super) fn apply(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), String> {
        match SETTINGS.iter().find(|s| s.key == key) {
            Some(setting) => (setting.apply)(self, text, origin).map_err(|e| format!("{key} = {text:?}: {e}")),
            None => Err(format!("unknown key '{key}'")),
        }
    }

    pub(super) fn apply_all(
        &mut self,
        values: impl Iterator<Item = (&'static str, String, Origin)>,
        problems: &mut Vec<Problem>,
    ) {
        for (key, text, origin) in values {
            if let Err(message) = self.apply(key, &text, origin.clone()) {
                problems.push(Problem { origin, column: None, message: message.into() });
            }
        }
    }
}
