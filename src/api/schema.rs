//! How the words of the vocabulary look in JSON, for the [document](crate::server::document) of the API: those whose shape a derive
//! cannot see.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::accounts::{Endpoint, KeyId, Pattern, SessionId, UserId, WebhookUrl};
use crate::drift::query::{Group, GroupKey};
use crate::drift::{
    ContextId, DeliveryId, DriftId, Fingerprint, NotificationId, PropertyPath, RemediationId, RuleId, ScanId, Score,
    Slug,
};
use crate::safety::{Masked, Tainted};
use crate::store::Cursor;

/// Numbers that sort by time: 26 digits to base 32.
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

macro_rules! described {
    ($($type:ty, $name:literal => $schema:expr;)*) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    $schema.into()
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed($name)
                }
            }
        )*
    };
}

described! {
    DriftId, "DriftId" => text("One drift; later ones sort later.").pattern(Some(ULID));
    ScanId, "ScanId" => text("One scan; later ones sort later.").pattern(Some(ULID));
    RuleId, "RuleId" => text("One rule.").pattern(Some(ULID));
    ContextId, "ContextId" => text("One thing that goes on around drift.").pattern(Some(ULID));
    NotificationId, "NotificationId" => text("One notification; later ones sort later.").pattern(Some(ULID));
    DeliveryId, "DeliveryId" => text("One notification on its way to one channel.").pattern(Some(ULID));
    RemediationId, "RemediationId" => text("Leave that was asked for to do something about a drift.").pattern(Some(ULID));
    UserId, "UserId" => text("One user or service account.").pattern(Some(ULID));
    KeyId, "KeyId" => text("One API key; not the key.").pattern(Some(ULID));
    SessionId, "SessionId" => text("One session.").pattern(Some(ULID));
    Pattern, "Pattern" => text("A glob: `*` for any characters, `?` for one.")
        .pattern(Some("^[A-Za-z0-9_./:*?-]+$"))
        .min_length(Some(1))
        .max_length(Some(255));
    Endpoint, "Endpoint" => text("A method and a pattern of paths, or the pattern alone: `GET /api/v1/drifts*`.");
    WebhookUrl, "WebhookUrl" => text("Where messages go.");
    Slug, "Slug" => text("The short name of an environment or an organisation.")
        .pattern(Some("^[a-z0-9-]+$"))
        .min_length(Some(1))
        .max_length(Some(100));
    Fingerprint, "Fingerprint" => text("What makes two sightings the same drift.").pattern(Some("^[0-9a-f]{64}$"));
    GroupKey, "GroupKey" => text("Names a group of drifts.").pattern(Some("^(resource|actor|change|module|incident):[0-9a-f]{32}$"));
    Group, "Group" => text("What drifts of a group have in common.").enum_values(Some(Group::ALL.iter().map(|(_, word, _)| *word)));
    Tainted, "Tainted" => text("Text from outside: whoever shows it must take out what a terminal or a browser would obey.");
    PropertyPath, "PropertyPath" => text("Where in a resource a property stands: `rule[0].cidr_blocks`, `tags[\"a.b\"]`.");
    Cursor, "Cursor" => text("Where a page goes on; only to be handed back.");
    Score, "Score" => ObjectBuilder::new()
        .schema_type(Type::Number)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
        .minimum(Some(0.0))
        .maximum(Some(1.0))
        .description(Some("Between 0 and 1, with two decimal places."));
    Masked, "Masked" => ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some("Any JSON. Secrets in it were replaced by `«secret #…»` before it was kept."));
}

/// A length of time.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: this is how serde writes a `std::time::Duration`")]
pub struct Length {
    secs: u64,
    #[schema(maximum = 999_999_999)]
    nanos: u32,
}
