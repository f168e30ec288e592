//! 期限日历: the due days of the officer's work list as an iCalendar file (RFC 5545).
//!
//! It stands behind the session and is downloaded, not subscribed to: a secret address that opens names of projects and units
//! without signing in would lie in browser histories, proxies and calendar servers outside the government network.

use super::show;
use crate::{Access, OfficeContext, Route, WebError};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use domain::Moment;
use jiff::{ToSpan, civil::Date};
use platform::{
    case::CaseRow,
    work_list::{Filter, Tab},
};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![Route::get(Access::SignedIn, "/deadlines.ics", download)]
}

/// Pages of the work list that go into one file: the five hundred most urgent cases.
const PAGES: usize = 25;

async fn download(ctx: OfficeContext) -> Result<Response, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let filter = Filter { tab: Tab::All, ..Filter::default() };
    let (mut events, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let list = ctx.platform.work_list(&ctx.call, &filter, after.take()).await?;
        events.extend(list.rows.iter().filter_map(event));
        after = list.next;
        if after.is_none() {
            break;
        }
    }
    let text = calendar(&events, ctx.platform.clock.now());
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"deadlines.ics\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// One due day.
struct Event {
    id: String,
    day: Date,
    summary: String,
    description: String,
}

fn event(row: &CaseRow) -> Option<Event> {
    let due = row.due?;
    Some(Event {
        id: row.id.to_string(),
        day: due,
        summary: format!("{}：{}", row.owed.name(), row.item_name),
        description: format!(
            "{}\n{}\n{}\n应于 {} 前（含当日）办完本步",
            row.project_name,
            row.project_code,
            row.unit_name,
            show::due_words(Some(due), row.provisional)
        ),
    })
}

fn calendar(events: &[Event], now: Moment) -> String {
    let stamp = Moment(now.0 - 8 * 3_600_000).local();
    let stamp = format!("{}T{:02}{:02}{:02}Z", compact(stamp.date()), stamp.hour(), stamp.minute(), stamp.second());
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//tzxm//deadlines//ZH".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        format!("X-WR-CALNAME:{}", escape("办件期限")),
    ];
    for event in events {
        let next = event.day.checked_add(1.day()).unwrap_or(event.day);
        lines.extend([
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}@tzxm", event.id),
            format!("DTSTAMP:{stamp}"),
            format!("DTSTART;VALUE=DATE:{}", compact(event.day)),
            format!("DTEND;VALUE=DATE:{}", compact(next)),
            format!("SUMMARY:{}", escape(&event.summary)),
            format!("DESCRIPTION:{}", escape(&event.description)),
            "TRANSP:TRANSPARENT".to_owned(),
            "END:VEVENT".to_owned(),
        ]);
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| fold(line) + "\r\n").collect()
}

fn compact(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\r', "").replace('\n', "\\n")
}

/// Lines of at most 75 octets, continued behind a blank.
fn fold(line: &str) -> String {
    let (mut folded, mut octets) = (String::with_capacity(line.len()), 0);
    for character in line.chars() {
        if octets + character.len_utf8() > 75 {
            folded.push_str("\r\n ");
            octets = 1;
        }
        folded.push(character);
        octets += character.len_utf8();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn art15_due_days_are_whole_days_of_a_well_formed_calendar() {
        let summary = "待决定：水土保持方案审批, 以及一个很长很长很长很长很长很长很长很长很长很长的名称".to_owned();
        let event = Event { id: "c1".into(), day: date(2026, 12, 31), summary, description: "甲\n乙;丙".into() };
        let text = calendar(&[event], Moment::at(date(2026, 3, 2), 9, 5));
        assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
        assert!(text.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"), "{text}");
        assert!(
            text.contains("DTSTAMP:20260302T010500Z") && text.contains("甲\\n乙\\;丙") && text.contains("审批\\, 以")
        );
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");
        assert!(text.replace("\r\n ", "").contains("很长的名称"));
    }
}
