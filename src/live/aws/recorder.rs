//! What AWS Config records in an account and region, before anybody trusts that a listing is empty.

use std::collections::BTreeSet;

use aws_sdk_config::types::{ConfigurationRecorder, RecordingStrategyType};

use super::target::TypeFault;
use crate::aws::{Fault, Service, Session};
use crate::drift::UnverifiedReason;

/// Recorded types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Recorded {
    Everything,
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
    /// No recorder, or it stands still; with what would turn it on.
    Nothing(String),
}

impl Recorded {
    pub fn has(&self, config_type: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(types) => types.contains(config_type),
            Self::AllBut(types) => !types.contains(config_type),
            Self::Nothing(_) => false,
        }
    }

    /// Why a type is not read.
    pub fn refusal(&self, config_type: &str) -> TypeFault {
        let (message, help) = match self {
            Self::Nothing(help) => ("AWS Config does not record here".to_owned(), help.clone()),
            _ => (
                "AWS Config is set up not to record these types".to_owned(),
                format!(
                    "add {config_type} to the recorder's resource types: `aws configservice put-configuration-recorder`"
                ),
            ),
        };
        TypeFault { config_type: config_type.to_owned(), reason: UnverifiedReason::NotObservable, message, help }
    }
}

/// Asks for the recorder and whether it runs.
pub(super) async fn recorded(session: &Session) -> Result<Recorded, Fault> {
    let client = session.config();
    let recorders = client.describe_configuration_recorders();
    let recorders =
        session.call(Service::Config, "config:DescribeConfigurationRecorders", || recorders.clone().send()).await?;
    let status = client.describe_configuration_recorder_status();
    let status =
        session.call(Service::Config, "config:DescribeConfigurationRecorderStatus", || status.clone().send()).await?;
    let Some(recorder) = recorders.configuration_recorders().first() else {
        return Ok(Recorded::Nothing(
            "turn it on: `aws configservice put-configuration-recorder`, then `start-configuration-recorder`; or name \
             recordings with --live"
                .to_owned(),
        ));
    };
    if !status.configuration_recorders_status().iter().any(|s| s.recording()) {
        let name = recorder.name().unwrap_or("default");
        return Ok(Recorded::Nothing(format!(
            "turn it on: `aws configservice start-configuration-recorder --configuration-recorder-name {name}`"
        )));
    }
    Ok(of(recorder))
}

fn of(recorder: &ConfigurationRecorder) -> Recorded {
    let Some(group) = recorder.recording_group() else { return Recorded::Everything };
    let names = |types: &[aws_sdk_config::types::ResourceType]| types.iter().map(|t| t.as_str().to_owned()).collect();
    let strategy = group.recording_strategy().and_then(|s| s.use_only());
    let excluded = group.exclusion_by_resource_types().map(|e| names(e.resource_types()));
    match (strategy, excluded) {
        (Some(RecordingStrategyType::ExclusionByResourceTypes), Some(types)) => Recorded::AllBut(types),
        _ if group.all_supported() => Recorded::Everything,
        _ if group.resource_types().is_empty() => Recorded::Everything,
        _ => Recorded::Only(names(group.resource_types())),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_config::types::{RecordingGroup, ResourceType};

    use super::*;

    #[test]
    fn a_type_the_recorder_leaves_out_is_not_there_to_be_missed() {
        let group = RecordingGroup::builder().all_supported(false).resource_types(ResourceType::Bucket).build();
        let recorded = of(&ConfigurationRecorder::builder().recording_group(group).build());
        assert!(recorded.has("AWS::S3::Bucket") && !recorded.has("AWS::EC2::VPC"));
        assert_eq!(recorded.refusal("AWS::EC2::VPC").reason, UnverifiedReason::NotObservable);
        assert!(recorded.refusal("AWS::EC2::VPC").help.contains("AWS::EC2::VPC"));
    }
}
