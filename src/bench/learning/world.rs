//! An invented organisation: drifts whose cause is known, the evidence they leave, and operators who say what it was.
//!
//! Half of the drifts have a cause that nobody can tell, as real ones do. Each organisation has habits of its own, drawn from its
//! seed: how often each cause touches each kind of resource, and how often each kind of evidence is left. The evidence is made as a
//! store gives it, and goes through the same code.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::analysis::{Burst, Facts, LearnedCause, Past, Surroundings, analyse_within, cause_features};
use crate::drift::{
    ActorClass, Attribution, Cause, CauseAnalysis, CauseLabel, Change, ChangeType, ContextData, ContextId,
    ContextSource, ContextType, DriftType, Environment, OperationalContext, ResourceRef, TakenBack, TimeWindow,
};
use crate::safety::Masked;

/// In the order of [`Cause::ALL`].
const SHARES: [f64; 6] = [0.08, 0.10, 0.04, 0.12, 0.16, 0.50];
/// Somebody is named by the audit trail.
const ATTRIBUTED: f64 = 0.55;
/// How far habits are apart: the standard deviation of the logarithm of a weight.
const HABIT: f64 = 0.7;
/// 2026-01-05, a Monday.
const BEGIN: i64 = 1_767_571_200;
const DAYS: f64 = 90.0;

/// Resource type, property, what is declared, what is live.
const KINDS: [(&str, &str, &str, &str); 8] = [
    ("aws_autoscaling_group", "desired_capacity", "2", "5"),
    ("aws_security_group", "ingress[0].cidr_blocks", r#"["10.0.0.0/8"]"#, r#"["0.0.0.0/0"]"#),
    ("aws_security_group_rule", "cidr_blocks", r#"["0.0.0.0/0"]"#, r#"["10.0.0.0/8"]"#),
    ("aws_instance", "instance_type", r#""t3.small""#, r#""t3.large""#),
    ("aws_db_instance", "engine_version", r#""15.3""#, r#""15.5""#),
    ("aws_iam_role", "max_session_duration", "3600", "43200"),
    ("aws_s3_bucket", "tags.team", r#""a""#, r#""b""#),
    ("aws_lambda_function", "timeout", "3", "30"),
];
/// How often a cause touches each of [`KINDS`], before habits.
const TOUCHES: [[f64; 8]; 6] = [
    [0.10, 0.25, 0.02, 0.30, 0.08, 0.05, 0.02, 0.18],
    [0.08, 0.22, 0.02, 0.22, 0.05, 0.10, 0.06, 0.25],
    [0.01, 0.02, 0.60, 0.05, 0.05, 0.25, 0.01, 0.01],
    [0.10, 0.12, 0.12, 0.20, 0.16, 0.08, 0.12, 0.10],
    [0.45, 0.01, 0.05, 0.03, 0.26, 0.01, 0.18, 0.01],
    [0.12, 0.12, 0.12, 0.16, 0.12, 0.10, 0.14, 0.12],
];
/// Whose hand, in the order of [`ActorClass::ALL`].
const HANDS: [[f64; 6]; 6] = [
    [0.50, 0.36, 0.02, 0.02, 0.02, 0.08],
    [0.60, 0.34, 0.01, 0.01, 0.01, 0.03],
    [0.18, 0.10, 0.02, 0.05, 0.55, 0.10],
    [0.12, 0.10, 0.60, 0.03, 0.01, 0.14],
    [0.01, 0.02, 0.07, 0.62, 0.04, 0.24],
    [0.36, 0.24, 0.10, 0.06, 0.04, 0.20],
];
/// An incident, a security event, an alert, maintenance, a deployment at the time.
const AROUND: [[f64; 5]; 6] = [
    [0.60, 0.02, 0.30, 0.02, 0.04],
    [0.04, 0.02, 0.12, 0.06, 0.05],
    [0.05, 0.55, 0.05, 0.02, 0.03],
    [0.03, 0.02, 0.03, 0.05, 0.40],
    [0.04, 0.02, 0.06, 0.05, 0.06],
    [0.05, 0.02, 0.05, 0.04, 0.07],
];
const CONTEXTS: [ContextType; 5] = [
    ContextType::Incident,
    ContextType::SecurityEvent,
    ContextType::Alert,
    ContextType::Maintenance,
    ContextType::Deployment,
];
/// The code moved; it was taken back; it came back; a burst of its kind; a burst by one hand.
const BESIDE: [[f64; 5]; 6] = [
    [0.02, 0.05, 0.05, 0.06, 0.15],
    [0.02, 0.35, 0.30, 0.03, 0.20],
    [0.01, 0.02, 0.04, 0.15, 0.10],
    [0.55, 0.02, 0.10, 0.12, 0.05],
    [0.02, 0.02, 0.40, 0.30, 0.05],
    [0.05, 0.05, 0.10, 0.08, 0.08],
];
/// The trail tells who took it back, where its event names what changed.
const TOLD_BACK: f64 = 0.7;
/// Then it was the hand that made it.
const OWN_BACK: [f64; 6] = [0.5, 0.8, 0.1, 0.3, 0.2, 0.4];
/// Begun by night, or at the weekend.
const OFF_HOURS: [f64; 6] = [0.60, 0.10, 0.35, 0.15, 0.50, 0.30];

pub(super) struct World {
    rng: fastrand::Rng,
    /// Of its own, so that what is told of the past moves nothing else.
    trail: fastrand::Rng,
    environments: [Environment; 2],
    touches: [[f64; 8]; 6],
    hands: [[f64; 6]; 6],
    /// How much of each kind of evidence is left.
    left: [f64; 10],
    in_production: [f64; 6],
}

/// A drift with its evidence.
pub(super) struct Seen {
    pub truth: Cause,
    environment: Environment,
    resource: ResourceRef,
    changes: Vec<Change>,
    attribution: Option<Attribution>,
    span: (Timestamp, Timestamp),
    contexts: Vec<OperationalContext>,
    past: Past,
    burst: Burst,
}

impl World {
    /// `None`: the words in it are none of ours.
    pub fn new(seed: u64) -> Option<Self> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let environments = [environment("prod-eu")?, environment("staging-eu")?];
        let touches = TOUCHES.map(|row| row.map(|weight| weight * habit(&mut rng)));
        let hands = HANDS.map(|row| row.map(|weight| weight * habit(&mut rng)));
        let left = std::array::from_fn(|_| 0.5 + 0.5 * rng.f64());
        let in_production = std::array::from_fn(|_| 0.2 + 0.6 * rng.f64());
        let trail = fastrand::Rng::with_seed(!seed);
        Some(Self { rng, trail, environments, touches, hands, left, in_production })
    }

    pub fn drift(&mut self) -> Option<Seen> {
        let truth = draw(&mut self.rng, &SHARES);
        let (kind, path, declared, actual) = KINDS[draw(&mut self.rng, &self.touches[truth])];
        let at = self.moment(truth);
        let attribution = (self.rng.f64() < ATTRIBUTED).then(|| draw(&mut self.rng, &self.hands[truth]));
        let is_sure = self.rng.bool();
        let mut attribution = attribution.map(|class| attribution_of(ActorClass::ALL[class], at, path, is_sure));
        let mut has = |chance: f64, left: usize| self.rng.f64() < chance * self.left[left];
        let contexts = CONTEXTS.iter().enumerate().filter(|(one, _)| has(AROUND[truth][*one], *one));
        let contexts: Vec<OperationalContext> = contexts.map(|(_, kind)| context(*kind, at)).collect();
        let beside: [bool; 5] = std::array::from_fn(|one| has(BESIDE[truth][one], 5 + one));
        let few = |is: bool, rng: &mut fastrand::Rng, most: u32| if is { rng.u32(1..=most) } else { 0 };
        let returns = few(beside[2], &mut self.rng, 4);
        let mut past =
            Past { code_moved: beside[0], taken_back: few(beside[1], &mut self.rng, 2).min(returns), returns };
        let (is_told, is_own) = (self.trail.f64() < TOLD_BACK, self.trail.f64() < OWN_BACK[truth]);
        match attribution.as_mut().filter(|_| is_told && is_sure) {
            Some(to) if is_own => {
                to.taken_back = (0..past.taken_back).filter_map(|back| taken_back(at, back)).collect()
            }
            Some(to) => to.ended_otherwise = std::mem::take(&mut past.taken_back),
            None => {}
        }
        let burst = Burst { alike: few(beside[3], &mut self.rng, 20), same_hand: few(beside[4], &mut self.rng, 12) };
        let is_production = self.rng.f64() < self.in_production[truth];
        Some(Seen {
            truth: Cause::ALL[truth],
            environment: self.environments[usize::from(!is_production)].clone(),
            resource: ResourceRef {
                resource_type: kind.into(),
                resource_id: format!("{kind}.one").as_str().into(),
                previous_address: None,
                provider_id: None,
                declared_in: None,
            },
            changes: vec![change(path, declared, actual)?],
            attribution,
            span: (at.checked_sub(SignedDuration::from_mins(30)).ok()?, at),
            contexts,
            past,
            burst,
        })
    }

    /// What an operator says it was: wrong in a share of the cases.
    pub fn label(&mut self, seen: &Seen, mistakes: f64) -> CauseLabel {
        let is_mistaken = self.rng.f64() < mistakes;
        let others: Vec<Cause> = Cause::ALL.into_iter().filter(|cause| *cause != seen.truth).collect();
        let cause = if is_mistaken { others[self.rng.usize(..others.len())] } else { seen.truth };
        CauseLabel { cause, features: cause_features(&seen.facts(), &seen.around(None)), at: seen.span.1 }
    }

    fn moment(&mut self, truth: usize) -> Timestamp {
        let day = (self.rng.f64() * DAYS) as i64;
        let hour = if self.rng.f64() < OFF_HOURS[truth] { self.rng.f64() * 8.0 } else { 8.0 + self.rng.f64() * 10.0 };
        Timestamp::from_second(BEGIN + day * 86_400 + (hour * 3_600.0) as i64).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Seen {
    /// What is told of it.
    pub fn told(&self, learned: Option<&LearnedCause>) -> CauseAnalysis {
        analyse_within(&self.facts(), &self.around(learned)).cause
    }

    fn facts(&self) -> Facts<'_> {
        let (environment, resource, changes) = (&self.environment, &self.resource, &self.changes[..]);
        Facts { environment, resource, drift_type: DriftType::Modified, changes, now: self.span.1 }
    }

    fn around<'a>(&'a self, learned: Option<&'a LearnedCause>) -> Surroundings<'a> {
        Surroundings {
            attribution: self.attribution.as_ref(),
            span: Some(self.span),
            contexts: &self.contexts,
            past: self.past,
            burst: self.burst,
            learned,
            ..Surroundings::default()
        }
    }
}

/// Around 1, by a logarithm that is about normal.
fn habit(rng: &mut fastrand::Rng) -> f64 {
    let about_normal = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
    (HABIT * about_normal).exp()
}

fn draw(rng: &mut fastrand::Rng, weights: &[f64]) -> usize {
    let mut left = rng.f64() * weights.iter().sum::<f64>();
    let found = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    found.unwrap_or(weights.len() - 1)
}

fn environment(slug: &str) -> Option<Environment> {
    let value = json!({
        "organization": "local", "slug": slug, "name": slug, "cloud_provider": "aws", "is_active": true,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    });
    serde_json::from_value(value).ok()
}

fn change(path: &str, declared: &str, actual: &str) -> Option<Change> {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok().map(Masked::trusted);
    let (declared, actual) = (Some(value(declared)?), Some(value(actual)?));
    let change_type = ChangeType::Modified;
    Some(Change { path: path.into(), change_type, declared, actual, is_security_critical: false, remembered_at: None })
}

fn attribution_of(class: ActorClass, at: Timestamp, path: &str, is_sure: bool) -> Attribution {
    Attribution {
        actor: "somebody".into(),
        identity: "".into(),
        class: Some(class),
        class_reason: "as invented".into(),
        at,
        event: "ModifyIt".into(),
        source: "ec2.amazonaws.com".into(),
        event_id: "e".into(),
        address: "".into(),
        user_agent: "".into(),
        paths: if is_sure { vec![path.into()] } else { vec![] },
        reason: "as invented".into(),
        is_likely: false,
        taken_back: vec![],
        ended_otherwise: 0,
    }
}

/// An hour for each that came later, after forty minutes.
fn taken_back(at: Timestamp, back: u32) -> Option<TakenBack> {
    let back = at.checked_sub(SignedDuration::from_hours(1 + i64::from(back))).ok()?;
    let changed_at = back.checked_sub(SignedDuration::from_mins(40)).ok()?;
    Some(TakenBack { changed_at, at: back, event: "ModifyIt".into(), event_id: "e".into() })
}

fn context(kind: ContextType, at: Timestamp) -> OperationalContext {
    let from = at.checked_sub(SignedDuration::from_mins(20)).unwrap_or(at);
    OperationalContext {
        id: ContextId::of(at, &[kind.as_str()]),
        context_type: kind,
        context_data: ContextData::default(),
        incident_impact: None,
        time_window: TimeWindow { from, to: None },
        environments: vec![],
        source: ContextSource::Person,
    }
}
