//! Organisations and their settings; for their admins, and those of what is above them.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::listing::Slice;
use super::super::parameters::Parameters;
use super::{Clerk, json, organization};
use crate::accounts::{AccountsError, Organization, OrganizationEdit, OrganizationSettings, SettingsBody};
use crate::api::{Listed, NewOrganization, OrganizationNode, Part};
use crate::drift::Slug;
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Decision;
use crate::server::once::Named;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one, edit, deactivate))
        .routes(routes!(settings, put_settings))
}

/// Organisations one may administer, as trees.
#[utoipa::path(
    get,
    path = "/organizations",
    params(Part),
    responses((status = 200, body = Listed<OrganizationNode>), (status = 404))
)]
async fn list(clerk: Clerk, slice: Slice) -> Answer<Listed<OrganizationNode>> {
    let all = clerk.ask(|registry, by| registry.organizations(by)).await?;
    Ok(Json(slice.of(OrganizationNode::trees(all), |tree| tree.organization.slug.to_string())))
}

/// Makes an organisation.
#[utoipa::path(
    post,
    path = "/organizations",
    request_body = NewOrganization,
    responses((status = 201, body = Organization), (status = 404))
)]
async fn create(clerk: Clerk, sent: Decision<NewOrganization>) -> Result<Response, Failure> {
    let (mut body, once) = sent.of(&clerk.0.principal);
    body.parent.get_or_insert_with(|| clerk.0.principal.organisation.to_string());
    let made = clerk.write(once, StatusCode::CREATED, move |registry, by| {
        let (slug, name) = (body.slug.clone(), body.name.clone());
        registry.create_organization(by, &slug, name.as_deref().unwrap_or(&slug), &body.edit())
    });
    made.await
}

/// An organisation.
#[utoipa::path(
    get,
    path = "/organizations/{slug}",
    params(("slug" = Slug, Path)),
    responses((status = 200, body = Organization))
)]
async fn one(clerk: Clerk, Path(slug): Path<String>) -> Answer<Organization> {
    let slug = organization(&slug)?;
    json(clerk.ask(move |registry, by| registry.organization(by, &slug)).await)
}

/// Changes what is named, and leaves the rest.
#[utoipa::path(
    method(put, patch),
    path = "/organizations/{slug}",
    request_body = OrganizationEdit,
    params(("slug" = Slug, Path)),
    responses((status = 200, body = Organization))
)]
async fn edit(clerk: Clerk, Path(slug): Path<String>, sent: Decision<OrganizationEdit>) -> Result<Response, Failure> {
    let ((body, once), slug) = (sent.of(&clerk.0.principal), organization(&slug)?);
    clerk.write(once, StatusCode::OK, move |registry, by| registry.edit_organization(by, &slug, &body)).await
}

/// Puts an organisation out of use.
///
/// Nothing of it is deleted: nobody of it comes in any more.
#[utoipa::path(
    delete,
    path = "/organizations/{slug}",
    params(("slug" = Slug, Path), ("expected_version" = Option<u64>, Query, description = "The version that was looked at.")),
    responses((status = 200, body = Organization), (status = 409))
)]
async fn deactivate(
    clerk: Clerk,
    Path(slug): Path<String>,
    mut parameters: Parameters,
    sent: Named,
) -> Result<Response, Failure> {
    let (once, slug) = (sent.of(&clerk.0.principal), organization(&slug)?);
    let expected_version = parameters.take("expected_version")?;
    parameters.done()?;
    let edit = OrganizationEdit { is_active: Some(false), expected_version, ..OrganizationEdit::default() };
    clerk.write(once, StatusCode::OK, move |registry, by| registry.edit_organization(by, &slug, &edit)).await
}

/// Settings of an organisation.
#[utoipa::path(
    get,
    path = "/organizations/{slug}/settings",
    params(("slug" = Slug, Path)),
    responses((status = 200, body = OrganizationSettings))
)]
async fn settings(clerk: Clerk, Path(slug): Path<String>) -> Answer<OrganizationSettings> {
    let slug = organization(&slug)?;
    let none = AccountsError::NotFound(format!("{slug} has no settings yet: the defaults hold until they are put"));
    json(clerk.ask(move |registry, by| registry.settings(by, &slug)?.ok_or(none)).await)
}

/// Sets all settings; what is left out gets its default.
#[utoipa::path(
    put,
    path = "/organizations/{slug}/settings",
    request_body = SettingsBody,
    params(("slug" = Slug, Path)),
    responses((status = 200, body = OrganizationSettings))
)]
async fn put_settings(
    clerk: Clerk,
    Path(slug): Path<String>,
    sent: Decision<SettingsBody>,
) -> Result<Response, Failure> {
    let ((body, once), slug) = (sent.of(&clerk.0.principal), organization(&slug)?);
    clerk.write(once, StatusCode::OK, move |registry, by| registry.put_settings(by, &slug, &body)).await
}
