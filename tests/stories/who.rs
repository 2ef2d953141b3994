//! Who made a drift: asked of CloudTrail over the wire, shown, and kept with the drift.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use driftguard::safety::Tainted;
use driftguard::service::{DriftService, ServiceError};
use driftguard::tui::app::testkit::{Screens, options};
use driftguard::tui::{Options, sample};
use serde_json::{Value, json};

use crate::support::{driftguard, json as figures_of, run, shared};

/// STS and CloudTrail on loopback, as far as they are asked here. Ends with the process.
struct Aws {
    port: u16,
    /// Bodies of the lookups so far.
    lookups: Arc<Mutex<Vec<Value>>>,
}

impl Aws {
    /// `answer`: what a lookup is answered, with its status.
    fn start(answer: impl Fn(&Value) -> (u16, Value) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, lookups) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<Value>>>::default());
        let seen = Arc::clone(&lookups);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &seen, &answer);
            }
        });
        Self { port, lookups }
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Value>>, answer: &impl Fn(&Value) -> (u16, Value)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, kind, text) = match serde_json::from_slice::<Value>(&body) {
        Ok(lookup) => {
            seen.lock().unwrap().push(lookup.clone());
            let (status, answer) = answer(&lookup);
            (status, "application/x-amz-json-1.1", answer.to_string())
        }
        // Its protocol is another one: whatever is no JSON asks who we are.
        Err(_) => (200, "text/xml", IDENTITY.to_owned()),
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", text.len());
    let _ = write!(stream, "{head}connection: close\r\n\r\n{text}");
}

const IDENTITY: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/reader</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;

/// A bucket whose versioning was suspended behind the code's back, scanned from a recording; then the account can be asked.
fn world(aws: &Aws) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let resource = |kind: &str, attributes: Value| {
        json!({"mode": "managed", "type": kind, "name": "logs", "instances": [{"schema_version": 0, "attributes": attributes}],
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]"})
    };
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
        resource("aws_s3_bucket", json!({"id": "logs", "bucket": "logs", "arn": "arn:aws:s3:::logs"})),
        resource("aws_s3_bucket_versioning", json!({"id": "logs", "bucket": "logs",
            "versioning_configuration": [{"status": "Enabled"}]})),
    ]});
    let item = json!({"resourceType": "AWS::S3::Bucket", "resourceId": "logs", "resourceName": "logs", "ARN": "arn:aws:s3:::logs",
        "awsAccountId": "123456789012", "awsRegion": "eu-central-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z", "configuration": {"name": "logs"},
        "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Suspended"}}});
    let recording = json!({"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": [item]});
    fs::write(home.path().join("terraform.tfstate"), state.to_string()).unwrap();
    fs::write(home.path().join("snapshot.json"), recording.to_string()).unwrap();
    configure(home.path(), "");
    let (code, out, err) = run(driftguard(home.path()).args(["scan", "--env", "prod"]));
    assert_eq!(code, 2, "{out}{err}");
    configure(home.path(), &format!("aws = {{ endpoint_url = \"http://127.0.0.1:{}\" }}\n", aws.port));
    home
}

fn configure(home: &Path, aws: &str) {
    let directory = home.join("config/driftguard");
    fs::create_dir_all(&directory).unwrap();
    let [state, live] = ["terraform.tfstate", "snapshot.json"].map(|name| home.join(name));
    let text = format!(
        "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nregion = \"eu-central-1\"\nstate = [{state:?}]\nlive = [{live:?}]\n{aws}"
    );
    fs::write(directory.join("config.toml"), text).unwrap();
}

fn who(home: &Path) -> (i32, String, String) {
    let mut command = driftguard(home);
    command.envs([("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y"), ("AWS_EC2_METADATA_DISABLED", "true")]);
    run(command.args(["who", "aws_s3_bucket_versioning.logs"]))
}

fn event(name: &str, more: Value) -> Value {
    let now = jiff::Timestamp::now();
    let mut event = json!({"eventID": name, "eventTime": now, "eventSource": "s3.amazonaws.com", "eventName": name,
        "eventType": "AwsApiCall", "readOnly": false, "sourceIPAddress": "203.0.113.9", "userAgent": "[aws-cli/2.31.0]",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/Operator/bob@example.com"}});
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    json!({"EventId": name, "EventName": name, "CloudTrailEvent": event.to_string()})
}

#[test]
fn the_person_behind_a_drift_is_found_shown_with_the_evidence_and_kept() {
    let aws = Aws::start(|lookup| {
        let name = lookup["LookupAttributes"][0]["AttributeValue"].as_str().unwrap_or_default();
        let events = [
            event("PutBucketTagging", json!({"userIdentity": {"type": "IAMUser", "userName": "carol"}})),
            event("PutBucketVersioning", json!({})),
            event("PutBucketPolicy", json!({"errorCode": "AccessDenied"})),
            event("GetBucketVersioning", json!({"readOnly": true})),
        ];
        (200, json!({"Events": if name == "logs" { json!(events) } else { json!([]) }}))
    });
    let home = world(&aws);
    let (code, out, err) = who(home.path());
    assert_eq!(code, 0, "{out}{err}");
    for part in [
        "who       bob@example.com",
        "a person on the command line: the user agent is that of a command-line tool",
        "PutBucketVersioning (s3.amazonaws.com)",
        "changes   versioning_configuration",
        "from      203.0.113.9",
        "carol",
        "1 attempt to write it failed",
        "asked for logs,",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("GetBucketVersioning"), "{out}");
    let lookups = aws.lookups.lock().unwrap().clone();
    assert_eq!(lookups.len(), 1, "{lookups:?}");
    assert_eq!(lookups[0]["LookupAttributes"][0]["AttributeKey"], "ResourceName");
    // Kept: without AWS it is still known, in queries too.
    configure(home.path(), "");
    let (_, counted, err) = run(driftguard(home.path()).args(["stats", "--count", "actor:bob*", "--by", "actor"]));
    assert!(counted.contains("bob@example.com"), "{counted}{err}");
    let (_, review, _) = run(driftguard(home.path()).args(["incident", "-1h"]));
    assert!(review.contains("bob"), "{review}");
    // Until it changes or comes back, however often it is seen.
    run(driftguard(home.path()).args(["scan", "--env", "prod"]));
    let (_, counted, _) = run(driftguard(home.path()).args(["stats", "--count", "actor:bob*", "--by", "actor"]));
    assert!(counted.contains("bob@example.com"), "{counted}");
}

#[test]
fn a_drift_that_its_maker_took_back_and_made_again_was_tried_and_the_cause_says_who_and_how_soon() {
    let tried_by = |second: &str| {
        let answer = Arc::<Mutex<Vec<Value>>>::default();
        let told = Arc::clone(&answer);
        let aws = Aws::start(move |_| (200, json!({"Events": *told.lock().unwrap()})));
        let write = |who: &str, id: &str| {
            let arn = format!("arn:aws:sts::123456789012:assumed-role/Operator/{who}");
            let identity = json!({"type": "AssumedRole", "arn": arn});
            let event = event("PutBucketVersioning", json!({"eventID": id, "userIdentity": identity}));
            // A trail has the newest first.
            answer.lock().unwrap().insert(0, event);
        };
        write("ann", "made");
        let home = world(&aws);
        let scan_as = |was: &str, is: &str, is_there: bool| {
            let file = home.path().join("snapshot.json");
            let recording = fs::read_to_string(&file).unwrap();
            fs::write(&file, recording.replace(&format!("\"status\":\"{was}\""), &format!("\"status\":\"{is}\"")))
                .unwrap();
            configure(home.path(), "");
            let (_, out, err) = run(driftguard(home.path()).args(["scan", "--env", "prod"]));
            assert_eq!(out.contains("aws_s3_bucket_versioning.logs"), is_there, "{out}{err}");
        };
        write(second, "back");
        scan_as("Suspended", "Enabled", false);
        write("ann", "again");
        scan_as("Enabled", "Suspended", true);
        configure(home.path(), &format!("aws = {{ endpoint_url = \"http://127.0.0.1:{}\" }}\n", aws.port));
        let (code, told, err) = who(home.path());
        assert_eq!(code, 0, "{told}{err}");
        let (_, why, _) = run(driftguard(home.path()).args(["narrative", "aws_s3_bucket_versioning.logs"]));
        (told, why)
    };
    let (told, why) = tried_by("ann");
    assert!(told.contains("before    ann changed it back after a minute (PutBucketVersioning at "), "{told}");
    assert!(told.contains(", event back)"), "{told}");
    assert!(why.contains("It looks like somebody looking for a fault by hand"), "{why}");
    assert!(why.contains("and then changed it again: somebody tries things."), "{why}");
    // A colleague who puts it right tries nothing, and then it did not go away by itself either.
    let (told, why) = tried_by("bob");
    assert!(!told.contains("changed it back") && told.contains("ann"), "{told}");
    assert!(why.contains("Why it was made is not known") && !why.contains("by itself"), "{why}");
}

#[test]
fn nobody_found_and_not_allowed_to_ask_are_said_as_such() {
    let aws = Aws::start(|_| (200, json!({"Events": []})));
    let home = world(&aws);
    let (code, out, _) = who(home.path());
    assert!(code == 2 && out.contains("CloudTrail knows no write to it between"), "{out}");
    assert!(out.contains("data events and events older than 90 days are not kept"), "{out}");

    let refusal = json!({"__type": "AccessDeniedException", "Message": "not authorized"});
    let denied = Aws::start(move |_| (400, refusal.clone()));
    configure(home.path(), &format!("aws = {{ endpoint_url = \"http://127.0.0.1:{}\" }}\n", denied.port));
    let (code, _, err) = who(home.path());
    assert!(code == 1 && err.contains("cloudtrail:LookupEvents was denied"), "{err}");
    assert!(err.contains("\"Action\":\"cloudtrail:LookupEvents\""), "{err}");

    configure(home.path(), "");
    let (code, _, err) = who(home.path());
    assert!(code == 1 && err.contains("prod is read without AWS"), "{err}");
}

#[test]
fn new_severe_drift_is_asked_about_after_the_scan_by_itself() {
    let aws = Aws::start(|asked| match asked.get("LookupAttributes") {
        Some(_) => (200, json!({"Events": [event("PutBucketVersioning", json!({}))]})),
        // AWS Config: the recording answers for the bucket.
        None => (400, json!({"__type": "AccessDeniedException", "Message": "not authorized"})),
    });
    let home = world(&aws);
    // As if nothing had been scanned yet.
    fs::remove_dir_all(home.path().join("data")).unwrap();
    let table = format!("aws = {{ endpoint_url = \"http://127.0.0.1:{}\", blame = true }}\n", aws.port);
    configure(home.path(), &table);
    let mut command = driftguard(home.path());
    command.envs([("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y"), ("AWS_EC2_METADATA_DISABLED", "true")]);
    command.args(["triage", "--plain"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut plain = command.spawn().unwrap();
    let (mut say, mut hear) = (plain.stdin.take().unwrap(), BufReader::new(plain.stdout.take().unwrap()));
    // Nobody waits for the answer: it is looked for until it is there.
    let mut line = String::new();
    // The list at the start has no query.
    while !line.contains("listed") && hear.read_line(&mut line).unwrap() > 0 {}
    let mut is_told = false;
    for _ in 0..300 {
        writeln!(say, "list actor:bob*").unwrap();
        line.clear();
        while !line.contains("listed") && hear.read_line(&mut line).unwrap() > 0 {}
        if line.contains("aws_s3_bucket_versioning.logs") && line.contains("1 drift listed") {
            is_told = true;
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    drop(say);
    plain.wait().unwrap();
    assert!(is_told, "{line}");
    let asked = aws.lookups.lock().unwrap().iter().filter(|one| one.get("LookupAttributes").is_some()).count();
    assert_eq!(asked, 1, "one drift, one question");
}

#[test]
fn kinds_of_hands_are_told_as_labelled_or_not_at_all() {
    let Some(labels) = shared("labels/cloudtrail_samples.jsonl") else { return };
    let home = tempfile::tempdir().unwrap();
    let (code, figures) = figures_of(home.path(), &["bench", "--cloudtrail", labels.to_str().unwrap()]);
    assert_eq!((code, &figures["schema"]), (0, &"driftguard.bench.cloudtrail/1".into()));
    assert_eq!(figures["seen"]["events"].as_u64().unwrap() + figures["held_out"]["events"].as_u64().unwrap(), 566);
    for half in ["seen", "held_out"] {
        let of = |name: &str| figures[half][name].as_f64().unwrap();
        assert!(of("precision") > 0.97 && of("recall") > 0.95 && of("abstains") < 0.2, "{half}: {figures:#}");
    }
}

fn screens() -> Screens {
    Screens::open(Arc::new(sample::Sample::default()), options(Options::default()), (120, 40)).unwrap()
}

#[test]
fn w_shows_who_changed_a_drift_and_from_then_on_the_diff_names_them() {
    let mut screens = screens();
    screens.keys("g g");
    screens.act("who");
    let shown = screens.screen();
    for part in [
        "who changed",
        "bob@example.com",
        "a person in the console",
        "AuthorizeSecurityGroupIngress",
        "203.0.113.45",
        "GitHubActions",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    screens.keys("esc");
    let event = screens.model.timeline.selected().unwrap();
    assert_eq!(event.analysis.changed_by, [Tainted::from("bob@example.com")]);
    screens.act("focus-diff");
    screens.act("zoom");
    assert!(screens.screen().contains("bob@example"), "{}", screens.screen());
}

#[test]
fn whoever_does_not_wait_for_the_answer_is_told_by_a_notice() {
    let mut screens = screens();
    screens.keys("g g");
    screens.hold();
    screens.act("who");
    assert!(screens.screen().contains("asking CloudTrail"), "{}", screens.screen());
    screens.keys("esc");
    assert!(!screens.screen().contains("asking CloudTrail"));
    screens.release();
    let shown = screens.screen();
    assert!(shown.contains("it was bob@example.com, by AuthorizeSecurityGroupIngress"), "{shown}");
}

#[test]
fn a_drift_of_no_cloud_says_why_nobody_can_be_asked() {
    let service = Arc::new(sample::Sample::default());
    let mut screens = Screens::open(Arc::clone(&service) as _, options(Options::default()), (120, 40)).unwrap();
    screens.keys("g g");
    for _ in 0..10 {
        let kind = screens.model.timeline.selected().map(|event| event.resource.resource_type.raw().to_owned());
        if kind.is_some_and(|kind| !kind.starts_with("aws_")) {
            break;
        }
        screens.keys("j");
    }
    screens.act("who");
    assert!(screens.screen().contains("no audit trail to ask"), "{}", screens.screen());
    let id = screens.model.timeline.selected().unwrap().id;
    let asked = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(service.who(id));
    assert!(matches!(asked, Err(ServiceError::Invalid(_))), "{asked:?}");
}
