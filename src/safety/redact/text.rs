//! Secrets inside free text: `password=…`, `--token …`, `secret: "…"` and what stands behind them, besides the known forms.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::names::{self, Strength};
use super::{command_lines, opaque, pgpass, sentences, shapes};

/// A secret in a text, and whether it is worth looking for elsewhere.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub range: Range<usize>,
    pub spread: bool,
}

/// `pass=x` and the like; every known form is longer.
const SHORTEST: usize = 6;

/// `name = value`, `name: value`, `--name value`, `name "value"`.
static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        (?P<name> mot\ de\ passe | [\w.-]* (?:pass|pwd|pw|secret|token|key|cred|auth|dsn|connection|signature|cookie|sas|contrase|senha) [\w.-]* )
        (?: \\?["'`] )?
        (?P<sign> [\ \t]* (?: => | := | = | : ) [\ \t]* | [\ \t]+ (?: (?:is|was|of|value) [\ \t]+ )? )
        (?: \\?" (?P<double> (?: [^"\\«] | \\[^"] )+ ) | ' (?P<single> [^'«]+ ) | ` (?P<tick> [^`«]+ )
          | (?P<bare> [^\s"'`,;&«<>(){}\[\]\\]+ ) )"#,
    )
    .ok()
});

/// Everything in `text` that is a secret by its form or by what is written before it.
pub(super) fn find(text: &str) -> Vec<Found> {
    if text.len() < SHORTEST {
        return vec![];
    }
    let mut ranges = vec![];
    let announced = shapes::find(text, &mut ranges);
    let mut found: Vec<Found> = ranges.into_iter().map(|range| Found { range, spread: true }).collect();
    let mut typed = vec![];
    command_lines::find(text, &mut typed);
    pgpass::find(text, &mut typed);
    // A short word that is a password here is a word elsewhere.
    found.extend(typed.into_iter().map(|range| {
        let spread = opaque::looks_random(&text[range.clone()], 8);
        Found { range, spread }
    }));
    if announced {
        if text.contains(['=', ':', ' ', '\t']) {
            // Without one of these nothing is assigned; most names end here.
            assignments(text, &mut found);
            sentences::find(text, &mut found);
        }
        if text.contains("kind: Secret") || text.contains("\"kind\":\"Secret\"") {
            secret_manifest(text, &mut found);
        }
    }
    if !found.is_empty() {
        let marks = marks_in(text);
        found.retain(|f| !f.range.is_empty() && !touches(&marks, &f.range));
    }
    found
}

/// Where masks of an earlier pass stand. Whoever shows a value on one line may have cut its mask: the digits that are left are as
/// far from a secret as all eight.
pub(super) fn marks_in(text: &str) -> Vec<Range<usize>> {
    const BEGIN: &str = "«secret #";
    let end = |at: usize| {
        let digits = at + BEGIN.len();
        let rest = text[digits..].trim_start_matches(|c: char| c.is_ascii_hexdigit());
        let behind = text.len() - rest.len();
        match rest.chars().next() {
            Some(end @ ('»' | '…')) if behind - digits <= 8 => behind + end.len_utf8(),
            _ => text[at..].find('»').map_or(at, |end| at + end + '»'.len_utf8()),
        }
    };
    text.match_indices(BEGIN).map(|(at, _)| at..end(at)).collect()
}

/// The text is one mask and nothing else.
pub(super) fn is_mark(text: &str) -> bool {
    matches!(marks_in(text).as_slice(), [one] if *one == (0..text.len()))
}

/// The range has a byte in common with one of `marks`.
pub(super) fn touches(marks: &[Range<usize>], range: &Range<usize>) -> bool {
    marks.iter().any(|m| m.start < range.end && range.start < m.end)
}

fn assignments(text: &str, found: &mut Vec<Found>) {
    let Some(assignment) = ASSIGNMENT.as_ref() else { return };
    let mut from = 0;
    while let Some(captures) = assignment.captures_at(text, from) {
        let Some(whole) = captures.get(0) else { return };
        // A name that announces nothing may hide one that does: go on right behind it, not behind its value.
        from = captures.name("name").map_or(whole.end(), |name| name.end());
        if let Some(secret) = judge(text, &captures) {
            from = secret.range.end.max(from);
            found.push(secret);
        }
        while !text.is_char_boundary(from) {
            from += 1;
        }
    }
}

fn judge(text: &str, captures: &Captures<'_>) -> Option<Found> {
    let name = captures.name("name")?;
    let sign = captures.name("sign")?.as_str().trim();
    let flag = name.as_str().starts_with('-');
    let strength = names::strength(name.as_str());
    if strength == Strength::None {
        return None;
    }
    let quoted = captures.name("double").or(captures.name("single")).or(captures.name("tick"));
    let value = quoted.or(captures.name("bare"))?;
    if matches!(value.as_str(), "|" | ">" | "|-" | ">-" | "|+" | ">+") {
        return block_scalar(text, name.start(), value.end());
    }
    // What is assigned, quoted or alone on its line is a value; a word after a colon or a space in a sentence must look like one.
    let is_value = quoted.is_some()
        || sign.contains('=')
        || (flag && sign.is_empty())
        || fills_line(text, &name.range(), value.end());
    let random = opaque::looks_random(value.as_str(), 8);
    let harmless = opaque::is_harmless(value.as_str()) && (strength == Strength::Weak || !is_value);
    let secret = if is_value { !harmless && !opaque::is_arn(value.as_str()) } else { random };
    let spread = random || (is_value && strength == Strength::Named);
    (secret && value.len() >= if is_value { 1 } else { 6 }).then_some(Found { range: value.range(), spread })
}

/// The name begins its line (but for indentation, a list dash, quotes, `export`) and the value ends it.
fn fills_line(text: &str, name: &Range<usize>, end: usize) -> bool {
    let before = text[..name.start].rsplit('\n').next().unwrap_or("").trim();
    let after = text[end..].split('\n').next().unwrap_or("").trim();
    matches!(before, "" | "-" | "\"" | "'" | "export" | "{" | "- name:")
        && matches!(after, "" | "\"" | "'" | "," | "}")
        && text[name.end..end].contains(':')
}

/// The lines of a YAML block scalar: those indented deeper than its name.
fn block_scalar(text: &str, name_start: usize, after: usize) -> Option<Found> {
    let line_start = text[..name_start].rfind('\n').map_or(0, |at| at + 1);
    let indent = text[line_start..].len() - text[line_start..].trim_start_matches([' ', '-']).len();
    let start = after + text[after..].find('\n')? + 1;
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        let deeper = line.len() - line.trim_start_matches(' ').len() > indent;
        if !deeper && !line.trim().is_empty() {
            break;
        }
        end += line.len();
    }
    let trimmed = start + text[start..end].trim_end().len();
    let first = start + (text[start..end].len() - text[start..end].trim_start().len());
    (first < trimmed).then_some(Found { range: first..trimmed, spread: true })
}

/// A Kubernetes Secret written as YAML or JSON inside a text: everything below `data:` and `stringData:`.
fn secret_manifest(text: &str, found: &mut Vec<Found>) {
    static ENTRY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?m)^[ \t]+["']?[\w.-]+["']?[ \t]*:[ \t]+["']?([^\s"'«|>#][^\n"'«]*)"#).ok());
    let Some(entry) = ENTRY.as_ref() else { return };
    for (at, head) in text.match_indices("ata:\n") {
        let name = text[..at].rsplit('\n').next().unwrap_or("").trim();
        if name != "d" && name != "stringD" {
            continue;
        }
        let start = at + head.len();
        let block: usize =
            text[start..].split_inclusive('\n').take_while(|l| l.starts_with([' ', '\t'])).map(str::len).sum();
        for captures in entry.captures_iter(&text[start..start + block]) {
            if let Some(value) = captures.get(1) {
                found.push(Found { range: start + value.start()..start + value.end(), spread: true });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut found = find(text);
        found.sort_by_key(|f| f.range.start);
        found.iter().map(|f| &text[f.range.clone()]).collect()
    }

    #[test]
    fn what_is_announced_as_a_secret_is_found() {
        assert_eq!(secrets("PASSWORD=hunter2 next"), ["hunter2"]);
        assert_eq!(secrets("users:\n  - password: sunflower\n    shell: /bin/sh"), ["sunflower"]);
        assert_eq!(secrets(r#"{"error":"denied","client_secret":"abc"}"#), ["abc"]);
        assert_eq!(secrets(r#"{\"password\":\"s3cr3t\"}"#), ["s3cr3t"]);
        assert_eq!(secrets("mysql --password hunter22 -h db"), ["hunter22"]);
        assert_eq!(secrets("https://h/p?user=a&access_token=q1w2e3r4&x=1"), ["q1w2e3r4"]);
        assert_eq!(secrets("bind as cn=svc with password \"Tr0ub4dor\" failed: 49"), ["Tr0ub4dor"]);
        assert_eq!(secrets("the client_secret Zx81Spectrum48k does not match"), ["Zx81Spectrum48k"]);
        assert_eq!(secrets("password: |\n  first line\n  second line\nother: x"), ["first line\n  second line"]);
        assert_eq!(secrets("export DB_PW=winterOld\n"), ["winterOld"]);
        assert_eq!(secrets("pw=Hunter2NoteC! works"), ["Hunter2NoteC!"]);
        assert_eq!(secrets("the admin pw: Hunter2Note, as before"), ["Hunter2Note"]);
        assert_eq!(secrets("kind: Secret\ndata:\n  a: Zm9vYmFy\n  b: 12\ntype: Opaque"), ["Zm9vYmFy", "12"]);
    }

    #[test]
    fn sentences_about_secrets_are_left_alone() {
        for text in [
            "failed to read secret: permission denied",
            "the password must have 12 characters",
            "Rotates the password of the database",
            "token_ttl = 3600",
            "http_tokens = required",
            "secret_arn = arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
            "key: value",
            "password=«secret #a1b2c3d4»",
            "description: \"a\" → \"mail «secret #a1b2…",
            "description: \"a\" → \"mail «secret #…",
            "author: Grace",
            "pwm=0.5",
            "/home/pwalker=1",
        ] {
            assert_eq!(secrets(text), [""; 0], "{text}");
        }
    }
}
