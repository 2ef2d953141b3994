//! Which piece of work belongs to which, across processes: the `traceparent` header of W3C Trace Context.

use ring::rand::{SecureRandom, SystemRandom};

/// The header, in both directions.
pub const TRACEPARENT: &str = "traceparent";

/// One piece of work within a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// 32 lower-case hexadecimal digits, the same in every process.
    pub trace_id: String,
    /// 16 of them: this piece.
    pub span_id: String,
    /// The piece it is a part of.
    pub parent_id: Option<String>,
    /// As whoever began the trace decided.
    is_sampled: bool,
}

impl Trace {
    /// A trace of its own.
    pub fn begin() -> Self {
        Self { trace_id: random::<16>(), span_id: random::<8>(), parent_id: None, is_sampled: true }
    }

    /// A piece of the trace that a header names; `None` when it names none.
    ///
    /// Version 00 is exact; a later one may have more after it, as the specification says.
    pub fn within(header: &str) -> Option<Self> {
        let (version, rest) = header.split_at_checked(2)?;
        let parts: Vec<&str> = rest.strip_prefix('-')?.splitn(4, '-').collect();
        let [trace_id, parent, flags, more @ ..] = parts.as_slice() else { return None };
        let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || more.is_empty());
        let is_some = |id: &str| id.bytes().any(|b| b != b'0');
        let fits =
            is_hex(trace_id, 32) && is_hex(parent, 16) && is_hex(flags, 2) && is_some(trace_id) && is_some(parent);
        (is_known && fits).then(|| Self {
            trace_id: (*trace_id).to_owned(),
            span_id: random::<8>(),
            parent_id: Some((*parent).to_owned()),
            is_sampled: u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1),
        })
    }

    /// The header that hands the work on.
    pub fn header(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Hexadecimal digits of so many bytes, not all zero. Ids need not be secret: where the system gives no randomness, a ULID's will do.
fn random<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    if SystemRandom::new().fill(&mut bytes).is_err() || bytes == [0; BYTES] {
        let ulid = ulid::Ulid::generate().to_bytes();
        bytes.iter_mut().zip(ulid.iter().rev()).for_each(|(byte, other)| *byte = *other);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_trace_goes_on_from_one_process_to_the_next() {
        let trace = Trace::within(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!((trace.trace_id.as_str(), trace.parent_id.as_deref()), (TRACE, Some("00f067aa0ba902b7")));
        let next = Trace::within(&trace.header()).unwrap();
        assert_eq!((next.trace_id.as_str(), next.parent_id.as_ref()), (TRACE, Some(&trace.span_id)));
        assert_ne!(next.span_id, trace.span_id);
        let unsampled = Trace::within(&format!("00-{TRACE}-00f067aa0ba902b7-00")).unwrap();
        assert!(unsampled.header().ends_with("-00"), "whoever began it decided");
        assert_eq!(Trace::within(&Trace::begin().header()).unwrap().trace_id.len(), 32);
    }

    #[test]
    fn a_header_that_names_no_trace_begins_none() {
        let (zeros, parent) = ("0".repeat(32), "00f067aa0ba902b7");
        for bad in [
            String::new(),
            "00".into(),
            "é0-".into(),
            format!("00-{zeros}-{parent}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{parent}-01", TRACE.to_uppercase()),
            format!("ff-{TRACE}-{parent}-01"),
            format!("00-{TRACE}-{parent}-01-more"),
            format!("00-{TRACE}-{parent}"),
            format!("00-{TRACE}\n-{parent}-01"),
        ] {
            assert_eq!(Trace::within(&bad), None, "{bad:?}");
        }
        assert!(Trace::within(&format!("01-{TRACE}-{parent}-01-more")).is_some(), "a later version may say more");
    }
}
