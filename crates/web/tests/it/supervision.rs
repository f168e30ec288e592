//! 电子监察, page by page: the supervisor's home, cards, expediting orders (办法第十五、十七条).

use axum::http::StatusCode;
use domain::{account::Role, ids::CaseId};
use jiff::civil::date;
use platform::Call;
use testkit::{Client, Person, World, both_engines};

both_engines!(
    art17_an_overdue_case_goes_from_home_to_card_to_answer_to_close,
    art17_what_is_typed_into_a_card_stays_when_it_is_refused,
    art17_an_order_is_written_on_the_case_and_replied_to,
    art17_the_home_is_the_supervisors_and_departments_begin_with_their_cards,
    art17_the_ranking_sorts_and_goes_on_after_its_last_row,
);

struct Scene {
    officer: Person,
    supervisor: Person,
    case: CaseId,
}

/// A case of water × 150402 that is overdue, with its card.
async fn overdue(world: &World) -> Scene {
    let officer = world.all_hands("water", "150402").await;
    let supervisor = world.supervisor().await;
    let case = world.accepted(&officer).await;
    world.set_day(date(2026, 4, 1));
    assert_eq!(world.platform.supervise(&Call::system("test")).await.unwrap(), 1);
    Scene { officer, supervisor, case }
}

async fn desk(world: &World, person: &Person) -> Client {
    Client::office(world).signed_in(world, person).await
}

/// The first address in the page that begins so.
fn link(page: &str, begin: &str) -> String {
    let found = page
        .split("href=\"")
        .skip(1)
        .find(|part| part.starts_with(begin))
        .unwrap_or_else(|| panic!("no {begin} in {page}"));
    found.split('"').next().unwrap().to_owned()
}

async fn art17_an_overdue_case_goes_from_home_to_card_to_answer_to_close(world: &World) {
    let s = overdue(world).await;
    let mut supervisor = desk(world, &s.supervisor).await;
    let home = supervisor.get("/supervision").await.text();
    assert!(home.contains("红灯分布") || home.contains("红黄灯分布"));
    assert!(home.contains("办理超期") && home.contains(&format!("/cases/{}#trail", s.case)), "one click to the trail");
    assert!(home.contains("红山区") && home.contains("/supervision?region=150402"));
    let card = link(&home, "/supervision/cards/k");
    let shown = supervisor.get(&card).await.text();
    assert!(shown.contains("已超期") && shown.contains("办法第十五条") && shown.contains("核查销号"));
    assert!(!shown.contains("提交说明"), "the supervisor does not answer");

    let mut officer = desk(world, &s.officer).await;
    let work = officer.get("/").await.text();
    assert!(work.contains("监察卡 1 张待答复（其中红牌 1 张）"), "the card stands above the work list");
    let list = officer.get("/supervision/cards?owing=department").await.text();
    assert_eq!(link(&list, "/supervision/cards/k"), card);
    assert!(officer.get(&format!("/cases/{}", s.case)).await.text().contains(&card), "and on the case");
    let answered = officer.post(&format!("{card}/answer"), &[("text", "已催办。"), ("_once", "a1")]).await;
    assert_eq!(answered.location(), format!("{card}?said=answered"));
    assert!(officer.get(answered.location()).await.text().contains("情况说明已提交"));
    assert!(!officer.get("/").await.text().contains("张待答复"));

    let closing = [("finding", "upheld"), ("opinion", "属实，请整改。"), ("_once", "c1")];
    let closed = supervisor.post(&format!("{card}/close"), &closing).await;
    assert_eq!(closed.location(), format!("{card}?said=closed"));
    let end = supervisor.get(closed.location()).await.text();
    assert!(end.contains("监察卡已销号") && end.contains("属实，请整改。") && end.contains("已催办。"));
    assert!(!end.contains(&format!("{card}/close")));
    assert!(supervisor.get("/supervision/cards?owing=done").await.text().contains(&card));
}

async fn art17_what_is_typed_into_a_card_stays_when_it_is_refused(world: &World) {
    let s = overdue(world).await;
    let mut supervisor = desk(world, &s.supervisor).await;
    let card = link(&supervisor.get("/supervision").await.text(), "/supervision/cards/k");
    let unheard = supervisor.post(&format!("{card}/close"), &[("finding", "upheld"), ("opinion", "写好的意见")]).await;
    assert_eq!(unheard.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unheard.text().contains("写好的意见") && unheard.text().contains("先听取部门说明"));
    let nothing = supervisor.post(&format!("{card}/close"), &[("opinion", "写好的意见")]).await;
    assert!(nothing.text().contains("请选择核查结论") && nothing.text().contains("写好的意见"));
    let blank = supervisor.post(&format!("{card}/escalate"), &[("reason", " ")]).await;
    assert!(blank.text().contains("请填写上报理由"));
    let up = supervisor.post(&format!("{card}/escalate"), &[("reason", "部门不答复。")]).await;
    assert_eq!(up.location(), format!("{card}?said=escalated"));
    assert!(supervisor.get(up.location()).await.text().contains("部门不答复。"));
    let mut officer = desk(world, &s.officer).await;
    let empty = officer.post(&format!("{card}/answer"), &[("text", "")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("请填写情况说明"));
    let hidden = officer.post(&format!("{card}/close"), &[("finding", "upheld"), ("opinion", "x")]).await;
    assert_eq!(hidden.status, StatusCode::FORBIDDEN);
}

async fn art17_an_order_is_written_on_the_case_and_replied_to(world: &World) {
    let s = overdue(world).await;
    let mut supervisor = desk(world, &s.supervisor).await;
    let form = format!("/cases/{}/expedite", s.case);
    assert!(supervisor.get(&format!("/cases/{}", s.case)).await.text().contains(&form));
    assert!(supervisor.get(&form).await.text().contains("2026-04-07"), "three working days are proposed");
    let wrong = supervisor.post(&form, &[("text", "请办结"), ("reply_by", "明天")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("请办结"));
    let sent = supervisor.post(&form, &[("text", "请办结"), ("reply_by", "2026-04-03"), ("_once", "o1")]).await;
    assert!(sent.location().starts_with("/supervision/orders/o"), "{}", sent.location());
    let order = sent.location().split('?').next().unwrap().to_owned();
    assert!(supervisor.get(sent.location()).await.text().contains("督办已发出"));

    let mut officer = desk(world, &s.officer).await;
    assert!(officer.get("/").await.text().contains("督办 1 件待回复"));
    assert!(officer.get("/supervision/orders").await.text().contains(&order));
    assert!(!officer.get(&format!("/cases/{}", s.case)).await.text().contains(&form));
    assert_eq!(officer.get(&form).await.status, StatusCode::FORBIDDEN);
    let replied = officer.post(&format!("{order}/reply"), &[("text", "已安排专人。"), ("_once", "r1")]).await;
    assert_eq!(replied.location(), format!("{order}?said=replied"));
    let shown = supervisor.get(&order).await.text();
    assert!(shown.contains("已安排专人。") && shown.contains("已回复"));
}

async fn art17_the_home_is_the_supervisors_and_departments_begin_with_their_cards(world: &World) {
    let s = overdue(world).await;
    let mut officer = desk(world, &s.officer).await;
    let sent = officer.get("/supervision").await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/supervision/cards"));
    assert!(officer.get("/").await.text().contains("href=\"/supervision\""));
    let administrator = world.general_administration().await;
    let mut other = desk(world, &administrator).await;
    assert!(!other.get("/").await.text().contains("href=\"/supervision\""), "no entry for whoever has no part in it");
    assert_eq!(other.get("/supervision").await.status, StatusCode::FORBIDDEN);
    assert_eq!(other.get("/supervision/cards").await.status, StatusCode::FORBIDDEN);
    let elsewhere = world.officer("development_reform", "150500", &[Role::Supervisor]).await;
    let mut elsewhere = desk(world, &elsewhere).await;
    assert!(!elsewhere.get("/supervision").await.text().contains("办理超期"));
    assert_eq!(elsewhere.get("/supervision?region=150402").await.status, StatusCode::NOT_FOUND);
}

async fn art17_the_ranking_sorts_and_goes_on_after_its_last_row(world: &World) {
    let _ = overdue(world).await;
    let region = world.officer("development_reform", "150000", &[Role::Supervisor]).await;
    let mut browser = desk(world, &region).await;
    let first = browser.get("/supervision?by=banner&sort=red").await.text();
    assert!(first.contains("第 1–12 名") && first.contains("赤峰市红山区"));
    assert!(first.contains("map-150700"), "the map");
    let mut next = link(&first, "/supervision?by=banner&#38;sort=red&#38;after=").replace("&#38;", "&");
    let mut pages = 1;
    loop {
        let page = browser.get(next.split('#').next().unwrap()).await.text();
        pages += 1;
        match page.split("href=\"").find(|part| part.starts_with("/supervision?by=banner&#38;sort=red&#38;after=")) {
            Some(part) => next = part.split('"').next().unwrap().replace("&#38;", "&"),
            None => break,
        }
    }
    assert_eq!(pages, 9, "103 banners, counties and districts");
}
