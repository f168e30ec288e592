//! 监察卡: read, answered, closed, handed up.

use crate::{
    Action, Call, Failure, Object, Platform,
    attachment::AttachmentRow,
    failure::again,
    permission,
    stream::{Stream, join, stream_id},
};
use domain::{
    Moment, Refusal,
    account::Role,
    ids::SupervisionCardId,
    region::RegionCode,
    supervision::{self, Card, CardEvent, CardState, Finding, Opened},
};

/// One entry of a card's timeline.
#[derive(Debug, Clone)]
pub struct CardLine {
    /// When.
    pub at: Moment,
    /// Who.
    pub actor: String,
    /// What happened.
    pub event: CardEvent,
}

/// Everything about one card.
#[derive(Debug, Clone)]
pub struct CardPage {
    /// Its state.
    pub card: Card,
    /// What it is about.
    pub opened: Opened,
    /// What happened, oldest first.
    pub timeline: Vec<CardLine>,
    /// The caller may answer for the department.
    pub may_answer: bool,
    /// The caller may close it or hand it up.
    pub may_close: bool,
    /// The caller may order the department to get on with the case.
    pub may_expedite: bool,
    /// The region it can be handed up to.
    pub superior: Option<RegionCode>,
    /// The last day for an answer has passed without one.
    pub late: bool,
    /// Files uploaded for the next answer; only for whoever may give it.
    pub fresh: Vec<AttachmentRow>,
}

/// The department's and the region's part of a card, for permission.
fn object(opened: &Opened) -> Object<'_> {
    Object { unit: None, department: Some(&opened.agency.department), region: Some(opened.agency.region) }
}

impl Platform {
    pub(super) async fn load_card(
        &self,
        call: &Call,
        action: Action,
        id: &SupervisionCardId,
    ) -> Result<(Stream<Card>, Opened), Failure> {
        let stream = self.load::<Card>(id.as_str()).await?;
        let opened = stream.state.opened.as_deref().cloned();
        // What is not there and what is not the caller's to know look the same; who is not signed in hears that first.
        let nowhere = Object::default();
        let about = opened.as_ref().map_or(nowhere, object);
        let _permit = permission::decide(&call.actor, action, about, self.rules.regions)?;
        Ok((stream, opened.ok_or(Failure::NotThere)?))
    }

    /// A card with its timeline.
    pub async fn card_page(&self, call: &Call, id: &SupervisionCardId) -> Result<CardPage, Failure> {
        let (stream, opened) = self.load_card(call, Action::ReadCard, id).await?;
        let may = |action| permission::decide(&call.actor, action, object(&opened), self.rules.regions).is_ok();
        let running = stream.state.state != CardState::Closed;
        let events = self.store.events(&stream_id::<Card>(id.as_str())).await.map_err(Failure::fault)?;
        let names = self.actor_names(&events).await?;
        let line = |event: &ledger::Event| {
            Ok(CardLine {
                at: Moment(event.at),
                actor: names.get(&event.actor).cloned().unwrap_or_default(),
                event: join(&event.kind, &event.data).map_err(Failure::fault)?,
            })
        };
        let may_answer = running && may(Action::AnswerCard);
        let fresh = if may_answer { self.fresh_files(&stream.state).await? } else { Vec::new() };
        Ok(CardPage {
            fresh,
            timeline: events.iter().map(line).collect::<Result<_, Failure>>()?,
            may_answer,
            may_close: running && may(Action::CloseCard) && self.holds(call, &stream.state),
            may_expedite: may(Action::ExpediteCase),
            superior: self
                .holder(call, &stream.state)
                .and_then(|region| self.rules.regions.ancestors(region).first().map(|above| above.code)),
            late: stream.state.state == CardState::Open && self.clock.now().date() > opened.reply_by,
            card: stream.state,
            opened,
        })
    }

    /// Whether a supervising post of the caller covers the region that holds the card.
    fn holds(&self, call: &Call, card: &Card) -> bool {
        self.holder(call, card).is_some()
    }

    /// The highest region of the caller's supervising posts that covers the one that holds the card.
    fn holder(&self, call: &Call, card: &Card) -> Option<RegionCode> {
        let (regions, held_by) = (self.rules.regions, card.held_by?);
        let covering = call
            .actor
            .posts()
            .iter()
            .filter(|post| post.role == Role::Supervisor && regions.within(post.region, held_by))
            .map(|post| post.region);
        covering.min_by_key(|region| regions.ancestors(*region).len())
    }

    async fn act_on_card(
        &self,
        call: &Call,
        action: Action,
        id: &SupervisionCardId,
        decide: impl Fn(&Card) -> Result<Vec<CardEvent>, Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_card(call, action, id).await?;
            if action != Action::AnswerCard && !self.holds(call, &stream.state) {
                let held_by = stream.state.held_by.map(|r| self.rules.regions.full_name(r)).unwrap_or_default();
                let message = format!("监察卡已上报，由{held_by}的电子监察岗办理。");
                return Err(Refusal::new("card.escalated", message).article("办法第十七条").into());
            }
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// The department explains itself; files it uploaded to the card since the last answer go with it.
    pub async fn answer_card(&self, call: &Call, id: &SupervisionCardId, text: &str) -> Result<(), Failure> {
        let files = self.files_to_answer(id).await?;
        self.act_on_card(call, Action::AnswerCard, id, |card| supervision::answer(card, text, files.clone())).await
    }

    /// 销号.
    pub async fn close_card(
        &self,
        call: &Call,
        id: &SupervisionCardId,
        finding: Finding,
        opinion: &str,
    ) -> Result<(), Failure> {
        let today = self.clock.now().date();
        self.act_on_card(call, Action::CloseCard, id, |card| supervision::close(card, finding, opinion, today)).await
    }

    /// Handed up to the supervisor of the region above the caller's.
    pub async fn escalate_card(&self, call: &Call, id: &SupervisionCardId, reason: &str) -> Result<(), Failure> {
        let hand_up = |card: &Card| {
            let from = self.holder(call, card).unwrap_or(domain::region::INNER_MONGOLIA);
            supervision::escalate(card, from, reason, self.rules.regions)
        };
        self.act_on_card(call, Action::EscalateCard, id, hand_up).await
    }
}
