// 电子监察 in the browser: an overdue case, its red card, the department's answer, the supervisor's closing; the home.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, picture, startBrowser, startTzxm } from './harness.mjs'
import { openDesk, sure } from './steps.mjs'

const SUPERVISOR = 'zizhiqu-jiancha'
/** Officers of two counties whose cases are overdue in the demonstration on any day. */
const OFFICER = 'xincheng-fagai'
const OTHER = 'natural-resources-150781'
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
const desk = (login, options) => openDesk(browser, tzxm, login, options)

/** Answers the department's first card, of that rule if one is named, and gives its address. */
async function answerFirst (page, noJs, rule = '') {
  await page.getByRole('link', { name: '去办理' }).click()
  await page.getByRole('heading', { name: '监察卡', level: 1 }).waitFor()
  await page.locator('tbody a[href^="/supervision/cards/"]', { hasText: rule }).first().click()
  await page.getByRole('heading', { name: '发现了什么' }).waitFor()
  const address = new URL(page.url()).pathname
  await sure(page, '提交说明', noJs)
  await page.getByRole('alert').getByText(/请填写情况说明/).first().waitFor()
  await page.getByLabel('情况说明').fill('因材料核实时间较长未能按期办结，已安排专人限期办理。')
  await sure(page, '提交说明', noJs)
  await page.getByText('情况说明已提交').waitFor()
  return address
}

async function closeCard (page, address, noJs) {
  await page.goto(tzxm.office + address)
  await page.getByLabel('属实，计入考核').check()
  await page.getByLabel('核查意见').fill('情况属实，请举一反三。')
  await sure(page, '销号', noJs)
  await page.getByText('监察卡已销号').first().waitFor()
  assert.equal(await page.getByRole('button', { name: '销号', exact: true }).count(), 0)
}

test("art. 15, 17: the supervisor's home shows where trouble is, one click from the case", async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await desk(SUPERVISOR, { size })
    await page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name: '电子监察' }).click()
    await page.getByRole('heading', { name: '红黄灯分布' }).waitFor()
    assert.equal(await page.locator('.light-map > li').count(), 13, 'twelve leagues and cities, and the region itself')
    await checkPage(page, `home, ${size}`)
    await picture(page, `supervision-home-${size}`)
    await page.getByRole('link', { name: '红灯（件）' }).click()
    await page.getByRole('link', { name: '旗县市区排名' }).click()
    await page.getByRole('link', { name: '下一页' }).click()
    await page.getByText(/第 13–24 名/).waitFor()
    await page.locator('a.map-tile', { hasText: '赤峰市' }).click()
    await page.getByRole('link', { name: /返回内蒙古自治区/ }).waitFor()
    await checkPage(page, `a city, ${size}`)
    await picture(page, `supervision-city-${size}`)
    await page.getByRole('link', { name: '监察卡', exact: true }).click()
    await page.getByRole('heading', { name: '监察卡', level: 1 }).waitFor()
    await page.getByLabel('颜色').selectOption('red')
    await page.getByRole('button', { name: '筛选' }).click()
    await page.getByText('已筛选').waitFor()
    await checkPage(page, `cards, ${size}`)
    await picture(page, `supervision-cards-${size}`)
    await closePage(page)
  }
})

test('art. 15, 17: overdue case → red card → the department answers → the supervisor closes', async () => {
  const officer = await desk(OFFICER)
  await checkPage(officer, 'work list with a card')
  await picture(officer, 'supervision-work')
  const address = await answerFirst(officer, false, '办理超期')
  await checkPage(officer, 'card, answered')
  await closePage(officer)

  const supervisor = await desk(SUPERVISOR)
  await supervisor.goto(tzxm.office + address)
  await supervisor.getByText('因材料核实时间较长').waitFor()
  await checkPage(supervisor, 'card, to be closed')
  await picture(supervisor, 'supervision-card')
  await closeCard(supervisor, address, false)
  await checkPage(supervisor, 'card, closed')
  await picture(supervisor, 'supervision-card-closed')
  await supervisor.getByRole('link', { name: '打开办件' }).click()
  await supervisor.getByRole('heading', { name: '痕迹' }).waitFor()
  await closePage(supervisor)
})

test('art. 17: an expediting order is written on the case and replied to', async () => {
  const supervisor = await desk(SUPERVISOR)
  await supervisor.goto(`${tzxm.office}/supervision`)
  await supervisor.locator('section', { hasText: '红灯办件' }).locator('.task-name a[href^="/cases/"]').first().click()
  await supervisor.getByRole('link', { name: '督办', exact: true }).click()
  await checkPage(supervisor, 'expediting form')
  await supervisor.getByLabel('督办要求').fill('请于期限内作出决定并回复。')
  await sure(supervisor, '发出督办', false)
  await supervisor.getByText('督办已发出').waitFor()
  await checkPage(supervisor, 'order')
  await picture(supervisor, 'supervision-order')
  await supervisor.getByRole('link', { name: '督办件' }).first().click()
  await supervisor.getByText('待回复').first().waitFor()
  await checkPage(supervisor, 'orders')
  await closePage(supervisor)
})

test('art. 17: the same without scripts', async () => {
  const officer = await desk(OTHER, { noJs: true })
  const address = await answerFirst(officer, true)
  await checkStill(officer)
  await closePage(officer)
  const supervisor = await desk(SUPERVISOR, { noJs: true, size: 'phone' })
  await closeCard(supervisor, address, true)
  await checkStill(supervisor)
  await picture(supervisor, 'supervision-card-phone')
  await closePage(supervisor)
})
