//! What a value itself says: random-looking, plainly harmless, or one of the many honest identifiers that look random.

use std::sync::LazyLock;

use regex::Regex;

/// Words that are never worth looking for elsewhere, even when somebody marks them as sensitive: masking them everywhere
/// would make the screen unreadable and hide nothing.
const COMMON: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "nil",
    "yes",
    "no",
    "on",
    "off",
    "enabled",
    "disabled",
    "enable",
    "disable",
    "required",
    "optional",
    "default",
    "admin",
    "administrator",
    "root",
    "user",
    "username",
    "password",
    "passwd",
    "secret",
    "token",
    "test",
    "testing",
    "example",
    "localhost",
    "production",
    "development",
    "staging",
    "integration",
    "sandbox",
    "preview",
    "release",
    "public",
    "private",
    "internal",
    "external",
    "info",
    "debug",
    "warn",
    "warning",
    "error",
    "trace",
    "standard",
    "premium",
    "basic",
    "custom",
    "managed",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongodb",
    "redis",
    "database",
    "kubernetes",
    "terraform",
    "cluster",
    "service",
    "instance",
    "container",
    "application",
    "available",
    "active",
    "inactive",
    "running",
    "pending",
    "stopped",
    "creating",
    "deleted",
    "unknown",
    "permission",
    "permissions",
    "denied",
    "invalid",
    "missing",
    "unset",
    "all",
    "any",
    "allow",
    "deny",
    "read",
    "write",
    "readwrite",
    "readonly",
    "system",
    "global",
    "regional",
    "changeme",
    "openssl",
    "whitelist",
    "allowlist",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "eu-south-1",
    "eu-central-1",
    "eu-central-2",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "europe-west1",
    "us-central1",
    "westeurope",
    "northeurope",
    "eastus",
];

/// Names whose random-looking values are identifiers or digests.
const IDENTIFYING: &[&str] = &[
    "id",
    "ids",
    "arn",
    "arns",
    "hash",
    "sha1",
    "sha256",
    "sha512",
    "md5",
    "digest",
    "etag",
    "checksum",
    "fingerprint",
    "thumbprint",
    "version",
    "revision",
    "serial",
    "uid",
    "uuid",
    "guid",
    "name",
    "names",
    "image",
    "commit",
    "link",
    "url",
    "uri",
    "path",
    "modulus",
    "certificate",
    "cert",
    "chain",
    "ca",
    "lineage",
    "selector",
    "domain",
    "identifier",
    "crc32c",
    "key64",
    "cabundle",
    "certificates",
    "revisions",
    "location",
    "dkim",
];

/// Whether the word may stay readable everywhere.
pub(super) fn is_common(text: &str) -> bool {
    let trimmed = text.trim();
    trimmed.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-' || b == b':')
        || COMMON.iter().any(|word| trimmed.eq_ignore_ascii_case(word))
}

/// Plainly no secret: switches, numbers, enumeration words, ARNs, paths, addresses without credentials.
pub(super) fn is_harmless(text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:[A-Z][A-Z_]{0,60}|/[\w./-]*|https?://[^\s@?]*|\$\{[^}]*\}|\d+[a-zA-Z]{0,2}|\d{4}-\d\d-\d\dT[\d:.]+Z?)$").ok()
    });
    text.chars().count() <= 3
        || is_common(text)
        || is_arn(text)
        || FORM.as_ref().is_some_and(|form| form.is_match(text))
}

/// An Amazon resource name, or an Azure resource id.
pub(super) fn is_arn(text: &str) -> bool {
    (text.starts_with("arn:") && text.matches(':').count() >= 5) || text.starts_with("/subscriptions/")
}

/// Letters and digits mixed, at least `min` characters, no space: worth looking for elsewhere.
pub(super) fn looks_random(text: &str, min: usize) -> bool {
    text.len() >= min
        && !text.contains(char::is_whitespace)
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && !is_harmless(text)
        && !is_identifier(text)
}

/// UUIDs, digests, cloud identifiers, host names, dates: random by birth, public by nature.
pub(super) fn is_identifier(text: &str) -> bool {
    static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", // UUID
            r"|(?:[\w./:-]+@)?(?:sha1|sha256|sha384|sha512|md5|h1)[:-][0-9a-zA-Z+/=]+",         // digests
            r"|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}",
            r"|[a-z]{1,12}(?:-[a-z]{1,12}){0,3}-[0-9a-f]{8,17}", // ami-, subnet-, …
            r"|A(?:ROA|IDA|NPA|IPA|GPA|NVA|SCA|BIA|CCA)[A-Z0-9]{12,}|[ZE][A-Z0-9]{10,31}", // IAM ids, zones, distributions
            r"|(?:[a-zA-Z0-9_-]+\.)+[a-z]{2,24}\.?)$",                                     // host names
        ))
        .ok()
    });
    is_arn(text) || FORMS.as_ref().is_some_and(|forms| forms.is_match(text))
}

/// A long value without structure whose characters are nearly evenly spread, under a name that does not explain it.
/// Thresholds as detect-secrets has them: 4.5 bits for base64 text, 3.0 for hexadecimal text of an unusual length.
pub(super) fn is_high_entropy(name: &str, text: &str) -> bool {
    // The expressions of `is_identifier` cost the most, so they come last.
    (20..=512).contains(&text.len())
        && text.bytes().all(is_opaque_byte)
        && is_evenly_spread(text)
        && !has_words(text)
        && !names_an_identifier(name)
        && !is_public_material(text)
        && !is_identifier(text)
}

fn is_evenly_spread(text: &str) -> bool {
    if text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return text.len() >= 24 && text.bytes().any(|b| b.is_ascii_alphabetic()) && entropy(text) >= 3.0;
    }
    let classes = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    let mixed = classes.iter().all(|class| text.bytes().any(|b| class(&b)));
    // Forty characters of base64 are the form of an AWS secret key; so short a text seldom reaches 4.5 bits.
    let needed = if text.len() == 40 { 3.9 } else { 4.5 };
    mixed && entropy(text) >= needed
}

fn is_opaque_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'~')
}

/// Names are made of words: two or more pieces of plain letters.
fn has_words(text: &str) -> bool {
    let is_word = |piece: &&str| {
        piece.len() >= 3
            && piece.bytes().all(|b| b.is_ascii_alphabetic())
            && piece[1..].bytes().all(|b| b.is_ascii_lowercase())
    };
    text.split(['-', '_', '/']).filter(is_word).count() >= 2
}

fn names_an_identifier(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    IDENTIFYING.contains(&last)
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w.starts_with("sha") || w == "hash" || w == "etag")
        || name.ends_with("Id")
        || name.ends_with("Arn")
        || name.ends_with("Hash")
}

/// Base64 of a certificate or of a public key.
fn is_public_material(text: &str) -> bool {
    ["LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJM", "MII", "AAAAB3NzaC1", "AAAAC3NzaC1", "AAAAE2VjZHNh"]
        .iter()
        .any(|head| text.starts_with(head))
}

/// Shannon entropy, in bits per byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|b| counts[usize::from(b)] += 1);
    let total = text.len() as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / total).map(|p| -p * p.log2()).sum()
}
