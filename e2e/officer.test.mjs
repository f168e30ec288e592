// 审批监管系统, walked through by officers of two departments, with and without scripts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
const WAREHOUSE = '红山区演示新材料公司仓储物流中心项目'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

/** A page with that officer signed in. */
async function desk (login, options) {
  const page = await openPage(browser, options)
  await page.goto(`${tzxm.office}/`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('heading', { name: '待办', level: 1 }).waitFor()
  return page
}

/** Opens a case from the list of everything. */
async function openCase (page, project, item) {
  await page.goto(`${tzxm.office}/cases?${new URLSearchParams({ words: project })}`)
  await page.getByRole('row').filter({ hasText: item }).getByRole('link').first().click()
  await page.getByRole('heading', { name: item, level: 1 }).waitFor()
}

/** Presses a button and says yes to its question. */
async function sure (page, button, yes = button) {
  await page.getByRole('button', { name: button, exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: yes, exact: true }).click()
}

/** The name of an item of the catalogue, as the link of its row shows it. */
const RECORD = /备案/
const SITE = /用地预审/

test('art. 14(2)–(5): a case is received, accepted and decided, and its notice can be opened', async () => {
  const window = await desk('hongshan-fagai')
  await checkPage(window, 'work list')
  await picture(window, 'office-work')
  await openCase(window, WAREHOUSE, RECORD)
  await checkPage(window, 'case, submitted')
  await sure(window, '收件')
  await window.getByText('已收件，收件凭证已出具').waitFor()
  await window.getByRole('link', { name: '核验代码并受理' }).click()
  await window.getByText('项目代码核验通过').waitFor()
  await checkPage(window, 'acceptance')
  await sure(window, '核验代码并受理')
  await window.getByText('受理通知书已出具').waitFor()
  await checkPage(window, 'case, accepted')
  await picture(window, 'office-case')
  assert.equal(await window.getByRole('link', { name: '作出决定' }).count(), 0, 'the window does not decide')
  await closePage(window)

  const approver = await desk('hongshan-fagai-sp')
  await openCase(approver, WAREHOUSE, RECORD)
  await approver.getByRole('link', { name: '作出决定' }).click()
  await approver.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await approver.getByRole('heading', { name: /处需要修改/ }).waitFor()
  await checkPage(approver, 'decision with errors')
  await approver.getByLabel('准予').check()
  await approver.getByLabel('办结意见').fill('该项目符合产业政策，予以备案。')
  await approver.getByLabel('审批文件文号').fill('红发改备〔2026〕120号')
  await approver.getByLabel('审批文件标题').fill('关于仓储物流中心项目备案的告知书')
  await approver.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await approver.getByRole('heading', { name: '核对办结告知书' }).waitFor()
  await approver.getByText('红发改备〔2026〕120号').waitFor()
  await checkPage(approver, 'preview of the notice')
  await picture(approver, 'office-preview')
  await approver.getByRole('button', { name: '返回修改' }).click()
  assert.equal(await approver.getByLabel('审批文件文号').inputValue(), '红发改备〔2026〕120号')
  await approver.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await approver.getByRole('button', { name: '确认作出决定并办结' }).click()
  await approver.getByText('系统已生成办结告知书').waitFor()
  await checkPage(approver, 'case, completed')
  const href = await approver.getByRole('link', { name: /办结告知书/ }).getAttribute('href')
  const paper = await approver.context().request.get(tzxm.office + href)
  assert.equal(paper.headers()['content-type'], 'application/pdf')
  assert.equal((await paper.body()).subarray(0, 5).toString(), '%PDF-')
  await closePage(approver)
})

test('art. 32: corrections are told once, point by point, by another department', async () => {
  const page = await desk('hongshan-ziran')
  await openCase(page, WAREHOUSE, SITE)
  await page.getByRole('link', { name: '一次性告知补正' }).click()
  await checkPage(page, 'correction')
  await picture(page, 'office-correction')
  await page.getByRole('group', { name: '第 1 条' }).getByLabel('需要补正什么').fill('项目名称与申报信息不一致，请更正。')
  await page.getByRole('button', { name: '再加几条' }).click()
  assert.match(await page.getByRole('group', { name: '第 1 条' }).getByLabel('需要补正什么').inputValue(), /不一致/)
  await page.getByRole('group', { name: '第 12 条' }).getByLabel('需要补正什么').fill('请补充选址示意图。')
  await sure(page, '发出补正通知')
  await page.getByText('补正材料通知书已出具').waitFor()
  await page.getByText('请补充选址示意图。').waitFor()
  assert.equal(await page.getByRole('link', { name: '一次性告知补正' }).count(), 0)
  await checkPage(page, 'case, correction asked')
  await closePage(page)
})

test('art. 14(2): a code out of force is not accepted, and the page says why', async () => {
  const page = await desk('development-reform-150781')
  await openCase(page, '满洲里市演示口岸查验场项目', RECORD)
  await page.getByText('现在核验：未通过，不得受理').waitFor()
  await sure(page, '收件')
  await page.getByText('已收件').first().waitFor()
  await page.getByRole('link', { name: '核验代码并受理' }).click()
  await sure(page, '核验代码并受理')
  await page.getByRole('alert').getByText(/不得受理/).waitFor()
  await page.getByRole('alert').getByText(/办法第十四条/).waitFor()
  await checkPage(page, 'acceptance refused')
  await page.getByRole('link', { name: '不予受理' }).click()
  assert.ok(await page.getByLabel('项目代码未通过核验').isChecked(), 'the ground that is at hand')
  await page.getByLabel('具体理由').fill('项目代码已作废，未通过核验。')
  await checkPage(page, 'refusal')
  await sure(page, '作出不予受理')
  await page.getByText('已作出不予受理').waitFor()
  await closePage(page)
})

test('art. 15: the clock stops for an expert review and runs again', async () => {
  const page = await desk('chifeng-huanjing')
  await page.goto(`${tzxm.office}/?tab=decide`)
  await page.locator('tbody').getByRole('link').first().click()
  await page.getByRole('link', { name: '暂停计时' }).click()
  await page.getByLabel('法定情形').selectOption('expert_review')
  await page.getByLabel('告知申请人的文书').fill('赤环评函〔2026〕9号')
  await checkPage(page, 'suspension')
  await sure(page, '暂停计时')
  await page.getByText('计时已暂停，并已告知').waitFor()
  await page.getByRole('link', { name: '恢复计时' }).click()
  await sure(page, '恢复计时')
  await page.getByText('计时已恢复').waitFor()
  await checkPage(page, 'case with a stopped clock')
  await closePage(page)
})

test('the work list is filtered by tab, words and item, and says so when nothing is left', async () => {
  const page = await desk('zizhiqu-jiancha')
  await page.getByRole('link', { name: /^红灯/ }).click()
  await page.getByRole('heading', { name: '红灯' }).waitFor()
  await page.goto(`${tzxm.office}/cases`)
  await page.getByLabel('项目、单位或代码').fill('风电')
  await page.getByRole('button', { name: '筛选' }).click()
  for (const name of await page.locator('tbody .main-cell').allTextContents()) assert.match(name, /风电/)
  await page.getByLabel('项目、单位或代码').fill('没有这个项目')
  await page.getByRole('button', { name: '筛选' }).click()
  await page.getByText('没有符合条件的办件').waitFor()
  await page.getByRole('link', { name: '清除筛选' }).click()
  assert.ok(await page.locator('tbody tr').count() > 1)
  await page.getByRole('link', { name: '下一页' }).click()
  await page.getByRole('link', { name: '回到开头' }).waitFor()
  await checkPage(page, 'second page of all cases')
  await closePage(page)
})

test('arts. 7, 13: a code is verified; general administration opens the project and takes its code out of force', async () => {
  const page = await desk('zizhiqu-zonghe')
  await page.getByRole('link', { name: '项目', exact: true }).click()
  await checkPage(page, 'projects')
  await page.getByLabel('项目名称、单位或项目代码').fill('冷链物流园')
  await page.getByRole('button', { name: '查找' }).click()
  const code = await page.locator('tbody .mono').first().textContent()
  await page.getByRole('link', { name: '核验代码' }).click()
  await page.getByLabel('项目代码').fill(code)
  await page.getByRole('button', { name: '核验', exact: true }).click()
  await page.getByText('核验通过').waitFor()
  await checkPage(page, 'verification')
  await page.getByRole('link', { name: '打开项目' }).click()
  await checkPage(page, 'project')
  await picture(page, 'office-project')
  await page.getByRole('link', { name: '作废代码' }).click()
  await page.getByLabel('作废原因').fill('项目不再建设，经核实予以作废。')
  await sure(page, '作废项目代码')
  await page.getByText('项目代码已作废，并已告知').waitFor()
  await page.goto(`${tzxm.office}/verify?${new URLSearchParams({ code })}`)
  await page.getByText('代码已失效').waitFor()
  await page.goto(`${tzxm.office}/verify?code=2611-150402-04-01-12345`)
  await page.getByText('不是有效的项目代码').waitFor()
  await closePage(page)
})

test('every page fits a phone', async () => {
  const page = await desk('hongshan-fagai', { size: 'phone' })
  await checkPage(page, 'work list on the phone')
  await picture(page, 'office-work-phone')
  await page.goto(`${tzxm.office}/cases`)
  await checkPage(page, 'cases on the phone')
  await openCasePhone(page)
  await checkPage(page, 'case on the phone')
  await picture(page, 'office-case-phone')
  for (const path of ['/projects', '/verify', '/help']) {
    await page.goto(tzxm.office + path)
    await checkPage(page, `${path} on the phone`)
    await picture(page, `office${path.replace('/', '-')}-phone`)
  }
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByText('您已安全退出').waitFor()
  await checkPage(page, 'sign-in on the phone')
  await picture(page, 'office-login-phone')
  await closePage(page)
})

async function openCasePhone (page) {
  await page.locator('tbody .main-cell a').first().click()
  await page.getByRole('heading', { name: '痕迹' }).waitFor()
}

test('without scripts an officer receives, asks for corrections and refuses a wrong password', async () => {
  const page = await openPage(browser, { noJs: true })
  await page.goto(`${tzxm.office}/login`)
  await page.getByLabel('登录名').fill('hongshan-ziran')
  await page.getByLabel('密码').fill('wrong')
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByText('登录名或密码不正确').first().waitFor()
  assert.equal(await page.getByLabel('登录名').inputValue(), 'hongshan-ziran')
  await page.getByLabel('密码').fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('heading', { name: '待办', level: 1 }).waitFor()
  await page.goto(`${tzxm.office}/?tab=receive`)
  await page.locator('tbody .main-cell a').first().click()
  await page.getByRole('button', { name: '收件', exact: true }).click()
  await page.getByText('已收件，收件凭证已出具').waitFor()
  await page.getByRole('link', { name: '一次性告知补正' }).click()
  await page.getByRole('group', { name: '第 1 条' }).getByLabel('需要补正什么').fill('请补盖公章。')
  await page.getByRole('button', { name: '发出补正通知' }).click()
  await page.getByText('补正材料通知书已出具').waitFor()
  await checkStill(page, 'case without scripts')
  await closePage(page)
})
