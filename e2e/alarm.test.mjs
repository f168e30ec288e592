// 安全告警 in the browser: somebody guesses passwords, the security administrator is told within seconds, looks into it and closes it;
// an incident is reported in time.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { openDesk, sure } from './steps.mjs'

const SECURITY = 'zizhiqu-anquan'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

/** The security administrator at the alarms; one who was signed in elsewhere is told so first. */
async function security (options) {
  const page = await openDesk(browser, tzxm, SECURITY, options)
  if (page.url().includes('done=replaced')) await page.goto(`${tzxm.office}/`)
  await page.getByRole('heading', { name: '安全告警', level: 1 }).waitFor()
  return page
}

test('S-21, S-42: an alarm is there when the administrator signs in, explains itself, and is closed', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await security({ size })
    await checkPage(page, `alarms, ${size}`)
    await picture(page, `alarms-${size}`)
    await page.getByRole('link', { name: '同一来源猜测密码' }).click()
    await page.getByRole('heading', { name: /第 1 号告警：同一来源猜测密码/ }).waitFor()
    await page.getByText('203.0.113.25').first().waitFor()
    await page.getByText('可能有人在猜测密码').waitFor()
    await checkPage(page, `alarm, ${size}`)
    await picture(page, `alarm-${size}`)
    await closePage(page)
  }
  const page = await security()
  await page.getByRole('link', { name: '同一来源猜测密码' }).click()
  await sure(page, '确认，开始处置')
  await page.getByText('已确认，请按建议查明情况后办结。').waitFor()
  await sure(page, '办结')
  await page.getByRole('alert').getByText('请选择处置结论').waitFor()
  await checkPage(page, 'alarm, refused')
  await page.getByLabel('属实，已经处置').check()
  await page.getByLabel('处置情况').fill('该来源不是本单位网络，已请网络管理员封堵。')
  await sure(page, '办结')
  await page.getByText('告警已办结。').waitFor()
  await picture(page, 'alarm-closed')
  await page.goto(`${tzxm.office}/alarms`)
  await page.getByText('没有待确认的告警').waitFor()
  await closePage(page)
})

test('S-21, L-09: what happens now raises an alarm within ten seconds; an incident is reported', async () => {
  const stranger = await openPage(browser)
  await stranger.goto(`${tzxm.office}/login`)
  for (let n = 0; n < 10; n++) {
    await stranger.getByLabel('登录名').fill('admin')
    await stranger.getByLabel('密码').fill(`guess-${n}`)
    await stranger.getByRole('button', { name: '登录' }).click()
    await stranger.getByRole('alert').waitFor()
  }
  const since = Date.now()
  await closePage(stranger)
  const page = await security()
  const alarm = page.getByRole('link', { name: '同一来源猜测密码' })
  while (await alarm.count() === 0) {
    assert.ok(Date.now() - since < 10_000, 'no alarm within ten seconds')
    await page.waitForTimeout(500)
    await page.reload()
  }
  await alarm.click()
  await page.getByRole('heading', { name: /第 2 号告警/ }).waitFor()
  await sure(page, '确认，开始处置')
  await page.getByLabel('事件经过').fill('有人用常见密码反复登录管理员账号。')
  await sure(page, '认定为安全事件')
  await page.getByText('已认定为安全事件，请在时限内报告并登记。').waitFor()
  await page.getByText('报告时限').waitFor()
  await checkPage(page, 'incident')
  await picture(page, 'alarm-incident')
  await page.getByLabel('报告对象').fill('自治区网信办')
  await page.getByLabel('报告编号').fill('内网安〔2026〕1号')
  await sure(page, '登记报告')
  await page.getByText('报告已登记。').waitFor()
  await page.getByLabel('属实，已经处置').check()
  await page.getByLabel('处置情况').fill('已封堵来源，账号均未被登录。')
  await sure(page, '办结')
  await page.getByText('告警已办结。').waitFor()
  await closePage(page)
})
