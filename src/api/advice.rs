//! Analysis as a job, advice and what becomes of it, and what a dashboard shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drift::{
    Cause, CauseRecord, CorrelationEvent, Density, DriftEvent, DriftId, Link, MlModel, OperationalContext,
    Probabilities, Pulse, Recommendation, ResourceRef, ScanStage, Score, Severity, Slug, SourceState, Stats,
};
use crate::safety::Tainted;
use crate::store::{OpenCounts, Receipt};

/// `POST drifts/{id}/analyze`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct AnalyzeBody {
    /// What is known of it: it speaks for a cause as a note on the resource would.
    #[serde(default)]
    pub context: Option<AnalyzeContext>,
}

/// What somebody knows of a drift: a text, or fields with a name each.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(untagged)]
pub enum AnalyzeContext {
    Text(Tainted),
    Fields(serde_json::Map<String, serde_json::Value>),
}

impl AnalyzeContext {
    /// As one text: `incident: INC-7; by: alice`.
    pub fn text(self) -> Tainted {
        let fields = match self {
            Self::Text(text) => return text,
            Self::Fields(fields) => fields,
        };
        let said = fields.iter().map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}: {text}"),
            None => format!("{name}: {value}"),
        });
        said.collect::<Vec<_>>().join("; ").into()
    }
}

/// How far a job is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Queued,
    Running,
    Done,
    Failed,
}

/// An analysis that is made, or was.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Job {
    #[schema(pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    pub job_id: String,
    pub drift: DriftId,
    pub status: JobStatus,
    pub estimated_completion: Timestamp,
    /// When it is done; where it failed, what was known of the drift before.
    pub result: Option<Analyzed>,
    /// Why it failed.
    pub error: Option<String>,
}

/// What an analysis found.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Analyzed {
    pub cause_category: Cause,
    pub confidence_score: Score,
    /// How likely each cause is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, f64>>)]
    pub probabilities: Option<Probabilities>,
    pub severity: OverallSeverity,
    pub recommendation_count: usize,
    pub analyzed_at: Timestamp,
    /// What speaks for the cause, when it happened, who did it, what a model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_analysis: Option<Box<CauseRecord>>,
}

/// The four axes, and the maximum of them.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
pub struct OverallSeverity {
    pub security: Score,
    pub performance: Score,
    pub cost: Score,
    pub compliance: Score,
    pub overall: Score,
}

impl From<Severity> for OverallSeverity {
    fn from(axes: Severity) -> Self {
        let Severity { security, performance, cost, compliance } = axes;
        Self { security, performance, cost, compliance, overall: axes.overall() }
    }
}

impl From<&DriftEvent> for Analyzed {
    fn from(event: &DriftEvent) -> Self {
        Self {
            cause_category: event.analysis.cause.cause_category,
            confidence_score: event.analysis.cause.confidence_score,
            probabilities: event.analysis.cause.probabilities,
            severity: event.analysis.severity.into(),
            recommendation_count: event.recommendations.len(),
            analyzed_at: event.analysis.analyzed_at,
            cause_analysis: Some(Box::new(CauseRecord::of(event))),
        }
    }
}

/// What became of a piece of advice.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(rename_all = "lowercase")]
pub enum AdviceStatus {
    Open,
    Implemented,
    Dismissed,
    /// Its time is over.
    Stale,
    /// A policy forbids it.
    Vetoed,
}

/// A piece of advice, with the drift it is about.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Advice {
    /// The drift, and the advice for as long as it says the same.
    #[schema(pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}-[0-9a-f]{16}$")]
    pub id: String,
    pub drift: DriftId,
    /// Of the drift: what a decision names as what was seen.
    pub version: u64,
    pub environment: Slug,
    pub resource: ResourceRef,
    pub status: AdviceStatus,
    pub recommendation: Recommendation,
}

impl Advice {
    /// All there is for a drift.
    pub fn of(event: &DriftEvent, now: Timestamp) -> impl Iterator<Item = Self> {
        event.recommendations.iter().map(move |one| Self {
            id: format!("{}-{}", event.id, one.key()),
            drift: event.id,
            version: event.version,
            environment: event.environment.clone(),
            resource: event.resource.clone(),
            status: match one {
                _ if one.implemented_at.is_some() => AdviceStatus::Implemented,
                _ if one.implementation_result.is_some() => AdviceStatus::Dismissed,
                _ if one.vetoed.is_some() => AdviceStatus::Vetoed,
                _ if one.is_stale(now) => AdviceStatus::Stale,
                _ => AdviceStatus::Open,
            },
            recommendation: one.clone(),
        })
    }
}

/// `POST recommendations/{id}/implement`, `POST recommendations/{id}/dismiss`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
pub struct AdviceBody {
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The version of the drift that was seen; another one is a conflict.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// The answer to it.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Answered {
    pub advice: Advice,
    /// Of the decision on the drift.
    pub receipt: Receipt,
}

/// `GET correlations`: what a drift may have to do with.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Correlation {
    pub drift: DriftId,
    pub with: Related,
}

/// `POST correlations`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    pub drift: DriftId,
    /// The other one.
    pub with: DriftId,
    /// Why they belong together.
    #[serde(default)]
    pub note: Option<Tainted>,
    /// The version of `drift` that was seen; another one is a conflict.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// With what.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Related {
    /// Another drift of the same resource.
    SameResource(DriftId),
    /// A resource that it needs.
    DependsOn(Tainted),
    /// A resource that needs it.
    Dependant(Tainted),
    /// What somebody has said it has to do with.
    Linked(Link),
    /// Another drift of its incident.
    Together(DriftId),
    /// What went on there when it was first seen.
    Context(Box<OperationalContext>),
    /// What another system tells: a commit of its code. The highest score comes first.
    Event(CorrelationEvent),
}

impl Related {
    /// Its place among all that a drift has to do with.
    pub fn key(&self) -> String {
        match self {
            Self::SameResource(id) => format!("1 {id}"),
            Self::DependsOn(address) => format!("2 {}", address.raw()),
            Self::Dependant(address) => format!("3 {}", address.raw()),
            Self::Linked(link) => format!("0 {}", link.to),
            Self::Context(context) => format!("4 {}", context.id),
            Self::Together(id) => format!("5 {id}"),
            Self::Event(one) => {
                let far = 100 - u32::from(one.correlation_score.hundredths());
                format!("6 {far:0>3} {}", one.external_id.raw())
            }
        }
    }
}

/// `GET analytics/summary`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Summary {
    pub generated_at: Timestamp,
    /// Of all environments.
    pub open: OpenCounts,
    pub environments: Vec<EnvironmentFigures>,
    /// How the drifts first seen in these days went.
    pub stats: Stats,
    /// Oldest first; the last one ends now.
    pub days: Vec<Day>,
}

/// An environment in numbers.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct EnvironmentFigures {
    pub environment: Slug,
    pub name: Tainted,
    pub is_production: bool,
    pub open: OpenCounts,
    pub last_scan: Option<ScanFigures>,
    /// How much happens there, beside what is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<Pulse>,
}

/// A scan in numbers.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct ScanFigures {
    pub finished_at: Timestamp,
    pub stage: ScanStage,
    pub resources: u64,
    pub drifted: u64,
    pub new: u64,
    pub closed: u64,
}

/// Twenty-four hours.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Day {
    pub from: Timestamp,
    /// First sightings by class, worst first; and whatever else happened.
    pub happened: Density,
}

/// `GET models`: what drifts are judged by.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Model {
    pub name: String,
    /// `rules`: written by hand, deterministic. `shipped`: learned from what policy tools say. `learned`: from what operators said.
    pub kind: String,
    /// Of rules that of the program that they came with; of a learned model its own.
    pub version: String,
    /// BLAKE3 of its text.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// It judges now.
    #[serde(default)]
    pub is_active: bool,
    /// All that is known of a learned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Box<MlModel>>,
}

impl From<MlModel> for Model {
    fn from(model: MlModel) -> Self {
        Self {
            name: model.name.clone(),
            kind: "learned".to_owned(),
            version: model.version.to_string(),
            hash: model.artifact_hash.clone(),
            is_active: model.is_active,
            learned: Some(Box::new(model)),
        }
    }
}

/// `POST models/train`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct TrainModelBody {
    /// Take it into use at once.
    #[serde(default)]
    pub activate: bool,
}

/// `POST models/evaluate`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct EvaluateModelBody {
    /// Without it the active one.
    #[serde(default)]
    pub version: Option<ModelVersion>,
}

/// Which version of a learned model: the number, or the text by which `GET models` lists it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(untagged)]
pub enum ModelVersion {
    Number(u32),
    Text(Tainted),
}

impl ModelVersion {
    /// # Errors
    /// What it should be, in a sentence.
    pub fn number(&self) -> Result<u32, String> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(text) => text.raw().parse().map_err(|_| {
                format!(
                    "'{}' is no version of a learned model: those are numbers, as `GET models` lists them",
                    text.cell(30)
                )
            }),
        }
    }
}

/// `POST models/activate`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
pub struct ModelBody {
    pub version: ModelVersion,
}

/// `POST models/rollback`: nothing is to be said.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct RollbackModelBody {}

/// `GET iac/repositories`: where an environment is declared, as its last scan read it.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, Debug)]
pub struct Repository {
    pub environment: Slug,
    pub source: SourceState,
}
