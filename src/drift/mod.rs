//! The vocabulary every other module speaks: plain types and the rules that need no I/O.
//!
//! Names of fields and enum values are the product's contract: they are the store's schema, the JSON of `driftguard scan`
//! and, later, the REST API. Text that comes from outside (cloud, state, people) is [`Tainted`](crate::safety::Tainted);
//! property values are [`Masked`](crate::safety::Masked), so nothing here can print or leak by accident.

mod analysis;
mod attribution;
pub mod bulk;
mod business;
mod cause_record;
mod change;
mod context;
mod correlation;
mod coverage;
mod daily;
mod driftignore;
mod environment;
mod event;
mod ids;
mod ignore;
mod incident;
mod link;
mod maintenance;
mod model;
mod never_hide;
mod notification;
mod on_call;
mod once;
mod origin;
pub(crate) mod path;
mod probabilities;
pub mod query;
mod recommendation;
pub mod remediation;
mod risk;
mod sane;
mod scan;
mod score;
mod settled;
mod settlement;
mod sighting;
mod stats;
mod tags;
mod taken_back;
mod together;
mod triage;
mod untold;

pub use analysis::{
    Analysis, Axis, Cause, CauseAnalysis, Direction, Disruption, Severity, SeverityClass, SeverityReason,
};
pub use attribution::{ActorClass, Attribution, Who};
pub use business::{Activity, AnalysisTimes, Business, Figure, Ratio, TIMED, Unit};
pub use cause_record::{CauseRecord, Certainty, NearContext, Overlap, TemporalContext, UserAttribution};
pub use change::{Change, ChangeType, Hidden, PropertyPath, Unverified, UnverifiedReason};
pub use context::{
    ContextData, ContextRequest, ContextSource, ContextType, Deployment, IncidentImpact, OperationalContext,
    StateVersion, TimeWindow,
};
pub use correlation::{CorrelationData, CorrelationEvent, CorrelationType, nearness};
pub use coverage::Coverage;
pub use daily::{Advised, CauseCount, DailyMetrics, DayCounts, day_of, first_of_days, rate};
pub use driftignore::DriftIgnore;
pub use environment::{CloudProvider, Environment, names_production};
pub use event::{Closure, DriftDetail, DriftEvent, DriftType, Finding, ResourceRef, State};
pub(crate) use ids::ulid_id;
pub use ids::{ContextId, DriftId, Fingerprint, RemediationId, RuleId, ScanId, Slug, SlugError};
pub use ignore::{IgnoreRule, Reached, RuleChange, RuleReach, RuleRequest, RuleStatus, RuleVerb};
pub use incident::{DETECTED, Density, DensityCounter, Happening, Incident, IncidentRequest, Joint, action_words};
pub use link::{Link, Linked};
pub use maintenance::{Maintenance, When};
pub use model::{
    CauseLabel, CoveragePoint, FeatureVector, Lessons, MlModel, MlPrediction, ModelMetrics, ModelStep, ModelType,
};
pub use never_hide::{NeverHideChange, NeverHideReach, NeverHideRequest, NeverHideRule, NeverHideVerb};
pub use notification::{
    Delivery, DeliveryId, DeliveryState, Notification, NotificationId, NotificationKind, NotificationRequest,
    NotifiedDrift, Reading,
};
pub use on_call::{Hours, OnCall};
pub use once::Once;
pub use origin::{Origin, PrincipalKind};
pub use path::{MAX_PATH_BYTES, PathBuilder};
pub use probabilities::Probabilities;
pub use recommendation::{
    Effort, Left, NewAdvice, Prediction, Priority, Recommendation, RecommendationType, RecommendedBy, RiskAssessment,
    Tick, Veto,
};
pub use remediation::{
    MayNot, Overtaken, Party, Remediation, RemediationChange, RemediationDecision, RemediationKind, RemediationRequest,
    RemediationState, RemediationVerb, Verdict,
};
pub use risk::{Risk, RiskFactor};
pub use sane::Unfit;
pub use scan::{Completeness, Counts, ScanStage, ScanSummary, SourceError, SourceState};
pub use score::{Score, ScoreError};
pub use settled::SettledChange;
pub use settlement::Settlement;
pub use sighting::{Known, Sighting};
pub use stats::Stats;
pub use tags::{tags, tags_of_both};
pub use taken_back::TakenBack;
pub use together::{AlsoIn, Forecast, IncidentName, NoIncident, Pulse, Together, Trend};
pub use triage::{AuditEntry, Decision, ResolutionType, TriageRequest, TriageVerb};
pub use untold::{Aside, Untold, UntoldPage, UntoldRequest};
