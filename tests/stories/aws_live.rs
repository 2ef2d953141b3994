//! The whole way: created by API, written into a state, changed by API behind its back, found, reverted, closed.

use std::path::Path;

use serde_json::Value;

use crate::lab::report::{report, told};
use crate::lab::stand::Stand;
use crate::lab::{Server, drive, fakecloud, ministack, moto, scan};
use crate::support::{driftguard, run};

/// A recorder; two buckets, a role and a security group in a network of their own. Prints the state that declares them.
const CREATE: &str = r#"
config, s3, iam, ec2 = client('config'), client('s3'), client('iam'), client('ec2')
config.put_configuration_recorder(ConfigurationRecorder={'name': 'default', 'roleARN': 'arn:aws:iam::123456789012:role/c',
    'recordingGroup': {'allSupported': True, 'includeGlobalResourceTypes': True}})
def bucket(name): s3.create_bucket(Bucket=name, CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
bucket('delivery')
config.put_delivery_channel(DeliveryChannel={'name': 'default', 's3BucketName': 'delivery'})
config.start_configuration_recorder(ConfigurationRecorderName='default')
found = [('aws_s3_bucket', 'delivery', {'id': 'delivery', 'bucket': 'delivery', 'arn': 'arn:aws:s3:::delivery', 'region': 'eu-west-1', 'tags': {}})]
for name in ['data-0', 'data-1']:
    bucket(name)
    s3.put_bucket_tagging(Bucket=name, Tagging={'TagSet': [{'Key': 'team', 'Value': 'pay'}]})
    found.append(('aws_s3_bucket', name, {'id': name, 'bucket': name, 'arn': 'arn:aws:s3:::' + name, 'region': 'eu-west-1', 'tags': {'team': 'pay'}}))
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]})
role = iam.create_role(RoleName='web', AssumeRolePolicyDocument=trust)['Role']
found.append(('aws_iam_role', 'web', {'id': 'web', 'name': 'web', 'unique_id': role['RoleId'], 'arn': role['Arn'], 'path': '/',
    'assume_role_policy': trust, 'max_session_duration': 3600, 'tags': {}}))
vpc = ec2.create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId']
group = ec2.create_security_group(GroupName='web', Description='web', VpcId=vpc)['GroupId']
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{'IpProtocol': 'tcp', 'FromPort': 443, 'ToPort': 443, 'IpRanges': [{'CidrIp': '0.0.0.0/0'}]}])
rule = lambda protocol, port: {'protocol': protocol, 'from_port': port, 'to_port': port, 'cidr_blocks': ['0.0.0.0/0'],
    'ipv6_cidr_blocks': [], 'prefix_list_ids': [], 'security_groups': [], 'self': False, 'description': ''}
found.append(('aws_security_group', 'web', {'id': group, 'name': 'web', 'description': 'web', 'vpc_id': vpc, 'owner_id': '123456789012',
    'arn': 'arn:aws:ec2:eu-west-1:123456789012:security-group/' + group, 'ingress': [rule('tcp', 443)], 'egress': [rule('-1', 0)], 'tags': {}}))
print(json.dumps({'version': 4, 'terraform_version': '1.11.4', 'serial': 1, 'lineage': 'l', 'outputs': {}, 'resources': [
    {'mode': 'managed', 'type': kind, 'name': name, 'provider': 'provider["registry.terraform.io/hashicorp/aws"]',
     'instances': [{'schema_version': 0, 'attributes': values}]} for kind, name, values in found]}))
"#;

/// Opens ssh to the world, hands a bucket to another team, deletes the role. (fakecloud records new tags of a bucket only together
/// with a new configuration, so its versioning, which the state does not declare, changes too.)
const CHANGE: &str = r#"
group = next(g for g in client('ec2').describe_security_groups()['SecurityGroups'] if g['GroupName'] == 'web')['GroupId']
client('ec2').authorize_security_group_ingress(GroupId=group, IpPermissions=[{'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22, 'IpRanges': [{'CidrIp': '0.0.0.0/0'}]}])
client('s3').put_bucket_tagging(Bucket='data-1', Tagging={'TagSet': [{'Key': 'team', 'Value': 'ops'}]})
client('s3').put_bucket_versioning(Bucket='data-1', VersioningConfiguration={'Status': 'Enabled'})
client('iam').delete_role(RoleName='web')
"#;

/// Takes both changes back; the role is gone for good.
const REVERT: &str = r#"
group = next(g for g in client('ec2').describe_security_groups()['SecurityGroups'] if g['GroupName'] == 'web')['GroupId']
client('ec2').revoke_security_group_ingress(GroupId=group, IpPermissions=[{'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22, 'IpRanges': [{'CidrIp': '0.0.0.0/0'}]}])
client('s3').put_bucket_tagging(Bucket='data-1', Tagging={'TagSet': [{'Key': 'team', 'Value': 'pay'}]})
client('s3').put_bucket_versioning(Bucket='data-1', VersioningConfiguration={'Status': 'Suspended'})
"#;

/// What was created by API, declared by a state.
struct World {
    stand: Stand,
    server: Server,
}

impl World {
    fn create(server: Server, discover: &str) -> Self {
        let stand = Stand::new(&server.url, &drive(&server.url, CREATE, &[]), discover);
        Self { stand, server }
    }

    fn scan(&self) -> (i32, Value) {
        self.stand.scan(&[])
    }

    fn drive(&self, script: &str) -> String {
        drive(&self.server.url, script, &[])
    }
}

/// From in sync to drifted to closed, with whichever server plays AWS; `seen` are the properties of the bucket it records.
/// Gives a moment before anything changed.
fn the_whole_way(world: &World, seen: &str) -> jiff::Timestamp {
    let (code, report) = world.scan();
    assert_eq!(told(&report), Vec::<String>::new(), "{report:#}");
    assert_eq!((code, &report["environments"][0]["counts"]["unverified"]), (0, &0.into()), "{report:#}");

    // Servers record in whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let before = jiff::Timestamp::now();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    world.drive(CHANGE);
    let (code, report) = world.scan();
    let drifts = told(&report);
    assert_eq!(drifts.len(), 3, "{drifts:?}");
    assert_eq!(drifts[0], "deleted aws_iam_role.web");
    assert_eq!(drifts[1], format!("modified aws_s3_bucket.data-1 {seen}"));
    assert!(drifts[2].starts_with("modified aws_security_group.web ingress"), "{drifts:?}");
    assert_eq!((code, &report["environments"][0]["since_last_scan"]["new"]), (2, &3.into()));

    world.drive(REVERT);
    let (code, report) = world.scan();
    assert_eq!(told(&report), ["deleted aws_iam_role.web"]);
    assert_eq!((code, &report["environments"][0]["since_last_scan"]["closed"]), (2, &2.into()));
    before
}

#[test]
fn what_is_changed_behind_the_back_of_the_code_is_found_and_closes_itself_when_it_is_reverted() {
    let Some(server) = moto() else { return };
    the_whole_way(&World::create(server, ""), "tags.team");
}

#[test]
fn a_bucket_nobody_declares_is_added_and_what_comes_with_the_account_is_not() {
    let Some(server) = moto() else { return };
    let world = World::create(server, ", discover = [\"AWS::SNS::*\", \"AWS::EC2::SecurityGroup\"]");
    world.drive(
        "client('s3').create_bucket(Bucket='shadow', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})\n\
         client('sns').create_topic(Name='nobodys')",
    );
    let groups = world.drive("print(len(client('ec2').describe_security_groups()['SecurityGroups']))");
    assert!(groups.trim().parse::<usize>().unwrap() > 1, "there are default groups to be left out");
    let (code, report) = world.scan();
    let topic = "added arn:aws:sns:eu-west-1:123456789012:nobodys";
    assert_eq!(told(&report), ["added arn:aws:s3:::shadow", topic], "{report:#}");
    assert_eq!(code, 2);
}

#[test]
fn history_and_deletions_of_aws_config_are_followed_and_a_moment_before_the_change_can_be_looked_at() {
    let Some(server) = fakecloud() else { return };
    if crate::lab::python().is_none() {
        return;
    }
    let world = World::create(server, "");
    let before = the_whole_way(&world, "tags.team versioning[0].enabled");

    let state = world.stand.state();
    let (_, report) = as_of(&world, &state, &before.to_string());
    assert_eq!(told(&report), Vec::<String>::new(), "the role was still there: {report:#}");
    let (_, report) = as_of(&world, &state, "2020-01-01T00:00:00Z");
    let lines = told(&report);
    assert!(lines.len() == 5 && lines.iter().all(|line| line.starts_with("deleted")), "created later: {report:#}");
}

fn as_of(world: &World, state: &Path, moment: &str) -> (i32, Value) {
    let mut command =
        scan(world.stand.path(), &world.server.url, &["--aws-as-of", moment, "--format", "json", "--state"]);
    report(command.arg(state))
}

#[test]
fn where_no_recorder_runs_what_is_declared_is_read_through_cloud_control() {
    let Some(server) = ministack() else { return };
    if crate::lab::python().is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("terraform.tfstate");
    std::fs::write(&state, crate::lab::fake::state_of_buckets(&["a", "b"])).unwrap();
    let scan = || {
        let (code, report) = report(scan(home.path(), &server.url, &["--format", "json", "--state"]).arg(&state));
        (code, told(&report))
    };
    let create = "for name in 'ab': client('cloudcontrol').create_resource(TypeName='AWS::S3::Bucket', DesiredState=json.dumps(\n\
        {'BucketName': name, 'Tags': [{'Key': 'team', 'Value': 'pay'}]}))";
    drive(&server.url, create, &[]);
    assert_eq!(scan(), (0, vec![]));
    let change = "cc = client('cloudcontrol')\n\
        patch = [{'op': 'replace', 'path': '/Tags', 'value': [{'Key': 'team', 'Value': 'ops'}]}]\n\
        cc.update_resource(TypeName='AWS::S3::Bucket', Identifier='a', PatchDocument=json.dumps(patch))\n\
        cc.delete_resource(TypeName='AWS::S3::Bucket', Identifier='b')";
    drive(&server.url, change, &[]);
    let drifts = ["deleted aws_s3_bucket.b", "modified aws_s3_bucket.a tags.team"];
    assert_eq!(scan(), (2, drifts.map(str::to_owned).to_vec()));
}

#[test]
fn an_estimate_asks_for_counts_alone_and_the_policy_needs_no_account() {
    let home = tempfile::tempdir().unwrap();
    let (code, policy) = json_out(home.path(), &["aws", "policy"]);
    assert_eq!(code, 0);
    assert!(policy["Statement"].as_array().is_some_and(|s| !s.is_empty()));
    let (_, _, beside) = run(driftguard(home.path()).args(["aws", "policy"]));
    assert!(beside.contains("the caller's own rights") && beside.contains("--types"), "{beside}");
    let types = ["aws", "policy", "--types", "aws_lambda_function", "--types", "AWS::ECS::Cluster"];
    let (_, policy) = json_out(home.path(), &types);
    let statements = policy["Statement"].as_array().unwrap();
    let reads = &statements.iter().find(|statement| statement["Sid"] == "Resources").unwrap()["Action"];
    let has = |action: &str| reads.as_array().unwrap().contains(&action.into());
    assert!(has("lambda:GetFunction") && has("ecs:DescribeClusters") && !has("ec2:DescribeVpcs"), "{reads}");
    let (code, _, why) = run(driftguard(home.path()).args(["aws", "policy", "--types", "aws_nope"]));
    assert!(code == 1 && why.contains("aws_nope fits no type"), "{why}");
    let fake = crate::lab::fake::Fake::start(|_| None);
    let state = home.path().join("terraform.tfstate");
    std::fs::write(&state, crate::lab::fake::state_of_buckets(&["a", "b"])).unwrap();
    let (code, out, err) = run(scan(home.path(), &fake.url, &["--estimate", "--state"]).arg(&state));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("2 resources of 1 types") && out.contains("at most 2 more for tags"), "{out}");
    assert_eq!(fake.asked("ListDiscoveredResources"), 0);
    let refusing = crate::lab::fake::Fake::start(|request| {
        let refusal = crate::lab::fake::Reply::Error(400, "AccessDeniedException", "no");
        (request.action == "GetDiscoveredResourceCounts").then_some(refusal)
    });
    let (code, out, err) = run(scan(home.path(), &refusing.url, &["--estimate", "--state"]).arg(&state));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("count not known (config:GetDiscoveredResourceCounts was denied"), "{out}");
}

#[test]
fn an_estimate_counts_what_is_asked_of_other_services_too_and_comes_true() {
    let fake = crate::lab::fake::Fake::start(|request| match request.action {
        "DescribeConfigurationRecorders" => {
            Some(crate::lab::fake::Reply::Json(serde_json::json!({"ConfigurationRecorders": []})))
        }
        "GetDiscoveredResourceCounts" => Some(crate::lab::fake::Reply::Json(serde_json::json!({"resourceCounts": []}))),
        _ => None,
    });
    let stand = Stand::new(&fake.url, &crate::lab::fake::state_of_buckets(&["a", "b", "c"]), "");
    stand.configure(&fake.url, &format!("[{:?}, \"cloudformation://shop\"]", stand.state()), ", blame = true");
    let driftguard = |arguments: &[&str]| run(&mut stand.command(arguments));
    let (code, out, err) = driftguard(&["scan", "--estimate"]);
    assert_eq!(code, 0, "{err}");
    for text in ["3 to Cloud Control", "calls to CloudFormation", "look-ups in CloudTrail", "AWS does not bill"] {
        assert!(out.contains(text), "{text}: {out}");
    }
    assert_eq!((fake.asked("GetResource"), fake.asked("DetectStackDrift"), fake.asked("LookupEvents")), (0, 0, 0));
    let (_, out, _) = driftguard(&["scan", "--format", "ndjson", "--no-store"]);
    assert_eq!(fake.asked("GetResource"), 3, "as was said before");
    let environment = out.lines().find(|line| line.starts_with("{\"environment\"")).unwrap();
    let environment: Value = serde_json::from_str(environment).unwrap();
    let actions = environment["environment"]["usage"]["by_action"].as_array().unwrap().clone();
    let control = actions.iter().find(|row| row["action"] == "cloudformation:GetResource").unwrap();
    assert_eq!((&control["calls"], &control["region"]), (&3.into(), &"eu-west-1".into()));
}

fn json_out(home: &Path, args: &[&str]) -> (i32, Value) {
    let (code, out, _) = run(driftguard(home).args(args));
    (code, serde_json::from_str(&out).expect("JSON"))
}
