// Steps that several walks share: a new unit registers, fills in the declaration, hands in files.
import assert from 'node:assert/strict'
import { openPage } from './harness.mjs'

const PASSWORD = 'Steppe-Wind-2026'
/** Password of every account of the demonstration. */
export const DEMO_PASSWORD = 'Caoyuan-2026-Demo'
/** The item whose need the check page must show. */
export const ITEM = '生产建设项目水土保持方案审批'

// A credit code with both check characters, told apart by `serial` (GB 32100-2015).
export function creditCode (serial) {
  const signs = '0123456789ABCDEFGHJKLMNPQRTUWXY'
  const organ = String(serial).padStart(8, '0')
  const weights = [3, 7, 9, 10, 5, 8, 4, 2]
  const sum = [...organ].reduce((total, sign, at) => total + Number(sign) * weights[at], 0)
  const check = 11 - sum % 11
  const body = '91150402' + organ + (check === 10 ? 'X' : check === 11 ? '0' : String(check))
  const total = [...body].reduce((all, sign, at) => all + signs.indexOf(sign) * 3 ** at % 31, 0)
  return body + signs[(31 - total % 31) % 31]
}

/** A one-page PDF that shows nothing. */
export function pdf () {
  let text = '%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n' +
    '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n'
  const xref = text.length
  text += `xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

export const field = (page, name) => page.locator(`[name="${name}"]`)
export const tick = (page, name, value) => page.locator(`[name="${name}"][value="${value}"]`).check()
export const go = page => page.locator('.card-foot button[value="continue"]').click()

/** Accepts the page's own question; without scripts there is none. */
export async function press (page, name, noJs) {
  await page.getByRole('button', { name }).click()
  if (!noJs) await page.getByRole('dialog').getByRole('button').last().click()
}

/** Presses a button of exactly that name and says yes to its question; without scripts there is none. */
export async function sure (page, button, noJs = false) {
  await page.getByRole('button', { name: button, exact: true }).click()
  if (!noJs) await page.getByRole('dialog').getByRole('button').last().click()
}

/** A page of the office with that officer of the demonstration signed in. */
export async function openDesk (browser, tzxm, login, options) {
  const page = await openPage(browser, options)
  await page.goto(`${tzxm.office}/`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(DEMO_PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.waitForURL(address => !address.pathname.endsWith('/login'))
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  return page
}

export async function register (page, tzxm, serial) {
  await page.goto(`${tzxm.portal}/register`)
  await field(page, 'name').fill('赤峰草原走查科技有限公司')
  await field(page, 'credit_code').fill(creditCode(serial))
  await field(page, 'nature').selectOption('private')
  await page.getByLabel('盟市').selectOption('150400')
  const refresh = page.getByRole('button', { name: '更新旗县列表' })
  if (await refresh.isVisible()) await refresh.click()
  await page.locator('#field-region option[value="150402"]').waitFor({ state: 'attached' })
  await field(page, 'region').selectOption('150402')
  await field(page, 'contact_name').fill('测试员')
  await field(page, 'contact_phone').fill('0476-1234567')
  await field(page, 'login').fill(`walk.${serial}`)
  await field(page, 'password').fill(PASSWORD)
  await field(page, 'password_again').fill(PASSWORD)
  await page.getByText('我已阅读并理解个人信息处理告知').click()
  await page.getByRole('button', { name: '注册并登录' }).click()
  await page.waitForURL(/\/projects\?done=registered/)
}

/** Fills every page of the form; `look` is called on each as it is left, `more` changes the page of facts. */
export async function declare (page, tzxm, name, look, more = async () => {}) {
  await page.goto(`${tzxm.portal}/declare`)
  await look('start')
  await page.getByRole('link', { name: '开始申报' }).click()
  await tick(page, 'touches_secrets', 'no')
  await tick(page, 'foreign_kind', 'domestic')
  await look('gate')
  await go(page)
  await page.waitForURL(/\/basics$/)

  await go(page)
  await page.getByRole('alert').getByText('处需要修改').waitFor()
  await look('basics-wrong')
  await field(page, 'project_name').fill(name)
  await field(page, 'content').fill('建设生产车间2座，购置设备120台（套）。')
  await field(page, 'scale').fill('年产负极材料3万吨')
  await field(page, 'construction_nature').selectOption('new')
  await tick(page, 'project_type', '01')
  await tick(page, 'project_stage', 'not_started')
  await field(page, 'industry').fill('石墨及碳素制品制造')
  await tick(page, 'industrial_policy', 'permitted')
  await field(page, 'catalogue_item').selectOption('none')
  await field(page, 'planned_start').fill('2027-10')
  await field(page, 'planned_end').fill('2029-06')
  await go(page)
  await page.waitForURL(/\/place$/)

  assert.equal(await field(page, 'region').inputValue(), '150402', 'the seat of the unit is proposed')
  await field(page, 'place_detail').fill('物流园区纬三路以北')
  await tick(page, 'in_zone', 'no')
  await look('place')
  await go(page)
  await page.waitForURL(/\/money$/)

  for (const [id, value] of Object.entries({ total_investment: '12000', civil_cost: '6000', equipment_cost: '6000', fund_own: '12000', project_capital: '12000' })) {
    await field(page, id).fill(value)
  }
  await tick(page, 'funding', 'no')
  await look('money')
  await go(page)
  await page.waitForURL(/\/land_scale$/)

  await tick(page, 'land_method', 'existing')
  await field(page, 'existing_land_area_mu').fill('30')
  await go(page)
  await page.waitForURL(/\/facts$/)

  await field(page, 'disturbs_soil').check()
  await tick(page, 'eia_class', 'register')
  await more(page)
  await look('facts')
  await go(page)
  await page.waitForURL(/\/unit$/)

  await field(page, 'unit_nature').selectOption('private')
  await field(page, 'unit_address').fill('赤峰市红山区钢铁西街1号')
  await field(page, 'legal_representative').fill('乌云')
  await field(page, 'contact_name').fill('哈斯')
  await field(page, 'contact_mobile').fill('13900000000')
  await look('unit')
  await go(page)
  await page.waitForURL(/\/check$/)
  await page.getByText('为什么是备案').waitFor()
  await page.getByText(ITEM).first().waitFor()
  await look('check')
}

/** Puts one file into each required slot on the page. */
export async function fillSlots (page, noJs) {
  const slots = await page.locator('form[data-upload]').filter({ hasText: '必交' }).evaluateAll(forms => forms.map(form => form.id))
  for (const id of slots) {
    const slot = page.locator(`#${id}`)
    await slot.locator('input[type="file"]').setInputFiles({ name: '方案.pdf', mimeType: 'application/pdf', buffer: pdf() })
    if (noJs) await slot.getByRole('button', { name: '上传' }).click()
    await page.locator(`#${id}`).getByText('已传 1 份').waitFor()
  }
  return slots.length
}

/** Hands in an application: a file for each required slot. Ends on the case's page. */
export async function apply (page, noJs) {
  await fillSlots(page, noJs)
  await page.locator('[name="unclassified"]').check()
  await press(page, '提交申请', noJs)
  await page.getByText('申请已提交，等待办理部门收件').waitFor()
}
