//! Passwords among the arguments of well-known commands, as they stand in user data, unit files and cron tables.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A piece that is in every text the expression finds something in, and the expression; the password is group 1. Sources: the
/// manuals of the commands. What a variable stands for is no password yet.
static COMMANDS: &[(&str, &str)] = &[
    ("mysql", r#"\bmysql[a-z-]*\b(?:[^\n|;&]|\\\r?\n)*?\s-p['"]?([^\s'"«$-][^\s'"«]*)"#),
    ("mariadb", r#"\bmariadb[a-z-]*\b(?:[^\n|;&]|\\\r?\n)*?\s-p['"]?([^\s'"«$-][^\s'"«]*)"#),
    (
        "curl",
        r#"\bcurl\b(?:[^\n|;&]|\\\r?\n)*?\s(?:-u|-U|--user|--proxy-user)[ =]*['"]?[^\s:'"«]+:([^\s'"«$][^\s'"«]*)"#,
    ),
    ("redis-cli", r#"\bredis-cli\b(?:[^\n|;&]|\\\r?\n)*?\s(?:-a|--pass)[ =]+['"]?([^\s'"«$-][^\s'"«]*)"#),
    ("sshpass", r#"\bsshpass\s+-p\s*['"]?([^\s'"«$-][^\s'"«]*)"#),
    (
        " login ",
        r#"\b(?:docker|podman|nerdctl|helm|oras|crane|az)\b(?:[^\n|;&]|\\\r?\n)*? login\b(?:[^\n|;&]|\\\r?\n)*?\s-p[ =]*['"]?([^\s'"«$-][^\s'"«]*)"#,
    ),
    ("mongo", r#"\bmongo[a-z]*\b(?:[^\n|;&]|\\\r?\n)*?\s-p\s*['"]?([^\s'"«$-][^\s'"«]*)"#),
    ("sqlcmd", r#"\bsqlcmd\b(?:[^\n|;&]|\\\r?\n)*?\s-P\s*['"]?([^\s'"«$-][^\s'"«]*)"#),
    ("ldap", r#"\bldap[a-z]+\b(?:[^\n|;&]|\\\r?\n)*?\s-w\s*['"]?([^\s'"«$-][^\s'"«]*)"#),
];

/// Appends where they stand.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    static COMPILED: LazyLock<Vec<Option<Regex>>> =
        LazyLock::new(|| COMMANDS.iter().map(|(_, pattern)| Regex::new(pattern).ok()).collect());
    // Most texts are no command at all.
    if !text.contains(" -") {
        return;
    }
    for ((piece, _), expression) in COMMANDS.iter().zip(COMPILED.iter()) {
        let Some(expression) = expression.as_ref().filter(|_| text.contains(piece)) else { continue };
        let secrets = expression.captures_iter(text).filter_map(|captures| captures.get(1));
        found.extend(secrets.map(|secret| secret.range()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, &mut found);
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn every_expression_compiles() {
        assert!(COMMANDS.iter().all(|(_, pattern)| Regex::new(pattern).is_ok()));
    }

    #[test]
    fn a_password_on_a_command_line_is_found() {
        for (text, secret) in [
            ("mysql -u root -pTigger7 shop", "Tigger7"),
            ("mysqldump --all -p'Tigger7' > x", "Tigger7"),
            ("curl -fsS -u deploy:Tigger7 https://example.com", "Tigger7"),
            ("curl --user=deploy:Tigger7 https://example.com", "Tigger7"),
            ("redis-cli -h cache -a Tigger7 ping", "Tigger7"),
            ("sshpass -p Tigger7 ssh web", "Tigger7"),
            ("docker login -u ci -p Tigger7 registry.example.com", "Tigger7"),
            ("docker login \\\n  -u ci \\\n  -p Tigger7 registry.example.com", "Tigger7"),
            ("sqlcmd -S db -U sa -P Tigger7", "Tigger7"),
            ("ldapsearch -x -D cn=admin -w Tigger7", "Tigger7"),
        ] {
            assert_eq!(secrets(text), [secret], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_stays_readable() {
        for text in [
            "mysql -u root -p shop",
            "mysql -p$DB_PASSWORD shop",
            "curl -u $USER:$PASS https://example.com",
            "docker run -p 8080:80 web",
            "mkdir -p /var/lib/mysql",
            "redis-cli -h cache --no-auth-warning ping",
            "cp -a /etc/redis /srv",
        ] {
            assert_eq!(secrets(text), [""; 0], "{text}");
        }
    }
}
