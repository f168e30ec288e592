//! The policy, printed: who may do what is reviewed as a diff (S-05, A-23).

use domain::{account::Role, ids::UnitId, region::RegionCode};
use platform::{Action, Actor, Object, Rulebook, permission};

/// Writes the file instead of comparing it when `UPDATE` is set.
#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE=1 writes the reviewed file")]
fn s05_the_permission_matrix_is_the_reviewed_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/security/permission-matrix.txt");
    let now = permission::matrix(Rulebook::shipped().regions);
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(file, &now).unwrap();
    }
    let reviewed = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(now, reviewed, "look at the change, then run again with UPDATE=1");
}

#[test]
fn s10_territory_and_department_bound_every_post() {
    let regions = Rulebook::shipped().regions;
    let codes: Vec<RegionCode> =
        regions.iter().map(|r| r.code).filter(|c| c.as_str().starts_with("15")).step_by(7).collect();
    let owner = UnitId::from_random([1; 16]);
    let case_acts = [
        Action::ReceiveCase,
        Action::AskCorrection,
        Action::AcceptCase,
        Action::NotAcceptCase,
        Action::SuspendClock,
        Action::ResumeClock,
        Action::DecideCase,
    ];
    for role in Role::ALL {
        for &post_region in &codes {
            let post = domain::account::Post {
                department: "water".into(),
                region: post_region,
                role,
                from: jiff::civil::date(2026, 1, 1),
                to: None,
            };
            let account = domain::ids::AccountId::from_random([2; 16]);
            let actor = Actor::Officer { account, name: String::new(), posts: vec![post] };
            for &region in &codes {
                for department in ["water", "ecology"] {
                    let object = Object { unit: Some(&owner), department: Some(department), region: Some(region) };
                    for action in case_acts {
                        let own = department == "water" && region == post_region;
                        let allowed = permission::decide(&actor, action, object, regions).is_ok();
                        assert!(
                            !allowed || own,
                            "{role:?} of {post_region:?} did {action:?} in {department} × {region:?}"
                        );
                    }
                    let reads = permission::decide(&actor, Action::ReadCase, object, regions).is_ok();
                    assert!(
                        !reads || regions.within(post_region, region),
                        "{role:?} of {post_region:?} read {region:?}"
                    );
                }
            }
        }
    }
}
