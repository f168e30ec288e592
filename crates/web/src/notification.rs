//! 通知设置 and 发送结果: the same form and the same table on both faces.

mod page;

pub use page::{PreferencesFace, routes as routes_of_preferences};

use crate::{
    Fields,
    account::{ASK, Proofs},
    html::{Action, Choice, Field, Pill, Tone},
};
use askama::{Template, filters::HtmlSafe};
use domain::{
    Refusal,
    notification::{AddressKind, Class, DeliveryState, Form, Rules, Statutory},
};
use platform::{
    account::PendingView,
    notification::{ChannelView, DeliveryResult, PreferencesPage},
};

/// One channel of the form.
struct Section {
    name: String,
    open: bool,
    fields: Vec<Field>,
}

/// New addresses that do not count yet, and the button that stops them; also shown in 账户中心.
#[derive(Template)]
#[template(path = "kit/address_pending.html")]
pub struct Pending {
    channels: String,
    due: String,
    stop: Action,
}

impl HtmlSafe for Pending {}

impl Pending {
    /// For their owner.
    pub fn new(pending: &PendingView, csrf: &str) -> Self {
        Self {
            channels: pending.channels.join("、"),
            due: pending.due.display(),
            stop: Action::post("/account/addresses/stop", csrf, "停止更换")
                .danger()
                .confirm("停止更换通知地址？", "新的地址不再生效，继续使用原来的地址。"),
        }
    }
}

/// Both factors once more.
struct ProvingBlock {
    hours: i64,
    password: Field,
    proofs: Proofs,
}

/// The form of preferences.
#[derive(Template)]
#[template(path = "kit/notification_form.html")]
pub struct PreferencesForm {
    csrf: String,
    once: String,
    sections: Vec<Section>,
    hours: Vec<Field>,
    statutory: &'static [Statutory],
    any_open: bool,
    /// New addresses that do not count yet.
    pending: Option<Pending>,
    /// Both factors once more, where another address takes them.
    proving: Option<ProvingBlock>,
}

impl HtmlSafe for PreferencesForm {}

fn reminders(channel: &str) -> String {
    format!("reminders_{channel}")
}

/// What was filled in.
pub fn filled(form: &Fields, rules: &Rules) -> Form {
    let channels = rules.channels.iter().map(|channel| {
        let id = channel.id.clone();
        let wanted = form.get(&reminders(&id)) == "yes";
        (id.clone(), (form.get(&id).to_owned(), wanted))
    });
    let digest = form.get("digest");
    Form {
        channels: channels.collect(),
        quiet_from: form.get("quiet_from").to_owned(),
        quiet_to: form.get("quiet_to").to_owned(),
        digest: if digest == "none" { String::new() } else { digest.to_owned() },
    }
}

/// What is chosen at present, as the form would send it.
fn present(page: &PreferencesPage) -> Fields {
    let mut fields = Fields::default();
    let mut put = |name: String, value: String| fields.0.push((name, value));
    for channel in &page.channels {
        put(channel.id.clone(), channel.address.clone());
        put(reminders(&channel.id), if channel.reminders { "yes".into() } else { String::new() });
    }
    put("quiet_from".into(), page.quiet.from.to_string());
    put("quiet_to".into(), page.quiet.to.to_string());
    put("digest".into(), page.digest.map_or("none".into(), |hour| hour.to_string()));
    fields
}

impl PreferencesForm {
    /// The form with what is chosen, or with what was typed and is refused.
    pub fn new(
        page: &PreferencesPage,
        typed: Option<&Fields>,
        refused: &[Refusal],
        rules: &'static Rules,
        csrf: &str,
        once: String,
    ) -> Self {
        let chosen = present(page);
        let values = typed.unwrap_or(&chosen);
        let hour = |name: &'static str, label: &'static str, first: Option<Choice>| {
            let hours = (0..24).map(|hour| Choice::new(hour, format!("{hour:02}:00")));
            Field::select(name, label, first.into_iter().chain(hours).collect::<Vec<_>>())
                .value(values.get(name))
                .errors(refused)
        };
        Self {
            csrf: csrf.to_owned(),
            once,
            sections: page.channels.iter().map(|channel| section(channel, values, refused)).collect(),
            hours: vec![
                hour("quiet_from", "免打扰开始", None).required().hint("开始和结束相同，表示不设免打扰时段。"),
                hour("quiet_to", "免打扰结束", None)
                    .required()
                    .hint("时段内的通知推迟到结束时发送，不会取消；平台消息中心始终即时显示。"),
                hour("digest", "提醒的汇总", Some(Choice::new("none", "不汇总，逐条发送")))
                    .hint("选定一个整点，每天把提醒合成一条发送；法定告知不等待汇总。"),
            ],
            statutory: &rules.statutory,
            any_open: page.channels.iter().any(|channel| channel.open),
            pending: None,
            proving: None,
        }
    }

    /// With new addresses that do not count yet.
    #[must_use]
    pub fn pending(mut self, pending: Option<PendingView>, csrf: &str) -> Self {
        self.pending = pending.map(|pending| Pending::new(&pending, csrf));
        self
    }

    /// With the fields that another address takes.
    #[must_use]
    pub fn proofs(mut self, proofs: Option<(i64, Proofs)>, refused: &[Refusal]) -> Self {
        self.proving = proofs.map(|(hours, proofs)| ProvingBlock {
            hours,
            password: Field::password("password", "密码", "current-password").errors(refused).max(128),
            proofs,
        });
        self
    }
}

fn section(channel: &ChannelView, values: &Fields, refused: &[Refusal]) -> Section {
    let (label, hint, autocomplete) = match channel.address_kind {
        AddressKind::Mail => ("电子邮件地址", "例如 zhangsan@example.com。留空表示不用这个渠道。", "email"),
        AddressKind::Phone => ("手机号码", "11 位手机号码。留空表示不用这个渠道。", "tel"),
        AddressKind::Name => ("用户名", "该渠道中的用户名。留空表示不用这个渠道。", "off"),
    };
    let fields = vec![
        Field::text(&channel.id, label)
            .value(values.get(&channel.id))
            .errors(refused)
            .max(254)
            .autocomplete(autocomplete)
            .hint(hint)
            .guide(
                "只用来把平台消息发给您本人。地址加密保存，更换或者清空后，原来的地址即被删除。",
                "个人信息保护法第六条、第十五条、第十九条",
                "填写您本人能收到的地址；随时可以在这里清空，清空就是撤回同意。",
            ),
        Field::check(reminders(&channel.id), "提醒", "期限、亮灯等提醒也发到这里")
            .value(values.get(&reminders(&channel.id))),
    ];
    let shown = channel.open || !channel.address.is_empty();
    Section { name: channel.name.clone(), open: channel.open, fields: if shown { fields } else { Vec::new() } }
}

/// One line of the table of results.
struct Line {
    title: String,
    class: &'static str,
    channel: String,
    state: Pill,
    happened: String,
    recorded: String,
    note: String,
}

/// What became of messages on each channel, with both times.
#[derive(Template)]
#[template(path = "kit/deliveries.html")]
pub struct Deliveries {
    lines: Vec<Line>,
    titled: bool,
}

impl HtmlSafe for Deliveries {}

impl Deliveries {
    /// A table; `titled`: with the messages' titles.
    pub fn new(results: &[DeliveryResult], titled: bool) -> Self {
        Self { lines: results.iter().map(line).collect(), titled }
    }

    /// Whether nothing was sent on any channel.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

fn line(result: &DeliveryResult) -> Line {
    let tone = match result.state {
        DeliveryState::Waiting if result.failures > 0 => Tone::Yellow,
        DeliveryState::Waiting => Tone::Grey,
        DeliveryState::Sent => Tone::Green,
        DeliveryState::GivenUp => Tone::Red,
    };
    let class = if result.statutory { Class::Statutory } else { Class::Reminder };
    let time = |at: Option<domain::Moment>| at.map(|at| at.display()).unwrap_or_default();
    let waiting = result.state == DeliveryState::Waiting;
    let next = format!("将于 {} 发送。", result.due.display());
    Line {
        title: result.title.clone(),
        class: class.name(),
        channel: result.channel.clone(),
        state: Pill::new(tone, result.state.name()),
        happened: time(result.happened_at),
        recorded: time(result.recorded_at),
        note: match (waiting, result.reason.is_empty()) {
            (true, true) => next,
            (true, false) => format!("第 {} 次未成功：{}{next}", result.failures, result.reason),
            (false, _) => result.reason.clone(),
        },
    }
}
