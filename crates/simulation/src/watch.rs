//! 电子监察 at the end of each day, and how departments and the supervisor deal with its cards.

use crate::{
    DemoOfficer, SimulationError,
    kinds::between,
    life::{Life, Next},
};
use domain::{
    Moment,
    account::{Post, Role},
    department::Agency,
    ids::{CaseId, ExpeditingOrderId, SupervisionCardId},
    region::INNER_MONGOLIA,
    supervision::Finding,
};
use jiff::civil::Date;
use platform::{
    Actor, Call, Failure,
    supervision::{CardFilter, CardRow, Owing},
};
use std::time::Duration;

/// Sign-in name of the supervisor of the region.
const SUPERVISOR: &str = "jiancha-150000";
/// How long to wait before looking again whether PostgreSQL shows everything that was recorded.
const AGAIN: Duration = Duration::from_millis(20);

impl Life<'_> {
    /// Ends every day before this one with a look at what was recorded and what is due.
    pub(crate) async fn watch_until(&mut self, day: Date) -> Result<(), SimulationError> {
        while self.watched < day {
            self.clock.set(Moment::at(self.watched, 20, 0));
            self.supervise().await?;
            self.watched = self.watched.tomorrow().unwrap_or(day);
        }
        Ok(())
    }

    async fn supervise(&mut self) -> Result<(), SimulationError> {
        let call = Call::system("simulation:supervise");
        let mut opened = 0;
        loop {
            let found = self.platform.supervise_records(&call).await;
            opened += self.tried("supervise", found)?;
            // On PostgreSQL the feed ends before the oldest open transaction, whoever's it is: the day ends when all was seen.
            let behind = self.platform.supervision_is_behind().await;
            if !self.tried("read the follower", behind)? {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        // Only then the days: on every engine the cards of a day are opened in the same order.
        let found = self.platform.supervise_days(&call).await;
        opened += self.tried("supervise", found)?;
        if opened == 0 {
            return Ok(());
        }
        self.summary.cards += u32::try_from(opened).unwrap_or(0);
        let supervisor = self.supervisor().await?;
        let filter = CardFilter { owing: Owing::Department, ..CardFilter::default() };
        let mut after = None;
        loop {
            let page = self.platform.cards(&self.act(&supervisor, "cards"), &filter, after.as_ref()).await;
            let page = self.tried("read cards", page)?;
            for card in &page.rows {
                self.deal_with(card);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Plans what becomes of a new card: most departments answer, some wait for the supervisor.
    fn deal_with(&mut self, card: &CardRow) {
        if !self.dealt_with.insert(card.id.clone()) {
            return;
        }
        let days = between(&self.chance, [1, 3]);
        if self.percent(85) {
            self.after_working_days(days, Next::AnswerCard { card: card.id.clone() });
        } else {
            self.after_working_days(days + 6, Next::CloseCard { card: card.id.clone() });
        }
        if card.rule == "overdue" && self.percent(30) {
            self.after_working_days(1, Next::Expedite { case: card.case.clone() });
        }
    }

    pub(crate) async fn answer_card(&mut self, card: SupervisionCardId) -> Result<(), SimulationError> {
        let supervisor = self.supervisor().await?;
        let page = self.platform.card_page(&self.act(&supervisor, "card"), &card).await;
        let agency = self.tried("read a card", page)?.opened.agency;
        let call = self.desk_of(&agency, "answer").await?;
        let text = "已核实情况，正在抓紧办理，并已对经办人员提出要求。";
        match self.platform.answer_card(&call, &card, text).await {
            // It was only a warning, and the step was done in time.
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("answer a card", other)?,
        }
        let days = between(&self.chance, [1, 4]);
        self.after_working_days(days, Next::CloseCard { card });
        Ok(())
    }

    pub(crate) async fn close_card(&mut self, card: SupervisionCardId) -> Result<(), SimulationError> {
        let supervisor = self.supervisor().await?;
        let call = self.act(&supervisor, "close");
        if self.percent(10) {
            match self.platform.escalate_card(&call, &card, "部门说明不充分，请上级监察岗核查。").await
            {
                // It stands at the top already, or is closed.
                Err(Failure::Refused(_)) => {}
                other => self.tried("hand a card up", other)?,
            }
        }
        let finding = if self.percent(60) { Finding::Upheld } else { Finding::Explained };
        match self.platform.close_card(&call, &card, finding, "经核查，情况属实与否以结论为准，请举一反三。").await
        {
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("close a card", other)?,
        }
        self.summary.cards_closed += 1;
        Ok(())
    }

    pub(crate) async fn expedite(&mut self, case: CaseId) -> Result<(), SimulationError> {
        let supervisor = self.supervisor().await?;
        let call = self.act(&supervisor, "expedite");
        let reply_by = self.platform.rules.calendar.add_working_days(self.clock_date(), 3);
        let order = match self.platform.issue_order(&call, &case, "请在期限内办结并回复。", reply_by).await {
            // Decided meanwhile.
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("expedite a case", other)?,
        };
        self.summary.orders += 1;
        self.after_working_days(2, Next::ReplyOrder { order });
        Ok(())
    }

    pub(crate) async fn reply_order(&mut self, order: ExpeditingOrderId) -> Result<(), SimulationError> {
        let supervisor = self.supervisor().await?;
        let page = self.platform.order_page(&self.act(&supervisor, "order"), &order).await;
        let agency = self.tried("read an order", page)?.issued.agency;
        let call = self.desk_of(&agency, "reply").await?;
        let replied = self.platform.reply_order(&call, &order, "已安排专人办理，将按要求办结。").await;
        self.tried("reply to an order", replied)
    }

    async fn desk_of(&mut self, agency: &Agency, what: &str) -> Result<Call, SimulationError> {
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, agency).await?;
        Ok(self.act(&desk.window, what))
    }

    /// The supervisor of the region, opened at need.
    async fn supervisor(&mut self) -> Result<Actor, SimulationError> {
        let known = self.platform.find_officer(SUPERVISOR).await;
        if let Some(actor) = self.tried("find an officer", known)? {
            return Ok(actor);
        }
        let post = Post {
            department: "development_reform".to_owned(),
            region: INNER_MONGOLIA,
            role: Role::Supervisor,
            from: self.plan.from,
            to: None,
        };
        let officer = DemoOfficer {
            login: SUPERVISOR.to_owned(),
            name: self.kinds.person(&self.chance),
            posts: vec![post],
            password: None,
        };
        let id = crate::open_demo_officer(self.platform, &officer).await?;
        let actor = self.platform.actor(&id).await;
        self.tried("read an account", actor)
    }
}
