//! The environment `aws-prod`: a Terraform state, and a snapshot as AWS Config delivers it.

use std::io;

use serde_json::{Value, json};

use super::World;
use super::scene::Scene;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "eu-central-1";
const VPC: &str = "vpc-0d0e1f2a3b4c5d6e7";
const WEB: &str = "sg-0a1b2c3d4e5f60718";
const DATABASE: &str = "sg-0b2c3d4e5f6071829";
const SUBNETS: [(&str, &str, &str); 2] = [
    ("subnet-0aa11bb22cc33dd44", "10.20.1.0/24", "eu-central-1a"),
    ("subnet-0bb22cc33dd44ee55", "10.20.2.0/24", "eu-central-1b"),
];
const INSTANCES: [(&str, &str); 2] = [("i-0c1d2e3f405162738", "web-1"), ("i-0d2e3f4051627384a", "web-2")];
const BUCKET: &str = "shop-logs-123456789012";
const ROLE_ID: &str = "AROA4EXAMPLEDEMOROLE";
const POLICY_ID: &str = "ANPA4EXAMPLEDEMOPLCY";

fn arn(service: &str, rest: &str) -> String {
    let region = if matches!(service, "iam" | "s3") { "" } else { REGION };
    let account = if service == "s3" { "" } else { ACCOUNT };
    format!("arn:aws:{service}:{region}:{account}:{rest}")
}

fn trust() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}},
    ]})
}

/// The same with lists where one value would do, as another tool may write it: noise.
fn trust_in_another_form() -> Value {
    json!({"Statement": [
        {"Sid": "", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Effect": "Allow", "Action": ["sts:AssumeRole"]},
    ], "Version": "2012-10-17"})
}

fn log_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [format!("arn:aws:s3:::{BUCKET}/*")]},
    ]})
}

// --- what the code says ----------------------------------------------------------------------------------------------------

/// Writes the state.
pub(super) fn create(world: &World) -> io::Result<()> {
    let subnets = SUBNETS.iter().enumerate().map(|(n, (id, cidr, zone))| instance_of(n, subnet(id, cidr, zone)));
    let instances = INSTANCES.iter().enumerate().map(|(n, (id, name))| instance_of(n, server(id, name, SUBNETS[n].0)));
    let resources = json!([
        resource("aws_vpc", "main", vec![plain(vpc())]),
        resource("aws_subnet", "private", subnets.collect()),
        resource("aws_security_group", "web", vec![plain(group(WEB, "web", &[rule(443, "0.0.0.0/0", "https")]))]),
        resource(
            "aws_security_group",
            "database",
            vec![plain(group(DATABASE, "database", &[rule(5432, "10.20.0.0/16", "inside only")]))]
        ),
        resource("aws_instance", "web", instances.collect()),
        resource("aws_s3_bucket", "logs", vec![plain(bucket())]),
        resource(
            "aws_s3_bucket_public_access_block",
            "logs",
            vec![plain(json!({
                "id": BUCKET, "bucket": BUCKET, "block_public_acls": true, "block_public_policy": true,
                "ignore_public_acls": true, "restrict_public_buckets": true,
            }))]
        ),
        resource(
            "aws_s3_bucket_versioning",
            "logs",
            vec![plain(json!({
                "id": BUCKET, "bucket": BUCKET, "expected_bucket_owner": "", "mfa": null,
                "versioning_configuration": [{"status": "Enabled", "mfa_delete": ""}],
            }))]
        ),
        resource("aws_iam_role", "web", vec![plain(role())]),
        resource("aws_iam_policy", "logs", vec![plain(policy())]),
    ]);
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 42, "lineage": "9c1d7e52-3a4b-4c5d-8e6f-708192a3b4c5",
        "outputs": {}, "resources": resources, "check_results": null,
    });
    world.put_json("aws/terraform.tfstate", &state)
}

fn resource(kind: &str, name: &str, instances: Vec<Value>) -> Value {
    json!({
        "mode": "managed", "type": kind, "name": name,
        "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": instances,
    })
}

fn plain(attributes: Value) -> Value {
    json!({"schema_version": 1, "attributes": attributes, "sensitive_attributes": []})
}

fn instance_of(index: usize, attributes: Value) -> Value {
    let mut instance = plain(attributes);
    instance["index_key"] = json!(index);
    instance
}

fn vpc() -> Value {
    json!({
        "id": VPC, "arn": arn("ec2", &format!("vpc/{VPC}")), "cidr_block": "10.20.0.0/16", "instance_tenancy": "default",
        "enable_dns_support": true, "enable_dns_hostnames": true, "owner_id": ACCOUNT, "ipv6_cidr_block": "",
        "tags": {"Name": "shop"}, "tags_all": {"Name": "shop"},
    })
}

fn subnet(id: &str, cidr: &str, zone: &str) -> Value {
    json!({
        "id": id, "arn": arn("ec2", &format!("subnet/{id}")), "vpc_id": VPC, "cidr_block": cidr, "availability_zone": zone,
        "map_public_ip_on_launch": false, "assign_ipv6_address_on_creation": false, "owner_id": ACCOUNT,
        "tags": {"Name": format!("private-{zone}")}, "tags_all": {"Name": format!("private-{zone}")},
    })
}

fn rule(port: u16, cidr: &str, description: &str) -> Value {
    json!({
        "protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": [cidr], "ipv6_cidr_blocks": [],
        "prefix_list_ids": [], "security_groups": [], "self": false, "description": description,
    })
}

fn group(id: &str, name: &str, ingress: &[Value]) -> Value {
    let mut everything = rule(0, "0.0.0.0/0", "");
    everything["protocol"] = json!("-1");
    json!({
        "id": id, "arn": arn("ec2", &format!("security-group/{id}")), "name": name, "description": format!("shop {name}"),
        "vpc_id": VPC, "owner_id": ACCOUNT, "ingress": ingress, "egress": [everything], "revoke_rules_on_delete": false,
        "name_prefix": "", "timeouts": null, "tags": {"Name": name}, "tags_all": {"Name": name},
    })
}

fn server(id: &str, name: &str, subnet: &str) -> Value {
    json!({
        "id": id, "arn": arn("ec2", &format!("instance/{id}")), "ami": "ami-0123456789abcdef0", "instance_type": "t3.small",
        "subnet_id": subnet, "vpc_security_group_ids": [WEB], "key_name": "", "monitoring": true, "ebs_optimized": true,
        "source_dest_check": true, "tenancy": "default", "iam_instance_profile": "",
        "metadata_options": [{"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}],
        "tags": {"Name": name}, "tags_all": {"Name": name},
    })
}

fn bucket() -> Value {
    json!({
        "id": BUCKET, "bucket": BUCKET, "arn": arn("s3", BUCKET),
        "region": REGION, "force_destroy": false, "policy": "", "request_payer": "BucketOwner", "acceleration_status": "",
        "tags": {"Name": "logs"}, "tags_all": {"Name": "logs"},
    })
}

fn role() -> Value {
    json!({
        "id": "shop-web", "name": "shop-web", "arn": arn("iam", "role/shop-web"), "unique_id": ROLE_ID, "path": "/",
        "assume_role_policy": trust().to_string(), "description": "", "max_session_duration": 3600,
        "permissions_boundary": "", "managed_policy_arns": [arn("iam", "policy/shop-logs")], "inline_policy": [],
        "force_detach_policies": false, "tags": {}, "tags_all": {},
    })
}

fn policy() -> Value {
    json!({
        "id": arn("iam", "policy/shop-logs"), "arn": arn("iam", "policy/shop-logs"), "name": "shop-logs", "path": "/",
        "policy_id": POLICY_ID, "description": "write logs", "policy": log_policy().to_string(), "tags": {}, "tags_all": {},
    })
}

// --- what AWS Config recorded ------------------------------------------------------------------------------------------------

/// Writes the snapshot.
pub(super) fn show(world: &World, scene: &Scene) -> io::Result<()> {
    let aws = &scene.aws;
    let mut web = vec![permission(443, "0.0.0.0/0", "https")];
    if aws.ssh_open {
        web.push(permission(22, "0.0.0.0/0", "debugging, remove me"));
    }
    let mut database = vec![permission(5432, "10.20.0.0/16", "inside only")];
    if aws.database_open {
        database.push(permission(5432, "0.0.0.0/0", "from home"));
    }
    let mut items = vec![live_vpc(), live_group(WEB, "web", &web), live_group(DATABASE, "database", &database)];
    items.extend(SUBNETS.iter().map(|(id, cidr, zone)| live_subnet(id, cidr, zone)));
    let owner = aws.tagged.then_some("kim");
    items.extend(INSTANCES.iter().zip(SUBNETS).map(|((id, name), subnet)| live_server(id, name, subnet.0, owner)));
    items.push(live_bucket(BUCKET, "logs", if aws.versioning_off { "Suspended" } else { "Enabled" }));
    if aws.stray_bucket {
        items.push(live_bucket("kims-export-123456789012", "export", "Off"));
    }
    items.extend([live_role(), live_policy()]);
    let snapshot = json!({
        "fileVersion": "1.0", "configSnapshotId": "6a1f0b7c-2d3e-4f50-8a9b-0c1d2e3f4051", "configurationItems": items,
    });
    world.put_json("aws/config-snapshot.json", &snapshot)
}

/// One configuration item; `named` are (id, name, ARN).
fn item(kind: &str, named: (&str, &str, String), tags: Value, configuration: Value, supplementary: Value) -> Value {
    json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-03-02T08:15:00.000Z",
        "configurationItemStatus": "OK", "configurationStateId": 1_772_439_300_000_u64, "configurationStateMd5Hash": "",
        "awsAccountId": ACCOUNT, "awsRegion": if kind.contains("::IAM::") { "global" } else { REGION },
        "availabilityZone": "Regional", "resourceType": kind, "resourceId": named.0, "resourceName": named.1, "ARN": named.2,
        "resourceCreationTime": "2026-01-12T09:00:00.000Z", "relatedEvents": [], "relationships": [], "tags": tags,
        "configuration": configuration, "supplementaryConfiguration": supplementary,
    })
}

fn tag_list(name: &str) -> Value {
    json!([{"key": "Name", "value": name}])
}

fn live_vpc() -> Value {
    let configuration = json!({
        "cidrBlock": "10.20.0.0/16", "dhcpOptionsId": "dopt-0123456789abcdef0", "state": "available", "vpcId": VPC,
        "ownerId": ACCOUNT, "instanceTenancy": "default", "ipv6CidrBlockAssociationSet": [], "isDefault": false,
        "cidrBlockAssociationSet": [{"cidrBlock": "10.20.0.0/16", "cidrBlockState": {"state": "associated"}}],
        "tags": tag_list("shop"),
    });
    let named = (VPC, "", arn("ec2", &format!("vpc/{VPC}")));
    item("AWS::EC2::VPC", named, json!({"Name": "shop"}), configuration, json!({}))
}

fn live_subnet(id: &str, cidr: &str, zone: &str) -> Value {
    let name = format!("private-{zone}");
    let configuration = json!({
        "availabilityZone": zone, "availableIpAddressCount": 249, "cidrBlock": cidr, "defaultForAz": false,
        "mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false, "ipv6CidrBlockAssociationSet": [],
        "state": "available", "subnetId": id, "vpcId": VPC, "ownerId": ACCOUNT, "tags": tag_list(&name),
        "subnetArn": arn("ec2", &format!("subnet/{id}")),
    });
    item(
        "AWS::EC2::Subnet",
        (id, "", arn("ec2", &format!("subnet/{id}"))),
        json!({"Name": name}),
        configuration,
        json!({}),
    )
}

fn permission(port: u16, cidr: &str, description: &str) -> Value {
    json!({
        "ipProtocol": "tcp", "fromPort": port, "toPort": port, "userIdGroupPairs": [], "ipv6Ranges": [], "prefixListIds": [],
        "ipv4Ranges": [{"cidrIp": cidr, "description": description}], "ipRanges": [cidr],
    })
}

fn live_group(id: &str, name: &str, ingress: &[Value]) -> Value {
    let everything = json!({
        "ipProtocol": "-1", "userIdGroupPairs": [], "ipv6Ranges": [], "prefixListIds": [],
        "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"],
    });
    let configuration = json!({
        "groupId": id, "groupName": name, "description": format!("shop {name}"), "ownerId": ACCOUNT, "vpcId": VPC,
        "ipPermissions": ingress, "ipPermissionsEgress": [everything], "tags": tag_list(name),
    });
    let named = (id, name, arn("ec2", &format!("security-group/{id}")));
    item("AWS::EC2::SecurityGroup", named, json!({"Name": name}), configuration, json!({}))
}

fn live_server(id: &str, name: &str, subnet: &str, owner: Option<&str>) -> Value {
    let mut tags = json!({"Name": name, "aws:autoscaling:groupName": "shop-web"});
    owner.into_iter().for_each(|owner| tags["Owner"] = owner.into());
    let list: Vec<Value> =
        tags.as_object().into_iter().flatten().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let configuration = json!({
        "instanceId": id, "imageId": "ami-0123456789abcdef0", "instanceType": "t3.small", "subnetId": subnet, "vpcId": VPC,
        "state": {"code": 16, "name": "running"}, "securityGroups": [{"groupId": WEB, "groupName": "web"}],
        "monitoring": {"state": "enabled"}, "ebsOptimized": true, "sourceDestCheck": true, "keyName": null,
        "placement": {"availabilityZone": "eu-central-1a", "tenancy": "default"}, "iamInstanceProfile": null,
        "metadataOptions": {"state": "applied", "httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        // Set by AWS itself: noise.
        "tags": list,
    });
    item("AWS::EC2::Instance", (id, "", arn("ec2", &format!("instance/{id}"))), tags, configuration, json!({}))
}

fn live_bucket(id: &str, name: &str, versioning: &str) -> Value {
    let configuration = json!({
        "name": id, "region": REGION, "owner": {"displayName": null, "id": "0f1e2d3c4b5a"},
        "creationDate": "2026-01-12T09:00:00.000Z",
    });
    let supplementary = json!({
        "BucketVersioningConfiguration": {"status": versioning, "isMfaDeleteEnabled": null},
        "PublicAccessBlockConfiguration": {
            "blockPublicAcls": true, "ignorePublicAcls": true, "blockPublicPolicy": true, "restrictPublicBuckets": true,
        },
        "ServerSideEncryptionConfiguration": {"rules": [
            {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyID": null}, "bucketKeyEnabled": false},
        ]},
        "BucketAccelerateConfiguration": {"status": null},
        "BucketPolicy": {"policyText": null},
        "BucketLoggingConfiguration": {"destinationBucketName": null, "logFilePrefix": null},
        "IsRequesterPaysEnabled": false,
    });
    let named = (id, id, arn("s3", id));
    item("AWS::S3::Bucket", named, json!({"Name": name}), configuration, supplementary)
}

fn live_role() -> Value {
    let configuration = json!({
        "path": "/", "roleName": "shop-web", "roleId": ROLE_ID, "arn": arn("iam", "role/shop-web"),
        "createDate": "2026-01-12T09:00:00.000Z", "rolePolicyList": [], "permissionsBoundary": null, "tags": [],
        "assumeRolePolicyDocument": percent_encoded(&trust_in_another_form()), "instanceProfileList": [],
        "attachedManagedPolicies": [{"policyName": "shop-logs", "policyArn": arn("iam", "policy/shop-logs")}],
    });
    let named = (ROLE_ID, "shop-web", arn("iam", "role/shop-web"));
    item("AWS::IAM::Role", named, json!({}), configuration, json!({}))
}

fn live_policy() -> Value {
    let configuration = json!({
        "policyName": "shop-logs", "policyId": POLICY_ID, "arn": arn("iam", "policy/shop-logs"), "path": "/",
        "defaultVersionId": "v1", "attachmentCount": 1, "isAttachable": true, "description": "write logs",
        "createDate": "2026-01-12T09:00:00.000Z", "updateDate": "2026-01-12T09:00:00.000Z",
        "policyVersionList": [{
            "document": percent_encoded(&log_policy()), "versionId": "v1", "isDefaultVersion": true,
            "createDate": "2026-01-12T09:00:00.000Z",
        }],
    });
    let named = (POLICY_ID, "shop-logs", arn("iam", "policy/shop-logs"));
    item("AWS::IAM::Policy", named, json!({}), configuration, json!({}))
}

/// As AWS Config keeps policies.
fn percent_encoded(document: &Value) -> String {
    percent_encoding::utf8_percent_encode(&document.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string()
}
