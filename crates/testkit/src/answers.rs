//! Complete declarations that pass, one per regime, all in 赤峰市红山区 (150402).

use domain::declaration::Answers;

/// Region of every sample project.
pub const REGION: &str = "150402";

/// 备案: a plant of an enterprise. It needs, among others, `ent_file` (development_reform × 150402), `soil_water`
/// (water × 150402, twenty working days, nothing before it), `eia_form` (ecology × 150400, thirty calendar days) and
/// `land_use_planning` (natural_resources × 150402, only after `ent_file`, whose result it takes as a material).
pub fn record_filing() -> Answers {
    answers(&[
        ("touches_secrets", "no"),
        ("foreign_kind", "domestic"),
        ("project_name", "红山区新材料公司年产3万吨负极材料项目"),
        ("content", "建设生产车间2座、综合楼1栋，购置石墨化炉等设备120台（套）。"),
        ("scale", "年产负极材料3万吨"),
        ("construction_nature", "new"),
        ("project_type", "01"),
        ("project_stage", "not_started"),
        ("industry", "3091"),
        ("industrial_policy", "permitted"),
        ("catalogue_item", "none"),
        ("planned_start", "2027-04"),
        ("planned_end", "2029-06"),
        ("region", REGION),
        ("place_detail", "物流园区纬三路以北、经五路以西"),
        ("in_zone", "no"),
        ("total_investment", "12000"),
        ("civil_cost", "4500"),
        ("equipment_cost", "5200"),
        ("installation_cost", "800"),
        ("other_cost", "900"),
        ("build_interest", "200"),
        ("working_capital", "400"),
        ("funding", "no"),
        ("fund_own", "5000"),
        ("fund_bank_loan", "7000"),
        ("project_capital", "5000"),
        ("land_method", "grant"),
        ("above_ground_area_m2", "18000"),
        ("land", "yes"),
        ("land_area_mu", "120.5"),
        ("building", "yes"),
        ("building_area_m2", "21000"),
        ("in_planning_area", "yes"),
        ("disturbs_soil", "yes"),
        ("eia_class", "form"),
        ("energy_tce", "860"),
        ("unit_name", "由平台填写"),
        ("unit_credit_code", "由平台填写"),
        ("unit_nature", "private"),
        ("unit_address", "赤峰市红山区钢铁西街1号"),
        ("legal_representative", LEGAL_REPRESENTATIVE),
        ("contact_name", CONTACT_NAME),
        ("contact_mobile", CONTACT_MOBILE),
        ("contact_email", CONTACT_EMAIL),
        ("policy_commitment", "yes"),
        ("truth_commitment", "yes"),
    ])
}

/// Personal data of every sample project: must never appear outside its sealed place.
pub const LEGAL_REPRESENTATIVE: &str = "乌云格日勒";
/// See [`LEGAL_REPRESENTATIVE`].
pub const CONTACT_NAME: &str = "哈斯巴特尔";
/// See [`LEGAL_REPRESENTATIVE`].
pub const CONTACT_MOBILE: &str = "13947612345";
/// See [`LEGAL_REPRESENTATIVE`].
pub const CONTACT_EMAIL: &str = "hasbaatar@unit.example";

/// 审批: the same place, built with government money.
pub fn approval() -> Answers {
    with(
        record_filing(),
        &[
            ("project_name", "红山区第九小学教学楼建设项目"),
            ("content", "建设教学楼1栋及附属设施。"),
            ("scale", "建筑面积21000平方米"),
            ("industry", "8321"),
            ("funding", "yes"),
            ("fund_budget", "12000"),
            ("fund_own", ""),
            ("fund_bank_loan", ""),
            ("project_capital", "12000"),
            ("land_method", "allocation"),
            ("unit_nature", "institution"),
        ],
    )
}

/// 核准: an enterprise project of the ratification catalogue.
pub fn ratification() -> Answers {
    with(
        record_filing(),
        &[
            ("project_name", "英金河水电站项目"),
            ("content", "建设拦河坝1座，安装水轮发电机组4台。"),
            ("scale", "装机容量4万千瓦"),
            ("industry", "4413"),
            ("catalogue_item", "hydropower"),
        ],
    )
}

/// The answers with some changed; an empty text takes one away.
pub fn with(mut answers: Answers, changes: &[(&str, &str)]) -> Answers {
    for (id, text) in changes {
        match text.is_empty() {
            true => answers.remove(*id),
            false => answers.insert((*id).to_owned(), (*text).to_owned()),
        };
    }
    answers
}

/// Pairs as answers.
pub fn answers(pairs: &[(&str, &str)]) -> Answers {
    pairs.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
}
