// A new unit on the portal, with and without scripts: register, declare page by page, get a code, apply with files,
// and answer the correction notice that the water bureau's window sends from the office.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { ITEM, declare, field, fillSlots, go, pdf, press, register, tick } from './steps.mjs'

const OFFICE_PASSWORD = 'Caoyuan-2026-Demo'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

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
  await register(page, tzxm, serial)
  await declare(page, tzxm, project, look)

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
  await page.locator('[name="unclassified"]').check()
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
  await register(page, tzxm, (Date.now() + 13) % 100_000_000)
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
  await register(page, tzxm, (Date.now() + 17) % 100_000_000)
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
