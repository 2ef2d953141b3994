//! What reading AWS costs: calls, time spent waiting for them, memory. `DRIFTGUARD_FIGURES=10000 cargo test --test stories figures -- --nocapture`
//! prints them for that many resources.

use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::lab::account::Account;
use crate::lab::fake::state_of_buckets;
use crate::lab::scan;
use crate::lab::stand::{Stand, declared, state_of};
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

    /// `least`: calls that whoever reads so much has to make.
    fn say(&self, what: &str, count: usize, least: usize) {
        let (calls, took) = (self.calls(), self.took.as_secs_f64());
        println!(
            "{what}: {calls} calls ({:.1} per 1,000, {:.2} of the {least} that are the least), {took:.1} s, {:.0} % of it waiting, {} MB",
            calls as f64 * 1000.0 / count as f64,
            calls as f64 / least as f64,
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

/// A state that declares them all.
fn declaring(account: &Account) -> String {
    let names: Vec<String> = account.world().keys().map(|(_, id)| id.clone()).collect();
    state_of_buckets(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn figures_of_reading_aws_a_thousand_resources_take_at_most_a_fifth_more_calls_than_the_least_there_can_be() {
    let (home, count) = (tempfile::tempdir().unwrap(), count());
    let account = buckets(count);
    let (fake, state) = (account.start(), home.path().join("terraform.tfstate"));
    std::fs::write(&state, declaring(&account)).unwrap();
    let watched = watch(scan(home.path(), &fake.url, &["--state"]).arg(&state));
    assert!(watched.out.contains(&format!("{count} resources: {count} in sync")), "{}", watched.out);
    assert_eq!(watched.calls(), fake.all(), "every request is in the book");
    // A page of a listing, of items and of tags for each hundred.
    let least = 3 * count.div_ceil(PAGE);
    assert!(watched.calls() * 10 <= least * 12, "{} calls, {least} are the least", watched.calls());
    watched.say(&format!("{count} buckets"), count, least);
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
    let resource =
        |(kind, _): &(String, String)| declared(kind, "x", json!({"id": format!("{kind}-0"), "tags": {"team": "pay"}}));
    std::fs::write(&state, state_of(&types.iter().map(resource).collect::<Vec<_>>())).unwrap();
    let watched = watch(scan(home.path(), &fake.url, &["--state"]).arg(&state));
    let pages = types.len() * each.div_ceil(PAGE);
    let items = (types.len() * each).div_ceil(PAGE);
    let of_ec2 = types.iter().filter(|(_, t)| t.starts_with("AWS::EC2::")).count();
    let least = pages + items + ((types.len() - of_ec2) * each).div_ceil(PAGE);
    watched.say(&format!("{} resources of {} types", types.len() * each, types.len()), types.len() * each, least);
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
    let count = count();
    let account = buckets(count);
    let fake = account.start();
    let stand = Stand::new(&fake.url, &declaring(&account), "");
    let scan = || watch(&mut stand.command(&["scan"]));
    let all = count.div_ceil(PAGE);
    scan().say(&format!("{count} buckets, the first time"), count, 3 * all);
    let changed = (0..count).step_by(100).map(|n| account.put(BUCKET, &format!("bucket-{n}"), "ops")).count();
    let before = fake.all();
    let again = scan();
    // The listing alone says what is there; and of what changed a row that says so, and the item.
    let least = all + 2 * changed.div_ceil(PAGE);
    again.say(&format!("{count} buckets, {changed} of them changed"), count, least);
    assert!(again.out.contains(&format!("{changed} drifted")), "{}", again.out);
    assert_eq!(again.calls(), fake.all() - before, "every request is in the book");
    // Who we are, what is recorded (two calls), how much: of a small account they are more than a fifth.
    assert!((again.calls() - 4) * 10 <= least * 12, "{} calls, {least} are the least: {}", again.calls(), again.out);
}
