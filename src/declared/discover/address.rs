//! From the settings of a backend to the address of its state.

use std::path::Path;

use url::Url;
use url::form_urlencoded::Serializer;

use super::{Block, Setting};

/// The address, and what stands beside it for people.
pub(super) struct Located {
    pub state: String,
    pub remarks: Vec<String>,
}

/// Where the state of a workspace lives; the error says what has to be known first.
pub(super) fn of(directory: &Path, block: &Block, workspace: Option<&str>) -> Result<Located, String> {
    match block.kind.as_str() {
        "s3" => s3(block, workspace),
        "http" => http(block),
        "pg" => pg(block, workspace),
        "local" => local(directory, block, workspace),
        kind => Err(format!(
            "driftguard does not read the {kind} backend: pull it (`terraform -chdir={} state pull > FILE`) and name the file",
            directory.display()
        )),
    }
}

fn required<'a>(block: &'a Block, key: &str) -> Result<&'a str, String> {
    match block.settings.get(key) {
        Some(Setting::Known(text)) if !text.is_empty() => Ok(text),
        Some(Setting::Unknown(written)) => Err(format!("{key} = {written} is known only when Terraform runs")),
        _ => Err(format!("{key} is not in the code: it is given to `terraform init -backend-config`")),
    }
}

/// Settings that would matter and cannot be known.
fn unknown<'a>(block: &'a Block, keys: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    keys.iter().filter_map(|key| match block.settings.get(*key) {
        Some(Setting::Unknown(written)) => {
            Some(format!("{key} = {written} is known only when Terraform runs, and left out"))
        }
        _ => None,
    })
}

fn s3(block: &Block, workspace: Option<&str>) -> Result<Located, String> {
    let (bucket, key) = (required(block, "bucket")?, required(block, "key")?);
    let prefix = block.known("workspace_key_prefix").unwrap_or("env:");
    let key = key.trim_start_matches('/');
    let key = workspace.map_or(key.to_owned(), |name| format!("{prefix}/{name}/{key}"));
    const PARTS: [(&str, &[&str]); 5] = [
        ("region", &["region"]),
        ("profile", &["profile"]),
        ("role", &["assume_role.role_arn", "role_arn"]),
        ("endpoint", &["endpoints.s3", "endpoint"]),
        ("dynamodb_table", &["dynamodb_table"]),
    ];
    let mut query = Serializer::new(String::new());
    let mut remarks: Vec<String> = vec![];
    for (name, keys) in PARTS {
        if let Some(value) = keys.iter().find_map(|key| block.known(key)) {
            query.append_pair(name, value);
        }
        remarks.extend(unknown(block, keys));
    }
    if block.settings.contains_key("access_key") || block.settings.contains_key("secret_key") {
        remarks.push("the keys in the code are not used: log in as the AWS CLI would".into());
    }
    if block.settings.contains_key("sse_customer_key") {
        remarks.push("it is encrypted with a key of the customer (SSE-C), which driftguard cannot read".into());
    }
    let query = query.finish();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    Ok(Located { state: format!("s3://{bucket}/{key}{query}"), remarks })
}

/// Settings of the http backend that driftguard, like Terraform, takes from variables.
const TLS: [(&str, &str); 4] = [
    ("client_ca_certificate_pem", "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM"),
    ("client_certificate_pem", "TF_HTTP_CLIENT_CERTIFICATE_PEM"),
    ("client_private_key_pem", "TF_HTTP_CLIENT_PRIVATE_KEY_PEM"),
    ("skip_cert_verification", "TF_HTTP_SKIP_CERT_VERIFICATION"),
];

fn http(block: &Block) -> Result<Located, String> {
    let mut url = Url::parse(required(block, "address")?).map_err(|error| format!("address: {error}"))?;
    let mut remarks: Vec<String> = vec![];
    let has = |key| block.settings.contains_key(key);
    if has("username") || has("password") || !url.username().is_empty() || url.password().is_some() {
        remarks.push("set TF_HTTP_USERNAME and TF_HTTP_PASSWORD: credentials are not written down here".into());
    }
    for (key, variable) in TLS.iter().filter(|(key, _)| has(key)) {
        remarks.push(format!("set {variable}: {key} is taken from there"));
    }
    // Both work for an address with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Located { state: url.into(), remarks })
}

fn pg(block: &Block, workspace: Option<&str>) -> Result<Located, String> {
    let written = required(block, "conn_str")?;
    let mut url = Url::parse(written).map_err(|_| {
        "conn_str is a list of key=value: write it as postgres://USER@HOST/DATABASE?schema=SCHEMA".to_owned()
    })?;
    let mut remarks = vec![];
    if url.password().is_some() {
        let _ = url.set_password(None);
        remarks.push("set PGPASSWORD or write a ~/.pgpass: the password is not written down here".to_owned());
    }
    if let Some(schema) = block.known("schema_name") {
        url.query_pairs_mut().append_pair("schema", schema);
    }
    if let Some(workspace) = workspace {
        url.query_pairs_mut().append_pair("workspace", workspace);
    }
    remarks.extend(unknown(block, &["schema_name"]));
    Ok(Located { state: url.into(), remarks })
}

fn local(directory: &Path, block: &Block, workspace: Option<&str>) -> Result<Located, String> {
    let path = match (workspace, block.settings.get("path")) {
        (Some(name), _) => {
            let base = block.known("workspace_dir").unwrap_or("terraform.tfstate.d");
            directory.join(base).join(name).join("terraform.tfstate")
        }
        (None, Some(_)) => directory.join(required(block, "path")?),
        (None, None) => directory.join("terraform.tfstate"),
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    Ok(Located { state: path.to_string_lossy().into_owned(), remarks: vec![] })
}
