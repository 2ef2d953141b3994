//! Passwords: argon2id, at the parameters OWASP's Password Storage Cheat Sheet names first for it (19 MiB, 2 passes, 1 lane), which
//! are the crate's defaults.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::AccountsError;
use super::random::random;
use super::user::unique_name;

const LEAST: usize = 12;
/// Bytes: hashing a longer one would be work for whoever likes to give us some.
const MOST: usize = 1_024;
/// Different characters at least.
const VARIETY: usize = 5;

/// A salted hash with its parameters. Not `Debug`, not `Serialize`: only the store reads it.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes tens of milliseconds and 19 MiB: never on a thread that answers others.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] when the password is too easily guessed: says which rule, never the password.
    pub fn of(password: &str, username: &str) -> Result<Self, AccountsError> {
        refuse_weak(password, username)?;
        hashed(password)
    }

    /// As long as [`PasswordHash::of`], whatever the answer.
    pub fn is_of(&self, password: &str) -> bool {
        password.len() <= MOST && Argon2::default().verify_password(password.as_bytes(), self.0.as_str()).is_ok()
    }

    /// As long as for a user there is.
    pub(super) fn of_nobody(password: &str) {
        static NOBODY: LazyLock<Option<PasswordHash>> = LazyLock::new(|| hashed("nobody has this password").ok());
        if let Some(nobody) = &*NOBODY {
            std::hint::black_box(nobody.is_of(password));
        }
    }

    pub(super) fn stored(text: String) -> Result<Self, AccountsError> {
        match Phc::new(&text) {
            Ok(_) => Ok(Self(text)),
            Err(e) => Err(AccountsError::Damaged { place: "passwords".into(), detail: e.to_string() }),
        }
    }

    pub(super) fn to_store(&self) -> &str {
        &self.0
    }
}

fn hashed(password: &str) -> Result<PasswordHash, AccountsError> {
    let salt: [u8; 16] = random()?;
    match Argon2::default().hash_password_with_salt(password.as_bytes(), &salt) {
        Ok(hash) => Ok(PasswordHash(hash.to_string())),
        Err(e) => Err(AccountsError::Unavailable(format!("the password cannot be hashed: {e}"))),
    }
}

/// Length is what counts; the other rules only catch what is in every list.
fn refuse_weak(password: &str, username: &str) -> Result<(), AccountsError> {
    let refuse = |why: String| Err(AccountsError::invalid("password", why));
    let length = password.chars().count();
    if length < LEAST {
        return refuse(format!("has at least {LEAST} characters, not {length}: a few words are easy to remember"));
    }
    if password.len() > MOST {
        return refuse(format!("has at most {MOST} bytes"));
    }
    let (lower, name) = (password.to_lowercase(), unique_name(username));
    if name.len() >= 3 && lower.contains(&name) {
        return refuse("must not hold the user's name".to_owned());
    }
    let different = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
    if different < VARIETY {
        return refuse(format!("has at least {VARIETY} different characters"));
    }
    let common =
        ["password", "passwort", "driftguard", "qwertz", "qwerty", "letmein", "changeme", "1234567", "abcdefg"];
    let rest = common.iter().fold(lower, |rest, word| rest.replace(word, ""));
    if rest.chars().count() < LEAST / 2 {
        return refuse("is in every list of passwords: take a few words that do not belong together".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let hash = PasswordHash::of("drei blaue Elefanten", "erin").unwrap();
        assert!(hash.to_store().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.to_store());
        assert!(hash.is_of("drei blaue Elefanten") && !hash.is_of("drei blaue elefanten") && !hash.is_of(""));
        assert!(!hash.is_of(&"x".repeat(2_000)));
        let again = PasswordHash::of("drei blaue Elefanten", "erin").unwrap();
        assert_ne!(hash.to_store(), again.to_store(), "salted");
    }

    #[test]
    fn what_is_guessed_first_is_refused_without_being_repeated() {
        for bad in
            ["short", "aaaaaaaaaaaaaaaa", "my-name-is-Erin!", "Password1234567", "driftguard123", &"ab1!x".repeat(300)]
        {
            let Err(error) = PasswordHash::of(bad, "erin") else { panic!("{bad}") };
            let error = error.to_string();
            assert!(error.starts_with("password: ") && !error.contains(bad), "{error}");
        }
    }
}
