//! Where a commit can be read: the page of it at the forge that a repository was cloned from.

use url::Url;

/// What is told apart by its host, and what stands between the repository and the hash there.
const FORGES: [(&str, &str); 3] = [("github", "commit"), ("gitlab", "-/commit"), ("bitbucket", "commits")];

/// The forge and the page. `origin`: an address as git takes it, `https://…` or `git@host:path`. No name, password or port of it is
/// told. `None`: nothing is known of such a host, or it is none.
pub fn page(origin: &str, hash: &str) -> Option<(&'static str, String)> {
    let (host, path) = parts(origin)?;
    let (forge, between) = *FORGES.iter().find(|(forge, _)| host.split('.').any(|word| word == *forge))?;
    let path = path.trim_matches('/').trim_end_matches(".git");
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./~".contains(c));
    let is_page = path.contains('/') && is_plain(path) && is_plain(&host) && is_plain(hash) && !hash.is_empty();
    is_page.then(|| (forge, format!("https://{host}/{path}/{between}/{hash}")))
}

fn parts(origin: &str) -> Option<(String, String)> {
    if origin.contains("://") {
        let url = Url::parse(origin).ok()?;
        let is_remote = matches!(url.scheme(), "https" | "http" | "ssh" | "git");
        return is_remote.then_some((url.host_str()?.to_ascii_lowercase(), url.path().to_owned()));
    }
    let (who, path) = origin.split_once(':')?;
    let host = who.rsplit('@').next()?;
    Some((host.to_ascii_lowercase(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_of_a_known_forge_has_a_page_and_the_page_has_no_password() {
        let page = |origin: &str| page(origin, "a1b2c3d").map(|(forge, link)| format!("{forge} {link}"));
        for (origin, expected) in [
            ("git@github.com:acme/infra.git", "github https://github.com/acme/infra/commit/a1b2c3d"),
            ("https://kim:hunter2@github.com/acme/infra", "github https://github.com/acme/infra/commit/a1b2c3d"),
            (
                "ssh://git@gitlab.acme.dev:2222/ops/net/infra.git",
                "gitlab https://gitlab.acme.dev/ops/net/infra/-/commit/a1b2c3d",
            ),
            ("https://bitbucket.org/acme/infra.git/", "bitbucket https://bitbucket.org/acme/infra/commits/a1b2c3d"),
        ] {
            assert_eq!(page(origin).as_deref(), Some(expected), "{origin}");
        }
        for origin in [
            "",
            "/srv/git/infra.git",
            "../infra",
            "file:///srv/github/infra",
            "git@code.acme.dev:ops/infra.git",
            "git@notgithub.com:acme/infra",
            "git@github.com:acme/in\u{1b}[2Jfra",
            "git@github.com:infra",
        ] {
            assert_eq!(page(origin), None, "{origin}");
        }
    }
}
