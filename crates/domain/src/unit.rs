//! 项目单位: the enterprise, institution or organ that builds a project.

use crate::{Aggregate, Meta, Moment, Refusal, ids::UnitId};
use serde::{Deserialize, Serialize};

/// Facts about a project unit. Contact persons are sealed beside `UnitRegistered`, never in its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum UnitEvent {
    /// The unit opened its place on the platform.
    UnitRegistered {
        /// Its id.
        id: UnitId,
        /// Full registered name.
        name: String,
        /// 统一社会信用代码, checked.
        credit_code: String,
        /// Region code of its seat.
        region: String,
        /// 单位性质, an option of the declaration form.
        nature: String,
        /// Version of the privacy notice that was shown (个人信息保护法第十七条).
        privacy_notice: String,
    },
}

/// Names under which `UnitRegistered` seals personal data.
pub const SEALED_CONTACT_NAME: &str = "contact_name";
/// See [`SEALED_CONTACT_NAME`].
pub const SEALED_CONTACT_PHONE: &str = "contact_phone";

/// 项目单位, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectUnit {
    /// Its id.
    pub id: UnitId,
    /// Full registered name.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// Region code of its seat.
    pub region: String,
    /// 单位性质.
    pub nature: String,
    /// When it registered.
    pub registered_at: Moment,
}

impl Aggregate for ProjectUnit {
    const KIND: &'static str = "unit";
    type Event = UnitEvent;

    fn apply(&mut self, event: &UnitEvent, meta: &Meta) {
        match event {
            UnitEvent::UnitRegistered { id, name, credit_code, region, nature, privacy_notice: _ } => {
                *self = Self {
                    id: id.clone(),
                    name: name.clone(),
                    credit_code: credit_code.clone(),
                    region: region.clone(),
                    nature: nature.clone(),
                    registered_at: meta.at,
                };
            }
        }
    }
}

/// A unit's name: 2 to 100 characters, no control characters.
pub fn check_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    if !(2..=100).contains(&length) || name.chars().any(char::is_control) {
        return Err(Refusal::field("name", "unit.name", "请填写营业执照或登记证书上的单位全称（2 至 100 个字）。"));
    }
    Ok(name.to_owned())
}
