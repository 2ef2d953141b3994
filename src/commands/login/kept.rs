//! What a login is kept as: one small file a server, for its owner alone, changed by one process at a time.
//!
//! A refresh token is good for one use. So whoever uses it holds the lock until the next one is in the file: several driftguards
//! share one login, and each sees what another has renewed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::accounts::TokenPair;
use crate::service::{self, Credentials, Server, ServiceError};

/// A larger file is none of ours.
const MOST: u64 = 64 * 1024;

/// What lets somebody in. Not `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands) enum Pass {
    Key(String),
    Tokens(TokenPair),
}

impl Pass {
    pub(super) fn token(&self) -> &str {
        match self {
            Self::Key(key) => key,
            Self::Tokens(pair) => &pair.access_token,
        }
    }
}

/// As it is in the file. Not `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) url: String,
    pub(super) pass: Pass,
}

/// Where the login of a server is.
#[derive(Clone)]
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn of(state_dir: &Path, server: &Url) -> Self {
        let url = server.as_str().trim_end_matches('/');
        let name = &blake3::hash(url.as_bytes()).to_hex()[..16];
        Self(state_dir.join("logins").join(format!("{name}.json")))
    }

    fn directory(&self) -> &Path {
        self.0.parent().unwrap_or(Path::new("."))
    }

    /// `None` when nobody has logged in.
    pub(super) fn load(&self) -> anyhow::Result<Option<Kept>> {
        let shown = self.0.display();
        let meta = match fs::symlink_metadata(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.with_context(|| format!("{shown} cannot be read"))?,
        };
        let is_ours = meta.is_file() && meta.uid() == rustix::process::geteuid().as_raw();
        if !is_ours || meta.permissions().mode() & 0o077 != 0 || meta.len() > MOST {
            bail!("{shown} is no login that only you can read: remove it, and log in again");
        }
        let bytes = fs::read(&self.0).with_context(|| format!("{shown} cannot be read"))?;
        // What is wrong with it is not said: that would quote it.
        serde_json::from_slice(&bytes).map(Some).or_else(|_| bail!("{shown} is no login: remove it, and log in again"))
    }

    /// The old one or the new one is there, whatever happens.
    pub(super) fn save(&self, kept: &Kept) -> anyhow::Result<()> {
        let _lock = self.lock()?;
        self.write(kept)
    }

    fn write(&self, kept: &Kept) -> anyhow::Result<()> {
        let shown = self.0.display();
        let bytes = serde_json::to_vec(kept).context("the login cannot be written")?;
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".tmp-")
                .permissions(Permissions::from_mode(0o600))
                .tempfile_in(self.directory())?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            file.persist(&self.0).map_err(|error| error.error)?;
            File::open(self.directory())?.sync_all()
        };
        write().with_context(|| format!("{shown} cannot be written"))
    }

    pub(super) fn forget(&self) -> anyhow::Result<()> {
        let _lock = self.lock()?;
        fs::remove_file(&self.0).with_context(|| format!("{} cannot be removed", self.0.display()))
    }

    /// One process at a time, until it is dropped.
    fn lock(&self) -> anyhow::Result<File> {
        let directory = self.directory();
        let lock = || -> std::io::Result<File> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            fs::set_permissions(directory, Permissions::from_mode(0o700))?;
            let path = self.0.with_extension("lock");
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
            file.lock()?;
            Ok(file)
        };
        lock().with_context(|| format!("{} cannot be used", directory.display()))
    }
}

/// A kept login as it is used: renewed when it is over, and read anew when another driftguard has done that.
pub(in crate::commands) struct Renewing {
    place: Place,
    server: Server,
    pass: Mutex<Pass>,
    /// One of this process at a time: the lock of the file is between processes.
    turn: tokio::sync::Mutex<()>,
}

impl Renewing {
    pub(super) fn new(place: Place, server: Server, pass: Pass) -> Self {
        Self { place, server, pass: Mutex::new(pass), turn: tokio::sync::Mutex::new(()) }
    }

    fn now(&self) -> Pass {
        self.pass.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, pass: Pass) -> String {
        let token = pass.token().to_owned();
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = pass;
        token
    }

    fn over(&self) -> ServiceError {
        let url = &self.server.url;
        ServiceError::Denied(format!("the login is over: run `driftguard login {url}`, and this goes on by itself"))
    }

    /// The lock may be waited for: not on a thread that does other things.
    async fn locked(&self) -> Result<(File, Option<Kept>), ServiceError> {
        let place = self.place.clone();
        let lock = tokio::task::spawn_blocking(move || anyhow::Ok((place.lock()?, place.load()?)));
        let locked = lock.await.map_err(anyhow::Error::from).and_then(|locked| locked);
        locked.map_err(|error| ServiceError::Denied(format!("{error:#}")))
    }
}

#[async_trait]
impl Credentials for Renewing {
    async fn token(&self) -> Result<Option<String>, ServiceError> {
        Ok(Some(self.now().token().to_owned()))
    }

    async fn renewed(&self, over: &str, expired: bool) -> Result<String, ServiceError> {
        let _turn = self.turn.lock().await;
        if self.now().token() != over {
            return Ok(self.now().token().to_owned());
        }
        let (_lock, kept) = self.locked().await?;
        let kept = kept.ok_or_else(|| self.over())?;
        if kept.pass.token() != over {
            return Ok(self.take(kept.pass));
        }
        let Pass::Tokens(pair) = kept.pass else { return Err(self.over()) };
        if !expired {
            // It was ended, not just over: its refresh token is of the same session.
            return Err(self.over());
        }
        let pair = match service::refresh(self.server.clone(), pair.refresh_token).await {
            Err(ServiceError::Denied(_)) => return Err(self.over()),
            answer => answer?,
        };
        let pass = Pass::Tokens(pair);
        let token = self.take(pass.clone());
        // Should that fail, this process goes on with what it has, and the next one has to log in.
        if let Err(error) = self.place.write(&Kept { url: self.server.url.to_string(), pass }) {
            tracing::error!(error = %format!("{error:#}"), "the renewed login is not kept");
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use tokio::runtime::Handle;

    use super::*;
    use crate::accounts::{self, Accounts, By, Desk, Login, Registry, ServerSecret, Tokens};
    use crate::drift::Slug;
    use crate::server::{self, Houses};
    use crate::service::{DriftService, LocalService, RemoteService};
    use crate::store;

    fn place(home: &Path) -> Place {
        Place::of(home, &Url::parse("https://drift.example.com").unwrap())
    }

    fn kept(token: &str) -> Kept {
        Kept { url: "https://drift.example.com/".into(), pass: Pass::Key(token.into()) }
    }

    #[test]
    fn a_login_is_for_its_owner_alone_and_comes_back_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        let place = place(home.path());
        assert!(place.load().unwrap().is_none());
        place.save(&kept("dgk_a")).unwrap();
        place.save(&kept("dgk_b")).unwrap();
        assert_eq!(place.load().unwrap().unwrap().pass.token(), "dgk_b");
        for path in [place.0.clone(), place.directory().to_owned(), place.0.with_extension("lock")] {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
        assert_eq!(fs::read_dir(place.directory()).unwrap().count(), 2, "nothing is left over");
        place.forget().unwrap();
        assert!(place.load().unwrap().is_none());
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_none_is_refused_without_a_word_of_what_is_in_it() {
        let home = tempfile::tempdir().unwrap();
        let place = place(home.path());
        place.save(&kept("dgk_secret")).unwrap();
        fs::set_permissions(&place.0, Permissions::from_mode(0o644)).unwrap();
        let refused = |place: &Place| format!("{:#}", place.load().err().unwrap());
        assert!(refused(&place).contains("log in again"));
        fs::set_permissions(&place.0, Permissions::from_mode(0o600)).unwrap();
        fs::write(&place.0, "{\"pass\":\"dgk_secret\"}").unwrap();
        assert!(!refused(&place).contains("dgk_secret"), "{}", refused(&place));
    }

    #[tokio::test]
    async fn what_another_driftguard_has_renewed_is_taken_from_the_file() {
        let home = tempfile::tempdir().unwrap();
        let place = place(home.path());
        place.save(&kept("dgk_new")).unwrap();
        let url = Url::parse("https://drift.example.com").unwrap();
        let renewing = Renewing::new(place, Server { url, token: None, ca: None }, Pass::Key("dgk_old".into()));
        assert_eq!(renewing.token().await.unwrap().as_deref(), Some("dgk_old"));
        assert_eq!(renewing.renewed("dgk_old", false).await.unwrap(), "dgk_new");
        assert_eq!(renewing.token().await.unwrap().as_deref(), Some("dgk_new"));
        let over = renewing.renewed("dgk_new", true).await.unwrap_err().to_string();
        assert!(over.contains("driftguard login https://drift.example.com/"), "{over}");
    }

    const PASSWORD: &str = "drei blaue Elefanten";

    /// A server whose clock is moved by hand.
    async fn server(home: &Path, seconds: Arc<AtomicI64>) -> (Server, Arc<dyn Accounts>) {
        let accounts = accounts::open(&home.join("accounts"), true).unwrap();
        Registry::new(Arc::clone(&accounts)).init(&By::operator("root"), "acme", "Acme", "adam", PASSWORD).unwrap();
        let secret = ServerSecret::load(Some("q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo"), None, false);
        let tokens = Tokens::new(&secret.unwrap_or_else(|error| panic!("{error}")), "driftguard");
        let begun = jiff::Timestamp::now();
        let clock = move || begun + jiff::SignedDuration::from_secs(seconds.load(Ordering::SeqCst));
        let desk = Desk::at(Arc::clone(&accounts), tokens, clock);
        let store = store::open(&home.join("store"), store::OpenMode::ReadWrite).unwrap().store;
        let mut houses = Houses::default();
        houses.open(Slug::from_text("acme"), LocalService::start(store, vec![], Handle::current()));
        let options = server::Options::new(([127, 0, 0, 1], 0).into());
        let serving = server::serve(&options, Arc::new(desk), houses).await.unwrap();
        let url = Url::parse(&format!("http://{}", serving.address)).unwrap();
        tokio::spawn(serving.run(std::future::pending()));
        (Server { url, token: None, ca: None }, accounts)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_token_that_is_over_is_renewed_without_a_word_and_an_idle_session_asks_for_a_login() {
        let home = tempfile::tempdir().unwrap();
        let seconds = Arc::new(AtomicI64::new(0));
        let (server, _accounts) = server(home.path(), Arc::clone(&seconds)).await;
        let login = Login { organization: "acme".into(), username: "adam".into(), password: PASSWORD.into() };
        let pair = service::login(server.clone(), &login).await.unwrap();
        let (place, first) = (Place::of(home.path(), &server.url), Pass::Tokens(pair.clone()));
        place.save(&Kept { url: server.url.to_string(), pass: first.clone() }).unwrap();
        let open = || async {
            let renewing = Renewing::new(place.clone(), server.clone(), first.clone());
            RemoteService::connect_as(server.clone(), Arc::new(renewing), &Handle::current()).await.unwrap()
        };
        let (one, other) = (open().await, open().await);
        seconds.fetch_add(1_200, Ordering::SeqCst);
        one.environments().await.unwrap();
        let renewed = place.load().unwrap().unwrap().pass.token().to_owned();
        assert_ne!(renewed, pair.access_token);
        other.environments().await.unwrap();
        assert_eq!(place.load().unwrap().unwrap().pass.token(), renewed, "the other one takes what is in the file");
        let many = (0..8).map(|_| one.environments());
        seconds.fetch_add(1_200, Ordering::SeqCst);
        for answer in futures_util::future::join_all(many).await {
            answer.unwrap();
        }
        other.environments().await.unwrap();
        seconds.fetch_add(7_200, Ordering::SeqCst);
        let over = one.environments().await.unwrap_err();
        assert!(matches!(&over, ServiceError::Denied(why) if why.contains("driftguard login http://")), "{over}");
        // Whoever logs in beside it goes on in both.
        let pair = service::login(server.clone(), &login).await.unwrap();
        place.save(&Kept { url: server.url.to_string(), pass: Pass::Tokens(pair) }).unwrap();
        one.environments().await.unwrap();
    }
}
