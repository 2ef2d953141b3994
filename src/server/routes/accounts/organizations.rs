//! Organisations and their settings; for their admins, and those of what is above them.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;

use super::{Clerk, json, organization};
use crate::accounts::{AccountsError, Organization, OrganizationEdit, OrganizationSettings, SettingsBody};
use crate::api::{Listed, NewOrganization, OrganizationNode};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Body;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/organizations", get(list).post(create))
        .route("/organizations/{slug}", get(one).put(edit).patch(edit).delete(deactivate))
        .route("/organizations/{slug}/settings", get(settings).put(put_settings))
}

async fn list(clerk: Clerk) -> Answer<Listed<OrganizationNode>> {
    let all = clerk.ask(|registry, by| registry.organizations(by)).await;
    json(all.map(|all| Listed::whole(OrganizationNode::trees(all))))
}

async fn create(
    clerk: Clerk,
    Body(mut body): Body<NewOrganization>,
) -> Result<(StatusCode, axum::Json<Organization>), Failure> {
    body.parent.get_or_insert_with(|| clerk.0.principal.organisation.to_string());
    let made = clerk.ask(move |registry, by| {
        let (slug, name) = (body.slug.clone(), body.name.clone());
        registry.create_organization(by, &slug, name.as_deref().unwrap_or(&slug), &body.edit())
    });
    Ok((StatusCode::CREATED, axum::Json(made.await?)))
}

async fn one(clerk: Clerk, Path(slug): Path<String>) -> Answer<Organization> {
    let slug = organization(&slug)?;
    json(clerk.ask(move |registry, by| registry.organization(by, &slug)).await)
}

async fn edit(clerk: Clerk, Path(slug): Path<String>, Body(body): Body<OrganizationEdit>) -> Answer<Organization> {
    let slug = organization(&slug)?;
    json(clerk.ask(move |registry, by| registry.edit_organization(by, &slug, &body)).await)
}

/// Nothing of it is deleted: nobody of it comes in any more.
async fn deactivate(clerk: Clerk, Path(slug): Path<String>) -> Answer<Organization> {
    let slug = organization(&slug)?;
    let edit = OrganizationEdit { is_active: Some(false), ..OrganizationEdit::default() };
    json(clerk.ask(move |registry, by| registry.edit_organization(by, &slug, &edit)).await)
}

async fn settings(clerk: Clerk, Path(slug): Path<String>) -> Answer<OrganizationSettings> {
    let slug = organization(&slug)?;
    let none = AccountsError::NotFound(format!("{slug} has no settings yet: the defaults hold until they are put"));
    json(clerk.ask(move |registry, by| registry.settings(by, &slug)?.ok_or(none)).await)
}

async fn put_settings(
    clerk: Clerk,
    Path(slug): Path<String>,
    Body(body): Body<SettingsBody>,
) -> Answer<OrganizationSettings> {
    let slug = organization(&slug)?;
    json(clerk.ask(move |registry, by| registry.put_settings(by, &slug, &body)).await)
}
