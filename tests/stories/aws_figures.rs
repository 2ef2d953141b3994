//! What reading AWS costs: calls, time spent waiting for them, memory. `DRIFTGUARD_FIGURES=10000 cargo test --test stories figures -- --nocapture`
//! prints them for that many resources.

use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::lab::account::Account;
use crate::lab::fake::state_of_buckets;
use crate::lab::scan;
use crate::support::driftguard;

/// What AWS Config needs for an answer, roughly.
const LATENCY: Duration = Duration::from_millis(40);
const PAGE: usize = 100;
const BUCKET: &str = "AWS::S3::Bucket";

fn account(resources: impl Iterator<Item = (String, String)>) -> Arc<Account> {
    let account = Account::answering_after(LATENCY);
    account.fill(resources);
    Arc::new(account)
}

fn buckets(count: usize) -> Arc<Account> {
    account((0..count).map(|n| (BUCKET.to_owned(), format!("bucket-{n}"))))
}

/// A scan that was watched.
struct Watched {
    out: String,
    took: Duration,
    /// Seconds on a processor, and the most memory, in MB.
    busy: f64,
    memory: u64,
}

impl Watched {
    fn calls(&self) -> usize {
        self.out.split("AWS: ").nth(1).and_then(|t| t.split(' ').next()).unwrap().parse().unwrap()
    }

    fn say(&self, what: &str, count: usize) {
        let (calls, took) = (self.calls(), self.took.as_secs_f64());
        println!(
            "{what}: {calls} calls ({:.1} per 1,000), {took:.1} s, {:.0} % of it waiting, {} MB",
            calls as f64 * 1000.0 / count as f64,
            (1.0 - self.busy / took).max(0.0) * 100.0,
            self.memory
        );
    }
}

fn watch(command: &mut Command) -> Watched {
    let start = Instant::now();
    // Nobody reads while it runs: a pipe would fill up, and it would wait for ever.
    let mut said = tempfile::tempfile().unwrap();
    let mut child = command.stdout(said.try_clone().unwrap()).stderr(Stdio::null()).spawn().unwrap();
    let (mut busy, mut memory) = (0.0, 0);
    while child.try_wait().unwrap().is_none() {
        let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
        let stat = of("stat");
        let ticks: Vec<f64> =
            stat.rsplit(") ").next().unwrap_or_default().split(' ').filter_map(|t| t.parse().ok()).collect();
        // After the command's name and state: user and system time, in hundredths of a second.
        busy = ticks.get(10).zip(ticks.get(11)).map_or(busy, |(user, system)| (user + system) / 100.0);
        let status = of("status");
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        memory = peak.map_or(memory, |kb| kb / 1024);
        std::thread::sleep(Duration::from_millis(10));
    }
    let took = start.elapsed();
    let mut out = String::new();
    said.rewind().and_then(|()| said.read_to_string(&mut out)).unwrap();
    Watched { out, took, busy, memory }
}

fn count() -> usize {
    std::env::var("DRIFTGUARD_FIGURES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

fn declared(home: &Path, account: &Account) -> std::path::PathBuf {
    let state = home.join("terraform.tfstate");
    let names: Vec<String> = account.world().keys().map(|(_, id)| id.clone()).collect();
    std::fs::write(&state, state_of_buckets(&names.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
    state
}

#[test]
fn figures_of_reading_aws_a_thousand_resources_take_at_most_a_fifth_more_calls_than_the_least_there_can_be() {
    let (home, count) = (tempfile::tempdir().unwrap(), count());
    let account = buckets(count);
    let (fake, state) = (account.start(), declared(home.path(), &account));
    let watched = watch(scan(home.path(), &fake.url, &["--state"]).arg(&state));
    assert!(watched.out.contains(&format!("{count} resources: {count} in sync")), "{}", watched.out);
    assert_eq!(watched.calls(), fake.all(), "every request is in the book");
    // A page of a listing, of items and of tags for each hundred.
    let least = 3 * count.div_ceil(PAGE);
    assert!(watched.calls() * 10 <= least * 12, "{} calls, {least} are the least", watched.calls());
    watched.say(&format!("{count} buckets"), count);
}

#[test]
fn figures_of_reading_aws_many_types_at_once() {
    let (home, each) = (tempfile::tempdir().unwrap(), count() / 40);
    let (code, out, _) = crate::support::run(driftguard(home.path()).args(["aws", "types"]));
    assert_eq!(code, 0);
    let types = forty_types(&out);
    let of =
        |kind: &(String, String)| (0..each).map(|n| (kind.1.clone(), format!("{}-{n}", kind.0))).collect::<Vec<_>>();
    let account = account(types.iter().flat_map(of));
    let fake = account.start();
    let state = home.path().join("terraform.tfstate");
    let resource = |(kind, _): &(String, String)| {
        json!({"mode": "managed", "type": kind, "name": "x", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{"schema_version": 0, "attributes": {"id": format!("{kind}-0"), "tags": {"team": "pay"}}}]})
    };
    let resources: Vec<Value> = types.iter().map(resource).collect();
    let document = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": resources});
    std::fs::write(&state, document.to_string()).unwrap();
    let watched = watch(scan(home.path(), &fake.url, &["--state"]).arg(&state));
    let pages = types.len() * each.div_ceil(PAGE);
    let items = (types.len() * each).div_ceil(PAGE);
    let of_ec2 = types.iter().filter(|(_, t)| t.starts_with("AWS::EC2::")).count();
    let least = pages + items + ((types.len() - of_ec2) * each).div_ceil(PAGE);
    watched.say(&format!("{} resources of {} types", types.len() * each, types.len()), types.len() * each);
    // What is declared and was not found is asked for once more, one call each.
    let calls = watched.calls() - fake.asked("GetResource");
    assert!(calls * 10 <= least * 12 + 60, "{calls} calls, {least} are the least: {}", watched.out);
}

/// Terraform types, each with the AWS Config type it is read from, from the table of covered types.
fn forty_types(table: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = vec![];
    for line in table.lines().filter(|line| !line.contains("Cloud Control only")) {
        let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || c == '`' || c == '|').collect();
        let terraform = words.iter().find(|w| w.starts_with("aws_"));
        let config = words.iter().find(|w| w.starts_with("AWS::"));
        let Some((terraform, config)) = terraform.zip(config) else { continue };
        if found.len() < 40 && !found.iter().any(|(_, known)| known == config) {
            found.push(((*terraform).to_owned(), (*config).to_owned()));
        }
    }
    assert_eq!(found.len(), 40, "{table}");
    found
}

#[test]
fn figures_of_reading_aws_again_when_one_in_a_hundred_has_changed() {
    let (home, count) = (tempfile::tempdir().unwrap(), count());
    let account = buckets(count);
    let (fake, state) = (account.start(), declared(home.path(), &account));
    let config = format!(
        "[[environment]]\nslug = \"lab\"\ncloud_provider = \"aws\"\nregion = \"eu-west-1\"\nstate = {state:?}\n\
         aws = {{ endpoint_url = \"{}\" }}\n",
        fake.url
    );
    std::fs::create_dir_all(home.path().join("config/driftguard")).unwrap();
    std::fs::write(home.path().join("config/driftguard/config.toml"), config).unwrap();
    let scan = || {
        let mut command = driftguard(home.path());
        command.envs([
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "y"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]);
        watch(command.arg("scan"))
    };
    scan().say(&format!("{count} buckets, the first time"), count);
    (0..count / 100).for_each(|n| account.put(BUCKET, &format!("bucket-{n}"), "ops"));
    let again = scan();
    again.say(&format!("{count} buckets, 1 % of them changed"), count);
    assert!(again.out.contains(&format!("{} drifted", count / 100)), "{}", again.out);
    // Who we are, what is recorded (two calls), how much; the listing; and the rows and the items of what changed.
    assert_eq!(
        again.calls(),
        4 + count.div_ceil(PAGE) + 2 * (count / 100).div_ceil(PAGE) + usize::from(count / 100 % PAGE == 0),
        "{}",
        again.out
    );
}
