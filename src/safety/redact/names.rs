//! What the name of a property says about its value.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// How surely a value is a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Strength {
    /// Nothing known: only its form counts.
    None,
    /// Masked in place unless it is plainly harmless; looked for elsewhere only when it looks random.
    Weak,
    /// A property that is called a secret: every text is masked.
    Named,
    /// The source marks it: every scalar is masked.
    Marked,
}

/// Pieces of which at least one is in every name the rules below know; most names have none.
pub(super) const HINTS: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "dsn",
    "connection",
    "sas",
    "signature",
    "cookie",
    "plaintext",
    "contrase",
    "senha",
];

/// Words that name a secret, alone or at the end of a longer word (`dbpassword`).
const NAMED: &[&str] = &[
    "password",
    "passwords",
    "passwort",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "apikey",
    "privatekey",
    "secretkey",
    "connectionstring",
    "clientsecret",
    "plaintext",
    // German is above, French, Spanish.
    "motdepasse",
    "contraseña",
    "contrasena",
];

/// Words that name a secret only when they stand alone: inside of others they mean something else (`bypass`, `author`; the Portuguese
/// `senha` ends a word for a review).
const NAMED_ALONE: &[&str] = &[
    "pass",
    "dsn",
    "dbpass",
    "rootpass",
    "userpass",
    "adminpass",
    "pw",
    "dbpw",
    "rootpw",
    "userpw",
    "adminpw",
    "senha",
    "senhas",
];

/// Pairs of words.
const NAMED_PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("access", "key"),
    ("account", "key"),
    ("shared", "key"),
    ("encryption", "key"),
    ("signing", "key"),
    ("license", "key"),
    ("master", "key"),
    ("connection", "string"),
    ("connection", "strings"),
    ("session", "key"),
    ("auth", "key"),
    ("storage", "key"),
    ("app", "key"),
    ("de", "passe"),
    // The tilde as a sign of its own.
    ("contrasen", "a"),
];

const WEAK: &[&str] = &[
    "auth",
    "authorization",
    "cred",
    "creds",
    "credential",
    "credentials",
    "token",
    "tokens",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "cookie",
    "cookies",
    "sas",
    "signature",
];

/// Last words of names that speak about a secret without holding it.
const ABOUT: &[&str] = &[
    "name",
    "names",
    "arn",
    "arns",
    "id",
    "ids",
    "type",
    "types",
    "length",
    "version",
    "versions",
    "ttl",
    "expiry",
    "expires",
    "expiration",
    "enabled",
    "enable",
    "disabled",
    "url",
    "urls",
    "uri",
    "endpoint",
    "policy",
    "policies",
    "mode",
    "ref",
    "refs",
    "path",
    "paths",
    "file",
    "rotation",
    "days",
    "hours",
    "minutes",
    "seconds",
    "period",
    "status",
    "count",
    "required",
    "method",
    "methods",
    "behavior",
    "scheme",
    "algorithm",
    "algorithms",
    "duration",
    "lifetime",
    "validity",
    "source",
    "provider",
    "issuer",
    "audience",
    "format",
    "spec",
    "key",
    "keys",
    "from",
    "prefix",
    "suffix",
    "window",
    "engine",
    "store",
    "usage",
    "size",
    "age",
    "date",
    "time",
    "at",
    "updated",
    "created",
    "optional",
    "kind",
    "namespace",
    "class",
    "driver",
    "location",
    "region",
    "config",
    "configuration",
    "settings",
    "option",
    "options",
    "principal",
    "cache",
    "limit",
    "hint",
    "service",
    "server",
];

/// Before `token`: it names one request, so that it is not carried out twice, and gives access to nothing.
const ONE_REQUEST: &[&str] = &["creation", "idempotency", "request", "continuation", "pagination"];

/// What the name alone says.
pub(super) fn strength(name: &str) -> Strength {
    static HINTED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(HINTS).ok()
    });
    if HINTED.as_ref().is_some_and(|hints| !hints.is_match(name)) {
        return Strength::None;
    }
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    let pair_last = words.windows(2).last().is_some_and(|w| is_pair(&w[0], &w[1]));
    if words.windows(2).last().is_some_and(|w| w[1] == "token" && ONE_REQUEST.contains(&w[0].as_str())) {
        return Strength::None;
    }
    if ABOUT.contains(&last) && !pair_last {
        return Strength::None;
    }
    let named = words.iter().any(|w| NAMED_ALONE.contains(&w.as_str()) || NAMED.iter().any(|n| w.ends_with(n)));
    if named || words.windows(2).any(|w| is_pair(&w[0], &w[1])) {
        return Strength::Named;
    }
    if words.iter().any(|w| WEAK.contains(&w.as_str())) { Strength::Weak } else { Strength::None }
}

/// A name that speaks about its neighbours (`name`, `arn`, `type`, …) and is no secret below a secret's name either.
pub(super) fn is_about(name: &str) -> bool {
    words(name).last().is_some_and(|last| ABOUT.contains(&last.as_str()) || last == "description")
}

fn is_pair(first: &str, second: &str) -> bool {
    NAMED_PAIRS.contains(&(first, second))
}

/// `dbPassword2`, `DB_PASSWORD`, `db-password` and `DBPassword` are all `db password`; digits are dropped.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![];
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, &c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| letters[i]);
        let starts_hump = c.is_uppercase()
            && (before.is_some_and(char::is_lowercase) || letters.get(at + 1).is_some_and(|n| n.is_lowercase()));
        if (starts_hump || !c.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in [
            "password",
            "master_password",
            "DB_PASSWORD",
            "dbPassword2",
            "DBPassword",
            "mysql-pwd",
            "api_key",
            "apiKey",
            "APIKey",
            "x-api-key",
            "private_key_pem",
            "client_secret",
            "secretKey",
            "AWS_SECRET_ACCESS_KEY",
            "connection_string",
            "primary_connection_string",
            "dsn",
            "primary_access_key",
            "rootpassword",
            "passphrase",
            "SECRET",
            "secret_string",
            "passwort",
            "db_passwort",
            "Datenbankpasswort",
            "mot_de_passe",
            "motDePasse",
            "motdepasse",
            "contraseña",
            "CONTRASEÑA",
            "contrasen\u{303}a",
            "contrasena",
            "db_senha",
            "senha",
            "pw",
            "admin_pw",
            "DB_PW",
            "adminPw",
            "dbpw",
            "rootpw2",
        ] {
            assert_eq!(strength(name), Strength::Named, "{name}");
        }
        for name in ["token", "auth_token", "authorization", "Cookie", "sas", "signature", "credentials"] {
            assert_eq!(strength(name), Strength::Weak, "{name}");
        }
    }

    #[test]
    fn names_that_only_speak_about_secrets_are_not() {
        for name in [
            "author",
            "bypass_policy_lockout",
            "compass",
            "secret_arn",
            "secretName",
            "secretKeyRef",
            "password_length",
            "token_ttl",
            "creation_token",
            "ClientRequestToken",
            "auth_type",
            "authorization_type",
            "monkey",
            "tokenized",
            "key_name",
            "kms_key_id",
            "key",
            "public_key",
            "hash_key",
            "signature_version",
            "POSTGRES_PASSWORD_FILE",
            "credentials_arn",
            "passthrough_behavior",
            "authentication_mode",
            "passeport",
            "passe_partout",
            "impasse",
            "resenha",
            "desenha",
            "contrast",
            "senha_length",
            "mot_de_passe_id",
            "contraseña_arn",
            "pw_length",
            "opwindow",
            "shopware",
            "pwm",
        ] {
            assert_eq!(strength(name), Strength::None, "{name}");
        }
    }
}
