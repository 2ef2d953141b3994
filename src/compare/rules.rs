//! The rules by name: what `H` shows beside a hidden difference.

/// One rule that may explain a difference away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleInfo {
    /// Stable; stored with every hidden difference.
    pub id: &'static str,
    /// One sentence for people.
    pub sentence: &'static str,
    /// Where it may apply.
    pub scope: &'static str,
}

macro_rules! rules {
    ($($constant:ident = $id:literal, $scope:literal: $sentence:literal;)*) => {
        $(#[allow(dead_code, reason = "some ids are only named by packs")] pub(crate) const $constant: &str = $id;)*
        static RULES: &[RuleInfo] = &[$(RuleInfo { id: $id, sentence: $sentence, scope: $scope },)*];
    };
}

rules! {
    SET_ORDER = "set-order", "lists known or named as sets": "The same elements in another order; the order of this list means nothing.";
    IDENTITY_ALIGN = "identity-align", "lists of objects": "The same elements, found by what identifies them, in another order.";
    EMPTY_ABSENT = "empty-absent", "everywhere": "Null, an empty text, an empty list, an empty object and nothing at all mean the same here.";
    KNOWN_DEFAULT = "known-default", "paths with a known default": "The code leaves it out and the live value is the documented default, or the other way round.";
    UNDECLARED = "undeclared", "what the code does not state": "The code does not state this property, and it is as it was seen before or was never seen otherwise.";
    JSON_IN_STRING = "json-in-string", "texts that hold JSON": "Both texts hold the same JSON document; only its formatting differs.";
    IAM_POLICY = "iam-policy", "access policies": "Both policies grant and deny the same; only their spelling differs.";
    TAGS = "tags", "tags and labels": "The same tags, written as tags_all, as a map or as a list of keys and values.";
    CLOUD_TAG = "cloud-tag", "tags and labels": "The cloud itself sets tags of this name.";
    SG_RULES = "sg-rules", "security group rules": "The same firewall rules, grouped or ordered in another way.";
    CIDR = "cidr", "addresses and networks": "The same network address in another spelling.";
    DNS_NAME = "dns-name", "DNS names": "The same DNS name in another spelling (case, final dot, dualstack prefix, escaped star).";
    ID_CASE = "id-case", "Azure resource ids": "Azure resource ids do not distinguish upper and lower case.";
    FOLD_CASE = "fold-case", "choices, and paths known to ignore case": "This property does not distinguish upper and lower case.";
    LOWER_NAME = "lower-name", "names that a service keeps in lower case": "The service keeps this name in lower case; it is the same name.";
    REFERENCE = "reference", "names, ids, ARNs and aliases": "The same thing by its name and by its ARN, in this account and region.";
    URL = "url", "URLs": "Both URLs lead to the same place.";
    SCHEDULE = "schedule", "cron expressions": "The same schedule in another spelling.";
    PORT_RANGE = "port-range", "ports": "One port, and the range that begins and ends with it.";
    TASK_SIZE = "task-size", "sizes of ECS tasks": "The same size, once in units and once in vCPU or GB.";
    TRAILING_SLASH = "trailing-slash", "paths known to ignore outer slashes": "The same path with and without its outer slashes.";
    SINGLE_LIST = "single-list", "CloudFormation and AWS Config": "One value, and a list of just this value.";
    YAML_IN_STRING = "yaml-in-string", "texts that hold JSON or YAML": "The same document, once as YAML and once as JSON.";
    TWIN_PROPERTY = "twin-property", "properties with two names": "The same value under the other of the property's two documented names.";
    GOOGLE_LABELS = "google-labels", "labels of Google resources": "Google's provider keeps the same labels in three attributes; they are compared once.";
    CONTROLLER = "controller", "counts that a controller sets": "An autoscaler set this number, as the object itself records.";
    AUTOSCALED = "autoscaled", "counts with bounds of their own": "An autoscaler may set this number, and it lies within the bounds that the code gives it.";
    AGGREGATED = "aggregated", "ClusterRoles with an aggregation rule": "The control plane fills in these rules from the roles that the aggregation rule selects.";
    VERSION_TRACK = "version-track", "versions of engines and platforms": "The code names a version track and the live version is on it.";
    REDIS_ACL = "redis-acl", "access strings of Redis users": "The same access; the service writes the rule that everything starts from.";
    LOCATION = "location", "Azure regions": "The same region in its long and its short spelling.";
    PROTOCOL = "protocol", "network protocols": "The same network protocol by name and by number.";
    NUMBER_STRING = "number-string", "everywhere, ids with leading zeros excepted": "The same number, once written as a text.";
    BOOL_STRING = "bool-string", "everywhere": "The same truth value, once written as a text.";
    NUMBER_PRECISION = "number-precision", "numbers": "The same number in another spelling.";
    MULTILINE = "multiline", "texts of several lines": "The same text; only line ends or spaces at the end of lines differ.";
    PEM = "pem", "keys and certificates": "The same key or certificate; only its wrapping or comment differs.";
    DURATION = "duration", "durations": "The same length of time in another unit or notation.";
    TIMESTAMP = "timestamp", "times": "The same moment in another notation.";
    QUANTITY = "quantity", "Kubernetes quantities": "The same quantity with another unit.";
    FILE_MODE = "file-mode", "file permissions": "The same file permissions, with or without the leading zero.";
    USER_DATA = "user-data", "instance user data": "The code keeps a hash or base64 form of exactly this live value.";
    COMPUTED = "computed", "paths the provider computes": "The provider or the cloud computes this value; nobody configures it.";
    META = "meta", "settings of the tool": "This setting tells the tool how to work and does not exist in the cloud.";
    WRITE_ONLY = "write-only", "values that cannot be read back": "This value can be written but not read back.";
    SERVER_MANAGED = "server-managed", "fields that controllers fill in": "The code leaves it out and a controller or the cloud fills it in.";
    DRIFTIGNORE = "driftignore", "what a .driftignore file or --ignore names": "A pattern of the .driftignore file, or one given for this run, covers it.";
    K8S_METADATA = "k8s-metadata", "Kubernetes objects": "The API server keeps this bookkeeping for every object.";
    K8S_STATUS = "k8s-status", "Kubernetes objects": "The status is reported by controllers, not configured.";
    K8S_DEFAULT = "k8s-default", "Kubernetes objects": "The manifest leaves it out and the API server filled in its documented default.";
    K8S_UNMANAGED = "k8s-unmanaged", "Kubernetes objects": "The manifest and the last applied configuration leave this field to others.";
}

/// Every rule, in the order of the documentation.
pub fn rules() -> &'static [RuleInfo] {
    RULES
}

/// One sentence that tells a person why a difference with this rule id is hidden.
pub fn explain(rule: &str) -> Option<&'static str> {
    find(rule).map(|r| r.sentence)
}

/// The static form of a rule id.
pub(super) fn find(rule: &str) -> Option<&'static RuleInfo> {
    RULES.iter().find(|r| r.id == rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_id_and_one_sentence() {
        for rule in rules() {
            assert_eq!(rules().iter().filter(|r| r.id == rule.id).count(), 1, "{}", rule.id);
            assert!(rule.sentence.ends_with('.') && explain(rule.id) == Some(rule.sentence));
        }
        assert_eq!(explain("no-such-rule"), None);
    }
}
