//! Hostile input, in one place: text that attacks a terminal, secrets in every public format, and honest look-alikes.
//!
//! Used by the stories and, by path, by the unit tests of the library. Secrets are made up at run time from a fixed seed, so
//! no scanner of repositories finds one here.

use std::fmt::Write;

/// Text that tries to act on a terminal, a spreadsheet, a chat tool or a reader's eye: (name, text).
pub fn terminal() -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, String)> =
        TERMINAL.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    all.push(("c1 first half", lossy(b"x\xc2")));
    all.push(("c1 second half", lossy(b"\x9b31m")));
    all.push(("invalid utf-8", lossy(b"\xff\xfe")));
    all.push(("overlong c1", lossy(b"\xc0\x9b31m")));
    all.push(("bells", "\x07".repeat(1000)));
    all.push(("zalgo", format!("a{}", "\u{301}".repeat(200))));
    all.push(("one long line", "0123456789abcdef".repeat(65_536)));
    all.push(("many short lines", "line\n".repeat(100_000)));
    for tail in [79, 80, 81] {
        all.push(("wide emoji at the last column", format!("{}😀", "x".repeat(tail))));
    }
    all
}

const TERMINAL: &[(&str, &str)] = &[
    ("clear screen", "\x1b[2J"),
    ("colour and blink", "\x1b[31;5m"),
    ("window title", "\x1b]0;PWN\x07"),
    ("clipboard write", "\x1b]52;c;cm0gLXJmIH4=\x07"),
    ("clipboard read", "\x1b]52;c;?\x07"),
    ("hyperlink", "\x1b]8;;http://evil/\x1b\\x\x1b]8;;\x1b\\"),
    ("c1 csi", "\u{9b}31m"),
    ("c1 osc", "\u{9d}0;x\u{9c}"),
    ("carriage return", "evil\rgood"),
    ("newline", "a\nb"),
    ("tab", "a\tb"),
    ("backspace", "ab\x08\x08XY"),
    ("nul", "a\0b"),
    ("del", "a\x7fb"),
    ("vertical tab and form feed", "\x0b\x0c"),
    ("shift out and in", "\x0eqqq\x0f"),
    ("decrqss", "\x1bP$q\"p\x1b\\"),
    ("sixel", "\x1bPq#0;2;0;0;0#0~~@@vv\x1b\\"),
    ("kitty image", "\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\"),
    ("full reset", "\x1bc"),
    ("cursor report", "\x1b[6n"),
    ("device attributes", "\x1b[c"),
    ("title report", "\x1b[21t"),
    ("version report", "\x1b[>q"),
    ("leave alternate screen", "\x1b[?1049l"),
    ("resize", "\x1b[8;1;1t"),
    ("iterm file", "\x1b]1337;File=inline=1:AAAA\x07"),
    ("notification", "\x1b]777;notify;t;b\x07"),
    ("lone escape at the end", "text\x1b"),
    ("right to left override", "user\u{202e}nimda\u{202c}"),
    ("isolates", "\u{2067}abc\u{2069}"),
    ("direction marks", "a\u{200e}b\u{200f}c"),
    ("zero width space", "pro\u{200b}d"),
    ("byte order mark", "\u{feff}bom"),
    ("soft hyphen", "soft\u{ad}hyphen"),
    ("zero width joiner", "👩\u{200d}👩\u{200d}👧"),
    ("tag characters", "x\u{e0041}\u{e0042}"),
    ("variation selector 16 after a letter", "a\u{fe0f}"),
    ("variation selector 16 after an emoji", "❤\u{fe0f}"),
    ("variation selector 17", "x\u{e0100}"),
    ("line and paragraph separators", "a\u{2028}b\u{2029}c\u{85}d"),
    ("hangul filler", "a\u{3164}b"),
    ("blank braille", "a\u{2800}b"),
    ("interlinear annotation", "a\u{fff9}b\u{fffb}c"),
    ("cyrillic look-alike", "pr\u{43e}d"),
    ("private use", "\u{e000}"),
    ("tview tag", "[red]tview[-]"),
    ("spreadsheet formula", "=cmd|' /C calc'!A0"),
    ("chat broadcast", "<!channel>"),
    ("mark without a letter", "\u{301}x"),
];

/// Letters drawn from `alphabet`, the same for the same seed (xorshift).
pub fn drawn(seed: u64, alphabet: &str, count: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            letters[(state >> 33) as usize % letters.len()]
        })
        .collect()
}

const UPPER32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX: &str = "0123456789abcdef";

/// Secrets that give themselves away by their form, wherever they stand: (name, secret).
pub fn secrets() -> Vec<(&'static str, String)> {
    let alnum = |seed, count| drawn(seed, ALNUM, count);
    let hex = |seed, count| drawn(seed, HEX, count);
    vec![
        ("aws access key id", format!("AKIA{}", drawn(5, UPPER32, 16))),
        ("aws session key id", format!("ASIA{}", drawn(6, UPPER32, 16))),
        ("github token", format!("ghp_{}", alnum(7, 36))),
        ("github oauth token", format!("gho_{}", alnum(8, 36))),
        ("github app token", format!("ghs_{}", alnum(9, 36))),
        ("github fine-grained token", format!("github_pat_{}", alnum(10, 82))),
        ("gitlab token", format!("glpat-{}", alnum(11, 20))),
        (
            "slack bot token",
            format!("xoxb-{}-{}-{}", drawn(12, "0123456789", 12), drawn(13, "0123456789", 12), alnum(14, 24)),
        ),
        (
            "slack webhook",
            format!(
                "https://hooks.slack.com/services/T{}/B{}/{}",
                drawn(15, UPPER32, 8),
                drawn(16, UPPER32, 8),
                alnum(17, 24)
            ),
        ),
        ("pem key", pem_key("\n")),
        ("pem key on one line", pem_key("\\n")),
        ("json web token", format!("eyJ{}.eyJ{}.{}", alnum(18, 30), alnum(19, 60), alnum(20, 43))),
        ("vault service token", format!("hvs.{}", alnum(21, 90))),
        ("vault batch token", format!("hvb.{}", alnum(22, 90))),
        ("terraform cloud token", format!("{}.atlasv1.{}", alnum(23, 14), alnum(24, 67))),
        ("google api key", format!("AIza{}", alnum(25, 35))),
        ("azure client secret", format!("{}8Q~{}", alnum(26, 3), alnum(27, 34))),
        ("openai key", format!("sk-proj-{}", alnum(28, 48))),
        ("npm token", format!("npm_{}", alnum(29, 36))),
        ("pypi token", format!("pypi-{}", alnum(30, 80))),
        ("docker token", format!("dckr_pat_{}", alnum(31, 27))),
        ("sendgrid key", format!("SG.{}.{}", alnum(32, 22), alnum(33, 43))),
        ("stripe key", format!("sk_live_{}", alnum(34, 24))),
        ("digitalocean token", format!("dop_v1_{}", hex(35, 64))),
        ("azure storage key", format!("AccountKey={}==", drawn(36, BASE64, 86))),
        ("huggingface token", format!("hf_{}", drawn(37, &ALNUM[..52], 34))),
        ("age key", format!("AGE-SECRET-KEY-1{}", drawn(38, UPPER32, 58))),
    ]
}

/// A private key in PEM form with the given line ends.
pub fn pem_key(line_end: &str) -> String {
    let mut pem = format!("-----BEGIN RSA {} KEY-----{line_end}", "PRIVATE");
    for seed in 40..52 {
        write!(pem, "{}{line_end}", drawn(seed, BASE64, 64)).unwrap();
    }
    let kind = "PRIVATE";
    write!(pem, "-----END RSA {kind} KEY-----").unwrap();
    pem
}

/// Forty characters as an AWS secret access key has them.
pub fn aws_secret() -> String {
    drawn(77, BASE64, 40)
}

/// What looks random and is no secret; must stay readable: (key, value).
pub fn look_alikes() -> Vec<(&'static str, String)> {
    let hex = |seed, count| drawn(seed, HEX, count);
    vec![
        ("external_id", format!("{}-{}-4{}-a{}-{}", hex(1, 8), hex(2, 4), hex(3, 3), hex(4, 3), hex(5, 12))),
        ("image", format!("registry.example.com/app@sha256:{}", hex(6, 64))),
        ("digest", format!("sha256:{}", hex(7, 64))),
        ("content_md5", hex(8, 32)),
        ("commit", hex(9, 40)),
        ("checksum", hex(10, 64)),
        ("role_arn", "arn:aws:iam::123456789012:role/service-role/My-Lambda-Role-a1b2C3d4".to_owned()),
        ("target_group_arn", format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/{}", hex(11, 16))),
        ("ami", format!("ami-{}", hex(12, 17))),
        ("subnet_id", format!("subnet-{}", hex(13, 17))),
        ("network_interface", format!("eni-{}", hex(14, 17))),
        ("etag", hex(15, 32)),
        ("instance_role_unique_id", format!("AROA{}", drawn(16, UPPER32, 17))),
        ("source_code_hash", format!("{}=", drawn(17, BASE64, 43))),
        ("zone_id", format!("Z{}", drawn(18, UPPER32, 19))),
        ("self_link", "https://www.googleapis.com/compute/v1/projects/p/zones/europe-west1-b/instances/web-1".to_owned()),
        ("resource", "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg-Prod-01/providers/Microsoft.Network/virtualNetworks/vNet1".to_owned()),
        ("key_name", "deploy-key-2024".to_owned()),
        ("secret_arn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf".to_owned()),
        ("http_tokens", "required".to_owned()),
        ("authorization", "COGNITO_USER_POOLS".to_owned()),
        ("token_ttl", "3600".to_owned()),
        ("path", "/service-role/".to_owned()),
        ("author", "Grace Hopper".to_owned()),
        ("description", "Rotates the password of the database every 30 days".to_owned()),
        ("instance_class", "db.r6g.2xlarge".to_owned()),
        ("domain", "d111111abcdef8.cloudfront.net".to_owned()),
        ("launched", "2026-08-21T09:36:05.123456Z".to_owned()),
        ("public_key", format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{} deploy@example", drawn(19, BASE64, 44))),
        ("log_group", "/aws/lambda/OrdersProcessor-Prod-v2".to_owned()),
        ("engine_version", "16.4".to_owned()),
        ("owner", "123456789012".to_owned()),
    ]
}
