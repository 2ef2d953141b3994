//! ARNs, and where things live.

/// Account and region.
pub(super) type Home<'a> = (&'a str, &'a str);

/// `arn:partition:service:region:account:resource` (AWS documentation, "Amazon Resource Names").
pub(super) struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let mut part = || parts.next();
        let partition = part().filter(|p| matches!(*p, "aws" | "aws-cn" | "aws-us-gov"))?;
        Some(Self { partition, service: part()?, region: part()?, account: part()?, resource: part()? })
    }

    /// Whether it lies in an account and region; a part that the ARN leaves out is anywhere in its partition. What is not known
    /// of the place is not assumed.
    pub fn is_at(&self, account: Option<&str>, region: Option<&str>) -> bool {
        let fits = |part: &str, own: Option<&str>| part.is_empty() || Some(part) == own;
        fits(self.account, account)
            && fits(self.region, region)
            && region.is_none_or(|region| partition_of(region) == self.partition)
    }
}

/// The partition a region belongs to.
pub(super) fn partition_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
