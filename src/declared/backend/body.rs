//! Bodies of answers, read up to a limit.

/// Gathers a body that may be as long as `MAX_BYTES` and no longer.
pub(super) struct Body {
    bytes: Vec<u8>,
}

/// The state is too large.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is larger than {} MiB", super::MAX_BYTES >> 20)]
pub(super) struct TooLarge;

impl Body {
    /// `announced`: the length the server gives, which is checked before anything is read.
    pub fn new(announced: Option<u64>) -> Result<Self, TooLarge> {
        let length = announced.unwrap_or(0);
        if length > super::MAX_BYTES {
            return Err(TooLarge);
        }
        // A server may announce what it never sends.
        let capacity = usize::try_from(length.min(64 << 20)).unwrap_or(0);
        Ok(Self { bytes: Vec::with_capacity(capacity) })
    }

    pub fn push(&mut self, piece: &[u8]) -> Result<(), TooLarge> {
        if (self.bytes.len() + piece.len()) as u64 > super::MAX_BYTES {
            return Err(TooLarge);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_too_large_is_not_even_begun() {
        assert!(Body::new(Some(super::super::MAX_BYTES + 1)).is_err());
        assert!(Body::new(Some(super::super::MAX_BYTES)).is_ok());
    }
}
