//! Files written by Terraform's `local` provider: digests follow from the content and are not differences of their own.

use serde_json::Value;

use super::walk::Walk;
use super::{Dialect, placeholder, rules};

/// From the strongest on; `id` is the SHA-1 of the content.
const DIGESTS: [&str; 7] = [
    "content_sha512",
    "content_base64sha512",
    "content_sha256",
    "content_base64sha256",
    "content_sha1",
    "id",
    "content_md5",
];
const CONTENTS: [&str; 3] = ["content", "sensitive_content", "content_base64"];

/// Whether a property of the resource is dealt with by [`Walk::host_file`].
pub(super) fn handles(resource_type: &str, key: &str) -> bool {
    is_host_file(resource_type) && (DIGESTS.contains(&key) || CONTENTS.contains(&key))
}

fn is_host_file(resource_type: &str) -> bool {
    matches!(resource_type, "local_file" | "local_sensitive_file")
}

impl Walk<'_> {
    /// Reports changed content once: as content where both sides show it, else as the strongest digest both have.
    pub(super) fn host_file(&mut self, declared: &Value, live: &Value) {
        if self.dialect != Dialect::Terraform || !is_host_file(self.resource_type) {
            return;
        }
        let shown =
            |side: &Value, key: &str| side.get(key).filter(|v| v.is_string() && !placeholder::hides_value(v)).cloned();
        let both = |key: &&'static str| shown(declared, key).zip(shown(live, key)).map(|(d, l)| (*key, d, l));
        let content = CONTENTS.iter().find_map(both);
        let decisive = content.or_else(|| DIGESTS.iter().find_map(both));
        let Some((decisive, d, l)) = decisive else {
            return self.unreadable_file(declared);
        };
        if d != l {
            self.at_key(decisive, |walk| walk.modified(&d, &l));
        }
        for (key, d, l) in DIGESTS.iter().filter(|key| **key != decisive).filter_map(both) {
            if d != l {
                self.at_key(key, |walk| walk.hidden(rules::COMPUTED, Some(&d), Some(&l)));
            }
        }
    }

    fn unreadable_file(&mut self, declared: &Value) {
        let stated = CONTENTS.iter().chain(&DIGESTS).find(|key| declared.get(**key).is_some_and(|v| !v.is_null()));
        if let Some(key) = stated {
            self.at_key(key, |walk| {
                walk.unverified(crate::drift::UnverifiedReason::NotObservable, "Neither content nor digest was read.")
            });
        }
    }

    fn at_key(&mut self, key: &str, f: impl FnOnce(&mut Self)) {
        let mark = self.path.depth();
        self.path.push_key(key);
        f(self);
        self.path.truncate(mark);
    }
}
