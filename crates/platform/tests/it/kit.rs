//! The test kit itself: its samples are what they say.

use domain::{case::Stage, regime::Regime};
use testkit::{World, answers, both_engines};

both_engines! { samples_declare_one_project_per_regime, the_sample_case_runs_from_application_to_completion }

async fn samples_declare_one_project_per_regime(world: &World) {
    let samples = [
        (answers::record_filing(), Regime::RecordFiling, "ent_file"),
        (answers::approval(), Regime::Approval, "gov_feasibility"),
        (answers::ratification(), Regime::Ratification, "ent_ratify"),
    ];
    for (answers, regime, item) in samples {
        let project = world.declare(&world.agent, &answers).await;
        let page = world.platform.project_page(&world.agent.call(), &project).await.unwrap();
        assert_eq!(page.declared.regime, regime);
        for needed in [item, "soil_water", "eia_form"] {
            assert!(page.declared.needed.iter().any(|code| code == needed), "{needed}: {:?}", page.declared.needed);
        }
    }
}

async fn the_sample_case_runs_from_application_to_completion(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let page = world.platform.case_page(&officer.call(), &case).await.unwrap();
    assert_eq!(page.case.stage, Stage::Completed);
}
