//! The schema: one directory of migrations, each applied once, in order, by whichever process comes first.

use std::borrow::Cow;
use std::path::PathBuf;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;

use super::errors::told;
use crate::store::{Schema, StoreError};

/// A newer server and an older one may work on one database: what is there is never taken away or renamed here, only added to.
///
/// And neither waits for the other: a migration is one transaction, so it builds no index on a table that may be large, which
/// would hold up everybody who writes there until the end of it. (6, 10 and 14 do; they came before the first release, and an
/// applied migration must stay as it was.) Such an index is to be built on each partition with CREATE INDEX CONCURRENTLY, outside
/// a transaction, before the migration in which CREATE INDEX on the parent then finds and attaches them.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "the store", include_str!("../../../migrations/0001_store.sql")),
    (2, "the store's organisations are kept apart", include_str!("../../../migrations/0002_row_security.sql")),
    (3, "who may come in", include_str!("../../../migrations/0003_accounts.sql")),
    (4, "scans that several processes share", include_str!("../../../migrations/0004_scan_jobs.sql")),
    (5, "a write that is sent again is done once", include_str!("../../../migrations/0005_once.sql")),
    (6, "how drifts went", include_str!("../../../migrations/0006_history.sql")),
    (7, "wrong passwords are counted by all servers", include_str!("../../../migrations/0007_lockout.sql")),
    (8, "the accounts are kept apart", include_str!("../../../migrations/0008_accounts_security.sql")),
    (10, "what dashboards count", include_str!("../../../migrations/0010_figures.sql")),
    (
        13,
        "a write of the accounts that is sent again is done once",
        include_str!("../../../migrations/0013_answers.sql"),
    ),
    (14, "who asked, from where", include_str!("../../../migrations/0014_origins.sql")),
    (15, "where environments are", include_str!("../../../migrations/0015_environment_places.sql")),
    (17, "what needs somebody's approval", include_str!("../../../migrations/0017_remediations.sql")),
    (19, "who is told what", include_str!("../../../migrations/0019_notifications.sql")),
    (21, "how the drifts of each day went", include_str!("../../../migrations/0021_metrics.sql")),
    (23, "what was learned from operators", include_str!("../../../migrations/0023_models.sql")),
    (24, "causes and advice by the day", include_str!("../../../migrations/0024_daily.sql")),
];

fn migrator() -> Migrator {
    let one = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, Cow::Borrowed(*sql), false)
    };
    Migrator { migrations: MIGRATIONS.iter().map(one).collect(), ..Migrator::DEFAULT }
}

/// Brings the schema up to date.
pub(super) async fn migrate(connection: &mut PgConnection, place: &str) -> Result<(), StoreError> {
    refuse_newer(connection, place).await?;
    match migrator().run_direct(connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(told(error)),
        Err(error) => Err(StoreError::Invalid(format!("the schema of {place} does not fit: {error}"))),
    }
}

/// What is applied, and what is not.
pub(super) async fn standing(connection: &mut PgConnection, place: &str) -> Result<Schema, StoreError> {
    refuse_newer(connection, place).await?;
    let sql = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let is_there: bool = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.map_err(told)?;
    let done: Vec<i64> = match is_there {
        true => sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(connection).await,
        false => Ok(vec![]),
    }
    .map_err(told)?;
    let number = |version: i64| u32::try_from(version).unwrap_or(u32::MAX);
    let missing = MIGRATIONS.iter().filter(|(version, ..)| !done.contains(version));
    Ok(Schema {
        found: done.iter().max().map(|version| number(*version)),
        wanted: MIGRATIONS.last().map_or(0, |(version, ..)| number(*version)),
        steps: missing.map(|(version, name, _)| format!("{version}: {name}")).collect(),
    })
}

/// Makes the partitions of the months to come. A role that may not leaves new rows in the default ones.
pub(super) async fn partitions(connection: &mut PgConnection) {
    let sql = "SELECT driftguard_partitions(name, 0, 2) FROM unnest(ARRAY['drift_events', 'audit_log', 'security_audit']) AS name";
    if let Err(error) = sqlx::query(sql).execute(connection).await {
        tracing::warn!(%error, "the next months' partitions could not be made");
    }
}

async fn refuse_newer(connection: &mut PgConnection, place: &str) -> Result<(), StoreError> {
    let sql = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let is_there: bool = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.map_err(told)?;
    if !is_there {
        return Ok(());
    }
    let sql = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
    let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.map_err(told)?;
    let known = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
    if found > known {
        let number = |version: i64| u32::try_from(version).unwrap_or(u32::MAX);
        return Err(StoreError::Newer { path: PathBuf::from(place), found: number(found), known: number(known) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words after each occurrence of some others.
    fn after<'a>(sql: &'a str, words: &str) -> Vec<&'a str> {
        sql.split(words).skip(1).filter_map(|rest| rest.split_whitespace().next()).collect()
    }

    #[test]
    fn no_migration_after_the_first_release_holds_up_writers_to_build_an_index() {
        for (version, _, sql) in MIGRATIONS.iter().filter(|(version, ..)| *version > 14) {
            let made = after(sql, "CREATE TABLE ");
            let indexed =
                sql.split(';').filter(|one| one.contains("CREATE INDEX") || one.contains("CREATE UNIQUE INDEX"));
            for table in indexed.flat_map(|one| after(one, " ON ")) {
                assert!(made.contains(&table), "{version} builds an index on {table}, which may be large by then");
            }
        }
    }

    #[test]
    fn migrations_come_in_order_each_number_once() {
        assert!(MIGRATIONS.is_sorted_by(|(a, ..), (b, ..)| a < b));
    }
}
