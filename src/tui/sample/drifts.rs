//! The drifts of the sample world. What they differ in is made up; how bad that is, why it happened and what to do about it say
//! the rules that judge real drift.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ago, id};
use crate::analysis::{self, Facts};
use crate::drift::{
    Analysis, CauseAnalysis, Change, ChangeType, DriftDetail, DriftEvent, DriftId, DriftType, Finding, Hidden,
    ResourceRef, Severity, Slug, Unverified, UnverifiedReason,
};
use crate::recommend::recommend;
use crate::safety::Masked;

/// Everything, newest first.
pub fn all() -> Vec<DriftDetail> {
    let all = [open_to_the_world(), replicas(), sshd(), unmanaged(), bucket(), gone(), hostile(), moved()];
    all.map(judged).into()
}

/// As a scan would have judged it a moment ago.
fn judged(mut detail: DriftDetail) -> DriftDetail {
    let event = &mut detail.event;
    let environments = super::environments();
    let Some(summary) = environments.iter().find(|e| e.environment.slug == event.environment) else { return detail };
    let resource_type = event.resource.resource_type.raw();
    for change in &mut event.changes {
        let [declared, actual] = [&change.declared, &change.actual].map(|side| side.as_ref().map(Masked::value));
        change.is_security_critical =
            analysis::is_security_critical(resource_type, change.path.raw(), declared, actual);
    }
    let facts = Facts {
        environment: &summary.environment,
        resource: &event.resource,
        drift_type: event.drift_type,
        changes: &event.changes,
        now: ago(2),
    };
    let analysis = analysis::analyse(&facts);
    event.recommendations = recommend(&facts, &analysis);
    event.analysis = analysis;
    event.changes.sort_by(|a, b| (!a.is_security_critical, &a.path).cmp(&(!b.is_security_critical, &b.path)));
    detail
}

/// What every drift here has; the rest is set one by one.
pub fn drift(environment: &str, kind: DriftType, what: (&str, &str), minutes: i64) -> DriftDetail {
    let (resource_type, address) = what;
    let detected_at = ago(minutes);
    let number = u64::from(blake3::hash(address.as_bytes()).as_bytes()[0]);
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
        analysis: blank(detected_at),
        recommendations: vec![],
        dependants: 0,
        tags: Vec::new(),
    };
    let id = DriftId(id(detected_at, number));
    let mut event = DriftEvent::first_seen(&finding, finding.fingerprint(), id, detected_at);
    event.last_seen = ago(2);
    event.seen_count = u64::try_from(minutes / 5 + 1).unwrap_or(1);
    DriftDetail {
        event,
        declared_state: None,
        actual_state: None,
        hidden: vec![],
        unverified: vec![],
        history: vec![],
        links: vec![],
        remediation: None,
        cause_analysis: None,
        risk: None,
    }
}

/// Until it is judged.
fn blank(analyzed_at: Timestamp) -> Analysis {
    Analysis {
        cause: CauseAnalysis::default(),
        severity: Severity::default(),
        reasons: vec![],
        direction: Default::default(),
        disruption: None,
        changed_by: vec![],
        analyzed_at,
        took_micros: None,
    }
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
        remembered_at: None,
    }
}

fn security_group(ingress: Value, owner: &str, owner_id: Option<&str>) -> Masked {
    masked(json!({
        "arn": "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-0a1b2c3d4e5f60718",
        "description": "Web tier",
        "egress": [{"cidr_blocks": ["0.0.0.0/0"], "from_port": 0, "protocol": "-1", "to_port": 0}],
        "ingress": ingress,
        "name": "web",
        "owner_id": owner_id,
        "revoke_rules_on_delete": false,
        "tags": {"Name": "web", "Owner": owner},
        "vpc_id": "vpc-0f1e2d3c4b5a69788"
    }))
}

fn open_to_the_world() -> DriftDetail {
    let https = json!({"cidr_blocks": ["10.0.0.0/8"], "from_port": 443, "protocol": "tcp", "to_port": 443});
    let ssh = json!({"cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "protocol": "tcp", "to_port": 22});
    let what = ("aws_security_group", "module.net.aws_security_group.web");
    let mut detail = drift("prod-eu", DriftType::Modified, what, 3);
    let opened = change("ingress[from_port=22,protocol=tcp]", Value::Null, ssh.clone());
    let event = &mut detail.event;
    event.changes = vec![opened, change("tags.Owner", json!("platform"), json!("jsmith"))];
    event.resource.provider_id = Some("sg-0a1b2c3d4e5f60718".into());
    let value = |value: Value| Some(Masked::trusted(value));
    let (declared, actual) = (value(json!(["sg-1", "sg-2"])), value(json!(["sg-2", "sg-1"])));
    let groups =
        Hidden { path: "ingress[from_port=443].security_groups".into(), rule: "set-order".into(), declared, actual };
    let (declared, actual) = (None, value(json!("111122223333")));
    detail.hidden = vec![groups, Hidden { path: "owner_id".into(), rule: "computed".into(), declared, actual }];
    detail.unverified = vec![Unverified {
        path: Some("revoke_rules_on_delete".into()),
        reason: UnverifiedReason::NotObservable,
        detail: "Terraform's own setting".into(),
    }];
    (event.hidden_count, event.unverified_count) = (2, 1);
    detail.declared_state = Some(security_group(json!([https]), "platform", None));
    detail.actual_state = Some(security_group(json!([https, ssh]), "jsmith", Some("111122223333")));
    detail
}

fn replicas() -> DriftDetail {
    let what = ("apps/v1/Deployment", "shop/Deployment/checkout");
    let mut detail = drift("shop-k8s", DriftType::Modified, what, 25);
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
    let mut detail = drift("bastion", DriftType::Modified, ("local_file", "local_file.sshd_config"), 61);
    let content = change("content", json!("PermitRootLogin no\nPort 22\n"), json!("PermitRootLogin yes\nPort 22\n"));
    detail.event.changes = vec![content, change("file_permission", json!("0600"), json!("0644"))];
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
    let mut detail = drift("prod-eu", DriftType::Added, ("aws_instance", "i-0123456789abcdef0"), 190);
    detail.event.resource.declared_in = None;
    detail.actual_state = Some(masked(json!({"instance_type": "p4d.24xlarge", "tags": {"Name": "test-jsmith"}})));
    detail
}

fn bucket() -> DriftDetail {
    let what = ("aws_s3_bucket", "aws_s3_bucket.invoices");
    let mut detail = drift("prod-eu", DriftType::Modified, what, 60 * 26);
    detail.event.changes = vec![
        change("lifecycle_rule[id=expire].expiration.days", json!(365), json!(30)),
        change("tags.Ticket", Value::Null, json!("INC-4711: bills were not deleted in time")),
    ];
    detail
}

fn gone() -> DriftDetail {
    drift("shop-k8s", DriftType::Deleted, ("v1/ConfigMap", "shop/ConfigMap/feature-flags"), 60 * 50)
}

/// Names that would do harm on a screen that printed them.
fn hostile() -> DriftDetail {
    let address = "aws_instance.\x1b[2J\x1b]52;c;cm0gLXJmIH4=\x07user\u{202e}nimda\u{2066}\r\nx";
    let mut detail = drift("prod-eu", DriftType::Modified, ("aws_instance", address), 60 * 80);
    detail.event.changes = vec![change(
        "tags.\x1b]0;PWN\x07Name",
        json!("pro\u{200b}d\u{9b}31m"),
        json!("a\u{301}\u{301}\u{301}\u{301}\u{301}\x07\x00"),
    )];
    detail
}

fn moved() -> DriftDetail {
    let what = ("aws_vpc", "module.net.aws_vpc.main");
    let mut detail = drift("prod-eu", DriftType::Moved, what, 60 * 24 * 9);
    detail.event.resource.previous_address = Some("aws_vpc.main".into());
    detail
}

/// A new drift, as a scan would find it now; `number` tells one from another.
pub fn fresh(number: u64, at: Timestamp) -> DriftEvent {
    let address = format!("aws_iam_role.deploy[{number}]");
    let mut detail = drift("prod-eu", DriftType::Modified, ("aws_iam_role", &address), 0);
    detail.event.detected_at = at;
    detail.event.id = DriftId(id(at, number));
    detail.event.changes = vec![change("max_session_duration", json!(3600), json!(43200))];
    judged(detail).event
}
