// Clocks in the browser: what officers are told, the calendar of due days, and a year's notice that moves them (art. 15).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { checkPage, closePage, picture, startBrowser, startTzxm } from './harness.mjs'
import { openDesk } from './steps.mjs'

const HOLIDAYS = new URL('../data/holidays.tsv', import.meta.url)
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

/** The notice of the year as shipped, with the next weekday that is at least a day away taken off as well. */
function notice () {
  const day = new Date()
  do day.setUTCDate(day.getUTCDate() + 1); while ([0, 6].includes(day.getUTCDay()))
  const extra = day.toISOString().slice(0, 10)
  const year = extra.slice(0, 4)
  const shipped = readFileSync(HOLIDAYS, 'utf8').split('\n').filter(line => line.startsWith(year) && !line.startsWith(extra))
  return { year, extra, days: [...shipped, `${extra}\tholiday\t调整`].join('\n') }
}

test('art. 15: officers are told at each change of light, see it once, and take their due days home', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await desk('xincheng-fagai', { size })
    await page.goto(`${tzxm.office}/prompts`)
    await page.getByRole('heading', { name: '提醒', level: 1 }).waitFor()
    assert.ok(await page.locator('.task').count() > 0, 'the demonstration has cases at a change of light')
    await checkPage(page, `prompts, ${size}`)
    await picture(page, `office-prompts-${size}`)
    if (size === 'phone') {
      await page.getByRole('button', { name: '全部标为看过' }).click()
      await page.getByText('已全部标为看过。').waitFor()
      assert.equal(await page.getByText('未看', { exact: true }).count(), 0)
    } else {
      const file = await page.context().request.get(`${tzxm.office}/deadlines.ics`)
      assert.match(file.headers()['content-type'], /text\/calendar/)
      const text = await file.text()
      assert.ok(text.startsWith('BEGIN:VCALENDAR\r\n') && text.includes('BEGIN:VEVENT'), text.slice(0, 200))
      await page.locator('.task-name a[href^="/cases/"]').first().click()
      await page.getByRole('heading', { name: '痕迹' }).waitFor()
    }
    await closePage(page)
  }
})

test("art. 15: a year's notice is looked at before it moves the due days of running cases", async () => {
  const page = await desk('zizhiqu-zonghe')
  await page.goto(`${tzxm.office}/calendar`)
  await checkPage(page, 'calendar')
  await picture(page, 'office-calendar')
  const { year, days } = notice()
  await page.getByLabel('年份').fill(year)
  await page.getByLabel('通知的标题或文号').fill(`国务院办公厅关于${year}年部分节假日安排的补充通知`)
  await page.getByLabel('放假和调休上班的日子').fill('2026年5月1日 放假')
  await page.getByRole('button', { name: '预览受影响的办件' }).click()
  await page.getByRole('heading', { name: /处需要修改/ }).waitFor()
  await checkPage(page, 'calendar with errors')
  assert.equal(await page.getByLabel('年份').inputValue(), year, 'nothing that was typed is lost')
  await page.getByLabel('放假和调休上班的日子').fill(days)
  await page.getByRole('button', { name: '预览受影响的办件' }).click()
  await page.getByText('尚未生效').waitFor()
  const moved = Number((await page.getByText(/个.*的届满日会变化/).textContent()).match(/其中 (\d+) 个/)[1])
  assert.ok(moved > 0, 'running cases of the demonstration move')
  await checkPage(page, 'preview of a calendar')
  await picture(page, 'office-calendar-preview')
  const row = page.locator('#preview tbody tr').first()
  const [from, to] = [await row.locator('[data-label="原届满日"]').textContent(), await row.locator('[data-label="新届满日"]').textContent()]
  assert.ok(to > from, `${from} → ${to}`)
  const href = await row.getByRole('link').getAttribute('href')
  await page.getByRole('button', { name: '确认生效' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '生效', exact: true }).click()
  await page.getByText('工作日历已生效').waitFor()
  await page.goto(tzxm.office + href)
  await page.getByText(to.trim()).first().waitFor()
  await closePage(page)
})

test('art. 15: whoever has no such post sees no calendar', async () => {
  const page = await desk('hongshan-fagai')
  const answer = await page.goto(`${tzxm.office}/calendar`)
  assert.equal(answer.status(), 404)
  // The browser itself notes a 404 in its console.
  await page.context().close()
})
