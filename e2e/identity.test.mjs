// 统一身份认证 in the browser against a real provider, the npm package oidc-provider started here: bind once, sign in, the second
// factor stays owed, an unbound person and a foreign browser get nowhere.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import Provider from 'oidc-provider'
import { checkPage, checkStill, closePage, freePort, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
let browser, tzxm, provider, issuer

/** Its own sign-in pages: those of the package for development, with our hostile test names as people. */
function makeProvider (redirects) {
  return new Provider(issuer, {
    clients: [{ client_id: 'tzxm-demo', client_secret: 'tzxm-demo', redirect_uris: redirects, response_types: ['code'], grant_types: ['authorization_code'] }],
    cookies: { keys: ['one key for the test'] },
    pkce: { required: () => true },
    async findAccount (_, id) { return { accountId: id, claims: async () => ({ sub: id, preferred_username: id }) } }
  })
}

before(async () => {
  const port = await freePort()
  issuer = `http://127.0.0.1:${port}`
  tzxm = await startTzxm({ TZXM_DEMO_IDENTITY: issuer })
  const redirects = [tzxm.portal, tzxm.office].map(site => `${site}/sign-in/outside/return`)
  provider = createServer(makeProvider(redirects).callback())
  await new Promise(resolve => provider.listen(port, '127.0.0.1', resolve))
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
  provider?.close()
})

const main = page => page.getByRole('main')

async function signIn (page, face, login) {
  await page.goto(`${tzxm[face]}/login`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(PASSWORD)
  await main(page).getByRole('button', { name: '登录', exact: true }).click()
}

/** The provider's own pages: who one is, and that one agrees. */
async function atProvider (page, name) {
  await page.waitForURL(url => url.origin === issuer)
  await page.locator('input[name="login"]').fill(name)
  await page.locator('input[name="password"]').fill('any')
  await page.locator('button[type="submit"]').click()
  await page.waitForURL(/interaction/)
  await page.locator('button[type="submit"]').click()
}

for (const [face, login, home, size] of [
  ['office', 'hongshan-fagai', /\/$/, 'desktop'],
  ['portal', 'demo-unit', /\/projects$/, 'phone']
]) {
  test(`S-04: ${face}, ${size}: an account is bound once and then signs in through the provider`, async () => {
    const person = `person-${face}`
    // Nobody is found by name: an unbound person is told what to do.
    const stranger = await openPage(browser, { size })
    await stranger.goto(`${tzxm[face]}/login`)
    await checkPage(stranger, 'sign-in page')
    await picture(stranger, `identity-${face}-login-${size}`)
    await stranger.getByRole('button', { name: '统一身份认证（演示）' }).click()
    await atProvider(stranger, person)
    await stranger.getByText('还没有绑定本平台的账号').first().waitFor()
    await checkPage(stranger, 'unbound')
    await picture(stranger, `identity-${face}-unbound-${size}`)
    await closePage(stranger)

    const page = await openPage(browser, { size })
    await signIn(page, face, login)
    await page.waitForURL(home)
    await page.goto(`${tzxm[face]}/account`)
    await page.getByRole('link', { name: '查看或者绑定' }).click()
    await checkPage(page, 'not bound')
    await picture(page, `identity-${face}-bind-${size}`)
    await page.getByLabel('密码').fill('wrong')
    await page.getByRole('button', { name: '绑定', exact: true }).click()
    await page.getByText('现在的密码不正确').first().waitFor()
    await page.getByLabel('密码').fill(PASSWORD)
    await page.getByRole('button', { name: '绑定', exact: true }).click()
    await atProvider(page, person)
    await page.getByText('已绑定，下次可以用统一身份认证登录').waitFor()
    await checkPage(page, 'bound')
    await picture(page, `identity-${face}-bound-${size}`)

    const again = await openPage(browser, { size })
    await again.goto(`${tzxm[face]}/login`)
    await again.getByRole('button', { name: '统一身份认证（演示）' }).click()
    await atProvider(again, person)
    await again.waitForURL(home)
    await again.goto(`${tzxm[face]}/account`)
    await again.getByText('用统一身份认证登录成功').first().waitFor()
    await closePage(again)

    await page.goto(`${tzxm[face]}/account/outside`)
    await page.getByLabel('密码').fill(PASSWORD)
    await page.getByRole('button', { name: '解除绑定' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '解除' }).click()
    await page.getByText('已解除绑定').waitFor()
    await closePage(page)
  })
}

test('S-04: without scripts the way there and back has a button each; an answer is worth nothing in another browser or twice', async () => {
  const page = await openPage(browser, { noJs: true })
  await page.goto(`${tzxm.office}/login`)
  await page.getByRole('button', { name: '统一身份认证（演示）' }).click()
  await page.getByText('即将打开的网址是').waitFor()
  await checkStill(page)
  await picture(page, 'identity-office-go-desktop')
  await page.getByRole('link', { name: /前往/ }).click()
  await atProvider(page, 'somebody')
  await page.getByRole('button', { name: '继续' }).waitFor()
  await picture(page, 'identity-office-return-desktop')
  const stolen = page.url()
  const other = await openPage(browser, { noJs: true })
  await other.goto(stolen)
  await other.getByRole('button', { name: '继续' }).click()
  await other.getByText('不是从本浏览器开始的').first().waitFor()
  await page.getByRole('button', { name: '继续' }).click()
  await page.getByText('还没有绑定本平台的账号').first().waitFor()
  await page.goto(stolen)
  await page.getByRole('button', { name: '继续' }).click()
  await page.getByText('已经用过').first().waitFor()
  await closePage(other)
  await closePage(page)
})
