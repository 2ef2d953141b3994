//! Terraform's lock information, as it lies in a `.tflock` object, a DynamoDB item or an answer of the http backend.

use serde::Deserialize;

use crate::safety::Tainted;

/// `statemgr.LockInfo` of Terraform; all of it written by whoever holds the lock.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct LockInfo {
    #[serde(rename = "ID")]
    pub id: String,
    pub operation: String,
    pub who: String,
    pub version: String,
    pub created: String,
}

impl LockInfo {
    /// `None`: no lock information.
    pub fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(text).ok().filter(|lock| !lock.who.is_empty() || !lock.id.is_empty())
    }

    /// "being applied by root@vm since 2026-11-21 07:36:42 UTC (Terraform 1.11.4, lock 5783b4f2-…)"
    pub fn words(&self) -> String {
        let doing = match self.operation.as_str() {
            "OperationTypeApply" => "being applied",
            "OperationTypePlan" => "locked for a plan",
            "OperationTypeRefresh" => "being refreshed",
            "migration source state" | "migration destination state" => "being moved",
            _ => "locked",
        };
        let who = if self.who.is_empty() { "somebody" } else { &self.who };
        let since = self.created.parse::<jiff::Timestamp>().map(|at| at.strftime("%F %T UTC").to_string());
        let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
        let operation = match doing {
            "locked" if !self.operation.is_empty() => format!("{}, ", self.operation),
            _ => String::new(),
        };
        let version = match self.version.as_str() {
            "" => String::new(),
            version if version.starts_with(|c: char| c.is_ascii_digit()) => format!("Terraform {version}, "),
            other => format!("{other}, "),
        };
        format!("{doing} by {who}{since} ({operation}{version}lock {})", self.id)
    }

    pub fn notice(&self) -> Tainted {
        Tainted::from(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_told_with_its_owner_what_it_does_and_since_when() {
        let text = br#"{"ID":"5783","Operation":"OperationTypeApply","Info":"","Who":"root@vm","Version":"1.11.4","Created":"2026-11-21T07:36:42.690172033Z","Path":"b/k"}"#;
        let lock = LockInfo::read(text).unwrap();
        assert_eq!(
            lock.words(),
            "being applied by root@vm since 2026-11-21 07:36:42 UTC (Terraform 1.11.4, lock 5783)"
        );
        let text = br#"{"ID":"1","Operation":"init","Who":"alice@laptop","Version":"mytool 2"}"#;
        assert_eq!(LockInfo::read(text).unwrap().words(), "locked by alice@laptop (init, mytool 2, lock 1)");
        for text in ["", "{}", "[]", "locked", "{\"ID\": 7}"] {
            assert_eq!(LockInfo::read(text.as_bytes()), None, "{text}");
        }
    }
}
