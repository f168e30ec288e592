//! No page shows a phone number, a mail address or an identity number in full to anybody but its owner, unless a reason was given
//! (S-34). The patterns are looked for on every page of the sweep, as every role.

use super::sweep::{FACES, Samples, routes};
use axum::http::Method;
use domain::account::Role;
use testkit::{Client, Person, World, answers, both_engines};
use web::Face;

both_engines! {
    s34_no_page_shows_a_personal_value_in_full_to_any_role,
}

/// Made-up examples that stand in hints.
const EXAMPLES: [&str; 3] = ["13800000000", "zhangsan@example.com", "name@example.com"];

/// Who has to see one value, and the beginning of the page: whoever answers a person's own request about that value
/// (个人信息保护法第四十五条至第四十七条). Each look leaves a record.
const ANSWERS: (&str, &str) = ("GeneralAdministration", "/rights/");

fn is_phone(word: &str) -> bool {
    word.len() == 11
        && word.bytes().all(|b| b.is_ascii_digit())
        && (b'3'..=b'9').contains(&word.as_bytes()[1])
        && word.starts_with('1')
}

/// Eighteen characters with a date of birth in the middle.
fn is_identity_number(word: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| word[range].parse::<u32>().unwrap_or(0);
    word.len() == 18
        && word[..17].bytes().all(|b| b.is_ascii_digit())
        && word[17..].bytes().all(|b| b.is_ascii_digit() || b.eq_ignore_ascii_case(&b'x'))
        && (1900..2100).contains(&digits(6..10))
        && (1..=12).contains(&digits(10..12))
        && (1..=31).contains(&digits(12..14))
}

fn is_mail(word: &str) -> bool {
    let Some((local, host)) = word.split_once('@') else { return false };
    let letters = |text: &str| text.bytes().any(|b| b.is_ascii_alphabetic());
    !local.is_empty() && local.bytes().any(|b| b.is_ascii_alphanumeric()) && host.contains('.') && letters(host)
}

/// Everything on a page that looks like a personal value.
pub fn personal(page: &str) -> Vec<String> {
    let words = page.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+')));
    let words = words.map(|word| word.trim_matches(|c| matches!(c, '.' | '-' | '_' | '+')));
    let found = words.filter(|word| is_phone(word) || is_identity_number(word) || is_mail(word));
    found.filter(|word| !EXAMPLES.contains(word)).map(str::to_owned).collect()
}

#[test]
fn s34_the_patterns_find_what_they_are_for() {
    let page = "<td>13947612345</td> <a href=\"mailto:li.si@unit.example\">li.si@unit.example</a> 150402199001011234 15040219900101123X";
    assert_eq!(personal(page).len(), 5);
    let usual = "139****2345 l***@unit.example 2611-150402-04-01-123456 91150402MA0000000X 2026-03-02 13800000000 0.13947612345678 a13947612345";
    assert_eq!(personal(usual), Vec::<String>::new());
}

/// Every role where its posts usually are.
async fn everybody(world: &World) -> Vec<(String, Person)> {
    let mut people = Vec::new();
    for role in Role::ALL {
        let (department, region) = match role {
            Role::GeneralAdministration | Role::Supervisor => ("development_reform", "150400"),
            role if role.is_administrator() => ("development_reform", "150000"),
            _ => ("water", "150402"),
        };
        people.push((format!("{role:?}"), world.officer(department, region, &[role]).await));
    }
    people
}

async fn s34_no_page_shows_a_personal_value_in_full_to_any_role(world: &World) {
    let samples = Samples::lay_out(world).await;
    let mut clients: Vec<(String, Face, Client)> =
        FACES.into_iter().map(|face| (format!("nobody on {}", face.slug()), face, Client::new(world, face))).collect();
    clients.push(("another unit".into(), Face::Portal, Client::portal(world).signed_in(world, &world.rival).await));
    for (role, person) in everybody(world).await {
        clients.push((role, Face::Office, Client::office(world).signed_in(world, &person).await));
    }
    let (mut shown, mut pages) = (Vec::new(), 0);
    for (who, face, client) in &mut clients {
        for route in routes(*face).into_iter().filter(|route| route.method == Method::GET) {
            let path = samples.fill(route.path);
            let answer = client.get(&path).await;
            if !answer.header("content-type").contains("text") && !answer.header("content-type").contains("json") {
                continue;
            }
            pages += 1;
            let found = personal(&answer.text());
            let answers = who == ANSWERS.0 && path.starts_with(ANSWERS.1) && route.audited;
            if !found.is_empty() && !answers {
                shown.push(format!("{path} as {who}: {found:?}"));
            }
        }
    }
    assert!(shown.is_empty(), "{shown:#?}");
    assert!(pages > 500, "{pages} pages were looked at");
    // With a reason the same pages do show them: the test would see them.
    let undertaker = world.officer("water", "150402", &[Role::Undertaker]).await;
    let mut desk = Client::office(world).signed_in(world, &undertaker).await;
    let contact = samples.fill("/projects/{id}/contact");
    let page = desk.post(&contact, &[("reason", "电话告知补正内容")]).await.text();
    assert!(personal(&page).contains(&answers::CONTACT_MOBILE.to_owned()), "{page}");
    let page = desk.post(&contact, &[("reason", "")]).await.text();
    assert_eq!(personal(&page), Vec::<String>::new());
}
