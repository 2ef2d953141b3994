//! What reading states in S3 has to be allowed.

use serde_json::{Value, json};

use super::super::Address;

/// Statements for the addresses among these; none when no state is in S3. Other addresses and paths need nothing of AWS.
pub fn statements<'a>(state: impl IntoIterator<Item = &'a str>, tables: &[&str]) -> Vec<Value> {
    let (mut buckets, mut objects, mut tables) =
        (vec![], vec![], tables.iter().map(|table| table_arn(table)).collect::<Vec<_>>());
    for text in state {
        let Ok(Address::S3(address)) = Address::parse(text) else { continue };
        let bucket = format!("arn:aws:s3:::{}", address.bucket);
        // The lock lies beside the state.
        objects.push(format!("{bucket}/{}*", address.key));
        buckets.push(bucket);
        tables.extend(address.dynamodb_table.as_deref().map(table_arn));
    }
    if objects.is_empty() {
        return vec![];
    }
    for list in [&mut buckets, &mut objects, &mut tables] {
        list.sort();
        list.dedup();
    }
    let statement = |sid, actions: &[&str], resources: &[String]| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources});
    let mut statements = vec![
        statement("State", &["s3:GetObject", "s3:GetObjectVersion"], &objects),
        statement("StateListing", &["s3:ListBucket", "s3:ListBucketVersions"], &buckets),
    ];
    if !tables.is_empty() {
        statements.push(statement("StateLocks", &["dynamodb:GetItem"], &tables));
    }
    statements
}

fn table_arn(table: &str) -> String {
    format!("arn:aws:dynamodb:*:*:table/{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_allowed_and_nothing_that_writes() {
        let state = ["a.tfstate", "s3://b/prod/x.tfstate?dynamodb_table=locks", "s3://b/all/"];
        let statements = statements(state, &[]);
        assert_eq!(statements[0]["Resource"], json!(["arn:aws:s3:::b/all/*", "arn:aws:s3:::b/prod/x.tfstate*"]));
        assert_eq!(statements[1]["Resource"], json!(["arn:aws:s3:::b"]));
        assert_eq!(statements[2]["Action"], json!(["dynamodb:GetItem"]));
        assert!(!json!(statements).to_string().contains("Put"));
        assert!(super::statements(["a.tfstate", "https://h/p"], &["locks"]).is_empty());
    }
}
