//! A server that plays AWS and fails on purpose: JSON services by `X-Amz-Target`, query services by `Action`, others by their path.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use super::stand::{declared, state_of};

/// One answer.
pub enum Reply {
    Json(Value),
    /// Status, code and message in the JSON protocol's spelling.
    Error(u16, &'static str, &'static str),
    /// As the query services answer.
    Xml(u16, String),
    /// As whatever is asked by its path answers.
    Plain(u16, String),
    /// The connection ends in the middle of the answer.
    Cut,
    /// No answer ever.
    Silence,
    /// Too many requests; come back after so many seconds.
    Later(u32),
}

/// One request: the action without its service (of those without actions, the path), the document (of query services, its
/// parameters), how often the action was asked for before.
pub struct Request<'a> {
    pub action: &'a str,
    pub body: &'a Value,
    pub earlier: usize,
    /// Names in lower case.
    pub headers: &'a HashMap<String, String>,
}

impl Request<'_> {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The id of the access key it is signed with.
    pub fn key(&self) -> &str {
        let (_, rest) = self.header("authorization").split_once("Credential=").unwrap_or_default();
        rest.split('/').next().unwrap_or_default()
    }
}

/// One as it came over the wire.
struct Asked {
    action: String,
    body: Value,
    headers: HashMap<String, String>,
}

type Script = dyn Fn(&Request<'_>) -> Option<Reply> + Send + Sync;

/// Listens until the test process ends.
pub struct Fake {
    pub url: String,
    asked: Arc<Book>,
}

/// When each action was asked for.
type Book = Mutex<HashMap<String, Vec<Instant>>>;

impl Fake {
    /// What the script leaves open, a healthy account with [`bucket`]s `a` and `b` answers.
    pub fn start(script: impl Fn(&Request<'_>) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (script, asked): (Arc<Script>, _) = (Arc::new(script), Arc::<Book>::default());
        let book = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, book) = (Arc::clone(&script), Arc::clone(&book));
                thread::spawn(move || drop(serve(stream, &*script, &book)));
            }
        });
        Self { url, asked }
    }

    /// Requests of an action so far, retries included.
    pub fn asked(&self, action: &str) -> usize {
        self.times(action).len()
    }

    /// When they came.
    pub fn times(&self, action: &str) -> Vec<Instant> {
        self.asked.lock().unwrap().get(action).cloned().unwrap_or_default()
    }

    /// Requests of all kinds so far.
    pub fn all(&self) -> usize {
        self.asked.lock().unwrap().values().map(Vec::len).sum()
    }
}

fn serve(stream: TcpStream, script: &Script, asked: &Book) -> std::io::Result<()> {
    // An answer in pieces waits for the other side to acknowledge the first of them.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(Asked { action, body, headers }) = request(&mut reader)? {
        let earlier = {
            let mut asked = asked.lock().unwrap();
            let times = asked.entry(action.clone()).or_default();
            times.push(Instant::now());
            times.len() - 1
        };
        let asked = Request { action: &action, body: &body, earlier, headers: &headers };
        let (status, kind, text) = match script(&asked).unwrap_or_else(|| healthy(&asked)) {
            Reply::Json(document) => (200, "application/x-amz-json-1.1", document.to_string()),
            Reply::Error(status, code, message) => {
                (status, "application/x-amz-json-1.1", json!({"__type": code, "message": message}).to_string())
            }
            Reply::Xml(status, text) => (status, "text/xml", text),
            Reply::Plain(status, text) => (status, "application/json", text),
            Reply::Later(seconds) => {
                let error = json!({"__type": "TooManyRequestsException", "message": "slow down"}).to_string();
                let head =
                    format!("HTTP/1.1 429 X\r\nRetry-After: {seconds}\r\nContent-Length: {}\r\n\r\n", error.len());
                stream.write_all((head + &error).as_bytes())?;
                continue;
            }
            Reply::Cut => {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{{\"resourceIdentifiers\":[")?;
                return Ok(());
            }
            Reply::Silence => loop {
                thread::park();
            },
        };
        let length = text.len();
        // The metadata service says how long its sessions last.
        let lasts = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600";
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{lasts}\r\n\r\n");
        stream.write_all((head + &text).as_bytes())?;
    }
    Ok(())
}

/// The next request of a connection.
fn request(reader: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let (mut headers, mut line) = (HashMap::new(), String::new());
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim().split_once(':') {
            Some((name, value)) => drop(headers.insert(name.to_ascii_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = String::from_utf8_lossy(&body);
    let target = headers.get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let (action, body) = match target {
        Some(action) => (action.to_owned(), serde_json::from_str(&text).unwrap_or_default()),
        None => {
            let parameters = text.split('&').filter_map(|pair| pair.split_once('='));
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let parameters: Value = parameters.map(|(k, v)| (k.to_owned(), json!(decoded(v)))).collect();
            let named = parameters["Action"].as_str().map(str::to_owned);
            (named.unwrap_or_else(|| path.split('?').next().unwrap_or_default().to_owned()), parameters)
        }
    };
    Ok(Some(Asked { action, body, headers }))
}

/// An account that records everything and has two buckets.
fn healthy(request: &Request<'_>) -> Reply {
    match request.action {
        "GetCallerIdentity" => Reply::Xml(
            200,
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::123456789012:user/reader</Arn><UserId>A</UserId><Account>123456789012</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
                .to_owned(),
        ),
        "DescribeConfigurationRecorders" => Reply::Json(json!({"ConfigurationRecorders": [
            {"name": "default", "roleARN": "arn:aws:iam::123456789012:role/config",
             "recordingGroup": {"allSupported": true, "includeGlobalResourceTypes": true}}]})),
        "DescribeConfigurationRecorderStatus" => {
            Reply::Json(json!({"ConfigurationRecordersStatus": [{"name": "default", "recording": true}]}))
        }
        "ListDiscoveredResources" if request.body["resourceType"] == "AWS::S3::Bucket" => {
            Reply::Json(listing(&["a", "b"], None))
        }
        "ListDiscoveredResources" => Reply::Json(listing(&[], None)),
        "BatchGetResourceConfig" => Reply::Json(batch(request.body, &[])),
        "SelectResourceConfig" => Reply::Json(json!({"Results": []})),
        "GetResourceConfigHistory" => {
            let id = request.body["resourceId"].as_str().unwrap_or_default();
            let mut item = bucket(id);
            item["tags"] = json!({"team": "pay"});
            Reply::Json(json!({"configurationItems": [item]}))
        }
        "GetDiscoveredResourceCounts" => Reply::Json(
            json!({"totalDiscoveredResources": 2, "resourceCounts": [{"resourceType": "AWS::S3::Bucket", "count": 2}]}),
        ),
        _ => Reply::Error(400, "InvalidAction", "the fake does not know it"),
    }
}

/// A page of a listing of buckets.
pub fn listing(ids: &[&str], next: Option<&str>) -> Value {
    let identifiers: Vec<Value> =
        ids.iter().map(|id| json!({"resourceType": "AWS::S3::Bucket", "resourceId": id})).collect();
    json!({"resourceIdentifiers": identifiers, "nextToken": next})
}

/// The items that are asked for, without those `left` unprocessed.
pub fn batch(body: &Value, left: &[&str]) -> Value {
    let keys = body["resourceKeys"].as_array().cloned().unwrap_or_default();
    let (unprocessed, found): (Vec<Value>, Vec<Value>) =
        keys.into_iter().partition(|key| left.contains(&key["resourceId"].as_str().unwrap_or_default()));
    let items: Vec<Value> = found.iter().map(|key| bucket(key["resourceId"].as_str().unwrap_or_default())).collect();
    json!({"baseConfigurationItems": items, "unprocessedResourceKeys": unprocessed})
}

/// The configuration item of a bucket, as AWS Config shapes it.
pub fn bucket(id: &str) -> Value {
    json!({"version": "1.3", "accountId": "123456789012", "configurationItemCaptureTime": 1_795_244_222.6,
        "configurationItemStatus": "OK", "configurationStateId": "1795244231", "arn": format!("arn:aws:s3:::{id}"),
        "resourceType": "AWS::S3::Bucket", "resourceId": id, "resourceName": id, "awsRegion": "eu-west-1",
        "configuration": json!({"name": id}).to_string(),
        "supplementaryConfiguration": {"IsRequesterPaysEnabled": "false"}})
}

/// A state that declares these buckets, tagged.
pub fn state_of_buckets(ids: &[&str]) -> String {
    let resource = |id: &&str| {
        let attributes = json!({"id": id, "bucket": id, "arn": format!("arn:aws:s3:::{id}"), "region": "eu-west-1",
            "request_payer": "BucketOwner", "tags": {"team": "pay"}});
        declared("aws_s3_bucket", id, attributes)
    };
    state_of(&ids.iter().map(resource).collect::<Vec<_>>())
}
