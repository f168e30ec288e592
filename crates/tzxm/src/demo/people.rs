//! Who can be met in the demonstration: units and officers, all invented.

use crate::serve::Face;
use domain::{
    account::{Post, Role},
    region::RegionCode,
};
use jiff::civil::Date;

/// Password of every account of the demonstration.
pub const PASSWORD: &str = "Caoyuan-2026-Demo";

/// A project unit.
pub struct Unit {
    pub login: &'static str,
    pub name: &'static str,
    pub region: &'static str,
    pub nature: &'static str,
    pub contact: &'static str,
}

const fn unit(
    login: &'static str,
    name: &'static str,
    region: &'static str,
    nature: &'static str,
    contact: &'static str,
) -> Unit {
    Unit { login, name, region, nature, contact }
}

/// Units, in the order the plan counts them.
pub const UNITS: [Unit; 5] = [
    unit("demo-unit", "赤峰红山演示新材料有限公司", "150402", "private", "王建国"),
    unit("demo-wind", "锡林郭勒演示风电有限公司", "152502", "state_owned", "苏日娜"),
    unit("demo-school", "呼和浩特市新城区演示教育发展中心", "150102", "institution", "李慧敏"),
    unit("demo-ordos", "鄂尔多斯东胜演示化工有限公司", "150602", "private", "赵永强"),
    unit("demo-hulun", "满洲里演示口岸物流有限公司", "150781", "foreign", "陈晓东"),
];

/// An officer: sign-in name, name, and posts as department, region, role.
pub struct Officer {
    pub login: &'static str,
    pub name: &'static str,
    posts: &'static [(&'static str, &'static str, Role)],
}

use Role::{
    Approver as A, AuditAdministrator as J, DepartmentManager as M, GeneralAdministration as G, Receptionist as R,
    Reviewer as H, SecurityAdministrator as Q, Supervisor as S, SystemAdministrator as Y, Undertaker as U,
};

const fn officer(
    login: &'static str,
    name: &'static str,
    posts: &'static [(&'static str, &'static str, Role)],
) -> Officer {
    Officer { login, name, posts }
}

/// Sign-in names of those who write, review and publish the guides of the region's development and reform commission.
pub const GUIDE_KEEPERS: [&str; 3] = ["zizhiqu-fagai", "zizhiqu-fagai-sh", "zizhiqu-fagai-fz"];

/// Officers whose names are worth remembering; others come by [`desk`].
pub const OFFICERS: [Officer; 27] = [
    officer("hongshan-fagai", "张明", &[("development_reform", "150402", R), ("development_reform", "150402", U)]),
    officer("hongshan-fagai-sp", "刘志远", &[("development_reform", "150402", A), ("development_reform", "150402", M)]),
    officer("hongshan-fagai-sh", "陈晓燕", &[("development_reform", "150402", H)]),
    officer("hongshan-ziran", "包玉兰", &[("natural_resources", "150402", R), ("natural_resources", "150402", U)]),
    officer("hongshan-ziran-sp", "孙立军", &[("natural_resources", "150402", A), ("natural_resources", "150402", M)]),
    officer("hongshan-ziran-sh", "王立新", &[("natural_resources", "150402", H)]),
    officer("chifeng-huanjing", "乌云其木格", &[("ecology", "150400", R), ("ecology", "150400", U)]),
    officer("chifeng-huanjing-sp", "周海涛", &[("ecology", "150400", A), ("ecology", "150400", M)]),
    officer("chifeng-huanjing-sh", "萨仁", &[("ecology", "150400", H)]),
    officer("hongshan-shuili", "郭文静", &[("water", "150402", R), ("water", "150402", U), ("water", "150402", A)]),
    officer("hongshan-shuili-sh", "赵国栋", &[("water", "150402", H)]),
    officer("hongshan-shuili-sp", "李建军", &[("water", "150402", A), ("water", "150402", M)]),
    officer(
        "xincheng-fagai",
        "高志强",
        &[
            ("development_reform", "150102", R),
            ("development_reform", "150102", U),
            ("development_reform", "150102", A),
        ],
    ),
    officer("xincheng-fagai-sh", "郝丽娟", &[("development_reform", "150102", H)]),
    officer("xincheng-fagai-sp", "宋伟", &[("development_reform", "150102", A), ("development_reform", "150102", M)]),
    officer("zizhiqu-nengyuan", "巴特尔", &[("energy", "150000", R), ("energy", "150000", U), ("energy", "150000", A)]),
    officer("zizhiqu-nengyuan-sh", "娜仁花", &[("energy", "150000", H)]),
    officer("zizhiqu-nengyuan-sp", "韩志刚", &[("energy", "150000", A), ("energy", "150000", M)]),
    officer("zizhiqu-zonghe", "白雪梅", &[("development_reform", "150000", G)]),
    officer("zizhiqu-jiancha", "斯琴高娃", &[("development_reform", "150000", S)]),
    officer(GUIDE_KEEPERS[0], "萨仁", &[("development_reform", "150000", U)]),
    officer(GUIDE_KEEPERS[1], "何俊峰", &[("development_reform", "150000", H)]),
    officer(GUIDE_KEEPERS[2], "额尔德尼", &[("development_reform", "150000", M)]),
    officer("zizhiqu-xitong", "田野", &[("development_reform", "150000", Y)]),
    officer("zizhiqu-anquan", "其其格", &[("development_reform", "150000", Q)]),
    officer("zizhiqu-anquan-2", "敖登格日勒", &[("development_reform", "150000", Q)]),
    officer("zizhiqu-shenji", "冯雅琴", &[("development_reform", "150000", J)]),
];

/// Posts are given for about three years.
fn last_day(from: Date) -> Option<Date> {
    Date::new(from.year() + 2, 12, 31).ok()
}

impl Officer {
    /// The posts, all from one day on.
    pub fn posts(&self, from: Date) -> Vec<Post> {
        self.posts
            .iter()
            .filter_map(|(department, region, role)| {
                Some(Post {
                    department: (*department).to_owned(),
                    region: RegionCode::parse(region)?,
                    role: *role,
                    from,
                    to: last_day(from),
                })
            })
            .collect()
    }
}

/// The officers of a desk the list above does not name: sign-in name, name and posts of who receives and proposes, who
/// reviews, who decides.
pub fn desk(department: &str, region: RegionCode, from: Date) -> [(String, &'static str, Vec<Post>); 3] {
    let login = format!("{}-{}", department.replace('_', "-"), region.as_str());
    let posts = |roles: &[Role]| {
        let post =
            |role: &Role| Post { department: department.to_owned(), region, role: *role, from, to: last_day(from) };
        roles.iter().map(post).collect()
    };
    [
        (login.clone(), "窗口人员", posts(&[R, U])),
        (format!("{login}-sh"), "审核人员", posts(&[H])),
        (format!("{login}-sp"), "审批人员", posts(&[A, M])),
    ]
}

/// An account as printed at the start.
pub struct Account {
    pub face: Face,
    pub login: &'static str,
    pub name: &'static str,
    pub posts: String,
}

/// The accounts to sign in with.
pub fn accounts() -> Vec<Account> {
    let units =
        UNITS.iter().map(|u| Account { face: Face::Portal, login: u.login, name: u.name, posts: String::new() });
    let officers =
        OFFICERS.iter().map(|o| Account { face: Face::Office, login: o.login, name: o.name, posts: posts_in_words(o) });
    units.chain(officers).collect()
}

fn posts_in_words(officer: &Officer) -> String {
    let agency = officer
        .posts
        .first()
        .and_then(|(department, region, _)| domain::department::agency_name(department, RegionCode::parse(region)?))
        .unwrap_or_default();
    let roles: Vec<_> = officer.posts.iter().map(|(_, _, role)| role.name()).collect();
    format!("{agency} {}", roles.join("、"))
}
