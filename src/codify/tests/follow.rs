//! Values that the block only names.

use super::*;

/// A directory of code, and the resource's block in one of its files.
struct Code(tempfile::TempDir);

impl Code {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = home.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Self(home)
    }

    fn plan(&self, id: &str, file: &str, changes: &[Change]) -> Patch {
        self.plan_of(id, file, changes, json!({})).unwrap()
    }

    /// `state`: what it says of the resource.
    fn plan_of(&self, id: &str, file: &str, changes: &[Change], state: Value) -> Result<Patch, String> {
        let resource = ResourceRef {
            resource_type: "aws_db_instance".into(),
            resource_id: id.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        };
        let declared = Some(&Masked::trusted(state));
        let asked = Asked {
            resource: &resource,
            drift_type: DriftType::Modified,
            changes,
            declared,
            live: None,
            compare: None,
        };
        let spot = Spot { root: self.0.path().to_owned(), file: self.0.path().join(file), line: 1 };
        Patch::plan(&asked, &spot, &Kinds::default())
    }

    /// Why nothing is edited.
    fn left(&self, id: &str, file: &str, change: Change) -> String {
        self.left_of(id, file, change, json!({}))
    }

    fn left_of(&self, id: &str, file: &str, change: Change, state: Value) -> String {
        let patch = self.plan_of(id, file, &[change], state).unwrap();
        assert!(patch.is_empty() && patch.written.is_empty(), "{patch:?}");
        patch.left.into_iter().map(|one| one.why).collect()
    }
}

/// The lines that an edit changes, each with its file.
fn lines(patch: &Patch) -> Vec<String> {
    assert_eq!(patch.left, []);
    let of = |one: &Edited| {
        let name = one.shown.clone();
        changed_lines(&one.before, &one.after).into_iter().map(move |line| format!("{name} {line}")).collect::<Vec<_>>()
    };
    patch.files().flat_map(of).collect()
}

fn version(declared: &str, live: &str) -> Change {
    Change { declared: Some(Masked::trusted(json!(declared))), ..modified("engine_version", json!(live)) }
}

const DB: &str = "variable \"engine_version\" {\n  default = \"14.1\"\n}\n\nvariable \"tags\" {}\n\nresource \"aws_db_instance\" \"main\" {\n  count          = var.create ? 1 : 0\n  engine_version = var.engine_version\n  tags           = var.tags\n}\n";
const ID: &str = "module.db.aws_db_instance.main[0]";

#[test]
fn the_argument_of_the_call_is_edited_where_a_module_gets_its_value_from() {
    let call = "module \"db\" {\n  source         = \"./db\"\n  engine_version = \"15.3\" # pinned\n  tags           = { Team = \"a\" }\n}\n";
    let code = Code::new(&[("main.tf", call), ("db/main.tf", DB)]);
    let team = Change { declared: Some(Masked::trusted(json!("a"))), ..modified("tags.Team", json!("b")) };
    let changes = [version("15.3", "15.5"), team, added("tags.Cost", json!("7"))];
    let state = json!({"engine_version": "15.3", "tags": {"Team": "a"}});
    let patch = code.plan_of(ID, "db/main.tf", &changes, state).unwrap();
    let wanted = [
        "main.tf -  engine_version = \"15.3\" # pinned",
        "main.tf -  tags           = { Team = \"a\" }",
        "main.tf +  engine_version = \"15.5\" # pinned",
        "main.tf +  tags           = { Team = \"b\", Cost = \"7\" }",
    ];
    assert_eq!(lines(&patch), wanted);
    assert_eq!(patch.notes[0], "main.tf: it is the argument `engine_version` of module db that changes");
    assert!(patch.notes.iter().all(|note| !note.contains("every use of the module")), "{:?}", patch.notes);
    write(&patch).unwrap();
    let written = fs::read_to_string(code.0.path().join("main.tf")).unwrap();
    assert!(written.contains("\"15.5\" # pinned") && written.contains("Cost"), "{written}");
    assert_eq!(fs::read_to_string(code.0.path().join("db/main.tf")).unwrap(), DB);
}

#[test]
fn a_call_that_is_silent_gets_the_argument_when_the_default_is_what_the_state_says() {
    let call = "module \"db\" {\n  source = \"./db\"\n}\n";
    let code = Code::new(&[("main.tf", call), ("db/main.tf", DB)]);
    let patch = code.plan(ID, "db/main.tf", &[version("14.1", "14.2")]);
    assert_eq!(lines(&patch), ["main.tf +  engine_version = \"14.2\""]);
    let why = code.left(ID, "db/main.tf", version("13", "14.2"));
    assert!(why.contains("the call of module db does not say engine_version (main.tf:1)"), "{why}");
}

#[test]
fn a_module_that_was_downloaded_is_never_edited_but_its_call_is() {
    let manifest = json!({"Modules": [{"Key": "", "Source": "", "Dir": "."},
        {"Key": "db", "Source": "git::https://example.org/db.git", "Dir": ".terraform/modules/db"}]});
    let call =
        "module \"db\" {\n  source         = \"git::https://example.org/db.git\"\n  engine_version = \"15.3\"\n}\n";
    let inside = ".terraform/modules/db/main.tf";
    let code = Code::new(&[
        ("main.tf", call),
        (inside, &DB.replace("  tags ", "  name           = \"db\"\n  tags ")),
        (".terraform/modules/modules.json", &manifest.to_string()),
    ]);
    let patch = code.plan(ID, inside, &[version("15.3", "15.5")]);
    assert_eq!(lines(&patch), ["main.tf -  engine_version = \"15.3\"", "main.tf +  engine_version = \"15.5\""]);
    let why = code.left(ID, inside, modified("name", json!("x")));
    assert!(why.contains("stands in a module that was downloaded"), "{why}");
    let looked = blocks::Looked::default();
    let found = looked.find_downloaded(code.0.path(), ID);
    assert_eq!(found, blocks::Search::Found(vec![(code.0.path().join(inside), 7)]));
    assert_eq!(looked.find(code.0.path(), ID), blocks::Search::NotThere);
}

#[test]
fn names_behind_names_are_followed_up_to_the_value() {
    let root = "locals {\n  version = \"15.3\"\n}\n\nmodule \"shop\" {\n  source  = \"./shop\"\n  version_of_db = local.version\n}\n";
    let shop = "variable \"version_of_db\" {}\n\nmodule \"db\" {\n  source         = \"../db\"\n  engine_version = var.version_of_db\n}\n";
    let code = Code::new(&[("main.tf", root), ("shop/main.tf", shop), ("db/main.tf", DB)]);
    let id = "module.shop.module.db.aws_db_instance.main";
    let wanted = ["main.tf -  version = \"15.3\"", "main.tf +  version = \"15.5\""];
    assert_eq!(lines(&code.plan(id, "db/main.tf", &[version("15.3", "15.5")])), wanted);
    // Also through modules that were downloaded.
    let manifest = json!({"Modules": [{"Key": "shop", "Source": "acme/shop/any", "Dir": ".terraform/modules/shop"},
        {"Key": "shop.db", "Source": "../db", "Dir": ".terraform/modules/db"}]});
    let code = Code::new(&[
        ("main.tf", &root.replace("./shop", "acme/shop/any")),
        (".terraform/modules/shop/main.tf", shop),
        (".terraform/modules/db/main.tf", DB),
        (".terraform/modules/modules.json", &manifest.to_string()),
    ]);
    assert_eq!(lines(&code.plan(id, ".terraform/modules/db/main.tf", &[version("15.3", "15.5")])), wanted);
    let why = code.left(id, ".terraform/modules/db/main.tf", version("15.4", "15.5"));
    assert!(why.contains("is not what the state says"), "{why}");
}

#[test]
fn a_variable_of_the_root_is_edited_in_the_file_that_gives_it_its_value() {
    let root = "variable \"size\" {\n  default = \"small\"\n}\nresource \"aws_db_instance\" \"main\" {\n  instance_class = var.size\n}\n";
    let change = |declared: &str| Change {
        declared: Some(Masked::trusted(json!(declared))),
        ..modified("instance_class", json!("large"))
    };
    let id = "aws_db_instance.main";
    let code = Code::new(&[("main.tf", root)]);
    assert_eq!(lines(&code.plan(id, "main.tf", &[change("small")]))[1], "main.tf +  default = \"large\"");
    let why = code.left(id, "main.tf", change("tiny"));
    assert!(why.contains("`var.size` decides about it") && why.contains("(main.tf:5)"), "{why}");
    assert!(
        why.contains("; what stands here for var.size is not what the state says") && why.ends_with("(main.tf:2)"),
        "{why}"
    );
    let code = Code::new(&[
        ("main.tf", root),
        ("terraform.tfvars", "size = \"a\"\n"),
        ("z.auto.tfvars", "size = \"medium\"\n"),
    ]);
    assert_eq!(lines(&code.plan(id, "main.tf", &[change("medium")]))[1], "z.auto.tfvars +size = \"large\"");
    let code = Code::new(&[("main.tf", root), ("prod.tfvars", "size = \"medium\"\n")]);
    assert!(code.left(id, "main.tf", change("medium")).contains("prod.tfvars gives var.size a value"));
    let code = Code::new(&[("main.tf", root), ("terraform.tfvars.json", "{\"size\": \"medium\"}")]);
    assert!(code.left(id, "main.tf", change("medium")).contains("terraform.tfvars.json gives var.size a value"));
}

#[test]
fn what_more_than_this_depends_on_is_pointed_at_and_left_alone() {
    let root = "locals {\n  size = \"small\"\n}\nresource \"aws_db_instance\" \"main\" {\n  instance_class = local.size\n}\noutput \"x\" {\n  value = local.size\n}\n";
    let code = Code::new(&[("main.tf", root)]);
    let change =
        Change { declared: Some(Masked::trusted(json!("small"))), ..modified("instance_class", json!("large")) };
    let why = code.left("aws_db_instance.main", "main.tf", change);
    assert!(
        why.contains("local.size stands at main.tf:2; local.size is used by more than this: main.tf:5, main.tf:8"),
        "{why}"
    );
    let call = "module \"db\" {\n  for_each       = toset([\"a\", \"b\"])\n  source         = \"./db\"\n  engine_version = \"15.3\"\n}\n";
    let code = Code::new(&[("main.tf", call), ("db/main.tf", DB)]);
    let why = code.left("module.db[\"a\"].aws_db_instance.main[0]", "db/main.tf", version("15.3", "15.5"));
    assert!(why.contains("module db is called several times at once") && why.ends_with("(main.tf:1)"), "{why}");
}

#[test]
fn where_one_of_several_files_has_changed_meanwhile_none_is_written() {
    let call = "module \"db\" {\n  source         = \"./db\"\n  engine_version = \"15.3\"\n}\n";
    let code = Code::new(&[("main.tf", call), ("db/main.tf", &DB.replace("= var.tags", "= {}"))]);
    let patch = code.plan(ID, "db/main.tf", &[version("15.3", "15.5"), added("tags.Team", json!("a"))]);
    assert_eq!((patch.files().count(), patch.shown().as_str()), (2, "db/main.tf, main.tf"));
    assert!(patch.notes[0].contains("every use of the module gets the edit"), "{:?}", patch.notes);
    fs::write(code.0.path().join("main.tf"), format!("{call}\n")).unwrap();
    assert!(write(&patch).unwrap_err().to_string().contains("has changed meanwhile"));
    assert!(fs::read_to_string(code.0.path().join("db/main.tf")).unwrap().contains("= {}"));
    let all = patch.diff(&Redactor::new([0; 32])).multiline().join("\n");
    assert!(all.contains("+++ b/db/main.tf") && all.contains("+++ b/main.tf"), "{all}");
}

#[test]
fn a_number_that_a_state_keeps_as_text_stays_a_number() {
    let code = Code::new(&[("main.tf", "resource \"aws_db_instance\" \"main\" {\n  iops = 100\n  name = 7\n}\n")]);
    let patch =
        code.plan("aws_db_instance.main", "main.tf", &[modified("iops", json!("300")), modified("name", json!("x7"))]);
    assert_eq!(lines(&patch)[2..], ["main.tf +  iops = 300", "main.tf +  name = \"x7\""]);
}

const WEB: &str = "resource \"aws_instance\" \"web\" {\n  instance_type = local.size\n  tags          = var.tags\n}\n";
const SIZE: &str = "locals {\n  size = \"small\"\n}\n";
const WEB_ID: &str = "aws_instance.web";

fn size() -> Change {
    Change { declared: Some(Masked::trusted(json!("small"))), ..modified("instance_type", json!("large")) }
}

#[test]
fn a_default_is_edited_only_where_all_of_it_is_what_the_state_says() {
    let owner = || added("tags.Owner", json!("x"));
    for (default, state) in [("{}", json!({"Env": "prod"})), ("{ Env = \"dev\" }", json!({"Env": "prod"}))] {
        let code =
            Code::new(&[("main.tf", WEB), ("v.tf", &format!("variable \"tags\" {{\n  default = {default}\n}}\n"))]);
        let why = code.left_of(WEB_ID, "main.tf", owner(), json!({"tags": state}));
        assert!(why.contains("is not what the state says") && why.ends_with("(v.tf:2)"), "{why}");
    }
    let code =
        Code::new(&[("main.tf", WEB), ("v.tf", "variable \"tags\" {\n  default = { Env = \"prod\", N = 1 }\n}\n")]);
    let state = json!({"tags": {"Env": "prod", "N": "1"}});
    let patch = code.plan_of(WEB_ID, "main.tf", &[owner()], state).unwrap();
    assert_eq!(lines(&patch)[1], "v.tf +  default = { Env = \"prod\", N = 1, Owner = \"x\" }");
    let list = "resource \"aws_lb\" \"web\" {\n  subnets = var.s\n}\nvariable \"s\" {\n  default = [\"d1\"]\n}\n";
    let code = Code::new(&[("main.tf", list)]);
    let state = json!({"subnets": ["d1", "p1"]});
    let why = code.left_of("aws_lb.web", "main.tf", removed("subnets[=d1]"), state);
    assert!(why.contains("is not what the state says"), "{why}");
}

#[test]
fn code_that_several_calls_of_a_module_share_is_not_edited() {
    let call = |name: &str, more: &str| format!("module \"{name}\" {{\n  source = \"./m\"\n{more}}}\n");
    let web = ("m/main.tf", WEB);
    let id = "module.a.aws_instance.web";
    let one = Code::new(&[("main.tf", &call("a", "")), web, ("m/l.tf", SIZE)]);
    let patch = one.plan(id, "m/main.tf", &[size()]);
    assert_eq!(lines(&patch)[1], "m/l.tf +  size = \"large\"");
    assert!(patch.notes[0].contains("every use of the module gets the edit"), "{:?}", patch.notes);
    let two = Code::new(&[("main.tf", &(call("a", "") + &call("b", ""))), web, ("m/l.tf", SIZE)]);
    let why = two.left(id, "m/main.tf", size());
    assert!(why.contains("module a is called several times"), "{why}");
    let outer = call("a", "  for_each = toset([\"x\", \"y\"])\n");
    let inner = "module \"b\" {\n  source = \"./n\"\n  size   = \"small\"\n}\n";
    let web = WEB.replace("local.size", "var.size");
    let code = Code::new(&[("main.tf", &outer), ("m/main.tf", inner), ("m/n/main.tf", &web)]);
    let why = code.left("module.a[\"x\"].module.b.aws_instance.web", "m/n/main.tf", size());
    assert!(why.contains("module a is called several times"), "{why}");
}

#[test]
fn a_block_of_the_same_name_in_another_module_is_not_edited() {
    let call = "module \"net\" {\n  source = \"git::https://example.org/net.git\"\n}\n";
    let code = Code::new(&[("main.tf", call), ("modules/other/main.tf", WEB), ("modules/other/l.tf", SIZE)]);
    let why = code.plan_of("module.net.aws_instance.web", "modules/other/main.tf", &[size()], json!({})).unwrap_err();
    assert_eq!(why, "module net is not here: run `terraform init`");
    let call = call.replace("git::https://example.org/net.git", "./modules/net");
    let code = Code::new(&[("main.tf", &call), ("modules/other/main.tf", WEB), ("modules/net/main.tf", SIZE)]);
    let why = code.plan_of("module.net.aws_instance.web", "modules/other/main.tf", &[size()], json!({})).unwrap_err();
    assert!(why.ends_with("modules/net does not have the block of module.net.aws_instance.web"), "{why}");
}

#[test]
fn uses_in_json_and_behind_symbolic_links_count() {
    let json_use = "{\"output\": {\"x\": {\"value\": \"${local.size}\"}}}";
    let code = Code::new(&[("main.tf", WEB), ("l.tf", SIZE), ("o.tf.json", json_use)]);
    assert!(code.left(WEB_ID, "main.tf", size()).contains("used by more than this: main.tf:2, o.tf.json:1"));
    let code =
        Code::new(&[("main.tf", WEB), ("l.tf", SIZE), ("shared/o.tf", "output \"x\" {\n  value = local.size\n}\n")]);
    assert!(code.plan(WEB_ID, "main.tf", &[size()]).left.is_empty());
    std::os::unix::fs::symlink("shared/o.tf", code.0.path().join("o.tf")).unwrap();
    assert!(code.left(WEB_ID, "main.tf", size()).contains("used by more than this: main.tf:2, o.tf:2"));
}

#[test]
fn what_an_override_file_or_a_linked_file_of_values_decides_is_left_alone() {
    let code = Code::new(&[("main.tf", WEB), ("l.tf", SIZE), ("l_override.tf", SIZE)]);
    let why = code.left(WEB_ID, "main.tf", size());
    assert!(why.contains("more than one file gives size a value: l.tf, l_override.tf"), "{why}");
    let root = format!("{}variable \"size\" {{}}\n", WEB.replace("local.size", "var.size"));
    let code = Code::new(&[("main.tf", &root), ("shared/a.tfvars", "size = \"small\"\n")]);
    std::os::unix::fs::symlink("shared/a.tfvars", code.0.path().join("terraform.tfvars")).unwrap();
    assert!(code.left(WEB_ID, "main.tf", size()).contains("terraform.tfvars is a symbolic link"));
}

#[test]
fn a_diff_shows_no_value_that_the_code_calls_sensitive_and_none_beside_one_in_a_file_of_values() {
    let shown = |patch: &Patch| patch.diff(&Redactor::new([0; 32])).multiline().join("\n");
    let root = format!("{}variable \"size\" {{}}\n", WEB.replace("local.size", "var.size"));
    let values = "db    = \"postgres-main-winter24\"\nsize  = \"small\"\nhook  = \"correct-horse\"\n";
    let code = Code::new(&[("main.tf", &root), ("terraform.tfvars", values)]);
    let text = shown(&code.plan(WEB_ID, "main.tf", &[size()]));
    assert!(text.contains("+size  = \"large\"") && !text.contains("winter24") && !text.contains("horse"), "{text}");
    let call = "module \"a\" {\n  source = \"./m\"\n  hook   = \"correct-horse\"\n  size   = \"small\"\n}\nvariable \"pin\" {\n  default   = \"winter24\"\n  sensitive = true\n}\n";
    let inside = format!("{root}variable \"hook\" {{\n  sensitive = true\n}}\n");
    let code = Code::new(&[("main.tf", call), ("m/main.tf", &inside)]);
    let text = shown(&code.plan("module.a.aws_instance.web", "m/main.tf", &[size()]));
    assert!(text.contains("+  size   = \"large\"") && text.contains("hook   = (sensitive value)"), "{text}");
    assert!(!text.contains("winter24") && !text.contains("horse"), "{text}");
    // Nor is it edited.
    let code = Code::new(&[("main.tf", &root.replace("{}", "{\n  default   = \"small\"\n  sensitive = true\n}"))]);
    assert!(code.left(WEB_ID, "main.tf", size()).contains("it is a secret"));
}
