//! CloudFormation stacks: what CloudFormation finds different is drift, what it cannot look at is unverified.

use serde_json::Value;

use crate::lab::fake::{Fake, Reply, Request};
use crate::lab::report::{report, told, unverified};
use crate::lab::{drive, ministack, python, scan};

const CREATE: &str = r#"
template = {'Resources': {
    'B': {'Type': 'AWS::S3::Bucket', 'Properties': {'BucketName': 'stack-bucket', 'VersioningConfiguration': {'Status': 'Enabled'}}},
    'Q': {'Type': 'AWS::SQS::Queue', 'Properties': {'QueueName': 'stack-queue', 'VisibilityTimeout': 30, 'Tags': [{'Key': 'env', 'Value': 'prod'}]}},
    'R': {'Type': 'AWS::IAM::Role', 'Properties': {'RoleName': 'stack-role', 'AssumeRolePolicyDocument': {'Version': '2012-10-17',
        'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]}}}}}
client('cloudformation').create_stack(StackName='shop', TemplateBody=json.dumps(template))
client('cloudformation').get_waiter('stack_create_complete').wait(StackName='shop', WaiterConfig={'Delay': 1})
"#;

const CHANGE: &str = r#"
client('s3').put_bucket_versioning(Bucket='stack-bucket', VersioningConfiguration={'Status': sys.argv[2]})
sqs = client('sqs')
sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName='stack-queue')['QueueUrl'], Attributes={'VisibilityTimeout': sys.argv[3]})
"#;

/// Exit code and report of a scan of the stacks alone.
fn scanned(endpoint: &str, stacks: &[&str]) -> (i32, Value) {
    let home = tempfile::tempdir().unwrap();
    let mut command = scan(home.path(), endpoint, &["--format", "json", "--state"]);
    report(command.args(stacks.iter().map(|name| format!("cloudformation://{name}"))))
}

#[test]
fn what_is_changed_behind_the_back_of_a_stack_is_found_and_gone_when_it_is_reverted() {
    let Some(server) = ministack() else { return };
    if python().is_none() {
        return;
    }
    drive(&server.url, CREATE, &[]);
    let (code, report) = scanned(&server.url, &["shop"]);
    assert_eq!((told(&report), unverified(&report), code), (vec![], vec![], 0), "{report:#}");

    drive(&server.url, CHANGE, &["Suspended", "60"]);
    drive(&server.url, "client('iam').delete_role(RoleName='stack-role')", &[]);
    let (code, report) = scanned(&server.url, &["sh*"]);
    let drifts =
        ["deleted shop/R", "modified shop/B VersioningConfiguration.Status", "modified shop/Q VisibilityTimeout"];
    assert_eq!((told(&report), code), (drifts.map(str::to_owned).to_vec(), 2), "{report:#}");

    drive(&server.url, CHANGE, &["Enabled", "30"]);
    let (_, report) = scanned(&server.url, &["shop"]);
    assert_eq!(told(&report), ["deleted shop/R"]);
}

#[test]
fn a_stack_that_does_not_exist_is_said_to_be_nowhere() {
    let fake = Fake::start(|request| {
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id gone does \
                     not exist</Message></Error></ErrorResponse>";
        (request.action == "ListStackResources").then(|| Reply::Xml(400, error.into()))
    });
    let (code, report) = scanned(&fake.url, &["gone"]);
    assert_eq!(code, 1, "{report:#}");
    let error = &report["errors"][0];
    assert_eq!(error["message"], "there is no such stack in 123456789012 in eu-west-1");
    assert_eq!(error["source"], "cloudformation://gone");
}

/// An answer of CloudFormation's.
fn xml(action: &str, result: &str) -> Reply {
    let space = "http://cloudformation.amazonaws.com/doc/2010-05-15/";
    Reply::Xml(
        200,
        format!("<{action}Response xmlns=\"{space}\"><{action}Result>{result}</{action}Result></{action}Response>"),
    )
}

fn summary(id: &str, resource_type: &str, physical: &str) -> String {
    format!(
        "<member><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>\
         <ResourceType>{resource_type}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
         <LastUpdatedTimestamp>2026-11-21T00:00:00Z</LastUpdatedTimestamp></member>"
    )
}

fn drift(id: &str, status: &str, more: &str) -> String {
    format!(
        "<member><StackId>s</StackId><LogicalResourceId>{id}</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType>\
         <StackResourceDriftStatus>{status}</StackResourceDriftStatus><Timestamp>2026-11-21T00:00:00Z</Timestamp>{more}</member>"
    )
}

/// A stack with a queue in sync, one modified, one CloudFormation could not look at, one it says nothing of, and a stack in it
/// with a queue that is gone.
fn shop(request: &Request<'_>) -> Option<Reply> {
    const QUEUE: &str = "AWS::SQS::Queue";
    let nested = request.body["StackName"].as_str().is_some_and(|name| name.contains("nested"));
    let second = request.body["NextToken"] == "2";
    let next = "<NextToken>2</NextToken>";
    Some(match request.action {
        "ListStackResources" if nested => xml(
            request.action,
            &format!("<StackResourceSummaries>{}</StackResourceSummaries>", summary("Gone", QUEUE, "g")),
        ),
        "ListStackResources" if !second => {
            let one = summary("Same", QUEUE, "s") + &summary("Other", QUEUE, "o") + &summary("Odd", QUEUE, "x");
            xml(request.action, &format!("<StackResourceSummaries>{one}</StackResourceSummaries>{next}"))
        }
        "ListStackResources" => {
            let arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-nested/1";
            let two = summary("Silent", "Custom::Thing", "c") + &summary("Net", "AWS::CloudFormation::Stack", arn);
            xml(request.action, &format!("<StackResourceSummaries>{two}</StackResourceSummaries>"))
        }
        "DetectStackDrift" => xml(request.action, "<StackDriftDetectionId>d</StackDriftDetectionId>"),
        "DescribeStackDriftDetectionStatus" => {
            let status = if request.earlier == 0 { "DETECTION_IN_PROGRESS" } else { "DETECTION_COMPLETE" };
            let rest = "<StackId>s</StackId><StackDriftDetectionId>d</StackDriftDetectionId><Timestamp>2026-11-21T00:00:00Z</Timestamp>";
            xml(request.action, &format!("{rest}<DetectionStatus>{status}</DetectionStatus>"))
        }
        "DescribeStackResourceDrifts" if nested => {
            xml(request.action, &format!("<StackResourceDrifts>{}</StackResourceDrifts>", drift("Gone", "DELETED", "")))
        }
        "DescribeStackResourceDrifts" if !second => {
            let expected = "<ExpectedProperties>{\"DelaySeconds\":0}</ExpectedProperties>";
            let same = drift("Same", "IN_SYNC", expected);
            xml(request.action, &format!("<StackResourceDrifts>{same}</StackResourceDrifts>{next}"))
        }
        "DescribeStackResourceDrifts" => {
            // CloudFormation calls only the timeout different; how the name is spelt it knows better than we do.
            let other = "<ExpectedProperties>{\"VisibilityTimeout\":30,\"QueueName\":\"o\"}</ExpectedProperties>\
                <ActualProperties>{\"VisibilityTimeout\":60,\"QueueName\":\"O\"}</ActualProperties><PropertyDifferences><member>\
                <PropertyPath>/VisibilityTimeout</PropertyPath><ExpectedValue>30</ExpectedValue><ActualValue>60</ActualValue>\
                <DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences>";
            let odd = "<DriftStatusReason>Rate exceeded for sqs:GetQueueAttributes</DriftStatusReason>";
            let both = drift("Other", "MODIFIED", other) + &drift("Odd", "UNKNOWN", odd);
            xml(request.action, &format!("<StackResourceDrifts>{both}</StackResourceDrifts>"))
        }
        _ => return None,
    })
}

#[test]
fn all_pages_and_nested_stacks_are_read_and_every_status_has_its_meaning() {
    let fake = Fake::start(shop);
    let (code, report) = scanned(&fake.url, &["shop"]);
    assert_eq!(told(&report), ["deleted shop/Net/Gone", "modified shop/Other VisibilityTimeout"], "{report:#}");
    assert_eq!(unverified(&report), ["shop/Odd source_failed", "shop/Silent not_observable"], "{report:#}");
    assert_eq!(report["environments"][0]["counts"]["in_sync"], 1, "{report:#}");
    for (drift_type, id) in [("modified", "o"), ("deleted", "g")] {
        let drift = report["drifts"].as_array().unwrap().iter().find(|d| d["drift_type"] == drift_type).unwrap();
        assert_eq!(drift["provider_id"], id, "CloudFormation knows it, gone or not");
    }
    assert_eq!((code, fake.asked("DetectStackDrift")), (2, 2), "once for each stack");
}

#[test]
fn a_lost_page_of_a_stacks_drifts_and_a_refused_detection_make_nothing_gone() {
    let lost = Fake::start(|request| match request.action {
        "DescribeStackResourceDrifts" if request.body["NextToken"] == "2" => Some(Reply::Cut),
        _ => shop(request),
    });
    let (_, report) = scanned(&lost.url, &["shop"]);
    assert_eq!(told(&report), ["deleted shop/Net/Gone"], "the nested stack was read whole: {report:#}");
    let rest = ["shop/Odd source_failed", "shop/Other source_failed", "shop/Silent source_failed"];
    assert_eq!(unverified(&report), rest, "{report:#}");

    let denied = Fake::start(|request| {
        match request.action {
        "DetectStackDrift" => Some(Reply::Xml(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>".into(),
        )),
        _ => shop(request),
    }
    });
    let (code, report) = scanned(&denied.url, &["shop"]);
    assert_eq!((told(&report), code), (vec![], 3), "{report:#}");
    assert!(unverified(&report).iter().all(|line| line.ends_with("denied")), "{report:#}");
    assert!(report["errors"][0]["help"].as_str().unwrap().contains("cloudformation:DetectStackDrift"), "{report:#}");
}
