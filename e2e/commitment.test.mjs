// 告知承诺 in the browser: applied for by promise, granted by one person, checked afterwards. With scripts and without.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { ITEM, declare, field, fillSlots, openDesk, press, register, tick } from './steps.mjs'

const YARD = '红山区演示新材料公司成品堆场硬化项目'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

async function openCase (login, project, options) {
  const page = await openDesk(browser, tzxm, login, options)
  await page.goto(`${tzxm.office}/cases?${new URLSearchParams({ words: project })}`)
  await page.getByRole('row').filter({ hasText: ITEM }).getByRole('link').first().click()
  await page.getByRole('heading', { name: ITEM, level: 1 }).waitFor()
  return page
}

async function walk (noJs) {
  const look = async (page, name) => {
    await picture(page, `commitment-${name}-${noJs ? 'still' : 'desktop'}`)
    await (noJs ? checkStill(page, name) : checkPage(page, name))
  }
  const serial = (Date.now() + (noJs ? 41 : 7)) % 100_000_000
  const project = `红山区承诺走查${serial}项目`
  const unit = await openPage(browser, { noJs })
  await register(unit, tzxm, serial)
  await declare(unit, tzxm, project, async () => {})
  await field(unit, 'policy_commitment').check()
  await field(unit, 'truth_commitment').check()
  await unit.getByRole('button', { name: '提交申报，取得项目代码' }).click()
  await unit.getByRole('link', { name: '查看项目' }).click()
  await unit.getByRole('link', { name: ITEM }).first().click()
  await fillSlots(unit, noJs)
  await tick(unit, 'way', 'commitment')
  await unit.locator('[name="unclassified"]').check()
  await press(unit, '提交申请', noJs)
  await unit.getByText('请阅读承诺内容并勾选').first().waitFor()
  await look(unit, 'not-promised')
  await field(unit, 'promised').check()
  await look(unit, 'apply')
  await unit.locator('[name="unclassified"]').check()
  await press(unit, '提交申请', noJs)
  await unit.getByText('申请已提交，等待办理部门收件').waitFor()
  await unit.getByRole('link', { name: /告知承诺书/ }).first().waitFor()
  await look(unit, 'submitted')
  const address = unit.url().split('?')[0]

  const window = await openCase('hongshan-shuili', project, { noJs })
  await press(window, '收件', noJs)
  await window.getByRole('link', { name: '核验代码并受理' }).click()
  await window.locator('[name="reviewed"]').check()
  await press(window, '核验代码并受理', noJs)
  await window.getByText('受理通知书已出具').waitFor()
  await window.getByText('凭承诺准予').first().waitFor()
  await look(window, 'accepted')
  await closePage(window)

  const approver = await openCase('hongshan-shuili-sp', project, { noJs })
  await approver.getByRole('link', { name: '作出决定' }).click()
  assert.equal(await field(approver, 'outcome').count(), 1, 'on a promise one person may only grant')
  await look(approver, 'decision')
  await tick(approver, 'outcome', 'granted')
  await approver.getByLabel('办结意见').fill('申请人已作出承诺，材料齐全，准予办理。')
  await approver.getByLabel('审批文件文号').fill(`红水保审〔2026〕${serial}号`)
  await approver.getByLabel('审批文件标题').fill(`关于${ITEM}的批复`)
  await approver.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await approver.getByRole('button', { name: '确认作出决定并办结' }).click()
  await approver.getByText('系统已生成办结告知书').waitFor()
  await closePage(approver)

  const undertaker = await openCase('hongshan-shuili', project, { noJs })
  await undertaker.getByRole('link', { name: '核查承诺' }).click()
  await press(undertaker, '核查承诺', noJs)
  await undertaker.getByText('请选择核查结论').first().waitFor()
  await tick(undertaker, 'finding', 'rectify')
  await field(undertaker, 'facts').fill('现场核查，排水沟尚未完工。')
  await press(undertaker, '核查承诺', noJs)
  await undertaker.getByText('请填写整改的最后一天').first().waitFor()
  await look(undertaker, 'check-wrong')
  await tick(undertaker, 'finding', 'kept')
  await field(undertaker, 'facts').fill('现场核查，拦挡和排水措施均已落实。')
  await press(undertaker, '核查承诺', noJs)
  await undertaker.getByText('核查结论已登记').waitFor()
  await look(undertaker, 'checked')
  await closePage(undertaker)

  await unit.goto(address)
  await unit.getByText('已履行承诺').first().waitFor()
  await look(unit, 'told')
  await closePage(unit)
}

test('gbf 42: by promise from the application to the check', () => walk(false))
test('the same without scripts', () => walk(true))

test('gbf 42: the list and the page of a check, desktop and phone', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await openCase('hongshan-shuili', YARD, { size })
    await page.goto(`${tzxm.office}/?tab=check_commitment`)
    await page.getByRole('row').filter({ hasText: YARD }).first().waitFor()
    await checkPage(page, `promises to check, ${size}`)
    await picture(page, `commitment-list-${size}`)
    await page.getByRole('row').filter({ hasText: YARD }).getByRole('link').first().click()
    await checkPage(page, `case, promise to check, ${size}`)
    await picture(page, `commitment-case-${size}`)
    await page.getByRole('link', { name: '核查承诺' }).click()
    await checkPage(page, `check of a promise, ${size}`)
    await picture(page, `commitment-check-${size}`)
    await closePage(page)
  }
})
