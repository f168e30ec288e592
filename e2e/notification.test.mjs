// 通知 in the browser: a unit registers its mail address, an officer receives its application, the mail arrives at a real mail
// server, and both sides see the result with both times.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, freePort, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
const UNIT = 'demo-unit'
const PROJECT = '红山区演示新材料公司仓储物流中心项目'
const MAIL = 'li.si@example.com'
let browser, tzxm, folder, server

/** aiosmtpd, as in the tests of the mail adapter. */
async function startMail () {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tzxm-mail-'))
  const port = await freePort()
  const script = path.join(import.meta.dirname, '../crates/courier/tests/it/smtpd.py')
  server = spawn('/usr/bin/python3', [script, String(port), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    server.stdout.once('data', resolve)
    server.once('exit', () => reject(new Error('aiosmtpd did not start: run scripts/setup.sh')))
  })
  return port
}

/** Waits for as many mails. */
async function mails (count) {
  const deadline = Date.now() + 30_000
  for (;;) {
    const names = (await readdir(folder)).filter(name => name.endsWith('.eml')).sort()
    if (names.length >= count) return Promise.all(names.map(name => readFile(path.join(folder, name), 'utf8')))
    assert.ok(Date.now() < deadline, `${count} mails were expected, ${names.length} came`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

before(async () => {
  process.env.TZXM_DEMO_MAIL = String(await startMail())
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
  server?.kill()
  if (folder) await rm(folder, { recursive: true, force: true })
})

async function signIn (page, face, login) {
  await page.goto(face === 'portal' ? `${tzxm.portal}/login` : `${tzxm.office}/`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.waitForURL(face === 'portal' ? /\/(projects|$)/ : /\/$/)
}

test('art. 14: without scripts a unit chooses, an officer acts, the mail arrives and its result is shown to both', async () => {
  const agent = await openPage(browser, { noJs: true })
  await signIn(agent, 'portal', UNIT)
  await agent.goto(`${tzxm.portal}/messages`)
  await agent.getByRole('link', { name: '通知设置' }).click()
  await agent.getByRole('heading', { name: '通知设置', level: 1 }).waitFor()
  assert.equal(await agent.getByText('未开通', { exact: true }).count(), 2, 'short message and messenger are closed')
  await agent.getByText('一次性补正告知').waitFor()
  await agent.getByLabel('电子邮件地址').fill('li.si@example')
  await agent.locator('[name="quiet_to"]').selectOption('21')
  await agent.getByRole('button', { name: '保存' }).click()
  await agent.getByText('请填写完整的电子邮件地址').first().waitFor()
  assert.equal(await agent.getByLabel('电子邮件地址').inputValue(), 'li.si@example')
  await checkStill(agent, 'preferences with an error')
  await agent.getByLabel('电子邮件地址').fill(MAIL)
  await agent.getByRole('button', { name: '保存' }).click()
  await agent.getByText('通知设置已保存').waitFor()
  await checkStill(agent, 'preferences')

  const officer = await openPage(browser)
  await signIn(officer, 'office', 'hongshan-fagai')
  await officer.goto(`${tzxm.office}/cases?${new URLSearchParams({ words: PROJECT })}`)
  await officer.getByRole('row').filter({ hasText: '备案' }).getByRole('link').first().click()
  await officer.getByRole('button', { name: '收件', exact: true }).click()
  await officer.getByRole('dialog').getByRole('button', { name: '收件', exact: true }).click()
  await officer.getByText('已收件，收件凭证已出具').waitFor()

  const [mail] = await mails(1)
  assert.match(mail, new RegExp(`Envelope-To: ${MAIL}`))
  assert.match(mail, /Message-ID: <case-c[0-9a-z]{26}-\d+-mail-a[0-9a-z]{26}@demo\.invalid>/)
  const results = officer.locator('#deliveries')
  for (let attempt = 0; attempt < 20 && !(await results.getByText('已发送').count()); attempt++) {
    await new Promise(resolve => setTimeout(resolve, 300))
    await officer.reload()
  }
  await results.getByText('申请已收件').waitFor()
  assert.match(await results.locator('[data-label="发送时间"]').first().innerText(), /^\d{4}-\d\d-\d\d \d\d:\d\d$/)
  assert.match(await results.locator('[data-label="登记时间"]').first().innerText(), /^\d{4}-\d\d-\d\d \d\d:\d\d$/)
  assert.equal(await officer.getByText(MAIL).count(), 0, 'the officer sees no address')
  await checkPage(officer, 'case with results')
  await picture(officer, 'office-case-notified')
  await officer.goto(`${tzxm.office}/prompts`)
  await officer.getByRole('link', { name: '通知设置' }).click()
  await officer.getByRole('heading', { name: '通知设置', level: 1 }).waitFor()
  await checkPage(officer, 'preferences of an officer')
  await closePage(officer)

  await agent.goto(`${tzxm.portal}/messages`)
  await agent.getByText('其他渠道的发送结果').first().click()
  await agent.locator('details').first().getByText('已发送').waitFor()
  await checkStill(agent, 'message centre')
  await picture(agent, 'portal-messages-notified')
  await closePage(agent)
})

test('the page of preferences at phone width', async () => {
  const page = await openPage(browser, { size: 'phone' })
  await signIn(page, 'portal', UNIT)
  await page.goto(`${tzxm.portal}/notifications`)
  await page.getByRole('heading', { name: '通知设置', level: 1 }).waitFor()
  await checkPage(page, 'preferences, phone')
  await picture(page, 'portal-notifications')
  await closePage(page)
})
