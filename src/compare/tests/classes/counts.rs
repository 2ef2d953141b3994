//! Counts that controllers set, and versions that move by themselves.

use super::*;

pub(super) fn pairs() -> Vec<Pair> {
    [bounded(), scaled(), versions()].into_iter().flatten().collect()
}

/// Five are within the bounds of two and eight, nine are not.
fn within(place: (Dialect, &'static str), side: impl Fn(u32) -> Value, at: &'static str) -> Pair {
    pair(31, place, side(2), (side(5), "autoscaled"), (side(9), at))
}

fn bounded() -> Vec<Pair> {
    let fixed = |n: u32| json!({"min_size": 4, "max_size": 4, "desired_capacity": n, "tags_all": {}});
    vec![
        within(
            (T, "aws_autoscaling_group"),
            |n| json!({"min_size": 2, "max_size": 8, "desired_capacity": n}),
            "desired_capacity",
        ),
        within(
            (T, "aws_eks_node_group"),
            |n| json!({"scaling_config": [{"min_size": 2, "max_size": 8, "desired_size": n}]}),
            "scaling_config[0].desired_size",
        ),
        within(
            (T, "google_container_node_pool"),
            |n| json!({"node_count": n, "autoscaling": [{"min_node_count": 2, "max_node_count": 8}]}),
            "node_count",
        ),
        within(
            (T, "azurerm_kubernetes_cluster_node_pool"),
            |n| json!({"node_count": n, "min_count": 2, "max_count": 8}),
            "node_count",
        ),
        within(
            (T, "azurerm_kubernetes_cluster"),
            |n| json!({"default_node_pool": [{"node_count": n, "min_count": 2, "max_count": 8}]}),
            "default_node_pool[0].node_count",
        ),
        // Between equal bounds nothing scales, and without bounds nobody does.
        pair(31, (T, "aws_autoscaling_group"), fixed(4), (fixed(4), ""), (fixed(3), "desired_capacity")),
        pair(
            31,
            (T, "google_container_node_pool"),
            json!({"node_count": 3}),
            (json!({"node_count": "3"}), "number-string"),
            (json!({"node_count": 4}), "node_count"),
        ),
    ]
}

fn scaled() -> Vec<Pair> {
    let replicas = |n: u32, manager: &str, subresource: &str| {
        let entry = json!({"manager": manager, "subresource": subresource, "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        json!({"metadata": {"managedFields": [entry]}, "spec": {"replicas": n}})
    };
    let by = |kind: &'static str, manager: &str, other: Value| {
        pair(
            31,
            (K, kind),
            json!({"spec": {"replicas": 2}}),
            (replicas(0, manager, "scale"), "controller"),
            (other, "spec.replicas"),
        )
    };
    vec![
        by("apps/v1/Deployment", "keda", replicas(0, "kubectl", "scale")),
        by("apps/v1/StatefulSet", "keda-operator", replicas(0, "kubectl-edit", "")),
        by("argoproj.io/v1alpha1/Rollout", "kube-controller-manager", replicas(0, "kube-controller-manager", "status")),
    ]
}

fn versions() -> Vec<Pair> {
    let one = |key: &str, value: &str| json!({ key: value });
    let version = |place: (Dialect, &'static str), key: &'static str, [d, n, r]: [&str; 3], by: &'static str| {
        pair(30, place, one(key, d), (one(key, n), by), (one(key, r), key))
    };
    vec![
        version((T, "aws_db_instance"), "engine_version", ["8.0", "8.0.45", "8.4.3"], "version-track"),
        version((C, "AWS::RDS::DBInstance"), "EngineVersion", ["8.0", "8.0.45", "8.4"], "version-track"),
        version((T, "aws_elasticache_cluster"), "engine_version", ["1.6.22", "1.6", "1.5"], "version-track"),
        version((T, "aws_ecs_service"), "platform_version", ["LATEST", "1.4.0", "none"], "?Unresolved"),
        version((C, "AWS::ECS::Service"), "PlatformVersion", ["LATEST", "1.4.0", "none"], "?Unresolved"),
        // A version that the code holds is not the newest, whatever that is.
        version((C, "AWS::ECS::Service"), "PlatformVersion", ["1.4.0", "1.4.0", "LATEST"], ""),
        pair(
            30,
            (C, "AWS::EC2::Instance"),
            json!({"ImageId": "{{resolve:ssm:/images/linux}}", "KernelId": "a"}),
            (json!({"ImageId": "ami-0123456789abcdef0", "KernelId": "a"}), "?Unresolved"),
            (json!({"ImageId": "ami-0123456789abcdef0", "KernelId": "b"}), "KernelId"),
        ),
    ]
}
