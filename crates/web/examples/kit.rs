//! A gallery of all components, to look at and to test in a browser: `cargo run -p web --example kit -- 8090`.
//! The only place with made-up content; it is no part of the product.

use askama::Template;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Multipart, Query},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use domain::Refusal;
use jiff::civil::date;
use std::collections::HashMap;
use web::{
    Face, Page, WebError, assets, csrf,
    door::{Limits, protect},
    html::{self, *},
    page::{Who, show, show_refused},
};

#[derive(Template)]
#[template(path = "kit_portal.html")]
struct PortalKit {
    page: Page,
    errors: Vec<Refusal>,
    cities: Vec<Choice>,
    counties: Vec<Choice>,
    files: Vec<UploadedFile>,
}

#[derive(Template)]
#[template(path = "kit_office.html")]
struct OfficeKit {
    page: Page,
    sheet: ClockSheet,
}

#[derive(Template)]
#[template(path = "api.html")]
struct Docs {
    page: Page,
    openapi: &'static str,
}

fn portal(failed: bool) -> PortalKit {
    let who = Who { name: "苏日娜".into(), org: "内蒙古示例新能源有限公司".into(), post: String::new() };
    let mut page = Page::new(Face::Portal, "declare", "组件样张")
        .signed_in(who, csrf::csrf_token("kit"))
        .crumb("首页", "/")
        .flash(Tone::Green, "草稿已保存，可以随时回来继续填写。")
        .failed(failed);
    page.unread = 3;
    page.simulated = true;
    let errors = if failed {
        vec![
            Refusal::field("name", "kit.name", "请填写项目名称，应当包含建设地点和建设内容。").article("办法第十条"),
            Refusal::field("county", "kit.county", "请选择项目所在旗县。"),
            Refusal::field("total", "kit.total", "资金来源合计 1100 万元，与总投资 1200 万元不一致，请核对。"),
            Refusal::field("promise", "kit.promise", "请勾选承诺后再提交。"),
        ]
    } else {
        Vec::new()
    };
    PortalKit {
        page,
        errors,
        counties: Vec::new(),
        cities: vec![Choice::new("150100", "呼和浩特市"), Choice::new("150400", "赤峰市")],
        files: vec![file("1")],
    }
}

fn file(id: &str) -> UploadedFile {
    UploadedFile {
        id: id.into(),
        name: "项目申请报告（报批稿）.pdf".into(),
        size: "3.4 MB".into(),
        state: "已检查".into(),
        tone: Tone::Green,
        href: "/kit".into(),
    }
}

fn office() -> OfficeKit {
    let who =
        Who { name: "其木格".into(), org: "赤峰市发展和改革委员会".into(), post: "审查岗".into() };
    let mut page =
        Page::new(Face::Office, "work", "组件样张").signed_in(who, csrf::csrf_token("kit")).crumb("待办", "/");
    (page.unread, page.tasks, page.simulated) = (2, 14, true);
    let sheet = ClockSheet::new("承诺时限 5 个工作日，自受理次日起算")
        .day(date(2026, 9, 29), DayKind::Start, "受理当日，自次日起算（办法第二十一条）")
        .day(date(2026, 9, 30), DayKind::Counted(1), "工作日")
        .day(date(2026, 10, 1), DayKind::Off, "国庆节放假")
        .day(date(2026, 10, 10), DayKind::Counted(2), "调休上班")
        .day(date(2026, 10, 12), DayKind::Paused, "专家评审，所需时间不计入时限")
        .day(date(2026, 10, 13), DayKind::Due(3), "时限届满日");
    OfficeKit { page, sheet }
}

fn docs() -> Docs {
    Docs { page: Page::new(Face::Api, "", "接口说明"), openapi: "/openapi.json" }
}

async fn upload(mut form: Multipart) -> Result<Response, WebError> {
    while let Some(mut part) = form.next_field().await.map_err(WebError::fault)? {
        if part.name() == Some("file") {
            while part.chunk().await.map_err(WebError::fault)?.is_some() {}
        }
    }
    let slot = Upload::new("report", "项目申请报告", "/upload", csrf::csrf_token("kit"))
        .required(true)
        .files([file("1"), file("2")]);
    Ok(Html(slot.to_string()).into_response())
}

async fn counties(Query(query): Query<HashMap<String, String>>) -> Html<String> {
    let counties = match query.get("city").map(String::as_str) {
        Some("150400") => vec![Choice::new("150402", "红山区"), Choice::new("150421", "阿鲁科尔沁旗")],
        Some("150100") => vec![Choice::new("150102", "新城区")],
        _ => Vec::new(),
    };
    Html(Options::new(counties, "").to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8090), |port| port.parse())?;
    let routes = Router::new()
        .route("/", get(async || show(&portal(false))))
        .route("/bad", get(async || show_refused(&portal(true))))
        .route("/office", get(async || show(&office())))
        .route("/docs", get(async || show(&docs())))
        .route("/openapi.json", get(async || Json(serde_json::json!({"openapi": "3.1.0", "info": {"title": "样张", "version": "1"}, "paths": {"/kit": {"get": {"summary": "样张", "responses": {"200": {"description": "好"}}}}}}))))
        .route("/counties", get(counties))
        .route("/save", post(async || Json(serde_json::json!({"saved": "12:03", "version": 2}))))
        .route("/upload", post(upload).layer(DefaultBodyLimit::max(60 << 20)))
        .route("/done", post(async || Html("done")));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("kit: http://{}", listener.local_addr()?);
    axum::serve(listener, protect(routes, Face::Portal, Limits::default(), None)).await?;
    Ok(())
}
