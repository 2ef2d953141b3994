//! Many at once: connections that ask for pages, and feeds that wait for news.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::server::Server;

/// Pages a second, for a while, over so many connections that are kept.
pub fn pages(server: &Server, connections: usize, limit: usize, lasts: Duration) {
    let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (started, cpu) = (Instant::now(), server.cpu());
    std::thread::scope(|threads| {
        for _ in 0..connections {
            threads.spawn(|| {
                let mut client = server.client();
                while !over.load(Ordering::Relaxed) {
                    client.get(&format!("/drifts?limit={limit}"));
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(lasts);
        over.store(true, Ordering::Relaxed);
    });
    let (seconds, done) = (started.elapsed().as_secs_f64(), done.load(Ordering::Relaxed) as f64);
    let (rate, each) = (done / seconds, (server.cpu() - cpu) * 1e3 / done);
    println!(
        "pages of {limit} over {connections} connections: {rate:.0} a second, {each:.2} ms of the server's processor each"
    );
}

/// So many feeds of one key: what they cost at rest, and when all of them have heard of a decision.
pub fn feeds(server: &Server, count: usize, rest: Duration) {
    let (before, _) = server.memory();
    let (ready, is_ready) = channel();
    let (heard, has_heard) = channel();
    for _ in 0..count {
        let (mut client, ready, heard) = (server.client(), ready.clone(), heard.clone());
        let follow = move || {
            client.send("GET", "/feed", "");
            client.until("event: hello");
            ready.send(()).unwrap();
            for _ in 0..3 {
                client.until("event: event");
                heard.send(Instant::now()).unwrap();
            }
        };
        std::thread::Builder::new().stack_size(128 << 10).spawn(follow).unwrap();
    }
    (0..count).for_each(|_| is_ready.recv().unwrap());
    let (with, cpu) = (server.memory().0, server.cpu());
    std::thread::sleep(rest);
    let idle = (server.cpu() - cpu) * 1e2 / rest.as_secs_f64();
    let each = with.saturating_sub(before) as f64 * 1024.0 / count as f64;
    println!(
        "{count} feeds: {before} MB before, {with} MB with them ({each:.0} kB each), {idle:.2} % of a core at rest"
    );
    let mut client = server.client();
    let page = client.json("/drifts?limit=1&status=open");
    let id = page["data"][0]["id"].as_str().unwrap().to_owned();
    for round in 0..3 {
        let path = format!("/drifts/{id}/triage");
        let body = format!(r#"{{"verb": {{"note": {{"text": "round {round}"}}}}}}"#);
        let decided = Instant::now();
        client.send("POST", &path, &body);
        let all: Vec<Instant> = (0..count).map(|_| has_heard.recv().unwrap()).collect();
        client.answer(&path);
        let took = |at: &Instant| at.duration_since(decided).as_secs_f64() * 1e3;
        let (first, last) = (all.iter().min().map_or(0.0, took), all.iter().max().map_or(0.0, took));
        println!("a decision is with the first of {count} after {first:.1} ms, with the last after {last:.1} ms");
    }
}
