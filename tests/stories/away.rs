//! A database that is gone: whoever asks is told so soon, what needs no database goes on, and all of it comes back by itself.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::several::{Team, drifting, table, until};

struct Said {
    status: u16,
    retry_after: Option<u64>,
    text: String,
}

async fn ask(address: &str, path: &str, key: &str) -> Said {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Far less than it took to find out by waiting, and more than it takes on a busy machine.
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(12)).build().unwrap();
    let request = client.get(format!("http://{address}{path}")).header("authorization", format!("Bearer {key}"));
    let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Said { status: response.status().as_u16(), retry_after, text: response.text().await.unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_gone_everybody_is_told_at_once_and_afterwards_all_is_as_before() {
    let one = |at: &std::path::Path, _: &super::postgres::Database| {
        table("host", Some("acme"), drifting(at, "motd").to_str().unwrap())
    };
    let Some(mut team) = Team::new(one) else { return };
    let server = team.server(&["--no-scans"]);
    let address = server.said.rsplit("http://").next().unwrap().to_owned();
    assert_eq!(ask(&address, "/health/ready", "").await.status, 200);
    assert_eq!(ask(&address, "/health/", "").await.status, 200);
    assert_eq!(ask(&address, "/api/v1/drifts", &team.key).await.status, 200);

    team.database.server().crash();
    let said = ask(&address, "/api/v1/drifts", &team.key).await;
    assert_eq!((said.status, said.retry_after.is_some()), (503, true), "{}", said.text);
    for _ in 0..30 {
        let said = ask(&address, "/api/v1/drifts", &team.key).await;
        let body: Value = serde_json::from_str(&said.text).unwrap();
        assert_eq!((said.status, &body["error"]["code"]), (503, &"unavailable".into()), "{}", said.text);
    }
    let ready = ask(&address, "/health/ready", "").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("the database does not answer"), "{}", ready.text);
    let live = ask(&address, "/health/", "").await;
    assert_eq!(live.status, 503, "a store of which nothing can be had is unusable");
    assert!(live.text.contains("the store does not answer"), "{}", live.text);
    let metrics = ask(&address, "/metrics", "").await;
    assert!(
        metrics.status == 200 && metrics.text.contains("driftguard_store_up{organization=\"acme\"} 0"),
        "{}",
        metrics.text
    );

    team.database.server().start();
    until("it is back", async || (ask(&address, "/health/ready", "").await.status == 200).then_some(())).await;
    until("so is the rest", async || (ask(&address, "/api/v1/drifts", &team.key).await.status == 200).then_some(()))
        .await;
    drop(server);

    let logs = team.home.path().join("state/driftguard/logs");
    let text: String =
        std::fs::read_dir(logs).unwrap().map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect();
    let mut warnings: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["level"] == "WARN" && line["target"] != "driftguard::again")
        .map(|line| format!("{} {}", line["target"], line["fields"]))
        .collect();
    let all = warnings.len();
    warnings.sort();
    warnings.dedup();
    assert_eq!(warnings.len(), all, "each is said once: {warnings:#?}");
}
