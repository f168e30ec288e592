//! What every page carries beside its own content: title, face, who is signed in, token, way back, messages.

use crate::{WebError, html::Tone};
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// One of the faces: they share no route and no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// 门户, for project units and the public.
    Portal,
    /// 审批监管系统, for civil servants.
    Office,
    /// 交换接口, for other systems; answers JSON only.
    Api,
}

impl Face {
    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Office => "office",
            Self::Api => "api",
        }
    }

    /// Where a person of this face signs in.
    pub fn sign_in(self) -> &'static str {
        "/login"
    }

    /// The entries of the main navigation: key, address, name, icon.
    pub fn nav(self) -> &'static [NavEntry] {
        match self {
            Self::Portal => PORTAL_NAV,
            Self::Office => OFFICE_NAV,
            Self::Api => &[],
        }
    }
}

/// An entry of the main navigation.
#[derive(Debug)]
pub struct NavEntry {
    /// What [`Page::nav`] names to mark it as the present one.
    pub key: &'static str,
    /// Address.
    pub href: &'static str,
    /// Name shown.
    pub name: &'static str,
    /// Icon shown in the office.
    pub icon: &'static str,
}

const fn entry(key: &'static str, href: &'static str, name: &'static str, icon: &'static str) -> NavEntry {
    NavEntry { key, href, name, icon }
}

const PORTAL_NAV: &[NavEntry] = &[
    entry("home", "/", "首页", "home"),
    entry("declare", "/declare", "项目申报", "file-plus"),
    entry("projects", "/projects", "我的项目", "folder"),
    entry("items", "/items", "事项与指南", "book"),
    entry("public", "/public", "公开查询", "search"),
    entry("help", "/help", "帮助", "help-circle"),
];

const OFFICE_NAV: &[NavEntry] = &[
    entry("work", "/", "待办", "checklist"),
    entry("cases", "/cases", "办件", "clipboard-list"),
    entry("groups", "/groups", "并联审批", "git-merge"),
    entry("projects", "/projects", "项目", "building"),
    entry("guides", "/guides", "办事指南", "book"),
    entry("publications", "/publications", "公开审核", "eye"),
    entry("supervision", "/supervision", "电子监察", "flag"),
    entry("alarms", "/alarms", "安全告警", "alert-triangle"),
    entry("organs", "/organs", "机构人员", "users"),
    entry("audit", "/audit", "安全审计", "shield-check"),
    entry("exports", "/exports", "数据导出", "download"),
    entry("holds", "/holds", "涉密核验", "lock"),
    entry("rights", "/rights", "个人信息请求", "user"),
    entry("retention", "/retention", "保存期限", "clock"),
    entry("prompts", "/prompts", "提醒", "bell"),
    entry("verify", "/verify", "核验代码", "qrcode"),
    entry("help", "/help", "帮助", "help-circle"),
];

/// The signed-in person.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// Name of the person.
    pub name: String,
    /// Project unit on the portal; department in the office.
    pub org: String,
    /// Post (岗位) in the office; empty on the portal.
    pub post: String,
}

/// A step of the way back.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// Name shown.
    pub name: String,
    /// Address; `None` for the page itself.
    pub href: Option<String>,
}

/// Everything the frame of a page needs. Build with [`Page::new`] and the methods that follow it.
#[derive(Debug, Clone)]
pub struct Page {
    /// Title of the page, without the platform's name.
    pub title: String,
    /// The face it belongs to.
    pub face: Face,
    /// Key of the present navigation entry.
    pub nav: &'static str,
    /// Token for forms and scripts.
    pub csrf: String,
    /// The signed-in person.
    pub who: Option<Who>,
    /// Unread messages of a unit; prompts an officer has not seen.
    pub unread: u32,
    /// Open tasks, shown in the office's side bar.
    pub tasks: u32,
    /// Security alarms nobody has acknowledged, shown in the office's side bar; `None` hides the entry.
    pub alarms: Option<u64>,
    /// What supervision asks of the person, shown in the office's side bar; `None` hides the entry.
    pub supervision: Option<u64>,
    /// Whether the person reads the security audit; hides the entry from everybody else.
    pub audits: bool,
    /// Exports that wait for the person to confirm them, shown in the office's side bar; `None` hides the entry.
    pub exports: Option<u64>,
    /// Sealed content that waits for the person, shown in the office's side bar; `None` hides the entry.
    pub holds: Option<u64>,
    /// Results that wait for a review before they are public, shown in the office's side bar; `None` hides the entry.
    pub publications: Option<u64>,
    /// Whether the person looks after how long personal data is kept; hides the entry from everybody else.
    pub retention: bool,
    /// Requests about personal data that wait for an answer; `None` hides the entry.
    pub rights: Option<u64>,
    /// Whether the person sees organs, people and posts; hides the entry from everybody else.
    pub organs: bool,
    /// Way back, outermost first.
    pub crumbs: Vec<Crumb>,
    /// One message about what has just happened.
    pub flash: Option<(Tone, String)>,
    /// Whether the data is made up (`tzxm demo`); a bar says so on every page.
    pub simulated: bool,
    /// Whether the page shows errors; its window title then says so first.
    pub failed: bool,
}

impl Page {
    /// A page for somebody not signed in.
    pub fn new(face: Face, nav: &'static str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            face,
            nav,
            csrf: String::new(),
            who: None,
            unread: 0,
            tasks: 0,
            alarms: None,
            supervision: None,
            audits: false,
            exports: None,
            holds: None,
            publications: None,
            retention: false,
            rights: None,
            organs: false,
            crumbs: Vec::new(),
            flash: None,
            simulated: false,
            failed: false,
        }
    }

    /// For this person and this session's token.
    #[must_use]
    pub fn signed_in(mut self, who: Who, csrf: impl Into<String>) -> Self {
        self.who = Some(who);
        self.csrf = csrf.into();
        self
    }

    /// Whether an entry of the navigation is for this person.
    pub fn shows(&self, entry: &NavEntry) -> bool {
        match entry.key {
            "supervision" => self.supervision.is_some(),
            "alarms" => self.alarms.is_some(),
            "exports" => self.exports.is_some(),
            "holds" => self.holds.is_some(),
            "publications" => self.publications.is_some(),
            "retention" => self.retention,
            "rights" => self.rights.is_some(),
            "audit" => self.audits,
            "organs" => self.organs,
            _ => true,
        }
    }

    /// What waits behind an entry of the navigation; 0 shows nothing.
    pub fn waiting(&self, entry: &NavEntry) -> u64 {
        match entry.key {
            "work" => self.tasks.into(),
            "supervision" => self.supervision.unwrap_or_default(),
            "alarms" => self.alarms.unwrap_or_default(),
            "exports" => self.exports.unwrap_or_default(),
            "holds" => self.holds.unwrap_or_default(),
            "publications" => self.publications.unwrap_or_default(),
            "rights" => self.rights.unwrap_or_default(),
            _ => 0,
        }
    }

    /// Adds a step of the way back.
    #[must_use]
    pub fn crumb(mut self, name: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { name: name.into(), href: Some(href.into()) });
        self
    }

    /// Says what has just happened.
    #[must_use]
    pub fn flash(mut self, tone: Tone, message: impl Into<String>) -> Self {
        self.flash = Some((tone, message.into()));
        self
    }

    /// Marks the page as showing errors.
    #[must_use]
    pub fn failed(mut self, failed: bool) -> Self {
        self.failed = failed;
        self
    }
}

/// Prints a page, or a part of one for htmx.
pub fn show(template: &impl Template) -> Result<Response, WebError> {
    show_with(StatusCode::OK, template)
}

/// Prints a form again with its refusals (422); the page script shows it in place.
pub fn show_refused(template: &impl Template) -> Result<Response, WebError> {
    show_with(StatusCode::UNPROCESSABLE_ENTITY, template)
}

fn show_with(status: StatusCode, template: &impl Template) -> Result<Response, WebError> {
    let vary = [(header::VARY, HeaderValue::from_static("HX-Request"))];
    Ok((status, vary, Html(template.render()?)).into_response())
}
