//! What goes on around the drifts of the sample world.

use jiff::Timestamp;

use super::{ago, id};
use crate::drift::{
    ContextData, ContextId, ContextSource, ContextType, Deployment, OperationalContext, Slug, StateVersion, TimeWindow,
};
use crate::service::ServiceError;

/// As a scan sees it in the state.
pub fn deployment() -> OperationalContext {
    let version = |serial, resources| StateVersion {
        serial,
        lineage: Some("9c1d7e52-3a4b-4c5d-8e6f-708192a3b4c5".into()),
        terraform_version: Some("1.11.4".into()),
        resources,
    };
    let state = "/srv/state/prod-eu.tfstate".into();
    OperationalContext {
        id: ContextId(id(ago(50), 1)),
        context_type: ContextType::Deployment,
        context_data: ContextData {
            title: "state serial 41 to 42, terraform 1.11.4, 118 to 120 resources".into(),
            deployment: Some(Box::new(Deployment { state, before: version(41, 118), after: version(42, 120) })),
            ..ContextData::default()
        },
        incident_impact: None,
        time_window: TimeWindow { from: ago(52), to: Some(ago(47)) },
        environments: vec![Slug::from_text("prod-eu")],
        source: ContextSource::Scan,
    }
}

pub fn within(
    all: &[OperationalContext],
    from: Timestamp,
    until: Timestamp,
    environments: &[Slug],
) -> Vec<OperationalContext> {
    let wanted = |one: &&OperationalContext| one.time_window.touches(from, until) && one.is_about_any(environments);
    all.iter().filter(wanted).cloned().collect()
}

pub fn end(all: &mut [OperationalContext], id: ContextId, at: Timestamp) -> Result<OperationalContext, ServiceError> {
    let found = all.iter_mut().find(|one| one.id == id);
    let one = found.ok_or_else(|| ServiceError::NotFound("there is no such mark".into()))?;
    if one.time_window.to.is_some_and(|to| to <= at) {
        return Err(ServiceError::Invalid("it has ended already".into()));
    }
    one.time_window.to = Some(at);
    Ok(one.clone())
}
