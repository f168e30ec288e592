//! Use cases of project units: registration, and what others see of one.

use crate::{Action, Call, Failure, Object, Platform, account, permission};
use domain::{
    Refusal,
    account::{Account, AccountEvent, Holder},
    credit_code::CreditCode,
    hidden::Hidden,
    ids::{AccountId, UnitId},
    region::RegionCode,
    unit::{self, ProjectUnit, UnitEvent},
};
use ledger::Refused;

/// What a unit fills in to open its place on the platform.
#[derive(Clone, Default)]
pub struct RegisterUnit {
    /// Full registered name.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// Region code of its seat.
    pub region: String,
    /// 单位性质.
    pub nature: String,
    /// Contact person; sealed.
    pub contact_name: String,
    /// Contact phone; sealed.
    pub contact_phone: String,
    /// Sign-in name of the first agent.
    pub login: String,
    /// Password; `None` in simulation, where nobody signs in.
    pub password: Option<Hidden<String>>,
    /// Privacy notice was shown and agreed to.
    pub privacy_agreed: bool,
}

/// 单位性质: options of the registration form.
pub const NATURES: [(&str, &str); 6] = [
    ("private", "民营企业"),
    ("state_owned", "国有企业"),
    ("foreign", "外商投资企业"),
    ("institution", "事业单位"),
    ("organ", "党政机关"),
    ("other", "其他组织"),
];

/// Version of the privacy notice shown at registration.
pub const PRIVACY_NOTICE: &str = "2026-11";

struct Checked {
    name: String,
    credit_code: String,
    region: RegionCode,
    login: String,
}

impl RegisterUnit {
    fn check(&self, platform: &Platform) -> Result<Checked, Vec<Refusal>> {
        let mut faults = Vec::new();
        let mut take = |result: Result<String, Refusal>| {
            result.unwrap_or_else(|r| {
                faults.push(r);
                String::new()
            })
        };
        let name = take(unit::check_name(&self.name));
        let credit_code =
            take(CreditCode::parse(&self.credit_code).map(|c| c.as_str().to_owned()).map_err(|fault| {
                Refusal::field("credit_code", "credit_code", fault.to_string()).article("GB 32100-2015")
            }));
        let login = take(account::check_login(&self.login));
        let _ = take(phone(&self.contact_phone));
        let _ = take(person(&self.contact_name));
        if !NATURES.iter().any(|(slug, _)| *slug == self.nature) {
            faults.push(Refusal::field("nature", "unit.nature", "请选择单位性质。"));
        }
        let region = RegionCode::parse(&self.region).filter(|r| platform.rules.regions.exists(*r));
        if region.is_none() {
            faults.push(Refusal::field("region", "unit.region", "请选择单位所在地。"));
        }
        if let Some(password) = &self.password {
            faults.extend(account::check_password(password, &self.login, 10).err());
        }
        if !self.privacy_agreed {
            faults.push(
                Refusal::field("privacy_agreed", "unit.privacy", "请阅读个人信息处理告知并勾选同意。")
                    .article("个人信息保护法第十七条"),
            );
        }
        match region {
            Some(region) if faults.is_empty() => Ok(Checked { name, credit_code, region, login }),
            _ => Err(faults),
        }
    }
}

fn phone(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let fits = (7..=15).contains(&digits) && text.bytes().all(|b| b.is_ascii_digit() || b"+- ".contains(&b));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Refusal::field("contact_phone", "unit.phone", "请填写联系电话，例如 0471-1234567 或 11 位手机号。"))
    }
}

fn person(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (2..=50).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Refusal::field("contact_name", "unit.person", "请填写联系人姓名（2 至 50 个字）。"))
    }
}

impl Platform {
    /// Opens a unit's place with its first agent's account.
    pub async fn register_unit(&self, call: &Call, form: &RegisterUnit) -> Result<(UnitId, AccountId), Failure> {
        let _permit = permission::decide(&call.actor, Action::RegisterUnit, Object::default(), self.rules.regions)?;
        let checked = form.check(self)?;
        let unit_id = UnitId::from_random(self.chance.id());
        let account_id = AccountId::from_random(self.chance.id());
        let phc = match &form.password {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let mut change = self.change(call);
        let unit = self.load::<ProjectUnit>(unit_id.as_str()).await?;
        let account = self.load::<Account>(account_id.as_str()).await?;
        change.append_sealed(
            unit,
            &[UnitEvent::UnitRegistered {
                id: unit_id.clone(),
                name: checked.name,
                credit_code: checked.credit_code,
                region: checked.region.as_str().to_owned(),
                nature: form.nature.clone(),
                privacy_notice: PRIVACY_NOTICE.to_owned(),
            }],
            vec![
                (unit::SEALED_CONTACT_NAME.to_owned(), form.contact_name.trim().to_owned()),
                (unit::SEALED_CONTACT_PHONE.to_owned(), form.contact_phone.trim().to_owned()),
            ],
        )?;
        change.append(
            account,
            &[AccountEvent::AccountOpened {
                id: account_id.clone(),
                login: checked.login,
                name: "经办人".to_owned(),
                holder: Holder::Unit(unit_id.clone()),
                agency: None,
            }],
        )?;
        if let Some(phc) = phc {
            for row in self.credential_rows(&account_id, phc)? {
                change.row(row);
            }
        }
        change
            .commit_or(unit_id.as_str(), |refused| match refused {
                Refused::Taken(what) if what.as_deref().is_some_and(|w| w.contains("credit_code")) => Refusal::field(
                    "credit_code",
                    "unit.taken",
                    "该统一社会信用代码已经注册。如非本单位所为，请联系平台技术支持；如已注册请直接登录。",
                )
                .into(),
                Refused::Taken(what) if what.as_deref().is_some_and(|w| w.contains("login")) => {
                    Refusal::field("login", "account.taken", "该登录名已被使用，请换一个。").into()
                }
                other => crate::stream::refused(other),
            })
            .await?;
        Ok((unit_id, account_id))
    }

    /// A unit's registered facts.
    pub async fn unit(&self, call: &Call, id: &UnitId) -> Result<ProjectUnit, Failure> {
        let object = Object { unit: Some(id), ..Object::default() };
        let _permit = permission::decide(&call.actor, Action::ReadProject, object, self.rules.regions)?;
        let unit = self.load::<ProjectUnit>(id.as_str()).await?;
        if unit.exists() { Ok(unit.state) } else { Err(Failure::NotThere) }
    }
}
