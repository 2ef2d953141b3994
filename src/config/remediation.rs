//! `[remediation]`: who may approve what is to be done about a drift.

use toml::Spanned;
use toml::de::DeValue;

use super::Config;
use super::file::Source;

pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = value.get_ref() else {
        let message = "who may approve is written as a [remediation] table";
        return config.problems.push(source.problem(&value.span(), message));
    };
    for (key, value) in table.iter() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("approve_own", DeValue::Boolean(on)) => config.approve_own = *on,
            ("approve_own", other) => {
                let message = format!("approve_own: true or false is needed, not {}", other.type_str());
                config.problems.push(source.problem(&value.span(), message));
            }
            (name, _) => {
                let message = format!("unknown key '{name}' in [remediation]; known is approve_own");
                config.problems.push(source.problem(&key.span(), message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testkit::read;

    #[test]
    fn nobody_approves_their_own_unless_the_file_says_so_in_so_many_words() {
        assert!(!read("").approve_own);
        assert!(read("[remediation]\napprove_own = true\n").approve_own);
        let odd = read("[remediation]\napprove_own = \"yes\"\nfour_eyes = 3\n");
        let said: Vec<String> = odd.problems.iter().map(ToString::to_string).collect();
        assert!(!odd.approve_own && said.len() == 2, "{said:?}");
        assert!(said[0].contains("config.toml:2:15: approve_own: true or false is needed"), "{said:?}");
        assert!(said[1].contains("unknown key 'four_eyes'"), "{said:?}");
    }
}
