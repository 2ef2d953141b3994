//! Launch templates, OpenSearch, ElastiCache.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![launch_template(), domain(), replication_group(), cache_cluster()]
}

fn launch_template() -> Case {
    Case {
        terraform: "aws_launch_template",
        config: "AWS::EC2::LaunchTemplate",
        id: "lt-1",
        arn: "arn:aws:ec2:eu-west-1:1:launch-template/lt-1",
        declared: json!({"id": "lt-1", "name": "web", "default_version": 1, "latest_version": 3, "image_id": "ami-1", "instance_type": "m6i.large",
            "key_name": "", "ebs_optimized": "", "vpc_security_group_ids": ["sg-1", "sg-2"], "security_group_names": [],
            "monitoring": [{"enabled": true}], "iam_instance_profile": [{"arn": "", "name": "web"}], "placement": [],
            "metadata_options": [{"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1,
                "http_protocol_ipv6": "", "instance_metadata_tags": ""}],
            "block_device_mappings": [{"device_name": "/dev/xvda", "no_device": "", "virtual_name": "", "ebs": [{"delete_on_termination": "true",
                "encrypted": "true", "iops": 0, "kms_key_id": "", "snapshot_id": "", "throughput": 0, "volume_size": 20, "volume_type": "gp3"}]}],
            "network_interfaces": [], "tag_specifications": [{"resource_type": "instance", "tags": {"team": "pay"}}]}),
        configuration: json!({"Id": "lt-1", "LaunchTemplateName": "web", "DefaultVersionNumber": "1", "LatestVersionNumber": "3",
            "TagSpecifications": [], "LaunchTemplateData": {"ImageId": "ami-1", "InstanceType": "m6i.large", "SecurityGroupIds": ["sg-2", "sg-1"],
            "SecurityGroups": [], "Monitoring": {"Enabled": true}, "IamInstanceProfile": {"Name": "web"}, "NetworkInterfaces": [],
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": true, "Encrypted": true, "VolumeSize": 20, "VolumeType": "gp3"}}],
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "pay"}]}]}}),
        drift: ("/LaunchTemplateData/MetadataOptions/HttpTokens", json!("optional"), "metadata_options[0].http_tokens"),
        respelt: ("/LaunchTemplateData/BlockDeviceMappings/0/Ebs/Encrypted", json!("true")),
    }
}

fn domain() -> Case {
    let arn = "arn:aws:es:eu-west-1:1:domain/logs";
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "es:*", "Resource": format!("{arn}/*")}]});
    Case {
        terraform: "aws_opensearch_domain",
        config: "AWS::OpenSearch::Domain",
        id: "1/logs",
        arn,
        declared: json!({"id": arn, "domain_name": "logs", "engine_version": "OpenSearch_2.19", "access_policies": policy.to_string(),
            "advanced_options": {"rest.action.multi.allow_explicit_index": "true"},
            "cluster_config": [{"dedicated_master_count": 0, "dedicated_master_enabled": false, "dedicated_master_type": "", "instance_count": 2,
                "instance_type": "r6g.large.search", "warm_count": 0, "warm_enabled": false, "warm_type": "",
                "zone_awareness_config": [{"availability_zone_count": 2}], "zone_awareness_enabled": true}],
            "ebs_options": [{"ebs_enabled": true, "iops": 3000, "volume_size": 100, "volume_type": "gp3"}],
            "encrypt_at_rest": [{"enabled": true, "kms_key_id": "arn:aws:kms:eu-west-1:1:key/k"}], "node_to_node_encryption": [{"enabled": true}],
            "domain_endpoint_options": [{"custom_endpoint": "", "custom_endpoint_certificate_arn": "", "custom_endpoint_enabled": false,
                "enforce_https": true, "tls_security_policy": "Policy-Min-TLS-1-2-2019-07"}],
            "vpc_options": [{"security_group_ids": ["sg-1"], "subnet_ids": ["subnet-1"]}],
            "log_publishing_options": [{"log_type": "AUDIT_LOGS", "enabled": true, "cloudwatch_log_group_arn": "arn:aws:logs:eu-west-1:1:log-group:audit"}],
            "cognito_options": [], "snapshot_options": [{"automated_snapshot_start_hour": 0}]}),
        configuration: json!({"Id": "1/logs", "Arn": arn, "DomainName": "logs", "EngineVersion": "OpenSearch_2.19", "AccessPolicies": policy,
            "AdvancedOptions": {"rest.action.multi.allow_explicit_index": "true"},
            "ClusterConfig": {"InstanceType": "r6g.large.search", "InstanceCount": 2, "DedicatedMasterEnabled": false, "WarmEnabled": false,
                "ZoneAwarenessEnabled": true, "ZoneAwarenessConfig": {"AvailabilityZoneCount": 2}},
            "EBSOptions": {"EBSEnabled": true, "Iops": 3000, "VolumeSize": 100, "VolumeType": "gp3"}, "SnapshotOptions": {},
            "EncryptionAtRestOptions": {"Enabled": true, "KmsKeyId": "arn:aws:kms:eu-west-1:1:key/k"}, "NodeToNodeEncryptionOptions": {"Enabled": true},
            "DomainEndpointOptions": {"EnforceHTTPS": true, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07", "CustomEndpointEnabled": false},
            "VPCOptions": {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}, "CognitoOptions": {"Enabled": false},
            "LogPublishingOptions": {"AUDIT_LOGS": {"Enabled": true, "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:1:log-group:audit"}}}),
        drift: ("/LogPublishingOptions/AUDIT_LOGS/Enabled", json!(false), "log_publishing_options[0].enabled"),
        respelt: ("/AccessPolicies/Statement/0/Action", json!(["es:*"])),
    }
}

fn replication_group() -> Case {
    Case {
        terraform: "aws_elasticache_replication_group",
        config: "AWS::ElastiCache::ReplicationGroup",
        id: "cache",
        arn: "arn:aws:elasticache:eu-west-1:1:replicationgroup:cache",
        declared: json!({"id": "cache", "replication_group_id": "cache", "description": "sessions", "node_type": "cache.t4g.small",
            "num_cache_clusters": 2, "port": 6379, "at_rest_encryption_enabled": true, "transit_encryption_enabled": true,
            "transit_encryption_mode": "required", "automatic_failover_enabled": true, "multi_az_enabled": true, "engine": "redis",
            "snapshot_retention_limit": 7, "snapshot_window": "03:00-04:00", "user_group_ids": [], "cluster_mode": "disabled",
            "log_delivery_configuration": [{"destination": "slow", "destination_type": "cloudwatch-logs", "log_format": "json", "log_type": "slow-log"}]}),
        configuration: json!({"ReplicationGroupId": "cache", "ReplicationGroupDescription": "sessions", "CacheNodeType": "cache.t4g.small",
            "NumCacheClusters": 2, "Port": 6379, "AtRestEncryptionEnabled": true, "TransitEncryptionEnabled": true,
            "TransitEncryptionMode": "required", "AutomaticFailoverEnabled": true, "MultiAZEnabled": true, "Engine": "redis",
            "SnapshotRetentionLimit": 7, "SnapshotWindow": "03:00-04:00", "ClusterMode": "disabled",
            "LogDeliveryConfigurations": [{"DestinationType": "cloudwatch-logs", "LogFormat": "json", "LogType": "slow-log",
                "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "slow"}}}]}),
        drift: ("/TransitEncryptionEnabled", json!(false), "transit_encryption_enabled"),
        respelt: ("/UserGroupIds", json!([])),
    }
}

fn cache_cluster() -> Case {
    Case {
        terraform: "aws_elasticache_cluster",
        config: "AWS::ElastiCache::CacheCluster",
        id: "mem",
        arn: "arn:aws:elasticache:eu-west-1:1:cluster:mem",
        declared: json!({"id": "mem", "cluster_id": "mem", "engine": "memcached", "engine_version": "1.6.22", "node_type": "cache.t4g.small",
            "num_cache_nodes": 2, "port": 11211, "az_mode": "cross-az", "parameter_group_name": "default.memcached1.6",
            "subnet_group_name": "main", "security_group_ids": ["sg-1"], "maintenance_window": "sun:03:00-sun:04:00",
            "log_delivery_configuration": [], "snapshot_retention_limit": 0}),
        configuration: json!({"ClusterName": "mem", "Engine": "memcached", "EngineVersion": "1.6.22", "CacheNodeType": "cache.t4g.small",
            "NumCacheNodes": 2, "Port": 11211, "AZMode": "cross-az", "CacheParameterGroupName": "default.memcached1.6",
            "CacheSubnetGroupName": "main", "VpcSecurityGroupIds": ["sg-1"], "PreferredMaintenanceWindow": "sun:03:00-sun:04:00"}),
        drift: ("/NumCacheNodes", json!(1), "num_cache_nodes"),
        respelt: ("/PreferredMaintenanceWindow", json!("Sun:03:00-Sun:04:00")),
    }
}
