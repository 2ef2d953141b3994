//! A bucket, opened: the calls that are made on it, each with the name IAM has for it.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};
use jiff::Timestamp;

use super::super::Reach;
use super::super::address::S3Address;
use super::super::body::Body;
use super::super::fetched::Fetched;
use super::fault::Fault;
use crate::aws::{Access, Service, Session};

/// Objects beneath a prefix; 200 calls.
const MAX_OBJECTS: usize = 200_000;

/// A bucket and, where there is one, the DynamoDB table with its locks.
pub struct Bucket {
    pub(super) session: Session,
    client: aws_sdk_s3::Client,
    pub(super) name: String,
    pub(super) table: Option<String>,
}

/// One entry of a listing.
pub(super) struct Object {
    pub key: String,
    pub size: u64,
}

/// A version of one object, or the mark that it was deleted.
pub(super) struct Entry {
    pub id: String,
    pub written_at: Option<Timestamp>,
    pub size: u64,
    pub is_latest: bool,
    pub is_deletion: bool,
}

impl Bucket {
    /// The address stands in front of the environment's `aws` table, and that in front of the SDK's own chain. Accounts of the
    /// table are where resources are: the state is read from where the chain of roles ends.
    pub(super) async fn open(address: &S3Address, reach: &Reach<'_>) -> Self {
        let mut access = reach.aws.cloned().unwrap_or_default();
        let named = Some(reach.region.to_owned()).filter(|region| !region.is_empty());
        let region = address.region.clone().or_else(|| access.regions.first().cloned()).or(named);
        if let Some(profile) = &address.profile {
            // Another way in: the roles of the table start elsewhere.
            access = Access { profile: Some(profile.clone()), assume_role: vec![], external_id: None, ..access };
        }
        if let Some(role) = &address.role {
            access.assume_role = vec![role.clone()];
        }
        access.endpoint_url = address.endpoint.clone().or(access.endpoint_url);
        let table = address.dynamodb_table.clone().or_else(|| access.dynamodb_table.clone());
        let session = Session::open_here(&access, region, &reach.usage).await;
        Self { client: session.s3(), session, name: address.bucket.clone(), table }
    }

    /// An object or one of its versions.
    pub(super) async fn get(&self, key: &str, version: Option<&str>) -> Result<Fetched, Fault> {
        let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        let request = self.client.get_object().bucket(&self.name).key(key).set_version_id(version.map(str::to_owned));
        let answer = self.session.call(Service::S3, action, || request.clone().send()).await?;
        let written_at = answer.last_modified().and_then(moment);
        Ok(Fetched { bytes: body(answer).await?, written_at, notices: vec![] })
    }

    /// The first bytes of a version, at most `length`.
    pub(super) async fn start(&self, key: &str, version: &str, length: usize) -> Result<Vec<u8>, Fault> {
        let range = format!("bytes=0-{}", length - 1);
        let request = self.client.get_object().bucket(&self.name).key(key).version_id(version).range(range);
        body(self.session.call(Service::S3, "s3:GetObjectVersion", || request.clone().send()).await?).await
    }

    /// A small object that need not be there; what cannot be had is `None`.
    pub(super) async fn small(&self, key: &str) -> Option<Vec<u8>> {
        let request = self.client.get_object().bucket(&self.name).key(key);
        let answer = self.session.call(Service::S3, "s3:GetObject", || request.clone().send()).await.ok()?;
        body(answer).await.ok()
    }

    /// Everything beneath a prefix, all pages.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<Object>, Fault> {
        let (mut objects, mut next) = (vec![], None);
        loop {
            let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
            let request = request.set_continuation_token(next);
            let page = self.session.call(Service::S3, "s3:ListBucket", || request.clone().send()).await?;
            objects.extend(page.contents().iter().filter_map(|object| {
                Some(Object { key: object.key()?.to_owned(), size: object.size().unwrap_or(0).unsigned_abs() })
            }));
            next = page.next_continuation_token().map(str::to_owned);
            if next.is_none() || page.is_truncated() != Some(true) {
                return Ok(objects);
            }
            if objects.len() >= MAX_OBJECTS {
                return Err(Fault::TooMany(MAX_OBJECTS));
            }
        }
    }

    /// Versions of one object, newest first, as many as `limit`. Others whose key starts the same come after it.
    pub(super) async fn versions(&self, key: &str, limit: usize) -> Result<Vec<Entry>, Fault> {
        let (mut entries, mut marker, mut after) = (vec![], None, None);
        loop {
            let request = self.client.list_object_versions().bucket(&self.name).prefix(key);
            let request = request.set_key_marker(marker).set_version_id_marker(after);
            let page = self.session.call(Service::S3, "s3:ListBucketVersions", || request.clone().send()).await?;
            entries.extend(page.versions().iter().filter(|v| v.key() == Some(key)).filter_map(entry));
            entries.extend(page.delete_markers().iter().filter(|v| v.key() == Some(key)).filter_map(deletion));
            marker = page.next_key_marker().map(str::to_owned);
            after = page.next_version_id_marker().map(str::to_owned);
            let is_more = page.is_truncated() == Some(true) && marker.as_deref() == Some(key);
            if !is_more || entries.len() >= limit {
                break;
            }
        }
        entries.sort_by_key(|entry| (!entry.is_latest, std::cmp::Reverse(entry.written_at)));
        entries.truncate(limit);
        Ok(entries)
    }
}

fn entry(version: &ObjectVersion) -> Option<Entry> {
    Some(Entry {
        id: version.version_id()?.to_owned(),
        written_at: version.last_modified().and_then(moment),
        size: version.size().unwrap_or(0).unsigned_abs(),
        is_latest: version.is_latest() == Some(true),
        is_deletion: false,
    })
}

fn deletion(marker: &DeleteMarkerEntry) -> Option<Entry> {
    Some(Entry {
        id: marker.version_id()?.to_owned(),
        written_at: marker.last_modified().and_then(moment),
        size: 0,
        is_latest: marker.is_latest() == Some(true),
        is_deletion: true,
    })
}

fn moment(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

async fn body(answer: GetObjectOutput) -> Result<Vec<u8>, Fault> {
    let announced = answer.content_length().and_then(|length| u64::try_from(length).ok());
    let (mut gathered, mut stream) = (Body::new(announced)?, answer.body);
    while let Some(piece) = stream.next().await {
        gathered.push(&piece.map_err(|error| Fault::CutOff(error.to_string()))?)?;
    }
    Ok(gathered.into_bytes())
}
