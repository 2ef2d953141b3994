//! What holds across the parts: logging in, staying in, being thrown out, and what is recorded of it.

use std::sync::Mutex;

use jiff::SignedDuration;

use super::Stand;
use crate::accounts::*;
use crate::api::{Code, Problem, Role};
use crate::server::{Admission, Gatekeeper, Principal};

const PASSWORD: &str = "drei blaue Elefanten";

/// Accounts with two organisations, whose users have the same names, and a clock to turn.
struct World {
    _stand: Stand,
    accounts: Arc<dyn Accounts>,
    registry: Registry,
    desk: Desk,
    clock: Arc<Mutex<Timestamp>>,
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn operator() -> By {
    By::operator("root")
}

impl World {
    /// `None`, said aloud, where there is no such engine.
    fn new() -> Option<Self> {
        let stand = Stand::of(module_path!())?;
        let accounts = open(&stand.place, true).unwrap();
        let registry = Registry::new(Arc::clone(&accounts));
        registry.init(&operator(), "acme", "Acme", "adam", PASSWORD).unwrap();
        registry.create_organization(&operator(), "globex", "Globex", &OrganizationEdit::default()).unwrap();
        for organization in ["acme", "globex"] {
            let edit = UserEdit { role: Some(Role::Editor), ..UserEdit::default() };
            let password = format!("{PASSWORD} {organization}");
            registry.create_user(&operator(), &slug(organization), "erin", &edit, Some(&password)).unwrap();
        }
        let clock = Arc::new(Mutex::new(Timestamp::now()));
        let tokens = Tokens::new(&ServerSecret::for_tests(9), "https://drift.example.com");
        let told = Arc::clone(&clock);
        let desk = Desk::at(Arc::clone(&accounts), tokens, move || *told.lock().unwrap());
        Some(Self { _stand: stand, accounts, registry, desk, clock })
    }

    fn wait(&self, seconds: i64) {
        let mut clock = self.clock.lock().unwrap();
        *clock += SignedDuration::from_secs(seconds);
    }

    async fn login(&self, organization: &str, username: &str, password: &str) -> Result<TokenPair, Problem> {
        let [organization, username, password] = [organization, username, password].map(str::to_owned);
        self.desk.login(Login { organization, username, password }, Peer::default()).await
    }

    async fn erin(&self) -> TokenPair {
        self.login("acme", "erin", &format!("{PASSWORD} acme")).await.unwrap_or_else(|e| panic!("{e:?}"))
    }

    async fn refresh(&self, token: &str) -> Result<TokenPair, Problem> {
        self.desk.refresh(token.to_owned(), Peer::default()).await
    }

    async fn admit(&self, credential: &str) -> Result<Principal, Problem> {
        self.request(credential, "GET", "/api/v1/drifts").await
    }

    async fn request(&self, credential: &str, method: &str, path: &str) -> Result<Principal, Problem> {
        let header = format!("Bearer {credential}");
        self.desk.admit(Admission { authorization: Some(&header), method, path, ..Admission::default() }).await
    }

    fn recorded(&self) -> Vec<SecurityAction> {
        self.accounts.audit(None, 3).unwrap().into_iter().map(|record| record.entry.action).collect()
    }
}

fn code<T>(outcome: Result<T, Problem>) -> Code {
    match outcome {
        Ok(_) => panic!("was let in"),
        Err(problem) => problem.error.code,
    }
}

#[tokio::test]
async fn the_same_name_in_two_organisations_is_two_people() {
    let Some(world) = World::new() else { return };
    let edit = UserEdit::default();
    let twice = world.registry.create_user(&operator(), &slug("acme"), "ERIN", &edit, Some(PASSWORD));
    assert!(twice.unwrap_err().to_string().starts_with("username: 'ERIN' is taken"));
    let principal = world.admit(&world.erin().await.access_token).await.unwrap();
    assert_eq!((principal.organisation.as_str(), principal.role), ("acme", Role::Editor));
    let wrong_house = world.login("globex", "erin", &format!("{PASSWORD} acme")).await;
    assert_eq!(code(wrong_house), Code::Unauthenticated);
}

#[tokio::test]
async fn an_unknown_user_a_wrong_password_and_a_closed_organisation_get_the_same_answer() {
    let Some(world) = World::new() else { return };
    world.registry.create_user(&operator(), &slug("acme"), "robot", &UserEdit::default(), None).unwrap();
    let edit = OrganizationEdit { is_active: Some(false), ..OrganizationEdit::default() };
    world.registry.edit_organization(&operator(), &slug("globex"), &edit).unwrap();
    let mut answers = vec![];
    for (organization, username, password) in [
        ("acme", "erin", "wrong password"),
        ("acme", "nobody", "wrong password"),
        ("acme", "robot", ""),
        ("nowhere", "erin", "wrong password"),
        ("../etc", "erin", "wrong password"),
        ("globex", "erin", "drei blaue Elefanten globex"),
    ] {
        let Err(problem) = world.login(organization, username, password).await else { panic!("{organization}") };
        answers.push(problem);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.error.code == Code::Unauthenticated));
}

#[tokio::test]
async fn an_access_token_is_over_after_its_time_and_a_refresh_brings_the_next() {
    let Some(world) = World::new() else { return };
    let first = world.erin().await;
    world.wait(15 * 60 + 31);
    assert_eq!(code(world.admit(&first.access_token).await), Code::TokenExpired);
    let second = world.refresh(&first.refresh_token).await.unwrap_or_else(|e| panic!("{e:?}"));
    assert!(world.admit(&second.access_token).await.is_ok());
    assert_eq!(code(world.admit(&second.refresh_token).await), Code::Unauthenticated, "refresh tokens open nothing");
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_session_for_thief_and_owner() {
    let Some(world) = World::new() else { return };
    let first = world.erin().await;
    let stolen = first.refresh_token.clone();
    let second = world.refresh(&first.refresh_token).await.unwrap_or_else(|e| panic!("{e:?}"));
    assert!(world.admit(&second.access_token).await.is_ok());
    assert_eq!(code(world.refresh(&stolen).await), Code::Unauthenticated);
    assert_eq!(world.recorded()[0], SecurityAction::RefreshReused);
    assert_eq!(code(world.admit(&second.access_token).await), Code::Unauthenticated);
    assert_eq!(code(world.refresh(&second.refresh_token).await), Code::Unauthenticated);
    assert!(world.admit(&world.erin().await.access_token).await.is_ok(), "logging in again works");
}

#[tokio::test]
async fn who_guesses_waits_and_so_does_the_right_password_meanwhile() {
    let Some(world) = World::new() else { return };
    for _ in 0..5 {
        assert_eq!(code(world.login("acme", "erin", "wrong password").await), Code::Unauthenticated);
    }
    assert_eq!(world.recorded(), [SecurityAction::LockedOut, SecurityAction::LoginFailed, SecurityAction::LoginFailed]);
    let right = format!("{PASSWORD} acme");
    let Err(problem) = world.login("acme", "erin", &right).await else { panic!("was let in") };
    assert_eq!((problem.error.code, problem.error.retry_after), (Code::RateLimited, Some(2)));
    world.wait(2);
    assert!(world.login("acme", "erin", &right).await.is_ok());
}

#[tokio::test]
async fn an_idle_session_is_over_and_an_active_one_goes_on() {
    let Some(world) = World::new() else { return };
    let body = SettingsBody { session_timeout: 300, ..SettingsBody::default() };
    world.registry.put_settings(&operator(), &slug("acme"), &body).unwrap();
    let active = world.erin().await;
    for _ in 0..3 {
        world.wait(200);
        assert!(world.admit(&active.access_token).await.is_ok());
    }
    world.wait(301);
    assert_eq!(code(world.admit(&active.access_token).await), Code::Unauthenticated);
    assert_eq!(code(world.refresh(&active.refresh_token).await), Code::Unauthenticated);
}

#[tokio::test]
async fn what_is_taken_away_counts_at_the_next_request() {
    let Some(world) = World::new() else { return };
    let (acme, erin) = (slug("acme"), world.erin().await);
    let change = |edit: UserEdit| drop(world.registry.edit_user(&operator(), &acme, "erin", &edit).unwrap());
    change(UserEdit { role: Some(Role::Viewer), ..UserEdit::default() });
    assert_eq!(world.recorded()[0], SecurityAction::RoleChanged);
    assert_eq!(world.admit(&erin.access_token).await.unwrap().role, Role::Viewer);
    change(UserEdit { is_active: Some(false), ..UserEdit::default() });
    assert_eq!(code(world.admit(&erin.access_token).await), Code::Unauthenticated);
    change(UserEdit { is_active: Some(true), ..UserEdit::default() });
    assert!(world.admit(&erin.access_token).await.is_ok());
    let session = world.admit(&erin.access_token).await.unwrap().session.unwrap();
    world.registry.end_session(&operator(), &acme, session).unwrap();
    assert_eq!(code(world.admit(&erin.access_token).await), Code::Unauthenticated);
    let erin = world.erin().await;
    world.registry.set_password(&operator(), &acme, "erin", "vier gelbe Giraffen", None).unwrap();
    assert_eq!(code(world.admit(&erin.access_token).await), Code::Unauthenticated);
    assert_eq!(code(world.login("acme", "erin", &format!("{PASSWORD} acme")).await), Code::Unauthenticated);
    assert_eq!(world.accounts.reap(Timestamp::now()).unwrap(), 2);
}

#[tokio::test]
async fn a_key_opens_what_it_names_with_no_more_than_its_owners_role_until_it_is_revoked() {
    let Some(world) = World::new() else { return };
    let acme = slug("acme");
    let edit = UserEdit { role: Some(Role::Editor), ..UserEdit::default() };
    world.registry.create_user(&operator(), &acme, "robot", &edit, None).unwrap();
    let endpoints = vec![Endpoint::new("GET /drifts*").unwrap()];
    let new = NewKey { label: "ci".into(), role: Role::Editor, endpoints, expires_at: None };
    let too_much = NewKey { role: Role::Admin, ..new.clone() };
    let refused = world.registry.create_key(&operator(), &acme, "robot", &too_much);
    assert!(refused.is_err_and(|e| e.to_string().starts_with("role: ")));
    let (key, secret) = world.registry.create_key(&operator(), &acme, "robot", &new).unwrap();
    let principal = world.admit(secret.reveal()).await.unwrap();
    assert_eq!((principal.role, principal.api_key), (Role::Editor, Some(key.id)));
    assert_eq!(code(world.request(secret.reveal(), "POST", "/api/v1/drifts/x/triage").await), Code::Forbidden);
    assert_eq!(world.recorded()[0], SecurityAction::Denied);
    assert!(world.accounts.api_keys(&acme).unwrap()[0].last_used.is_some());
    let edit = UserEdit { role: Some(Role::Viewer), ..UserEdit::default() };
    world.registry.edit_user(&operator(), &acme, "robot", &edit).unwrap();
    assert_eq!(world.admit(secret.reveal()).await.unwrap().role, Role::Viewer);
    assert_eq!(code(world.admit(&format!("{}x", secret.reveal())).await), Code::Unauthenticated);
    world.registry.revoke_key(&operator(), &acme, key.id, None).unwrap();
    assert_eq!(code(world.admit(secret.reveal()).await), Code::Unauthenticated);
}

#[tokio::test]
async fn a_key_cannot_make_itself_a_better_one() {
    let Some(world) = World::new() else { return };
    let acme = slug("acme");
    let new = NewKey { label: "look".into(), role: Role::Viewer, endpoints: vec![], expires_at: None };
    let (_, secret) = world.registry.create_key(&operator(), &acme, "adam", &new).unwrap();
    let by = By::principal(&world.admit(secret.reveal()).await.unwrap(), None);
    let better = NewKey { role: Role::Admin, ..new };
    assert!(matches!(world.registry.create_key(&by, &acme, "adam", &better), Err(AccountsError::Forbidden(_))));
    let takeover = world.registry.set_password(&by, &acme, "adam", "vier gelbe Giraffen", Some(PASSWORD));
    assert!(matches!(takeover, Err(AccountsError::Forbidden(_))));
}

#[tokio::test]
async fn the_other_organisation_is_not_there_and_an_editor_manages_nobody() {
    let Some(world) = World::new() else { return };
    let adam = world.login("acme", "adam", PASSWORD).await.unwrap_or_else(|e| panic!("{e:?}"));
    let adam = By::principal(&world.admit(&adam.access_token).await.unwrap(), None);
    let erin = By::principal(&world.admit(&world.erin().await.access_token).await.unwrap(), None);
    let (registry, edit) = (&world.registry, UserEdit { role: Some(Role::Admin), ..UserEdit::default() });
    let [foreign, nowhere] = ["globex", "nowhere"].map(|of| {
        let errors = [
            registry.organization(&adam, &slug(of)).map(drop),
            registry.users(&adam, &slug(of)).map(drop),
            registry.user(&adam, &slug(of), "erin").map(drop),
            registry.edit_user(&adam, &slug(of), "erin", &edit).map(drop),
            registry.set_password(&adam, &slug(of), "erin", "vier gelbe Giraffen", None),
            registry.put_settings(&adam, &slug(of), &SettingsBody::default()).map(drop),
            registry.api_keys(&adam, &slug(of)).map(drop),
            registry.sessions(&adam, &slug(of)).map(drop),
            registry.audit(&adam, &slug(of), 9).map(drop),
        ];
        errors.map(|error| error.unwrap_err().to_string().replace(of, "?"))
    });
    assert_eq!(foreign, nowhere);
    assert!(registry.users(&adam, &slug("acme")).is_ok());
    for denied in [
        registry.users(&erin, &slug("acme")).map(drop),
        registry.edit_user(&erin, &slug("acme"), "erin", &edit).map(drop),
        registry.edit_user(&erin, &slug("acme"), "adam", &edit).map(drop),
        registry.create_user(&erin, &slug("acme"), "eve", &edit, Some(PASSWORD)).map(drop),
        registry.put_settings(&erin, &slug("acme"), &SettingsBody::default()).map(drop),
        registry.create_organization(&erin, "x", "X", &OrganizationEdit::default()).map(drop),
    ] {
        assert!(matches!(denied, Err(AccountsError::Forbidden(_))), "{denied:?}");
        assert_eq!(world.recorded()[0], SecurityAction::Denied);
    }
    let own = registry.set_password(&erin, &slug("acme"), "erin", "vier gelbe Giraffen", Some("guessed wrong"));
    assert!(own.unwrap_err().to_string().starts_with("current_password: "));
}

#[tokio::test]
async fn an_admin_sees_what_is_below_and_one_limited_by_grants_manages_nothing() {
    let Some(world) = World::new() else { return };
    let registry = &world.registry;
    let below = OrganizationEdit { parent: Some("acme".into()), ..OrganizationEdit::default() };
    registry.create_organization(&operator(), "acme-eu", "Acme EU", &below).unwrap();
    let ring = OrganizationEdit { parent: Some("acme-eu".into()), ..OrganizationEdit::default() };
    let error = registry.edit_organization(&operator(), &slug("acme"), &ring).unwrap_err().to_string();
    assert!(error.starts_with("parent: "), "{error}");
    let adam = world.login("acme", "adam", PASSWORD).await.unwrap_or_else(|e| panic!("{e:?}"));
    let mut principal = world.admit(&adam.access_token).await.unwrap();
    let names = |by: &By| registry.organizations(by).unwrap().iter().map(|o| o.slug.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&By::principal(&principal, None)), ["acme", "acme-eu"]);
    principal.grants = vec![Grant {
        environments: Pattern::default(),
        resource_types: Pattern::default(),
        provider: None,
        access: Access::Act,
        endpoints: vec![],
    }];
    let limited = registry.users(&By::principal(&principal, None), &slug("acme"));
    assert!(limited.is_err_and(|e| e.to_string().contains("without grants")));
}

#[test]
fn the_last_admin_stays_one() {
    let Some(world) = World::new() else { return };
    let grant = Grant {
        environments: Pattern::default(),
        resource_types: Pattern::default(),
        provider: None,
        access: Access::Act,
        endpoints: vec![],
    };
    for (field, edit) in [
        ("role", UserEdit { role: Some(Role::Editor), ..UserEdit::default() }),
        ("is_active", UserEdit { is_active: Some(false), ..UserEdit::default() }),
        ("grants", UserEdit { grants: Some(vec![grant]), ..UserEdit::default() }),
    ] {
        let error = world.registry.edit_user(&operator(), &slug("acme"), "adam", &edit).unwrap_err().to_string();
        assert!(error.starts_with(field) && error.contains("last active admin"), "{error}");
    }
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let Some(world) = World::new() else { return };
    let adam = world.accounts.user_named(&slug("acme"), "adam").unwrap().unwrap();
    let edit = UserEdit { display_name: Some("Adam".into()), ..UserEdit::default() };
    world.registry.edit_user(&operator(), &slug("acme"), "adam", &edit).unwrap();
    let entry = world.accounts.audit(None, 1).unwrap().remove(0).entry;
    let late = adam.edited(&UserEdit::default(), Timestamp::now()).unwrap();
    assert!(matches!(world.accounts.commit(Change::SetUser(late), &entry), Err(AccountsError::Conflict { .. })));
}

#[test]
fn the_first_admin_can_be_made_for_as_long_as_there_is_none_whatever_is_there_already() {
    for first in ["acme", "other"] {
        let Some(stand) = Stand::of(module_path!()) else { return };
        let registry = Registry::new(open(&stand.place, true).unwrap());
        registry.create_organization(&operator(), first, "First", &OrganizationEdit::default()).unwrap();
        registry.create_user(&operator(), &slug(first), "erin", &UserEdit::default(), None).unwrap();
        let (organization, adam) = registry.init(&operator(), "acme", "Acme", "adam", PASSWORD).unwrap();
        assert_eq!(organization.name.raw(), if first == "acme" { "First" } else { "Acme" });
        assert_eq!((adam.organization, adam.role), (slug("acme"), Role::Admin));
        assert!(registry.init(&operator(), "third", "Third", "eve", PASSWORD).is_err(), "there is one now");
        assert!(registry.verify(&operator()).unwrap().faults.is_empty());
    }
}

#[test]
fn a_write_that_comes_again_under_its_name_is_not_made_and_is_answered_from_its_transaction() {
    use crate::drift::Once;
    let Some(world) = World::new() else { return };
    let by = |request: &str| operator().under(Some(Once::new("acme/adam\nk1", request)));
    let make = |by: &By| world.registry.create_user(by, &slug("acme"), "gina", &UserEdit::default(), None);
    assert_eq!(world.registry.answered(&by("a")).unwrap(), None);
    let made = make(&by("a")).unwrap();
    let told = world.accounts.audit(None, 100).unwrap().len();
    assert_eq!(world.registry.answered(&by("a")).unwrap(), serde_json::to_value(&made).ok());
    assert!(matches!(make(&by("a")), Err(AccountsError::Repeated)), "whoever was slower finds it there");
    assert!(matches!(make(&by("b")), Err(AccountsError::Reused)));
    assert!(matches!(world.registry.answered(&by("b")), Err(AccountsError::Reused)));
    assert_eq!(world.accounts.audit(None, 100).unwrap().len(), told);
    // What was refused was not done, and may be asked under the same name.
    let other = |name: &str| {
        let by = operator().under(Some(Once::new("k2", "c")));
        world.registry.create_user(&by, &slug("acme"), name, &UserEdit::default(), None)
    };
    assert!(matches!(other("gina"), Err(AccountsError::Taken { .. })));
    assert!(other("hugo").is_ok());
}
