//! Addresses of remote state, as they stand in the configuration, and as they may be shown.

use url::{Url, form_urlencoded};

/// Where a state lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    S3(S3Address),
    /// The http backend's GET address, with whatever credentials stand in it.
    Http(Url),
    Pg(PgAddress),
}

/// One object of a bucket, or every state beneath a prefix.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct S3Address {
    pub bucket: String,
    /// As it is: nothing in it is encoded. Empty, or with `/` at the end: a prefix.
    pub key: String,
    pub pick: Pick,
    /// These stand in front of what the environment's `aws` table says, because a state may live elsewhere than what it declares.
    pub region: Option<String>,
    pub profile: Option<String>,
    pub role: Option<String>,
    pub endpoint: Option<String>,
    /// DynamoDB table with Terraform's locks and digests.
    pub dynamodb_table: Option<String>,
}

/// Which version of an object.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Pick {
    #[default]
    Latest,
    /// By S3's version id.
    Version(String),
    /// By the serial in the state; the newest version that has it.
    Serial(u64),
}

/// A row of the table the pg backend makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PgAddress {
    /// Without `schema` and `workspace`.
    pub url: Url,
    pub schema: String,
    pub workspace: String,
}

const SCHEMES: [&str; 5] = ["s3://", "http://", "https://", "postgres://", "postgresql://"];

/// Whether the text is an address and no path.
pub fn is_remote(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

impl Address {
    /// Reads an address; the error says what is wrong with it and shows nothing of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("s3://") {
            return S3Address::parse(rest).map(Self::S3);
        }
        let url = Url::parse(text).map_err(|e| format!("not a valid address: {e}"))?;
        match url.scheme() {
            "http" | "https" => Ok(Self::Http(url)),
            _ => Ok(Self::Pg(PgAddress::of(url))),
        }
    }
}

impl S3Address {
    fn parse(rest: &str) -> Result<Self, String> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        if bucket.is_empty() {
            return Err("the bucket is missing: s3://BUCKET/KEY".into());
        }
        let mut address = Self { bucket: bucket.into(), key: key.into(), ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "version" => address.pick = Pick::Version(value),
                "serial" => {
                    address.pick = Pick::Serial(value.parse().map_err(|_| "serial is a number: ?serial=7".to_owned())?);
                }
                "region" => address.region = Some(value),
                "profile" => address.profile = Some(value),
                "role" => address.role = Some(value),
                "endpoint" => address.endpoint = Some(value),
                "dynamodb_table" => address.dynamodb_table = Some(value),
                other => return Err(format!("it knows no '{other}': {S3_KEYS}")),
            }
        }
        if address.is_prefix() && address.pick != Pick::Latest {
            return Err("a version belongs to one object: name its key in full".into());
        }
        Ok(address)
    }

    /// Every state beneath it is meant.
    pub fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// One of its objects, by the name people and the store know it by: how it is reached does not belong to that.
    pub fn name(&self, key: &str) -> String {
        let pick = match &self.pick {
            Pick::Latest => String::new(),
            Pick::Version(id) => format!("?version={id}"),
            Pick::Serial(serial) => format!("?serial={serial}"),
        };
        format!("s3://{}/{key}{pick}", self.bucket)
    }
}

const S3_KEYS: &str = "known are version, serial, region, profile, role, endpoint and dynamodb_table";

impl PgAddress {
    fn of(mut url: Url) -> Self {
        let (mut schema, mut workspace) = (None, None);
        let mut rest = vec![];
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "schema" => schema = Some(value.into_owned()),
                "workspace" => workspace = Some(value.into_owned()),
                _ => rest.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let schema = schema.unwrap_or_else(|| "terraform_remote_state".into());
        Self { url, schema, workspace: workspace.unwrap_or_else(|| "default".into()) }
    }
}

/// The address as it may be shown and remembered: without credentials. A path stays what it is.
pub fn shown(text: &str) -> String {
    match Address::parse(text) {
        _ if !is_remote(text) => text.to_owned(),
        Ok(Address::S3(address)) => address.name(&address.key),
        Ok(Address::Http(url)) => masked(url),
        Ok(Address::Pg(address)) => {
            let mut url = address.url;
            url.query_pairs_mut().append_pair("schema", &address.schema).append_pair("workspace", &address.workspace);
            masked(url)
        }
        // What cannot be taken apart cannot be shown in part.
        Err(_) => {
            let end = text.find("://").map_or(0, |at| at + 3);
            let host = text[end..].split(['/', '?', '#']).next().unwrap_or_default();
            format!("{}{}", &text[..end], host.rsplit('@').next().unwrap_or_default())
        }
    }
}

const MASK: &str = "***";

fn masked(mut url: Url) -> String {
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["token", "secret", "password", "key", "sig", "auth", "credential"].iter().any(|word| name.contains(word))
    };
    let mask = |name: &str, value: String| if is_secret(name) { MASK.to_owned() } else { value };
    let query: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.to_string(), mask(&name, value.into_owned()))).collect();
    url.set_fragment(None);
    url.set_query(None);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    if url.password().is_some() {
        // Neither fails for an address that had a password.
        let _ = url.set_password(Some(MASK));
        if matches!(url.scheme(), "http" | "https") {
            let _ = url.set_username(MASK);
            let _ = url.set_password(None);
        }
    } else if !url.username().is_empty() && matches!(url.scheme(), "http" | "https") {
        // A token often stands where the name would.
        let _ = url.set_username(MASK);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(text: &str) -> S3Address {
        match Address::parse(text) {
            Ok(Address::S3(address)) => address,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_taken_as_it_is_and_a_slash_at_the_end_means_everything_beneath() {
        let one = s3("s3://states/env:/prod eu/terraform.tfstate?serial=7&region=eu-west-1");
        assert_eq!((one.bucket.as_str(), one.key.as_str()), ("states", "env:/prod eu/terraform.tfstate"));
        assert_eq!((one.pick, one.region.as_deref()), (Pick::Serial(7), Some("eu-west-1")));
        assert!(s3("s3://states").is_prefix() && s3("s3://states/prod/").is_prefix());
        assert!(!s3("s3://states/prod").is_prefix());
        for (text, why) in [
            ("s3:///x", "bucket is missing"),
            ("s3://b/k?serial=x", "serial is a number"),
            ("s3://b/p/?serial=1", "one object"),
            ("s3://b/k?colour=red", "it knows no 'colour'"),
            ("https://", "not a valid address"),
        ] {
            let said = Address::parse(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn the_parts_that_say_how_to_get_there_are_no_part_of_the_name() {
        let text = "s3://b/k?profile=ops&role=arn:aws:iam::1:role/x&version=abc&endpoint=http://127.0.0.1:1";
        assert_eq!(shown(text), "s3://b/k?version=abc");
    }

    #[test]
    fn no_credential_of_an_address_is_ever_shown() {
        for (text, said) in [
            (
                "https://alice:hunter2@h/p?workspace=x&private_token=hunter2",
                "https://***@h/p?workspace=x&private_token=***",
            ),
            ("https://hunter2@h/p", "https://***@h/p"),
            (
                "postgres://alice:hunter2@h/db?workspace=prod",
                "postgres://alice:***@h/db?schema=terraform_remote_state&workspace=prod",
            ),
            ("https://alice:hunter2@h:port/p", "https://h:port"),
            ("envs/prod.tfstate", "envs/prod.tfstate"),
        ] {
            assert_eq!(shown(text), said);
            assert!(!shown(text).contains("hunter2"));
        }
    }
}
