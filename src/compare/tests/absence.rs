use super::*;

#[test]
fn empty_null_and_absent_are_one_and_a_cleared_list_is_a_removal() {
    for empty in [json!([]), json!({}), json!(""), json!({"a": null, "b": {"c": ""}})] {
        let verdict = tf("x", json!({"things": null}), json!({"things": empty}));
        assert_hidden(&verdict, "things", "empty-absent");
    }
    assert_eq!(tf("x", json!({"things": null}), json!({})), Verdict::default());
    assert_changes(&tf("x", json!({"things": ["a"]}), json!({"things": []})), &[("things", Removed)]);
    assert_changes(&tf("x", json!({"things": null}), json!({"things": ["a"]})), &[("things", Added)]);
}

#[test]
fn a_list_cleared_since_it_was_seen_is_a_removal_even_if_the_code_is_silent() {
    for live in [json!({"things": []}), json!({})] {
        let verdict = with_memory(Dialect::Terraform, json!({}), json!({"things": ["a"]}), live);
        assert_changes(&verdict, &[("things", Removed)]);
    }
}

#[test]
fn an_empty_rule_allows_all_and_is_not_nothing() {
    assert_changes(&tf("x", json!({"rule": []}), json!({"rule": [{}]})), &[("rule", Added)]);
}

#[test]
fn false_is_absent_only_where_a_default_says_so() {
    let kind = "aws_db_instance";
    let off = json!({"allow_major_version_upgrade": false});
    assert_hidden(&tf(kind, off.clone(), json!({})), "allow_major_version_upgrade", "known-default");
    assert_hidden(&tf(kind, json!({}), off), "allow_major_version_upgrade", "known-default");
    assert_changes(
        &tf(kind, json!({"allow_major_version_upgrade": true}), json!({})),
        &[("allow_major_version_upgrade", Removed)],
    );
    assert_changes(&tf(kind, json!({"unknown_flag": false}), json!({})), &[("unknown_flag", Removed)]);
}

#[test]
fn a_security_switch_that_was_turned_off_is_drift_even_if_the_code_is_silent() {
    let on = json!({"block_public_acls": true});
    let off = json!({"block_public_acls": false});
    assert_changes(
        &with_memory(Dialect::Terraform, json!({}), on.clone(), off.clone()),
        &[("block_public_acls", Modified)],
    );
    assert_hidden(&with_memory(Dialect::Terraform, json!({}), on.clone(), on), "block_public_acls", "undeclared");
    assert_changes(&tf("x", off, json!({})), &[("block_public_acls", Removed)]);
}

#[test]
fn what_the_code_does_not_state_is_judged_by_what_was_seen() {
    let seen = json!({"size": 1});
    assert_hidden(&tf("x", json!({}), seen.clone()), "size", "undeclared");
    assert_hidden(&with_memory(Dialect::Terraform, json!({}), seen.clone(), seen.clone()), "size", "undeclared");
    let changed = with_memory(Dialect::Terraform, json!({}), seen.clone(), json!({"size": 2}));
    assert_changes(&changed, &[("size", Modified)]);
    assert_eq!((&changed.changes[0].declared, &changed.changes[0].actual), (&Some(json!(1)), &Some(json!(2))));
    assert_changes(&with_memory(Dialect::Terraform, json!({}), json!({}), seen.clone()), &[("size", Added)]);
    assert_changes(&with_memory(Dialect::Terraform, json!({}), seen, json!({})), &[("size", Removed)]);
}

#[test]
fn what_was_seen_is_compared_with_the_same_rules() {
    let verdict = with_memory(
        Dialect::Terraform,
        json!({}),
        json!({"a": [{"subnet_ids": ["x", "y"], "port": 1}]}),
        json!({"a": [{"subnet_ids": ["y", "x"], "port": "1"}]}),
    );
    assert_hidden(&verdict, "a", "undeclared");
    let masked = |n: u8| json!({"password": format!("«secret #{n}»")});
    assert_changes(&with_memory(Dialect::Terraform, json!({}), masked(1), masked(2)), &[("password", Modified)]);
}

#[test]
fn a_value_set_back_to_its_default_by_hand_is_reported() {
    let observable = Observable::All;
    let (remembered, live) = (json!({"max_session_duration": 7200}), json!({"max_session_duration": 3600}));
    let verdict = compare(&Subject {
        dialect: Dialect::Terraform,
        resource_type: "aws_iam_role",
        declared: &json!({}),
        live: &live,
        memory: Some(Memory { remembered: &remembered, live: &live }),
        observable: &observable,
    });
    assert_changes(&verdict, &[("max_session_duration", Modified)]);
}

#[test]
fn a_known_default_is_hidden_and_another_value_is_not() {
    let kind = "aws_iam_role";
    assert_hidden(&tf(kind, json!({"path": null}), json!({"path": "/"})), "path", "known-default");
    assert_changes(&tf(kind, json!({"path": null}), json!({"path": "/admin/"})), &[("path", Added)]);
}

#[test]
fn elements_of_what_the_code_states_are_drift_when_they_come_or_go() {
    let tags = |t: Value| json!({"tags": t});
    let verdict = tf("aws_vpc", tags(json!({"a": "1", "c": "3"})), tags(json!({"a": "2", "b": "1"})));
    assert_changes(&verdict, &[("tags.a", Modified), ("tags.b", Added), ("tags.c", Removed)]);
}

#[test]
fn what_the_reader_does_not_return_is_unverified() {
    let paths = Observable::Paths(["name".to_owned(), "disk.size".to_owned()].into());
    let run = |declared: Value, live: Value| {
        compare(&Subject {
            dialect: Dialect::Terraform,
            resource_type: "x",
            declared: &declared,
            live: &live,
            memory: None,
            observable: &paths,
        })
    };
    assert_unverified(&run(json!({"colour": "red"}), json!({"name": "n"})), "colour", UnverifiedReason::NotObservable);
    assert_eq!(run(json!({"colour": ""}), json!({})), Verdict::default());
    assert_changes(&run(json!({"name": "n"}), json!({})), &[("name", Removed)]);
    let disk = run(json!({"disk": [{"size": 1, "kind": "ssd"}]}), json!({}));
    assert_changes(&disk, &[("disk[0].size", Removed)]);
    assert_eq!(disk.unverified[0].path, "disk[0].kind");
}

#[test]
fn a_template_value_that_was_never_seen_live_is_unverified_and_one_that_was_is_removed() {
    let declared = json!({"Size": 1});
    assert_unverified(
        &run(Dialect::Cloudformation, "AWS::X::Y", declared.clone(), json!({})),
        "Size",
        UnverifiedReason::NeverSeen,
    );
    let seen = with_memory(Dialect::Cloudformation, declared, json!({"Size": 1}), json!({}));
    assert_changes(&seen, &[("Size", Removed)]);
}

#[test]
fn computed_and_meta_values_are_hidden_and_lookalikes_in_user_maps_are_not() {
    let moment = |key: &str, day: u8| json!({key: format!("2024-01-0{day}T00:00:00Z")});
    assert_hidden(
        &tf("x", moment("last_modified_date", 1), moment("last_modified_date", 2)),
        "last_modified_date",
        "computed",
    );
    assert_hidden(&tf("aws_x", json!({"etag": "a"}), json!({"etag": "b"})), "etag", "computed");
    assert_changes(&tf("x", moment("expires_at", 1), moment("expires_at", 2)), &[("expires_at", Modified)]);
    let tags = |day| json!({"tags": moment("created_at", day)});
    assert_changes(&tf("x", tags(1), tags(2)), &[("tags.created_at", Modified)]);
    assert_hidden(&tf("x", json!({"timeouts": {"create": "5m"}}), json!({})), "timeouts", "meta");
    assert_changes(
        &tf("x", json!({"tags": {"timeouts": "5m"}}), json!({"tags": {"timeouts": "6m"}})),
        &[("tags.timeouts", Modified)],
    );
}

#[test]
fn masked_and_write_only_values_are_unverified_and_never_compared() {
    for mask in ["****", "(sensitive value)", "«secret #12»"] {
        let verdict = tf("x", json!({"token": "clear"}), json!({"token": mask}));
        assert_unverified(&verdict, "token", UnverifiedReason::WriteOnly);
    }
    let hash = |n: u8| json!({"token": format!("«secret #{n}»")});
    assert_eq!(tf("x", hash(1), hash(1)), Verdict::default());
    assert_changes(&tf("x", hash(1), hash(2)), &[("token", Modified)]);
    let password = tf("aws_db_instance", json!({"password": "a", "port": 1}), json!({"port": 2}));
    assert_changes(&password, &[("port", Modified)]);
    assert_eq!(
        (password.unverified[0].path.as_str(), password.unverified[0].reason),
        ("password", UnverifiedReason::WriteOnly)
    );
}

#[test]
fn a_reference_nobody_has_resolved_is_unverified() {
    let verdict = run(Dialect::Cloudformation, "x", json!({"Id": {"Ref": "Vpc"}}), json!({"Id": "vpc-1"}));
    assert_unverified(&verdict, "Id", UnverifiedReason::Unresolved);
}

#[test]
fn what_nests_too_deep_is_unverified_and_the_rest_is_compared() {
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let verdict = tf("x", json!({"a": deep(1000), "b": 1}), json!({"a": deep(999), "b": 2}));
    assert_changes(&verdict, &[("b", Modified)]);
    assert_eq!(verdict.unverified[0].path, "a");
    assert!(!tf("x", json!({"a": deep(100)}), json!({"a": deep(99)})).changes.is_empty());
}
