//! Times as parameters. A time that is made by arithmetic in the statement keeps PostgreSQL from leaving out partitions when it plans.

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};

/// 2000-01-01 in microseconds: where PostgreSQL's times begin.
pub(super) const EPOCH: i64 = 946_684_800_000_000;

/// In microseconds.
pub(super) const DAY: i64 = 86_400_000_000;

/// A `timestamptz`: microseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct At(pub(super) i64);

impl At {
    pub(super) fn of(at: Timestamp) -> Self {
        // What PostgreSQL cannot say (before 4713 BC, after 294276) no drift of ours has.
        Self(at.as_microsecond().max(0))
    }
}

impl Type<Postgres> for At {
    fn type_info() -> PgTypeInfo {
        // pg_type.dat: timestamptz
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl PgHasArrayType for At {
    fn array_type_info() -> PgTypeInfo {
        // pg_type.dat: _timestamptz
        PgTypeInfo::with_oid(Oid(1185))
    }
}

impl Encode<'_, Postgres> for At {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&(self.0 - EPOCH).to_be_bytes());
        Ok(IsNull::No)
    }
}
