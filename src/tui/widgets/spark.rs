//! Numbers as a row of small bars.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// One column a number, the largest as high as can be; nothing where all are 0.
pub fn spark(numbers: &[u32], is_ascii: bool) -> String {
    let bars = if is_ascii { ASCII } else { BARS };
    let Some(most) = numbers.iter().max().copied().filter(|most| *most > 0) else { return String::new() };
    // What is not 0 stands out from what is.
    let height = |number: u32| if number == 0 { 0 } else { (u64::from(number) * 7).div_ceil(u64::from(most)) };
    numbers.iter().map(|number| bars[usize::try_from(height(*number)).unwrap_or(7).min(7)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_as_high_as_can_be_and_nothing_is_shown_of_nothing() {
        assert_eq!(spark(&[0, 1, 50, 100], false), "▁▂▅█");
        assert_eq!(spark(&[0, 1, 50, 100], true), "_.=#");
        assert_eq!(spark(&[0, 0], false), "");
        assert_eq!(spark(&[u32::MAX, 0], true), "#_");
    }
}
