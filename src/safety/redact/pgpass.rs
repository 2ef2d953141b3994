//! Lines of a password file of PostgreSQL (`~/.pgpass`): `host:port:database:user:password`. The first four may be `*`, and `\` stands
//! before a colon that is part of one. Source: PostgreSQL's manual, "The Password File".

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What only such a line is taken for: other things are written with colons between. Where the port is PostgreSQL's (5432 and those
/// beside it, a pooler's 6432) any host will do; else it must look like one.
const BEFORE: &str =
    r"(?:[^\s:#'\x22]+:(?:543\d|6432)|(?:\*|localhost|/[^\s:]*|[\w-]+(?:\.[\w-]+)+):(?:\*|[1-9]\d{1,4}))";
/// As above, where nothing else stands on the line: a quote may be part of it.
const BEFORE_ALONE: &str =
    r"(?:[^\s:#]+:(?:543\d|6432)|(?:\*|localhost|/[^\s:]*|[\w-]+(?:\.[\w-]+)+):(?:\*|[1-9]\d{1,4}))";
/// Database and user.
const WHO: &str = r"(?::(?:\\.|[^\s:\\'\x22])+){2}:";

/// Most texts have no such thing in them.
static PORT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r":(?:\*|[1-9]\d{1,4}):").ok());
/// A line by itself; one in quotes, as a command writes it; and one between blanks, where the port tells what it is.
static LINES: LazyLock<[Option<Regex>; 3]> = LazyLock::new(|| {
    [
        Regex::new(&format!(r"(?m)^[ \t]*{BEFORE_ALONE}(?::(?:\\.|[^\s:\\])+){{2}}:((?:\\.|[^\s«])+)[ \t]*\r?$")).ok(),
        Regex::new(&format!(r"['\x22]{BEFORE}{WHO}((?:\\.|[^\s\\«'\x22])+?)(?:\\n)?['\x22]")).ok(),
        Regex::new(&format!(r"(?m)(?:^|[\s=])[^\s:#='\x22]+:(?:543\d|6432){WHO}((?:\\.|[^\s«'\x22])+)(?:\s|$)")).ok(),
    ]
});

/// Appends where passwords stand.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    if !PORT.as_ref().is_some_and(|port| port.is_match(text)) {
        return;
    }
    for line in LINES.iter().flatten() {
        let secrets = line.captures_iter(text).filter_map(|captures| Some(captures.get(1)?.range()));
        // One `*` more is a pattern of five parts.
        for secret in secrets.filter(|secret| text[secret.clone()].chars().any(|c| c != '*')) {
            if !found.contains(&secret) {
                found.push(secret);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, &mut found);
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn every_expression_compiles() {
        assert!(PORT.is_some() && LINES.iter().all(Option::is_some));
    }

    #[test]
    fn the_password_of_a_line_is_found_wherever_the_database_listens() {
        for (text, secret) in [
            ("db.example.com:5432:shop:web:Tigger7", "Tigger7"),
            ("db:5432:shop:web:Tigger7", "Tigger7"),
            ("pool:6432:*:web:Tigger7", "Tigger7"),
            ("localhost:5433:*:postgres:Tigger7", "Tigger7"),
            ("10.0.0.7:15432:shop:web:Tigger7", "Tigger7"),
            ("*:*:*:postgres:Tigger7", "Tigger7"),
            ("/var/run/postgresql:*:*:postgres:Tigger7", "Tigger7"),
            (r"db.example.com:5432:a\:b:web:Tig\:ger\\7", r"Tig\:ger\\7"),
            ("# who may\n  db.example.com:5433:shop:web:Tigger7  \r\nend", "Tigger7"),
            ("echo 'db.internal:5432:shop:web:Tigger7' >> ~/.pgpass", "Tigger7"),
            (r"db.example.com:5432:shop:web:Tigger7\", r"Tigger7\"),
            ("db.example.com:5432:shop:o'neil:Tigger7", "Tigger7"),
            (r#"printf "*:*:*:web:Tigger7\n" > /srv/.pgpass"#, "Tigger7"),
        ] {
            assert_eq!(secrets(text), [secret], "{text}");
        }
        for text in [
            "echo db:5432:shop:web:Tigger7 | tee /srv/.pgpass",
            "hosts:\n  - db:5433:shop:web:Tigger7\n",
            "PGPASS=db:5432:a:b:Tigger7",
        ] {
            assert_eq!(secrets(text), ["Tigger7"], "{text}");
        }
        assert_eq!(secrets("*:*:a:b:one\n*:*:a:c:two"), ["one", "two"]);
    }

    #[test]
    fn what_only_has_colons_in_it_stays_readable() {
        for text in [
            "10.0.0.1:5432",
            "127.0.0.1:8080:db.internal:5432",
            "arn:aws:iam::123456789012:role/web",
            "arn:aws:logs:*:123456789012:*",
            "cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*:*",
            "00:11:22:33:44:55",
            "2001:1234:5678:9abc:1:2:3:4",
            "2026-11-22T20:10:30Z",
            "root:x:0:0:root:/root:/bin/bash",
            "web:8080:blue:green:live",
            "org.example:library:jar:sources:1.2.3",
            "*:*:*:*:*",
            "#db.example.com:5432:shop:web:example",
            "sg-1:443:tcp:ingress:0.0.0.0/0",
        ] {
            assert_eq!(secrets(text), [""; 0], "{text}");
        }
    }
}
