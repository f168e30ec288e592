//! 委托代行岗位职责: whoever reviews, decides or manages hands the post to a colleague of the same organ for a time. It ends by
//! itself; it is not handed on; four eyes look at the person, not at the post.

use super::{Account, AccountEvent, Holder, Post, Role, compatible};
use crate::{Refusal, department::Agency, ids::AccountId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Roles that can be delegated: those whose absence makes cases late.
pub const DELEGATED: [Role; 3] = [Role::Reviewer, Role::Approver, Role::DepartmentManager];
/// Longest delegation, in calendar days; whoever is away for longer gets a successor.
pub const LONGEST: i32 = 90;

/// A post that was handed over for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// The post as the delegate holds it; `to` is always set.
    pub post: Post,
    /// Who handed it over.
    pub by: AccountId,
    /// The name on that day.
    pub by_name: String,
    /// Why.
    pub reason: String,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegating {
    /// The organ.
    pub agency: Agency,
    /// The role.
    pub role: Role,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Why.
    pub reason: String,
}

/// The article all refusals rest on.
const ARTICLE: &str = "办法第八条";

fn refuse(field: &'static str, code: &'static str, words: impl Into<String>) -> Refusal {
    Refusal::field(field, code, words.into()).article(ARTICLE)
}

impl Account {
    /// Whether it holds the post in its own right on all of these days.
    fn holds_itself(&self, wish: &Delegating) -> bool {
        let own = |post: &&Post| !self.delegations.iter().any(|d| d.post == **post);
        let fits = |post: &Post| {
            post.role == wish.role && post.department == wish.agency.department && post.region == wish.agency.region
        };
        self.posts.iter().filter(own).any(|post| fits(post) && post.held_on(wish.from) && post.held_on(wish.until))
    }

    fn sits_in(&self, agency: &Agency, day: Date) -> bool {
        self.posts.iter().any(|p| p.department == agency.department && p.region == agency.region && p.held_on(day))
    }
}

/// Hands a post to a colleague.
pub fn delegate(
    delegator: &Account,
    colleague: &Account,
    wish: &Delegating,
    today: Date,
) -> Result<Vec<AccountEvent>, Vec<Refusal>> {
    let mut faults = Vec::new();
    if !DELEGATED.contains(&wish.role) || !delegator.holds_itself(wish) {
        let words = "只能委托您本人在委托期间担任的审核岗、审批岗或者部门负责人岗位；受委托的岗位不得再委托。";
        faults.push(refuse("role", "delegation.post", words));
    }
    let officer = colleague.holder == Some(Holder::Officer) && !colleague.disabled;
    if !officer || colleague.id == delegator.id || !colleague.sits_in(&wish.agency, wish.from) {
        faults.push(refuse("to", "delegation.to", "请选择本机关在岗的其他人员。"));
    } else if colleague.posts.iter().any(|post| !compatible(post.role, wish.role)) {
        faults.push(refuse("to", "account.separation", "系统、安全、审计管理员不得兼任业务岗位。"));
    } else if colleague.posts.iter().any(|post| {
        let same =
            post.role == wish.role && post.department == wish.agency.department && post.region == wish.agency.region;
        same && post.from <= wish.until && post.to.is_none_or(|to| to >= wish.from)
    }) {
        faults.push(refuse("to", "delegation.held", "该同志在此期间已经担任这个岗位，不需要委托。"));
    }
    if wish.from < today {
        faults.push(refuse("from", "delegation.past", "起始日不能早于今天。"));
    }
    match (wish.until - wish.from).get_days() {
        days if days < 0 => faults.push(refuse("until", "delegation.order", "截止日不能早于起始日。")),
        days if days >= LONGEST => {
            let words = format!("委托最长 {LONGEST} 日。更长时间不在岗的，请由管理员调整岗位。");
            faults.push(refuse("until", "delegation.long", words));
        }
        _ => {}
    }
    let reason = crate::refusal::words("reason", &wish.reason, "委托的原因", 200).map_err(|fault| faults.push(fault));
    match reason {
        Ok(reason) if faults.is_empty() => {
            let post = Post {
                department: wish.agency.department.clone(),
                region: wish.agency.region,
                role: wish.role,
                from: wish.from,
                to: Some(wish.until),
            };
            let (by, by_name) = (delegator.id.clone(), delegator.name.clone());
            Ok(vec![AccountEvent::PostDelegated { delegation: Box::new(Delegation { post, by, by_name, reason }) }])
        }
        _ => Err(faults),
    }
}

/// Takes it back before its last day: yesterday was the last one, or it never begins.
pub fn end_delegation(
    colleague: &Account,
    by: &AccountId,
    at: usize,
    today: Date,
) -> Result<Vec<AccountEvent>, Refusal> {
    let delegation = colleague.delegations.get(at).filter(|d| d.by == *by);
    let Some(delegation) = delegation else {
        return Err(Refusal::new("delegation.not_there", "没有这项委托，或者不是由您委托的。").article(ARTICLE));
    };
    if delegation.post.to.is_some_and(|to| to < today) {
        return Err(Refusal::new("delegation.over", "这项委托已经结束。").article(ARTICLE));
    }
    Ok(vec![AccountEvent::DelegationEnded { at, on: today }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Aggregate, Meta, Moment, region::RegionCode};
    use jiff::civil::date;

    const DAY: Date = date(2026, 3, 2);

    fn post(role: Role) -> Post {
        Post { department: "water".into(), region: region("150402"), role, from: date(2026, 1, 1), to: None }
    }

    fn region(code: &str) -> RegionCode {
        RegionCode::parse(code).unwrap()
    }

    fn officer(salt: u8, role: Role) -> Account {
        Account {
            id: AccountId::from_random([salt; 16]),
            name: format!("第{salt}人"),
            holder: Some(Holder::Officer),
            posts: vec![post(role)],
            ..Account::default()
        }
    }

    fn wish() -> Delegating {
        Delegating {
            agency: Agency::new("water", region("150402")),
            role: Role::Approver,
            from: DAY,
            until: date(2026, 3, 6),
            reason: " 出差 ".into(),
        }
    }

    fn meta() -> Meta {
        let at = Moment::at(DAY, 9, 0);
        Meta { at, recorded_at: at, actor: "a".into() }
    }

    fn codes(result: Result<Vec<AccountEvent>, Vec<Refusal>>) -> Vec<String> {
        result.unwrap_err().into_iter().map(|fault| fault.code.into_owned()).collect()
    }

    #[test]
    fn art8_a_post_is_held_by_a_colleague_for_those_days_and_not_handed_on() {
        let (head, mut colleague) = (officer(1, Role::Approver), officer(2, Role::Undertaker));
        let events = delegate(&head, &colleague, &wish(), DAY).unwrap();
        colleague.apply(&events[0], &meta());
        let held = |account: &Account, day| account.posts.iter().any(|p| p.role == Role::Approver && p.held_on(day));
        assert!(held(&colleague, date(2026, 3, 6)) && !held(&colleague, date(2026, 3, 7)), "it ends by itself");
        assert_eq!(colleague.delegations[0].reason, "出差");
        assert_eq!(codes(delegate(&head, &colleague, &wish(), DAY)), ["delegation.held"]);
        let third = officer(3, Role::Undertaker);
        assert_eq!(codes(delegate(&colleague, &third, &wish(), DAY)), ["delegation.post"], "not handed on");
    }

    #[test]
    fn art8_only_to_a_colleague_for_a_while_and_with_a_reason() {
        let (head, colleague) = (officer(1, Role::Approver), officer(2, Role::Undertaker));
        let with = |wish: Delegating, to: &Account| codes(delegate(&head, to, &wish, DAY));
        assert_eq!(with(wish(), &head), ["delegation.to"]);
        let mut stranger = colleague.clone();
        stranger.posts[0].region = region("150502");
        assert_eq!(with(wish(), &stranger), ["delegation.to"]);
        assert_eq!(with(wish(), &Account { disabled: true, ..colleague.clone() }), ["delegation.to"]);
        let administrator = Account { posts: vec![post(Role::SystemAdministrator)], ..colleague.clone() };
        assert_eq!(with(wish(), &administrator), ["account.separation"]);
        let silly = Delegating { from: date(2026, 3, 1), until: date(2026, 2, 1), reason: " ".into(), ..wish() };
        assert_eq!(with(silly, &colleague), ["delegation.past", "delegation.order", "text.required"]);
        assert_eq!(with(Delegating { until: date(2026, 6, 1), ..wish() }, &colleague), ["delegation.long"]);
        assert_eq!(
            with(Delegating { role: Role::Undertaker, ..wish() }, &colleague),
            ["delegation.post", "delegation.held"]
        );
    }

    #[test]
    fn art8_a_delegation_is_taken_back_by_whoever_gave_it() {
        let (head, mut colleague) = (officer(1, Role::Approver), officer(2, Role::Undertaker));
        colleague.apply(&delegate(&head, &colleague, &wish(), DAY).unwrap()[0], &meta());
        assert_eq!(end_delegation(&colleague, &colleague.id, 0, DAY).unwrap_err().code, "delegation.not_there");
        assert_eq!(end_delegation(&colleague, &head.id, 1, DAY).unwrap_err().code, "delegation.not_there");
        let wednesday = date(2026, 3, 4);
        colleague.apply(&end_delegation(&colleague, &head.id, 0, wednesday).unwrap()[0], &meta());
        let held = |day| colleague.posts.iter().any(|p| p.role == Role::Approver && p.held_on(day));
        assert!(held(date(2026, 3, 3)) && !held(wednesday));
        assert_eq!(end_delegation(&colleague, &head.id, 0, wednesday).unwrap_err().code, "delegation.over");
    }
}
