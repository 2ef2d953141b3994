//! An error as it is told: from what was wanted to what stood in the way, nothing said twice.

/// Causes that the error before them names already are left out.
pub(super) fn told(error: &anyhow::Error) -> String {
    let mut said: Vec<String> = vec![];
    for cause in error.chain() {
        let text = cause.to_string();
        if !said.last().is_some_and(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;
    use crate::store::StoreError;

    #[test]
    fn what_an_error_says_of_its_cause_is_not_said_again() {
        let source = || std::io::Error::other("Read-only file system (os error 30)");
        let error = StoreError::Io { path: "/var/lib/driftguard".into(), source: source() };
        let text = told(&anyhow::Error::new(error));
        assert_eq!(text, "/var/lib/driftguard: Read-only file system (os error 30)");
        let text = told(&Err::<(), _>(source()).context("the login cannot be kept").unwrap_err());
        assert_eq!(text, "the login cannot be kept: Read-only file system (os error 30)");
    }
}
