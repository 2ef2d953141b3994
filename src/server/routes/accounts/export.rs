//! A trail on its way out, piece by piece: no more of it is in memory than is being written.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;

use crate::safety::escape;
use crate::server::answer::Failure;
use crate::store::AuditRequest;

/// The line above a table, and a row of it.
pub(super) type Table<T> = (&'static str, fn(&T) -> Vec<String>);

/// What is to be written next.
struct Pieces<T, A> {
    ask: A,
    seq: fn(&T) -> u64,
    table: Option<Table<T>>,
    next: Next<T>,
    is_first: bool,
}

enum Next<T> {
    Read(Vec<T>, AuditRequest),
    Ask(AuditRequest),
    End,
    Done,
}

/// As CSV with this head and these cells, or as JSON. What cannot be read at its beginning is answered as a problem; later, the
/// connection breaks off, so that nobody takes a part for the whole.
pub(super) async fn written<T, A, F>(
    first: AuditRequest,
    ask: A,
    seq: fn(&T) -> u64,
    table: Option<Table<T>>,
) -> Result<Response, Failure>
where
    T: Serialize + Send + Sync + 'static,
    A: Fn(AuditRequest) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Vec<T>, Failure>> + Send,
{
    let found = ask(first.clone()).await?;
    let (kind, name) = match table {
        Some(_) => ("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\""),
        None => ("application/json", "attachment; filename=\"audit.json\""),
    };
    let pieces = Pieces { ask, seq, table, next: Next::Read(found, first), is_first: true };
    let body = stream::try_unfold(pieces, |mut pieces| async move {
        Ok::<_, std::io::Error>(pieces.piece().await?.map(|text| (Bytes::from(text), pieces)))
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

impl<T, A, F> Pieces<T, A>
where
    T: Serialize,
    A: Fn(AuditRequest) -> F,
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    async fn piece(&mut self) -> std::io::Result<Option<String>> {
        let (found, request) = match std::mem::replace(&mut self.next, Next::Done) {
            Next::Read(found, request) => (found, request),
            Next::Ask(request) => {
                let cut = |failure: Failure| std::io::Error::other(failure.0.error.message);
                ((self.ask)(request.clone()).await.map_err(cut)?, request)
            }
            Next::End if self.table.is_none() => return Ok(Some("]".to_owned())),
            Next::End | Next::Done => return Ok(None),
        };
        let text = self.text(&found);
        self.is_first = false;
        self.next = match found.last().filter(|_| found.len() == request.limit) {
            Some(last) => Next::Ask(AuditRequest { cursor: Some((self.seq)(last)), ..request }),
            None => Next::End,
        };
        Ok(Some(text))
    }

    fn text(&self, found: &[T]) -> String {
        match self.table {
            Some((head, cells)) => {
                let row = |one: &T| cells(one).iter().map(|cell| escape::csv(cell)).collect::<Vec<_>>().join(",");
                let head = self.is_first.then(|| head.to_owned());
                head.into_iter().chain(found.iter().map(row)).flat_map(|row| [row, "\r\n".to_owned()]).collect()
            }
            None => {
                let mut text = String::from(if self.is_first { "[" } else { "" });
                for (at, one) in found.iter().enumerate() {
                    if at > 0 || !self.is_first {
                        text.push(',');
                    }
                    text.push_str(&escape::to_json(one));
                }
                text
            }
        }
    }
}
