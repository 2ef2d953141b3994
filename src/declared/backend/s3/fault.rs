//! What went wrong with a bucket, in words, with the statement that mends it.

use super::super::body::TooLarge;
use super::bucket::Bucket;
use crate::aws::{self, FaultKind};
use crate::declared::input::source_error;
use crate::drift::SourceError;

/// Why a state could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Aws(#[from] aws::Fault),
    #[error(transparent)]
    Large(#[from] TooLarge),
    #[error("the answer broke off: {0}")]
    CutOff(String),
    #[error("more than {0} objects lie beneath it")]
    TooMany(usize),
    #[error("its MD5 is {found}, and the lock table {table} says that Terraform wrote {wanted}")]
    Digest { table: String, wanted: String, found: String },
    #[error("none of its {versions} versions has the serial {serial}{known}")]
    NoSerial { serial: u64, versions: usize, known: String },
    #[error("{fault}; it is {lock}")]
    Locked { fault: Box<Fault>, lock: String },
}

impl Fault {
    /// The state itself is wrong or not there, so that whoever writes it now may be why.
    pub(super) fn is_of_the_state(&self) -> bool {
        matches!(self, Self::Digest { .. }) || matches!(self, Self::Aws(fault) if fault.kind == FaultKind::NotFound)
    }

    pub(super) fn in_words(&self, name: &str, bucket: &Bucket, key: &str) -> SourceError {
        let message = match self {
            Self::Aws(fault) if is_missing(fault) => format!("there is no state there: {}", fault.code),
            _ => self.to_string(),
        };
        source_error(name, message, self.help(bucket, key))
    }

    pub(super) fn help(&self, bucket: &Bucket, key: &str) -> String {
        match self {
            Self::Aws(fault) => aws_help(fault, bucket, key),
            Self::Large(_) => "Split the state, or pull it to a file.".into(),
            Self::CutOff(_) => "Scan again.".into(),
            Self::TooMany(_) => "Name a longer prefix.".into(),
            Self::Digest { .. } => format!(
                "Nothing was concluded from it. If no apply is running, the state was changed past Terraform: restore the right version (`driftguard state versions s3://{}/{key}`), or correct the item.",
                bucket.name
            ),
            Self::NoSerial { .. } => {
                format!("`driftguard state versions s3://{}/{key}` lists what there is.", bucket.name)
            }
            Self::Locked { .. } => "Scan again when that is done.".into(),
        }
    }
}

fn is_missing(fault: &aws::Fault) -> bool {
    matches!(fault.code.as_str(), "NoSuchKey" | "NoSuchBucket" | "NoSuchVersion")
}

fn aws_help(fault: &aws::Fault, bucket: &Bucket, key: &str) -> String {
    let arn = format!("arn:{}:s3:::{}", partition(&bucket.session.target.region), bucket.name);
    match (fault.kind, fault.code.as_str()) {
        // The answer to a read of an object encrypted with a key we may not use.
        (FaultKind::Denied, _) if fault.message.contains("kms:Decrypt") => {
            let key = arn_in(&fault.message, ":kms:").unwrap_or("*");
            format!("{}; the policy of the key must allow it too", statement("kms:Decrypt", key))
        }
        (FaultKind::Denied, _) if fault.action.starts_with("s3:List") => statement(fault.action, &arn),
        (FaultKind::Denied, _) => format!(
            "{}; S3 says the same of an object that is not there to those who may not list the bucket",
            statement(fault.action, &format!("{arn}/{key}"))
        ),
        (_, "NoSuchBucket") => "Check the bucket's name, and the endpoint.".into(),
        (FaultKind::NotFound, _) => "Check the address, or apply once; nothing is concluded from a state that is not there. A prefix ends with a slash.".into(),
        (_, "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
            "The bucket is in another region: name it, `?region=REGION`.".into()
        }
        _ => fault.help(),
    }
}

fn statement(action: &str, resource: &str) -> String {
    format!("allow it: {{\"Effect\":\"Allow\",\"Action\":\"{action}\",\"Resource\":\"{resource}\"}}")
}

fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The ARN of a service that the message names.
fn arn_in<'a>(message: &'a str, service: &str) -> Option<&'a str> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')' | '"' | '\'');
    message
        .split(is_end)
        .map(|word| word.trim_end_matches('.'))
        .find(|word| word.starts_with("arn:") && word.contains(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_a_refusal_names_is_found_in_it() {
        let message = "User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/ab-cd because no identity-based policy allows the kms:Decrypt action";
        assert_eq!(arn_in(message, ":kms:"), Some("arn:aws:kms:eu-west-1:1:key/ab-cd"));
        assert_eq!(arn_in("kms:Decrypt is needed on the resource associated with this ciphertext", ":kms:"), None);
    }
}
