//! 审计留存: how long records of the security audit stay, where they came from, how full their store is
//! (GB/T 22239-2019 8.1.4.3, 8.1.3.5; 网络安全法: network logs for at least six months).

use crate::{Moment, Refusal};

/// No record younger than this is ever archived: the six months of the Cybersecurity Law (L-11).
pub const FLOOR_DAYS: i64 = 180;
/// Share of the store, in percent, from which the administrators are warned (S-15).
pub const WARN_AT: u8 = 80;
/// Share at which nothing is changed any more.
pub const FULL_AT: u8 = 100;
const DAY: i64 = 24 * 3_600_000;

/// How many days records stay online: what the administrator set, when the law allows it.
pub fn retention(days: i64) -> Result<i64, Refusal> {
    if days < FLOOR_DAYS {
        let words = format!(
            "审计记录的在线留存时间为 {days} 天，少于 {FLOOR_DAYS} 天。网络日志应当留存不少于六个月，请改为 {FLOOR_DAYS} 天以上。"
        );
        return Err(
            Refusal::field("audit_days", "evidence.floor", words).article("网络安全法（2016年）第二十一条第三项")
        );
    }
    Ok(days)
}

/// Records before this moment may be archived, however short the retention was set.
pub fn archive_before(now: Moment, days: i64) -> Moment {
    Moment(now.0 - days.max(FLOOR_DAYS) * DAY)
}

/// 来源区域: from where somebody works with the platform; each is analysed apart (8.1.3.5 d).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// 互联网: the portal.
    Internet,
    /// 政务外网: officers at their work.
    Office,
    /// 远程管理: the three administrators, whatever they do.
    Management,
    /// 接口: other systems.
    Interface,
    /// 平台自身: what the platform noticed by itself.
    Platform,
}

impl Zone {
    /// All, in the order they are shown.
    pub const ALL: [Self; 5] = [Self::Internet, Self::Office, Self::Management, Self::Interface, Self::Platform];

    /// The zone of an act that came through a face.
    pub fn of(face: &str, administers: bool) -> Self {
        match face {
            "portal" => Self::Internet,
            "api" => Self::Interface,
            "management" => Self::Management,
            "office" if administers => Self::Management,
            "office" => Self::Office,
            _ => Self::Platform,
        }
    }

    /// As it stands in a record.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Internet => "portal",
            Self::Office => "office",
            Self::Management => "management",
            Self::Interface => "api",
            Self::Platform => "platform",
        }
    }

    /// Reads what stands in a record; the platform's own had none before there were zones.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zone| zone.slug() == slug).or(slug.is_empty().then_some(Self::Platform))
    }

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Internet => "互联网",
            Self::Office => "内网",
            Self::Management => "远程管理",
            Self::Interface => "接口",
            Self::Platform => "平台自身",
        }
    }

    /// Who works there.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Internet => "项目单位和社会公众通过门户的操作",
            Self::Office => "工作人员在审批监管系统中的操作",
            Self::Management => "系统、安全、审计管理员的全部操作",
            Self::Interface => "其他系统通过数据交换接口的操作",
            Self::Platform => "平台自己发现的情况，例如时钟跳变、记录不符",
        }
    }
}

/// How full the store of the audit is, in percent: the fuller of its two measures. `least` bytes must stay free on the disk;
/// where it cannot be measured the records alone count.
pub fn fullness(records: i64, most: i64, free: Option<u64>, least: u64) -> u8 {
    let share = |part: i128, whole: i128| u8::try_from((part * 100 / whole.max(1)).clamp(0, 100)).unwrap_or(FULL_AT);
    let disk = free.map_or(0, |free| if free <= least { FULL_AT } else { share(least.into(), free.into()) });
    share(records.into(), most.into()).max(disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l11_no_setting_goes_below_six_months() {
        assert_eq!(retention(180), Ok(180));
        assert_eq!(retention(1095), Ok(1095));
        for days in [179, 0, -1] {
            let refusal = retention(days).unwrap_err();
            assert_eq!(refusal.code, "evidence.floor");
            assert!(refusal.message.contains("不少于六个月") && refusal.article.is_some());
        }
        let now = Moment(1_000 * DAY);
        assert_eq!(archive_before(now, 10), Moment(820 * DAY), "even if the setting got past");
        assert_eq!(archive_before(now, 365), Moment(635 * DAY));
    }

    #[test]
    fn s47_every_act_has_one_zone() {
        assert_eq!(Zone::of("portal", false), Zone::Internet);
        assert_eq!(Zone::of("office", false), Zone::Office);
        assert_eq!(Zone::of("office", true), Zone::Management);
        assert_eq!(Zone::of("api", false), Zone::Interface);
        assert_eq!(Zone::of("", false), Zone::Platform);
        for zone in Zone::ALL {
            assert_eq!(Zone::parse(zone.slug()), Some(zone));
        }
        assert_eq!((Zone::parse(""), Zone::parse("x")), (Some(Zone::Platform), None));
    }

    #[test]
    fn s15_the_store_is_as_full_as_its_fuller_measure() {
        assert_eq!(fullness(0, 100, None, 10), 0);
        assert_eq!(fullness(79, 100, None, 10), 79);
        assert_eq!(fullness(100, 100, None, 10), 100);
        assert_eq!(fullness(500, 100, None, 10), 100);
        assert_eq!(fullness(1, 100, Some(100), 10), 10);
        assert_eq!(fullness(1, 100, Some(12), 10), 83, "the disk warns");
        assert_eq!(fullness(1, 100, Some(10), 10), 100);
        assert_eq!(fullness(1, 100, Some(0), 0), 100);
        assert_eq!(fullness(i64::MAX, 0, Some(u64::MAX), u64::MAX), 100);
    }
}
