//! `/drifts/` is `/drifts`: one slash at the end of a path of the API is as none, before anybody looks at the path.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

use crate::api::BASE;

/// The same without it.
pub(super) fn without(uri: &mut Uri) {
    let path = uri.path();
    let Some(bare) = path.strip_suffix('/').filter(|bare| bare.len() > BASE.len() && !bare.ends_with('/')) else {
        return;
    };
    if !bare.starts_with(BASE) {
        return;
    }
    let whole = match uri.query() {
        Some(query) => format!("{bare}?{query}"),
        None => bare.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(whole).ok();
    // What cannot be put together stays as it came.
    if let Ok(plain) = Uri::from_parts(parts) {
        *uri = plain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_is_as_none_and_nothing_else_is_another_path() {
        for (asked, meant) in [
            ("/api/v1/drifts/", "/api/v1/drifts"),
            ("/api/v1/drifts/?limit=1", "/api/v1/drifts?limit=1"),
            ("/api/v1/drifts", "/api/v1/drifts"),
            ("/api/v1/drifts//", "/api/v1/drifts//"),
            ("/api/v1/", "/api/v1/"),
            ("/health/", "/health/"),
            ("/api/v1/drifts/%2f/", "/api/v1/drifts/%2f"),
        ] {
            let mut uri: Uri = asked.parse().unwrap();
            without(&mut uri);
            assert_eq!(uri.to_string(), meant, "{asked}");
        }
    }
}
