//! Connecting: the schema brought up to date, the organisation found or made, and connections that see nothing but it.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::sync::Mutex;

use super::engine::{Inner, Pause, PgEngine, wait_on};
use super::errors::{is_passing, told};
use super::migrate;
use super::pulse::Pulse;
use crate::drift::Slug;
use crate::store::identity::{Identity, SCHEMA_VERSION};
use crate::store::{Schema, StoreError};
use crate::vault;

/// Connections of one organisation, besides the one that writes.
const CONNECTIONS: u32 = 8;
/// Nothing the store asks takes as long.
const STATEMENT_MS: &str = "60000";

/// A database, and whose part of it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Database {
    pub(in crate::store) url: String,
    pub(in crate::store) organization: Slug,
}

impl Database {
    /// Without what must not be shown.
    pub(super) fn place(options: &PgConnectOptions) -> String {
        let database = options.get_database().unwrap_or_default();
        format!("postgres://{}:{}/{database}", options.get_host(), options.get_port())
    }
}

pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| StoreError::Invalid(format!("the address of the database does not read: {error}")))?;
    let options = match password_in_vault(url) {
        Some(reference) => {
            let secret = vault::resolve(&reference);
            options.password(&secret.map_err(|error| StoreError::Unavailable(format!("PGPASSWORD: {error}")))?)
        }
        None => options,
    };
    let options = options.application_name("driftguard").statement_cache_capacity(256);
    // A plan that was made when a month's partition was empty reads all of an organisation when the partition has filled up.
    let each = [("statement_timeout", STATEMENT_MS), ("plan_cache_mode", "force_custom_plan")];
    Ok(options.options(each).disable_statement_logging())
}

/// The variable's value, where it names a secret of Vault and the address has no password of its own.
fn password_in_vault(url: &str) -> Option<String> {
    let reference = std::env::var("PGPASSWORD").ok().filter(|value| value.starts_with("vault:"))?;
    let parsed = url::Url::parse(url).ok()?;
    let has_own = parsed.password().is_some() || parsed.query_pairs().any(|(key, _)| key == "password");
    (!has_own).then_some(reference)
}

/// What the work for the database runs on, wherever its caller stands.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, StoreError> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("store database")
        .enable_all()
        .build();
    built.map_err(|error| StoreError::Io { path: Path::new("threads").to_owned(), source: error })
}

/// Connects, and makes what is not there yet.
pub(in crate::store) fn connect(database: &Database) -> Result<(PgEngine, Identity), StoreError> {
    let (options, runtime) = (options(&database.url)?, runtime()?);
    let (place, slug) = (Database::place(&options), database.organization.clone());
    let pulse = Pulse::of(options.clone(), &runtime);
    let connected = wait_on(Some(&runtime), None, async move { open(options, &place, &slug, pulse).await });
    match connected {
        Ok((inner, identity)) => Ok((PgEngine::new(inner, runtime), identity)),
        Err(error) => {
            runtime.shutdown_background();
            Err(error)
        }
    }
}

/// See [`schema`](crate::store::schema()).
pub(in crate::store) fn schema(url: &str) -> Result<Schema, StoreError> {
    once(url, async |connection, place| migrate::standing(connection, place).await)
}

/// See [`migrate_database`](crate::store::migrate_database).
pub(in crate::store) fn migrate_now(url: &str) -> Result<(), StoreError> {
    once(url, async |connection, place| {
        migrate::migrate(connection, place).await?;
        migrate::partitions(connection).await;
        Ok(())
    })
}

/// Over a connection of its own, to nobody's part of the database.
fn once<T: Send + 'static>(
    url: &str,
    work: impl AsyncFnOnce(&mut PgConnection, &str) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let options = options(url)?;
    let place = Database::place(&options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| StoreError::Io { path: Path::new("threads").to_owned(), source: error })?;
    runtime.block_on(async { work(&mut reach(&options).await?, &place).await })
}

async fn open(
    options: PgConnectOptions,
    place: &str,
    slug: &Slug,
    pulse: Arc<Pulse>,
) -> Result<(Inner, Identity), StoreError> {
    let mut connection = reach(&options).await?;
    migrate::migrate(&mut connection, place).await?;
    let organization = organization(&mut connection, slug).await.map_err(told)?;
    let options = options.options([("driftguard.organization", organization.to_string())]);
    drop(connection);
    let mut connection = reach(&options).await?;
    let identity = identity(&mut connection, organization, place).await?;
    migrate::partitions(&mut connection).await;
    let pool = pool(options.clone());
    let inner = Inner {
        pool,
        options,
        organization,
        process: ulid::Ulid::generate().to_string(),
        desk: Mutex::default(),
        has_turn: AtomicBool::new(false),
        is_filling: AtomicBool::new(false),
        pulse,
        claims: std::sync::Mutex::default(),
        fence: std::sync::Mutex::default(),
        met: AtomicI64::new(-1),
    };
    Ok((inner, identity))
}

pub(super) fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(60))
        // A dead one shows itself, and what was asked of it is asked again.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

pub(super) async fn reach(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let mut pause = Pause::default();
    loop {
        match options.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) if is_passing(&error) && !is_refused(&error) && pause.once().await => {}
            Err(error) => return Err(told(error)),
        }
    }
}

/// Nobody listens there: more likely a wrong address than a restart.
fn is_refused(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused)
}

async fn organization(connection: &mut PgConnection, slug: &Slug) -> sqlx::Result<i64> {
    let find = "SELECT id FROM organizations WHERE slug = $1";
    if let Some(id) = sqlx::query_scalar(find).bind(slug.as_str()).fetch_optional(&mut *connection).await? {
        return Ok(id);
    }
    let make = "INSERT INTO organizations (slug) VALUES ($1) ON CONFLICT (slug) DO NOTHING";
    sqlx::query(make).bind(slug.as_str()).execute(&mut *connection).await?;
    sqlx::query_scalar(find).bind(slug.as_str()).fetch_one(connection).await
}

/// Who the organisation's store is; made with its first opening.
async fn identity(connection: &mut PgConnection, organization: i64, place: &str) -> Result<Identity, StoreError> {
    let fresh = Identity::generate(Path::new(place))?;
    let make = "INSERT INTO store_heads (organization_id, store_uuid, redaction_key) VALUES ($1, $2::uuid, $3) \
                ON CONFLICT (organization_id) DO NOTHING";
    let made = sqlx::query(make).bind(organization).bind(&fresh.store_uuid).bind(fresh.redaction_key.to_vec());
    made.execute(&mut *connection).await.map_err(told)?;
    let read = "SELECT store_uuid::text, redaction_key FROM store_heads WHERE organization_id = $1";
    let (store_uuid, key): (String, Vec<u8>) =
        sqlx::query_as(read).bind(organization).fetch_one(connection).await.map_err(told)?;
    let redaction_key = key.try_into().map_err(|_| StoreError::Damaged {
        tree: "store_heads".into(),
        detail: "the redaction key has not 32 bytes".into(),
    })?;
    Ok(Identity { schema_version: SCHEMA_VERSION, min_reader: SCHEMA_VERSION, store_uuid, redaction_key })
}

impl PgEngine {
    /// The redaction key of a store that was imported.
    pub(in crate::store) fn keep_key(&self, key: [u8; 32]) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let sql = "UPDATE store_heads SET redaction_key = $2 WHERE organization_id = $1";
        self.wait(async move {
            let bind = || sqlx::query(sql).bind(inner.organization).bind(key.to_vec());
            inner.patiently(|| bind().execute(&inner.pool)).await.map(|_| ())
        })
    }
}
