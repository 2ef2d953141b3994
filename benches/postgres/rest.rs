//! What the screens ask of a server, through its API, with other parameters each time.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::data::{ENVIRONMENTS, TYPES};
use super::server::{Client, Server};

/// p50 and p95 of a question, in milliseconds.
pub fn measured(name: &str, target: u64, rounds: usize, mut ask: impl FnMut(usize)) {
    (0..3.min(rounds)).for_each(&mut ask);
    let mut took: Vec<f64> = (0..rounds)
        .map(|round| {
            let started = std::time::Instant::now();
            ask(round + 3);
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let (p50, p95) = (took[took.len() / 2], took[took.len() * 95 / 100]);
    let verdict = if p95 <= target as f64 { "" } else { "  MISSED" };
    println!("{name:<58} p50 {p50:>8.1} ms   p95 {p95:>8.1} ms   target {target:>6} ms{verdict}");
}

fn ago(days: usize) -> Timestamp {
    let at = Timestamp::now() - SignedDuration::from_hours(24 * days as i64);
    Timestamp::from_second(at.as_second()).unwrap()
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|drift| drift["id"].as_str().unwrap().to_owned()).collect()
}

/// Cursors from all over the past, and drifts there.
fn places(client: &mut Client) -> (Vec<String>, Vec<String>) {
    let (mut cursors, mut drifts) = (Vec::new(), Vec::new());
    for day in 0..60 {
        let page = client.json(&format!("/drifts?until={}&limit=20", ago(day)));
        cursors.extend(page["pagination"]["next"].as_str().map(str::to_owned));
        drifts.extend(ids(&page));
    }
    (cursors, drifts)
}

pub fn ask(server: &Server, rounds: usize) {
    let mut client = server.client();
    let (cursors, drifts) = places(&mut client);
    let env = |n: usize| ENVIRONMENTS[n % 4];
    let mut get = |name: &str, target: u64, rounds: usize, path: &dyn Fn(usize) -> String| {
        measured(name, target, rounds, |n| drop(client.get(&path(n))));
    };
    get("list: first page of 100", 500, rounds, &|_| "/drifts?limit=100".to_owned());
    get("list: page of 100 after a cursor deep in the past", 500, rounds, &|n| {
        format!("/drifts?limit=100&cursor={}", cursors[n % cursors.len()])
    });
    get("list: by environment, severity and status", 500, rounds, &|n| {
        let severity = ["CRITICAL", "HIGH", "MEDIUM,HIGH", "LOW"][n / 4 % 4];
        let status = ["open", "open,acknowledged", "closed"][n % 3];
        format!("/drifts?limit=100&environment={}&severity={severity}&status={status}", env(n))
    });
    get("details of a drift", 200, rounds, &|n| format!("/drifts/{}", drifts[n * 7 % drifts.len()]));
    get("search: type, severity, age and text", 2000, rounds, &|n| {
        let (kind, days, port) = (TYPES[n % 3], n + 1, n % 10);
        let query = format!("type:{kind}%20sev:%3E=medium%20age:%3E{days}d%20from_port={port}");
        format!("/drifts?limit=100&status=open,closed&query={query}")
    });
    get("search: two words that few have, among what is open", 2000, rounds, &|n| {
        format!("/drifts?limit=100&status=open&text=from_port={}%20iam_role", 120 * n)
    });
    get("search: nothing to find", 2000, rounds, &|n| format!("/drifts?limit=100&text=no-such-thing-{n}"));
    get("dashboard: summary of 7 days", 500, rounds, &|_| "/analytics/summary?days=7".to_owned());
    get("dashboard: summary of 30 days, one environment", 500, rounds, &|n| {
        format!("/analytics/summary?days=30&environment={}", env(n))
    });
    get("analytics: summary of 90 days", 10_000, rounds.min(20), &|_| "/analytics/summary?days=90".to_owned());
    get("analytics: how 30 to 90 days went", 10_000, rounds.min(20), &|n| format!("/stats?days={}", 30 + n % 61));
    get("analytics: what happened in 90 days", 10_000, rounds.min(20), &|n| {
        format!("/incident?from={}&until={}&limit=500&parts=90", ago(90), ago(n % 20))
    });
    get("groups: what is open, by change", 10_000, rounds.min(10), &|n| {
        format!("/drifts/groups?by=change&limit=20&status=open&environment={}", env(n))
    });
}
