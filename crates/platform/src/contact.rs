//! 联系信息: what a declaration says about people. Masked for every officer who reads the project, shown to whoever may and says
//! why; the reason stands in the security audit (S-34).

use crate::{Action, Call, Failure, Platform, daily::Daily, failure::again, stream::stream_id};
use domain::{Refusal, declaration::masked, ids::ProjectId, project::Project};

/// What stands in the place of a value that is processed no more (L-06).
const LOCKED: &str = "（已锁定，不再处理）";
/// Longest reason, in characters.
const REASON: usize = 100;

fn too_often(most: u64) -> Refusal {
    let words = format!(
        "您今天查看完整联系信息已达 {most} 次的上限，请明天再看；今天必须联系的，请本部门另一位同志查看，并告知安全管理员。"
    );
    Refusal::new("contact.quota", words).article("个人信息保护法第六条")
}

/// One personal answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactLine {
    /// The question.
    pub label: String,
    /// The answer, masked or not.
    pub text: String,
    /// What it was collected for.
    pub purpose: String,
}

impl Platform {
    /// The personal answers of a declaration with their middle hidden.
    pub async fn masked_contact(&self, call: &Call, id: &ProjectId) -> Result<Vec<ContactLine>, Failure> {
        self.load_project(call, Action::ReadProject, id).await?;
        self.contact(id, true).await
    }

    /// Whether the caller may see them in full.
    pub async fn may_unmask(&self, call: &Call, id: &ProjectId) -> bool {
        self.load_project(call, Action::UnmaskContact, id).await.is_ok()
    }

    /// The personal answers in full. The reason is kept in the audit record of this very request, before anything is shown.
    pub async fn unmask_contact(&self, call: &Call, id: &ProjectId, reason: &str) -> Result<Vec<ContactLine>, Failure> {
        self.load_project(call, Action::UnmaskContact, id).await?;
        let reason = reason.trim();
        let length = reason.chars().count();
        if !(4..=REASON).contains(&length) || reason.chars().any(char::is_control) {
            let words = format!("请写明查看的理由（4 至 {REASON} 个字），例如：电话告知补正内容。");
            return Err(Refusal::field("reason", "contact.reason", words).article("个人信息保护法第六条").into());
        }
        let account = call.actor.account().ok_or(Failure::NotThere)?;
        let most = self.settings.quotas.unmask;
        again(|| async {
            if self.used_today(account, Daily::Unmask).await? >= most {
                return Err(too_often(most).into());
            }
            let found = self.contact(id, false).await?;
            let mut change = self.change(call);
            change.about(stream_id::<Project>(id.as_str()));
            change.because(reason);
            self.use_today(&mut change, account, Daily::Unmask, 1, most);
            change.commit(id.as_str()).await?;
            Ok(found)
        })
        .await
    }

    async fn contact(&self, id: &ProjectId, hidden: bool) -> Result<Vec<ContactLine>, Failure> {
        let project = self.load::<Project>(id.as_str()).await?.state;
        let mut lines = Vec::new();
        for (field, entry) in self.form().personal_register() {
            let text = match self.personal_answer(id, &project, &field.id).await {
                Ok(Some(text)) => text,
                // Erased, or never given.
                Ok(None) => continue,
                Err(error) => {
                    // The rest of the project stays readable.
                    tracing::error!(project.id = %id, field = field.id, error = %error, "a sealed answer does not open");
                    continue;
                }
            };
            if text.trim().is_empty() {
                continue;
            }
            lines.push(ContactLine {
                label: field.label.clone(),
                text: match project.locked.contains(&field.id) {
                    true => LOCKED.to_owned(),
                    false if hidden => masked(field.kind, &text),
                    false => text,
                },
                purpose: entry.purpose.clone(),
            });
        }
        Ok(lines)
    }
}
