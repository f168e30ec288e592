//! What stands in the files: the columns and rows of each kind of export. Nothing personal of units is among them (S-34).

use super::{Wanted, sheet::Cell};
use crate::{
    Failure, Platform,
    audit::{AuditFilter, exact_time, outcome_name},
    case::{CASE_COLUMNS, CaseRow},
    desk::ProjectFilter,
    project::{PROJECT_COLUMNS, ProjectRow},
    public::regime_name,
    work_list::{Filter, Tab, column, narrowed, tab_condition},
};
use domain::{
    Moment, account::Post, department::agency_name, evidence::Zone, export::What, ids::AccountId, region::RegionCode,
};
use ledger::{
    AuditRecord,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query},
};

/// What is asked of the database for one export.
pub(super) struct ExportQuery {
    what: What,
    condition: Cond,
    /// Headings.
    pub columns: &'static [&'static str],
    /// The filter in words.
    pub words: Vec<(&'static str, String)>,
}

const CASES: [&str; 15] = [
    "项目代码",
    "项目名称",
    "项目单位",
    "事项",
    "办理机关",
    "办理地区",
    "状态",
    "应办",
    "应办结日期",
    "承办人",
    "申请时间",
    "结束时间",
    "结果",
    "文号",
    "决定日期",
];
const PROJECTS: [&str; 8] =
    ["项目代码", "项目名称", "项目单位", "建设地点", "管理方式", "总投资（万元）", "申报时间", "代码状态"];
const AUDIT: [&str; 19] = [
    "序号",
    "时间",
    "人员",
    "账号",
    "岗位",
    "机构",
    "来源区域",
    "来源地址",
    "会话",
    "方法",
    "地址",
    "对象",
    "结果",
    "结果代码",
    "原因",
    "请求编号",
    "变更前",
    "变更后",
    "记录哈希",
];

fn table(what: What) -> &'static str {
    match what {
        What::Cases => "cases",
        What::Projects => "projects",
        What::Audit => AuditRecord::TABLE,
    }
}

/// What the address asked for.
struct Terms<'a>(&'a Wanted);

impl Terms<'_> {
    fn get(&self, name: &str) -> &str {
        self.0.terms.get(name).map_or("", |value| value.trim())
    }

    fn day(&self, name: &str) -> Option<jiff::civil::Date> {
        self.get(name).parse().ok()
    }

    fn cases(&self) -> Filter {
        Filter {
            tab: Tab::parse(self.get("tab")).unwrap_or(Tab::Every),
            item: Some(self.get("item").to_owned()).filter(|item| !item.is_empty()),
            region: RegionCode::parse(self.get("region")),
            words: self.get("words").to_owned(),
        }
    }

    fn projects(&self) -> ProjectFilter {
        ProjectFilter { words: self.get("words").to_owned(), region: RegionCode::parse(self.get("region")) }
    }

    fn audit(&self) -> AuditFilter {
        AuditFilter {
            from: self.day("from"),
            until: self.day("until"),
            person: self.get("person").to_owned(),
            zone: Zone::parse(self.get("face")).filter(|_| !self.get("face").is_empty()),
            outcome: self.get("outcome").to_owned(),
            what: self.get("what").to_owned(),
            source: self.get("source").to_owned(),
        }
    }
}

/// Names of the terms, for people.
const NAMES: [(&str, &str); 10] = [
    ("tab", "范围"),
    ("item", "事项"),
    ("region", "地区"),
    ("words", "关键词"),
    ("from", "起始日期"),
    ("until", "截止日期"),
    ("person", "人员"),
    ("face", "来源区域"),
    ("outcome", "结果"),
    ("source", "来源地址"),
];

impl Platform {
    /// The filter in words.
    pub(super) fn export_words(&self, wanted: &Wanted) -> Vec<(&'static str, String)> {
        let terms = Terms(wanted);
        let word = |name: &str, value: &str| match name {
            "tab" => Tab::parse(value).map(Tab::name).unwrap_or_default().to_owned(),
            "item" => self.rules.catalogue.item(value).map_or(value, |item| item.name.as_str()).to_owned(),
            "region" => RegionCode::parse(value).map_or(value.to_owned(), |code| self.rules.regions.full_name(code)),
            "outcome" => outcome_name(value).to_owned(),
            "face" => Zone::parse(value).map_or_else(|| value.to_owned(), |zone| zone.name().to_owned()),
            _ => value.to_owned(),
        };
        let names = NAMES.into_iter().chain([("what", "地址或者对象")]);
        let given = names.map(|(name, label)| (name, label, terms.get(name))).filter(|(.., value)| !value.is_empty());
        given.map(|(name, label, value)| (label, word(name, value))).collect()
    }

    /// What is exported for these posts, of what was there by then.
    pub(super) async fn export_query(
        &self,
        (me, posts): (&AccountId, &[Post]),
        wanted: &Wanted,
        bound: i64,
    ) -> Result<ExportQuery, Failure> {
        let terms = Terms(wanted);
        let today = self.clock.now().date();
        let (condition, columns, since): (Cond, &'static [&'static str], _) = match wanted.what {
            What::Cases => {
                let filter = terms.cases();
                let tab = tab_condition(filter.tab, today, me.as_str());
                (Cond::all().add(self.scope(posts)).add(narrowed(&filter)).add(tab), &CASES, "submitted_at")
            }
            What::Projects => (self.project_condition(posts, &terms.projects()), &PROJECTS, "declared_at"),
            What::Audit => (self.audit_condition(&terms.audit()).await?, &AUDIT, "seq"),
        };
        let condition = Cond::all().add(condition).add(column(since).lte(bound));
        Ok(ExportQuery { what: wanted.what, condition, columns, words: self.export_words(wanted) })
    }

    /// How many rows fit, counted up to `most`.
    pub(super) async fn count_export(&self, query: &ExportQuery, most: u64) -> Result<u64, Failure> {
        let mut inner = Query::select();
        inner.expr_as(Expr::val(1), Alias::new("one")).from(Alias::new(table(query.what)));
        inner.cond_where(query.condition.clone()).limit(most);
        let mut outer = Query::select();
        outer.expr_as(Expr::cust("COUNT(*)"), Alias::new("n")).from_subquery(inner, Alias::new("capped"));
        let rows = self.store.select(&outer).await.map_err(Failure::fault)?;
        let n: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    /// The rows, the oldest first, at most so many.
    pub(super) async fn export_rows(&self, query: &ExportQuery, most: u64) -> Result<Vec<Vec<Cell>>, Failure> {
        let (columns, order): (Vec<&str>, _) = match query.what {
            What::Cases => (CASE_COLUMNS.split(',').map(str::trim).collect(), "submitted_at"),
            What::Projects => (PROJECT_COLUMNS.to_vec(), "declared_at"),
            What::Audit => (AuditRecord::COLUMNS.to_vec(), "seq"),
        };
        let mut select = Query::select();
        select.from(Alias::new(table(query.what))).columns(columns.into_iter().map(Alias::new));
        select.cond_where(query.condition.clone()).order_by(Alias::new(order), Order::Asc);
        if query.what != What::Audit {
            select.order_by(Alias::new("id"), Order::Asc);
        }
        let rows = self.store.select(select.limit(most)).await.map_err(Failure::fault)?;
        match query.what {
            What::Cases => rows.iter().map(|row| CaseRow::read(row).map(|row| self.case_cells(&row))).collect(),
            What::Projects => {
                rows.iter().map(|row| ProjectRow::read(row).map(|row| self.project_cells(&row))).collect()
            }
            What::Audit => {
                let records = rows.iter().map(AuditRecord::read).collect::<ledger::Result<Vec<_>>>();
                let records = records.map_err(Failure::fault)?;
                let names = self.names_of(records.iter().map(|record| record.entry.actor.as_str())).await?;
                let name = |id: &str| names.get(id).cloned().unwrap_or_default();
                Ok(records.iter().map(|record| audit_cells(record, name(&record.entry.actor))).collect())
            }
        }
    }

    fn case_cells(&self, row: &CaseRow) -> Vec<Cell> {
        let region = RegionCode::parse(&row.region);
        let agency = region.and_then(|region| agency_name(&row.department, region)).unwrap_or_default();
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        [
            row.project_code.clone(),
            row.project_name.clone(),
            row.unit_name.clone(),
            row.item_name.clone(),
            agency,
            self.region_name(&row.region),
            row.stage.name().to_owned(),
            row.owed.name().to_owned(),
            day(row.due),
            row.holder_name.clone(),
            row.submitted_at.display(),
            row.ended_at.map(Moment::display).unwrap_or_default(),
            row.outcome.map(|outcome| outcome.name().to_owned()).unwrap_or_default(),
            row.document_number.clone(),
            day(row.decided_on),
        ]
        .map(Cell::from)
        .to_vec()
    }

    fn project_cells(&self, row: &ProjectRow) -> Vec<Cell> {
        // 万元 with four decimals: a spreadsheet can sum it up.
        let total = row.total.0 as f64 / 1_000_000.0;
        vec![
            row.code.as_str().into(),
            row.name.as_str().into(),
            row.unit_name.as_str().into(),
            self.region_name(&row.region).into(),
            regime_name(&row.regime).into(),
            Cell::Number(total),
            row.declared_at.display().into(),
            row.state.name().into(),
        ]
    }
}

fn audit_cells(record: &AuditRecord, name: String) -> Vec<Cell> {
    let entry = &record.entry;
    [
        record.seq.to_string(),
        exact_time(entry.at),
        name,
        entry.actor.clone(),
        entry.role.clone(),
        entry.organisation.clone(),
        Zone::parse(&entry.face).map_or_else(|| entry.face.clone(), |zone| zone.name().to_owned()),
        entry.source.clone(),
        entry.session.clone(),
        entry.method.clone(),
        entry.path.clone(),
        entry.object.clone(),
        outcome_name(&entry.outcome).to_owned(),
        entry.outcome.clone(),
        entry.reason.clone(),
        entry.request.clone(),
        entry.before.clone(),
        entry.after.clone(),
        hex::encode(&record.hash),
    ]
    .map(Cell::from)
    .to_vec()
}
