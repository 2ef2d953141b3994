//! Query parameters and parts of the path, with their names where they are wrong.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;

use crate::api::{Parameter, Problem};
use crate::drift::Slug;
use crate::server::answer::Failure;

/// All parameters, in their order.
pub(super) struct Parameters(pub(super) Vec<Parameter>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, state).await.unwrap_or(RawQuery(None));
        let query = query.unwrap_or_default();
        Ok(Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Parameters {
    /// Takes one out.
    pub(super) fn take<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        let Some(at) = self.0.iter().position(|(key, _)| key == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        value.parse().map(Some).map_err(|error: T::Err| Problem::of_field(name, error.to_string()))
    }

    /// Takes one out that must be there.
    pub(super) fn need<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Result<T, Problem> {
        self.take(name)?.ok_or_else(|| Problem::of_field(name, "this parameter is needed"))
    }

    /// How many; more than the most is taken as the most.
    pub(super) fn limit(&mut self, without: usize, most: usize) -> Result<usize, Problem> {
        match self.take::<usize>("limit")? {
            Some(0) => Err(Problem::of_field("limit", "must be at least 1, not '0'")),
            limit => Ok(limit.unwrap_or(without).min(most)),
        }
    }

    /// Slugs with commas between them.
    pub(super) fn environments(&mut self) -> Result<Vec<Slug>, Problem> {
        let Some(text) = self.take::<String>("environment")? else { return Ok(vec![]) };
        let slugs = text.split(',').map(str::trim).filter(|slug| !slug.is_empty());
        slugs.map(|slug| Slug::new(slug).map_err(|error| Problem::of_field("environment", error.to_string()))).collect()
    }

    /// There is nothing else: a mistyped filter must not find everything.
    pub(super) fn done(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            Some((name, _)) => Err(Problem::of_field(name, "no such parameter here")),
            None => Ok(()),
        }
    }
}

/// A part of the path: what is none of our ids names nothing.
pub(super) fn named<T: FromStr>(text: &str, what: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Problem::new(crate::api::Code::NotFound, format!("no such {what}")).into())
}
