//! Durations as people write them: `30s`, `5m`, `4h`, `2d`, `1w`, `1h30m`.

use std::time::Duration;

/// The longest duration that makes sense here: ten years.
const MAX_SECONDS: u64 = 10 * 366 * 86_400;

/// Parses a positive duration. Units: `s m h d w`; several may follow each other.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let usage = || format!("'{text}' is no duration: write a number with s, m, h, d or w, such as 30s, 5m or 1h30m");
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return Err(usage()),
        };
        let number: u64 = digits.parse().map_err(|_| usage())?;
        seconds = number.checked_mul(unit).and_then(|n| n.checked_add(seconds)).ok_or_else(usage)?;
        digits.clear();
    }
    match seconds {
        _ if !digits.is_empty() => Err(usage()),
        0 => Err(usage()),
        s if s > MAX_SECONDS => Err(format!("'{text}' is longer than ten years")),
        s => Ok(Duration::from_secs(s)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(parse_duration("1h30m").unwrap().as_secs(), 5_400);
        assert_eq!(parse_duration("2w").unwrap().as_secs(), 14 * 86_400);
        for bad in ["", "5", "m", "0s", "-5m", "5 m", "99999999999999999999w", "9999999w"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
