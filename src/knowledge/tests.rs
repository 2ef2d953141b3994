use super::*;
use crate::drift::{Disruption, SeverityClass};
use crate::testing::shared;

#[test]
fn every_line_of_every_pack_is_read_and_says_where_it_is_from() {
    for (name, text) in PACKS {
        let mut tables = tables::Tables::new();
        assert_eq!(tables::read(name, text, &mut tables), 0, "{name}");
        assert!(text.starts_with("# ") && text.contains("# Made by"), "{name}");
        assert!(tables.len() > 40, "{name}: {}", tables.len());
    }
    let mut tables = tables::Tables::new();
    assert_eq!(tables::read("severity", "aws_x\ty\tnobody=H\naws_x\ty", &mut tables), 2);
}

#[test]
fn the_packs_are_what_the_rows_make_of_them() {
    let Some(labels) = shared("labels/policy_trivy.jsonl") else { return };
    let built = build(labels.parent().unwrap()).unwrap();
    // The table of disruptions needs schemas that are not there.
    let packs: Vec<_> = PACKS.iter().filter(|(name, _)| *name != "disruption").collect();
    assert_eq!(built.len(), packs.len());
    for ((file, text), (name, shipped)) in built.iter().zip(packs) {
        assert_eq!(*file, format!("{name}.tsv"));
        assert!(text == *shipped, "packs/knowledge/{file} is not what `driftguard knowledge build` makes");
        assert!(text.len() < 400_000, "{file}: {}", text.len());
    }
}

#[test]
fn graders_are_named_with_what_they_said_and_how_far_they_agree() {
    let known = of("aws_db_instance", "storage_encrypted");
    assert_eq!(known.near, Near::Itself);
    assert!(known.grades.len() >= 2, "{known:?}");
    let (mildest, gravest) = known.spread().unwrap();
    assert!(mildest <= known.median().unwrap() && known.median().unwrap() <= gravest);
    assert!(known.sentence().contains("trivy") && known.sentence().contains("say"), "{}", known.sentence());
    let grade = |grader, severities: &[SeverityClass]| Grade { grader, severities: severities.to_vec() };
    let grades = vec![
        grade(Grader::Prowler, &[SeverityClass::Medium]),
        grade(Grader::Terrascan, &[SeverityClass::Low, SeverityClass::High]),
        grade(Grader::Trivy, &[SeverityClass::High]),
    ];
    let known = Known { grades, ..Known::default() };
    assert_eq!(known.sentence(), "terrascan and trivy say HIGH, prowler MEDIUM");
    assert_eq!(known.median(), Some(SeverityClass::High));
}

#[test]
fn a_property_nobody_knows_says_so() {
    let known = of("aws_db_instance", "frobnication");
    assert_eq!((known.near, known.median(), known.sentence().as_str()), (Near::Nowhere, None, ""));
    assert!(!known.is_watched() && of("acme_thing", "x") == Known::default());
}

#[test]
fn a_block_is_known_by_what_is_in_it_and_a_property_by_its_block() {
    assert_eq!(of("aws_s3_bucket", "logging[0].target_bucket").near, Near::Itself);
    let within = of("aws_eks_cluster", "vpc_config");
    assert!(within.is_watched(), "{within:?}");
    assert_eq!(normal("ingress[from_port=22].cidr_blocks[=x]"), "ingress.cidrblocks");
}

#[test]
fn disruption_is_the_worst_of_all_and_unknown_unless_all_are_known() {
    let requires = |update_requires| Known { update_requires, ..Known::default() };
    let of = |all: &[Known]| Known::disruption(all.iter());
    let (none, replaced, unknown) =
        (requires(Some(Disruption::None)), requires(Some(Disruption::Replacement)), requires(None));
    assert_eq!(of(std::slice::from_ref(&none)), Some(Disruption::None));
    assert_eq!(of(&[none.clone(), replaced.clone()]), Some(Disruption::Replacement));
    assert_eq!(of(&[none, unknown.clone()]), None);
    assert_eq!(of(&[unknown, replaced]), Some(Disruption::Replacement));
    assert_eq!(of(&[]), None);
}
