//! Properties that are known to hold secrets, by resource type.

use super::names::Strength::{self, Marked, Named, Weak};

/// `keys`: the path without list positions; `*` stands for one key, or for any beginning of it (`*_key`). What lies below is
/// meant too. `when`: a sibling property that must have this value.
pub(super) struct TypeRule {
    resource_type: &'static str,
    keys: &'static [&'static str],
    strength: Strength,
    when: Option<(&'static str, &'static str)>,
}

const fn rule(resource_type: &'static str, keys: &'static [&'static str], strength: Strength) -> TypeRule {
    TypeRule { resource_type, keys, strength, when: None }
}

/// Sources: the providers' public documentation. Environment variables are weak: most are settings that people want to see.
static RULES: &[TypeRule] = &[
    rule("v1/Secret", &["data"], Marked),
    rule("v1/Secret", &["stringData"], Marked),
    rule("kubernetes_secret*", &["data"], Marked),
    rule("kubernetes_secret*", &["binary_data"], Marked),
    rule("kubernetes_secret*", &["data_wo"], Marked),
    rule("helm_release", &["set_sensitive", "value"], Marked),
    rule("aws_db_instance", &["password"], Marked),
    rule("aws_rds_cluster", &["master_password"], Marked),
    rule("aws_redshift_cluster", &["master_password"], Marked),
    rule("aws_docdb_cluster", &["master_password"], Marked),
    rule("aws_elasticache_replication_group", &["auth_token"], Marked),
    rule("aws_iam_access_key", &["secret"], Marked),
    rule("aws_iam_access_key", &["encrypted_secret"], Marked),
    rule("aws_iam_access_key", &["ses_smtp_password*"], Marked),
    rule("aws_iam_user_login_profile", &["*password"], Marked),
    rule("aws_secretsmanager_secret_version", &["secret_string"], Marked),
    rule("aws_secretsmanager_secret_version", &["secret_binary"], Marked),
    TypeRule {
        resource_type: "aws_ssm_parameter",
        keys: &["value"],
        strength: Marked,
        when: Some(("type", "SecureString")),
    },
    rule("random_password", &["result"], Marked),
    rule("random_password", &["bcrypt_hash"], Marked),
    rule("random_string", &["result"], Marked),
    rule("tls_private_key", &["private_key*"], Marked),
    rule("local_sensitive_file", &["content*"], Marked),
    rule("google_service_account_key", &["private_key"], Marked),
    rule("vault_*", &["data_json"], Marked),
    rule("vault_*", &["data"], Named),
    rule("vault_approle_auth_backend_role_secret_id", &["secret_id"], Marked),
    rule("github_actions_*secret", &["*_value"], Marked),
    rule("gitlab_*variable", &["value"], Weak),
    rule("azurerm_*", &["*_key"], Weak),
    rule("azurerm_*", &["*connection_string"], Marked),
    rule("azurerm_*", &["*admin_password"], Marked),
    rule("azurerm_*", &["kube_config"], Marked),
    rule("azurerm_*", &["kube_config_raw"], Marked),
    rule("azurerm_*", &["app_settings", "*"], Weak),
    rule("aws_lambda_function", &["environment", "variables", "*"], Weak),
    rule("AWS::Lambda::Function", &["Environment", "Variables", "*"], Weak),
    rule("aws_ecs_task_definition", &["container_definitions", "environment", "value"], Weak),
    rule("AWS::ECS::TaskDefinition", &["ContainerDefinitions", "Environment", "Value"], Weak),
    rule("aws_codebuild_project", &["environment", "environment_variable", "value"], Weak),
    rule("aws_amplify_*", &["environment_variables", "*"], Weak),
    rule("aws_elastic_beanstalk_*", &["setting", "value"], Weak),
    rule("google_cloudfunctions*", &["environment_variables", "*"], Weak),
    rule("google_cloudfunctions*", &["service_config", "environment_variables", "*"], Weak),
];

/// The rules of one resource type.
pub(super) fn rules_of(resource_type: &str) -> Vec<&'static TypeRule> {
    RULES.iter().filter(|r| matches(r.resource_type, resource_type)).collect()
}

impl TypeRule {
    /// What the rule says about the property at `keys`; `sibling` gives the text of a property beside it.
    pub(super) fn strength_at(&self, keys: &[&str], sibling: impl Fn(&str) -> Option<String>) -> Option<Strength> {
        let here = self.keys.len() == keys.len() && self.keys.iter().zip(keys).all(|(p, k)| matches(p, k));
        let holds = here && self.when.is_none_or(|(name, value)| sibling(name).as_deref() == Some(value));
        holds.then_some(self.strength)
    }

    /// Whether the rule looks at properties beside the one it is about.
    pub(super) fn needs_sibling(&self) -> bool {
        self.when.is_some()
    }
}

/// At most one `*`.
fn matches(pattern: &str, text: &str) -> bool {
    for (at, byte) in pattern.bytes().enumerate() {
        if byte == b'*' {
            let tail = &pattern[at + 1..];
            return text.len() >= at + tail.len() && text.ends_with(tail);
        }
        if text.as_bytes().get(at) != Some(&byte) {
            return false;
        }
    }
    pattern.len() == text.len()
}
