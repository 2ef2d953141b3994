use std::collections::HashMap;
use std::time::Duration;

use super::*;
use crate::drift::CloudProvider;

fn paths(dir: &Path) -> Paths {
    Paths {
        system_dir: dir.join("etc"),
        config_dir: dir.join("config"),
        data_dir: dir.join("data"),
        state_dir: dir.join("state"),
    }
}

fn load_with(dir: &Path, files: &[(&str, &str)], variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Config {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let variables: HashMap<String, String> = variables.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let flags: Vec<_> = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    load(&paths(dir), None, |name| variables.get(name).cloned(), &flags)
}

#[test]
fn a_higher_layer_wins_and_every_value_knows_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("etc/config.toml", "theme = \"dark\"\nkeymap = \"emacs\"\nutc = true\n"),
        ("config/config.toml", "# mine\ntheme = \"light\"\n"),
    ];
    let config = load_with(dir.path(), &files, &[("DRIFTGUARD_KEYMAP", "default")], &[("log_level", "debug")]);
    assert_eq!(config.problems, vec![]);
    let shown: Vec<String> = SETTINGS
        .iter()
        .map(|s| (s.key, s.show(&config.settings)))
        .map(|(key, (value, origin))| format!("{key}={value} ({origin})"))
        .map(|line| line.replace(&dir.path().display().to_string(), "~"))
        .collect();
    assert!(shown.contains(&"theme=light (~/config/config.toml:2)".to_owned()), "{shown:#?}");
    assert!(shown.contains(&"keymap=default ($DRIFTGUARD_KEYMAP)".to_owned()), "{shown:#?}");
    assert!(shown.contains(&"utc=true (~/etc/config.toml:3)".to_owned()), "{shown:#?}");
    assert!(shown.contains(&"log_level=debug (--log-level)".to_owned()), "{shown:#?}");
}

#[test]
fn an_environment_is_read_with_paths_relative_to_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"
interval = "1m"
[[environment]]
slug = "prod-eu"
cloud_provider = "aws"
region = "eu-central-1"
account_id = 123456789012
tags = { env = "production" }
state = "infra/*.tfstate"
live = ["recordings"]
protect = true
"#;
    let config = load_with(dir.path(), &[("config/config.toml", text)], &[], &[]);
    assert_eq!(config.problems, vec![]);
    let spec = &config.environments[0];
    assert_eq!(spec.environment.cloud_provider, CloudProvider::Aws);
    assert_eq!(spec.environment.account_id.raw(), "123456789012");
    assert!(spec.environment.is_production() && spec.protect && spec.unmanaged);
    assert_eq!(spec.interval, Some(Duration::from_secs(60)));
    assert_eq!(spec.state, vec![dir.path().join("config/infra/*.tfstate").to_string_lossy()]);
}

#[test]
fn every_mistake_is_named_with_file_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let text = "themes = \"dark\"\nutc = \"perhaps\"\nkeymap = [1]\n\n[[environment]]\nslug = \"Prod EU\"\ncloud_provider = \"ibm\"\nregoin = \"x\"\nstate = [1]\nwatch = 3\ninterval = \"soon\"\n[[environment]]\ncloud_provider = \"aws\"\n";
    let config = load_with(dir.path(), &[("config/config.toml", text)], &[("DRIFTGUARD_LOG", "loud")], &[]);
    let said: Vec<String> =
        config.problems.iter().map(|p| p.to_string().replace(&dir.path().display().to_string(), "~")).collect();
    let expect = [
        "~/config/config.toml:1:1: unknown key 'themes'",
        "~/config/config.toml:2:7: utc = \"perhaps\": true or false is needed",
        "~/config/config.toml:3:10: keymap takes a single value, not array",
        "~/config/config.toml:6:8: slug: a slug holds only lower-case letters",
        "~/config/config.toml:7:18: cloud_provider: 'ibm' is none of aws,",
        "~/config/config.toml:8:1: unknown key 'regoin'",
        "~/config/config.toml:9:10: state: a path is needed",
        "~/config/config.toml:10:9: watch: true or false is needed",
        "~/config/config.toml:11:12: interval: 'soon' is no duration",
        "~/config/config.toml:12:1: slug is missing",
        "~/config/config.toml:12:1: state is missing",
        "$DRIFTGUARD_LOG: log_level = \"loud\": one of error, warn",
    ];
    for line in expect {
        assert!(said.iter().any(|s| s.starts_with(line)), "missing: {line}\nsaid: {said:#?}");
    }
    assert_eq!(said.len(), expect.len(), "{said:#?}");
    assert!(config.environments.is_empty());
}

#[test]
fn broken_toml_names_its_line_and_the_rest_still_counts() {
    let dir = tempfile::tempdir().unwrap();
    let config = load_with(dir.path(), &[("config/config.toml", "theme = \"dark\"\nutc = \n")], &[], &[]);
    assert_eq!(config.settings.theme.value, "dark");
    assert!(config.problems[0].to_string().contains("config.toml:2:"), "{:?}", config.problems);
}

#[test]
fn a_slug_may_be_replaced_by_a_higher_layer_but_not_used_twice_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let one = "[[environment]]\nslug = \"a\"\ncloud_provider = \"host\"\nstate = \"x\"\n";
    let twice = format!("{one}{one}");
    let config = load_with(dir.path(), &[("etc/config.toml", one), ("config/config.toml", one)], &[], &[]);
    assert_eq!((config.problems.len(), config.environments.len()), (0, 1));
    let config = load_with(dir.path(), &[("etc/config.toml", one), ("config/config.toml", &twice)], &[], &[]);
    assert!(config.problems[0].to_string().contains("used twice"), "{:?}", config.problems);
}

#[test]
fn the_state_in_the_current_directory_is_offered() {
    let dir = tempfile::tempdir().unwrap();
    let settings = load_with(dir.path(), &[], &[], &[]).settings;
    assert!(discover(dir.path(), &settings).is_empty());
    std::fs::write(dir.path().join("terraform.tfstate"), "{}").unwrap();
    std::fs::write(dir.path().join("other.tfstate"), "{}").unwrap();
    let found = discover(dir.path(), &settings);
    assert_eq!((found.len(), found[0].state.len()), (1, 2));
}

#[test]
fn lists_may_be_written_as_lists_and_know_their_origin_and_mistakes() {
    let dir = tempfile::tempdir().unwrap();
    let text = "require_reason = [\"resolve\", \"snooze\"]\npeople = [\"carol\", \"network-oncall\"]\n";
    let config = load_with(dir.path(), &[("config/config.toml", text)], &[], &[]);
    assert_eq!(config.problems, vec![]);
    assert_eq!(config.settings.require_reason.value.shown(), "resolve,snooze");
    assert_eq!(config.settings.people.value, ["carol", "network-oncall"].map(crate::safety::Tainted::from));
    assert!(config.settings.people.origin.to_string().ends_with("config.toml:2"));
    let text = "people = [\n  3,\n]\nrequire_reason = [\"resolve\", \"delete\"]\ntheme = [\"dark\"]\n";
    let config = load_with(dir.path(), &[("config/config.toml", text)], &[("DRIFTGUARD_REQUIRE_REASON", "true")], &[]);
    let said: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|s| s.contains("config.toml:1:10: people takes a list of texts, not array")), "{said:?}");
    assert!(
        said.iter().any(|s| s.contains("config.toml:4:18: require_reason") && s.contains("'delete' is no decision")),
        "{said:?}"
    );
    assert!(said.iter().any(|s| s.contains("theme takes a single value")), "{said:?}");
    assert_eq!(config.settings.require_reason.value.shown(), "true", "a variable counts more than a file");
}

#[test]
fn what_a_server_gives_anybody_is_read_from_its_table_and_mistakes_have_their_line() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[server]\nhosts = [\"drift.example.com\"]\ntrusted_proxies = [\"10.0.0.0/8\"]\nrequests_per_minute = 60\n\
                body_timeout = \"5s\"\nfeeds = 0\norigins = [\"https://a.example/path\"]\nhost = \"x\"\nconnections = [1]\n";
    let config = load_with(dir.path(), &[("config/config.toml", text)], &[], &[]);
    let limits = &config.server;
    assert_eq!(
        (limits.hosts.as_slice(), limits.requests_per_minute.get()),
        (&["drift.example.com".to_owned()][..], 60)
    );
    assert_eq!((limits.body_timeout, limits.trusted_proxies.len()), (Duration::from_secs(5), 1));
    let usual = crate::server::Limits::default();
    assert_eq!((limits.feeds, limits.connections, &limits.origins), (usual.feeds, usual.connections, &usual.origins));
    let told: Vec<String> = config.problems.iter().map(|p| format!("{}: {}", p.origin, p.message.line())).collect();
    for (line, says) in
        [(6, "feeds: a whole number"), (7, "is no origin"), (8, "unknown key 'host'"), (9, "a single value")]
    {
        let place = format!("config.toml:{line}: ");
        assert!(told.iter().any(|one| one.contains(&place) && one.contains(says)), "{line}: {told:#?}");
    }
    let help = server_keys();
    assert!(help.contains("requests_per_minute = 3000") && help.contains("hosts = []"), "{help}");
}

#[test]
fn a_schedule_takes_the_place_of_the_interval_and_its_mistakes_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let environment = |slug: &str, more: &str| {
        format!("[[environment]]\nslug = \"{slug}\"\ncloud_provider = \"host\"\nstate = \"x\"\n{more}\n")
    };
    let text = environment("nightly", "schedule = \"0 2 * * 1-5 Europe/Berlin\"");
    let config = load_with(dir.path(), &[("config/config.toml", &text)], &[], &[]);
    assert_eq!(config.problems, vec![]);
    let spec = &config.environments[0];
    assert_eq!((spec.schedule.as_ref().unwrap().as_str(), spec.interval), ("0 2 * * 1-5 Europe/Berlin", None));
    // What a variable says counts for all.
    let config = load_with(dir.path(), &[("config/config.toml", &text)], &[("DRIFTGUARD_INTERVAL", "5m")], &[]);
    let spec = &config.environments[0];
    assert_eq!((&spec.schedule, spec.interval), (&None, Some(Duration::from_secs(300))));

    let both = environment("both", "schedule = \"0 2 * * *\"\ninterval = \"5m\"");
    let text = format!("{}{both}", environment("wrong", "schedule = \"0 25 * * *\""));
    let config = load_with(dir.path(), &[("config/config.toml", &text)], &[], &[]);
    let said: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("config.toml:5:12: schedule: ") && said[0].contains("time zone"), "{said:?}");
    assert!(said[1].contains("config.toml:11:12: interval: a schedule says already"), "{said:?}");
}
