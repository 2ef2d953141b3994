//! A scan puts new severe drift down to somebody by itself, and says in its report whom.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::lab::fake::{Fake, Reply, bucket, listing};
use crate::lab::report::{report, told};
use crate::lab::{drive, ministack, python};
use crate::support::{driftguard, run};

/// The binary in a home whose environment `prod` reads the state from AWS at the endpoint, and asks who it was.
fn configured(home: &std::path::Path, endpoint: &str, state: &str) -> Command {
    let directory = home.join("config/driftguard");
    fs::create_dir_all(&directory).unwrap();
    let table = format!(
        "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nregion = \"eu-west-1\"\nstate = \"{state}\"\n\
         aws = {{ endpoint_url = \"{endpoint}\", blame = true }}\n"
    );
    fs::write(directory.join("config.toml"), table).unwrap();
    let mut command = driftguard(home);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    command
}

#[test]
fn a_change_behind_the_back_of_a_stack_is_reported_with_its_actor_and_closes_when_it_is_reverted() {
    let Some(server) = ministack() else { return };
    if python().is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let scan =
        || report(configured(home.path(), &server.url, "cloudformation://shop").args(["scan", "--format", "json"]));
    let create = "client('cloudformation').create_stack(StackName='shop', TemplateBody=json.dumps({'Resources': {\n\
        'B': {'Type': 'AWS::S3::Bucket', 'Properties': {'BucketName': 'stack-bucket', 'VersioningConfiguration': {'Status': 'Enabled'}}},\n\
        'Q': {'Type': 'AWS::SQS::Queue', 'Properties': {'QueueName': 'stack-queue', 'VisibilityTimeout': 30}}}}))";
    drive(&server.url, create, &[]);
    let (code, first) = scan();
    assert_eq!((told(&first), code), (vec![], 0), "{first:#}");

    let change = "client('s3').put_bucket_versioning(Bucket='stack-bucket', VersioningConfiguration={'Status': sys.argv[2]})\n\
        sqs = client('sqs')\n\
        url = sqs.get_queue_url(QueueName='stack-queue')['QueueUrl']\n\
        sqs.set_queue_attributes(QueueUrl=url, Attributes={'VisibilityTimeout': sys.argv[3]})";
    drive(&server.url, change, &["Suspended", "60"]);
    let (code, found) = scan();
    let drifts = ["modified shop/B VersioningConfiguration.Status", "modified shop/Q VisibilityTimeout"];
    assert_eq!((told(&found), code), (drifts.map(str::to_owned).to_vec(), 2), "{found:#}");
    let of = |id: &str| found["drifts"].as_array().unwrap().iter().find(|d| d["resource_id"] == id).unwrap().clone();
    let actor = &of("shop/B")["actor"];
    assert_eq!((&actor["name"], &actor["class"]), (&json!("test"), &json!("script")), "{actor:#}");
    // The emulator calls every PUT of a bucket CreateBucket: nothing says that this was it.
    assert_eq!(actor["certain"], false, "{actor:#}");
    assert_eq!(of("shop/Q")["actor"], Value::Null, "not severe enough to ask about by itself");

    let who = |id: &str| run(configured(home.path(), &server.url, "cloudformation://shop").args(["who", id]));
    let (code, said, _) = who("shop/B");
    assert!(code == 0 && said.contains("who       test") && said.contains("how sure  likely"), "{said}");

    drive(&server.url, change, &["Enabled", "30"]);
    let (code, closed) = scan();
    assert_eq!((told(&closed), code), (vec![], 0), "{closed:#}");
    assert_eq!(closed["environments"][0]["since_last_scan"]["closed"], 2, "{closed:#}");
}

fn state() -> String {
    let resource = |kind: &str, attributes: Value| {
        json!({"mode": "managed", "type": kind, "name": "logs", "instances": [{"schema_version": 0, "attributes": attributes}],
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]"})
    };
    json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
        resource("aws_s3_bucket", json!({"id": "logs", "bucket": "logs", "arn": "arn:aws:s3:::logs", "region": "eu-west-1",
            "tags": {"team": "pay"}})),
        resource("aws_s3_bucket_versioning", json!({"id": "logs", "bucket": "logs", "versioning_configuration": [{"status": "Enabled"}]})),
    ]})
    .to_string()
}

/// A bucket whose versioning was suspended, by these people; nobody: the trail may not be read.
fn suspended(by: &'static [&'static str]) -> Fake {
    Fake::start(move |request| {
        Some(match request.action {
            "ListDiscoveredResources" if request.body["resourceType"] == "AWS::S3::Bucket" => {
                Reply::Json(listing(&["logs"], None))
            }
            "BatchGetResourceConfig" => {
                let mut item = bucket("logs");
                item["supplementaryConfiguration"]["BucketVersioningConfiguration"] =
                    json!("{\"status\":\"Suspended\"}");
                Reply::Json(json!({"baseConfigurationItems": [item], "unprocessedResourceKeys": []}))
            }
            "LookupEvents" if by.is_empty() => Reply::Error(400, "AccessDeniedException", "not authorized"),
            "LookupEvents" => {
                let event = |who: &&str| {
                    let event = json!({"eventID": who, "eventTime": jiff::Timestamp::now(), "eventSource": "s3.amazonaws.com",
                        "eventName": "PutBucketVersioning", "eventType": "AwsApiCall", "readOnly": false,
                        "sourceIPAddress": "203.0.113.9", "userAgent": "[aws-cli/2.31.0]",
                        "userIdentity": {"type": "IAMUser", "userName": who}});
                    json!({"EventId": who, "EventName": "PutBucketVersioning", "CloudTrailEvent": event.to_string()})
                };
                Reply::Json(json!({"Events": by.iter().map(event).collect::<Vec<_>>()}))
            }
            _ => return None,
        })
    })
}

#[test]
fn the_only_hand_that_wrote_what_changed_is_certain_and_one_of_two_is_not() {
    for (people, certain) in [(&["bob"][..], true), (&["bob", "carol"][..], false)] {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("terraform.tfstate"), state()).unwrap();
        let (fake, path) = (suspended(people), home.path().join("terraform.tfstate").display().to_string());
        let (code, found) = report(configured(home.path(), &fake.url, &path).args(["scan", "--format", "json"]));
        assert_eq!(code, 2, "{found:#}");
        let actor = &found["drifts"][0]["actor"];
        assert_eq!(
            (&actor["event"], &actor["class"]),
            (&json!("PutBucketVersioning"), &json!("command_line")),
            "{found:#}"
        );
        assert!(people.contains(&actor["name"].as_str().unwrap()) && actor["certain"] == certain, "{actor:#}");
        assert_eq!(fake.asked("LookupEvents"), 1, "one severe drift, one question");
        // The next scan knows it still, and asks no more.
        let (_, said, _) = run(configured(home.path(), &fake.url, &path).arg("scan"));
        let by =
            if certain { "    by bob (a person on the command line): PutBucketVersioning" } else { "    probably by " };
        assert!(said.contains(by), "{said}");
        assert_eq!(fake.asked("LookupEvents"), 1);
    }
}

#[test]
fn a_trail_that_may_not_be_read_is_said_and_changes_nothing_about_the_drift() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("terraform.tfstate"), state()).unwrap();
    let (fake, path) = (suspended(&[]), home.path().join("terraform.tfstate").display().to_string());
    let (code, out, err) = run(configured(home.path(), &fake.url, &path).arg("scan"));
    assert!(code == 2 && out.contains("versioning") && !out.contains("by "), "{out}{err}");
    assert!(err.contains("who changed prod was not asked: cloudtrail:LookupEvents was denied"), "{err}");
}
