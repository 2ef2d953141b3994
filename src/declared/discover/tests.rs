use std::fs;

use super::*;

fn offers(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (offers, errors) = discover(dir.path());
    let local = |text: String| text.replace(&format!("{}/", dir.path().display()), "");
    let errors = errors.into_iter().map(|e| local(format!("{}: {}", e.source.raw(), e.message.raw())));
    offers.iter().map(|offer| local(offer.to_string())).chain(errors).collect()
}

const S3: &str = r#"
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
  backend "s3" {
    bucket         = "states"
    key            = "prod/terraform.tfstate"
    region         = "eu-west-1"
    dynamodb_table = "locks"
    assume_role = { role_arn = "arn:aws:iam::123456789012:role/state" }
  }
}
"#;

#[test]
fn a_backend_block_is_offered_as_an_environment_ready_to_paste() {
    let found = offers(&[("prod/main.tf", S3)]);
    assert_eq!(
        found,
        ["# s3, prod/main.tf:4\n[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\n\
          state = \"s3://states/prod/terraform.tfstate?region=eu-west-1&role=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fstate&dynamodb_table=locks\"\n\
          # aws = true   # reads what is there from AWS Config, too\n"]
    );
    let table = toml::from_str::<toml::Table>(&found[0]).unwrap();
    assert_eq!(table["environment"][0]["slug"].as_str(), Some("prod"));
}

#[test]
fn what_is_known_only_when_terraform_runs_is_said_and_not_guessed() {
    let text = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key = \"${var.env}/x\"\n  }\n}\n";
    let found = offers(&[("a/main.tf", text)]);
    let why = "# no environment: key = \"${var.env}/x\" (a/main.tf:4) is known only when Terraform runs\n";
    assert!(found[0].ends_with(why), "{found:?}");
    let partial = "terraform {\n  backend \"s3\" {}\n}\n";
    let found = offers(&[("a/main.tf", partial)]);
    assert!(found[0].contains("bucket is not in the code: it is given to `terraform init -backend-config`"));
}

#[test]
fn each_tfbackend_file_is_an_environment_of_the_same_code() {
    let found = offers(&[
        ("net/main.tf", "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\n"),
        ("net/dev.s3.tfbackend", "key = \"dev/net\"\n"),
        ("net/prod.s3.tfbackend", "key = \"prod/net\"\nregion = \"us-east-2\"\n"),
    ]);
    let state = |text: &str| text.lines().find_map(|line| line.strip_prefix("state = ").map(str::to_owned));
    let states: Vec<_> = found.iter().filter_map(|text| state(text)).collect();
    assert_eq!(states, ["\"s3://b/dev/net\"", "\"s3://b/prod/net?region=us-east-2\""]);
    assert!(found[0].contains("slug = \"net-dev\"") && found[1].contains("slug = \"net-prod\""));
}

#[test]
fn what_init_wrote_down_counts_with_the_workspace_that_is_selected() {
    let recorded = r#"{"version":3,"backend":{"type":"s3","config":{"bucket":"b","key":"k","region":null}}}"#;
    let found = offers(&[
        ("a/main.tf", "terraform {\n  backend \"s3\" {}\n}\n"),
        ("a/.terraform/terraform.tfstate", recorded),
        ("a/.terraform/environment", "blue"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("slug = \"a-blue\"") && found[0].contains("state = \"s3://b/env:/blue/k\""), "{found:?}");
}

#[test]
fn secrets_of_a_backend_block_are_not_written_down_again() {
    let http = "terraform {\n  backend \"http\" {\n    address = \"https://u:hunter2@h/s\"\n    password = \"hunter2\"\n  }\n}\n";
    let pg = r#"{"terraform": {"backend": {"pg": {"conn_str": "postgres://u:hunter2@h/db", "schema_name": "tf"}}}}"#;
    let found = offers(&[("a/main.tf", http), ("b/main.tf.json", pg)]).join("");
    assert!(!found.contains("hunter2"), "{found}");
    assert!(found.contains("state = \"https://h/s\"") && found.contains("TF_HTTP_PASSWORD"));
    assert!(found.contains("state = \"postgres://u@h/db?schema=tf\"") && found.contains("PGPASSWORD"));
}

#[test]
fn other_backends_and_broken_code_are_named() {
    let found = offers(&[
        ("a/main.tf", "terraform {\n  backend \"gcs\" {}\n}\n"),
        ("b/main.tf", "terraform {\n  cloud {}\n}\n"),
        ("c/main.tf", "terraform {\n  backend \"s3\n"),
    ]);
    assert!(found[0].contains("does not read the gcs backend"));
    assert!(found[1].contains("does not read the cloud backend"));
    assert!(found[2].starts_with("c/main.tf: not valid Terraform: line 2"), "{}", found[2]);
}
