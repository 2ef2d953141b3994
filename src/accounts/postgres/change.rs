//! What each change does to the tables, and what stands in its way. Whoever is here holds the row with the end of the trail, so that
//! what was read is still so when it is written.

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::{Executor, Postgres};

use super::super::stored::{StoredSettings, decoded, next};
use super::super::user::unique_name;
use super::super::{AccountsError, ApiKey, Change, KeyHash, Organization, Session, SessionId, User};
use super::write::{Failure, json};
use crate::safety::sanitise;

type Done<T = ()> = std::result::Result<T, Failure>;

pub(super) async fn apply(step: &mut PgConnection, change: &Change) -> Done {
    match change {
        Change::Nothing => Ok(()),
        Change::AddOrganization(organization) => add_organization(step, organization).await,
        Change::SetOrganization(organization) => set_organization(step, organization).await,
        Change::SetSettings(slug, settings) => {
            organization_there(step, slug.as_str()).await?;
            let sql = "SELECT record::text FROM organization_settings WHERE organization = $1";
            let old: Option<String> = sqlx::query_scalar(sql).bind(slug.as_str()).fetch_optional(&mut *step).await?;
            let read = |text: String| decoded::<StoredSettings>("organization_settings", text.as_bytes())?.read();
            next(&old.map(read).transpose()?.unwrap_or_default(), settings, "the settings")?;
            let sql = "INSERT INTO organization_settings (organization, record) VALUES ($1, $2::jsonb) \
                       ON CONFLICT (organization) DO UPDATE SET record = excluded.record";
            let record = json(&StoredSettings::from(settings))?;
            step.execute(sqlx::query(sql).bind(slug.as_str()).bind(record)).await?;
            Ok(())
        }
        Change::AddUser(user, password) => {
            add_user(step, user, password.as_ref().map(|hash| hash.to_store().to_owned())).await
        }
        Change::SetUser(user) => set_user(step, user).await,
        Change::SetPassword(id, hash, sessions) => {
            let sql = sqlx::query("UPDATE users SET password = $2 WHERE id = $1").bind(id.to_string());
            one(step, sql.bind(hash.to_store()), || no_such("user")).await?;
            end_sessions(step, sessions).await
        }
        Change::AddKey(key, hash) => add_key(step, key, hash).await,
        Change::SetKey(key) => {
            let sql = "SELECT record::text FROM api_keys WHERE organization = $1 AND id = $2";
            let old = sqlx::query_scalar(sql).bind(key.organization.as_str()).bind(key.id.to_string());
            let old: Option<String> = old.fetch_optional(&mut *step).await?;
            let old = old.ok_or_else(|| missing("API key", &key.prefix))?;
            next(&decoded::<ApiKey>("api_keys", old.as_bytes())?, key, "the API key")?;
            let sql = "UPDATE api_keys SET record = $3::jsonb WHERE organization = $1 AND id = $2";
            let update = sqlx::query(sql).bind(key.organization.as_str().to_owned()).bind(key.id.to_string());
            one(step, update.bind(json(key)?), || missing("API key", &key.prefix)).await
        }
        Change::AddSession(session) => add_session(step, session).await,
        Change::EndSessions(ids) => end_sessions(step, ids).await,
    }
}

/// Runs what has to change one row.
async fn one(
    step: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
    missing: impl FnOnce() -> AccountsError,
) -> Done {
    if step.execute(query).await?.rows_affected() == 1 { Ok(()) } else { Err(missing().into()) }
}

fn missing(what: &str, name: &str) -> AccountsError {
    AccountsError::NotFound(format!("no {what} '{}'", sanitise::line(name)))
}

fn no_such(what: &str) -> AccountsError {
    AccountsError::NotFound(format!("no such {what}"))
}

fn taken(field: &'static str, value: &str) -> Failure {
    AccountsError::Taken { field, value: sanitise::line(value) }.into()
}

async fn organization_there(step: &mut PgConnection, slug: &str) -> Done {
    let sql = "SELECT EXISTS (SELECT 1 FROM organizations WHERE slug = $1 AND record IS NOT NULL)";
    let is_there: bool = sqlx::query_scalar(sql).bind(slug).fetch_one(step).await?;
    if is_there { Ok(()) } else { Err(missing("organisation", slug).into()) }
}

async fn name_free(step: &mut PgConnection, organization: &Organization) -> Done {
    let sql = "SELECT EXISTS (SELECT 1 FROM organizations WHERE unique_name = $1 AND slug <> $2)";
    let found = sqlx::query_scalar(sql).bind(organization.unique_name()).bind(organization.slug.as_str());
    if found.fetch_one(step).await? { Err(taken("name", organization.name.raw())) } else { Ok(()) }
}

async fn parent_there(step: &mut PgConnection, organization: &Organization) -> Done {
    match &organization.parent {
        Some(parent) => organization_there(step, parent.as_str()).await,
        None => Ok(()),
    }
}

async fn add_organization(step: &mut PgConnection, organization: &Organization) -> Done {
    parent_there(step, organization).await?;
    name_free(step, organization).await?;
    // One that has a store already becomes one that somebody made.
    let sql = "INSERT INTO organizations AS known (slug, unique_name, parent, is_active, record) \
               VALUES ($1, $2, $3, $4, $5::jsonb) ON CONFLICT (slug) DO UPDATE SET unique_name = excluded.unique_name, \
               parent = excluded.parent, is_active = excluded.is_active, record = excluded.record \
               WHERE known.record IS NULL";
    let query = of_organization(sqlx::query(sql), organization)?;
    match step.execute(query).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(taken("slug", organization.slug.as_str())),
    }
}

async fn set_organization(step: &mut PgConnection, organization: &Organization) -> Done {
    let slug = organization.slug.as_str();
    let sql = "SELECT record::text FROM organizations WHERE slug = $1 AND record IS NOT NULL";
    let old: Option<String> = sqlx::query_scalar(sql).bind(slug).fetch_optional(&mut *step).await?;
    let old: Organization = decoded("organizations", old.ok_or_else(|| missing("organisation", slug))?.as_bytes())?;
    next(&old, organization, "the organisation")?;
    parent_there(step, organization).await?;
    name_free(step, organization).await?;
    let sql =
        "UPDATE organizations SET unique_name = $2, parent = $3, is_active = $4, record = $5::jsonb WHERE slug = $1";
    let query = of_organization(sqlx::query(sql), organization)?;
    one(step, query, || missing("organisation", slug)).await
}

fn of_organization<'a>(
    query: Query<'a, Postgres, PgArguments>,
    organization: &Organization,
) -> Done<Query<'a, Postgres, PgArguments>> {
    let parent = organization.parent.as_ref().map(|slug| slug.as_str().to_owned());
    let named = query.bind(organization.slug.as_str().to_owned()).bind(organization.unique_name()).bind(parent);
    Ok(named.bind(organization.is_active).bind(json(organization)?))
}

async fn add_user(step: &mut PgConnection, user: &User, password: Option<String>) -> Done {
    organization_there(step, user.organization.as_str()).await?;
    let sql = "INSERT INTO users (id, organization, unique_name, role, is_active, record, password) \
               VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7) ON CONFLICT (organization, unique_name) DO NOTHING";
    let query = of_user(sqlx::query(sql), user)?.bind(password);
    match step.execute(query).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(taken("username", user.username.raw())),
    }
}

async fn set_user(step: &mut PgConnection, user: &User) -> Done {
    let sql = "SELECT record::text FROM users WHERE id = $1";
    let gone = || missing("user", user.username.raw());
    let old: Option<String> = sqlx::query_scalar(sql).bind(user.id.to_string()).fetch_optional(&mut *step).await?;
    let old: User = decoded("users", old.ok_or_else(gone)?.as_bytes())?;
    next(&old, user, "the user")?;
    let sql = "UPDATE users SET organization = $2, unique_name = $3, role = $4, is_active = $5, record = $6::jsonb WHERE id = $1";
    one(step, of_user(sqlx::query(sql), user)?, gone).await
}

fn of_user<'a>(query: Query<'a, Postgres, PgArguments>, user: &User) -> Done<Query<'a, Postgres, PgArguments>> {
    let named = query.bind(user.id.to_string()).bind(user.organization.as_str().to_owned());
    let named = named.bind(unique_name(user.username.raw())).bind(user.role.as_str());
    Ok(named.bind(user.is_active).bind(json(user)?))
}

async fn add_key(step: &mut PgConnection, key: &ApiKey, hash: &KeyHash) -> Done {
    let sql = "INSERT INTO api_keys (id, organization, owner, hash, record) \
               SELECT $1, $2, id, $4, $5::jsonb FROM users WHERE id = $3";
    let query = sqlx::query(sql).bind(key.id.to_string()).bind(key.organization.as_str().to_owned());
    let query = query.bind(key.owner.to_string()).bind(hash.0.to_vec()).bind(json(key)?);
    one(step, query, || no_such("user")).await
}

async fn add_session(step: &mut PgConnection, session: &Session) -> Done {
    let sql = "INSERT INTO sessions (id, organization, user_id, is_active, expires_at, record) \
               SELECT $1, $2, id, $4, timestamptz 'epoch' + $5 * interval '1 microsecond', $6::jsonb FROM users WHERE id = $3";
    let query = sqlx::query(sql).bind(session.id.to_string()).bind(session.organization.as_str().to_owned());
    let query = query.bind(session.user_id.to_string()).bind(session.is_active);
    let query = query.bind(session.expires_at.as_microsecond()).bind(json(session)?);
    one(step, query, || no_such("user")).await
}

async fn end_sessions(step: &mut PgConnection, ids: &[SessionId]) -> Done {
    let ids: Vec<String> = ids.iter().map(SessionId::to_string).collect();
    let sql =
        "UPDATE sessions SET is_active = false, record = jsonb_set(record, '{is_active}', 'false') WHERE id = ANY($1)";
    step.execute(sqlx::query(sql).bind(ids)).await?;
    Ok(())
}
