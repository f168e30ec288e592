//! What happens in the demonstration: projects and, for each, what was done how many working days ago.

use domain::{case::NotAcceptedGround, declaration::Answers};
use jiff::civil::Date;

/// One act. The text is an item's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The unit declares the project.
    Declare,
    /// The unit applies for an item.
    Apply(&'static str),
    /// The unit applies for an item by 告知承诺.
    Promise(&'static str),
    /// The office receives the application.
    Receive(&'static str),
    /// The office asks for a correction.
    Ask(&'static str),
    /// The unit supplies it.
    Supply(&'static str),
    /// The office accepts.
    Accept(&'static str),
    /// The office does not accept.
    NotAccept(&'static str, NotAcceptedGround),
    /// The clock is stopped for an expert review.
    Suspend(&'static str),
    /// The clock runs again.
    Resume(&'static str),
    /// The undertaker proposes to grant.
    Propose(&'static str),
    /// The reviewer agrees to what was proposed.
    Agree(&'static str),
    /// The licence is granted.
    Grant(&'static str),
    /// The licence is refused.
    Refuse(&'static str),
    /// The licence is handed to the unit.
    Deliver(&'static str),
    /// The unit asks for a change of what was granted.
    Change(&'static str),
    /// The unit takes an application back.
    Withdraw(&'static str),
    /// The unit gives the project up.
    GiveUp,
    /// The code is taken out of force.
    Void,
}

/// A project with its story: working days ago and act, oldest first.
pub struct Plan {
    /// Place in `people::UNITS`.
    pub unit: usize,
    pub name: &'static str,
    pub region: &'static str,
    pub industry: &'static str,
    /// 万元.
    pub total: i64,
    /// Answers that differ from an ordinary plant's.
    pub answers: &'static [(&'static str, &'static str)],
    pub story: &'static [(u32, Act)],
}

use Act::*;

const SCHOOL: &[(&str, &str)] = &[
    ("funding", "yes"),
    ("unit_nature", "institution"),
    ("eia_class", "register"),
    ("must_bid", "yes"),
    ("energy_tce", "0"),
];
const WIND: &[(&str, &str)] = &[
    ("catalogue_item", "wind_power"),
    ("energy_sector", "yes"),
    ("uses_grassland", "yes"),
    ("unit_nature", "state_owned"),
    ("eia_class", "form"),
    ("in_planning_area", "no"),
    ("energy_tce", "0"),
];

/// All projects.
pub const PLANS: &[Plan] = &[
    Plan {
        unit: 0,
        name: "红山区演示新材料公司年产3万吨负极材料项目",
        region: "150402",
        industry: "3091",
        total: 12_000,
        answers: &[("disturbs_soil", "yes"), ("eia_class", "report"), ("energy_tce", "1860.25")],
        story: &[
            (70, Declare),
            (69, Apply("ent_file")),
            (69, Receive("ent_file")),
            (69, Accept("ent_file")),
            (69, Grant("ent_file")),
            (60, Apply("land_preexam_site")),
            (60, Receive("land_preexam_site")),
            (58, Accept("land_preexam_site")),
            (45, Grant("land_preexam_site")),
            (41, Deliver("land_preexam_site")),
            (40, Apply("land_use_planning")),
            (39, Receive("land_use_planning")),
            (38, Accept("land_use_planning")),
            (24, Grant("land_use_planning")),
            (31, Apply("eia")),
            (30, Receive("eia")),
            (29, Accept("eia")),
            (20, Apply("energy_saving")),
            (19, Receive("energy_saving")),
            (17, Accept("energy_saving")),
            (8, Apply("soil_water")),
            (7, Receive("soil_water")),
            (5, Ask("soil_water")),
            (2, Apply("state_land_supply")),
        ],
    },
    Plan {
        unit: 0,
        name: "红山区演示新材料公司石墨化车间扩建项目",
        region: "150402",
        industry: "3091",
        total: 4_600,
        answers: &[("construction_nature", "expansion"), ("eia_class", "form"), ("disturbs_soil", "yes")],
        story: &[
            (55, Declare),
            (54, Apply("ent_file")),
            (54, Receive("ent_file")),
            (54, Accept("ent_file")),
            (54, Grant("ent_file")),
            (50, Apply("soil_water")),
            (49, Receive("soil_water")),
            (47, Ask("soil_water")),
            (43, Supply("soil_water")),
            (42, Accept("soil_water")),
            (30, Refuse("soil_water")),
            (33, Apply("land_preexam_site")),
            (32, Receive("land_preexam_site")),
            (30, Accept("land_preexam_site")),
            (28, Suspend("land_preexam_site")),
            (6, Apply("eia_form")),
            (5, Receive("eia_form")),
            (4, Accept("eia_form")),
        ],
    },
    Plan {
        unit: 0,
        name: "红山区演示新材料公司仓储物流中心项目",
        region: "150402",
        industry: "5990",
        total: 2_350,
        answers: &[("eia_class", "register")],
        story: &[
            (3, Declare),
            (2, Apply("ent_file")),
            (1, Apply("land_preexam_site")),
            (1, Receive("land_preexam_site")),
        ],
    },
    Plan {
        unit: 0,
        name: "红山区演示新材料公司厂区污水处理站项目",
        region: "150402",
        industry: "4620",
        total: 860,
        answers: &[("eia_class", "form"), ("outfall", "yes")],
        story: &[
            (40, Declare),
            (39, Apply("ent_file")),
            (39, Receive("ent_file")),
            (38, Accept("ent_file")),
            (38, Grant("ent_file")),
            (26, Apply("eia_form")),
            (26, Receive("eia_form")),
            (25, Accept("eia_form")),
            (10, Apply("outfall")),
            (9, Receive("outfall")),
            (12, Apply("land_preexam_site")),
            (11, Receive("land_preexam_site")),
            (9, NotAccept("land_preexam_site", NotAcceptedGround::NotNeeded)),
        ],
    },
    Plan {
        unit: 1,
        name: "锡林浩特市演示20万千瓦风电项目",
        region: "152502",
        industry: "4415",
        total: 128_000,
        answers: WIND,
        story: &[
            (80, Declare),
            (78, Apply("land_preexam_site")),
            (77, Receive("land_preexam_site")),
            (75, Accept("land_preexam_site")),
            (60, Grant("land_preexam_site")),
            (57, Deliver("land_preexam_site")),
            (50, Apply("energy_ratify")),
            (49, Receive("energy_ratify")),
            (47, Accept("energy_ratify")),
            (35, Grant("energy_ratify")),
            (30, Deliver("energy_ratify")),
            (28, Apply("grassland")),
            (27, Receive("grassland")),
            (25, Accept("grassland")),
            (15, Apply("eia_form")),
            (14, Receive("eia_form")),
            (13, Accept("eia_form")),
            (9, Change("energy_ratify")),
            (5, Propose("eia_form")),
        ],
    },
    Plan {
        unit: 1,
        name: "锡林浩特市演示5万千瓦分散式风电项目",
        region: "152502",
        industry: "4415",
        total: 31_500,
        answers: WIND,
        story: &[
            (30, Declare),
            (29, Apply("land_preexam_site")),
            (28, Receive("land_preexam_site")),
            (26, Accept("land_preexam_site")),
            (14, Grant("land_preexam_site")),
            (12, Apply("energy_ratify")),
            (11, Receive("energy_ratify")),
            (9, Ask("energy_ratify")),
            (3, Supply("energy_ratify")),
        ],
    },
    Plan {
        unit: 2,
        name: "新城区演示第九中学新建项目",
        region: "150102",
        industry: "8334",
        total: 9_800,
        answers: SCHOOL,
        story: &[
            (65, Declare),
            (64, Apply("gov_proposal")),
            (63, Receive("gov_proposal")),
            (62, Accept("gov_proposal")),
            (50, Grant("gov_proposal")),
            (46, Apply("land_preexam_site")),
            (45, Receive("land_preexam_site")),
            (44, Accept("land_preexam_site")),
            (32, Grant("land_preexam_site")),
            (31, Deliver("land_preexam_site")),
            (24, Apply("gov_feasibility")),
            (23, Receive("gov_feasibility")),
            (22, Accept("gov_feasibility")),
            (4, Propose("gov_feasibility")),
            (3, Agree("gov_feasibility")),
            (6, Apply("bidding_approval")),
        ],
    },
    Plan {
        unit: 2,
        name: "新城区演示幼儿园改造项目",
        region: "150102",
        industry: "8310",
        total: 1_260,
        answers: SCHOOL,
        story: &[(18, Declare), (17, Apply("gov_proposal")), (16, Receive("gov_proposal")), (15, Ask("gov_proposal"))],
    },
    Plan {
        unit: 3,
        name: "东胜区演示化工公司循环冷却水改造项目",
        region: "150602",
        industry: "4620",
        total: 3_200,
        answers: &[("eia_class", "form"), ("takes_water", "yes")],
        story: &[
            (45, Declare),
            (44, Apply("ent_file")),
            (44, Receive("ent_file")),
            (44, Accept("ent_file")),
            (44, Grant("ent_file")),
            (36, Apply("water_abstraction")),
            (35, Receive("water_abstraction")),
            (34, Accept("water_abstraction")),
            (30, Suspend("water_abstraction")),
            (20, Resume("water_abstraction")),
            (15, Apply("land_preexam_site")),
            (8, Withdraw("land_preexam_site")),
        ],
    },
    Plan {
        unit: 3,
        name: "东胜区演示化工公司备用仓库项目",
        region: "150602",
        industry: "5990",
        total: 540,
        answers: &[("eia_class", "register")],
        story: &[(50, Declare), (20, GiveUp)],
    },
    Plan {
        unit: 4,
        name: "满洲里市演示口岸冷链物流园项目",
        region: "150781",
        industry: "5990",
        total: 18_600,
        answers: &[("eia_class", "form"), ("unit_nature", "other")],
        story: &[
            (22, Declare),
            (21, Apply("ent_file")),
            (21, Receive("ent_file")),
            (20, Accept("ent_file")),
            (20, Grant("ent_file")),
            (9, Apply("land_preexam_site")),
            (8, Receive("land_preexam_site")),
        ],
    },
    Plan {
        unit: 4,
        name: "满洲里市演示口岸查验场项目",
        region: "150781",
        industry: "5990",
        total: 2_750,
        answers: &[("eia_class", "register"), ("unit_nature", "other")],
        story: &[(34, Declare), (33, Apply("ent_file")), (12, Void)],
    },
    Plan {
        unit: 0,
        name: "红山区演示新材料公司成品堆场硬化项目",
        region: "150402",
        industry: "5990",
        total: 1_480,
        answers: &[("eia_class", "register"), ("disturbs_soil", "yes")],
        story: &[
            (36, Declare),
            (35, Apply("ent_file")),
            (35, Receive("ent_file")),
            (34, Accept("ent_file")),
            (34, Grant("ent_file")),
            (30, Promise("soil_water")),
            (29, Receive("soil_water")),
            (29, Accept("soil_water")),
            (29, Grant("soil_water")),
            (26, Deliver("soil_water")),
        ],
    },
];

/// The declaration of an ordinary plant.
const PLANT: &[(&str, &str)] = &[
    ("touches_secrets", "no"),
    ("foreign_kind", "domestic"),
    ("content", "建设生产厂房2座、综合楼1栋，购置并安装主要设备，配套建设道路、管网和绿化。"),
    ("scale", "总建筑面积21000平方米"),
    ("construction_nature", "new"),
    ("project_type", "01"),
    ("project_stage", "not_started"),
    ("industrial_policy", "permitted"),
    ("catalogue_item", "none"),
    ("place_detail", "演示园区纬三路以北"),
    ("in_zone", "no"),
    ("funding", "no"),
    ("land_method", "grant"),
    ("above_ground_area_m2", "18000"),
    ("land", "yes"),
    ("land_area_mu", "120.5"),
    ("building", "yes"),
    ("building_area_m2", "21000"),
    ("in_planning_area", "yes"),
    ("unit_nature", "private"),
    ("unit_address", "演示大街1号"),
    ("legal_representative", "张三"),
    ("contact_name", "李四"),
    ("contact_mobile", "13800000000"),
    ("policy_commitment", "yes"),
    ("truth_commitment", "yes"),
];

impl Plan {
    /// The declaration form, filled in; construction begins next April.
    pub fn form(&self, today: Date) -> Answers {
        let share = |percent: i64| (self.total * percent / 100).to_string();
        let rest = (self.total - [40, 40, 8].map(|percent| self.total * percent / 100).iter().sum::<i64>()).to_string();
        let own = self.total * 40 / 100;
        let government = self.answers.contains(&("funding", "yes"));
        let mut answers: Answers =
            PLANT.iter().chain(self.answers).map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
        let mut put = |id: &str, text: String| answers.insert(id.to_owned(), text);
        put("project_name", self.name.to_owned());
        put("region", self.region.to_owned());
        put("planned_start", format!("{}-04", today.year() + 1));
        put("planned_end", format!("{}-06", today.year() + 3));
        put("industry", self.industry.to_owned());
        put("total_investment", self.total.to_string());
        put("civil_cost", share(40));
        put("equipment_cost", share(40));
        put("installation_cost", share(8));
        put("other_cost", rest);
        put("project_capital", own.to_string());
        put(if government { "fund_budget" } else { "fund_own" }, own.to_string());
        put("fund_bank_loan", (self.total - own).to_string());
        answers
    }
}
