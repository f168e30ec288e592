// A new unit on the portal, with and without scripts: register, declare page by page, get a code, apply with files,
// and answer the correction notice that the water bureau's window sends from the office.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Steppe-Wind-2026'
const OFFICE_PASSWORD = 'Caoyuan-2026-Demo'
const ITEM = '生产建设项目水土保持方案审批'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

// A credit code with both check characters, told apart by `serial` (GB 32100-2015).
function creditCode (serial) {
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
function pdf () {
  let text = '%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n' +
    '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n'
  const xref = text.length
  text += `xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

const field = (page, name) => page.locator(`[name="${name}"]`)
const tick = (page, name, value) => page.locator(`[name="${name}"][value="${value}"]`).check()
const go = page => page.locator('.card-foot button[value="continue"]').click()

/** Accepts the page's own question; without scripts there is none. */
async function press (page, name, noJs) {
  await page.getByRole('button', { name }).click()
  if (!noJs) await page.getByRole('dialog').getByRole('button').last().click()
}

async function register (page, serial) {
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

/** Fills every page of the form; `look` is called on each as it is left. */
async function declare (page, name, look) {
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
async function fillSlots (page, noJs) {
  const slots = await page.locator('form[data-upload]').filter({ hasText: '必交' }).evaluateAll(forms => forms.map(form => form.id))
  for (const id of slots) {
    const slot = page.locator(`#${id}`)
    await slot.locator('input[type="file"]').setInputFiles({ name: '方案.pdf', mimeType: 'application/pdf', buffer: pdf() })
    if (noJs) await slot.getByRole('button', { name: '上传' }).click()
    await page.locator(`#${id}`).getByText('已传 1 份').waitFor()
  }
  return slots.length
}

/** The window of the water bureau takes the case in and asks for corrections, once. */
async function askCorrection (project) {
  const page = await openPage(browser)
  await page.goto(`${tzxm.office}/`)
  await page.getByLabel('登录名').fill('hongshan-shuili')
  await page.getByLabel('密码').fill(OFFICE_PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.goto(`${tzxm.office}/cases?${new URLSearchParams({ words: project })}`)
  await page.getByRole('row').filter({ hasText: ITEM }).getByRole('link').first().click()
  await press(page, '收件')
  await page.getByText('已收件').first().waitFor()
  await page.getByRole('link', { name: '一次性告知补正' }).click()
  await page.getByRole('group', { name: '第 1 条' }).getByLabel('需要补正什么').fill('请补充弃渣场位置图。')
  await page.getByRole('group', { name: '第 2 条' }).getByLabel('需要补正什么').fill('请写明方案编制单位。')
  await press(page, '发出补正通知')
  await page.getByText('补正材料通知书已出具').waitFor()
  await closePage(page)
}

async function walk ({ noJs, size }) {
  const page = await openPage(browser, { noJs, size })
  const serial = (Date.now() + (noJs ? 7 : 0)) % 100_000_000
  const project = `红山区走查${serial}项目`
  const kind = noJs ? 'still' : size
  const look = async name => {
    await picture(page, `applicant-${name}-${kind}`)
    await (noJs ? checkStill(page, name) : checkPage(page, name))
  }
  await register(page, serial)
  await declare(page, project, look)

  await field(page, 'policy_commitment').check()
  await field(page, 'truth_commitment').check()
  await page.getByRole('button', { name: '提交申报，取得项目代码' }).click()
  await page.getByRole('heading', { name: '申报成功，已取得项目代码' }).waitFor()
  assert.match(await page.locator('.plate-code').textContent(), /^\d{4}-150402-\d{2}-01-\d{6}$/)
  await look('declared')
  const certificate = await page.getByRole('link', { name: '下载项目代码证' }).getAttribute('href')
  const paper = await page.context().request.get(tzxm.portal + certificate)
  assert.equal((await paper.body()).subarray(0, 5).toString(), '%PDF-')
  assert.match(paper.headers()['content-security-policy'], /^default-src 'none'/)

  await page.getByRole('link', { name: '查看项目' }).click()
  await look('project')
  await page.getByRole('link', { name: ITEM }).click()
  await look('apply')
  assert.ok(await fillSlots(page, noJs) > 0)
  await look('apply-filled')
  await press(page, '提交申请', noJs)
  await page.getByText('申请已提交，等待办理部门收件').waitFor()
  await look('case-submitted')
  const address = page.url().split('?')[0]

  await askCorrection(project)

  await page.goto(address)
  await page.getByText('请补充弃渣场位置图。').waitFor()
  await look('case-correction')
  const slot = page.locator('form[data-upload]').first()
  await slot.locator('input[type="file"]').setInputFiles({ name: '位置图.pdf', mimeType: 'application/pdf', buffer: pdf() })
  if (noJs) await slot.getByRole('button', { name: '上传' }).click()
  await page.locator('form[data-upload]').first().getByText('已传 1 份').waitFor()
  await field(page, 'answer-1').fill('编制单位：赤峰草原水保咨询有限公司。')
  await press(page, '提交补正', noJs)
  await page.getByText('补正已提交').waitFor()
  await page.getByText('编制单位：赤峰草原水保咨询有限公司。').waitFor()
  await look('case-supplied')

  await page.goto(`${tzxm.portal}/projects`)
  await page.getByRole('link', { name: project }).waitFor()
  await look('projects')
  await closePage(page)
}

test('art. 14(1)(2): a new unit declares, gets a code, applies and corrects, on the desktop', () => walk({ size: 'desktop' }))
test('the same on the phone', () => walk({ size: 'phone' }))
test('the same without scripts', () => walk({ noJs: true, size: 'desktop' }))

test('K-01: a classified project is sent to the counter and nothing is kept', async () => {
  const page = await openPage(browser)
  await register(page, (Date.now() + 13) % 100_000_000)
  await page.goto(`${tzxm.portal}/declare/new`)
  await tick(page, 'touches_secrets', 'yes')
  await tick(page, 'foreign_kind', 'domestic')
  await go(page)
  await page.getByRole('heading', { name: '请通过线下渠道办理' }).waitFor()
  await checkPage(page, 'offline notice')
  await picture(page, 'applicant-offline-desktop')
  await page.goto(`${tzxm.portal}/declare`)
  await page.getByText('还没有草稿').waitFor()
  await closePage(page)
})

test('what is typed is kept by itself, and two windows do not overwrite each other', async () => {
  const page = await openPage(browser)
  await register(page, (Date.now() + 17) % 100_000_000)
  await page.goto(`${tzxm.portal}/declare/new`)
  await tick(page, 'touches_secrets', 'no')
  await tick(page, 'foreign_kind', 'domestic')
  await go(page)
  await page.waitForURL(/\/basics$/)
  const other = await page.context().newPage()
  await other.goto(page.url())
  await field(page, 'project_name').fill('甲窗口填写的名称')
  await page.getByText(/^已保存 \d\d:\d\d$/).waitFor()
  await field(other, 'project_name').fill('乙窗口填写的名称')
  await other.getByText('这份草稿已在别处修改').waitFor()
  await page.reload()
  assert.equal(await field(page, 'project_name').inputValue(), '甲窗口填写的名称')
  // a question that depends on another shows when it is asked
  await page.goto(page.url().replace('/basics', '/place'))
  await field(page, 'zone_name').waitFor({ state: 'hidden' })
  await tick(page, 'in_zone', 'yes')
  await field(page, 'zone_name').waitFor({ state: 'visible' })
  await page.getByLabel('盟市').selectOption('150700')
  await page.locator('#field-region option', { hasText: '海拉尔区' }).waitFor({ state: 'attached' })
  await page.getByText(/^已保存 \d\d:\d\d$/).waitFor()
  await closePage(page)
})
