//! 督办: issued by a supervisor or a superior department, replied to by the organ.

use crate::{Action, Actor, Call, Failure, Object, Platform, failure::again, permission, stream::Stream};
use domain::{
    account::Role,
    case::{Application, Case, Owed},
    department::Agency,
    ids::{CaseId, ExpeditingOrderId},
    supervision::{self, ExpeditingOrder, IssuedOrder},
};
use jiff::civil::Date;

/// Everything about one order.
#[derive(Debug, Clone)]
pub struct OrderPage {
    /// Its state.
    pub order: ExpeditingOrder,
    /// What was ordered.
    pub issued: IssuedOrder,
    /// The caller may reply for the organ.
    pub may_reply: bool,
    /// The last day for the reply has passed without one.
    pub late: bool,
}

fn object(agency: &Agency) -> Object<'_> {
    Object { unit: None, department: Some(&agency.department), region: Some(agency.region) }
}

impl Platform {
    /// The case the caller may order to be got on with: its state, and what was applied for.
    pub async fn case_to_expedite(&self, call: &Call, id: &CaseId) -> Result<(Case, Application), Failure> {
        let case = self.load::<Case>(id.as_str()).await?.state;
        let application = case.application.as_deref().cloned();
        let about = application.as_ref().map_or(Object::default(), |a| object(&a.agency));
        let _permit = permission::decide(&call.actor, Action::ExpediteCase, about, self.rules.regions)?;
        Ok((case, application.ok_or(Failure::NotThere)?))
    }

    /// Whether the caller may order an organ to get on with its case.
    pub fn may_expedite(&self, call: &Call, agency: &Agency) -> bool {
        permission::decide(&call.actor, Action::ExpediteCase, object(agency), self.rules.regions).is_ok()
    }

    /// 督办.
    pub async fn issue_order(
        &self,
        call: &Call,
        case: &CaseId,
        text: &str,
        reply_by: Date,
    ) -> Result<ExpeditingOrderId, Failure> {
        let act = again(|| async {
            let (case, about) = self.case_to_expedite(call, case).await?;
            let (name, organ) = issuer(call);
            let id = ExpeditingOrderId::from_random(self.chance.id());
            let today = self.clock.now().date();
            let issuer = (name.as_str(), organ.as_str());
            let over = case.owed() == Owed::Nothing;
            let events = supervision::issue(id.clone(), &about, over, issuer, text, reply_by, today)?;
            let stream = self.load::<ExpeditingOrder>(id.as_str()).await?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await?;
            Ok(id)
        });
        self.once(call, ExpeditingOrderId::parse, act).await
    }

    async fn load_order(
        &self,
        call: &Call,
        action: Action,
        id: &ExpeditingOrderId,
    ) -> Result<(Stream<ExpeditingOrder>, IssuedOrder), Failure> {
        let stream = self.load::<ExpeditingOrder>(id.as_str()).await?;
        let issued = stream.state.issued.as_deref().cloned();
        let about = issued.as_ref().map_or(Object::default(), |i| object(&i.agency));
        let _permit = permission::decide(&call.actor, action, about, self.rules.regions)?;
        Ok((stream, issued.ok_or(Failure::NotThere)?))
    }

    /// An order as it stands.
    pub async fn order_page(&self, call: &Call, id: &ExpeditingOrderId) -> Result<OrderPage, Failure> {
        let (stream, issued) = self.load_order(call, Action::ReadOrder, id).await?;
        let waiting = stream.state.replied_at.is_none();
        let reply = permission::decide(&call.actor, Action::ReplyOrder, object(&issued.agency), self.rules.regions);
        Ok(OrderPage {
            may_reply: waiting && reply.is_ok(),
            late: waiting && self.clock.now().date() > issued.reply_by,
            order: stream.state,
            issued,
        })
    }

    /// The organ replies.
    pub async fn reply_order(&self, call: &Call, id: &ExpeditingOrderId, text: &str) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_order(call, Action::ReplyOrder, id).await?;
            let events = supervision::reply(&stream.state, text)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }
}

/// The person and the organ an order is issued in the name of.
fn issuer(call: &Call) -> (String, String) {
    let name = match &call.actor {
        Actor::Officer { name, .. } => name.clone(),
        _ => String::new(),
    };
    let ordering = |role| matches!(role, Role::Supervisor | Role::DepartmentManager);
    let post = call.actor.posts().iter().find(|post| ordering(post.role));
    (name, post.map(|p| Agency::new(p.department.clone(), p.region).name()).unwrap_or_default())
}
