//! The pg backend: a row of the table `states` that Terraform makes in a schema of its own.
//!
//! `states(id bigint, name text, data text)`, one row a workspace; its lock is the advisory lock with the row's id as key, or -1
//! while the row is being made. All of it is read in one transaction that may not write. `PG*` variables and `.pgpass` count.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Error};
use tokio::time::timeout;

use super::address::PgAddress;
use super::body::TooLarge;
use super::fetched::Fetched;
use super::shown;
use crate::declared::DeclaredSource;
use crate::declared::input::source_error;
use crate::drift::SourceError;
use crate::safety::Tainted;

const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// The lock's key while a workspace is made.
const CREATION: i64 = -1;

pub(super) async fn open(address: &PgAddress) -> Result<Box<dyn DeclaredSource>, SourceError> {
    let mut named = address.url.clone();
    named.query_pairs_mut().append_pair("schema", &address.schema).append_pair("workspace", &address.workspace);
    let name = shown(named.as_str());
    let done = timeout(PATIENCE, fetch(address)).await.unwrap_or_else(|_| Err(Fault::Slow));
    done.map_err(|fault| source_error(&name, fault.to_string(), fault.help(address)))?.source(&name)
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the database did not answer in time")]
    Slow,
    #[error("{}", in_words(.0))]
    Sql(#[from] Error),
    #[error("there is no state of the workspace '{workspace}' in it yet{lock}")]
    Nothing { workspace: String, lock: String },
    #[error(transparent)]
    Large(#[from] TooLarge),
}

async fn fetch(address: &PgAddress) -> Result<Fetched, Fault> {
    let options = PgConnectOptions::from_str(address.url.as_str())?.application_name("driftguard");
    let connecting = PgConnection::connect_with(&options);
    let mut connection = timeout(CONNECT, connecting).await.map_err(|_| Fault::Slow)??;
    let done = read(&mut connection, address).await;
    // It has been read: how the connection ends does not matter any more.
    let _ = timeout(CONNECT, connection.close()).await;
    done
}

async fn read(connection: &mut PgConnection, address: &PgAddress) -> Result<Fetched, Fault> {
    sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *connection).await?;
    let table = format!("\"{}\".states", address.schema.replace('"', "\"\""));
    let about = format!("SELECT id::bigint, octet_length(data)::bigint FROM {table} WHERE name = $1");
    let row: Option<(i64, Option<i64>)> =
        sqlx::query_as(&about).bind(&address.workspace).fetch_optional(&mut *connection).await?;
    let Some((id, length)) = row else {
        let holder = holder(connection, CREATION).await;
        let lock = holder.map(|words| format!("; it is {words}")).unwrap_or_default();
        return Err(Fault::Nothing { workspace: address.workspace.clone(), lock });
    };
    if length.unwrap_or(0).unsigned_abs() > super::MAX_BYTES {
        return Err(TooLarge.into());
    }
    let data = format!("SELECT coalesce(data, '') FROM {table} WHERE id = $1");
    let (text,): (String,) = sqlx::query_as(&data).bind(id).fetch_one(&mut *connection).await?;
    let notices = holder(connection, id).await.map(Tainted::from).into_iter().collect();
    Ok(Fetched { bytes: text.into_bytes(), written_at: None, notices })
}

/// Who holds the advisory lock, in words. Terraform stores no owner: what its connection says of itself has to do.
async fn holder(connection: &mut PgConnection, key: i64) -> Option<String> {
    const HOLDERS: &str = "SELECT coalesce(a.application_name, ''), coalesce(a.usename::text, ''), \
         coalesce(host(a.client_addr), ''), l.pid, extract(epoch FROM a.backend_start)::bigint \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND ((l.classid::bigint << 32) | l.objid::bigint) = $1 LIMIT 1";
    type Row = (String, String, String, i32, Option<i64>);
    // A database that tells nobody about its locks tells nothing here either.
    let row: Option<Row> = sqlx::query_as(HOLDERS).bind(key).fetch_optional(connection).await.ok().flatten();
    let (application, user, client, pid, since) = row?;
    let since = since.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let since = since.map(|at| at.strftime(", connected since %F %T UTC").to_string()).unwrap_or_default();
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let (user, client) = (or(user, "somebody"), or(client, "this machine or a proxy"));
    let program = if application.is_empty() { String::new() } else { format!(" with {application}") };
    Some(format!("locked by {user} from {client}{program}{since} (process {pid} of the database)"))
}

/// The server's own words, or the connection's.
fn in_words(error: &Error) -> String {
    match error.as_database_error() {
        Some(error) => format!("the database refused: {}", error.message()),
        None => format!("the database could not be read: {error}"),
    }
}

/// What to do where both sides do not agree on TLS.
fn tls_help(why: &str) -> String {
    let why = why.to_ascii_lowercase();
    if why.contains("issuer") {
        "The server's certificate is of a CA that is not known here: name it with ?sslrootcert=/path/ca.pem, or PGSSLROOTCERT.".into()
    } else if why.contains("name") {
        "The certificate is for another name: connect by one that stands in it; verify-ca is checked as strictly as verify-full.".into()
    } else if why.contains("not support") {
        "The server has no TLS: turn it on there (ssl = on), or say sslmode=disable where the way to it is safe.".into()
    } else {
        "Check the server's certificate, `sslmode` and `sslrootcert`.".into()
    }
}

impl Fault {
    fn help(&self, address: &PgAddress) -> String {
        let (schema, code) = (&address.schema, self.code());
        match (self, code.as_str()) {
            (Self::Nothing { .. }, _) => {
                "Apply once, or check `workspace`; nothing is concluded from a state that is not there.".into()
            }
            (Self::Large(_), _) => "Split the state, or pull it to a file.".into(),
            (_, "28P01" | "28000") => "Set PGUSER and PGPASSWORD, or write a ~/.pgpass.".into(),
            (_, "3D000") => "Check the database's name in the address, or PGDATABASE.".into(),
            (_, "42P01" | "3F000") => format!("Check `schema`: no Terraform has made a table `states` in {schema}."),
            (Self::Sql(Error::Tls(why)), _) => tls_help(&why.to_string()),
            (Self::Sql(Error::Io(why)), _) if why.to_string().contains("certificate") => tls_help(&why.to_string()),
            (Self::Sql(Error::Configuration(_)), _) => {
                "Check the address: `sslmode` is disable, prefer, require, verify-ca or verify-full; `sslrootcert` names a file.".into()
            }
            (_, "42501") => format!(
                "Allow it: GRANT USAGE ON SCHEMA \"{schema}\" TO the user; GRANT SELECT ON \"{schema}\".states TO the user."
            ),
            _ => "Check the address, the network and `sslmode`, then scan again.".into(),
        }
    }

    /// SQLSTATE, or empty.
    fn code(&self) -> String {
        let Self::Sql(error) = self else { return String::new() };
        error.as_database_error().and_then(|e| e.code()).map(|code| code.into_owned()).unwrap_or_default()
    }
}
