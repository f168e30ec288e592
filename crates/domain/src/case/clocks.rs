//! Which periods of a case run: the five-day check and the decision. Derived from the events, never stored (S-53).

use super::{Case, Outcome, Owed, Special, Stage, Transfer, commitment, hearing_clock, licence};
use crate::clock::{Bearer, ClockFacts, DeadlineKind, Handover, History, Holder, Unit, default_deadlines};
use crate::{department::Agency, item::LimitUnit};

/// The five working days of 许可法第三十二条 in which the organ accepts, refuses or asks once for corrections.
/// After a supplement it counts anew from the day the supplement came.
pub fn check_clock(case: &Case) -> Option<ClockFacts> {
    let received = case.received_at?.date();
    let kind = default_deadlines().get("correction_check")?.clone();
    let correction = case.correction.as_ref();
    let before = case.earlier_corrections.last().and_then(|c| c.supplied_at).map(|at| at.date());
    let (start, answered) = match correction.and_then(|c| c.supplied_at) {
        Some(supplied) => (supplied.date(), None),
        None => (before.unwrap_or(received), correction.map(|c| c.asked_at.date())),
    };
    let mut facts = ClockFacts::new(kind, start);
    let ended = case.ended_at.filter(|_| case.accepted_at.is_none()).map(|at| at.date());
    // Silence ends the check on the day after its last one: it was not kept, although the application counts from receipt.
    let accepted = case.deemed_at.or(case.accepted_at).map(|at| at.date());
    facts.finished = answered.or(accepted).or(ended);
    Some(facts)
}

/// The limit of the item, from the day of acceptance (办法第十四条第二项、第十五条).
pub fn decision_clock(case: &Case) -> Option<ClockFacts> {
    let accepted = case.accepted_at?.date();
    let limit = &case.application.as_ref()?.limit;
    let unit = match limit.unit {
        LimitUnit::Working => Unit::Working,
        LimitUnit::Calendar => Unit::Calendar,
    };
    let kind = DeadlineKind { article: limit.basis.clone(), ..DeadlineKind::item(unit, u32::from(limit.days)) };
    let mut facts = ClockFacts::new(kind, accepted);
    facts.suspensions.clone_from(&case.suspensions);
    facts.extensions.clone_from(&case.extensions);
    facts.finished = case.decided_at.or(case.ended_at).map(|at| at.date());
    Some(facts)
}

/// The period that runs for what is owed now, if one does.
pub fn owed_clock(case: &Case) -> Option<ClockFacts> {
    match case.owed() {
        Owed::Check | Owed::Recheck => check_clock(case),
        Owed::Propose | Owed::Review | Owed::Decide => decision_clock(case),
        Owed::Deliver => licence::delivery_clock(case),
        Owed::Amend => licence::amendment_clock(case),
        Owed::CheckCommitment => commitment::commitment_clock(case),
        Owed::Receive | Owed::Correct | Owed::Nothing => None,
    }
}

/// Periods of the organ that may run beside the one for what is owed: special procedures and the hearing before the decision;
/// delivery, change or renewal and the check of a promise after it. The applicant's own five days to ask for a hearing are
/// not among them: nobody is late when they pass.
pub(super) fn clocks_beside(case: &Case) -> Vec<ClockFacts> {
    if case.stage.is_processing() {
        let specials = case.specials.iter().filter_map(Special::clock);
        return hearing_clock(case).into_iter().chain(specials).collect();
    }
    if case.stage != Stage::Completed {
        return vec![];
    }
    let delivery = case.awaits_delivery().then(|| licence::delivery_clock(case));
    let amendment = case.open_amendment().map(|_| licence::amendment_clock(case));
    let commitment = case.awaits_commitment_check().then(|| commitment::commitment_clock(case));
    [delivery, amendment, commitment].into_iter().flatten().flatten().collect()
}

impl Case {
    /// Who owes the next act, what follows a decision included.
    pub fn owed(&self) -> Owed {
        match self.stage {
            Stage::Processing if self.is_one_step() => Owed::Decide,
            Stage::Completed if self.awaits_delivery() => Owed::Deliver,
            Stage::Completed if self.open_amendment().is_some() => Owed::Amend,
            Stage::Completed if self.awaits_commitment_check() => Owed::CheckCommitment,
            stage => stage.owed(),
        }
    }

    /// Whether it still stands in the way of another application for the same item: running, or granted and in force.
    pub fn is_live(&self) -> bool {
        !self.stage.is_ended() || self.is_in_force()
    }

    /// Granted, neither revoked nor lapsed, as far as the ledger knows.
    pub fn is_in_force(&self) -> bool {
        let granted = self.decision.as_ref().is_some_and(|d| d.outcome == Outcome::Granted);
        granted && self.revocation.is_none() && self.lapsed_on.is_none()
    }

    /// Whether the decision clock stands still now.
    pub fn is_suspended(&self) -> bool {
        self.suspensions.iter().any(|s| s.to.is_none())
    }
}

/// Through whose hands the case went, from the application on: what the ledger of days is made from (办法第十五条).
pub fn history(case: &Case) -> Option<History> {
    let application = case.application.as_deref()?;
    let of = |agency: &Agency| Bearer::new(Holder::Department, agency.name());
    let organ = Bearer::new(Holder::Department, &application.agency_name);
    let applicant = Bearer::new(Holder::Applicant, &application.unit_name);
    let gone = |transfer: &Transfer| Handover { on: transfer.at.date(), to: of(&transfer.to) };
    let mut handovers: Vec<_> = case.transfers.iter().map(gone).collect();
    for correction in case.earlier_corrections.iter().chain(&case.correction) {
        handovers.push(Handover { on: correction.asked_at.date(), to: applicant.clone() });
        let supplied = correction.supplied_at.map(|at| at.date());
        handovers.extend(supplied.map(|on| Handover { on, to: organ.clone() }));
    }
    Some(History {
        submitted: case.submitted_at.date(),
        first: case.transfers.first().map_or(organ, |transfer| of(&transfer.from)),
        handovers,
        suspensions: case.suspensions.clone(),
        ended: case.ended_at.map(|at| at.date()),
    })
}
