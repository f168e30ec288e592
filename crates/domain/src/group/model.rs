//! Model-based test: a group of twelve items lives at random beside a naive model; the two must never differ, and no case
//! is ever lost. The model knows places and nothing else: no events, no papers, no clocks.

use super::tests::{decided, formed, meta, moment, papers};
use super::*;
use crate::case::{
    self, Acceptance, Answer, Case, CodeCheck, Decision, NotAcceptedGround, Outcome, Point, Stage, lost,
};
use crate::clock::{Ground, Suspension};

/// Runs of the test.
const RUNS: u64 = 10_000;
/// Acts tried in each run.
const ACTS: usize = 80;

const TWELVE: [&str; 12] = [
    "soil_water",
    "eia_form",
    "water_abstraction",
    "flood_impact",
    "civil_defence",
    "relics",
    "weather_env",
    "lightning",
    "road_crossing",
    "green_occupy",
    "seismic_eval",
    "land_preexam_site",
];

/// Where a branch is, to anybody looking over the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Sent,
    Taken,
    Returned,
    Back,
    Working,
    Stopped,
    Granted,
    Refused,
    TurnedAway,
    TakenBack,
}

use Place::{Back, Granted, Refused, Returned, Sent, Stopped, Taken, TakenBack, TurnedAway, Working};

impl Place {
    fn is_over(self) -> bool {
        matches!(self, Granted | Refused | TurnedAway | TakenBack)
    }
}

#[derive(Debug, Clone, Copy)]
enum Try {
    ReceiveAll,
    Receive(usize),
    Return(usize),
    Supply(usize),
    Accept(usize),
    TurnAway(usize),
    Stop(usize),
    Resume(usize),
    Grant(usize),
    Refuse(usize),
    TakeBack(usize),
    Extend,
    HandBack,
}

/// The naive model: twelve places and three marks.
#[derive(Debug, Clone)]
struct Model {
    at: [Place; 12],
    /// Whether a branch was ever accepted.
    accepted: [bool; 12],
    received: bool,
    extended: bool,
    handed_back: bool,
}

impl Model {
    fn new() -> Self {
        Self { at: [Sent; 12], accepted: [false; 12], received: false, extended: false, handed_back: false }
    }

    /// Does it if it may be done; says whether it was.
    fn attempt(&mut self, what: Try) -> bool {
        let over = self.at.iter().all(|place| place.is_over());
        let mut step = |i: usize, from: &[Place], to: Place| {
            let may = from.contains(&self.at[i]);
            if may {
                self.at[i] = to;
            }
            may
        };
        match what {
            Try::ReceiveAll => {
                let may = !self.received && !over;
                if may {
                    self.received = true;
                    self.at.iter_mut().filter(|place| **place == Sent).for_each(|place| *place = Taken);
                }
                may
            }
            Try::Receive(i) => step(i, &[Sent], Taken),
            Try::Return(i) => step(i, &[Taken], Returned),
            Try::Supply(i) => step(i, &[Returned], Back),
            Try::Accept(i) => {
                let done = step(i, &[Taken, Back], Working);
                self.accepted[i] |= done;
                done
            }
            Try::TurnAway(i) => step(i, &[Sent, Taken, Returned, Back], TurnedAway),
            Try::Stop(i) => step(i, &[Working], Stopped),
            Try::Resume(i) => step(i, &[Stopped], Working),
            Try::Grant(i) => step(i, &[Working], Granted),
            Try::Refuse(i) => step(i, &[Working], Refused),
            Try::TakeBack(i) => step(i, &[Sent, Taken, Returned, Back, Working, Stopped], TakenBack),
            Try::Extend => {
                let running = self.at.iter().all(|p| p.is_over() || matches!(p, Working | Stopped));
                let may = !self.extended && running && !over && self.accepted.contains(&true);
                self.extended |= may;
                may
            }
            Try::HandBack => {
                let may = over && !self.handed_back;
                self.handed_back |= may;
                may
            }
        }
    }
}

/// The real thing, driven through its commands.
struct Real {
    group: Group,
    cases: Vec<Case>,
    minutes: i64,
}

impl Real {
    fn attempt(&mut self, what: Try) -> bool {
        self.minutes += 400;
        let now = Moment(moment(0).0 + self.minutes * 60_000);
        let today = now.date();
        let meta = Meta { at: now, recorded_at: now, ..meta(0) };
        let rules = ParallelRules::shipped();
        let events = match what {
            Try::ReceiveAll => {
                let Ok(reception) = receive(&self.group, &self.cases, papers) else { return false };
                for (id, events) in &reception.cases {
                    let branches = &self.group.formation.as_ref().unwrap().branches;
                    let at = branches.iter().position(|branch| branch.case == *id).unwrap();
                    events.iter().for_each(|event| self.cases[at].apply(event, &meta));
                }
                return self.note(&reception.group, &meta);
            }
            Try::Extend => {
                let wanted = Prolongation { days: 15, document: "政府批准".into(), reason: "需要论证".into() };
                let Ok(events) = extend(&self.group, &self.cases, &wanted, rules) else { return false };
                return self.note(&events, &meta);
            }
            Try::HandBack => {
                let events = hand_back(&self.group, &self.cases, &papers());
                return self.note(&events, &meta);
            }
            Try::Receive(i) => (i, case::receive(&self.cases[i], &papers()).ok()),
            Try::Return(i) => {
                let points = vec![Point { material: None, text: "补充附图".into() }];
                (i, case::ask_correction(&self.cases[i], points, &papers()).ok())
            }
            Try::Supply(i) => {
                let answers = vec![Answer { text: "已补正".into(), files: vec![] }];
                (i, case::supply(&self.cases[i], answers).ok())
            }
            Try::Accept(i) => {
                let accepted = case::accept(
                    &self.cases[i],
                    CodeCheck::Verified,
                    Some(crate::case::tests::somebody("a-window")),
                    None,
                    &papers(),
                );
                let Ok(Acceptance::Accepted(events)) = accepted else { return false };
                (i, Some(events))
            }
            Try::TurnAway(i) => {
                let ground = NotAcceptedGround::NotNeeded;
                (i, case::not_accept(&self.cases[i], ground, "不需要办理", None, &papers()).ok())
            }
            Try::Stop(i) => {
                let suspension = Suspension {
                    from: today,
                    to: None,
                    ground: Ground::ExpertReview,
                    document: "专家评审告知书".into(),
                    told_on: Some(today),
                };
                let notice = case::Notice::new(today, case::Way::Platform, vec![]);
                (i, case::suspend(&self.cases[i], suspension, notice, today).ok())
            }
            Try::Resume(i) => (i, case::resume(&self.cases[i], today).ok()),
            Try::Grant(i) => (i, self.decide(i, Outcome::Granted, now)),
            Try::Refuse(i) => (i, self.decide(i, Outcome::Refused, now)),
            Try::TakeBack(i) => (i, case::withdraw(&self.cases[i], "材料要重做").ok()),
        };
        let (i, Some(events)) = events else { return false };
        events.iter().for_each(|event| self.cases[i].apply(event, &meta));
        true
    }

    fn decide(&self, i: usize, outcome: Outcome, now: Moment) -> Option<Vec<case::CaseEvent>> {
        let decision = Decision {
            outcome,
            opinion: "经审查".into(),
            document_number: "审〔2026〕1号".into(),
            title: "决定".into(),
            decided_on: now.date(),
            valid_until: None,
            unreviewed: None,
        };
        decided(&self.cases[i], decision, now)
    }

    fn note(&mut self, events: &[GroupEvent], meta: &Meta) -> bool {
        events.iter().for_each(|event| self.group.apply(event, meta));
        !events.is_empty()
    }

    fn place(case: &Case) -> Place {
        match (case.stage, case.is_suspended()) {
            (Stage::Submitted, _) => Sent,
            (Stage::Received, _) => Taken,
            (Stage::CorrectionAsked, _) => Returned,
            (Stage::Supplemented, _) => Back,
            (Stage::Processing | Stage::Proposed | Stage::Reviewed, false) => Working,
            (Stage::Processing | Stage::Proposed | Stage::Reviewed, true) => Stopped,
            (Stage::NotAccepted, _) => TurnedAway,
            (Stage::Withdrawn, _) => TakenBack,
            (Stage::Decided | Stage::Completed, _) => match &case.decision {
                Some(d) if d.outcome == Outcome::Granted => Granted,
                _ => Refused,
            },
        }
    }
}

/// SplitMix64: small, seeded, good enough to choose with.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    /// Anything, the likely more often. In the end of a run the branches are driven home, so that groups are handed back.
    fn pick(&mut self, hurry: bool) -> Try {
        let i = self.below(12);
        match self.below(if hurry { 30 } else { 24 }) {
            0 => Try::ReceiveAll,
            1..4 => Try::Receive(i),
            4..6 => Try::Return(i),
            6..9 => Try::Supply(i),
            9..14 => Try::Accept(i),
            14 => Try::TurnAway(i),
            15..17 => Try::Stop(i),
            17..19 => Try::Resume(i),
            19..21 => Try::Grant(i),
            21 => Try::Refuse(i),
            22 => Try::Extend,
            23 => Try::HandBack,
            _ => Try::TakeBack(i),
        }
    }
}

#[test]
fn art14_a_group_of_twelve_lives_like_the_naive_model_and_no_case_is_ever_lost() {
    let (start, submitted) = formed(&TWELVE);
    let (mut done, mut refused, mut returned, mut stopped, mut handed_back, mut extended) =
        (0u64, 0u64, 0u64, 0u64, 0u64, 0u64);
    for run in 0..RUNS {
        let mut dice = Dice(run);
        let mut real = Real { group: start.clone(), cases: submitted.clone(), minutes: 0 };
        let mut model = Model::new();
        let hurry = run % 2 == 1;
        for act in 0..if hurry { 3 * ACTS } else { ACTS } {
            let what = dice.pick(hurry && act > ACTS);
            let before: Vec<Stage> = real.cases.iter().map(|case| case.stage).collect();
            let (did, should) = (real.attempt(what), model.attempt(what));
            assert_eq!(did, should, "run {run}, act {act}: {what:?} at {before:?}");
            for (i, case) in real.cases.iter().enumerate() {
                assert_eq!(Real::place(case), model.at[i], "run {run}, act {act}: {what:?} and branch {i}");
                assert_eq!(case.accepted_at.is_some(), model.accepted[i], "run {run}, act {act}: {what:?}");
                assert_eq!(lost(case), None, "run {run}, act {act}: {what:?} lost branch {i}");
            }
            let marks =
                (real.group.received_at.is_some(), real.group.extension.is_some(), real.group.handed_back_at.is_some());
            assert_eq!(marks, (model.received, model.extended, model.handed_back), "run {run}, act {act}: {what:?}");
            done += u64::from(did);
            refused += u64::from(!did);
            returned += u64::from(did && matches!(what, Try::Return(_)));
            stopped += u64::from(did && matches!(what, Try::Stop(_)));
        }
        handed_back += u64::from(model.handed_back);
        extended += u64::from(model.extended);
    }
    // The test must not pass because nothing happened.
    for (what, count, least) in [
        ("done", done, 200_000),
        ("refused", refused, 200_000),
        ("returned", returned, 20_000),
        ("stopped", stopped, 10_000),
        ("handed back", handed_back, 1_000),
        ("extended", extended, 100),
    ] {
        assert!(count >= least, "only {count} {what}");
    }
}
