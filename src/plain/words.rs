//! What can be said, and how numbers of a list are.

/// Every command.
pub const HELP: &str = "\
list [QUERY]                 the drifts that pass, numbered: list env:prod sev:>=high -is:snoozed; list all: no query
more                         the next page of the list
show N                       one drift: what differs, why, what can be done, what was decided
hidden N                     what rules hide of it, and what could not be compared
environments                 what is scanned, when, and what is open
ack N                        acknowledge: somebody looks at it
snooze N [UNTIL] [REASON]    out of sight until 2h, 1d12h, friday, 2026-12-01
resolve N                    revert, codify, accept or escalate; asks for the reason, then for a yes
assign N [NAME]              to somebody; `-`: to nobody
note N [TEXT]                a note
ignore N [CHANGE]            by a rule made from it; shows what it would hide, then asks for a yes
reopen N                     back to the open list
undo                         takes the last decision of this session back
history [N]                  who decided what; with a number, of that drift
scan [ENVIRONMENT]           scans now, and waits
quit                         so does the end of input
N is a number of the list, several as 1,3-5, or `all` of the page; without it the drift that was shown last.
A line that begins with # is a remark.";

/// `1 decision`, `2 decisions`.
pub use crate::tui::app::notice::count;

/// The numbers that begin a text, and the rest of it. Numbers count from 1 and are at most `last`; without any it is `current`.
pub fn numbers(text: &str, last: usize, current: Option<usize>) -> Result<(Vec<usize>, &str), String> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if first == "all" {
        return match last {
            0 => Err("nothing is listed".into()),
            last => Ok(((1..=last).collect(), rest.trim())),
        };
    }
    if !first.starts_with(|c: char| c.is_ascii_digit())
        || !first.bytes().all(|b| b.is_ascii_digit() || b",-".contains(&b))
    {
        let current = current.ok_or("which one? give its number in the list")?;
        return Ok((vec![current], text));
    }
    let mut found = vec![];
    for part in first.split(',').filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{part}` is no number of the list"));
        let (from, to) = (number(from)?, number(to)?);
        if from == 0 || to > last || from > to {
            return Err(format!("`{part}` is not in the list of {last}"));
        }
        found.extend((from..=to).filter(|at| !found.contains(at)).collect::<Vec<_>>());
    }
    Ok((found, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_rows_of_the_list_and_nothing_else() {
        assert_eq!(numbers("1,3-5 until friday", 9, None), Ok((vec![1, 3, 4, 5], "until friday")));
        assert_eq!(numbers("all", 2, None), Ok((vec![1, 2], "")));
        assert_eq!(numbers("2h because", 9, Some(4)), Ok((vec![4], "2h because")));
        assert_eq!(numbers("", 9, Some(4)), Ok((vec![4], "")));
        assert!(numbers("10", 9, None).is_err() && numbers("0", 9, None).is_err() && numbers("", 9, None).is_err());
        assert!(numbers("5-3", 9, None).is_err() && numbers("1-99999999999999999999", 9, None).is_err());
    }
}
