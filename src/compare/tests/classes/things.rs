//! Classes of things with a grammar of their own: policies, state machines.

use super::*;

fn bucket_policy(principal: Value, action: Value, condition: Value) -> Value {
    json!({"PolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Sid": "read", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "arn:aws:s3:::site/*", "Condition": condition}]}})
}

fn api(resource: &str) -> Value {
    json!({"RestApiId": "a1b2c3", "Policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}}})
}

pub(super) fn pairs() -> Vec<Pair> {
    let user = "ab".repeat(48);
    let by_arn = json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1ABC"});
    let none = json!({});
    let secure = |key: &str, on: Value| json!({"Bool": { key: on }});
    vec![
        pair(
            12,
            (C, "AWS::S3::BucketPolicy"),
            bucket_policy(
                json!({"AWS": "111122223333"}),
                json!("s3:GetObject"),
                secure("aws:SecureTransport", json!(true)),
            ),
            (
                bucket_policy(
                    json!({"AWS": ["arn:aws:iam::111122223333:root"]}),
                    json!(["s3:getobject"]),
                    secure("aws:securetransport", json!("true")),
                ),
                "iam-policy",
            ),
            (
                bucket_policy(
                    json!({"AWS": "111122223333"}),
                    json!("s3:*"),
                    secure("aws:SecureTransport", json!(true)),
                ),
                "PolicyDocument.Statement[Sid=read].Action[=s3:getobject]",
            ),
        ),
        pair(
            12,
            (C, "AWS::S3::BucketPolicy"),
            bucket_policy(by_arn.clone(), json!("s3:GetObject"), none.clone()),
            (bucket_policy(json!({"CanonicalUser": user.clone()}), json!("s3:GetObject"), none.clone()), "iam-policy"),
            (
                bucket_policy(json!({"AWS": "*"}), json!("s3:GetObject"), none.clone()),
                "PolicyDocument.Statement[Sid=read].Principal.AWS",
            ),
        )
        .given("oaiCanonicalIds", json!({"E1ABC": user})),
        pair(
            12,
            (C, "AWS::ApiGateway::RestApi"),
            api("execute-api:/*"),
            (api("arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/*"), "iam-policy"),
            (
                api("arn:aws:execute-api:eu-west-1:111122223333:other1/*"),
                "Policy.Statement[0].Resource[=execute-api:/*]",
            ),
        ),
        pair(
            13,
            (C, "AWS::StepFunctions::StateMachine"),
            json!({"Definition": {"StartAt": "A"}, "DefinitionSubstitutions": {"x": "y"}}),
            (json!({"DefinitionString": "{ \"StartAt\": \"A\" }"}), "?WriteOnly"),
            (json!({"DefinitionString": "{\"StartAt\":\"B\"}"}), "Definition.StartAt"),
        ),
        pair(
            13,
            (C, "AWS::StepFunctions::StateMachine"),
            json!({"DefinitionString": "{\"Resource\":\"${fn}\"}", "DefinitionSubstitutions": {"fn": "arn:1"}}),
            (json!({"DefinitionString": "{\"Resource\": \"arn:1\"}"}), "json-in-string"),
            (json!({"DefinitionString": "{\"Resource\":\"arn:2\"}"}), "DefinitionString.Resource"),
        ),
    ]
}
