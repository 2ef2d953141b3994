//! Resources that describe one live thing together, put aside until all of them were read.
//!
//! Their text goes into a [`Spool`]; in memory stay 16 bytes for each, and 16 (with the table's room to grow: up to 37) for each
//! family.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::spool::Spool;
use crate::declared::{DeclaredResource, InstanceStatus};
use crate::drift::PropertyPath;
use crate::safety::Tainted;

/// Bytes of text that wait in memory.
const IN_MEMORY: usize = 8 << 20;
/// Bytes of text of the largest family that is compared; parsed it takes several times the room.
pub(super) const MAX_FAMILY: usize = 16 << 20;

/// The text of one resource: its parts as a JSON list.
pub(super) struct Packed(Box<[u8]>);

type Parts<Text, Values, Paths, Texts> = (Text, Tainted, Tainted, Values, Paths, Texts, bool, Tainted);

impl Packed {
    pub fn new(resource: &DeclaredResource) -> serde_json::Result<Self> {
        let r = resource;
        let tainted = r.status == InstanceStatus::Tainted;
        let parts: Parts<&str, &Value, &[PropertyPath], &[Tainted]> = (
            &r.resource_type,
            r.address.clone(),
            r.provider.clone(),
            &r.values,
            &r.sensitive,
            &r.dependencies,
            tainted,
            r.source.as_ref().clone(),
        );
        serde_json::to_vec(&parts).map(|bytes| Self(bytes.into()))
    }

    pub fn unpack(&self) -> serde_json::Result<DeclaredResource> {
        unpack(&self.0)
    }
}

fn unpack(bytes: &[u8]) -> serde_json::Result<DeclaredResource> {
    let (resource_type, address, provider, values, sensitive, dependencies, tainted, source): Parts<
        String,
        Value,
        Vec<PropertyPath>,
        Vec<Tainted>,
    > = serde_json::from_slice(bytes)?;
    let status = if tainted { InstanceStatus::Tainted } else { InstanceStatus::Normal };
    let (resource_type, source) = (resource_type.into(), Arc::new(source));
    Ok(DeclaredResource { address, resource_type, provider, values, sensitive, dependencies, status, source })
}

/// See the module.
pub(super) struct Relatives {
    spool: Spool,
    /// By hashed family key: its number, in the order of first members.
    numbers: HashMap<u64, u32>,
    members: Vec<Member>,
    /// Everything that was to be put aside was.
    pub is_complete: bool,
}

struct Member {
    family: u32,
    length: u32,
    at: u64,
}

/// Some members by position; those of one family stand together.
#[derive(Debug, PartialEq)]
pub(super) struct Family {
    pub members: Range<usize>,
    /// Of text.
    pub bytes: usize,
}

impl Default for Relatives {
    fn default() -> Self {
        Self::with_memory(IN_MEMORY)
    }
}

impl Relatives {
    fn with_memory(bytes: usize) -> Self {
        Self { spool: Spool::new(bytes), numbers: HashMap::new(), members: vec![], is_complete: true }
    }

    /// Puts one member aside. Errors are those of the temporary file.
    pub fn add(&mut self, key: u64, packed: &Packed) -> io::Result<()> {
        let length = u32::try_from(packed.0.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let at = self.spool.append(&packed.0)?;
        let next = self.numbers.len() as u32;
        let family = *self.numbers.entry(key).or_insert(next);
        self.members.push(Member { family, length, at });
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Nothing more is added: in the order of families, and within a family in the order of adding.
    pub fn sorted(mut self) -> Self {
        self.members.sort_unstable_by_key(|m| (m.family, m.at));
        self.numbers = HashMap::new();
        self
    }

    /// The families, in the order of their first members.
    pub fn families(&self) -> impl Iterator<Item = Family> {
        let mut from = 0;
        self.members.chunk_by(|a, b| a.family == b.family).map(move |family| {
            let members = from..from + family.len();
            from = members.end;
            Family { members, bytes: family.iter().map(|m| m.length as usize).sum() }
        })
    }

    /// Reads members back.
    pub fn load(&self, members: Range<usize>) -> io::Result<Vec<DeclaredResource>> {
        let load = |m: &Member| Ok(unpack(&self.spool.read(m.at, m.length as usize)?)?);
        self.members[members].iter().map(load).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resource(n: u64) -> DeclaredResource {
        DeclaredResource {
            address: format!("a.b[{n}]").as_str().into(),
            resource_type: "aws_s3_bucket".into(),
            provider: "registry.terraform.io/hashicorp/aws".into(),
            values: json!({"n": n, "big": serde_json::from_str::<Value>("12345678901234567890.00").unwrap(), "null": null}),
            sensitive: vec!["n".into()],
            dependencies: vec!["aws_vpc.main".into()],
            status: if n == 4 { InstanceStatus::Tainted } else { InstanceStatus::Normal },
            source: Arc::new("state".into()),
        }
    }

    #[test]
    fn members_come_back_as_they_were_by_families_in_the_order_of_first_members() {
        for memory in [IN_MEMORY, 500] {
            let mut relatives = Relatives::with_memory(memory);
            // Keys fall, so the order is not that of the keys.
            (0..60).for_each(|n| relatives.add(100 - n % 7, &Packed::new(&resource(n)).unwrap()).unwrap());
            assert_eq!(relatives.spool.on_disk() > 0, memory == 500);
            let relatives = relatives.sorted();
            let families: Vec<Family> = relatives.families().collect();
            assert_eq!(families.len(), 7);
            for (first, family) in (0..).zip(families) {
                let expected: Vec<_> = (0..60).filter(|n| n % 7 == first).map(resource).collect();
                assert_eq!(relatives.load(family.members).unwrap(), expected);
            }
        }
    }

    #[test]
    fn a_member_costs_16_bytes_beside_its_text() {
        assert_eq!((size_of::<Member>(), size_of::<(u64, u32)>()), (16, 16));
    }
}
