use super::*;

fn text(key: &str, document: &Value) -> Value {
    json!({key: document.to_string()})
}

fn documents(kind: &str, key: &str, declared: &Value, live: &Value) -> Verdict {
    tf(kind, text(key, declared), text(key, live))
}

#[test]
fn null_in_a_state_machine_is_not_absent() {
    let step = |extra: Value| {
        let mut step = json!({"Type": "Pass", "End": true});
        step.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"StartAt": "A", "States": {"A": step}})
    };
    let compare = |d: Value, l: Value| documents("aws_sfn_state_machine", "definition", &step(d), &step(l));
    let path = |name: &str| format!("definition.States.A.{name}");
    for (stated, name) in [
        (json!({"ResultPath": null}), "ResultPath"),
        (json!({"Parameters": {}}), "Parameters"),
        (json!({"Retry": []}), "Retry"),
    ] {
        assert_changes(&compare(json!({}), stated.clone()), &[(&path(name), Added)]);
        assert_changes(&compare(stated.clone(), json!({})), &[(&path(name), Removed)]);
        assert!(compare(stated.clone(), stated).changes.is_empty());
    }
    let other = compare(json!({"ResultPath": null}), json!({"ResultPath": "$.x"}));
    assert_changes(&other, &[(&path("ResultPath"), Modified)]);
    assert_changes(
        &compare(json!({"Parameters": {}}), json!({"Parameters": null})),
        &[(&path("Parameters"), Modified)],
    );
}

#[test]
fn choices_in_a_state_machine_are_tried_in_order() {
    let choices = |a: &str, b: &str| {
        let choice = |next: &str| json!({"Variable": "$.x", "NumericGreaterThan": next.len(), "Next": next});
        json!({"States": {"A": {"Type": "Choice", "Choices": [choice(a), choice(b)]}}})
    };
    let verdict = documents("aws_sfn_state_machine", "definition", &choices("B", "Other"), &choices("Other", "B"));
    assert_changes(&verdict, &[("definition.States.A.Choices", Modified)]);
}

#[test]
fn an_empty_object_of_an_api_or_a_dashboard_says_something() {
    let api = |schema: Value| json!({"openapi": "3.0.1", "components": {"schemas": {"Any": schema}}});
    let verdict = documents("aws_api_gateway_rest_api", "body", &api(json!({})), &api(json!({"type": "string"})));
    assert_changes(&verdict, &[("body.components.schemas.Any.type", Added)]);
    let open = json!({"openapi": "3.0.1", "security": []});
    let verdict = documents("aws_api_gateway_rest_api", "body", &open, &json!({"openapi": "3.0.1"}));
    assert_changes(&verdict, &[("body.security", Removed)]);
    let widget = |label: Value| json!({"widgets": [{"type": "metric", "properties": {"metrics": [["A", "B"]], "title": label}}]});
    let verdict = documents("aws_cloudwatch_dashboard", "dashboard_body", &widget(json!("")), &widget(Value::Null));
    assert_eq!(verdict.changes.len(), 1, "{verdict:#?}");
}

#[test]
fn an_empty_list_in_a_container_definition_says_nothing() {
    let container = |extra: Value| {
        let mut container = json!({"name": "web", "image": "a"});
        container.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!([container])
    };
    let kind = "aws_ecs_task_definition";
    let live = container(json!({"environment": [], "mountPoints": [], "volumesFrom": [], "user": null}));
    let verdict = documents(kind, "container_definitions", &container(json!({})), &live);
    assert_hidden(&verdict, "container_definitions", "json-in-string");
    let mounted = container(json!({"mountPoints": [{"containerPath": "/etc", "sourceVolume": "host"}]}));
    let verdict = documents(kind, "container_definitions", &container(json!({})), &mounted);
    assert_eq!(verdict.changes.len(), 1, "{verdict:#?}");
}

#[test]
fn an_empty_statement_id_says_nothing_and_an_empty_pattern_does() {
    let policy = |extra: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
        statement.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    let verdict = documents("aws_iam_policy", "policy", &policy(json!({"Sid": ""})), &policy(json!({})));
    assert_hidden(&verdict, "policy", "iam-policy");
    let pattern = |list: Value| json!({"detail": {"x": list}});
    let verdict =
        documents("aws_cloudwatch_event_rule", "event_pattern", &pattern(json!(["a", ""])), &pattern(json!(["a"])));
    assert_eq!(verdict.changes.len(), 1, "{verdict:#?}");
}

#[test]
fn a_key_of_another_account_or_region_is_another_key() {
    let id = "11111111-2222-3333-4444-555555555555";
    let context =
        Context::from_json(&json!({"accountId": "1234", "region": "eu-west-1", "kmsAliasTargets": {"alias/a": id}}));
    let settings = Settings { context: Some(&context), ..Settings::default() };
    let verdict = |live: &str| {
        let (declared, live) = (json!({"kms_key_id": "alias/a"}), json!({"kms_key_id": live}));
        let subject = Subject {
            dialect: Dialect::Terraform,
            resource_type: "x",
            declared: &declared,
            live: &live,
            memory: None,
            observable: &Observable::All,
        };
        compare_with(&subject, &settings)
    };
    assert_hidden(&verdict(&format!("arn:aws:kms:eu-west-1:1234:key/{id}")), "kms_key_id", "reference");
    for home in ["aws:kms:eu-west-1:9999", "aws:kms:us-east-1:1234", "aws-cn:kms:cn-north-1:1234"] {
        assert_changes(&verdict(&format!("arn:{home}:key/{id}")), &[("kms_key_id", Modified)]);
    }
}

#[test]
fn a_resource_lives_where_its_own_arn_says() {
    let context = Context::of("1234", "eu-west-1");
    let settings = Settings { context: Some(&context), ..Settings::default() };
    let function = |region: &str| format!("arn:aws:lambda:{region}:1234:function:resize");
    let declared = json!({"arn": "arn:aws:events:us-east-1:1234:rule/r", "function": "resize"});
    for (region, drift) in [("us-east-1", 0), ("eu-west-1", 1)] {
        let live = json!({"arn": "arn:aws:events:us-east-1:1234:rule/r", "function": function(region)});
        let subject = Subject {
            dialect: Dialect::Terraform,
            resource_type: "x",
            declared: &declared,
            live: &live,
            memory: None,
            observable: &Observable::All,
        };
        assert_eq!(compare_with(&subject, &settings).changes.len(), drift, "{region}");
    }
}
