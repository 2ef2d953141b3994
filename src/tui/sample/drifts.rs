//! The drifts of the sample world.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{ago, id, now};
use crate::drift::{
    Analysis, Axis, Cause, CauseAnalysis, Change, ChangeType, DriftDetail, DriftEvent, DriftId, DriftType, Effort,
    Finding, Hidden, Priority, Recommendation, RecommendationType, RecommendedBy, ResourceRef, RiskAssessment, Score,
    Severity, SeverityReason, Slug, Unverified, UnverifiedReason,
};
use crate::safety::{Masked, Tainted};

/// Everything, newest first.
pub fn all() -> Vec<DriftDetail> {
    vec![open_to_the_world(), replicas(), sshd(), unmanaged(), bucket(), gone(), hostile(), moved()]
}

/// What every drift here has; the rest is set one by one.
pub fn drift(environment: &str, kind: DriftType, what: (&str, &str), minutes: i64, score: u8) -> DriftDetail {
    let (resource_type, address) = what;
    let detected_at = ago(minutes);
    let number = u64::from(blake3::hash(address.as_bytes()).as_bytes()[0]);
    let severity = Severity { security: Score::percent(score), ..Severity::default() };
    let finding = Finding {
        environment: Slug::from_text(environment),
        resource: ResourceRef {
            resource_type: resource_type.into(),
            resource_id: address.into(),
            previous_address: None,
            provider_id: None,
            declared_in: Some("/srv/state/main.tfstate".into()),
        },
        drift_type: kind,
        changes: vec![],
        hidden: vec![],
        unverified: vec![],
        declared_state: None,
        actual_state: None,
        analysis: Analysis {
            cause: CauseAnalysis {
                cause_category: Cause::Unknown,
                confidence_score: Score::ZERO,
                contributing_factors: vec!["no audit log was read".into()],
            },
            severity,
            reasons: vec![],
            analyzed_at: now(),
        },
        recommendations: vec![advice(RecommendationType::ManualReview, Priority::Medium, 50)],
    };
    let id = DriftId(id(detected_at, number));
    let mut event = DriftEvent::first_seen(&finding, finding.fingerprint(), id, detected_at);
    event.last_seen = ago(2);
    event.seen_count = u64::try_from(minutes / 5 + 1).unwrap_or(1);
    DriftDetail { event, declared_state: None, actual_state: None, hidden: vec![], unverified: vec![], history: vec![] }
}

fn masked(value: Value) -> Masked {
    Masked::trusted(value)
}

fn change(path: &str, declared: Value, actual: Value) -> Change {
    let present = |value: Value| (!value.is_null()).then(|| masked(value));
    let change_type = match (declared.is_null(), actual.is_null()) {
        (true, _) => ChangeType::Added,
        (_, true) => ChangeType::Removed,
        _ => ChangeType::Modified,
    };
    Change {
        path: path.into(),
        change_type,
        declared: present(declared),
        actual: present(actual),
        is_security_critical: false,
    }
}

fn advice(recommendation_type: RecommendationType, priority: Priority, confidence: u8) -> Recommendation {
    Recommendation {
        recommendation_type,
        priority,
        confidence_score: Score::percent(confidence),
        rationale: "Nothing is known about who did this or why.".into(),
        implementation_steps: vec!["Look at the diff".into(), "Decide whether the code or the cloud is right".into()],
        risk_assessment: RiskAssessment { success_probability: Score::percent(90), potential_impacts: vec![] },
        estimated_effort: Effort::Minutes,
        recommended_by: RecommendedBy::MlModel,
        created_at: ago(3),
        expires_at: now().checked_add(SignedDuration::from_hours(72)).ok(),
        implemented_at: None,
        implementation_result: None,
    }
}

fn reason(axis: Axis, score: u8, text: &str) -> SeverityReason {
    SeverityReason { axis, score: Score::percent(score), path: None, text: text.into() }
}

fn texts(list: &[&str]) -> Vec<Tainted> {
    list.iter().map(|text| Tainted::from(*text)).collect()
}

fn security_group(ingress: Value, owner: &str) -> Masked {
    masked(json!({
        "arn": "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-0a1b2c3d4e5f60718",
        "description": "Web tier",
        "egress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 0, "protocol": "-1", "to_port": 0}],
        "ingress": ingress,
        "name": "web",
        "revoke_rules_on_delete": false,
        "tags": {"Name": "web", "Owner": owner},
        "vpc_id": "vpc-0f1e2d3c4b5a69788"
    }))
}

fn open_to_the_world() -> DriftDetail {
    let https = json!({"cidr_blocks": ["10.0.0.0/8"], "from_port": 443, "protocol": "tcp", "to_port": 443});
    let ssh = json!({"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "protocol": "tcp", "to_port": 22});
    let what = ("aws_security_group", "module.net.aws_security_group.web");
    let mut detail = drift("prod-eu", DriftType::Modified, what, 3, 92);
    let mut opened = change("ingress[from_port=22,protocol=tcp]", Value::Null, ssh.clone());
    opened.is_security_critical = true;
    let event = &mut detail.event;
    event.changes = vec![opened, change("tags.Owner", json!("platform"), json!("jsmith"))];
    event.resource.provider_id = Some("sg-0a1b2c3d4e5f60718".into());
    event.analysis.severity.compliance = Score::percent(70);
    event.analysis.reasons = vec![
        reason(Axis::Security, 92, "Port 22 is open to 0.0.0.0/0, which the code does not allow."),
        reason(Axis::Compliance, 70, "CIS AWS 5.2: no ingress from 0.0.0.0/0 to remote administration ports."),
    ];
    event.analysis.cause = CauseAnalysis {
        cause_category: Cause::ManualTroubleshooting,
        confidence_score: Score::percent(64),
        contributing_factors: texts(&["changed outside working hours", "one rule for remote administration was added"]),
    };
    let mut revert = advice(RecommendationType::AutoRevert, Priority::Critical, 91);
    revert.rationale =
        "The rule opens remote administration to the internet, and nothing in the code asks for it.".into();
    revert.implementation_steps = texts(&[
        "Check that nobody depends on the rule: look for sessions on port 22",
        "terraform plan -target=module.net.aws_security_group.web",
        "terraform apply, and scan again",
    ]);
    revert.risk_assessment.potential_impacts = texts(&["Sessions over port 22 from outside end"]);
    event.recommendations = vec![revert, advice(RecommendationType::EscalateReview, Priority::High, 72)];
    detail.hidden = vec![Hidden { path: "egress".into(), rule: "set-order".into(), declared: None, actual: None }];
    detail.unverified = vec![Unverified {
        path: Some("revoke_rules_on_delete".into()),
        reason: UnverifiedReason::NotObservable,
        detail: "Terraform's own setting".into(),
    }];
    (event.hidden_count, event.unverified_count) = (1, 1);
    detail.declared_state = Some(security_group(json!([https]), "platform"));
    detail.actual_state = Some(security_group(json!([https, ssh]), "jsmith"));
    detail
}

fn replicas() -> DriftDetail {
    let what = ("apps/v1/Deployment", "shop/Deployment/checkout");
    let mut detail = drift("shop-k8s", DriftType::Modified, what, 25, 45);
    detail.event.changes = vec![
        change("spec.replicas", json!(3), json!(1)),
        change(
            "spec.template.spec.containers[name=app].image",
            json!("shop/checkout:1.42.0"),
            json!("shop/checkout:1.41.9"),
        ),
    ];
    detail.event.regressions = 1;
    detail.event.resource.declared_in = Some("/srv/manifests/shop".into());
    let body = |replicas: u32, image: &str| {
        masked(json!({
            "metadata": {"name": "checkout", "namespace": "shop"},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image, "name": "app"}]}}}
        }))
    };
    detail.declared_state = Some(body(3, "shop/checkout:1.42.0"));
    detail.actual_state = Some(body(1, "shop/checkout:1.41.9"));
    detail
}

fn sshd() -> DriftDetail {
    let mut detail = drift("bastion", DriftType::Modified, ("local_file", "local_file.sshd_config"), 61, 78);
    let mut content =
        change("content", json!("PermitRootLogin no\nPort 22\n"), json!("PermitRootLogin yes\nPort 22\n"));
    content.is_security_critical = true;
    detail.event.changes = vec![content, change("file_permission", json!("0600"), json!("0644"))];
    detail.event.recommendations = vec![advice(RecommendationType::AutoRevert, Priority::High, 80)];
    let body = |root: &str, mode: &str| {
        masked(json!({
            "content": format!("PermitRootLogin {root}\nPort 22\n"),
            "file_permission": mode,
            "filename": "/etc/ssh/sshd_config"
        }))
    };
    detail.declared_state = Some(body("no", "0600"));
    detail.actual_state = Some(body("yes", "0644"));
    detail
}

fn unmanaged() -> DriftDetail {
    let mut detail = drift("prod-eu", DriftType::Added, ("aws_instance", "i-0123456789abcdef0"), 190, 61);
    detail.event.resource.declared_in = None;
    detail.actual_state = Some(masked(json!({"instance_type": "p4d.24xlarge", "tags": {"Name": "test-jsmith"}})));
    detail.event.analysis.severity.cost = Score::percent(61);
    detail
}

fn bucket() -> DriftDetail {
    let what = ("aws_s3_bucket", "aws_s3_bucket.invoices");
    let mut detail = drift("prod-eu", DriftType::Modified, what, 60 * 26, 33);
    detail.event.changes = vec![
        change("lifecycle_rule[id=expire].expiration.days", json!(365), json!(30)),
        change("tags.CostCentre", json!("4711"), Value::Null),
    ];
    detail
}

fn gone() -> DriftDetail {
    drift("shop-k8s", DriftType::Deleted, ("v1/ConfigMap", "shop/ConfigMap/feature-flags"), 60 * 50, 30)
}

/// Names that would do harm on a screen that printed them.
fn hostile() -> DriftDetail {
    let address = "aws_instance.\x1b[2J\x1b]52;c;cm0gLXJmIH4=\x07user\u{202e}nimda\u{2066}\r\nx";
    let mut detail = drift("prod-eu", DriftType::Modified, ("aws_instance", address), 60 * 80, 12);
    detail.event.changes = vec![change(
        "tags.\x1b]0;PWN\x07Name",
        json!("pro\u{200b}d\u{9b}31m"),
        json!("a\u{301}\u{301}\u{301}\u{301}\u{301}\x07\x00"),
    )];
    detail
}

fn moved() -> DriftDetail {
    let what = ("aws_vpc", "module.net.aws_vpc.main");
    let mut detail = drift("prod-eu", DriftType::Moved, what, 60 * 24 * 9, 5);
    detail.event.resource.previous_address = Some("aws_vpc.main".into());
    detail
}

/// A new drift, as a scan would find it now; `number` tells one from another.
pub fn fresh(number: u64, at: Timestamp) -> DriftEvent {
    let address = format!("aws_iam_role.deploy[{number}]");
    let mut event = drift("prod-eu", DriftType::Modified, ("aws_iam_role", &address), 0, 66).event;
    event.detected_at = at;
    event.id = DriftId(id(at, number));
    event.changes = vec![change("max_session_duration", json!(3600), json!(43200))];
    event
}
