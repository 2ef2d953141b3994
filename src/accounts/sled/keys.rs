//! Keys: a letter for the kind, then what it is found by. `/` stands in no slug and in no name.

use super::super::user::unique_name;
use super::super::{ApiKey, KeyHash, KeyId, Organization, Session, SessionId, User, UserId};
use crate::drift::Slug;

pub(super) const SCHEMA: &[u8] = b"m/schema";
pub(super) const MASKING: &[u8] = b"m/masking";
/// Number and hash of the last audit record.
pub(super) const TIP: &[u8] = b"m/tip";
pub(super) const ORGANIZATIONS: &[u8] = b"o/";
pub(super) const AUDIT: &[u8] = b"a/";

pub(super) fn organization(slug: &Slug) -> Vec<u8> {
    format!("o/{slug}").into_bytes()
}

/// → key of the organisation.
pub(super) fn organization_name(organization: &Organization) -> Vec<u8> {
    format!("n/{}", organization.unique_name()).into_bytes()
}

pub(super) fn settings(organization: &Slug) -> Vec<u8> {
    format!("s/{organization}").into_bytes()
}

pub(super) fn users(organization: &Slug) -> Vec<u8> {
    format!("u/{organization}/").into_bytes()
}

pub(super) fn user(organization: &Slug, username: &str) -> Vec<u8> {
    format!("u/{organization}/{}", unique_name(username)).into_bytes()
}

pub(super) fn of_user(user: &User) -> Vec<u8> {
    self::user(&user.organization, user.username.raw())
}

/// → key of the user.
pub(super) fn user_id(id: UserId) -> Vec<u8> {
    format!("i/{id}").into_bytes()
}

pub(super) fn password(id: UserId) -> Vec<u8> {
    format!("p/{id}").into_bytes()
}

pub(super) fn api_keys(organization: &Slug) -> Vec<u8> {
    format!("k/{organization}/").into_bytes()
}

pub(super) fn api_key(organization: &Slug, id: KeyId) -> Vec<u8> {
    format!("k/{organization}/{id}").into_bytes()
}

pub(super) fn of_key(key: &ApiKey) -> Vec<u8> {
    api_key(&key.organization, key.id)
}

/// → key of the API key.
pub(super) fn key_hash(hash: &KeyHash) -> Vec<u8> {
    [b"h/", &hash.0[..]].concat()
}

pub(super) fn sessions(organization: &Slug) -> Vec<u8> {
    format!("x/{organization}/").into_bytes()
}

pub(super) fn of_session(session: &Session) -> Vec<u8> {
    format!("x/{}/{}", session.organization, session.id).into_bytes()
}

/// → key of the session.
pub(super) fn session_id(id: SessionId) -> Vec<u8> {
    format!("y/{id}").into_bytes()
}

/// What was answered to a write, by the hash of its name.
pub(super) fn mark(key: &str) -> Vec<u8> {
    format!("w/{key}").into_bytes()
}

pub(super) fn audit(seq: u64) -> Vec<u8> {
    [AUDIT, &seq.to_be_bytes()[..]].concat()
}

/// 0, which no record has, for a key that is none.
pub(super) fn audit_seq(key: &[u8]) -> u64 {
    key.strip_prefix(AUDIT).and_then(|seq| seq.try_into().ok()).map_or(0, u64::from_be_bytes)
}
