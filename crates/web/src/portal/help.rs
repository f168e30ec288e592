//! 使用帮助: what the 办法 says and how the platform does it, privacy, steps, lights, contact.

use crate::{
    Access, Page, PortalContext, Route, WebError,
    html::{Light, Steps},
};
use askama::Template;
use axum::response::Html;
use platform::unit::PRIVACY_NOTICE;

/// Every route of this page.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::Public, "/help", help)]
}

#[derive(Template)]
#[template(path = "portal/help.html")]
struct Help {
    page: Page,
    steps: Steps,
    lights: Vec<Meaning>,
    law: &'static [Article],
    privacy: Vec<Purpose>,
    notice: &'static str,
}

/// A light and what it asks for.
struct Meaning {
    light: Light,
    when: &'static str,
    what: &'static str,
}

/// One article: what it asks for, in our own words, and where the platform does it.
struct Article {
    number: &'static str,
    says: &'static str,
    done: &'static str,
}

/// A row of the register of personal data (S-33).
struct Purpose {
    what: String,
    purpose: String,
    basis: String,
    retention: String,
}

async fn help(ctx: PortalContext) -> Result<Html<String>, WebError> {
    let view = Help {
        page: ctx.page("help", "使用帮助").await?.crumb("首页", "/"),
        steps: Steps::new("办理步骤", 0)
            .step("注册登录", "凭统一社会信用代码")
            .step("申报项目", "取得项目代码")
            .step("逐项申请", "按指南交材料")
            .step("受理办理", "限时、可查")
            .step("办结公开", "下载告知书")
            .step("报送进度", "开工、进度、竣工"),
        lights: lights(),
        law: LAW,
        privacy: privacy(&ctx),
        notice: PRIVACY_NOTICE,
    };
    Ok(Html(view.render()?))
}

fn privacy(ctx: &PortalContext) -> Vec<Purpose> {
    let registration = ["联系人姓名（注册）", "联系电话（注册）"].map(|what| Purpose {
        what: what.to_owned(),
        purpose: "与项目单位联系，通知办理情况".to_owned(),
        basis: "《个人信息保护法》第十三条、第三十四条；办法第十四条".to_owned(),
        retention: "单位注销注册后一年".to_owned(),
    });
    let declared = ctx.platform.form().personal_register().map(|(field, entry)| Purpose {
        what: format!("{}（申报）", field.label),
        purpose: entry.purpose.clone(),
        basis: entry.basis.clone(),
        retention: entry.retention.clone(),
    });
    registration.into_iter().chain(declared).collect()
}

fn lights() -> Vec<Meaning> {
    vec![
        Meaning {
            light: Light::green("时间充裕"), when: "剩余时间多于期限的五分之一", what: "正常办理，无需催问。"
        },
        Meaning {
            light: Light::yellow("即将届满"),
            when: "剩余时间不多于期限的五分之一，或者只剩 1 天",
            what: "平台提示办理人员抓紧办理。",
        },
        Meaning {
            light: Light::red("已经逾期"),
            when: "届满日已过仍未办结",
            what: "平台提示办理机关和监察人员，逾期天数记入考核。",
        },
        Meaning {
            light: Light::grey("停止计时"),
            when: "等待补正，或者听证、检验、鉴定、专家评审等法定环节",
            what: "这些天不计入期限；哪天停、为什么停、依据什么文书，都逐日列明。",
        },
    ]
}

const fn article(number: &'static str, says: &'static str, done: &'static str) -> Article {
    Article { number, says, done }
}

/// The 26 articles, told in our own words.
const LAW: &[Article] = &[
    article("第一条", "制定办法的目的和依据。", "本页逐条说明平台怎样落实。"),
    article(
        "第二条",
        "平台办理的是非涉密固定资产投资项目；申报、并联审批、公开、监管都在网上进行。",
        "门户网站面向项目单位和公众，审批监管系统面向各级部门。",
    ),
    article(
        "第三条",
        "许可、内部审批、备案、评估评审、技术审查和实施监测都适用；涉密项目和信息不得进入平台。",
        "申报第一步声明是否涉密；文字、文件名和文件内容都检查密级标志，发现即停止，不留副本。",
    ),
    article(
        "第四条",
        "门户是申报和查询的统一窗口；审批监管系统在政务外网运行；全过程留痕，可检查、可考核。",
        "两个系统不共用登录和地址；每一步都写入只增不改、前后相扣的账本。",
    ),
    article(
        "第五条",
        "各部门应当通过平台办理，或者按标准与平台对接。",
        "部门系统通过交换接口收发办件信息，与在平台上办理同样计时。",
    ),
    article("第六条", "工作体系由综合管理、应用管理、建设运维三类部门组成。", "岗位按部门、地区、职责授予，互不越界。"),
    article("第七条", "自治区发展改革委是综合管理部门，管制度、规则、标准和绩效。", "综合管理岗可以查看全区运行情况。"),
    article(
        "第八条",
        "应用管理部门编制并公开办事指南，写明依据、内容、条件、材料、流程、时限、收费、监管、联系方式。",
        "“事项与指南”栏目每个事项都列齐这九项，并标明内容是否核对过原文。",
    ),
    article("第九条", "自治区经济信息中心牵头建设运维，保证安全稳定。", "访问、备份、恢复和安全审计都有记录。"),
    article(
        "第十条",
        "一项一码，代码是项目整个建设周期的唯一身份标识，信息都汇集到代码。",
        "申报提交即赋码；项目页汇集全部事项、文书和进度。",
    ),
    article("第十一条", "按全国统一规则赋码。", "代码带校验位，输错一位就能发现。"),
    article(
        "第十二条",
        "原有编码与新代码对应；延期、调整不换码，重大变化重新赋码。",
        "作废的代码注明去向，查询时会提示。",
    ),
    article(
        "第十三条",
        "审批文件、招标投标、信息公开都要标注并核验代码；办理事项、下达资金先核验代码。",
        "“公开查询”任何人都能核验；部门受理前必须核验。",
    ),
    article(
        "第十四条",
        "申报、受理、办理、办结、实施监测五个环节；核验代码不通过的不得受理并告知。",
        "每个环节都有记录、文书和通知：代码证、收件凭证、受理或补正通知书、办结告知书。",
    ),
    article(
        "第十五条",
        "平台按时限计时并自动提示；不计入时限的环节按部门提供的信息调整。",
        "期限逐日计算并公开算法，红黄灯自动亮起；可以用“期限计算”自己核对。",
    ),
    article("第十六条", "委托中介服务的过程也要纳入平台。", "中介环节的起止、文书和天数单独列明，不算在申请人身上。"),
    article(
        "第十七条",
        "支持各级各部门协同办理，与中央平台及时交换信息。",
        "每个事项独立流转，互不卡住；需要交换的信息进入交换队列。",
    ),
    article(
        "第十八条",
        "审批、监管、处罚信息及时公开；项目单位凭代码可查过程和结果。",
        "办结后结果自动公开在首页和项目公开信息页。",
    ),
    article(
        "第十九条",
        "与信用、公共资源交易、政务服务、监察等平台依法共享数据。",
        "通过交换接口按权限共享，每次调用都有记录。",
    ),
    article("第二十条", "综合管理部门监督考评，通报应用情况。", "数据直接来自账本，不需要各部门另行填报。"),
    article("第二十一条", "建设运维部门有制度、有岗位、有经费。", "运行维护手册随平台提供。"),
    article(
        "第二十二条",
        "达到网络安全等级保护第三级，做好备份、恢复和容灾。",
        "个人信息加密保存，账本可以由外部独立验证，恢复可以演练。",
    ),
    article(
        "第二十三条",
        "按国家统一接口规范和频率交换数据，保证数据质量。",
        "发送前先按接收方的格式检查，错误当场指出。",
    ),
    article("第二十四条", "办法由自治区发展改革委会同有关部门解释。", "对规则有疑问的，可以向综合管理部门反映。"),
    article("第二十五条", "各级各部门按办法组织全程在线办理。", "平台提供统一的办理界面和接口。"),
    article("第二十六条", "自 2019 年 1 月 1 日起施行。", "平台按现行办法设置规则，规则有版本、有来源。"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_page_tells_all_26_articles_and_how_each_is_met() {
        assert_eq!(LAW.len(), 26);
        assert!(LAW.iter().all(|a| a.number.starts_with('第') && !a.says.is_empty() && !a.done.is_empty()));
    }
}
