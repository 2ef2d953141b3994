//! When AWS refuses, slows down, loses a page or talks nonsense: what could not be read is unverified, never gone.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lab::fake::{Fake, Reply, Request, batch, bucket, listing, state_of_buckets};
use crate::lab::scan;
use crate::support::run;

/// A home with a state that declares buckets `a`, `b` and `c`, of which `c` does not exist.
fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("terraform.tfstate");
    std::fs::write(&state, state_of_buckets(&["a", "b", "c"])).unwrap();
    (home, state)
}

/// Exit code and report of a scan against the fake.
fn scanned(fake: &Fake) -> (i32, Value) {
    let (home, state) = home();
    let (code, out, err) = run(scan(home.path(), &fake.url, &["--format", "json", "--state"]).arg(&state));
    let report = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: exit {code}: {out}{err}"));
    (code, report)
}

/// Drift types by address.
fn drifts(report: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let rows = report["drifts"].as_array().unwrap().iter();
    let mut rows: Vec<_> = rows.map(|d| (text(&d["resource_id"]), text(&d["drift_type"]))).collect();
    rows.sort();
    rows
}

/// Addresses and reasons of what could not be compared as a whole.
fn unverified(report: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let rows = report["unverified"].as_array().unwrap().iter().filter(|u| u["path"].is_null());
    let mut rows: Vec<_> = rows.map(|u| (text(&u["resource_id"]), text(&u["reason"]))).collect();
    rows.sort();
    rows
}

/// All that was said about sources.
fn said(report: &Value) -> String {
    report["errors"].as_array().unwrap().iter().map(|e| format!("{}\n{}\n", e["message"], e["help"])).collect()
}

/// Nothing is known of the three buckets for this reason, and nothing is called gone.
fn all_unverified(fake: &Fake, reason: &str) -> String {
    let (code, report) = scanned(fake);
    assert_eq!(drifts(&report), [], "{report:#}");
    let all = ["a", "b", "c"].map(|id| (format!("aws_s3_bucket.{id}"), reason.to_owned()));
    assert_eq!(unverified(&report), all, "{report:#}");
    assert_eq!(code, 3);
    said(&report)
}

/// A script with one answer for one action.
fn only(action: &'static str, reply: impl Fn(&Request<'_>) -> Option<Reply> + Send + Sync + 'static) -> Fake {
    Fake::start(move |request| if request.action == action { reply(request) } else { None })
}

#[test]
fn with_a_healthy_account_only_what_is_not_there_is_gone() {
    let fake = Fake::start(|_| None);
    let (code, report) = scanned(&fake);
    assert_eq!(drifts(&report), [("aws_s3_bucket.c".to_owned(), "deleted".to_owned())], "{report:#}");
    assert_eq!(unverified(&report), []);
    assert_eq!(code, 2);
    let place = &report["environments"][0];
    assert_eq!((&place["account_id"], &place["region"]), (&json!("123456789012"), &json!("eu-west-1")), "as was asked");
}

#[test]
fn a_denied_listing_leaves_the_type_unverified_and_names_the_statement_that_would_allow_it() {
    let fake = only("ListDiscoveredResources", |_| {
        Some(Reply::Error(400, "AccessDeniedException", "User: reader is not authorized to perform it"))
    });
    let said = all_unverified(&fake, "denied");
    assert!(said.contains(r#"\"Action\":\"config:ListDiscoveredResources\""#), "{said}");
    assert_eq!(fake.asked("ListDiscoveredResources"), 1, "a refusal is not asked again");
}

#[test]
fn a_denied_reading_of_items_leaves_them_unverified() {
    let fake = only("BatchGetResourceConfig", |_| Some(Reply::Error(400, "AccessDeniedException", "no")));
    assert!(all_unverified(&fake, "denied").contains("config:BatchGetResourceConfig"));
}

#[test]
fn throttling_to_the_end_of_patience_is_unverified_and_was_asked_four_times() {
    let fake = only("ListDiscoveredResources", |_| Some(Reply::Error(400, "ThrottlingException", "Rate exceeded")));
    let said = all_unverified(&fake, "throttled");
    assert!(said.contains("throttled until the retries ran out"), "{said}");
    assert_eq!(fake.asked("ListDiscoveredResources"), 4);
}

#[test]
fn throttled_twice_and_then_answered_is_a_whole_scan_with_two_retries_in_its_book() {
    let fake = only("BatchGetResourceConfig", |request| {
        (request.earlier < 2).then_some(Reply::Error(400, "ThrottlingException", "Rate exceeded"))
    });
    let (home, state) = home();
    let (code, out, err) = run(scan(home.path(), &fake.url, &["--state"]).arg(&state));
    assert_eq!(code, 2, "{out}{err}");
    // What failed is the second opinion on the bucket that is not there: Cloud Control is unknown here.
    assert!(out.contains("2 retries, 1 failed"), "{out}");
    assert!(out.contains("0 unverified"), "{out}");
}

#[test]
fn a_second_page_that_is_lost_makes_nothing_gone() {
    let paged = |lost: fn() -> Reply| {
        only("ListDiscoveredResources", move |request| {
            Some(if request.body["nextToken"] == "2" { lost() } else { Reply::Json(listing(&["a"], Some("2"))) })
        })
    };
    for lost in [|| Reply::Error(500, "InternalFailure", "oops"), || Reply::Cut] as [fn() -> Reply; 2] {
        let (code, report) = scanned(&paged(lost));
        assert_eq!(drifts(&report), [], "{report:#}");
        let rest = ["b", "c"].map(|id| (format!("aws_s3_bucket.{id}"), "source_failed".to_owned()));
        assert_eq!(unverified(&report), rest, "what the first page had is compared: {report:#}");
        assert_eq!(code, 3);
    }
}

#[test]
fn what_aws_leaves_unprocessed_is_asked_for_again_and_then_unverified() {
    let fake = only("BatchGetResourceConfig", |request| Some(Reply::Json(batch(request.body, &["b"]))));
    let (code, report) = scanned(&fake);
    assert_eq!(drifts(&report), [], "{report:#}");
    let rest = ["b", "c"].map(|id| (format!("aws_s3_bucket.{id}"), "throttled".to_owned()));
    assert_eq!(unverified(&report), rest, "{report:#}");
    assert_eq!((code, fake.asked("BatchGetResourceConfig")), (3, 3));

    let fake = only("BatchGetResourceConfig", |request| {
        (request.earlier == 0).then(|| Reply::Json(batch(request.body, &["b"])))
    });
    let (_, report) = scanned(&fake);
    assert_eq!(unverified(&report), [], "the second time AWS had it: {report:#}");
}

#[test]
fn what_a_portal_says_in_place_of_aws_is_not_put_down_to_aws() {
    for status in [200, 403, 500] {
        let page = "<!DOCTYPE html><html><body>Sign in to the network</body></html>";
        let fake = only("ListDiscoveredResources", move |_| Some(Reply::Plain(status, page.to_owned())));
        let said = all_unverified(&fake, "source_failed");
        let words = format!("answered HTTP {status} with something that is not AWS's");
        assert!(said.contains(&words) && said.contains("is the endpoint right?"), "{said}");
        assert!(!said.contains("the message is AWS's own"), "{said}");
    }
}

#[test]
fn a_malformed_item_spoils_only_itself() {
    for configuration in ["{\"name\": \"b\"", "[1, 2]", "\"text\""] {
        let fake = only("BatchGetResourceConfig", move |_| {
            let mut broken = bucket("b");
            broken["configuration"] = json!(configuration);
            Some(Reply::Json(json!({"baseConfigurationItems": [bucket("a"), broken], "unprocessedResourceKeys": []})))
        });
        let (_, report) = scanned(&fake);
        assert_eq!(drifts(&report), [("aws_s3_bucket.c".to_owned(), "deleted".to_owned())], "{report:#}");
        assert_eq!(unverified(&report), [("aws_s3_bucket.b".to_owned(), "source_failed".to_owned())], "{report:#}");
    }
}

#[test]
fn a_listed_resource_whose_item_never_comes_is_not_gone() {
    let fake = only("BatchGetResourceConfig", |_| {
        Some(Reply::Json(json!({"baseConfigurationItems": [bucket("a")], "unprocessedResourceKeys": []})))
    });
    let (code, report) = scanned(&fake);
    assert!(!drifts(&report).iter().any(|(id, _)| id == "aws_s3_bucket.b"), "it was listed: {report:#}");
    assert!(unverified(&report).iter().any(|(id, _)| id == "aws_s3_bucket.b"), "{report:#}");
    assert_ne!(code, 0);
}

#[test]
fn an_answer_that_is_no_answer_makes_nothing_gone() {
    let fake = only("ListDiscoveredResources", |_| Some(Reply::Xml(200, "<html>proxy</html>".into())));
    all_unverified(&fake, "source_failed");
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    for (code, message) in [
        (
            "InvalidSignatureException",
            "Signature expired: 20261121T010000Z is now earlier than 20261121T020000Z (20261121T021500Z - 15 min.)",
        ),
        (
            "InvalidSignatureException",
            "Signature not yet current: 20261121T040000Z is still later than 20261121T020000Z (20261121T014500Z + 15 min.)",
        ),
        ("RequestExpired", "Request has expired."),
    ] {
        let fake = only("ListDiscoveredResources", move |_| Some(Reply::Error(400, code, message)));
        let said = all_unverified(&fake, "source_failed");
        assert!(said.contains("clock"), "{said}");
    }
}

#[test]
fn an_expired_session_asks_to_log_in_again() {
    let fake = only("GetCallerIdentity", |_| {
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token \
                     included in the request is expired</Message></Error></ErrorResponse>";
        Some(Reply::Xml(403, error.into()))
    });
    let said = all_unverified(&fake, "source_failed");
    assert!(said.contains("aws sso login"), "{said}");
    assert_eq!(fake.asked("ListDiscoveredResources"), 0);
}

#[test]
fn where_nothing_is_recorded_it_says_what_would_turn_it_on() {
    let none = only("DescribeConfigurationRecorders", |_| Some(Reply::Json(json!({"ConfigurationRecorders": []}))));
    let said = all_unverified(&none, "not_observable");
    assert!(said.contains("put-configuration-recorder"), "{said}");

    let stopped = only("DescribeConfigurationRecorderStatus", |_| {
        Some(Reply::Json(json!({"ConfigurationRecordersStatus": [{"name": "default", "recording": false}]})))
    });
    let said = all_unverified(&stopped, "not_observable");
    assert!(said.contains("start-configuration-recorder --configuration-recorder-name default"), "{said}");

    let others = only("DescribeConfigurationRecorders", |_| {
        Some(Reply::Json(json!({"ConfigurationRecorders": [{"name": "default",
            "recordingGroup": {"allSupported": false, "resourceTypes": ["AWS::EC2::VPC"]}}]})))
    });
    let said = all_unverified(&others, "not_observable");
    assert!(said.contains("add AWS::S3::Bucket"), "{said}");
}

/// What Cloud Control says of bucket `a`, in sync, `b`, of another team, and `c`, gone.
fn control(request: &Request<'_>) -> Option<Reply> {
    if request.action == "DescribeConfigurationRecorders" {
        return Some(Reply::Json(json!({"ConfigurationRecorders": []})));
    }
    if request.action != "GetResource" || request.body["TypeName"] != "AWS::S3::Bucket" {
        return None;
    }
    let id = request.body["Identifier"].as_str()?;
    let team = match id {
        "a" => "pay",
        "b" => "ops",
        _ => {
            return Some(Reply::Error(
                400,
                "ResourceNotFoundException",
                "Resource of type 'AWS::S3::Bucket' was not found",
            ));
        }
    };
    let properties =
        json!({"BucketName": id, "Arn": format!("arn:aws:s3:::{id}"), "Tags": [{"Key": "team", "Value": team}]});
    Some(Reply::Json(json!({"TypeName": "AWS::S3::Bucket",
        "ResourceDescription": {"Identifier": id, "Properties": properties.to_string()}})))
}

#[test]
fn where_nothing_is_recorded_cloud_control_is_asked_for_what_is_declared() {
    let fake = Fake::start(control);
    let (code, report) = scanned(&fake);
    let expected = [("aws_s3_bucket.b", "modified"), ("aws_s3_bucket.c", "deleted")];
    assert_eq!(drifts(&report), expected.map(|(id, kind)| (id.to_owned(), kind.to_owned())), "{report:#}");
    let change = |d: &Value| d["changes"][0]["path"].as_str().map(str::to_owned);
    let changes: Vec<String> = report["drifts"].as_array().unwrap().iter().filter_map(change).collect();
    assert_eq!(changes, ["tags.team"]);
    assert_eq!(unverified(&report), [], "{report:#}");
    assert_eq!((code, said(&report).as_str(), fake.asked("GetResource")), (2, "", 3));
}

#[test]
fn what_cloud_control_may_not_read_is_unverified_with_both_ways_out_of_it() {
    let fake = Fake::start(|request| match request.body["Identifier"].as_str() {
        Some("b") => Some(Reply::Error(
            400,
            "GeneralServiceException",
            "User: reader is not authorized to perform: s3:GetBucketTagging",
        )),
        _ => control(request),
    });
    let (code, report) = scanned(&fake);
    assert_eq!(
        (drifts(&report), code),
        (vec![], 3),
        "what is gone is not said while the type is not read whole: {report:#}"
    );
    let rest = [("aws_s3_bucket.b", "denied"), ("aws_s3_bucket.c", "source_failed")];
    assert_eq!(unverified(&report), rest.map(|(id, why)| (id.to_owned(), why.to_owned())), "{report:#}");
    let detail = report["unverified"].as_array().unwrap().iter().find(|u| u["path"].is_null()).unwrap();
    assert!(detail["detail"].as_str().unwrap().contains("s3:GetBucketTagging"), "{detail}");
    assert!(said(&report).contains("put-configuration-recorder"), "{report:#}");
}

#[test]
fn who_may_not_ask_what_is_recorded_may_still_read_it() {
    let fake = only("DescribeConfigurationRecorders", |_| Some(Reply::Error(400, "AccessDeniedException", "no")));
    let (_, report) = scanned(&fake);
    assert_eq!(unverified(&report), [], "{report:#}");
}

#[test]
fn an_interrupted_scan_ends_at_once_and_says_nothing_is_gone() {
    let fake = only("BatchGetResourceConfig", |_| Some(Reply::Silence));
    let (home, state) = home();
    let mut command = scan(home.path(), &fake.url, &["--format", "json", "--state"]);
    let child = command.arg(&state).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while fake.asked("BatchGetResourceConfig") == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    assert!(!out.contains("\"deleted\""), "{out}");
    assert_ne!(ended.status.code(), Some(0));
}

#[test]
fn before_the_first_recording_is_finished_only_cloud_control_can_say_that_something_is_gone() {
    let status =
        json!({"ConfigurationRecordersStatus": [{"name": "default", "recording": true, "lastStatus": "Pending"}]});
    let pending = move |control: Option<Reply>, request: &Request<'_>| match request.action {
        "DescribeConfigurationRecorderStatus" => Some(Reply::Json(status.clone())),
        "GetResource" => control,
        _ => None,
    };
    let script = pending.clone();
    let denied =
        Fake::start(move |request| script(Some(Reply::Error(400, "AccessDeniedException", "not authorized")), request));
    let (_, report) = scanned(&denied);
    assert_eq!(drifts(&report), [], "{report:#}");
    assert_eq!(unverified(&report), [("aws_s3_bucket.c".to_owned(), "not_observable".to_owned())], "{report:#}");
    let gone = Fake::start(move |request| {
        pending(Some(Reply::Error(400, "ResourceNotFoundException", "no such bucket")), request)
    });
    let (_, report) = scanned(&gone);
    assert_eq!(drifts(&report), [("aws_s3_bucket.c".to_owned(), "deleted".to_owned())], "{report:#}");
}
