//! EFS, Backup.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![file_system(), access_point(), vault(), plan()]
}

fn file_system() -> Case {
    let arn = "arn:aws:elasticfilesystem:eu-west-1:1:file-system/fs-1";
    Case {
        terraform: "aws_efs_file_system",
        config: "AWS::EFS::FileSystem",
        id: "fs-1",
        arn,
        declared: json!({"id": "fs-1", "encrypted": true, "kms_key_id": "arn:aws:kms:eu-west-1:1:key/k", "performance_mode": "generalPurpose",
            "throughput_mode": "bursting", "provisioned_throughput_in_mibps": 0,
            "lifecycle_policy": [{"transition_to_ia": "AFTER_30_DAYS", "transition_to_primary_storage_class": "", "transition_to_archive": ""}],
            "protection": [{"replication_overwrite": "ENABLED"}]}),
        configuration: json!({"Arn": arn, "FileSystemId": "fs-1", "Encrypted": true, "KmsKeyId": "arn:aws:kms:eu-west-1:1:key/k",
            "PerformanceMode": "generalPurpose", "ThroughputMode": "bursting", "LifecyclePolicies": [{"TransitionToIA": "AFTER_30_DAYS",
            "TransitionToArchive": ""}], "BackupPolicy": {"Status": "DISABLED"}, "FileSystemTags": [],
            "FileSystemProtection": {"ReplicationOverwriteProtection": "ENABLED"}}),
        drift: ("/ThroughputMode", json!("elastic"), "throughput_mode"),
        respelt: ("/ProvisionedThroughputInMibps", json!(0.0)),
    }
}

fn access_point() -> Case {
    let arn = "arn:aws:elasticfilesystem:eu-west-1:1:access-point/fsap-1";
    Case {
        terraform: "aws_efs_access_point",
        config: "AWS::EFS::AccessPoint",
        id: "fsap-1",
        arn,
        declared: json!({"id": "fsap-1", "file_system_id": "fs-1", "posix_user": [{"gid": 1000, "uid": 1000, "secondary_gids": []}],
            "root_directory": [{"path": "/data", "creation_info": [{"owner_gid": 1000, "owner_uid": 1000, "permissions": "0755"}]}]}),
        configuration: json!({"Arn": arn, "AccessPointId": "fsap-1", "FileSystemId": "fs-1", "PosixUser": {"Gid": "1000", "Uid": "1000"},
            "RootDirectory": {"Path": "/data", "CreationInfo": {"OwnerGid": "1000", "OwnerUid": "1000", "Permissions": "0755"}}}),
        drift: ("/PosixUser/Uid", json!("0"), "posix_user[0].uid"),
        respelt: ("/PosixUser/SecondaryGids", json!([])),
    }
}

fn vault() -> Case {
    let arn = "arn:aws:backup:eu-west-1:1:backup-vault:daily";
    Case {
        terraform: "aws_backup_vault",
        config: "AWS::Backup::BackupVault",
        id: "daily",
        arn,
        declared: json!({"id": "daily", "name": "daily", "kms_key_arn": "arn:aws:kms:eu-west-1:1:key/k"}),
        configuration: json!({"BackupVaultArn": arn, "BackupVaultName": "daily", "EncryptionKeyArn": "arn:aws:kms:eu-west-1:1:key/k"}),
        drift: ("/EncryptionKeyArn", json!("arn:aws:kms:eu-west-1:1:key/other"), "kms_key_arn"),
        respelt: ("/BackupVaultTags", json!({})),
    }
}

fn plan() -> Case {
    let arn = "arn:aws:backup:eu-west-1:1:backup-plan:p-1";
    Case {
        terraform: "aws_backup_plan",
        config: "AWS::Backup::BackupPlan",
        id: "p-1",
        arn,
        declared: json!({"id": "p-1", "name": "daily", "version": "v1", "rule": [{"rule_name": "nightly", "target_vault_name": "daily",
            "schedule": "cron(0 3 * * ? *)", "schedule_expression_timezone": "Etc/UTC", "start_window": 60, "completion_window": 180,
            "enable_continuous_backup": false, "recovery_point_tags": {}, "lifecycle": [{"cold_storage_after": 0, "delete_after": 35}],
            "copy_action": [{"destination_vault_arn": "arn:aws:backup:eu-central-1:1:backup-vault:far", "lifecycle": []}]}]}),
        configuration: json!({"BackupPlanArn": arn, "BackupPlanId": "p-1", "VersionId": "v1", "BackupPlan": {"BackupPlanName": "daily",
            "BackupPlanRule": [{"RuleName": "nightly", "TargetBackupVault": "daily", "ScheduleExpression": "cron(0 3 * * ? *)",
                "ScheduleExpressionTimezone": "Etc/UTC", "StartWindowMinutes": 60, "CompletionWindowMinutes": 180, "EnableContinuousBackup": false, "Lifecycle": {"DeleteAfterDays": 35},
                "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-central-1:1:backup-vault:far"}]}]}}),
        drift: (
            "/BackupPlan/BackupPlanRule/0/Lifecycle/DeleteAfterDays",
            json!(1),
            "rule[0].lifecycle[0].delete_after",
        ),
        respelt: ("/BackupPlan/BackupPlanRule/0/CompletionWindowMinutes", json!(180.0)),
    }
}
