//! What reading AWS costs: calls, time spent waiting for them, memory. `DRIFTGUARD_FIGURES=10000 cargo test --test stories figures -- --nocapture`
//! prints them for that many resources.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::lab::fake::{Fake, Reply, Request, listing, state_of_buckets};
use crate::lab::scan;

/// What AWS Config needs for an answer, roughly.
const LATENCY: Duration = Duration::from_millis(40);
const PAGE: usize = 100;

/// An account with so many tagged buckets, in pages of a hundred.
fn account(count: usize) -> Fake {
    let name = |n: usize| format!("bucket-{n}");
    Fake::start(move |request: &Request<'_>| {
        std::thread::sleep(LATENCY);
        let token = request.body["nextToken"].as_str().or(request.body["NextToken"].as_str());
        let start: usize = token.and_then(|t| t.parse().ok()).unwrap_or(0);
        let end = (start + PAGE).min(count);
        let next = (end < count).then(|| end.to_string());
        match request.action {
            "ListDiscoveredResources" => {
                let names: Vec<String> = (start..end).map(name).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                Some(Reply::Json(listing(&names, next.as_deref())))
            }
            "SelectResourceConfig" => {
                let row = |n| json!({"resourceId": name(n), "resourceType": "AWS::S3::Bucket", "tags": [{"key": "team", "value": "pay"}]});
                let rows: Vec<String> = (start..end).map(|n| row(n).to_string()).collect();
                Some(Reply::Json(json!({"Results": rows, "NextToken": next})))
            }
            _ => None,
        }
    })
}

/// A scan that was watched.
struct Watched {
    out: String,
    took: Duration,
    /// Seconds on a processor, and the most memory, in MB.
    busy: f64,
    memory: u64,
}

fn watch(count: usize) -> (Watched, Fake) {
    let fake = account(count);
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("terraform.tfstate");
    let names: Vec<String> = (0..count).map(|n| format!("bucket-{n}")).collect();
    std::fs::write(&state, state_of_buckets(&names.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
    let start = Instant::now();
    let mut command = scan(home.path(), &fake.url, &["--state"]);
    let mut child = command.arg(&state).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
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
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    (Watched { out, took, busy, memory }, fake)
}

#[test]
fn figures_of_reading_aws_a_thousand_resources_take_at_most_a_fifth_more_calls_than_the_least_there_can_be() {
    let count = std::env::var("DRIFTGUARD_FIGURES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let (watched, fake) = watch(count);
    assert!(watched.out.contains(&format!("{count} resources: {count} in sync")), "{}", watched.out);
    let calls: usize = watched.out.split("AWS: ").nth(1).and_then(|t| t.split(' ').next()).unwrap().parse().unwrap();
    let requests: usize = [
        "GetCallerIdentity",
        "DescribeConfigurationRecorders",
        "DescribeConfigurationRecorderStatus",
        "ListDiscoveredResources",
        "BatchGetResourceConfig",
        "SelectResourceConfig",
        "GetResourceConfigHistory",
    ]
    .iter()
    .map(|action| fake.asked(action))
    .sum();
    assert_eq!(calls, requests, "every request is in the book");
    // A page of a listing, of items and of tags for each hundred.
    let least = 3 * count.div_ceil(PAGE);
    assert!(calls * 10 <= least * 12, "{calls} calls, {least} are the least");
    let took = watched.took.as_secs_f64();
    println!(
        "{count} resources: {calls} calls ({:.1} per 1,000), {took:.1} s, {:.0} % of it waiting, {} MB",
        calls as f64 * 1000.0 / count as f64,
        (1.0 - watched.busy / took).max(0.0) * 100.0,
        watched.memory
    );
}
