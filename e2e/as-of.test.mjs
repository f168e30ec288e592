// 回溯查看 in the browser: an officer looks back at an overdue case and sees its old stage and light; the list as it
// stood; with scripts and without, on a desk and on a phone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SIZES, checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { DEMO_PASSWORD, openDesk } from './steps.mjs'

/** An officer of a county with an overdue case in the demonstration on any day. */
const OFFICER = 'xincheng-fagai'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

/** Who decides there. */
const APPROVER = 'xincheng-fagai-sp'

/** A page with that officer signed in. */
const desk = (options, login = OFFICER) => openDesk(browser, tzxm, login, options)

/** The value beside a name in the facts of the page. */
const fact = (page, name) => page.locator('.facts-row', { hasText: name }).locator('dd').innerText()

/** A minute before a moment such as `2026-11-10 09:30`, as day and time. */
function minuteBefore (moment) {
  const at = new Date(`${moment.trim().replace(' ', 'T')}:00Z`)
  return new Date(at.getTime() - 60_000).toISOString().slice(0, 16).split('T')
}

/** Yesterday in UTC+8. */
const dayBefore = () => new Date(Date.now() + (8 - 24) * 3_600_000).toISOString().slice(0, 10)

async function lookBack (page, on, at = '') {
  await page.getByLabel('要看哪一天').fill(on)
  await page.getByLabel('时间').first().fill(at)
  await page.getByRole('button', { name: '回溯查看' }).click()
}

for (const noJs of [false, true]) {
  test(`an officer looks back at an overdue case${noJs ? ', without scripts' : ''}`, async () => {
    for (const size of noJs ? ['desktop'] : ['desktop', 'phone']) {
      const check = noJs ? checkStill : checkPage
      const page = await desk({ size, noJs })
      await page.goto(`${tzxm.office}/?tab=red`)
      await page.locator('tbody a[href^="/cases/"]').first().click()
      await page.getByText(/超期 \d+/).first().waitFor()
      const received = await fact(page, '收件时间')
      const entries = await page.locator('#trail .timeline > li').count()
      await page.getByRole('link', { name: '回溯查看' }).click()
      await page.getByRole('heading', { name: /回溯查看：/, level: 1 }).waitFor()
      await check(page, `the form, ${size}`)
      await picture(page, `as-of-form-${size}${noJs ? '-nojs' : ''}`)

      const [day, time] = minuteBefore(received)
      await lookBack(page, day, time)
      const then = page.locator('#then')
      await then.getByText('已提交').first().waitFor()
      assert.equal(await then.getByText(/超期/).count(), 0, 'nothing was late before it was received')
      await page.getByText('历史视图，只读').waitFor()

      await lookBack(page, received.slice(0, 10))
      await then.getByText(/剩余 \d+ /).first().waitFor()
      assert.equal(await then.getByText(/超期/).count(), 0, 'the light of then, not of today')
      assert.ok(await page.locator('#trail .timeline > li').count() < entries, 'the trail ends then')
      assert.equal(await page.locator('main form[method=post]').count(), 0, 'a look back changes nothing')
      await check(page, `a case of then, ${size}`)
      await picture(page, `as-of-case-${size}${noJs ? '-nojs' : ''}`)

      await lookBack(page, '2099-01-01')
      await page.getByText(/不能查看将来/).first().waitFor()
      assert.equal(await page.getByLabel('要看哪一天').inputValue(), '2099-01-01', 'what was typed stays')
      await check(page, `the future, ${size}`)
      await page.getByRole('link', { name: '回到现在' }).first().click()
      await page.getByText(/超期 \d+/).first().waitFor()

      await page.locator('.lead a[href^="/projects/"]').click()
      await page.getByRole('link', { name: '回溯查看' }).click()
      await lookBack(page, received.slice(0, 10))
      await page.getByRole('heading', { name: '当时的办件' }).waitFor()
      await check(page, `a project of then, ${size}`)
      await picture(page, `as-of-project-${size}${noJs ? '-nojs' : ''}`)

      await page.goto(`${tzxm.office}/cases`)
      await page.getByRole('link', { name: '回溯查看' }).click()
      await lookBack(page, received.slice(0, 10))
      await page.locator('#then').getByText(/查了 \d+ 件/).waitFor()
      await page.locator('#then tbody a').first().waitFor()
      await check(page, `the list of then, ${size}`)
      await picture(page, `as-of-list-${size}${noJs ? '-nojs' : ''}`)
      await page.locator('#then tbody a').first().click()
      await page.getByText('历史视图，只读').waitFor()
      await closePage(page)
    }
  })
}

test('a decision entered late: what was known then, and how it really stood', async () => {
  const page = await desk({}, APPROVER)
  await page.goto(`${tzxm.office}/?tab=decide`)
  await page.locator('tbody a[href^="/cases/"]').first().click()
  await page.getByRole('link', { name: '回溯查看' }).waitFor()
  const address = new URL(page.url()).pathname
  await page.getByRole('link', { name: '作出决定' }).click()
  const yesterday = dayBefore()
  await page.getByLabel('准予').check()
  await page.getByLabel('办结意见').fill('申请材料齐全，符合法定条件，准予办理。')
  await page.getByLabel('审批文件文号').fill('新发改审〔2026〕771号')
  await page.getByLabel('审批文件标题').fill('关于可行性研究报告的批复')
  await page.getByLabel('决定日期').fill(yesterday)
  await page.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await page.getByRole('button', { name: '确认作出决定并办结' }).click()
  await page.getByText('已办结').first().waitFor()

  await page.goto(tzxm.office + address + '/as-of')
  await lookBack(page, yesterday)
  await page.getByText('有 1 件事当时已经发生，但还没有登记').waitFor()
  await page.locator('#late').getByText('作出决定').waitFor()
  assert.equal(await page.locator('#then').getByText('已决定').count(), 0)
  for (const size of ['desktop', 'phone']) {
    await page.setViewportSize(SIZES[size])
    await checkPage(page, `not known then, ${size}`)
    await picture(page, `as-of-late-${size}`)
  }
  await page.getByRole('link', { name: '按今天已登记的内容看当时的实际状态' }).click()
  await page.locator('#then').getByText('已决定').first().waitFor()
  await checkPage(page, 'as it stood')
  await picture(page, 'as-of-stood')
  await page.getByRole('link', { name: '按当时系统已登记的内容看' }).click()
  await page.locator('#late').waitFor()
  await closePage(page)
})

test('a unit looks back at its own project and case', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await openPage(browser, { size })
    await page.goto(`${tzxm.portal}/login`)
    await page.getByLabel('登录名').fill('demo-school')
    await page.getByLabel('密码').fill(DEMO_PASSWORD)
    await page.getByRole('button', { name: '登录' }).click()
    await page.waitForURL(address => !address.pathname.endsWith('/login'))
    await page.goto(`${tzxm.portal}/projects`)
    await page.locator('main a[href^="/projects/p"]').first().click()
    await page.getByRole('heading', { name: '应办事项' }).waitFor()
    await picture(page, `as-of-portal-entrance-${size}`)
    await page.getByRole('link', { name: '回溯查看' }).click()
    await checkPage(page, `the form of the portal, ${size}`)
    await lookBack(page, dayBefore())
    await page.getByText('历史视图，只读').waitFor()
    await page.getByRole('heading', { name: '当时的办件' }).waitFor()
    assert.equal(await page.locator('main form[method=post]').count(), 0)
    await checkPage(page, `a project on the portal, ${size}`)
    await picture(page, `as-of-portal-project-${size}`)
    await page.locator('a[href^="/cases/"][href*="as-of"]').first().click()
    await page.locator('#then').waitFor()
    await checkPage(page, `a case on the portal, ${size}`)
    await picture(page, `as-of-portal-case-${size}`)
    await closePage(page)
  }
})

test('lists of projects are looked back at, on both faces', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await desk({ size }, 'zizhiqu-zonghe')
    await page.goto(`${tzxm.office}/projects`)
    await page.getByRole('link', { name: '回溯查看' }).click()
    await checkPage(page, `the form of projects, ${size}`)
    await lookBack(page, dayBefore())
    await page.getByText('历史视图，只读').waitFor()
    await checkPage(page, `the projects of then, ${size}`)
    await picture(page, `as-of-projects-${size}`)
    await page.locator('#then tbody a').first().click()
    await page.getByRole('heading', { name: '当时的办件' }).waitFor()
    await closePage(page)

    const unit = await openPage(browser, { size })
    await unit.goto(`${tzxm.portal}/login`)
    await unit.getByLabel('登录名').fill('demo-unit')
    await unit.getByLabel('密码').fill(DEMO_PASSWORD)
    await unit.getByRole('main').getByRole('button', { name: '登录' }).click()
    await unit.waitForURL(address => !address.pathname.endsWith('/login'))
    await unit.goto(`${tzxm.portal}/projects`)
    await unit.getByRole('link', { name: '回溯查看' }).click()
    await lookBack(unit, dayBefore())
    await unit.getByText('历史视图，只读').waitFor()
    await unit.getByText(/当时 \d+ 件/).first().waitFor()
    await checkPage(unit, `the unit's projects of then, ${size}`)
    await picture(unit, `as-of-portal-projects-${size}`)
    await unit.locator('#then a').first().click()
    await unit.getByRole('heading', { name: '当时的办件' }).waitFor()
    await closePage(unit)
  }
})
