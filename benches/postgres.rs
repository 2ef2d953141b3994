//! A team's server at the size of a large organisation: `cargo bench --bench postgres`.
//!
//! Starts a PostgreSQL of its own in the temporary directory; `DRIFTGUARD_BENCH_DATABASE` names another (its role a superuser),
//! whose data stay: the second run then only asks. `DRIFTGUARD_BENCH_EVENTS` sets how many drifts there are: 100 000 unless it says
//! otherwise; 4 500 000 are 90 days of 50 000 each, and take 9 GB. Nine of ten have ended. They are written as scans would have
//! left them (a story compares both), and then asked for through the API of a `driftguard serve`. Words choose what is measured:
//! `ask` pages, details, searches, dashboards; `pages` a second; `feeds` of a thousand clients; `beside` recording, in PostgreSQL
//! and in files (at most 100 000 drifts unless `DRIFTGUARD_BENCH_BESIDE` says otherwise). Without words all of it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;
use std::time::{Duration, Instant};

use driftguard::drift::Slug;
use driftguard::store::loading::load;
use driftguard::store::{OpenMode, Options, open_url};

#[path = "postgres/beside.rs"]
mod beside;
#[path = "postgres/data.rs"]
mod data;
#[path = "postgres/many.rs"]
mod many;
#[allow(dead_code)]
#[path = "../tests/stories/lab/postgres.rs"]
mod postgres;
#[path = "postgres/rest.rs"]
mod rest;
#[path = "postgres/server.rs"]
mod server;

/// As the program has it: what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Each question is asked so often.
const ROUNDS: usize = 60;
/// What a database of this size is given, besides.
const SETTINGS: [&str; 4] =
    ["shared_buffers = '1GB'", "effective_cache_size = '4GB'", "max_wal_size = '2GB'", "random_page_cost = 1.1"];

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().and_then(|n| n.parse().ok())
}

fn says(url: &str, sql: &str) -> String {
    let psql = postgres::programs().map_or_else(|| "psql".into(), |programs| programs.join("psql"));
    let output = Command::new(psql).args(["-q", "-A", "-t", "-c", sql, url]).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |word: &str| words.is_empty() || words.iter().any(|one| one == word);
    // `cargo test` runs benches too, to see that they do.
    let is_test = !std::env::args().any(|word| word == "--bench");
    let events = number("DRIFTGUARD_BENCH_EVENTS").unwrap_or(if is_test { 900 } else { 100_000 });
    let beside = number("DRIFTGUARD_BENCH_BESIDE").unwrap_or(events.min(100_000));
    let (rounds, clients, lasts) =
        if is_test { (3, 5, Duration::from_millis(100)) } else { (ROUNDS, 1000, Duration::from_secs(10)) };
    let dir = tempfile::tempdir().unwrap();
    let given = std::env::var("DRIFTGUARD_BENCH_DATABASE").ok();
    let mut own = if given.is_none() { postgres::Postgres::new(dir.path(), None) } else { None };
    let address = |own: &postgres::Postgres| format!("postgres://owner@127.0.0.1:{}/postgres", own.port);
    let Some(url) = given.or_else(|| own.as_ref().map(address)) else {
        return println!("no PostgreSQL here: install one, or name a database with DRIFTGUARD_BENCH_DATABASE");
    };
    if let Some(own) = &mut own {
        assert!(SETTINGS.iter().all(|one| postgres::sql(own.port, &format!("ALTER SYSTEM SET {one}"))));
        own.crash_and_start();
    }
    if wants("beside") {
        beside::compare(dir.path(), &url, beside, rounds);
    }
    if ["ask", "pages", "feeds"].into_iter().any(wants) {
        fill(&url, events);
        let server = server::Server::start(dir.path(), &url);
        println!("the server at rest: {} MB", server.memory().0);
        if wants("ask") {
            rest::ask(&server, rounds);
            println!("the server after all questions: {} MB, {} at most", server.memory().0, server.memory().1);
        }
        if wants("pages") {
            for (connections, limit) in [(1, 100), (8, 100), (64, 100), (8, 20)] {
                many::pages(&server, connections, limit, lasts);
            }
            println!("the server after all pages: {} MB, {} at most", server.memory().0, server.memory().1);
        }
        if wants("feeds") {
            many::feeds(&server, clients, lasts);
        }
    }
}

/// Loads the past, unless it is there.
fn fill(url: &str, events: usize) {
    let organization = Slug::from_text("acme");
    let store = open_url(url, &organization, OpenMode::ReadWrite, Options::default()).unwrap().store;
    if store.environments().unwrap().is_empty() {
        // Nobody else is there: what refers to what need not be looked up for each row.
        let sign = if url.contains('?') { '&' } else { '?' };
        let quick = format!("{url}{sign}options[session_replication_role]=replica&options[synchronous_commit]=off");
        let started = Instant::now();
        let loaded = load(&quick, &organization, &data::environments(), data::past(events)).unwrap();
        let seconds = started.elapsed().as_secs_f64();
        says(url, "VACUUM (ANALYZE, FREEZE)");
        println!("{loaded} drifts loaded in {seconds:.0} s, {:.0} s with VACUUM", started.elapsed().as_secs_f64());
    }
    println!("the database: {}", says(url, "SELECT pg_size_pretty(pg_database_size(current_database()))"));
}
