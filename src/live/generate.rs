//! Made-up recordings of any size, for measuring: same number, same bytes, in the shape AWS delivers.
//!
//! Every item is made from the resource [`declared::generate`] gives the same number, so that a state and a snapshot of the
//! same size are in sync.

use std::io::{self, Write};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::declared::generate;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";

/// Writes a Config snapshot of the AWS resources among the first `resources` of a made-up state.
pub fn snapshot(resources: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        br#"{"fileVersion":"1.0","configSnapshotId":"00000000-0000-0000-0000-000000000000","configurationItems":["#,
    )?;
    for (n, item) in (0..resources).filter_map(item).enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &item)?;
    }
    out.write_all(b"]}")
}

/// The configuration item of the resource with this number; `None` for those that are not in AWS.
pub fn item(number: usize) -> Option<Value> {
    let resource = generate::resource(number);
    let declared = resource.pointer("/instances/0/attributes")?;
    let (config_type, id, configuration, supplementary) = match resource["type"].as_str()? {
        "aws_instance" => ("AWS::EC2::Instance", "id", instance(declared), json!({})),
        "aws_security_group" => ("AWS::EC2::SecurityGroup", "id", security_group(declared), json!({})),
        "aws_s3_bucket" => ("AWS::S3::Bucket", "bucket", bucket(declared), bucket_parts(declared)),
        "aws_iam_role" => ("AWS::IAM::Role", "unique_id", role(declared), json!({})),
        _ => return None,
    };
    let region = if config_type == "AWS::IAM::Role" { "global" } else { REGION };
    Some(json!({
        "relatedEvents": [], "relationships": [], "configuration": configuration, "supplementaryConfiguration": supplementary,
        "tags": declared["tags_all"], "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z",
        "configurationStateId": 1_795_176_000_000_u64, "awsAccountId": ACCOUNT, "configurationItemStatus": "OK",
        "resourceType": config_type, "resourceId": declared[id], "resourceName": declared["name"], "ARN": declared["arn"],
        "awsRegion": region, "availabilityZone": "Not Applicable", "configurationStateMd5Hash": "",
        "resourceCreationTime": "2026-01-01T00:00:00.000Z",
    }))
}

fn tag_list(declared: &Value) -> Value {
    let tags = declared["tags_all"].as_object().into_iter().flatten();
    tags.map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn instance(d: &Value) -> Value {
    let groups = d["vpc_security_group_ids"].as_array().into_iter().flatten();
    let groups: Value = groups.map(|id| json!({"groupName": "", "groupId": id})).collect();
    let profile = d["iam_instance_profile"].as_str().unwrap_or_default();
    let (disk, options) = (&d["root_block_device"][0], &d["metadata_options"][0]);
    json!({
        "amiLaunchIndex": 0, "imageId": d["ami"], "instanceId": d["id"], "instanceType": d["instance_type"], "kernelId": null,
        "keyName": d["key_name"], "launchTime": "2026-01-01T00:00:00.000Z",
        "monitoring": {"state": if d["monitoring"] == true { "enabled" } else { "disabled" }},
        "placement": {"availabilityZone": d["availability_zone"], "groupName": "", "tenancy": d["tenancy"]}, "platform": null,
        "privateDnsName": d["private_dns"], "privateIpAddress": d["private_ip"], "productCodes": [],
        "state": {"code": 16, "name": "running"}, "stateTransitionReason": "", "subnetId": d["subnet_id"], "architecture": "x86_64",
        "clientToken": "", "ebsOptimized": d["ebs_optimized"], "enaSupport": true, "hypervisor": "xen", "networkInterfaces": [],
        "iamInstanceProfile": {"arn": format!("arn:aws:iam::{ACCOUNT}:instance-profile/{profile}"), "id": "AIPA"},
        "rootDeviceName": disk["device_name"], "rootDeviceType": "ebs", "securityGroups": groups,
        "sourceDestCheck": d["source_dest_check"], "tags": tag_list(d), "virtualizationType": "hvm",
        "blockDeviceMappings": [{"deviceName": disk["device_name"],
            "ebs": {"deleteOnTermination": true, "status": "attached", "volumeId": disk["volume_id"]}}],
        "cpuOptions": {"coreCount": d["cpu_core_count"], "threadsPerCore": d["cpu_threads_per_core"]},
        "enclaveOptions": {"enabled": d["enclave_options"][0]["enabled"]}, "hibernationOptions": {"configured": d["hibernation"]},
        "metadataOptions": {"state": "applied", "httpTokens": options["http_tokens"], "httpEndpoint": options["http_endpoint"],
            "httpPutResponseHopLimit": options["http_put_response_hop_limit"],
            "instanceMetadataTags": options["instance_metadata_tags"]},
    })
}

fn security_group(d: &Value) -> Value {
    json!({
        "description": d["description"], "groupName": d["name"], "ownerId": ACCOUNT, "groupId": d["id"], "vpcId": d["vpc_id"],
        "ipPermissions": permissions(&d["ingress"]), "ipPermissionsEgress": permissions(&d["egress"]), "tags": tag_list(d),
    })
}

fn permissions(rules: &Value) -> Value {
    let permission = |rule: &Value| {
        let ranges: Value =
            rule["cidr_blocks"].as_array().into_iter().flatten().map(|c| json!({"cidrIp": c})).collect();
        json!({"ipProtocol": rule["protocol"], "fromPort": rule["from_port"], "toPort": rule["to_port"], "ipv6Ranges": [],
            "prefixListIds": [], "userIdGroupPairs": [], "ipv4Ranges": ranges, "ipRanges": rule["cidr_blocks"]})
    };
    rules.as_array().into_iter().flatten().map(permission).collect()
}

fn bucket(d: &Value) -> Value {
    let owner = json!({"displayName": null, "id": "0".repeat(64)});
    json!({"name": d["bucket"], "owner": owner, "creationDate": "2026-01-01T00:00:00.000Z", "region": REGION})
}

fn bucket_parts(d: &Value) -> Value {
    let encryption = &d["server_side_encryption_configuration"][0]["rule"][0];
    let by_default = &encryption["apply_server_side_encryption_by_default"][0];
    let versioning = if d["versioning"][0]["enabled"] == true { "Enabled" } else { "Off" };
    json!({
        "AccessControlList": json!(json!({"grantSet": null, "grantList": []}).to_string()).to_string(),
        "BucketAccelerateConfiguration": {"status": null}, "IsRequesterPaysEnabled": "false",
        "BucketLoggingConfiguration": {"destinationBucketName": null, "logFilePrefix": null},
        "BucketNotificationConfiguration": {"configurations": {}}, "BucketPolicy": {"policyText": d["policy"]},
        "BucketVersioningConfiguration": {"status": versioning, "isMfaDeleteEnabled": null},
        "ServerSideEncryptionConfiguration": {"rules": [{"bucketKeyEnabled": encryption["bucket_key_enabled"],
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": by_default["sse_algorithm"], "kmsMasterKeyID": null}}]},
        "BucketTaggingConfiguration": {"tagSets": [{"tags": d["tags_all"]}]},
    })
}

fn role(d: &Value) -> Value {
    let trust = utf8_percent_encode(d["assume_role_policy"].as_str().unwrap_or_default(), NON_ALPHANUMERIC).to_string();
    let policies = d["managed_policy_arns"].as_array().into_iter().flatten();
    let policies: Value = policies.map(|arn| json!({"policyArn": arn, "policyName": ""})).collect();
    json!({
        "path": d["path"], "roleName": d["name"], "roleId": d["unique_id"], "arn": d["arn"], "createDate": d["create_date"],
        "assumeRolePolicyDocument": trust, "instanceProfileList": [], "rolePolicyList": [], "attachedManagedPolicies": policies,
        "permissionsBoundary": null, "tags": tag_list(d), "roleLastUsed": null,
    })
}
