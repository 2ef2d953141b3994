//! What server and clients say to each other: where, in which words, within which limits. No I/O.
//!
//! Bodies are the JSON of the [vocabulary](crate::drift) as it is stored; times are RFC 3339 in UTC. Lists are
//! `{"data": […], "pagination": {…}}`, and whatever goes wrong is a [`Problem`].

mod accounts;
mod advice;
mod asked;
mod capability;
mod drifts;
mod feed;
mod greeting;
mod notifications;
mod paging;
mod presence;
mod problem;
mod remediation;
mod role;
mod schema;
mod writes;

pub use accounts::{Done, KeyBody, KeyMade, NewOrganization, NewUser, OrganizationNode, PasswordBody, RefreshBody};
pub use advice::{
    Advice, AdviceBody, AdviceStatus, AnalyzeBody, AnalyzeContext, Analyzed, Answered, Correlation, Day,
    EnvironmentFigures, EvaluateModelBody, Job, JobStatus, LinkBody, Model, ModelBody, ModelVersion, Related,
    Repository, RollbackModelBody, ScanFigures, Summary, TrainModelBody,
};
pub use asked::{Part, Which};
pub use capability::Capability;
pub use drifts::{Parameter, from_parameters, to_parameters};
pub use feed::FeedEvent;
pub use greeting::Greeting;
pub use notifications::{HookBody, HookDone, HookMark, ReadBody};
pub use paging::{Listed, Pagination};
pub use presence::{OutcomeBody, PresenceBody};
pub use problem::{Code, Detail, Problem};
pub use remediation::{RemediateBody, Remediated, RemediationBody};
pub use role::Role;
pub use schema::Length;
pub use writes::{
    Answer, BulkBody, ContextBody, EndContextBody, NeverHideBody, ResolveBody, Resolved, RuleBody, ScanBody,
    TriageBody, TriageOne,
};

/// What every path begins with.
pub const BASE: &str = "/api/v1";

/// The version of this contract, in every answer under [`VERSION_HEADER`]: what is added leaves the first number as it is.
pub const VERSION: &str = "1.0";

/// Which version an answer speaks.
pub const VERSION_HEADER: &str = "x-driftguard-api";

/// Names a request in answers, problems and the server's log.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// A write that is sent again with the same key is done once and answered alike.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// Items of a page that does not say.
pub const LIMIT: usize = 100;

/// Items of a page at most.
pub const PAGE: usize = 500;

/// Decisions of one request at most.
pub const BULK: usize = 1_000;

/// Bytes of a body at most.
pub const BODY: usize = 1 << 20;

/// How deep lists and objects of a body may lie in each other.
pub const DEPTH: usize = 64;

/// Bytes of one text in a body at most.
pub const TEXT: usize = 16 << 10;

/// Characters of a key of idempotency at most; they are visible ASCII.
pub const KEY: usize = 200;
