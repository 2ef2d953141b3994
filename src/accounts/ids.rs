//! Identifiers of what the accounts hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::drift::ulid_id;

ulid_id!(
    /// One user or service account.
    UserId
);
ulid_id!(
    /// One API key; not the key.
    KeyId
);
ulid_id!(
    /// One session; what of it is secret are the tokens.
    SessionId
);
