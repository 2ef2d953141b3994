//! Every place credentials may come from, each with a server that gives them and one that does not; and none of them ever seen
//! again anywhere.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::lab::fake::{Fake, Reply, Request, state_of_buckets};
use crate::support::{driftguard, run};

/// Whatever is secret in these stories holds this word.
const SECRET: &str = "hunter2";

/// An account that only knows requests signed with the key, and what else the script answers.
struct Account {
    fake: Fake,
    home: tempfile::TempDir,
    /// Keys and session tokens of the calls to AWS Config.
    signed: Arc<Mutex<Vec<(String, String)>>>,
}

impl Account {
    fn new(script: impl Fn(&Request<'_>) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".aws/sso/cache")).unwrap();
        fs::write(home.path().join("terraform.tfstate"), state_of_buckets(&["a", "b"])).unwrap();
        let signed = Arc::<Mutex<Vec<_>>>::default();
        let book = Arc::clone(&signed);
        let fake = Fake::start(move |request| {
            if request.action == "BatchGetResourceConfig" {
                let token = request.header("x-amz-security-token").to_owned();
                book.lock().unwrap().push((request.key().to_owned(), token));
            }
            script(request)
        });
        Self { fake, home, signed }
    }

    fn config(&self, text: &str) {
        fs::write(self.home.path().join(".aws/config"), text).unwrap();
    }

    fn scan(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
        let mut command = driftguard(self.home.path());
        command.args(["scan", "--log-level", "trace", "--state", "terraform.tfstate", "--aws"]);
        command.args(["--aws-region", "eu-west-1", "--aws-endpoint", &self.fake.url]).args(arguments);
        self.finish(command.env("AWS_EC2_METADATA_DISABLED", "true").envs(variables.iter().copied()))
    }

    /// Runs it, and looks whether anything secret is left anywhere.
    fn finish(&self, command: &mut Command) -> (i32, String) {
        let (code, out, err) = run(command);
        let said = format!("{out}{err}");
        assert!(!said.contains(SECRET), "{said}");
        let mut files = vec![];
        below(self.home.path(), &mut files);
        for (path, bytes) in files.iter().filter(|(path, _)| !path.contains("/.aws/") && !path.ends_with("/token")) {
            assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{path} holds a secret");
        }
        (code, said)
    }

    /// In sync, and asked with this key.
    fn reads_with(&self, key: &str, arguments: &[&str], variables: &[(&str, &str)]) {
        let (code, said) = self.scan(arguments, variables);
        assert_eq!(code, 0, "{said}");
        let signed = self.signed.lock().unwrap();
        assert!(!signed.is_empty() && signed.iter().all(|(id, _)| id == key), "{key}: {signed:?}");
    }

    /// Not read, with these words.
    fn says(&self, words: &[&str], arguments: &[&str], variables: &[(&str, &str)]) {
        let (code, said) = self.scan(arguments, variables);
        assert_eq!(code, 3, "nothing is drift, and nothing is in sync: {said}");
        for part in words {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert!(!said.contains("credential provider was not enabled") && !said.contains("dispatch failure"), "{said}");
    }
}

fn below(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => below(&entry.path(), found),
            false => found.push((entry.path().display().to_string(), fs::read(entry.path()).unwrap_or_default())),
        }
    }
}

/// What STS gives for a role: the key says which it was.
fn role(action: &str, key: &str) -> Reply {
    Reply::Xml(
        200,
        format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
             <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET}-{key}</SecretAccessKey><SessionToken>{SECRET}-session\
             </SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>\
             arn:aws:sts::123456789012:assumed-role/x/y</Arn><AssumedRoleId>A:y</AssumedRoleId></AssumedRoleUser></{action}Result>\
             </{action}Response>"
        ),
    )
}

fn refusal(code: &str, message: &str) -> Reply {
    let text = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    Reply::Xml(403, text)
}

const STATIC: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "hunter2-env")];

#[test]
fn a_profile_that_is_named_counts_more_than_the_keys_of_somebodys_shell() {
    let account = Account::new(|_| None);
    account.config("[profile prod]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = hunter2\n");
    account.reads_with("AKIAPROFILE", &["--aws-profile", "prod"], &STATIC);
    account.signed.lock().unwrap().clear();
    account.reads_with("AKIAENVIRONMENT", &[], &STATIC);
    account.says(
        &["there is no profile prdo in ~/.aws/config", "aws configure list-profiles"],
        &["--aws-profile", "prdo"],
        &STATIC,
    );
    account.config("[profile prod]\naws_access_key_id = AKIAPROFILE\n");
    account.says(&["the profile prod gives none", "missing aws_secret_access_key"], &["--aws-profile", "prod"], &[]);
    let nobody = ["there are none in the environment variables, in the default profile", "aws sso login"];
    account.says(&nobody, &[], &[]);
}

#[test]
fn roles_are_assumed_one_after_the_other_each_with_the_keys_of_the_one_before() {
    let account = Account::new(|request| match (request.action, request.body["RoleArn"].as_str()?, request.key()) {
        ("AssumeRole", "arn:aws:iam::1:role/hop", "AKIAENVIRONMENT") => Some(role("AssumeRole", "ASIAHOP")),
        ("AssumeRole", "arn:aws:iam::2:role/read", "ASIAHOP") => Some(role("AssumeRole", "ASIAREAD")),
        ("AssumeRole", ..) => {
            Some(refusal("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole"))
        }
        _ => None,
    });
    let chain = ["--aws-role", "arn:aws:iam::1:role/hop", "arn:aws:iam::2:role/read"];
    account.reads_with("ASIAREAD", &chain, &STATIC);
    assert!(account.signed.lock().unwrap().iter().all(|(_, token)| token == "hunter2-session"));
    let words =
        ["the role arn:aws:iam::3:role/no could not be assumed: AccessDenied", "trust policy has to name the caller"];
    account.says(&words, &["--aws-role", "arn:aws:iam::3:role/no"], &STATIC);
    // What the first role lacks is said of it, and not of the role it was wanted for.
    account.says(&["there are none in the environment variables"], &chain, &[]);
    account.config("[profile far]\nrole_arn = arn:aws:iam::1:role/hop\nsource_profile = near\n[profile near]\naws_access_key_id = AKIAENVIRONMENT\naws_secret_access_key = hunter2\n");
    account.signed.lock().unwrap().clear();
    account.reads_with("ASIAHOP", &["--aws-profile", "far"], &[("AWS_ENDPOINT_URL", &account.fake.url)]);
}

#[test]
fn a_credential_process_is_run_and_what_it_says_instead_is_not_passed_on() {
    let account = Account::new(|_| None);
    let script = |body: &str| {
        let path = account.home.path().join(".aws/process");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        account.config(&format!("[profile p]\ncredential_process = sh {}\n", path.display()));
    };
    let profile = ["--aws-profile", "p"];
    script(
        "echo '{\"Version\": 1, \"AccessKeyId\": \"ASIAPROCESS\", \"SecretAccessKey\": \"hunter2\", \"SessionToken\": \"hunter2\"}'",
    );
    account.reads_with("ASIAPROCESS", &profile, &[]);
    script("echo 'SecretAccessKey hunter2'");
    account.says(&["the credential_process of the profile p prints no JSON", "run it by hand"], &profile, &[]);
    script("echo 'not logged in to the vault' >&2; exit 3");
    account.says(
        &["the credential_process of the profile p failed with exit status: 3: not logged in to the vault"],
        &profile,
        &[],
    );
}

#[test]
fn an_instance_gives_its_role_by_a_session_of_the_metadata_service() {
    let account = Account::new(|request| {
        let token = || request.header("x-aws-ec2-metadata-token") == "session";
        Some(match request.action {
            "/latest/api/token" => Reply::Plain(200, "session".into()),
            "/latest/meta-data/iam/security-credentials/" if token() => Reply::Plain(200, "reader".into()),
            "/latest/meta-data/iam/security-credentials/reader" if token() => Reply::Plain(
                200,
                json!({"Code": "Success", "LastUpdated": "2026-11-21T00:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": "ASIAINSTANCE",
                    "SecretAccessKey": "hunter2", "Token": "hunter2", "Expiration": "2099-01-01T00:00:00Z"})
                .to_string(),
            ),
            path if path.starts_with("/latest/") => Reply::Plain(401, "no IMDSv2 session".into()),
            _ => return None,
        })
    });
    let there =
        [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", account.fake.url.as_str())];
    account.reads_with("ASIAINSTANCE", &[], &there);

    let without = Account::new(|request| match request.action {
        "/latest/api/token" => Some(Reply::Plain(403, "off".into())),
        _ => None,
    });
    let there =
        [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", without.fake.url.as_str())];
    without.says(&["the instance's metadata service gives none", "http_put_response_hop_limit"], &[], &there);
}

#[test]
fn a_web_identity_is_exchanged_for_the_role_and_an_old_one_is_named_with_its_file() {
    let account = Account::new(|request| match (request.action, request.body["WebIdentityToken"].as_str()) {
        ("AssumeRoleWithWebIdentity", Some("hunter2-good")) => Some(role(request.action, "ASIAWEB")),
        ("AssumeRoleWithWebIdentity", _) => {
            Some(refusal("ExpiredTokenException", "Token expired: current date/time is later"))
        }
        _ => None,
    });
    let token = account.home.path().join("token");
    let variables = |url| {
        [
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"),
            ("AWS_ENDPOINT_URL_STS", url),
        ]
    };
    fs::write(&token, "hunter2-good").unwrap();
    account.reads_with("ASIAWEB", &[], &variables(&account.fake.url));
    fs::write(&token, "hunter2-old").unwrap();
    let words = ["the web identity in", "/token (AWS_WEB_IDENTITY_TOKEN_FILE) was refused: ExpiredTokenException"];
    account.says(&words, &[], &variables(&account.fake.url));
    fs::remove_file(&token).unwrap();
    account.says(
        &["could not be used: No such file", "check the file and AWS_ROLE_ARN"],
        &[],
        &variables(&account.fake.url),
    );
}

#[test]
fn a_container_is_asked_with_its_token() {
    let account = Account::new(|request| {
        match request.action {
        "/creds" if request.header("authorization") == "hunter2-pod" => Some(Reply::Plain(
            200,
            json!({"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "hunter2", "Token": "hunter2", "Expiration": "2099-01-01T00:00:00Z"})
                .to_string(),
        )),
        "/creds" => Some(Reply::Plain(401, json!({"code": "Unauthorized", "message": "who are you"}).to_string())),
        _ => None,
    }
    });
    let uri = format!("{}/creds", account.fake.url);
    let with =
        |token| [("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()), ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)];
    account.reads_with("ASIACONTAINER", &[], &with("hunter2-pod"));
    account.says(
        &["the container's credentials could not be had", "the task or pod needs a role"],
        &[],
        &with("other"),
    );
    let nowhere = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/creds")];
    account.says(&["the container's credentials could not be had", "Connection refused"], &[], &nowhere);
}

/// A profile of SSO, as `aws configure sso` writes it.
const SSO: &str = "[profile prod]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ReadOnly\n\
                   [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n";

/// As `aws sso login` leaves it, in the file that is named after the session.
fn log_in(account: &Account, expires: &str) {
    use sha1::Digest;
    let name: String = sha1::Sha1::digest(b"corp").iter().map(|byte| format!("{byte:02x}")).collect();
    let token = json!({"accessToken": "hunter2-sso", "expiresAt": expires, "region": "eu-west-1", "startUrl": "https://corp.awsapps.com/start"});
    fs::write(account.home.path().join(format!(".aws/sso/cache/{name}.json")), token.to_string()).unwrap();
}

#[test]
fn sso_is_read_with_the_token_of_the_last_login_and_an_old_one_says_how_to_log_in() {
    let account = Account::new(|request| {
        match request.action {
        "/federation/credentials" if request.header("x-amz-sso_bearer_token") == "hunter2-sso" => Some(Reply::Plain(
            200,
            json!({"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "hunter2", "sessionToken": "hunter2",
                "expiration": 4_070_908_800_000_u64}})
            .to_string(),
        )),
        _ => None,
    }
    });
    account.config(SSO);
    let (profile, there) = (["--aws-profile", "prod"], [("AWS_ENDPOINT_URL_SSO", account.fake.url.as_str())]);
    account.says(
        &["nobody is logged in to SSO for the profile prod; log in with `aws sso login --profile prod`"],
        &profile,
        &there,
    );
    log_in(&account, "2099-01-01T00:00:00Z");
    account.reads_with("ASIASSO", &profile, &there);
    log_in(&account, "2020-01-01T00:00:00Z");
    account.says(
        &["the SSO session of the profile prod has expired; log in with `aws sso login --profile prod`"],
        &profile,
        &there,
    );

    let refused = Account::new(|request| match request.action {
        "/federation/credentials" => {
            Some(Reply::Error(401, "UnauthorizedException", "Session token not found or invalid"))
        }
        _ => None,
    });
    refused.config(SSO);
    log_in(&refused, "2099-01-01T00:00:00Z");
    let there = [("AWS_ENDPOINT_URL_SSO", refused.fake.url.as_str())];
    refused.says(&["SSO does not accept the session of the profile prod any more; log in with"], &profile, &there);
}

#[test]
fn expired_and_denied_are_told_apart_by_what_helps() {
    let expired = Account::new(|request| {
        (request.action == "GetCallerIdentity")
            .then(|| refusal("ExpiredToken", "The security token included in the request is expired"))
    });
    expired.says(&["ExpiredToken", "AWS does not accept the credentials (any more): log in again"], &[], &STATIC);
    let denied = Account::new(|request| {
        (request.action == "ListDiscoveredResources").then_some(Reply::Error(400, "AccessDeniedException", "no"))
    });
    denied.says(&["\"Action\":\"config:ListDiscoveredResources\""], &[], &STATIC);
}

#[test]
fn a_session_that_goes_on_keeps_nothing_of_a_credential_in_its_log_or_store() {
    let account = Account::new(|request| match request.action {
        "AssumeRole" => Some(role("AssumeRole", "ASIAREAD")),
        _ => None,
    });
    let table = format!(
        "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nregion = \"eu-west-1\"\nstate = {:?}\n\
         aws = {{ endpoint_url = \"{}\", assume_role = \"arn:aws:iam::123456789012:role/read\" }}\n",
        account.home.path().join("terraform.tfstate"),
        account.fake.url
    );
    fs::create_dir_all(account.home.path().join("config/driftguard")).unwrap();
    fs::write(account.home.path().join("config/driftguard/config.toml"), table).unwrap();
    let mut command = driftguard(account.home.path());
    command.args(["triage", "--plain", "--log-level", "trace"]).envs(STATIC);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut session = command.spawn().unwrap();
    let since = std::time::Instant::now();
    while account.signed.lock().unwrap().is_empty() && since.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(session.stdin.take());
    session.wait().unwrap();
    assert_eq!(account.signed.lock().unwrap().first().map(|(key, _)| key.clone()).as_deref(), Some("ASIAREAD"));
    let logs = account.home.path().join("state/driftguard/logs");
    assert!(fs::read_dir(logs).unwrap().count() > 0, "there is a log to look into");
    account.finish(driftguard(account.home.path()).arg("info"));
}
