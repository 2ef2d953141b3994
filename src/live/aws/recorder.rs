//! What AWS Config records in an account and region, before anybody trusts that a listing is empty.

use std::collections::BTreeSet;

use aws_sdk_config::types::{
    ConfigurationRecorder, ConfigurationRecorderStatus, RecorderStatus, RecordingStrategyType,
};

use super::target::TypeFault;
use crate::aws::{Fault, Service, Session};
use crate::drift::UnverifiedReason;

/// Recorded types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Recorded {
    Everything,
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
    /// All but [`GLOBAL`], which may be recorded here all the same.
    Regional,
    /// No recorder, or it stands still or fails: why, and what would turn it on.
    Nothing(&'static str, String),
}

/// Types that have no region; a recorder may leave them to that of another region.
const GLOBAL: [&str; 4] = ["AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"];

impl Recorded {
    pub fn has(&self, config_type: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(types) => types.contains(config_type),
            Self::AllBut(types) => !types.contains(config_type),
            Self::Regional => !GLOBAL.contains(&config_type),
            Self::Nothing(..) => false,
        }
    }

    /// Why a type is not read.
    pub fn refusal(&self, config_type: &str) -> TypeFault {
        let (message, help) = match self {
            Self::Nothing(why, help) => ((*why).to_owned(), help.clone()),
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

/// Asks for the recorder and whether it runs; with what is worth knowing of it.
pub(super) async fn recorded(session: &Session) -> Result<(Recorded, Option<String>), Fault> {
    let client = session.config();
    let recorders = client.describe_configuration_recorders();
    let recorders =
        session.call(Service::Config, "config:DescribeConfigurationRecorders", || recorders.clone().send()).await?;
    let status = client.describe_configuration_recorder_status();
    let status =
        session.call(Service::Config, "config:DescribeConfigurationRecorderStatus", || status.clone().send()).await?;
    let Some(recorder) = recorders.configuration_recorders().first() else {
        let help = "turn it on: `aws configservice put-configuration-recorder`, then `start-configuration-recorder`; or \
                    name recordings with --live";
        return Ok((Recorded::Nothing(SILENT, help.to_owned()), None));
    };
    let running = status.configuration_recorders_status().iter().find(|s| s.recording());
    let recorded = running.map_or_else(|| still(recorder), |status| failing(status).unwrap_or_else(|| of(recorder)));
    let is_new = running.is_some_and(|status| status.last_status() == Some(&RecorderStatus::Pending));
    let notice = is_new.then(|| {
        format!(
            "AWS Config in {} has not finished its first recording: what is missing may just not be recorded yet",
            session.target.region
        )
    });
    Ok((recorded, notice))
}

const SILENT: &str = "AWS Config does not record here";

fn still(recorder: &ConfigurationRecorder) -> Recorded {
    let name = recorder.name().unwrap_or("default");
    let help =
        format!("turn it on: `aws configservice start-configuration-recorder --configuration-recorder-name {name}`");
    Recorded::Nothing(SILENT, help)
}

/// What such a recorder has is of the time before it failed.
fn failing(status: &ConfigurationRecorderStatus) -> Option<Recorded> {
    if status.last_status() != Some(&RecorderStatus::Failure) {
        return None;
    }
    let said = [status.last_error_code(), status.last_error_message()].into_iter().flatten().collect::<Vec<_>>();
    let help = format!("the recorder says: {}; mend that, then scan again", said.join(": "));
    Some(Recorded::Nothing("AWS Config fails to record here", help))
}

fn of(recorder: &ConfigurationRecorder) -> Recorded {
    let Some(group) = recorder.recording_group() else { return Recorded::Everything };
    let names = |types: &[aws_sdk_config::types::ResourceType]| types.iter().map(|t| t.as_str().to_owned()).collect();
    let strategy = group.recording_strategy().and_then(|s| s.use_only());
    let excluded = group.exclusion_by_resource_types().map(|e| names(e.resource_types()));
    match (strategy, excluded) {
        (Some(RecordingStrategyType::ExclusionByResourceTypes), Some(types)) => Recorded::AllBut(types),
        _ if group.all_supported() && !group.include_global_resource_types() => Recorded::Regional,
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

    #[test]
    fn what_a_recorder_leaves_to_another_region_is_not_there_to_be_missed() {
        let of = |with| {
            let group = RecordingGroup::builder().all_supported(true).include_global_resource_types(with).build();
            of(&ConfigurationRecorder::builder().recording_group(group).build())
        };
        assert!(!of(false).has("AWS::IAM::Role") && of(false).has("AWS::EC2::VPC"));
        assert!(of(true).has("AWS::IAM::Role"));
    }

    #[test]
    fn a_recorder_that_fails_is_not_trusted_and_says_why() {
        let status = |last| ConfigurationRecorderStatus::builder().recording(true).last_status(last);
        let failed = status(RecorderStatus::Failure).last_error_code("AccessDenied").build();
        let refusal = failing(&failed).unwrap().refusal("AWS::EC2::VPC");
        assert!(refusal.message.contains("fails") && refusal.help.contains("AccessDenied"), "{}", refusal.help);
        assert!(failing(&status(RecorderStatus::Success).build()).is_none());
    }
}
