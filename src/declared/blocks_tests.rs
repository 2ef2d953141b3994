use super::*;

fn heads(text: &str) -> Vec<(String, usize)> {
    blocks(text).into_iter().map(|b| (format!("{} {}", b.kind, b.labels.join(".")), b.line)).collect()
}

#[test]
fn heads_of_blocks_are_found_and_nothing_that_only_looks_like_one() {
    let text = r#"# resource "aws_vpc" "commented" {
/* resource "aws_vpc" "also" {
*/
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16" # }
  tags = { Name = "}" }
  user_data = <<-EOT
resource "aws_vpc" "in_text" {
  EOT
  dynamic "ingress" {
    for_each = []
  }
}
resource   "aws_vpc"   "second"{
}
locals {
  x = "resource \"a\" \"b\" {"
}
module "net" {
  source = "./modules/net"
}
"#;
    assert_eq!(
        heads(text),
        [("resource aws_vpc.main".to_owned(), 4), ("resource aws_vpc.second".into(), 14), ("module net".into(), 19)]
    );
    assert_eq!(blocks(text)[2].source.as_deref(), Some("./modules/net"));
}

#[test]
fn an_address_loses_its_instance_keys_only() {
    for (address, plain) in [
        ("aws_vpc.main", "aws_vpc.main"),
        ("module.net[\"a.b]\"].aws_vpc.main[0]", "module.net.aws_vpc.main"),
        ("aws_vpc.main[\"a\\\"]\"]", "aws_vpc.main"),
    ] {
        assert_eq!(configured(address), plain);
    }
}

fn configuration(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

#[test]
fn the_block_is_found_through_the_modules_that_are_paths() {
    let same = "\n\nresource \"aws_vpc\" \"main\" {\n}\n";
    let dir = configuration(&[
        ("main.tf", "module \"net\" {\n  source = \"./modules/net\"\n}\nresource \"aws_vpc\" \"main\" {}\n"),
        ("modules/net/vpc.tf", same),
        ("modules/other/vpc.tf", same),
    ]);
    let found = |address: &str| match find(dir.path(), address) {
        Search::Found(places) => places
            .into_iter()
            .map(|(file, line)| format!("{}:{line}", file.strip_prefix(dir.path()).unwrap().display()))
            .collect::<Vec<_>>(),
        other => vec![format!("{other:?}")],
    };
    assert_eq!(found("aws_vpc.main"), ["main.tf:4"]);
    assert_eq!(found("module.net[0].aws_vpc.main[\"eu\"]"), ["modules/net/vpc.tf:3"]);
    // A module from a registry cannot be followed: all that may be meant.
    assert_eq!(found("module.far.aws_vpc.main").len(), 3);
    assert_eq!(found("aws_vpc.gone"), ["NotThere"]);
    assert_eq!(found("shop/Deployment/web"), ["NoAddress"]);
    assert_eq!(find(&dir.path().join("modules"), "aws_vpc.main"), Search::NoConfiguration);
}

#[test]
fn the_configuration_stands_beside_its_state_also_with_workspaces() {
    let of = |path: &'static str| configuration_of(Path::new(path)).unwrap().to_str().unwrap();
    assert_eq!(of("/srv/a/terraform.tfstate"), "/srv/a");
    assert_eq!(of("/srv/a/terraform.tfstate.d/prod/terraform.tfstate"), "/srv/a");
    assert_eq!(of("terraform.tfstate"), ".");
}
