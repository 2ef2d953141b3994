//! Resources that have another address now.

use super::*;

const OLD: &str =
    "resource \"aws_instance\" \"web\" {\n  ami = \"a\"\n}\n\noutput \"id\" {\n  value = aws_instance.web.id\n}\n";

fn moved(root: &Path, file: &str, from: &str, to: &str) -> Result<Patch, String> {
    let resource = ResourceRef {
        resource_type: "aws_instance".into(),
        resource_id: to.into(),
        previous_address: Some(from.into()),
        provider_id: None,
        declared_in: None,
    };
    let asked = Asked {
        resource: &resource,
        drift_type: DriftType::Moved,
        changes: &[],
        declared: None,
        live: None,
        compare: None,
    };
    let spot = Spot { root: root.to_owned(), file: root.join(file), line: 1 };
    Patch::plan(&asked, &spot, &Kinds::default())
}

#[test]
fn the_code_says_a_move_by_a_moved_block_behind_the_resource() {
    let world = World::new(&OLD.replace("web", "shop"));
    let root = world.home.path();
    let patch = moved(root, "main.tf", "aws_instance.web", "aws_instance.shop").unwrap();
    let lines = changed_lines(&world.code, &patch.own.after);
    assert_eq!(lines, ["+moved {", "+  from = aws_instance.web", "+  to   = aws_instance.shop", "+}", "+"]);
    assert!(patch.own.after.contains("}\n\nmoved {") && patch.own.after.contains("}\n\noutput"), "{}", patch.own.after);
    // Once it says so, there is nothing to be written.
    fs::write(root.join("main.tf"), &patch.own.after).unwrap();
    let again = moved(root, "main.tf", "aws_instance.web", "aws_instance.shop").unwrap();
    assert!(
        again.is_empty() && again.notes[0].starts_with("main.tf:5 has the `moved` block already"),
        "{:?}",
        again.notes
    );
    let several = world.code.replace("  ami", "  for_each = local.all\n  ami");
    fs::write(root.join("main.tf"), several).unwrap();
    let keyed = moved(root, "main.tf", "aws_instance.shop[0]", "aws_instance.shop[\"a.b\"]").unwrap();
    assert!(
        keyed.own.after.contains("  from = aws_instance.shop[0]\n  to   = aws_instance.shop[\"a.b\"]\n"),
        "{}",
        keyed.own.after
    );
}

#[test]
fn a_block_that_has_its_old_name_still_gets_the_new_one_and_who_refers_to_it_is_told() {
    let world = World::new(OLD);
    let patch = moved(world.home.path(), "main.tf", "aws_instance.web", "aws_instance.shop").unwrap();
    let lines = changed_lines(OLD, &patch.own.after);
    assert_eq!(lines, ["-resource \"aws_instance\" \"web\" {", "+resource \"aws_instance\" \"shop\" {"]);
    assert_eq!(patch.notes, ["it is referred to by its old name at main.tf:6"]);
}

#[test]
fn a_resource_that_went_into_a_module_is_told_in_the_root() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("net")).unwrap();
    fs::write(home.path().join("main.tf"), "module \"net\" {\n  source = \"./net\"\n}").unwrap();
    fs::write(home.path().join("net/vm.tf"), OLD).unwrap();
    let patch = moved(home.path(), "net/vm.tf", "aws_instance.web", "module.net.aws_instance.web").unwrap();
    assert_eq!((patch.own.shown.as_str(), patch.own.file.clone()), ("main.tf", home.path().join("main.tf")));
    let end = "}\n\nmoved {\n  from = aws_instance.web\n  to   = module.net.aws_instance.web\n}\n";
    assert!(patch.own.after.ends_with(end), "{}", patch.own.after);
    // The block is where it was.
    fs::write(home.path().join("old.tf"), OLD.replace("web", "old")).unwrap();
    let why = moved(home.path(), "old.tf", "aws_instance.old", "module.net.aws_instance.new").unwrap_err();
    assert!(why.contains("take its block from old.tf:1 there, and write moved { "), "{why}");
    // A module says it of itself.
    let own = format!("{OLD}\nmoved {{\n  from = aws_instance.old\n  to   = aws_instance.web\n}}\n");
    fs::write(home.path().join("net/vm.tf"), own).unwrap();
    let said = moved(home.path(), "net/vm.tf", "module.net.aws_instance.old", "module.net.aws_instance.web").unwrap();
    assert!(said.is_empty() && said.notes[0].starts_with("net/vm.tf:9 has"), "{:?}", said.notes);
}

#[test]
fn what_is_no_address_is_not_written() {
    let world = World::new(OLD);
    for from in [
        "x",
        "aws_instance.a[var.x]",
        "aws_instance.a\n}\nresource",
        "data.aws_ami.x + 1",
        "aws_instance.\u{1b}[2J",
        "",
    ] {
        let why = moved(world.home.path(), "main.tf", from, "aws_instance.web").unwrap_err();
        assert!(why.contains("its name is none of Terraform's"), "{from:?}: {why}");
    }
}

#[test]
fn a_block_of_several_or_of_a_module_is_not_renamed() {
    let world = World::new(&OLD.replace("{\n  ami", "{\n  for_each = toset([\"x\", \"y\"])\n  ami"));
    let (from, to) = ("aws_instance.web[\"x\"]", "aws_instance.app[\"x\"]");
    let why = moved(world.home.path(), "main.tf", from, to).unwrap_err();
    assert!(why.contains("for_each makes several resources of this block"), "{why}");
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("m")).unwrap();
    fs::write(home.path().join("main.tf"), "module \"b\" {\n  source = \"./m\"\n}\n").unwrap();
    fs::write(home.path().join("m/main.tf"), OLD).unwrap();
    let why = moved(home.path(), "m/main.tf", "module.b.aws_instance.web", "module.b.aws_instance.app").unwrap_err();
    assert!(why.contains("every use of its module would get the new one"), "{why}");
}

#[test]
fn moved_blocks_behind_each_other_say_it_together() {
    let said =
        |from: &str, to: &str| format!("moved {{\n  from = aws_instance.{from}\n  to   = aws_instance.{to}\n}}\n");
    let app = OLD.replace("web", "app");
    let world = World::new(&format!("{app}{}{}", said("web", "mid"), said("mid", "app")));
    let patch = moved(world.home.path(), "main.tf", "aws_instance.web", "aws_instance.app").unwrap();
    assert!(patch.is_empty() && patch.notes[0].contains("has the `moved` block already"), "{:?}", patch.notes);
    let world = World::new(&format!("{app}{}{}", said("web", "mid"), said("mid", "web")));
    let why = moved(world.home.path(), "main.tf", "aws_instance.web", "aws_instance.app").unwrap_err();
    assert!(why.contains("takes aws_instance.web to aws_instance.mid: see which is right"), "{why}");
}

#[test]
fn an_address_has_a_key_only_where_the_code_makes_several() {
    let world = World::new(&OLD.replace("web", "app"));
    let why = moved(world.home.path(), "main.tf", "aws_instance.web", "aws_instance.app[0]").unwrap_err();
    assert!(why.contains("its block has neither count nor for_each"), "{why}");
}
