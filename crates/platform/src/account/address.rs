//! Another mail address or phone number: whoever changes one proves both factors again; it counts after a day; the old
//! address is told at once, and until then its owner can stop it.

use super::{Face, factor::Offer, session::Owed};
use crate::{
    Call, Failure, Platform,
    failure::again,
    ports::Letter,
    stream::{Change, stream_id},
};
use domain::{
    Moment, Refusal,
    ids::AccountId,
    notification::{Form, Pending, Preferences, PreferencesEvent, choose, leaving_name, revise, sealed_name, taken},
};
use ledger::Row;
use std::collections::BTreeMap;

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;
/// How long a node tries to tell an address before another pass tries again, in milliseconds.
const LEASE: i64 = 10 * 60_000;
/// Accounts worked on in one pass.
const AT_ONCE: i64 = 100;

/// What became of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// Everything counts from now on.
    Now,
    /// New addresses count from that moment on.
    Later(Moment),
}

/// New addresses that do not count yet, for their owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingView {
    /// Names of the channels.
    pub channels: Vec<String>,
    /// From when on they count.
    pub due: Moment,
}

/// How a person proves who they are once more.
pub struct Proving<'a> {
    /// The face of the session.
    pub face: Face,
    /// The session's token.
    pub token: &'a str,
    /// Password and code.
    pub proofs: (&'a str, &'a str),
    /// Where from.
    pub source: &'a str,
}

fn recovery() -> Refusal {
    let words = "更换通知地址不能使用恢复代码，请用验证器、证书或者通行密钥。都丢失的，请先由管理员重置双因素认证。";
    Refusal::field("code", "address.recovery", words).article("GB/T 22239-2019 8.1.4.1")
}

fn young(hours: i64) -> Refusal {
    let words = format!("双因素认证刚刚启用或者重置，{hours} 小时后才能更换通知地址。其他设置可以照常保存。");
    Refusal::new("address.young", words).article("GB/T 22239-2019 8.1.4.1")
}

/// What the addresses of before are told.
fn letter(id: String, channel: &str, address: String, due: Moment, now: Moment) -> Letter {
    let text = format!(
        "您在内蒙古自治区投资项目在线审批监管平台的账号于 {} 申请更换或者清空通知地址，新的地址最迟于 {} 生效。如果不是您本人操作，\
         请立即登录平台，在“账户中心”停止这项变动，修改密码，并结束其他全部登录。",
        now.display(),
        due.display()
    );
    Letter { id, channel: channel.to_owned(), address, subject: "通知地址即将变动".to_owned(), text }
}

impl Platform {
    fn address_delay(&self) -> i64 {
        self.settings.sign_in.address_hours * HOUR
    }

    /// Chooses anew, as a whole, as the person whose session it is. An address that is new, another one or gone takes password and
    /// second factor once more.
    pub async fn choose_own_notifications(
        &self,
        call: &Call,
        form: &Form,
        by: &Proving<'_>,
    ) -> Result<Chosen, Failure> {
        self.choose_with(call, form, Some(by)).await
    }

    /// The same for somebody who was identified otherwise: command line, demonstration. No door leads here.
    pub async fn choose_notifications(&self, call: &Call, form: &Form) -> Result<Chosen, Failure> {
        self.choose_with(call, form, None).await
    }

    async fn choose_with(&self, call: &Call, form: &Form, by: Option<&Proving<'_>>) -> Result<Chosen, Failure> {
        let account = self.recipient(call)?;
        let chosen = async {
            let (chosen, before) = again(|| self.choose_once(call, account, form, by)).await?;
            self.erase_addresses(
                account,
                before.version,
                before.choice.iter().flat_map(|choice| choice.channels.keys()),
            )
            .await?;
            let pending = self.load::<Preferences>(account.as_str()).await?.state.pending;
            if let Some(old) = before.pending.filter(|old| pending.as_ref() != Some(old)) {
                self.erase_addresses(account, old.version, old.channels.keys()).await?;
            }
            Ok(chosen)
        };
        self.once(
            call,
            |done| done.parse().ok().map(|at| if at == 0 { Chosen::Now } else { Chosen::Later(Moment(at)) }),
            chosen,
        )
        .await
    }

    async fn choose_once(
        &self,
        call: &Call,
        account: &AccountId,
        form: &Form,
        by: Option<&Proving<'_>>,
    ) -> Result<(Chosen, Preferences), Failure> {
        let stream = self.load::<Preferences>(account.as_str()).await?;
        let before = stream.state.clone();
        let (choice, addresses) = choose(form, self.rules.notification)?;
        let present = self.present_addresses(account, &before).await?;
        let (now, delay) = (self.clock.now(), self.address_delay());
        let revised = revise(&before, &present, choice, addresses, delay > 0);
        let mut change = self.change(call);
        if let Some(by) = by.filter(|_| revised.proof && delay > 0) {
            self.prove_address(&mut change, call, by, account, before.choice.is_some()).await?;
        }
        let due = Moment(now.0 + delay);
        let stream =
            change.append_sealed(stream, &[PreferencesEvent::PreferencesChosen(revised.now)], revised.sealed)?;
        let version = stream.state.version;
        let stream = match before.pending.as_ref().filter(|_| revised.stops) {
            Some(old) => change.append(stream, &[stopped(old)])?,
            None => stream,
        };
        let chosen = if revised.later.is_empty() { Chosen::Now } else { Chosen::Later(due) };
        if chosen != Chosen::Now {
            let proposed = PreferencesEvent::AddressesProposed { channels: revised.later, due };
            change.append_sealed(stream, &[proposed], revised.sealed_later)?;
        }
        if revised.told && delay > 0 {
            change.row(Row::new(
                "INSERT INTO address_notices(account_id, version, due_at, next_at) VALUES($1, $2, $3, $4)",
                [account.as_str().into(), version.into(), due.0.into(), now.0.into()],
            ));
        }
        let done = if chosen == Chosen::Now { 0 } else { due.0 };
        change.commit(&done.to_string()).await?;
        Ok((chosen, before))
    }

    /// The addresses that count at present, by channel.
    async fn present_addresses(
        &self,
        account: &AccountId,
        preferences: &Preferences,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let mut present = BTreeMap::new();
        for channel in preferences.choice.iter().flat_map(|choice| choice.channels.keys()) {
            if let Some(address) = self.sealed_address(account, preferences, channel).await? {
                present.insert(channel.clone(), address);
            }
        }
        Ok(present)
    }

    /// Both factors once more. A recovery code is for whoever has lost the factor, and a factor that was enrolled a moment ago may
    /// be a thief's: neither moves an address that is there already.
    async fn prove_address(
        &self,
        change: &mut Change<'_>,
        call: &Call,
        by: &Proving<'_>,
        account: &AccountId,
        moves: bool,
    ) -> Result<(), Failure> {
        let (session, own, _) = self.own(call, by.face, by.token, &[Owed::Nothing]).await?;
        if own != *account {
            return Err(Failure::NotThere);
        }
        let code = by.proofs.1;
        if self.factors(account).await? > 0 {
            if !code.trim().is_empty() && matches!(Offer::of(code), Offer::Recovery(_)) {
                return Err(recovery().into());
            }
            let oldest = self.oldest_factor(account).await?;
            if moves && self.clock.now().0 - oldest < self.address_delay() {
                return Err(young(self.settings.sign_in.address_hours).into());
            }
        }
        self.prove_change(change, by.face, &session, account, by.proofs, by.source).await
    }

    async fn oldest_factor(&self, account: &AccountId) -> Result<i64, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT COALESCE(MIN(f.at), 0) AS at FROM (SELECT at FROM second_factors WHERE account_id = $1 AND state = 'live' \
                 UNION ALL SELECT at FROM sign_in_keys WHERE account_id = $1) f",
                [account.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        row.map_or(Ok(0), |row| row.try_get("", "at")).map_err(Failure::fault)
    }

    /// Addresses are kept no longer than they are used; the chain stays verifiable without them.
    async fn erase_addresses(
        &self,
        account: &AccountId,
        version: i64,
        channels: impl Iterator<Item = &String>,
    ) -> Result<(), Failure> {
        for channel in channels {
            self.erase_sealed(account, version, &sealed_name(channel)).await?;
        }
        Ok(())
    }

    async fn erase_sealed(&self, account: &AccountId, version: i64, name: &str) -> Result<(), Failure> {
        let stream = stream_id::<Preferences>(account.as_str());
        self.store.erase_secret(&stream, version, name).await.map_err(crate::stream::refused)?;
        Ok(())
    }

    async fn open_address(&self, account: &AccountId, version: i64, name: &str) -> Result<Option<String>, Failure> {
        let stream = stream_id::<Preferences>(account.as_str());
        let opened = self.store.secret(&stream, version, name, &self.sealer).await;
        opened.map_err(Failure::fault)?.map(|bytes| String::from_utf8(bytes).map_err(Failure::fault)).transpose()
    }

    /// New addresses of the person that do not count yet.
    pub async fn pending_addresses(&self, call: &Call) -> Result<Option<PendingView>, Failure> {
        let account = self.recipient(call)?;
        let pending = self.load::<Preferences>(account.as_str()).await?.state.pending;
        let name = |id: &String| self.rules.notification.channel(id).map_or_else(|| id.clone(), |c| c.name.clone());
        Ok(pending.map(|p| PendingView { channels: p.channels.keys().map(name).collect(), due: p.due }))
    }

    /// Stops them: the session alone is enough, for nothing is lost by it.
    pub async fn stop_addresses(&self, call: &Call) -> Result<(), Failure> {
        let account = self.recipient(call)?;
        let act = async {
            let old = again(|| async {
                let stream = self.load::<Preferences>(account.as_str()).await?;
                let Some(old) = stream.state.pending.clone() else { return Ok(None) };
                let mut change = self.change(call);
                change.append(stream, &[stopped(&old)])?;
                change.commit(account.as_str()).await?;
                Ok(Some(old))
            })
            .await?;
            match old {
                Some(old) => self.erase_addresses(account, old.version, old.channels.keys()).await,
                None => Err(Refusal::new("address.none", "没有等待生效的通知地址，可能已经生效或者停止。").into()),
            }
        };
        self.once(call, |_| Some(()), act).await
    }

    /// New addresses whose time has come count from now on.
    pub(crate) async fn take_due_addresses(&self, call: &Call) -> Result<(), Failure> {
        let rows = self
            .store
            .query(
                "SELECT account_id FROM address_changes WHERE due_at <= $1 ORDER BY due_at, account_id LIMIT $2",
                [self.clock.now().0.into(), AT_ONCE.into()],
            )
            .await
            .map_err(Failure::fault)?;
        for row in &rows {
            let account = AccountId(row.try_get("", "account_id").map_err(Failure::fault)?);
            let before = again(|| self.take_addresses(call, &account)).await?;
            let Some(before) = before else { continue };
            let channels = before.choice.iter().flat_map(|choice| choice.channels.keys());
            self.erase_addresses(&account, before.version, channels).await?;
            if let Some(pending) = &before.pending {
                self.erase_addresses(&account, pending.version, pending.channels.keys()).await?;
            }
        }
        Ok(())
    }

    /// How it stood before; `None` when another node was faster or the owner stopped it.
    async fn take_addresses(&self, call: &Call, account: &AccountId) -> Result<Option<Preferences>, Failure> {
        let stream = self.load::<Preferences>(account.as_str()).await?;
        let before = stream.state.clone();
        let due = before.pending.clone().filter(|pending| pending.due <= self.clock.now());
        let (Some(pending), Some(choice)) = (due, taken(&before)) else { return Ok(None) };
        let mut sealed = Vec::new();
        for channel in choice.channels.keys() {
            let version = if pending.channels.contains_key(channel) { pending.version } else { before.version };
            let name = sealed_name(channel);
            if let Some(address) = self.open_address(account, version, &name).await? {
                sealed.push((name, address));
            }
        }
        let mut change = self.change(call);
        change.append_sealed(stream, &[PreferencesEvent::AddressesTaken(choice)], sealed)?;
        change.commit(account.as_str()).await?;
        Ok(Some(before))
    }

    /// Tells the addresses of before that there will be others.
    pub(crate) async fn tell_addresses(&self, call: &Call) -> Result<(), Failure> {
        let now = self.clock.now();
        let rows = self
            .store
            .query(
                "SELECT account_id, version, due_at, next_at FROM address_notices WHERE next_at <= $1 ORDER BY next_at, account_id LIMIT $2",
                [now.0.into(), AT_ONCE.into()],
            )
            .await
            .map_err(Failure::fault)?;
        for row in &rows {
            let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
            let account = AccountId(row.try_get("", "account_id").map_err(Failure::fault)?);
            let (version, due, next) = (number("version")?, number("due_at")?, number("next_at")?);
            let mut lease = self.change(call);
            lease.exactly_one(Row::new(
                "UPDATE address_notices SET next_at = $4 WHERE account_id = $1 AND version = $2 AND next_at = $3",
                [account.as_str().into(), version.into(), next.into(), (now.0 + LEASE).into()],
            ));
            match lease.commit("notification").await {
                Ok(()) => {}
                Err(Failure::Conflict) => continue,
                Err(other) => return Err(other),
            }
            let told = self.tell_one(&account, version, Moment(due), now).await?;
            if told || now.0 >= due {
                self.forget_notice(call, &account, version).await?;
            }
        }
        Ok(())
    }

    /// Whether every address on an open channel took it.
    async fn tell_one(&self, account: &AccountId, version: i64, due: Moment, now: Moment) -> Result<bool, Failure> {
        let preferences = self.load::<Preferences>(account.as_str()).await?.state;
        let present = self.present_addresses(account, &preferences).await?;
        let mut all = true;
        for channel in self.rules.notification.channels.iter().filter(|channel| self.courier.serves(&channel.id)) {
            let leaving = self.open_address(account, version, &leaving_name(&channel.id)).await?;
            for (n, address) in present.get(&channel.id).cloned().into_iter().chain(leaving).enumerate() {
                let id = format!("address-{account}-{version}-{}-{n}", channel.id);
                let answer = self.courier.deliver(&letter(id, &channel.id, address, due, now)).await;
                if let Err(why) = &answer {
                    tracing::warn!(reason = why.reason, "an address could not be told of its change");
                }
                all &= answer.is_ok() || answer.is_err_and(|why| why.permanent);
            }
        }
        Ok(all)
    }

    async fn forget_notice(&self, call: &Call, account: &AccountId, version: i64) -> Result<(), Failure> {
        for channel in &self.rules.notification.channels {
            self.erase_sealed(account, version, &leaving_name(&channel.id)).await?;
        }
        let mut change = self.change(call);
        change.row(Row::new(
            "DELETE FROM address_notices WHERE account_id = $1 AND version = $2",
            [account.as_str().into(), version.into()],
        ));
        change.commit("notification").await
    }
}

fn stopped(pending: &Pending) -> PreferencesEvent {
    PreferencesEvent::AddressesStopped { channels: pending.channels.keys().cloned().collect() }
}
