//! How much of a server anybody may have: who dawdles, asks too often or stays too long costs nobody else anything.

use std::sync::atomic::Ordering;
use std::time::Duration;

use driftguard::server::Limits;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::attacks::{Open, PATIENCE, Said};

#[tokio::test(flavor = "multi_thread")]
async fn who_dawdles_is_sent_away_and_keeps_nobody_waiting() {
    let brief = Duration::from_millis(300);
    let limits = Limits { header_timeout: brief, body_timeout: brief, connections: 3, ..Limits::default() };
    let server = Open::new(limits).await;
    // Three fill the house; the fourth is let in when they are sent away.
    let mut idle = vec![];
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /api/v1/session HTTP/1.1\r\nhost: localh").await.unwrap();
        idle.push(stream);
    }
    assert_eq!(server.get("/api/v1/session").await.status, 200);
    for stream in idle {
        let said = Said::read(stream).await;
        assert!(matches!(said.status, 0 | 408), "{said:?}");
    }
    let path = server.triage();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer erin\r\ncontent-type: application/json\r\n"
    );
    let mut slow = server.connect().await;
    slow.write_all(format!("{head}content-length: 23\r\n\r\n{{\"verb\"").as_bytes()).await.unwrap();
    let said = Said::read(slow).await;
    assert_eq!((said.status, said.word("code").as_str()), (408, "timeout"), "{said:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_alone() {
    let limits = Limits { requests_per_minute: 5.try_into().unwrap(), ..Limits::default() };
    let server = Open::new(limits).await;
    // Each of these is one, however many ask who it is.
    for (path, status) in [("session", 200), ("audit/export", 404), ("access", 404), ("session", 200), ("stats", 200)] {
        assert_eq!(server.get(&format!("/api/v1/{path}")).await.status, status, "{path}");
    }
    let said = server.get("/api/v1/session").await;
    assert_eq!((said.status, said.word("code").as_str()), (429, "rate_limited"), "{said:?}");
    let wait = said.json()["error"]["retry_after"].as_u64().unwrap();
    assert!((1..=60).contains(&wait) && said.head.contains(&format!("retry-after: {wait}")), "{said:?}");
    let other = format!(
        "GET /api/v1/session HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer vic\r\nconnection: close\r\n\r\n",
        server.address
    );
    assert_eq!(server.raw(other.as_bytes()).await.status, 200, "somebody else does not");
    server.end().await;

    let limits = Limits { requests_per_minute_per_address: 3.try_into().unwrap(), ..Limits::default() };
    let server = Open::new(limits).await;
    let guess = format!(
        "GET /api/v1/session HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer guess\r\nx-forwarded-for: 192.0.2.N\r\nconnection: close\r\n\r\n",
        server.address
    );
    let mut told = vec![];
    for n in 0..5 {
        told.push(server.raw(guess.replace('N', &n.to_string()).as_bytes()).await.status);
    }
    assert_eq!(told, [401, 401, 401, 429, 429], "whatever it says it is passed on for");
    for _ in 0..5 {
        assert_eq!(server.get("/health/").await.status, 200, "whoever asks whether it lives is not counted");
    }
    server.end().await;
}

/// Reads the feed until it says this, or ends.
async fn heard(stream: &mut TcpStream, what: &str) -> String {
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    let reading = async {
        while !text.contains(what) {
            match stream.read(&mut bytes).await.unwrap() {
                0 => break,
                n => text.push_str(&String::from_utf8_lossy(&bytes[..n])),
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{what} is told"));
    text
}

async fn feed(server: &Open) -> TcpStream {
    let mut stream = server.connect().await;
    let head = format!("GET /api/v1/feed HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer erin\r\n\r\n", server.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_ends_with_the_session_and_with_the_server_and_there_are_only_so_many() {
    let limits = Limits { feeds: 1, recheck: Duration::from_millis(50), ..Limits::default() };
    let server = Open::new(limits).await;
    let mut first = feed(&server).await;
    assert!(heard(&mut first, "hello").await.contains("event: hello"));
    let second = server.get("/api/v1/feed").await;
    assert_eq!((second.status, second.word("code").as_str()), (429, "rate_limited"), "{second:?}");
    server.gate.0.store(false, Ordering::SeqCst);
    assert!(
        heard(&mut first, "denied").await.contains("unauthenticated"),
        "who is let in no more hears why, and no more"
    );
    server.gate.0.store(true, Ordering::SeqCst);
    drop(first);
    // The place is free again, though perhaps not at once.
    let mut again = feed(&server).await;
    while heard(&mut again, "\r\n\r\n").await.starts_with("HTTP/1.1 429") {
        tokio::time::sleep(Duration::from_millis(20)).await;
        again = feed(&server).await;
    }
    let address = server.address;
    server.end().await;
    assert!(heard(&mut again, "bye").await.contains("event: bye"));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_this_machine_or_a_token_and_the_dashboard_asks_for_nothing_else() {
    let limits = Limits { metrics_token: Some("scrape-me".into()), ..Limits::default() };
    let server = Open::new(limits).await;
    assert_eq!(server.get("/api/v1/nothing").await.status, 404);
    let passed_on = server.ask("GET", "/metrics", "x-forwarded-for: 192.0.2.1\r\n", "").await;
    assert_eq!((passed_on.status, passed_on.word("code").as_str()), (403, "forbidden"), "{passed_on:?}");
    let scrape = |token: &str| {
        format!(
            "GET /metrics HTTP/1.1\r\nhost: localhost\r\nvia: proxy\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        )
    };
    assert_eq!(server.raw(scrape("guess").as_bytes()).await.status, 403);
    assert_eq!(server.raw(scrape("scrape-me").as_bytes()).await.status, 200);
    assert_eq!(server.get(&format!("/api/v1/drifts/{}", server.drift)).await.status, 200);
    let text = server.get("/metrics").await.body;
    for line in [
        "driftguard_http_requests_total{method=\"GET\",route=\"/api/v1/drifts/{id}\",status=\"200\"} 1",
        "driftguard_store_up{organization=\"acme\"} 1",
        "driftguard_open_drifts{organization=\"acme\",environment=\"prod\",severity=\"low\"} 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|l| l.starts_with(line)), "{line}\n{text}");
    }
    // These are counted beside everything else: what takes longer than a moment is there for whoever asks next.
    let mut text = text;
    while !text.contains("driftguard_drift_detection_rate_per_day") {
        tokio::time::sleep(Duration::from_millis(50)).await;
        text = server.get("/metrics").await.body;
    }
    assert!(text.contains("driftguard_user_activity{organization=\"acme\"} 0"), "{text}");
    assert!(!text.contains("driftguard_detection_accuracy"), "of what there is no data for there is no figure: {text}");
    let board: Value = serde_json::from_str(include_str!("../../dashboards/driftguard.json")).unwrap();
    let asked: Vec<String> = board["panels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect();
    assert!(asked.len() > 10);
    for expression in asked {
        let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let ours: Vec<&str> =
            names.filter(|name| name.starts_with("driftguard_") || name.starts_with("process_")).collect();
        assert!(!ours.is_empty(), "{expression}");
        for name in ours {
            let base = name.trim_end_matches("_bucket").trim_end_matches("_total");
            assert!(text.contains(&format!("# TYPE {base} ")), "{name} of {expression}\n{text}");
        }
    }
    server.end().await;
}

/// Sends half a decision, and waits until the server wants the rest.
async fn half_a_decision(server: &Open) -> TcpStream {
    let mut stream = server.connect().await;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer erin\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: 23\r\n\r\n",
        server.triage()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(heard(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 100"));
    stream.write_all(b"{\"verb\": ").await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leaves_finishes_what_was_begun_and_waits_no_longer_than_it_may() {
    let server = Open::new(Limits::default()).await;
    let mut begun = half_a_decision(&server).await;
    let address = server.address;
    let leaving = tokio::spawn(server.end());
    // Nobody new is let in from then on.
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begun.write_all(b"\"acknowledge\"}").await.unwrap();
    let said = Said::read(begun).await;
    assert!(said.status == 200 && said.body.contains("acknowledged"), "{said:?}");
    leaving.await.unwrap();

    let limits = Limits { drain: Duration::from_millis(200), body_timeout: PATIENCE * 10, ..Limits::default() };
    let server = Open::new(limits).await;
    let never_ends = half_a_decision(&server).await;
    server.end().await;
    assert_eq!(Said::read(never_ends).await.status, 0);
}
