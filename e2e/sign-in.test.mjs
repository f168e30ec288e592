// 登录 in the browser, as in production: the second factor is required. The codes are computed here, by the standard library.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
const NEW_PASSWORD = 'Ordos Lamb 7 stars!'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm({ TZXM_DEMO_SECOND_FACTOR: 'true' })
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

/** RFC 6238: what an app with this secret shows; `step` 1 is the code after the present one. */
function totp (secret, step = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replace(/\s/g, '')].map(letter => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step))
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = hash.at(-1) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

async function signIn (page, face, login, password = PASSWORD, next = '/login') {
  await page.goto(`${tzxm[face]}${next}`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.getByRole('main').getByRole('button', { name: '登录' }).click()
}

async function sure (page, name, noJs = false) {
  await page.getByRole('button', { name, exact: true }).click()
  if (!noJs) await page.getByRole('dialog').getByRole('button').last().click()
}

/** Enrols with the present code; the next one is accepted at once, so nobody waits. Gives the secret and the codes. */
async function enrol (page, look) {
  await page.getByRole('heading', { name: '双因素认证', level: 1 }).waitFor()
  await look('factor-first')
  await page.getByRole('button', { name: '开始启用' }).click()
  const secret = await page.locator('#factor-seed').textContent()
  assert.equal(await page.getByRole('img', { name: /二维码/ }).count(), 1)
  await look('factor-enrol')
  await page.getByLabel('验证码').fill('000000')
  await page.getByRole('button', { name: '确认启用' }).click()
  await page.getByText('验证码不正确').first().waitFor()
  assert.equal(await page.locator('#factor-seed').textContent(), secret, 'the seed stays')
  await look('factor-wrong')
  await page.getByLabel('验证码').fill(totp(secret))
  await page.getByRole('button', { name: '确认启用' }).click()
  await page.getByRole('heading', { name: '保存恢复代码', level: 1 }).waitFor()
  const codes = await page.locator('main ol code').allTextContents()
  assert.equal(new Set(codes).size, 8)
  await look('factor-codes')
  await page.getByRole('link', { name: '我已保存，继续' }).click()
  return { secret, codes }
}

async function prove (page, code) {
  await page.getByLabel('验证码').fill(code)
  await page.getByRole('main').getByRole('button', { name: '登录', exact: true }).click()
}

const looking = (page, noJs, face, size) => async name => {
  if (noJs) await checkStill(page, name)
  else await checkPage(page, name)
  await picture(page, `${face}-${name}-${size}`)
}

for (const [face, login, home, size, noJs] of [
  ['portal', 'demo-unit', /\/projects$/, 'desktop', false],
  ['portal', 'demo-wind', /\/projects$/, 'phone', true],
  ['office', 'hongshan-fagai', /\/$/, 'phone', false],
  ['office', 'hongshan-ziran', /\/$/, 'desktop', true]
]) {
  test(`S-04: ${face}, ${size}${noJs ? ', without scripts' : ''}: enrol, sign in with both factors, replay refused, recovery code`, async () => {
    const first = await openPage(browser, { size, noJs })
    const look = looking(first, noJs, face, size)
    await signIn(first, face, login)
    const { secret, codes } = await enrol(first, look)
    await first.waitForURL(home)

    const second = await openPage(browser, { size, noJs })
    const lookSecond = looking(second, noJs, face, size)
    await signIn(second, face, login)
    await second.getByRole('heading', { name: '登录：双因素认证', level: 1 }).waitFor()
    await lookSecond('code')
    await second.goto(`${tzxm[face]}/account`)
    await second.getByRole('heading', { name: '登录：双因素认证', level: 1 }).waitFor()
    const code = totp(secret, 1)
    await prove(second, code)
    await second.getByRole('heading', { name: '账户中心', level: 1 }).waitFor()
    assert.equal(await second.getByRole('button', { name: '结束', exact: true }).count(), 1)
    await lookSecond('account')

    const third = await openPage(browser, { size, noJs })
    await signIn(third, face, login)
    await prove(third, code)
    await third.getByText('已经用过').first().waitFor()
    await looking(third, noJs, face, size)('code-used')
    await prove(third, codes[0].toLowerCase())
    await third.waitForURL(home)

    await sure(second, '结束其他全部登录', noJs)
    await second.getByText('已结束所选的登录').waitFor()
    for (const ended of [first, third]) {
      await ended.goto(`${tzxm[face]}/account`)
      await ended.getByText('中被您结束').waitFor()
    }
    await looking(third, noJs, face, size)('ended')
    for (const page of [first, second, third]) await closePage(page)
  })
}

test('S-01, S-04: the own place: new password, new recovery codes, another phone', async () => {
  const page = await openPage(browser)
  const look = looking(page, false, 'portal', 'desktop')
  await signIn(page, 'portal', 'demo-school')
  const { codes } = await enrol(page, async () => {})
  await page.getByRole('link', { name: /demo-school/ }).click()
  await page.getByRole('link', { name: '修改密码' }).click()
  await page.getByLabel('现在的密码').fill(PASSWORD)
  await page.getByLabel('新密码', { exact: false }).first().fill('short')
  await page.getByLabel('再输一次新密码').fill('short')
  await page.getByRole('button', { name: '修改密码' }).click()
  await page.getByText(/密码应为/).first().waitFor()
  await look('password-wrong')
  await page.getByLabel('现在的密码').fill(PASSWORD)
  await page.locator('[name="new_password"]').fill(NEW_PASSWORD)
  await page.getByLabel('再输一次新密码').fill(NEW_PASSWORD)
  await page.getByRole('button', { name: '修改密码' }).click()
  await page.getByText('密码已修改').waitFor()

  await page.getByRole('link', { name: '更换或者管理' }).click()
  await look('factor-on')
  assert.equal(await page.getByRole('button', { name: '停用' }).count(), 0, 'required: not to be switched off')
  await page.getByLabel('密码').fill(NEW_PASSWORD)
  await page.getByLabel('验证码').fill(codes[0])
  await page.getByRole('button', { name: '重新生成恢复代码' }).click()
  await page.getByText('原来的全部作废').waitFor()
  const fresh = await page.locator('main ol code').allTextContents()
  assert.ok(fresh.every(code => !codes.includes(code)))

  await page.goto(`${tzxm.portal}/account/factor`)
  await page.getByLabel('密码').fill(NEW_PASSWORD)
  await page.getByLabel('验证码').fill(fresh[0])
  await page.getByRole('button', { name: '更换验证器' }).click()
  const secret = await page.locator('#factor-seed').textContent()
  await page.getByLabel('验证码').fill(totp(secret))
  await page.getByRole('button', { name: '确认启用' }).click()
  await page.getByRole('link', { name: '我已保存，继续' }).click()
  await page.getByRole('heading', { name: '账户中心', level: 1 }).waitFor()
  await checkPage(page, 'account after a new phone')
  await closePage(page)
})

test('S-07, A-08: an administrator is signed in once; the page of accounts', async () => {
  const lost = await openPage(browser)
  await signIn(lost, 'portal', 'demo-hulun')
  await enrol(lost, async () => {})
  await closePage(lost)
  const one = await openPage(browser)
  await signIn(one, 'office', 'zizhiqu-xitong')
  const { secret } = await enrol(one, async () => {})
  const two = await openPage(browser, { size: 'phone' })
  await signIn(two, 'office', 'zizhiqu-xitong')
  await prove(two, totp(secret, 1))
  await two.getByText('您在另一处的登录已被结束').waitFor()
  await checkPage(two, 'replaced, phone')
  await picture(two, 'office-account-replaced-phone')
  await one.goto(`${tzxm.office}/accounts`)
  await one.getByText('刚刚在另一处登录').waitFor()
  await picture(one, 'office-replaced-desktop')

  await two.goto(`${tzxm.office}/accounts`)
  await checkPage(two, 'accounts, empty')
  await two.getByRole('textbox', { name: /查找/ }).fill('demo-hulun')
  await two.getByRole('button', { name: '查找' }).click()
  await two.getByLabel('核对身份的方式和理由').fill('经办人持介绍信到场，手机已挂失')
  await picture(two, 'office-accounts-phone')
  await checkPage(two, 'accounts, found')
  await sure(two, '提出重置双因素认证')
  await two.getByText('请安全管理员在 7 天内确认').waitFor()
  await two.setViewportSize({ width: 1440, height: 900 })
  await picture(two, 'office-accounts-desktop')
  await checkPage(two, 'accounts, proposed')

  const security = await openPage(browser)
  await signIn(security, 'office', 'zizhiqu-anquan')
  await enrol(security, async () => {})
  await security.goto(`${tzxm.office}/accounts`)
  await security.getByText('经办人持介绍信到场').waitFor()
  await checkPage(security, 'accounts, waiting')
  await picture(security, 'office-accounts-waiting-desktop')
  await sure(security, '确认重置')
  await security.getByText('双因素认证已重置').waitFor()
  const unit = await openPage(browser, { size: 'phone' })
  await signIn(unit, 'portal', 'demo-hulun')
  await unit.getByText('原来的验证器和证书已失效').waitFor()
  await checkPage(unit, 'told of the reset')
  await picture(unit, 'portal-factor-reset-phone')
  await closePage(security)
  await closePage(unit)
  await closePage(one)
  await closePage(two)
})
