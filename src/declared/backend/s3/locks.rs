//! Who holds the lock: an object beside the state, or an item of the lock table. It is looked at and never taken.

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::lock::LockInfo;
use super::bucket::Bucket;
use crate::aws;
use crate::aws::Service;

/// `None`: nobody, or nobody we may see.
pub(super) async fn lock(bucket: &Bucket, key: &str) -> Option<LockInfo> {
    let beside = bucket.small(&format!("{key}.tflock")).await;
    if let Some(lock) = beside.as_deref().and_then(LockInfo::read) {
        return Some(lock);
    }
    let id = format!("{}/{key}", bucket.name);
    let info = item(bucket, bucket.table.as_ref()?, &id, "Info").await.ok()??;
    LockInfo::read(info.as_bytes())
}

/// One attribute of one item of the lock table.
pub(super) async fn item(
    bucket: &Bucket,
    table: &str,
    id: &str,
    attribute: &str,
) -> Result<Option<String>, aws::Fault> {
    let client = bucket.session.dynamodb();
    let key = AttributeValue::S(id.to_owned());
    let request = client.get_item().table_name(table).key("LockID", key).consistent_read(true);
    let answer = bucket.session.call(Service::DynamoDb, "dynamodb:GetItem", || request.clone().send()).await?;
    let found = answer.item().and_then(|item| item.get(attribute)).and_then(|value| value.as_s().ok());
    Ok(found.filter(|text| !text.is_empty()).cloned())
}
