//! 数据导出 (A-21, S-34): the one place where many rows leave the platform. A reason is asked of everybody; a daily quota counts
//! rows; above a threshold a second person confirms; each file is downloaded once and carries its export's id.

mod list;
mod rows;
mod sheet;

pub use list::{ExportFilter, ExportRow, PAGE};

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    audit::signed,
    daily::Daily,
    failure::again,
    permission,
    stream::{Stream, stream_id},
};
use domain::{
    Moment,
    account::Post,
    export::{self, Asked, Export, ExportEvent, What},
    ids::{AccountId, ExportId},
    region::INNER_MONGOLIA,
};
use sheet::Mark;
use sm3::{Digest, Sm3};
use std::collections::BTreeMap;
use tokio::task::spawn_blocking;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Terms a filter may have.
const TERMS: usize = 10;
/// Longest value of one, in characters.
const LONGEST: usize = 200;

/// What somebody wants to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub what: What,
    /// Which of them, as in the address of the list.
    pub terms: BTreeMap<String, String>,
}

/// What the person reads before asking.
#[derive(Debug, Clone)]
pub struct Preview {
    /// How many rows fit; one more than the quota when there are more than that.
    pub rows: u64,
    /// The filter in words.
    pub words: Vec<(&'static str, String)>,
    /// Rows exported today.
    pub used: u64,
    /// Rows a day.
    pub quota: u64,
    /// Another person has to confirm it.
    pub second_person: bool,
}

/// One export.
#[derive(Debug, Clone)]
pub struct ExportPage {
    /// What was asked for.
    pub asked: Asked,
    /// Its story.
    pub export: Export,
    /// The filter in words.
    pub words: Vec<(&'static str, String)>,
    /// Until when it may be downloaded.
    pub until: Moment,
    /// The caller asked for it.
    pub own: bool,
    /// The caller may confirm or refuse it.
    pub may_confirm: bool,
}

/// A file that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, with the watermark.
    pub name: String,
    /// Media type.
    pub kind: &'static str,
    /// xlsx; the signed audit in a zip.
    pub content: Vec<u8>,
}

fn officer(call: &Call) -> Result<(&AccountId, &str, &[Post]), Failure> {
    match &call.actor {
        Actor::Officer { account, name, posts } => Ok((account, name, posts)),
        Actor::Public => Err(permission::Denied::NotSignedIn.into()),
        _ => Err(Failure::NotThere),
    }
}

fn whole() -> Object<'static> {
    Object { region: Some(INNER_MONGOLIA), ..Object::default() }
}

impl Platform {
    fn may_ask_for(&self, call: &Call, what: What) -> Result<(), Failure> {
        let (action, object) = match what {
            What::Audit => (Action::ReadAudit, whole()),
            What::Cases | What::Projects => (Action::ExportLists, Object::default()),
        };
        let _permit = permission::decide(&call.actor, action, object, self.rules.regions)?;
        Ok(())
    }

    fn may_confirm_export(&self, call: &Call, asked: &Asked) -> Result<(), Failure> {
        let (action, object) = match asked.what {
            What::Audit => (Action::ConfirmAuditExport, whole()),
            What::Cases | What::Projects => {
                let department = Some(asked.department.as_str());
                (Action::ConfirmExport, Object { department, region: Some(asked.region), ..Object::default() })
            }
        };
        let _permit = permission::decide(&call.actor, action, object, self.rules.regions)?;
        Ok(())
    }

    /// Whether exports are anything to the caller: to ask for, or to confirm.
    pub fn may_export(&self, call: &Call) -> bool {
        let may = |action, object| permission::decide(&call.actor, action, object, self.rules.regions).is_ok();
        may(Action::ExportLists, Object::default()) || may(Action::ConfirmAuditExport, whole())
    }

    /// How many rows would leave, and what stands in the way.
    pub async fn preview_export(&self, call: &Call, wanted: &Wanted) -> Result<Preview, Failure> {
        let bound = self.export_bound(wanted.what).await?;
        self.preview_until(call, wanted, bound).await
    }

    /// The newest thing there is.
    async fn export_bound(&self, what: What) -> Result<i64, Failure> {
        match what {
            What::Audit => Ok(self.store.audit_head().await.map_err(Failure::fault)?.seq),
            What::Cases | What::Projects => Ok(self.clock.now().0),
        }
    }

    async fn preview_until(&self, call: &Call, wanted: &Wanted, bound: i64) -> Result<Preview, Failure> {
        self.may_ask_for(call, wanted.what)?;
        let (account, _, posts) = officer(call)?;
        let quotas = &self.settings.quotas;
        let query = self.export_query((account, posts), wanted, bound).await?;
        let rows = self.count_export(&query, quotas.export_rows + 1).await?;
        Ok(Preview {
            rows,
            words: query.words,
            used: self.used_today(account, Daily::ExportRows).await?,
            quota: quotas.export_rows,
            second_person: rows > quotas.second_person_rows,
        })
    }

    /// 申请导出.
    pub async fn ask_export(&self, call: &Call, wanted: &Wanted, reason: &str) -> Result<ExportId, Failure> {
        self.may_ask_for(call, wanted.what)?;
        let (account, name, posts) = officer(call)?;
        let reason = export::reason(reason)?;
        let post = posts.first().ok_or(Failure::NotThere)?;
        let act = async {
            let bound = self.export_bound(wanted.what).await?;
            let preview = self.preview_until(call, wanted, bound).await?;
            export::within_quota(preview.used, preview.rows, preview.quota)?;
            let id = ExportId::from_random(self.chance.id());
            let stream = self.load::<Export>(id.as_str()).await?;
            let asked = Asked {
                id: id.clone(),
                what: wanted.what,
                terms: kept(&wanted.terms),
                rows: preview.rows,
                bound,
                reason: reason.clone(),
                by: account.clone(),
                by_name: name.to_owned(),
                department: post.department.clone(),
                region: post.region,
                second_person: preview.second_person,
            };
            let events = export::ask(&stream.state, asked)?;
            let mut change = self.change(call);
            change.because(reason.as_str());
            change.append(stream, &events)?;
            change.commit(id.as_str()).await?;
            Ok(id)
        };
        self.once(call, ExportId::parse, act).await
    }

    async fn load_export(&self, id: &ExportId) -> Result<(Stream<Export>, Asked), Failure> {
        let stream = self.load::<Export>(id.as_str()).await?;
        let asked = stream.state.asked.as_deref().cloned().ok_or(Failure::NotThere)?;
        Ok((stream, asked))
    }

    /// One export: for whoever asked, for whoever may confirm it, and for whoever reads the security audit.
    pub async fn export_page(&self, call: &Call, id: &ExportId) -> Result<ExportPage, Failure> {
        let (account, ..) = officer(call)?;
        let (stream, asked) = self.load_export(id).await?;
        let own = asked.by == *account;
        let may_confirm = self.may_confirm_export(call, &asked).is_ok();
        if !(own || may_confirm || self.may_read_audit(call)) {
            return Err(Failure::NotThere);
        }
        let wanted = Wanted { what: asked.what, terms: asked.terms.clone() };
        Ok(ExportPage {
            words: self.export_words(&wanted),
            until: export::ready_until(&stream.state, self.settings.quotas.download_hours),
            own,
            may_confirm: may_confirm && !own && stream.state.state == export::State::Waiting,
            export: stream.state,
            asked,
        })
    }

    async fn decide_export(
        &self,
        call: &Call,
        id: &ExportId,
        may: impl Fn(&Asked) -> Result<(), Failure>,
        decide: impl Fn(&Export) -> Result<Vec<ExportEvent>, domain::Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, asked) = self.load_export(id).await?;
            may(&asked)?;
            let events = decide(&stream.state)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// 确认导出: another person of the department, or of the general administration above it.
    pub async fn confirm_export(&self, call: &Call, id: &ExportId) -> Result<(), Failure> {
        let (account, name, _) = officer(call)?;
        let may = |asked: &Asked| self.may_decide_export(call, asked, account);
        self.decide_export(call, id, may, |found| export::confirm(found, (account, name))).await
    }

    /// 不同意导出.
    pub async fn reject_export(&self, call: &Call, id: &ExportId, why: &str) -> Result<(), Failure> {
        let (account, name, _) = officer(call)?;
        let may = |asked: &Asked| self.may_decide_export(call, asked, account);
        self.decide_export(call, id, may, |found| export::reject(found, (account, name), why)).await
    }

    /// Whoever asked hears why not; for anybody else without the right it does not exist.
    fn may_decide_export(&self, call: &Call, asked: &Asked, account: &AccountId) -> Result<(), Failure> {
        match self.may_confirm_export(call, asked) {
            Err(_) if asked.by != *account => Err(Failure::NotThere),
            Err(failure) if asked.what == What::Audit => Err(failure),
            _ => Ok(()),
        }
    }

    /// 撤回申请.
    pub async fn withdraw_export(&self, call: &Call, id: &ExportId) -> Result<(), Failure> {
        let (account, name, _) = officer(call)?;
        let may = |asked: &Asked| if asked.by == *account { Ok(()) } else { Err(Failure::NotThere) };
        self.decide_export(call, id, may, |found| export::withdraw(found, (account, name))).await
    }

    /// The file: once, within its hours, counted in the quota of the day, recorded before it leaves. The rows are those the
    /// person may see now, of what was there when it was asked for.
    pub async fn take_export(&self, call: &Call, id: &ExportId) -> Result<File, Failure> {
        let (account, name, posts) = officer(call)?;
        let quotas = &self.settings.quotas;
        again(|| async {
            let (stream, asked) = self.load_export(id).await?;
            if asked.by != *account {
                return Err(Failure::NotThere);
            }
            let now = self.clock.now();
            export::may_take(&stream.state, account, now, quotas.download_hours)?;
            self.may_ask_for(call, asked.what)?;
            let wanted = Wanted { what: asked.what, terms: asked.terms.clone() };
            let query = self.export_query((account, posts), &wanted, asked.bound).await?;
            let rows = self.export_rows(&query, asked.rows + 1).await?;
            let count = rows.len() as u64;
            if count > asked.rows {
                let words = format!("符合条件的数据已多于申请时的 {} 行，请重新申请。", asked.rows);
                return Err(domain::Refusal::new("export.changed", words).into());
            }
            export::within_quota(self.used_today(account, Daily::ExportRows).await?, count, quotas.export_rows)?;
            let mark = Mark { id, by: name, at: now, reason: &asked.reason, what: asked.what };
            let content = sheet::write(&mark, query.columns, &rows).map_err(Failure::fault)?;
            let events = export::take(count, hex::encode(Sm3::digest(&content)));
            let mut change = self.change(call);
            change.because(asked.reason.as_str());
            self.use_today(&mut change, account, Daily::ExportRows, count, quotas.export_rows);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await?;
            let name = format!("{}-{}-{id}", asked.what.slug(), now.date());
            match self.evidence.signer.clone().filter(|_| asked.what == What::Audit) {
                None => Ok(File { name: format!("{name}.xlsx"), kind: XLSX, content }),
                // The audit leaves signed where there is a key (S-14).
                Some(signer) => {
                    let zip =
                        spawn_blocking(move || signed(signer.as_ref(), &content)).await.map_err(Failure::fault)?;
                    Ok(File { name: format!("{name}.zip"), kind: "application/zip", content: zip? })
                }
            }
        })
        .await
    }

    /// The stream of an export, as the security audit names it.
    pub fn export_object(id: &ExportId) -> String {
        stream_id::<Export>(id.as_str())
    }
}

/// Only so many terms, and none of endless length.
fn kept(terms: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let short = |text: &str| text.trim().chars().take(LONGEST).collect::<String>();
    let pairs = terms.iter().map(|(name, value)| (short(name), short(value)));
    pairs.filter(|(_, value)| !value.is_empty()).take(TERMS).collect()
}
