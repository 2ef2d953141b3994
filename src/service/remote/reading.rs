//! Reading answers: what a newer server says and we do not know costs the row it stands in, and no more.

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::api::{Code, Listed, Pagination, Problem};
use crate::service::ServiceError;

pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes)
}

/// A list, and how many of its rows cannot be understood.
///
/// # Errors
/// When it is no list.
pub fn list<T: DeserializeOwned>(bytes: &[u8]) -> Result<(Listed<T>, usize), serde_json::Error> {
    if let Ok(listed) = serde_json::from_slice::<Listed<T>>(bytes) {
        return Ok((listed, 0));
    }
    let Rows { data, pagination } = serde_json::from_slice(bytes)?;
    let all = data.len();
    let data: Vec<T> = data.into_iter().filter_map(|row| serde_json::from_str(row.get()).ok()).collect();
    let left_out = all - data.len();
    Ok((Listed { data, pagination }, left_out))
}

#[derive(Deserialize)]
struct Rows<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    pagination: Pagination,
}

/// What went wrong, as far as it can be read.
pub struct Trouble {
    pub error: ServiceError,
    pub is_expired: bool,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// Of a newer server only the sentence may be known.
#[derive(Deserialize)]
struct Loose {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

pub fn problem(status: StatusCode, bytes: &[u8], server: &str) -> Trouble {
    if let Ok(problem) = serde_json::from_slice::<Problem>(bytes) {
        let (is_expired, retry_after) = (problem.error.code == Code::TokenExpired, problem.error.retry_after);
        return Trouble { error: problem.into(), is_expired, retry_after };
    }
    let said = serde_json::from_slice::<Loose>(bytes).map(|loose| loose.error.message);
    let said = said.unwrap_or_else(|_| format!("{server} answered {status}"));
    let error = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ServiceError::Denied(said),
        StatusCode::NOT_FOUND => ServiceError::NotFound(said),
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => ServiceError::Invalid(said),
        _ => ServiceError::Unavailable(said),
    };
    Trouble { error, is_expired: false, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_newer_server_is_left_out_and_the_others_are_read() {
        let text = br#"{"data": [1, "two", 3], "pagination": {"next": null, "previous": null, "limit": 3}}"#;
        let (listed, left_out) = list::<u32>(text).unwrap();
        assert_eq!((listed.data, left_out), (vec![1, 3], 1));
        assert!(list::<u32>(br#"{"rows": []}"#).is_err());
    }

    #[test]
    fn a_problem_of_a_newer_server_is_told_in_its_words() {
        let newer = br#"{"error": {"code": "quota_spent", "message": "no decisions left this month"}}"#;
        let trouble = problem(StatusCode::PAYMENT_REQUIRED, newer, "s");
        assert!(matches!(&trouble.error, ServiceError::Invalid(why) if why.contains("no decisions left")));
        assert!(matches!(problem(StatusCode::FORBIDDEN, b"<html>", "s").error, ServiceError::Denied(_)));
        assert!(matches!(problem(StatusCode::BAD_GATEWAY, b"", "s").error, ServiceError::Unavailable(_)));
    }
}
