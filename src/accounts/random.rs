//! Numbers nobody can guess.

use ring::rand::{SecureRandom, SystemRandom};

use super::AccountsError;

/// # Errors
/// [`AccountsError::Unavailable`] when the system has none.
pub(super) fn random<const N: usize>() -> Result<[u8; N], AccountsError> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| AccountsError::Unavailable("the system gave no random numbers".to_owned()))?;
    Ok(bytes)
}
