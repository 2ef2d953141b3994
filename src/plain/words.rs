//! What can be said, and how numbers of a list are.

/// Every command.
pub const HELP: &str = "\
list [QUERY]                 the drifts that pass, numbered: list env:prod sev:>=high -is:snoozed; list all: no query
more                         the next page of the list
open N                       the drifts of group N, as `list group:incident` (resource, actor, change, module) numbers them
show N                       one drift: what differs, why, what can be done, what was decided
body N [declared|live]       the whole resource as declared and as it is, of a deleted one what was declared
resource N                   where it is declared, what it hangs on, what hangs on it, its other drifts
narrative N                  what happened, in a few sentences, each with what it rests on
who N                        who changed it, as CloudTrail tells
gemini N [QUESTION]          asks Gemini about it, where the configuration names it; shows what is sent, then asks for a yes
analyse N                    thinks about it anew: cause, severity and advice; old advice cannot be followed
commands N                   the command that puts it back to the code, or the block that takes it into the code
hidden N                     what rules hide of it, and what could not be compared, numbered for never-hide
hidden ENVIRONMENT [WORDS]   the same of all its resources, in sync or not
environments                 what is scanned, when, and what is open
ack N                        acknowledge: somebody looks at it
snooze N [UNTIL] [REASON]    out of sight until 2h, 1d12h, friday, 2026-12-01
accept N [UNTIL] [REASON]    leave it as it is until then; `-`: for good; asks for a yes
escalate N [NAME] [REASON]   to whom, and why; asks for a yes
resolve N                    as auto_revert, codify_iac, accepted or escalated; asks for the reason, then for a yes
assign N [NAME]              to somebody; `-`: to nobody
note N [TEXT]                a note
cause N [CAUSE]              confirms or corrects why it happened: unknown, emergency_fix, …
advise N TYPE WHY            advice of your own beside that of the rules: auto_revert, codify_iac, escalate_review, …
tick N TYPE STEP             a step of the advice of that type is done; once more: it is not
reopen N                     back to the open list
split N                      stands alone: nothing joins it with others but somebody's link
rejoin N                     it may be found together with others again
repeat N                     the last decision again
ignore N [PATTERNS]          by a rule made from it; shows what it would hide, then asks for a yes
never-hide H [PATTERNS]      number H of the last `hidden`: its rule is off there; shows what comes to light, then asks
ask N revert|codify [REASON] asks an admin for leave to do what is recommended, shows the steps, then asks for a yes
approve N [REASON]           gives it: shows the steps, then asks for a yes; they are carried out by hand
reject N [REASON]            refuses it
cancel N [REASON]            takes back what was asked for
approvals                    what waits for somebody's approval
rules                        what is ignored and never hidden by rule, numbered
edit-rule R PATTERNS         number R of the last `rules`; shows what changes, then asks for a yes
delete-rule R                what it hides comes back; what it brought to light may be hidden again
undo [SEQ]                   takes the last decision of this session back, or the one with this number of the history
decisions                    what was decided in this session
history [N]                  who decided what; with a number, of that drift
scan [ENVIRONMENT]           scans now, and waits
quit                         so does the end of input
N is a number of the list, several as 1,3-5, `all` of the page, or `every` for all that pass the query; without it the drift
that was shown last. N/C are single changes of it, as `show` numbers them: resolve 2/1, accept 2/3-4 friday, reopen 2/1.
PATTERNS are in=ENVIRONMENT (or in=everywhere), type=, id=, path=, value=, by=, until=, reason= with globs: id=web-* path=\"tags.*\";
nothing after the sign: any. value=, by=, until= and reason= are for what is ignored.
A line that begins with # is a remark.";

/// `1 decision`, `2 decisions`.
pub use crate::tui::app::notice::count;

/// What a command is about.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Which {
    /// Rows of the list, counted from 1.
    pub rows: Vec<usize>,
    /// Single changes of the only row, counted from 1; empty: the whole.
    pub changes: Vec<usize>,
    /// All that pass the query, listed or not.
    pub every: bool,
}

/// Where changes are counted it is looked later how many there are.
const MANY: usize = 100_000;

/// What begins a text, and the rest of it. Rows are at most `last`; without any it is `current`.
pub fn which(text: &str, last: usize, current: Option<usize>) -> Result<(Which, &str), String> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match first {
        "every" => return Ok((Which { every: true, ..Which::default() }, rest)),
        "all" if last == 0 => return Err("nothing is listed".into()),
        "all" => return Ok((Which { rows: (1..=last).collect(), ..Which::default() }, rest)),
        _ => {}
    }
    let current = || current.ok_or_else(|| "which one? give its number in the list".to_owned());
    let (rows, changes) = first.split_once('/').unwrap_or((first, ""));
    let is_list = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b",-".contains(&b));
    let begins = first.starts_with(|c: char| c.is_ascii_digit() || c == '/') && first != "/";
    if !begins || !is_list(rows) || !is_list(changes) {
        return Ok((Which { rows: vec![current()?], ..Which::default() }, text));
    }
    let rows = if rows.is_empty() { vec![current()?] } else { numbers(rows, last)? };
    let changes = numbers(changes, MANY)?;
    if !changes.is_empty() && rows.len() != 1 {
        return Err("changes are of one drift: 2/1,3".into());
    }
    Ok((Which { rows, changes, every: false }, rest))
}

/// `1,3-5`, each once.
fn numbers(text: &str, last: usize) -> Result<Vec<usize>, String> {
    let mut found = vec![];
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{part}` is no number of the list"));
        let (from, to) = (number(from)?, number(to)?);
        if from == 0 || to > last || from > to {
            return Err(format!("`{part}` is not in the list of {last}"));
        }
        found.extend((from..=to).filter(|at| !found.contains(at)).collect::<Vec<_>>());
    }
    Ok(found)
}

/// One number that begins a text, at most `last`, and the rest.
pub fn one<'a>(text: &'a str, last: usize, what: &str) -> Result<(usize, &'a str), String> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match first.parse::<usize>() {
        Ok(number) if (1..=last).contains(&number) => Ok((number, rest.trim())),
        Ok(_) => Err(format!("{first} is not in the list of {last}: `{what}` lists them")),
        Err(_) => Err(format!("which one? give its number as `{what}` lists it")),
    }
}

/// `id=web-* path="tags.a b"` as pairs; within quotes `\"` and `\\` stand for themselves.
pub fn pairs(text: &str, known: &[&str]) -> Result<Vec<(String, String)>, String> {
    let (mut pairs, mut rest) = (vec![], text.trim());
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').unwrap_or((rest, ""));
        if !known.contains(&name) || !rest.contains('=') {
            let word = crate::safety::sanitise::cell(rest, 30);
            return Err(format!("`{word}` is no pattern: there are {}=", known.join("=, ")));
        }
        let (value, left) = value(after)?;
        pairs.push((name.to_owned(), value));
        rest = left.trim_start();
    }
    Ok(pairs)
}

/// Up to the next blank, or what stands in quotes.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let (mut value, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    Err("a quote is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(rows: &[usize]) -> Which {
        Which { rows: rows.to_vec(), ..Which::default() }
    }

    #[test]
    fn numbers_name_rows_of_the_list_and_nothing_else() {
        assert_eq!(which("1,3-5 until friday", 9, None), Ok((rows(&[1, 3, 4, 5]), "until friday")));
        assert_eq!(which("all", 2, None), Ok((rows(&[1, 2]), "")));
        assert_eq!(which("2h because", 9, Some(4)), Ok((rows(&[4]), "2h because")));
        assert_eq!(which("", 9, Some(4)), Ok((rows(&[4]), "")));
        assert_eq!(which("every friday", 9, None), Ok((Which { every: true, ..Which::default() }, "friday")));
        assert!(which("10", 9, None).is_err() && which("0", 9, None).is_err() && which("", 9, None).is_err());
        assert!(which("5-3", 9, None).is_err() && which("1-99999999999999999999", 9, None).is_err());
    }

    #[test]
    fn a_stroke_names_changes_of_one_drift() {
        let changes = |row, changes: &[usize]| Which { changes: changes.to_vec(), ..rows(&[row]) };
        assert_eq!(which("2/1,3 friday", 9, None), Ok((changes(2, &[1, 3]), "friday")));
        assert_eq!(which("/2", 9, Some(4)), Ok((changes(4, &[2]), "")));
        assert!(which("1,2/1", 9, None).is_err() && which("2/0", 9, None).is_err() && which("/2", 9, None).is_err());
    }

    #[test]
    fn patterns_are_pairs_and_may_be_quoted() {
        let known = ["id", "path"];
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs(r#"id=web-* path="a b\"c" "#, &known), Ok(vec![of("id", "web-*"), of("path", "a b\"c")]));
        assert_eq!(pairs("id=", &known), Ok(vec![of("id", "")]));
        assert!(pairs("colour=red", &known).unwrap_err().contains("there are id=, path="));
        assert!(pairs("path=\"open", &known).is_err() && pairs("id", &known).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_names_only_what_is_there(text in "[0-9a-z,/= \"\\\\é-]{0,20}", last in 0usize..5) {
            if let Ok((which, _)) = which(&text, last, None) {
                prop_assert!(which.rows.iter().all(|row| (1..=last).contains(row)));
            }
            let _ = pairs(&text, &["a"]);
        }
    }
}
