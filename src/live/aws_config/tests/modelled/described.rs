//! Types AWS Config describes in the service's own words, as Cloud Control gives them.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    [network(), buckets(), identities(), databases(), services()].into_iter().flatten().collect()
}

fn case(
    terraform: &'static str,
    declared: Value,
    configuration: Value,
    drift: (&'static str, Value, &'static str),
    respelt: (&'static str, Value),
) -> Case {
    let config = Mapping::built_in().of(terraform).and_then(|t| t.model.as_ref()).unwrap().name.as_str();
    let arn = declared.get("arn").and_then(Value::as_str).unwrap_or("arn:aws:x:eu-west-1:1:x").to_owned().leak();
    Case { terraform, config, id: "x", arn, declared, configuration, drift, respelt }
}

fn network() -> Vec<Case> {
    vec![
        case(
            "aws_instance",
            json!({"id": "i-1", "ami": "ami-1", "instance_type": "m6i.large", "subnet_id": "subnet-1", "monitoring": false,
                "vpc_security_group_ids": ["sg-1", "sg-2"], "source_dest_check": true, "tenancy": "default", "ebs_optimized": false,
                "iam_instance_profile": "web", "disable_api_termination": true, "credit_specification": [{"cpu_credits": "standard"}],
                "metadata_options": [{"http_tokens": "required", "http_endpoint": "enabled", "http_put_response_hop_limit": 2}]}),
            json!({"InstanceId": "i-1", "ImageId": "ami-1", "InstanceType": "m6i.large", "SubnetId": "subnet-1", "Monitoring": false,
                "SecurityGroupIds": ["sg-2", "sg-1"], "IamInstanceProfile": "web", "DisableApiTermination": true, "Tenancy": "default",
                "CreditSpecification": {"CPUCredits": "standard"}, "SourceDestCheck": true,
                "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2}}),
            ("/DisableApiTermination", json!(false), "disable_api_termination"),
            ("/EbsOptimized", json!(false)),
        ),
        case(
            "aws_security_group",
            json!({"id": "x", "name": "web", "description": "web", "vpc_id": "vpc-1", "egress": [],
                "ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8", "192.0.2.0/24"],
                    "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false, "description": ""}]}),
            json!({"GroupId": "x", "GroupName": "web", "GroupDescription": "web", "VpcId": "vpc-1", "SecurityGroupEgress": [],
                "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"},
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "192.0.2.0/24"}]}),
            ("/VpcId", json!("vpc-2"), "vpc_id"),
            ("/SecurityGroupIngress/0/CidrIp", json!("10.1.2.3/8")),
        ),
        case(
            "aws_vpc",
            json!({"id": "vpc-1", "cidr_block": "10.0.0.0/16", "enable_dns_support": true, "enable_dns_hostnames": false, "instance_tenancy": "default"}),
            json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "EnableDnsSupport": true, "EnableDnsHostnames": false, "InstanceTenancy": "default"}),
            ("/EnableDnsHostnames", json!(true), "enable_dns_hostnames"),
            ("/InstanceTenancy", Value::Null),
        ),
        case(
            "aws_subnet",
            json!({"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a",
                "map_public_ip_on_launch": false, "private_dns_hostname_type_on_launch": "ip-name"}),
            json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a",
                "MapPublicIpOnLaunch": false, "PrivateDnsNameOptionsOnLaunch": {"HostnameType": "ip-name"}}),
            ("/MapPublicIpOnLaunch", json!(true), "map_public_ip_on_launch"),
            ("/MapPublicIpOnLaunch", Value::Null),
        ),
        case(
            "aws_route_table",
            json!({"id": "rtb-1", "vpc_id": "vpc-1"}),
            json!({"RouteTableId": "rtb-1", "VpcId": "vpc-1"}),
            ("/VpcId", json!("vpc-2"), "vpc_id"),
            ("/Tags", json!([])),
        ),
        case(
            "aws_lb",
            json!({"arn": "arn:lb", "name": "web", "internal": false, "load_balancer_type": "application", "ip_address_type": "ipv4",
                "security_groups": ["sg-1"], "subnets": ["subnet-1", "subnet-2"], "idle_timeout": 60, "enable_deletion_protection": true}),
            json!({"LoadBalancerArn": "arn:lb", "Name": "web", "Scheme": "internet-facing", "Type": "application", "IpAddressType": "ipv4",
                "SecurityGroups": ["sg-1"], "Subnets": ["subnet-2", "subnet-1"], "LoadBalancerAttributes": [
                    {"Key": "idle_timeout.timeout_seconds", "Value": "60"}, {"Key": "deletion_protection.enabled", "Value": "true"}]}),
            ("/LoadBalancerAttributes/1/Value", json!("false"), "enable_deletion_protection"),
            ("/LoadBalancerAttributes/0/Value", json!(60)),
        ),
    ]
}

fn bucket_part(
    terraform: &'static str,
    attribute: &str,
    value: Value,
    property: &str,
    live: Value,
    drift: (&'static str, Value, &'static str),
    respelt: (&'static str, Value),
) -> Case {
    case(
        terraform,
        json!({"bucket": "b", attribute: value}),
        json!({"BucketName": "b", property: live}),
        drift,
        respelt,
    )
}

fn buckets() -> Vec<Case> {
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]});
    vec![
        case(
            "aws_s3_bucket",
            json!({"id": "b", "bucket": "b", "arn": "arn:aws:s3:::b", "tags": {"team": "pay"}}),
            json!({"BucketName": "b", "Arn": "arn:aws:s3:::b", "Tags": [{"Key": "team", "Value": "pay"}]}),
            ("/Tags/0/Value", json!("ops"), "tags.team"),
            ("/Tags", json!({"team": "pay"})),
        ),
        bucket_part(
            "aws_s3_bucket_versioning",
            "versioning_configuration",
            json!([{"status": "Enabled"}]),
            "VersioningConfiguration",
            json!({"Status": "Enabled"}),
            ("/VersioningConfiguration", Value::Null, "versioning_configuration[0].status"),
            ("/AccelerateConfiguration", json!({})),
        ),
        bucket_part(
            "aws_s3_bucket_server_side_encryption_configuration",
            "rule",
            json!([{"apply_server_side_encryption_by_default": [{"kms_master_key_id": "", "sse_algorithm": "AES256"}], "bucket_key_enabled": false}]),
            "BucketEncryption",
            json!({"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false}]}),
            (
                "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm",
                json!("aws:kms"),
                "rule[0].apply_server_side_encryption_by_default[0].sse_algorithm",
            ),
            ("/BucketEncryption/ServerSideEncryptionConfiguration/0/BucketKeyEnabled", Value::Null),
        ),
        case(
            "aws_s3_bucket_public_access_block",
            json!({"bucket": "b", "block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": false}),
            json!({"BucketName": "b", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": true,
                "IgnorePublicAcls": true, "RestrictPublicBuckets": false}}),
            ("/PublicAccessBlockConfiguration", Value::Null, "gone"),
            ("/PublicAccessBlockConfiguration/RestrictPublicBuckets", Value::Null),
        ),
        case(
            "aws_s3_bucket_policy",
            json!({"bucket": "b", "policy": document.to_string()}),
            json!({"Bucket": "b", "PolicyDocument": document}),
            ("/PolicyDocument/Statement/0/Effect", json!("Deny"), "policy.Statement[0].Effect"),
            ("/PolicyDocument/Statement/0/Action", json!(["s3:GetObject"])),
        ),
        case(
            "aws_s3_bucket_logging",
            json!({"bucket": "b", "target_bucket": "logs", "target_prefix": ""}),
            json!({"BucketName": "b", "LoggingConfiguration": {"DestinationBucketName": "logs"}}),
            ("/LoggingConfiguration/DestinationBucketName", json!("elsewhere"), "target_bucket"),
            ("/LoggingConfiguration/LogFilePrefix", json!("")),
        ),
        bucket_part(
            "aws_s3_bucket_cors_configuration",
            "cors_rule",
            json!([{"allowed_methods": ["GET"], "allowed_origins": ["https://example.com"], "allowed_headers": [], "expose_headers": ["ETag"], "id": "", "max_age_seconds": 3000}]),
            "CorsConfiguration",
            json!({"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"], "ExposedHeaders": ["ETag"], "MaxAge": 3000}]}),
            ("/CorsConfiguration/CorsRules/0/AllowedOrigins", json!(["*"]), "cors_rule[0].allowed_origins[0]"),
            ("/CorsConfiguration/CorsRules/0/Id", json!("")),
        ),
        bucket_part(
            "aws_s3_bucket_accelerate_configuration",
            "status",
            json!("Enabled"),
            "AccelerateConfiguration",
            json!({"AccelerationStatus": "Enabled"}),
            ("/AccelerateConfiguration/AccelerationStatus", json!("Suspended"), "status"),
            ("/Tags", json!([])),
        ),
        case(
            "aws_s3_bucket_object_lock_configuration",
            json!({"bucket": "b", "object_lock_enabled": "Enabled", "rule": [{"default_retention": [{"days": 30, "mode": "GOVERNANCE", "years": 0}]}]}),
            json!({"BucketName": "b", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Days": 30, "Mode": "GOVERNANCE"}}}}),
            ("/ObjectLockConfiguration/Rule/DefaultRetention/Days", json!(1), "rule[0].default_retention[0].days"),
            ("/ObjectLockConfiguration/Rule/DefaultRetention/Years", json!(0)),
        ),
    ]
}

fn identities() -> Vec<Case> {
    let document = |action: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    let one = || document(json!("s3:GetObject"));
    vec![
        case(
            "aws_iam_role",
            json!({"id": "app", "name": "app", "unique_id": "AROA1", "path": "/", "description": "the app", "max_session_duration": 3600,
                "assume_role_policy": one().to_string(), "managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                "permissions_boundary": "", "inline_policy": [{"name": "inl", "policy": one().to_string()}]}),
            json!({"RoleName": "app", "RoleId": "AROA1", "Path": "/", "Description": "the app", "MaxSessionDuration": 3600,
                "AssumeRolePolicyDocument": one(), "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                "Policies": [{"PolicyName": "inl", "PolicyDocument": one()}]}),
            ("/MaxSessionDuration", json!(43200), "max_session_duration"),
            ("/AssumeRolePolicyDocument/Statement/0/Action", json!(["s3:GetObject"])),
        ),
        case(
            "aws_iam_role_policy",
            json!({"name": "inl", "role": "app", "policy": one().to_string()}),
            json!({"PolicyName": "inl", "RoleName": "app", "PolicyDocument": one()}),
            ("/PolicyDocument/Statement/0/Effect", json!("Deny"), "policy.Statement[0].Effect"),
            ("/PolicyDocument/Statement/0/Action", json!(["s3:GetObject"])),
        ),
        case(
            "aws_iam_policy",
            json!({"id": "arn:aws:iam::1:policy/p", "arn": "arn:aws:iam::1:policy/p", "name": "p", "path": "/", "description": "",
                "policy": one().to_string()}),
            json!({"PolicyArn": "arn:aws:iam::1:policy/p", "ManagedPolicyName": "p", "Path": "/", "PolicyDocument": one()}),
            ("/PolicyDocument/Statement/0/Effect", json!("Deny"), "policy.Statement[0].Effect"),
            ("/Description", json!("")),
        ),
        case(
            "aws_kms_key",
            json!({"key_id": "k", "description": "", "enable_key_rotation": true, "is_enabled": true, "key_usage": "ENCRYPT_DECRYPT",
                "customer_master_key_spec": "SYMMETRIC_DEFAULT", "multi_region": false, "policy": one().to_string()}),
            json!({"KeyId": "k", "EnableKeyRotation": true, "Enabled": true, "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyPolicy": one()}),
            ("/EnableKeyRotation", json!(false), "enable_key_rotation"),
            ("/MultiRegion", json!(false)),
        ),
    ]
}

fn databases() -> Vec<Case> {
    vec![
        case(
            "aws_db_instance",
            json!({"identifier": "main", "resource_id": "db-1", "instance_class": "db.m6g.large", "engine": "postgres", "engine_version": "16.4",
                "allocated_storage": 100, "storage_encrypted": true, "db_name": "app", "username": "app", "port": 5432, "multi_az": true,
                "publicly_accessible": false, "vpc_security_group_ids": ["sg-1"], "db_subnet_group_name": "main", "max_allocated_storage": 0,
                "parameter_group_name": "default.postgres16", "backup_retention_period": 7, "deletion_protection": true,
                "maintenance_window": "sun:03:00-sun:04:00", "iam_database_authentication_enabled": false, "performance_insights_enabled": true}),
            json!({"DBInstanceIdentifier": "main", "DbiResourceId": "db-1", "DBInstanceClass": "db.m6g.large", "Engine": "postgres",
                "EngineVersion": "16.4", "AllocatedStorage": "100", "StorageEncrypted": true, "DBName": "app", "MasterUsername": "app",
                "Endpoint": {"Port": "5432"}, "MultiAZ": true, "PubliclyAccessible": false, "VPCSecurityGroups": ["sg-1"],
                "DBSubnetGroupName": "main", "DBParameterGroupName": "default.postgres16", "BackupRetentionPeriod": 7,
                "DeletionProtection": true, "PreferredMaintenanceWindow": "sun:03:00-sun:04:00", "EnablePerformanceInsights": true}),
            ("/PubliclyAccessible", json!(true), "publicly_accessible"),
            ("/AllocatedStorage", json!(100)),
        ),
        case(
            "aws_dynamodb_table",
            json!({"id": "t", "name": "t", "billing_mode": "PAY_PER_REQUEST", "hash_key": "pk", "range_key": "sk", "read_capacity": 0,
                "write_capacity": 0, "deletion_protection_enabled": true, "ttl": [{"attribute_name": "expires", "enabled": true}],
                "attribute": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}], "table_class": "STANDARD",
                "point_in_time_recovery": [{"enabled": true}], "server_side_encryption": [{"enabled": true, "kms_key_arn": "arn:aws:kms:eu-west-1:1:key/k"}],
                "global_secondary_index": [{"name": "by_sk", "hash_key": "sk", "range_key": "", "projection_type": "ALL", "non_key_attributes": [],
                    "read_capacity": 0, "write_capacity": 0}]}),
            json!({"TableName": "t", "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": true,
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                "AttributeDefinitions": [{"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "pk", "AttributeType": "S"}],
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
                "SSESpecification": {"SSEEnabled": true, "KMSMasterKeyId": "arn:aws:kms:eu-west-1:1:key/k"},
                "GlobalSecondaryIndexes": [{"IndexName": "by_sk", "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"}}]}),
            ("/DeletionProtectionEnabled", json!(false), "deletion_protection_enabled"),
            ("/TableClass", json!("STANDARD")),
        ),
    ]
}

fn services() -> Vec<Case> {
    vec![
        case(
            "aws_security_group_rule",
            json!({"security_group_id": "x", "type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443,
                "cidr_blocks": ["10.0.0.0/8"], "description": "office"}),
            json!({"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": "office"}]}),
            ("/SecurityGroupIngress", json!([]), "gone"),
            ("/SecurityGroupIngress/0/IpProtocol", json!("6")),
        ),
        case(
            "aws_lambda_function",
            json!({"function_name": "f", "role": "arn:aws:iam::1:role/f", "runtime": "python3.13", "handler": "main.run", "timeout": 3,
                "memory_size": 128, "description": "", "environment": [{"variables": {"MODE": "prod"}}], "layers": [], "architectures": ["arm64"],
                "ephemeral_storage": [{"size": 512}], "tracing_config": [{"mode": "PassThrough"}], "reserved_concurrent_executions": -1,
                "vpc_config": [{"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "ipv6_allowed_for_dual_stack": false}]}),
            json!({"FunctionName": "f", "Role": "arn:aws:iam::1:role/f", "Runtime": "python3.13", "Handler": "main.run", "Timeout": 3,
                "MemorySize": 128, "Environment": {"Variables": {"MODE": "prod"}}, "Architectures": ["arm64"], "TracingConfig": {"Mode": "PassThrough"},
                "EphemeralStorage": {"Size": 512}, "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}),
            ("/Environment/Variables/MODE", json!("debug"), "environment[0].variables.MODE"),
            ("/EphemeralStorage", Value::Null),
        ),
        case(
            "aws_sns_topic",
            json!({"arn": "arn:aws:sns:eu-west-1:1:t", "name": "t", "display_name": "", "fifo_topic": false, "kms_master_key_id": "alias/own"}),
            json!({"TopicArn": "arn:aws:sns:eu-west-1:1:t", "TopicName": "t", "KmsMasterKeyId": "alias/own"}),
            ("/KmsMasterKeyId", Value::Null, "kms_master_key_id"),
            ("/FifoTopic", json!(false)),
        ),
    ]
}
