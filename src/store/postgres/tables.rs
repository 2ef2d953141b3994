//! Which table a tree is, and the statements on it. Every one of them is about one organisation.

use std::fmt::Write;
use std::ops::Bound;

use crate::store::trees::engine::{Bounds, Tree};

/// How a column is handed over in an array, and what it is made of there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Big,
    /// Microseconds since the epoch: exact, other than seconds in a float.
    Time,
    /// 16 bytes.
    Id,
    Bytes,
    Truth,
}

impl Kind {
    fn array(self) -> &'static str {
        match self {
            Self::Text => "text[]",
            Self::Big | Self::Time => "bigint[]",
            Self::Id | Self::Bytes => "bytea[]",
            Self::Truth => "boolean[]",
        }
    }

    fn value(self, cell: &str) -> String {
        match self {
            Self::Time => format!("timestamptz 'epoch' + {cell} * interval '1 microsecond'"),
            Self::Id => format!("encode({cell}, 'hex')::uuid"),
            Self::Text | Self::Big | Self::Bytes | Self::Truth => cell.to_owned(),
        }
    }
}

/// A table, and its columns besides organisation, key and value.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
}

const DRIFTS: &[(&str, Kind)] = &[
    ("detected_at", Kind::Time),
    ("id", Kind::Id),
    ("environment", Kind::Text),
    ("state", Kind::Text),
    ("severity", Kind::Text),
    ("drift_type", Kind::Text),
    ("resource_type", Kind::Text),
    ("resource_id", Kind::Text),
    ("fingerprint", Kind::Bytes),
    ("version", Kind::Big),
    ("last_seen", Kind::Time),
    ("resolved_at", Kind::Time),
    ("closure", Kind::Text),
    ("cause", Kind::Text),
    ("advice", Kind::Text),
];

const OBSERVATIONS: &[(&str, Kind)] = &[
    ("environment", Kind::Text),
    ("resource_type", Kind::Text),
    ("resource_id", Kind::Text),
    ("observed_at", Kind::Time),
    ("accepted", Kind::Truth),
];

const SCANS: &[(&str, Kind)] = &[
    ("environment", Kind::Text),
    ("id", Kind::Id),
    ("started_at", Kind::Time),
    ("finished_at", Kind::Time),
    ("stage", Kind::Text),
];

const ENVIRONMENTS: &[(&str, Kind)] = &[
    ("slug", Kind::Text),
    ("is_active", Kind::Truth),
    ("cloud_provider", Kind::Text),
    ("region", Kind::Text),
    ("account_id", Kind::Text),
];

/// See `migrations/`.
pub(super) fn table(tree: Tree) -> Table {
    let (name, columns) = match tree {
        Tree::Events => ("drift_events", DRIFTS),
        Tree::Environments => ("environments", ENVIRONMENTS),
        Tree::Observations => ("observations", OBSERVATIONS),
        Tree::Scans => ("scans", SCANS),
        Tree::Ids => ("drift_ids", &[][..]),
        Tree::Bodies => ("drift_bodies", &[][..]),
        Tree::ByFingerprint => ("drifts_by_fingerprint", &[][..]),
        Tree::ByClass => ("drifts_by_class", &[][..]),
        Tree::ByRule => ("drifts_by_rule", &[][..]),
        Tree::ByDrift => ("audit_by_drift", &[][..]),
        Tree::Timers => ("drift_timers", &[][..]),
        Tree::Rules => ("ignore_rules", &[][..]),
        Tree::NeverHide => ("never_hide_rules", &[][..]),
        Tree::Untold => ("untold", &[][..]),
        Tree::Contexts => ("operational_contexts", &[][..]),
        Tree::Notifications => ("notifications", &[][..]),
        Tree::Remediations => ("remediations", &[][..]),
        Tree::Models => ("ml_models", &[][..]),
        Tree::Audit => ("audit_entries", &[][..]),
        Tree::Once => ("once_keys", &[][..]),
        Tree::Lost => ("lost_drifts", &[][..]),
        Tree::Meta => ("store_meta", &[][..]),
    };
    Table { name, columns }
}

/// `$1` organisation, `$2` keys, `$3` values, then an array for each column.
pub(super) fn upsert(table: &Table) -> String {
    let (mut names, mut cells, mut arrays) = (String::new(), String::new(), String::new());
    let (mut parts, mut changes) = (String::new(), "value = excluded.value".to_owned());
    for (at, (name, kind)) in table.columns.iter().enumerate() {
        let _ = write!(names, ", {name}");
        let _ = write!(cells, ", {}", kind.value(&format!("r.c{at}")));
        let _ = write!(arrays, ", ${}::{}", at + 4, kind.array());
        let _ = write!(parts, ", c{at}");
        let _ = write!(changes, ", {name} = excluded.{name}");
    }
    // A drift's time of detection never changes; its table is partitioned by it.
    let unique = if table.name == "drift_events" { ", detected_at" } else { "" };
    format!(
        "INSERT INTO {} (organization_id, key, value{names}) SELECT $1, r.k, r.v{cells} \
         FROM unnest($2::bytea[], $3::bytea[]{arrays}) AS r(k, v{parts}) \
         ON CONFLICT (organization_id, key{unique}) DO UPDATE SET {changes}",
        table.name
    )
}

/// `$1` organisation, `$2` keys.
pub(super) fn delete(table: &Table) -> String {
    format!("DELETE FROM {} WHERE organization_id = $1 AND key = ANY($2)", table.name)
}

/// `$1` organisation, `$2` key; of a drift `$3` its time, which names the partition.
pub(super) fn get(tree: Tree) -> String {
    let partition = match tree {
        Tree::Events => " AND detected_at = $3",
        _ => "",
    };
    format!("SELECT value FROM {} WHERE organization_id = $1 AND key = $2{partition}", table(tree).name)
}

/// `$1` organisation, `$2` keys; of drifts `$3` their times, `$4` and `$5` the first and the last, which name the partitions.
pub(super) fn get_many(tree: Tree) -> String {
    if tree == Tree::Events {
        return "SELECT e.key, e.value FROM unnest($2::bytea[], $3::timestamptz[]) AS asked(key, at), LATERAL (SELECT key, value \
                FROM drift_events WHERE organization_id = $1 AND key = asked.key AND detected_at = asked.at \
                AND detected_at BETWEEN $4 AND $5 LIMIT 1) AS e"
            .to_owned();
    }
    format!("SELECT key, value FROM {} WHERE organization_id = $1 AND key = ANY($2)", table(tree).name)
}

/// `$1` organisation, `$2` how many at most of each range, `$3` where each begins, `$4` before which key each ends. Gives the
/// number of the range, from 1, with each entry.
pub(super) fn ranges(tree: Tree, from_end: bool) -> String {
    let order = if from_end { " DESC" } else { "" };
    format!(
        "SELECT r.n, e.key, e.value FROM unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS r(low, high, n), \
         LATERAL (SELECT key, value FROM {} WHERE organization_id = $1 AND key >= r.low AND key < r.high \
         ORDER BY key{order} LIMIT $2) AS e ORDER BY r.n, e.key{order}",
        table(tree).name
    )
}

/// `$1` organisation, `$2` how many at most, then the bounds that there are.
pub(super) fn range(tree: Tree, bounds: &Bounds, from_end: bool, with_values: bool) -> String {
    let mut at = 3;
    let mut bound = |bound: &Bound<Vec<u8>>, included: &str, excluded: &str| {
        let sign = match bound {
            Bound::Unbounded => return String::new(),
            Bound::Included(_) => included,
            Bound::Excluded(_) => excluded,
        };
        at += 1;
        format!(" AND key {sign} ${}", at - 1)
    };
    let (low, high) = (bound(&bounds.0, ">=", ">"), bound(&bounds.1, "<=", "<"));
    let value = if with_values { "value" } else { "''::bytea" };
    let order = if from_end { " DESC" } else { "" };
    let name = table(tree).name;
    format!("SELECT key, {value} FROM {name} WHERE organization_id = $1{low}{high} ORDER BY key{order} LIMIT $2")
}
