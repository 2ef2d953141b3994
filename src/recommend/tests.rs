use serde_json::json;

use super::*;
use crate::drift::{CauseAnalysis, Environment, ResourceRef, Severity};

fn environment(slug: &str, provider: &str) -> Environment {
    serde_json::from_value(json!({
        "organization": "local", "slug": slug, "name": slug, "cloud_provider": provider, "is_active": true,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    }))
    .unwrap()
}

fn resource(resource_type: &str, id: &str) -> ResourceRef {
    ResourceRef {
        resource_type: resource_type.into(),
        resource_id: id.into(),
        previous_address: None,
        provider_id: None,
        declared_in: Some("k8s/web.yaml".into()),
    }
}

fn analysis(cause: Cause, confidence: u8, security: u8) -> Analysis {
    Analysis {
        cause: CauseAnalysis {
            cause_category: cause,
            confidence_score: Score::percent(confidence),
            contributing_factors: vec![],
            ..CauseAnalysis::default()
        },
        severity: Severity { security: Score::percent(security), ..Severity::default() },
        reasons: vec![],
        direction: Default::default(),
        disruption: None,
        changed_by: Vec::new(),
        analyzed_at: Timestamp::UNIX_EPOCH,
        took_micros: None,
    }
}

fn advised_for(slug: &str, id: &str, drift_type: DriftType, analysis: &Analysis) -> Vec<Recommendation> {
    let (environment, resource) = (environment(slug, "aws"), resource("aws_vpc", id));
    let facts =
        Facts { environment: &environment, resource: &resource, drift_type, changes: &[], now: Timestamp::UNIX_EPOCH };
    recommend(&facts, analysis)
}

fn types(slug: &str, cause: Cause, confidence: u8, security: u8) -> Vec<(RecommendationType, Priority)> {
    advised_for(slug, "aws_vpc.main", DriftType::Modified, &analysis(cause, confidence, security))
        .into_iter()
        .map(|r| (r.recommendation_type, r.priority))
        .collect()
}

use RecommendationType::{AutoRevert, CodifyIac, EscalateReview, ManualReview};

#[test]
fn a_cause_is_acted_upon_from_0_80_on() {
    for (cause, wanted, priority) in [
        (Cause::ConfigurationError, AutoRevert, Priority::Medium),
        (Cause::EmergencyFix, CodifyIac, Priority::High),
        (Cause::SecurityResponse, EscalateReview, Priority::Critical),
    ] {
        assert_eq!(types("dev", cause, 80, 0), [(wanted, priority)]);
        assert_eq!(types("dev", cause, 100, 0), [(wanted, priority)]);
        assert_eq!(types("dev", cause, 79, 0), [(ManualReview, Priority::Low)]);
    }
}

#[test]
fn other_causes_get_a_manual_review_however_sure() {
    for cause in [Cause::ManualTroubleshooting, Cause::AutomatedResponse, Cause::Unknown] {
        assert_eq!(types("dev", cause, 100, 0), [(ManualReview, Priority::Low)]);
    }
    let said = |confidence| {
        let case = analysis(Cause::AutomatedResponse, confidence, 0);
        advised_for("dev", "x", DriftType::Modified, &case).remove(0).rationale.raw().to_owned()
    };
    assert!(said(79).starts_with("Perhaps automated response (confidence 0.79)"), "{}", said(79));
    assert!(said(80).starts_with("It was automated response (confidence 0.80), which does not say"), "{}", said(80));
}

#[test]
fn production_above_0_70_is_also_escalated() {
    assert_eq!(types("prod-eu", Cause::ConfigurationError, 80, 70), [(AutoRevert, Priority::Medium)]);
    assert_eq!(
        types("prod-eu", Cause::ConfigurationError, 80, 71),
        [(EscalateReview, Priority::Critical), (AutoRevert, Priority::Medium)]
    );
    assert_eq!(types("staging", Cause::ConfigurationError, 80, 71), [(AutoRevert, Priority::Medium)]);
    assert_eq!(types("prod-eu", Cause::Unknown, 0, 71), [(EscalateReview, Priority::Critical)]);
    assert_eq!(types("prod-eu", Cause::SecurityResponse, 80, 71).len(), 2);
    let advice = advised_for("prod-eu", "x", DriftType::Modified, &analysis(Cause::Unknown, 0, 71));
    assert!(advice[0].rationale.raw().starts_with("Security impact requires CISO review"));
}

#[test]
fn what_a_model_guessed_is_codified_only_after_the_security_lead_has_agreed() {
    let guessed = |security, abstained| {
        let mut case = analysis(Cause::EmergencyFix, 94, security);
        case.cause.prediction = serde_json::from_value(json!({"model": "cause", "version": 1, "abstained": abstained,
            "prediction_result": "emergency_fix", "confidence_score": 0.94, "weight": 0.55, "feature_importance": {},
            "predicted_at": "2026-03-02T09:01:00Z"}))
        .unwrap();
        let advice = advised_for("prod-eu", "x", DriftType::Modified, &case);
        advice.into_iter().find(|one| one.recommendation_type == CodifyIac).unwrap()
    };
    let says = |one: &Recommendation| {
        let first = one.implementation_steps[0].raw().starts_with("Only after the security lead has agreed");
        let risk =
            one.risk_assessment.potential_impacts[0].raw().starts_with("Only after the security lead has agreed");
        (one.rationale.raw().contains("guessed by the model, not confirmed"), first, risk)
    };
    assert_eq!(says(&guessed(90, false)), (true, true, true));
    assert_eq!(says(&guessed(70, false)), (true, false, false), "nothing is escalated");
    assert_eq!(says(&guessed(90, true)), (false, false, false), "the rules named it");
    let said = advised_for("prod-eu", "x", DriftType::Modified, &analysis(Cause::EmergencyFix, 95, 90));
    assert!(said.iter().all(|one| says(one) == (false, false, false)), "{said:?}");
}

#[test]
fn auto_revert_comes_with_its_defaults() {
    let advice =
        advised_for("dev", "aws_vpc.main", DriftType::Modified, &analysis(Cause::ConfigurationError, 85, 0)).remove(0);
    assert_eq!(advice.priority, Priority::Medium);
    assert_eq!(advice.estimated_effort, Effort::Minutes);
    assert_eq!(advice.recommended_by, RecommendedBy::MlModel);
    assert_eq!(advice.confidence_score, Score::percent(85));
    assert!(!advice.rationale.is_empty());
    let steps: Vec<_> = advice.implementation_steps.iter().map(|s| s.raw().to_owned()).collect();
    assert_eq!(
        steps,
        [
            "Read the diff of 'aws_vpc.main' and make sure that nobody relies on the live values.",
            "Plan only this resource: terraform plan -target='aws_vpc.main' -out=driftguard.tfplan",
            "Apply exactly that plan: terraform apply driftguard.tfplan",
            "Scan again and see the drift of 'aws_vpc.main' closed.",
        ]
    );
    let day = SignedDuration::from_hours(24);
    assert!(advice.is_stale(Timestamp::UNIX_EPOCH + day));
    assert!(!advice.is_stale(Timestamp::UNIX_EPOCH + day - SignedDuration::from_secs(1)));
}

#[test]
fn every_recommendation_says_why_and_what_to_do() {
    for cause in [
        Cause::ConfigurationError,
        Cause::EmergencyFix,
        Cause::SecurityResponse,
        Cause::AutomatedResponse,
        Cause::ManualTroubleshooting,
        Cause::Unknown,
    ] {
        for drift_type in [DriftType::Modified, DriftType::Deleted, DriftType::Added, DriftType::Moved] {
            for confidence in [0, 79, 80, 100] {
                for advice in advised_for("prod", "aws_vpc.main", drift_type, &analysis(cause, confidence, 90)) {
                    assert!(!advice.rationale.is_empty() && !advice.implementation_steps.is_empty());
                    assert!(advice.expires_at.is_some() && !advice.risk_assessment.potential_impacts.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_hostile_address_stays_one_word_of_the_shell() {
    let hostile = "x[\"a\"]'; rm -rf / #\n\x1b]0;t\x07$(id)";
    let advice =
        advised_for("dev", hostile, DriftType::Modified, &analysis(Cause::ConfigurationError, 80, 0)).remove(0);
    let step = advice.implementation_steps[1].raw();
    let start = step.find("-target=").unwrap() + "-target=".len();
    let word = step[start..].strip_suffix(" -out=driftguard.tfplan").unwrap();
    let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {word}")]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "x[\"a\"]'; rm -rf / #␊␛]0;t␇$(id)");
    assert!(!step.contains('\n') && !step.contains('\x1b'));
}

#[test]
fn kubernetes_steps_name_the_object() {
    let (environment, resource) =
        (environment("dev", "kubernetes"), resource("apps/v1/Deployment", "shop/Deployment/web"));
    let facts = Facts {
        environment: &environment,
        resource: &resource,
        drift_type: DriftType::Modified,
        changes: &[],
        now: Timestamp::UNIX_EPOCH,
    };
    let review = recommend(&facts, &analysis(Cause::Unknown, 0, 0)).remove(0);
    assert!(review.implementation_steps[1].raw().contains("kubectl get 'deployment.v1.apps/web' -n 'shop'"));
    let revert = recommend(&facts, &analysis(Cause::ConfigurationError, 80, 0)).remove(0);
    assert!(revert.implementation_steps[2].raw().contains("kubectl apply -f 'k8s/web.yaml'"));
    assert_eq!(revert.implementation_steps.len(), 4);
}

#[test]
fn a_resource_of_terraform_is_reverted_by_terraform_wherever_it_stands() {
    let (environment, resource) =
        (environment("dev", "kubernetes"), resource("kubernetes_deployment", "kubernetes_deployment.web"));
    let drift_type = DriftType::Modified;
    let facts =
        Facts { environment: &environment, resource: &resource, drift_type, changes: &[], now: Timestamp::UNIX_EPOCH };
    let revert = recommend(&facts, &analysis(Cause::ConfigurationError, 80, 0)).remove(0);
    assert!(revert.implementation_steps[1].raw().contains("terraform plan -target='kubernetes_deployment.web'"));
}

#[test]
fn an_object_is_named_with_its_group_and_its_file_with_what_else_it_declares() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("web.yaml");
    let object = |kind: &str, name: &str| format!("apiVersion: {kind}\nmetadata: {{name: {name}}}\n---\n");
    let text = [object("v1\nkind: ConfigMap", "a"), object("serving.knative.dev/v1\nkind: Service", "api")].concat();
    std::fs::write(&file, &text).unwrap();
    let environment = environment("dev", "kubernetes");
    let steps = |kind: &str, id: &str, drift_type, cause| {
        let mut resource = resource(kind, id);
        resource.declared_in = Some(file.to_string_lossy().as_ref().into());
        let now = Timestamp::UNIX_EPOCH;
        let facts = Facts { environment: &environment, resource: &resource, drift_type, changes: &[], now };
        let (analysis, code) = (analysis(cause, 80, 0), Code::default());
        let case = Case { code: Some(&code), ..Case::new(&facts, &analysis) };
        steps::of(if cause == Cause::Unknown { ManualReview } else { AutoRevert }, &case, None, None)
    };
    let knative = ("serving.knative.dev/v1/Service", "shop/Service/api");
    let revert = steps(knative.0, knative.1, DriftType::Modified, Cause::ConfigurationError);
    assert!(
        revert[2]
            .raw()
            .starts_with("Apply the manifest, which declares 1 other object too and puts it back as well: kubectl")
    );
    let delete = steps(knative.0, knative.1, DriftType::Added, Cause::ConfigurationError);
    assert_eq!(delete[2].raw(), "Delete it: kubectl delete 'service.v1.serving.knative.dev/api' -n 'shop'");
    let core = steps("v1/Service", "shop/Service/api", DriftType::Added, Cause::ConfigurationError);
    assert_eq!(core[2].raw(), "Delete it: kubectl delete 'service/api' -n 'shop'");
    let review = steps(knative.0, knative.1, DriftType::Modified, Cause::Unknown);
    assert!(review[1].raw().contains("kubectl get 'service.v1.serving.knative.dev/api' -n 'shop' -o yaml"));
    std::fs::write(&file, object("serving.knative.dev/v1\nkind: Service", "api")).unwrap();
    let alone = steps(knative.0, knative.1, DriftType::Modified, Cause::ConfigurationError);
    assert!(alone[2].raw().starts_with("Apply the manifest: kubectl apply -f"));
}

#[test]
fn policy_vetoes_with_its_reason() {
    let advice = advised_for("dev", "i-1", DriftType::Added, &analysis(Cause::ConfigurationError, 90, 0));
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].recommendation_type, ManualReview);
    assert!(advice[0].rationale.raw().starts_with("Policy forbids auto_revert: "));
}
