//! ECS, EKS, ECR.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        cluster(),
        service(),
        task_definition(),
        eks_cluster(),
        node_group(),
        addon(),
        fargate_profile(),
        repository(),
        repository_policy(),
        lifecycle_policy(),
    ]
}

fn cluster() -> Case {
    Case {
        terraform: "aws_ecs_cluster",
        config: "AWS::ECS::Cluster",
        id: "web",
        arn: "arn:aws:ecs:eu-west-1:1:cluster/web",
        declared: json!({
            "id": "arn:aws:ecs:eu-west-1:1:cluster/web", "name": "web",
            "configuration": [{"execute_command_configuration": [{"kms_key_id": "", "logging": "OVERRIDE", "log_configuration": [{
                "cloud_watch_encryption_enabled": false, "cloud_watch_log_group_name": "exec", "s3_bucket_encryption_enabled": false,
                "s3_bucket_name": "", "s3_key_prefix": ""}]}]}],
            "setting": [{"name": "containerInsights", "value": "enabled"}],
        }),
        configuration: json!({
            "Arn": "arn:aws:ecs:eu-west-1:1:cluster/web", "ClusterName": "web", "CapacityProviders": [],
            "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
            "Configuration": {"ExecuteCommandConfiguration": {"Logging": "OVERRIDE",
                "LogConfiguration": {"CloudWatchLogGroupName": "exec", "CloudWatchEncryptionEnabled": false}}},
        }),
        drift: ("/ClusterSettings/0/Value", json!("disabled"), "setting[name=containerInsights].value"),
        respelt: ("/Configuration/ExecuteCommandConfiguration/KmsKeyId", json!("")),
    }
}

fn service() -> Case {
    let arn = "arn:aws:ecs:eu-west-1:1:service/web/api";
    Case {
        terraform: "aws_ecs_service",
        config: "AWS::ECS::Service",
        id: "arn:aws:ecs:eu-west-1:1:service/web/api|web",
        arn,
        declared: json!({
            "id": arn, "name": "api", "cluster": "arn:aws:ecs:eu-west-1:1:cluster/web", "desired_count": 3, "launch_type": "FARGATE",
            "task_definition": "arn:aws:ecs:eu-west-1:1:task-definition/api:7", "iam_role": "", "enable_ecs_managed_tags": true,
            "enable_execute_command": false, "deployment_maximum_percent": 200, "deployment_minimum_healthy_percent": 100,
            "deployment_circuit_breaker": [{"enable": true, "rollback": true}], "deployment_controller": [{"type": "ECS"}],
            "health_check_grace_period_seconds": 0, "scheduling_strategy": "REPLICA", "propagate_tags": "NONE",
            "load_balancer": [{"container_name": "api", "container_port": 8080, "elb_name": "",
                "target_group_arn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api/1"}],
            "network_configuration": [{"assign_public_ip": false, "security_groups": ["sg-1"], "subnets": ["subnet-1", "subnet-2"]}],
            "ordered_placement_strategy": [], "placement_constraints": [], "service_registries": [], "capacity_provider_strategy": [],
        }),
        configuration: json!({
            "ServiceArn": arn, "ServiceName": "api", "Name": "api", "Cluster": "arn:aws:ecs:eu-west-1:1:cluster/web",
            "DesiredCount": 3, "LaunchType": "FARGATE", "TaskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/api:7",
            "EnableECSManagedTags": true, "EnableExecuteCommand": false, "SchedulingStrategy": "REPLICA",
            "DeploymentConfiguration": {"MaximumPercent": 200, "MinimumHealthyPercent": 100,
                "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}},
            "LoadBalancers": [{"ContainerName": "api", "ContainerPort": 8080,
                "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api/1"}],
            "NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "DISABLED", "SecurityGroups": ["sg-1"],
                "Subnets": ["subnet-2", "subnet-1"]}},
            "PlacementConstraints": [], "PlacementStrategies": [], "ServiceRegistries": [],
        }),
        drift: (
            "/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp",
            json!("ENABLED"),
            "network_configuration[0].assign_public_ip",
        ),
        respelt: ("/DeploymentConfiguration/MaximumPercent", Value::Null),
    }
}

fn task_definition() -> Case {
    let arn = "arn:aws:ecs:eu-west-1:1:task-definition/api:7";
    let container = json!([{"name": "api", "image": "api:7", "essential": true, "cpu": 0,
        "environment": [{"name": "MODE", "value": "prod"}], "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api"}}}]);
    Case {
        terraform: "aws_ecs_task_definition",
        config: "AWS::ECS::TaskDefinition",
        id: "api",
        arn,
        declared: json!({
            "family": "api", "cpu": "256", "memory": "512", "network_mode": "awsvpc", "requires_compatibilities": ["FARGATE"],
            "execution_role_arn": "arn:aws:iam::1:role/exec", "task_role_arn": "", "ipc_mode": "", "pid_mode": "",
            "container_definitions": container.to_string(), "placement_constraints": [], "proxy_configuration": [],
            "volume": [{"name": "data", "host_path": "", "docker_volume_configuration": [], "fsx_windows_file_server_volume_configuration": [],
                "efs_volume_configuration": [{"file_system_id": "fs-1", "root_directory": "/", "transit_encryption": "ENABLED",
                    "transit_encryption_port": 0, "authorization_config": [{"access_point_id": "fsap-1", "iam": "ENABLED"}]}]}],
        }),
        configuration: json!({
            "Family": "api", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
            "ExecutionRoleArn": "arn:aws:iam::1:role/exec", "TaskDefinitionArn": arn, "Status": "ACTIVE", "PlacementConstraints": [],
            "ContainerDefinitions": [{"Name": "api", "Image": "api:7", "Essential": true, "Cpu": 0, "Links": [], "EntryPoint": [],
                "Environment": [{"Name": "MODE", "Value": "prod"}], "DockerLabels": {},
                "PortMappings": [{"ContainerPort": 8080, "HostPort": 8080, "Protocol": "tcp"}],
                "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "/ecs/api"}, "SecretOptions": []}}],
            "Volumes": [{"Name": "data", "EfsVolumeConfiguration": {"FileSystemId": "fs-1", "RootDirectory": "/",
                "TransitEncryption": "ENABLED", "AuthorizationConfig": {"AccessPointId": "fsap-1", "Iam": "ENABLED"}}}],
        }),
        drift: ("/ContainerDefinitions/0/Image", json!("api:8"), "container_definitions[name=api].image"),
        respelt: ("/ContainerDefinitions/0/VolumesFrom", json!([])),
    }
}

fn eks_cluster() -> Case {
    let arn = "arn:aws:eks:eu-west-1:1:cluster/main";
    Case {
        terraform: "aws_eks_cluster",
        config: "AWS::EKS::Cluster",
        id: "main",
        arn,
        declared: json!({
            "id": "main", "name": "main", "role_arn": "arn:aws:iam::1:role/eks", "version": "1.33",
            "enabled_cluster_log_types": ["api", "audit"], "outpost_config": [],
            "encryption_config": [{"provider": [{"key_arn": "arn:aws:kms:eu-west-1:1:key/k"}], "resources": ["secrets"]}],
            "vpc_config": [{"endpoint_private_access": true, "endpoint_public_access": false, "public_access_cidrs": [],
                "security_group_ids": ["sg-1"], "subnet_ids": ["subnet-1", "subnet-2"]}],
        }),
        configuration: json!({
            "Arn": arn, "Name": "main", "RoleArn": "arn:aws:iam::1:role/eks", "Version": "1.33",
            "Logging": {"ClusterLogging": {"EnabledTypes": [{"Type": "audit"}, {"Type": "api"}]}},
            "EncryptionConfig": [{"Provider": {"KeyArn": "arn:aws:kms:eu-west-1:1:key/k"}, "Resources": ["secrets"]}],
            "ResourcesVpcConfig": {"EndpointPrivateAccess": true, "EndpointPublicAccess": false, "PublicAccessCidrs": [],
                "SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-2", "subnet-1"]},
        }),
        drift: ("/ResourcesVpcConfig/EndpointPublicAccess", json!(true), "vpc_config[0].endpoint_public_access"),
        respelt: ("/Logging/ClusterLogging/EnabledTypes", json!([{"Type": "api"}, {"Type": "audit"}])),
    }
}

fn node_group() -> Case {
    let arn = "arn:aws:eks:eu-west-1:1:nodegroup/main/spot/1";
    Case {
        terraform: "aws_eks_node_group",
        config: "AWS::EKS::Nodegroup",
        id: "main/spot",
        arn,
        declared: json!({
            "cluster_name": "main", "node_group_name": "spot", "node_role_arn": "arn:aws:iam::1:role/node", "capacity_type": "SPOT",
            "ami_type": "AL2023_x86_64_STANDARD", "disk_size": 20, "instance_types": ["m6i.large"], "labels": {"pool": "spot"},
            "subnet_ids": ["subnet-1"], "scaling_config": [{"desired_size": 2, "max_size": 5, "min_size": 1}],
            "taint": [{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}], "remote_access": [], "launch_template": [],
            "update_config": [{"max_unavailable": 1, "max_unavailable_percentage": 0}],
        }),
        configuration: json!({
            "Arn": arn, "Id": "main/spot", "ClusterName": "main", "NodegroupName": "spot", "NodeRole": "arn:aws:iam::1:role/node",
            "CapacityType": "SPOT", "AmiType": "AL2023_x86_64_STANDARD", "DiskSize": 20, "InstanceTypes": ["m6i.large"],
            "Labels": {"pool": "spot"}, "Subnets": ["subnet-1"], "ScalingConfig": {"DesiredSize": 2, "MaxSize": 5, "MinSize": 1},
            "Taints": [{"Key": "spot", "Value": "true", "Effect": "NO_SCHEDULE"}], "UpdateConfig": {"MaxUnavailable": 1},
        }),
        drift: ("/ScalingConfig/MaxSize", json!(50), "scaling_config[0].max_size"),
        respelt: ("/UpdateConfig/MaxUnavailablePercentage", json!(0)),
    }
}

fn addon() -> Case {
    let arn = "arn:aws:eks:eu-west-1:1:addon/main/vpc-cni/1";
    Case {
        terraform: "aws_eks_addon",
        config: "AWS::EKS::Addon",
        id: "main|vpc-cni",
        arn,
        declared: json!({"cluster_name": "main", "addon_name": "vpc-cni", "addon_version": "v1.20.0", "service_account_role_arn": ""}),
        configuration: json!({"Arn": arn, "ClusterName": "main", "AddonName": "vpc-cni", "AddonVersion": "v1.20.0"}),
        drift: ("/AddonVersion", json!("v1.19.0"), "addon_version"),
        respelt: ("/ServiceAccountRoleArn", json!("")),
    }
}

fn fargate_profile() -> Case {
    let arn = "arn:aws:eks:eu-west-1:1:fargateprofile/main/jobs/1";
    Case {
        terraform: "aws_eks_fargate_profile",
        config: "AWS::EKS::FargateProfile",
        id: "main|jobs",
        arn,
        declared: json!({"cluster_name": "main", "fargate_profile_name": "jobs", "pod_execution_role_arn": "arn:aws:iam::1:role/pods",
            "selector": [{"namespace": "jobs", "labels": {"run": "fargate"}}], "subnet_ids": ["subnet-1", "subnet-2"]}),
        configuration: json!({"Arn": arn, "ClusterName": "main", "FargateProfileName": "jobs", "Subnets": ["subnet-1", "subnet-2"],
            "PodExecutionRoleArn": "arn:aws:iam::1:role/pods", "Selectors": [{"Namespace": "jobs", "Labels": [{"Key": "run", "Value": "fargate"}]}]}),
        drift: ("/Selectors/0/Labels/0/Value", json!("ec2"), "selector[0].labels.run"),
        respelt: ("/Subnets", json!(["subnet-2", "subnet-1"])),
    }
}

fn repository_item(policy: Value, lifecycle: Value) -> Value {
    json!({"Arn": "arn:aws:ecr:eu-west-1:1:repository/api", "RepositoryName": "api", "ImageTagMutability": "IMMUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": true}, "EncryptionConfiguration": {"EncryptionType": "AES256"},
        "RepositoryPolicyText": policy, "LifecyclePolicy": lifecycle})
}

fn repository() -> Case {
    Case {
        terraform: "aws_ecr_repository",
        config: "AWS::ECR::Repository",
        id: "api",
        arn: "arn:aws:ecr:eu-west-1:1:repository/api",
        declared: json!({"id": "api", "name": "api", "image_tag_mutability": "IMMUTABLE",
            "image_scanning_configuration": [{"scan_on_push": true}], "encryption_configuration": [{"encryption_type": "AES256", "kms_key": ""}]}),
        configuration: repository_item(json!({}), json!({})),
        drift: ("/ImageTagMutability", json!("MUTABLE"), "image_tag_mutability"),
        respelt: ("/EncryptionConfiguration/KmsKey", json!("")),
    }
}

fn repository_policy() -> Case {
    let document = |action: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": action}]});
    Case {
        terraform: "aws_ecr_repository_policy",
        config: "AWS::ECR::Repository",
        id: "api",
        arn: "arn:aws:ecr:eu-west-1:1:repository/api",
        declared: json!({"repository": "api", "policy": document(json!("ecr:PutImage")).to_string()}),
        configuration: repository_item(document(json!("ecr:PutImage")), json!({})),
        drift: (
            "/RepositoryPolicyText/Statement/0/Principal",
            json!({"AWS": "2"}),
            "policy.Statement[0].Principal.AWS[=*]",
        ),
        respelt: ("/RepositoryPolicyText/Statement/0/Action", json!(["ecr:PutImage"])),
    }
}

fn lifecycle_policy() -> Case {
    let text = |count: u64| json!({"rules": [{"rulePriority": 1, "selection": {"countNumber": count}}]}).to_string();
    Case {
        terraform: "aws_ecr_lifecycle_policy",
        config: "AWS::ECR::Repository",
        id: "api",
        arn: "arn:aws:ecr:eu-west-1:1:repository/api",
        declared: json!({"repository": "api", "policy": text(10)}),
        configuration: repository_item(json!({}), json!({"LifecyclePolicyText": text(10), "RegistryId": "1"})),
        drift: ("/LifecyclePolicy/LifecyclePolicyText", json!(text(1)), "policy.rules[0].selection.countNumber"),
        respelt: ("/LifecyclePolicy/LifecyclePolicyText", json!(text(10).replace(',', " , "))),
    }
}
