//! What comes of advice: the edit of the code, and what would still differ afterwards. The comparer judges it, with one side put
//! as the advice would leave it; nothing is promised that it does not see.

use serde_json::Value;

use super::Code;
use super::ignored::Ignored;
use crate::codify::{Asked, Patch};
use crate::compare::{Dialect, Knowledge, Observable, Subject, compare_with};
use crate::drift::path::{Step, parse as parse_path};
use crate::drift::{
    Change, ChangeType, DriftDetail, DriftType, Left, Prediction, Recommendation, RecommendationType, ResourceRef,
    Score,
};
use crate::safety::{Masked, Redactor, Tainted};

/// Properties that say the same: putting one back puts back all.
pub(super) const TOGETHER: [&[&str]; 2] = [&["tags", "tags_all"], &["labels", "terraform_labels", "effective_labels"]];

/// The path of a whole resource.
const WHOLE: &str = "$";

/// A drift with both of its sides.
pub struct Outlook<'a> {
    pub resource: &'a ResourceRef,
    pub drift_type: DriftType,
    pub changes: &'a [Change],
    /// For the edit: what is declared, without secrets.
    pub declared: Option<&'a Masked>,
    /// For the import: what is live, without secrets.
    pub actual: Option<&'a Masked>,
    pub code: &'a Code,
    pub redactor: &'a Redactor,
    /// `None`: nothing is there to be compared.
    pub sides: Option<Sides<'a>>,
}

/// What is compared, and by what.
pub struct Sides<'a> {
    pub declared: &'a Value,
    pub live: &'a Value,
    /// The paths that differ.
    pub compare: &'a dyn Fn(&Value, &Value) -> Vec<String>,
}

/// Whether anything is to be worked out.
pub fn is_wanted(advice: &[Recommendation]) -> bool {
    advice.iter().any(changes_something)
}

fn changes_something(advice: &Recommendation) -> bool {
    let kind = advice.recommendation_type;
    advice.vetoed.is_none() && matches!(kind, RecommendationType::AutoRevert | RecommendationType::CodifyIac)
}

impl Outlook<'_> {
    /// Completes advice that changes something: a prediction, and the edit where there is one.
    pub fn complete(&self, advice: &mut [Recommendation]) {
        for one in advice.iter_mut().filter(|one| changes_something(one)) {
            if one.recommendation_type == RecommendationType::AutoRevert {
                one.predicted = self.reverted();
                self.ignored().filter(|ignored| ignored.names_all(self.changes)).iter().for_each(|by| useless(one, by));
            } else {
                let patch = self.patch().ok();
                one.predicted = self.codified(patch.as_ref());
                one.patch = patch.filter(|patch| !patch.is_empty()).map(|patch| patch.diff(self.redactor));
            }
        }
    }

    /// The edit that codifies it.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub fn patch(&self) -> Result<Patch, String> {
        if !super::import::is_terraform(self.resource.resource_type.raw()) {
            return Err(format!(
                "{} is no resource of Terraform: its code is edited by hand",
                self.resource.resource_type.line()
            ));
        }
        // The code may have it under its old address still.
        let previous = self.resource.previous_address.as_ref().filter(|_| self.drift_type == DriftType::Moved);
        let before = |name: &Tainted| ResourceRef { resource_id: name.clone(), ..self.resource.clone() };
        // Followed first: what is guessed is good to be pointed at, and refused by the plan.
        let found = |resource: &ResourceRef| match self.code.spot_downloaded(resource) {
            Some(spot) => Ok(spot),
            None => self.code.spot(resource),
        };
        let spot = found(self.resource);
        let spot = spot.or_else(|why| previous.map(before).and_then(|old| found(&old).ok()).ok_or(why))?;
        let (resource, drift_type, changes, declared) = (self.resource, self.drift_type, self.changes, self.declared);
        let (live, compare) = (self.actual, self.sides.as_ref().map(|sides| sides.compare));
        Patch::plan(&Asked { resource, drift_type, changes, declared, live, compare }, &spot, &self.code.kinds)
    }

    /// Once an apply has put back what the code says.
    pub fn reverted(&self) -> Option<Prediction> {
        // Made anew as it is declared; taken away where nothing declares it. Either way both sides say the same.
        if matches!(self.drift_type, DriftType::Deleted | DriftType::Added) {
            return Some(Prediction::default());
        }
        let Sides { declared, live, compare } = self.sides.as_ref()?;
        let ignored = self.ignored();
        let why = |change: &Change| match &ignored {
            _ if is_silent(change) => Some("the code is silent about it: no apply puts it back".to_owned()),
            Some(by) if by.names(&change.path) => {
                Some(format!("ignore_changes at {} names it: no apply puts it back", by.place))
            }
            _ => None,
        };
        let (stays, stated): (Vec<&Change>, Vec<&Change>) = self.changes.iter().partition(|one| why(one).is_some());
        let mut after = (*live).clone();
        stated.iter().for_each(|change| put(&mut after, declared, &change.path));
        let mut left = self
            .beyond_noise(compare(declared, &after), |_| "the comparer would still see a difference here".to_owned());
        // The comparison goes without memory, which is what finds some of these.
        left.retain(|one| stays.iter().all(|change| change.path != one.path));
        left.extend(stays.iter().filter_map(|one| Some(Left { path: one.path.clone(), why: why(one)?.into() })));
        Some(Prediction { left })
    }

    /// What Terraform leaves as it is, because the code says so.
    fn ignored(&self) -> Option<Ignored> {
        let is_changed = matches!(self.drift_type, DriftType::Modified | DriftType::Moved);
        let is_terraform = super::import::is_terraform(self.resource.resource_type.raw());
        (is_changed && is_terraform).then(|| Ignored::of(self.code, self.resource)).flatten()
    }

    /// Once the code says what is live. `patch`: the edit, where it is known; else all of it is taken for written.
    pub fn codified(&self, patch: Option<&Patch>) -> Option<Prediction> {
        match self.drift_type {
            DriftType::Added => return self.imported(),
            // Neither side has it then.
            DriftType::Deleted => {
                let stays = patch.into_iter().flat_map(|patch| &patch.left);
                let left = stays.map(|one| Left { path: one.path.clone(), why: one.why.as_str().into() });
                return Some(Prediction { left: left.collect() });
            }
            DriftType::Modified | DriftType::Moved => {}
        }
        let Sides { declared, live, compare } = self.sides.as_ref()?;
        let is_written = |change: &&Change| patch.is_none_or(|patch| patch.written.contains(&change.path));
        let mut after = (*declared).clone();
        self.changes.iter().filter(is_written).for_each(|change| put(&mut after, live, &change.path));
        let why = |path: &str| {
            let known = patch.and_then(|patch| patch.left.iter().find(|one| one.path.raw() == path));
            known.map_or_else(|| "the comparer would still see a difference here".to_owned(), |one| one.why.clone())
        };
        let mut left = self.beyond_noise(compare(&after, live), why);
        // Memory alone finds what the code is silent about; and a list was put as a whole, with what is not written in it.
        let is_seen = |change: &&Change| !is_silent(change) && !is_in_a_list(change);
        let unseen = self.changes.iter().filter(|change| !is_written(change) && !is_seen(change));
        for change in unseen.filter(|change| left.iter().all(|one| one.path != change.path)).collect::<Vec<_>>() {
            left.push(Left { path: change.path.clone(), why: why(change.path.raw()).into() });
        }
        Some(Prediction { left })
    }

    /// Once an import has taken it into the code, with what is live: what stays is that it cannot be imported.
    fn imported(&self) -> Option<Prediction> {
        let why = match super::import::id(self.resource, self.actual) {
            // Kubernetes and CloudFormation have no imports of this kind: the manifest, or the template, says what is live.
            _ if !super::import::is_terraform(self.resource.resource_type.raw()) => return Some(Prediction::default()),
            Ok(_) => return Some(Prediction::default()),
            Err(why) => why,
        };
        Some(Prediction { left: vec![Left { path: WHOLE.into(), why: why.into() }] })
    }

    /// Without what this comparison sees and the scan did not: it knew more of the surroundings.
    fn beyond_noise(&self, after: Vec<String>, why: impl Fn(&str) -> String) -> Vec<Left> {
        let Some(sides) = self.sides.as_ref().filter(|_| !after.is_empty()) else { return vec![] };
        let before = (sides.compare)(sides.declared, sides.live);
        let is_drift = |path: &str| self.changes.iter().any(|change| change.path.raw() == path);
        let is_noise = |path: &String| !is_drift(path) && before.contains(path);
        let left = after.into_iter().filter(|path| !is_noise(path));
        left.map(|path| Left { why: why(&path).into(), path: path.into() }).collect()
    }

    /// Of a drift in a store, for whoever takes it. What a scan knew of the surroundings is not kept there.
    pub fn of_kept<T>(
        detail: &DriftDetail,
        (code, redactor, knowledge): (&Code, &Redactor, &Knowledge),
        take: impl FnOnce(&Outlook<'_>) -> T,
    ) -> T {
        let event = &detail.event;
        let kind = event.resource.resource_type.raw();
        let compare = |declared: &Value, live: &Value| {
            let (dialect, observable) = (dialect(kind), &Observable::All);
            let subject = Subject { dialect, resource_type: kind, declared, live, memory: None, observable };
            let verdict = compare_with(&subject, &knowledge.settings(None));
            verdict.changes.into_iter().map(|change| change.path).collect()
        };
        let sides = detail.declared_state.as_ref().zip(detail.actual_state.as_ref());
        take(&Outlook {
            resource: &event.resource,
            drift_type: event.drift_type,
            changes: &event.changes,
            declared: detail.declared_state.as_ref(),
            actual: detail.actual_state.as_ref(),
            code,
            redactor,
            sides: sides.map(|(a, b)| Sides { declared: a.value(), live: b.value(), compare: &compare }),
        })
    }
}

/// A revert that puts nothing back says so first.
fn useless(advice: &mut Recommendation, by: &Ignored) {
    let place = crate::safety::sanitise::line(&by.place);
    let risk = &mut advice.risk_assessment;
    risk.success_probability = Score::percent(0);
    risk.potential_impacts
        .insert(0, format!("As the code stands, no apply puts it back: ignore_changes at {place}.").into());
    let first = format!("Take what differs out of ignore_changes at {place}: until then an apply leaves it as it is.");
    advice.implementation_steps.insert(0, first.into());
}

/// It is a part of a list, or beneath one.
fn is_in_a_list(change: &Change) -> bool {
    let (steps, is_whole) = parse_path(change.path.raw());
    !is_whole || steps.iter().any(|step| !matches!(step, Step::Key(_)))
}

/// Found by memory alone.
fn is_silent(change: &Change) -> bool {
    change.remembered_at.is_some() && change.change_type != ChangeType::Removed
}

fn dialect(resource_type: &str) -> Dialect {
    match resource_type {
        kind if kind.contains("::") => Dialect::Cloudformation,
        kind if kind.contains('/') => Dialect::Kubernetes,
        _ => Dialect::Terraform,
    }
}

/// Puts at a path what the other side has there.
fn put(into: &mut Value, from: &Value, path: &crate::drift::PropertyPath) {
    let (steps, _) = parse_path(path.raw());
    let first = match steps.first() {
        Some(Step::Key(name)) => name.as_str(),
        _ => return transplant(into, from, &steps),
    };
    match TOGETHER.iter().find(|names| names.contains(&first)) {
        Some(names) => names.iter().for_each(|name| transplant(into, from, &[Step::Key((*name).to_owned())])),
        None => transplant(into, from, &steps),
    }
}

/// As deep as both sides are objects: a list is put as a whole, as an apply does.
fn transplant(into: &mut Value, from: &Value, steps: &[Step]) {
    if let Some((Step::Key(key), rest)) = steps.split_first()
        && let (Value::Object(map), Value::Object(other)) = (&mut *into, from)
    {
        match (map.get_mut(key), other.get(key)) {
            (Some(value), Some(new)) => return transplant(value, new, rest),
            (None, Some(new)) => return drop(map.insert(key.clone(), new.clone())),
            (Some(_), None) => return drop(map.remove(key)),
            // Its name was taken out with a secret: then the whole of what is around it.
            (None, None) => {}
        }
    }
    *into = from.clone();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_one_side_alone_has_is_the_same_on_both_once_it_is_made_anew_taken_away_or_imported() {
        let (code, redactor) = (Code::default(), Redactor::new([0; 32]));
        let of = |kind: &str, id: &str, drift_type| {
            let resource = ResourceRef {
                resource_type: kind.into(),
                resource_id: id.into(),
                previous_address: None,
                provider_id: Some(id.into()),
                declared_in: None,
            };
            let (declared, actual, sides) = (None, None, None);
            let (resource, changes, code, redactor) = (&resource, &[][..], &code, &redactor);
            let outlook = Outlook { resource, drift_type, changes, declared, actual, code, redactor, sides };
            [outlook.reverted(), outlook.codified(None)].map(|said| said.map(|said| said.lines()))
        };
        let nothing = Some(vec!["predicted drift after this: 0".to_owned()]);
        for drift_type in [DriftType::Added, DriftType::Deleted] {
            let said = of("aws_security_group", "sg-1", drift_type);
            assert_eq!(said, [nothing.clone(), nothing.clone()], "{drift_type:?}");
        }
        assert_eq!(of("apps/v1/Deployment", "shop/Deployment/web", DriftType::Added)[1], nothing);
        let [reverted, codified] = of("aws_nobody_knows_it", "x", DriftType::Added);
        let codified = codified.unwrap();
        assert_eq!((reverted, codified[0].as_str()), (nothing, "predicted drift after this: 1"));
        assert!(codified[1].contains("by what aws_nobody_knows_it is imported is not known here"), "{codified:?}");
    }

    #[test]
    fn what_is_not_written_of_a_block_is_predicted_to_stay() {
        let change = |path: &str| Change {
            path: path.into(),
            change_type: ChangeType::Modified,
            declared: None,
            actual: None,
            is_security_critical: false,
            remembered_at: None,
        };
        let changes = [change("root_block_device[0].volume_size"), change("ami")];
        let declared = json!({"ami": "ami-1", "root_block_device": [{"volume_size": 30}]});
        let live = json!({"ami": "ami-2", "root_block_device": [{"volume_size": 40}]});
        let resource = ResourceRef {
            resource_type: "aws_instance".into(),
            resource_id: "aws_instance.web".into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        };
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("main.tf");
        let code = "variable \"size\" {}\nresource \"aws_instance\" \"web\" {\n  ami = \"ami-1\"\n  root_block_device {\n    volume_size = var.size\n  }\n}\n";
        std::fs::write(&file, code).unwrap();
        let mut of_code = changes.clone();
        of_code[0].actual = Some(Masked::trusted(json!(40)));
        of_code[1].actual = Some(Masked::trusted(json!("ami-2")));
        let state = Masked::trusted(declared.clone());
        let asked = Asked {
            resource: &resource,
            drift_type: DriftType::Modified,
            changes: &of_code,
            declared: Some(&state),
            live: None,
            compare: None,
        };
        let spot = super::super::Spot { root: home.path().to_owned(), file, line: 2 };
        let patch = Patch::plan(&asked, &spot, &crate::codify::Kinds::default()).unwrap();
        let differs = |a: &Value, b: &Value| {
            ["ami", "root_block_device"]
                .iter()
                .filter(|key| a[**key] != b[**key])
                .map(|key| (*key).to_owned())
                .collect()
        };
        let (code, redactor) = (Code::default(), Redactor::new([0; 32]));
        let outlook = Outlook {
            resource: &resource,
            drift_type: DriftType::Modified,
            changes: &changes,
            declared: None,
            actual: None,
            code: &code,
            redactor: &redactor,
            sides: Some(Sides { declared: &declared, live: &live, compare: &differs }),
        };
        let left = outlook.codified(Some(&patch)).unwrap().left;
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].path.raw(), "root_block_device[0].volume_size");
        assert!(left[0].why.line().contains("var.size"), "{left:?}");
    }
}
