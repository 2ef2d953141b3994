//! EventBridge, Step Functions, Kinesis, Firehose, SQS.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![rule(), bus(), state_machine(), stream(), delivery_stream(), queue()]
}

fn rule() -> Case {
    let arn = "arn:aws:events:eu-west-1:1:rule/nightly";
    let pattern = json!({"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]});
    Case {
        terraform: "aws_cloudwatch_event_rule",
        config: "AWS::Events::Rule",
        id: arn,
        arn,
        declared: json!({"name": "nightly", "description": "", "event_bus_name": "default", "event_pattern": pattern.to_string(),
            "role_arn": "", "schedule_expression": "", "state": "ENABLED", "is_enabled": true}),
        configuration: json!({"Arn": arn, "Name": "nightly", "EventBusName": "default", "EventPattern": pattern, "State": "ENABLED"}),
        drift: ("/EventPattern/source", json!(["aws.s3"]), "event_pattern.source[=aws.ec2]"),
        respelt: ("/EventBusName", Value::Null),
    }
}

fn bus() -> Case {
    let arn = "arn:aws:events:eu-west-1:1:event-bus/orders";
    Case {
        terraform: "aws_cloudwatch_event_bus",
        config: "AWS::Events::EventBus",
        id: "orders",
        arn,
        declared: json!({"id": "orders", "name": "orders", "description": "all orders", "kms_key_identifier": "",
            "dead_letter_config": [{"arn": "arn:aws:sqs:eu-west-1:1:dead"}]}),
        configuration: json!({"Arn": arn, "Name": "orders", "Description": "all orders", "KmsKeyIdentifier": "",
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:1:dead"}}),
        drift: ("/DeadLetterConfig/Arn", json!("arn:aws:sqs:eu-west-1:2:dead"), "dead_letter_config[0].arn"),
        respelt: ("/KmsKeyIdentifier", json!(null)),
    }
}

fn state_machine() -> Case {
    let arn = "arn:aws:states:eu-west-1:1:stateMachine:orders";
    let definition = json!({"StartAt": "Take", "States": {"Take": {"Type": "Pass", "End": true}}});
    Case {
        terraform: "aws_sfn_state_machine",
        config: "AWS::StepFunctions::StateMachine",
        id: arn,
        arn,
        declared: json!({"id": arn, "name": "orders", "type": "STANDARD", "role_arn": "arn:aws:iam::1:role/sfn",
            "definition": definition.to_string(), "tracing_configuration": [{"enabled": false}],
            "logging_configuration": [{"include_execution_data": false, "level": "ERROR", "log_destination": "arn:aws:logs:eu-west-1:1:log-group:sfn:*"}]}),
        configuration: json!({"Arn": arn, "StateMachineName": "orders", "StateMachineType": "STANDARD", "RoleArn": "arn:aws:iam::1:role/sfn",
            "DefinitionString": definition.to_string(), "TracingConfiguration": {"Enabled": false},
            "LoggingConfiguration": {"Level": "ERROR", "IncludeExecutionData": false,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:eu-west-1:1:log-group:sfn:*"}}]}}),
        drift: ("/LoggingConfiguration/Level", json!("OFF"), "logging_configuration[0].level"),
        respelt: ("/TracingConfiguration", Value::Null),
    }
}

fn stream() -> Case {
    let arn = "arn:aws:kinesis:eu-west-1:1:stream/clicks";
    Case {
        terraform: "aws_kinesis_stream",
        config: "AWS::Kinesis::Stream",
        id: "clicks",
        arn,
        declared: json!({"id": arn, "name": "clicks", "shard_count": 2, "retention_period": 24, "encryption_type": "NONE", "kms_key_id": "",
            "stream_mode_details": [{"stream_mode": "PROVISIONED"}]}),
        configuration: json!({"Arn": arn, "Name": "clicks", "ShardCount": 2, "RetentionPeriodHours": 24,
            "StreamModeDetails": {"StreamMode": "PROVISIONED"}}),
        drift: ("/RetentionPeriodHours", json!(168), "retention_period"),
        respelt: ("/StreamEncryption", json!({"EncryptionType": "NONE"})),
    }
}

fn delivery_stream() -> Case {
    let arn = "arn:aws:firehose:eu-west-1:1:deliverystream/lake";
    Case {
        terraform: "aws_kinesis_firehose_delivery_stream",
        config: "AWS::KinesisFirehose::DeliveryStream",
        id: "lake",
        arn,
        declared: json!({"id": arn, "name": "lake", "extended_s3_configuration": [{
            "bucket_arn": "arn:aws:s3:::lake", "role_arn": "arn:aws:iam::1:role/firehose", "prefix": "raw/", "error_output_prefix": "",
            "buffering_interval": 300, "buffering_size": 64, "compression_format": "GZIP", "kms_key_arn": "", "s3_backup_mode": "Disabled",
            "cloudwatch_logging_options": [{"enabled": true, "log_group_name": "/firehose", "log_stream_name": "lake"}],
            "processing_configuration": [{"enabled": true, "processors": [{"type": "Lambda",
                "parameters": [{"parameter_name": "LambdaArn", "parameter_value": "arn:aws:lambda:eu-west-1:1:function:f"}]}]}],
            "s3_backup_configuration": [], "dynamic_partitioning_configuration": []}]}),
        configuration: json!({"Arn": arn, "DeliveryStreamName": "lake", "DeliveryStreamType": "DirectPut", "ExtendedS3DestinationConfiguration": {
            "BucketARN": "arn:aws:s3:::lake", "RoleARN": "arn:aws:iam::1:role/firehose", "Prefix": "raw/",
            "BufferingHints": {"IntervalInSeconds": 300, "SizeInMBs": 64}, "CompressionFormat": "GZIP", "S3BackupMode": "Disabled",
            "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
            "CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "/firehose", "LogStreamName": "lake"},
            "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda",
                "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": "arn:aws:lambda:eu-west-1:1:function:f"}]}]}}}),
        drift: (
            "/ExtendedS3DestinationConfiguration/BucketARN",
            json!("arn:aws:s3:::stolen"),
            "extended_s3_configuration[0].bucket_arn",
        ),
        respelt: ("/ExtendedS3DestinationConfiguration/BufferingHints/IntervalInSeconds", Value::Null),
    }
}

fn queue() -> Case {
    let (url, arn) = ("https://sqs.eu-west-1.amazonaws.com/1/jobs", "arn:aws:sqs:eu-west-1:1:jobs");
    let redrive = json!({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:dead", "maxReceiveCount": 5});
    Case {
        terraform: "aws_sqs_queue",
        config: "AWS::SQS::Queue",
        id: url,
        arn,
        declared: json!({"id": url, "url": url, "name": "jobs", "visibility_timeout_seconds": 30, "message_retention_seconds": 345600,
            "max_message_size": 262144, "delay_seconds": 0, "receive_wait_time_seconds": 20, "fifo_queue": false,
            "content_based_deduplication": false, "kms_master_key_id": "", "sqs_managed_sse_enabled": true,
            "redrive_policy": redrive.to_string()}),
        configuration: json!({"QueueUrl": url, "QueueArn": arn, "QueueName": "jobs", "VisibilityTimeout": 30, "MaximumMessageSize": 262144,
            "MessageRetentionPeriod": 345600, "DelaySeconds": 0, "ReceiveMessageWaitTimeSeconds": 20, "SqsManagedSseEnabled": "true",
            "RedrivePolicy": redrive}),
        drift: ("/VisibilityTimeout", json!(600), "visibility_timeout_seconds"),
        respelt: ("/VisibilityTimeout", json!("30")),
    }
}
