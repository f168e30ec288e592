// SM2 证书 and 通行密钥 in the browser, as in production: registered, used to sign in, refused when wrong, removed.
// The SM2 key is made and used by the openssl program, the passkey lives in Chromium's virtual authenticator.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
let browser, tzxm, folder

before(async () => {
  tzxm = await startTzxm({ TZXM_DEMO_SECOND_FACTOR: 'true' })
  browser = await startBrowser()
  folder = await mkdtemp(path.join(os.tmpdir(), 'tzxm-keys-'))
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }).toString()
const main = page => page.getByRole('main')

/** Passkeys work at a name only. */
const named = address => address.replace('127.0.0.1', 'localhost')

async function signIn (page, site, login) {
  await page.goto(`${site}/login`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(PASSWORD)
  await main(page).getByRole('button', { name: '登录' }).click()
}

async function openAs (options, site, login) {
  const page = await openPage(browser, options)
  await signIn(page, site, login)
  return page
}

const proved = page => main(page).getByRole('button', { name: '登录', exact: true }).click()

/** Downloads the challenge the page shows; it is the line on the page and nothing more. */
async function challenge (page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载挑战文件' }).click()])
  const text = await readFile(await download.path(), 'utf8')
  assert.equal(text, await page.locator('#challenge').textContent())
  await writeFile(path.join(folder, 'challenge.txt'), text)
  return text
}

/** Runs the two commands of the page as they stand there. */
async function sign (page, key) {
  const commands = (await page.locator('pre.command').textContent()).split('\n')
  let output = ''
  for (const command of commands) {
    const [program, ...words] = command.replace('sm2.key', key).split(' ')
    assert.equal(program, 'openssl')
    output = openssl(...words)
  }
  return output
}

const looking = (page, noJs, face, size) => async name => {
  if (noJs) await checkStill(page, name)
  else await checkPage(page, name)
  await picture(page, `keys-${face}-${name}-${size}`)
}

for (const [face, login, home, size, noJs] of [
  ['office', 'hongshan-fagai', /\/$/, 'desktop', false],
  ['portal', 'demo-wind', /\/projects$/, 'phone', true]
]) {
  test(`P-01: ${face}, ${size}${noJs ? ', without scripts' : ''}: a key made by openssl is registered and signs in; replay and another key are refused`, async () => {
    const key = `${login}.pem`
    openssl('genpkey', '-algorithm', 'SM2', '-out', key)
    openssl('genpkey', '-algorithm', 'SM2', '-out', `other-${key}`)
    const first = await openAs({ size, noJs }, tzxm[face], login)
    const look = looking(first, noJs, face, size)
    await first.getByRole('heading', { name: '双因素认证', level: 1 }).waitFor()
    await look('choose')
    await first.getByRole('button', { name: '登记 SM2 证书' }).click()
    await first.getByRole('heading', { name: '登记 SM2 证书' }).waitFor()
    await look('sm2-new')
    await challenge(first)
    await sign(first, key)
    await first.getByLabel('名称').fill('办公室 USB Key')
    await first.getByLabel('证书或者公钥').fill(await readFile(path.join(folder, key), 'utf8'))
    await first.getByRole('button', { name: '确认登记' }).click()
    await first.getByText('这是私钥').first().waitFor()
    assert.ok(!(await first.content()).includes('PRIVATE KEY-----\n'), 'a private key is not sent back')
    assert.equal(await first.getByLabel('名称').inputValue(), '办公室 USB Key', 'nothing typed is lost')
    await look('sm2-private')
    await first.getByLabel('证书或者公钥').fill(openssl('pkey', '-in', `other-${key}`, '-pubout'))
    await first.getByLabel('或者签名文件').setInputFiles(path.join(folder, 'challenge.sig'))
    await first.getByRole('button', { name: '确认登记' }).click()
    await first.getByText('签名与所交的公钥不符').first().waitFor()
    // A certificate as a DER file, as the tool of a USB key exports it.
    openssl('req', '-new', '-x509', '-key', key, '-sm3', '-sigopt', 'distid:1234567812345678', '-subj', '/CN=test', '-days', '30', '-outform', 'DER', '-out', 'certificate.cer')
    await first.getByLabel('证书或者公钥').fill('')
    await first.getByLabel('或者证书文件').setInputFiles(path.join(folder, 'certificate.cer'))
    await first.getByLabel('或者签名文件').setInputFiles(path.join(folder, 'challenge.sig'))
    await first.getByRole('button', { name: '确认登记' }).click()
    await first.getByRole('heading', { name: '保存恢复代码', level: 1 }).waitFor()
    await first.getByRole('link', { name: '我已保存，继续' }).click()
    await first.waitForURL(home)

    const second = await openAs({ size, noJs }, tzxm[face], login)
    const lookSecond = looking(second, noJs, face, size)
    await second.getByRole('heading', { name: '登录：双因素认证', level: 1 }).waitFor()
    await lookSecond('sign-in')
    await second.getByRole('button', { name: '取得挑战' }).click()
    await challenge(second)
    await lookSecond('sign-in-challenge')
    await second.getByLabel('签名结果').fill(await sign(second, `other-${key}`))
    await proved(second)
    await second.getByText('签名不正确').first().waitFor()
    await lookSecond('sign-in-wrong')
    const signature = await sign(second, key)
    await second.getByLabel('签名结果').fill(signature)
    await proved(second)
    await second.waitForURL(home)

    const third = await openAs({ size, noJs }, tzxm[face], login)
    await third.getByRole('button', { name: '取得挑战' }).click()
    await third.getByLabel('签名结果').fill(signature)
    await proved(third)
    await third.getByText('签名不正确').first().waitFor()
    await challenge(third)
    await sign(third, key)
    await third.getByLabel('或者签名文件').setInputFiles(path.join(folder, 'challenge.sig'))
    await proved(third)
    await third.waitForURL(home)
    await third.goto(`${tzxm[face]}/account/factor`)
    await third.getByText('证书有效至').first().waitFor()
    await looking(third, noJs, face, size)('list')
    await third.goto(`${tzxm[face]}/account`)
    await third.getByText('证书签名错误').first().waitFor()
    await looking(third, noJs, face, size)('account')
    for (const page of [first, second, third]) await closePage(page)
  })
}

/** A device with a passkey of its own in this page. */
async function device (page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true }
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options })
  return {
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    clear: () => cdp.send('WebAuthn.clearCredentials', { authenticatorId }),
    put: credential => cdp.send('WebAuthn.addCredential', { authenticatorId, credential }),
    verified: is => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: is })
  }
}

for (const [face, login, home, size] of [
  ['portal', 'demo-school', /\/projects$/, 'phone'],
  ['office', 'hongshan-ziran', /\/$/, 'desktop']
]) {
  test(`S-04: ${face}, ${size}: a passkey in the virtual authenticator: registered, signs in, a copy is refused, removed`, async () => {
    const site = named(tzxm[face])
    const page = await openAs({ size }, site, login)
    const key = await device(page)
    const look = looking(page, false, face, size)
    await page.getByRole('button', { name: '登记通行密钥' }).click()
    await page.getByRole('heading', { name: '登记通行密钥' }).waitFor()
    await look('passkey-new')
    await page.getByLabel('名称').fill('我的电脑')
    await page.getByRole('button', { name: '创建通行密钥' }).click()
    await page.getByRole('heading', { name: '保存恢复代码', level: 1 }).waitFor()
    await page.locator('main ol code').first().waitFor()
    const codes = await page.locator('main ol code').allTextContents()
    assert.equal(codes.length, 8)
    assert.equal((await key.credentials()).length, 1)
    await page.getByRole('link', { name: '我已保存，继续' }).click()
    await page.waitForURL(home)
    const [before] = await key.credentials()

    // The same device once more: signed out, then in with password and passkey.
    await page.context().clearCookies()
    await signIn(page, site, login)
    await page.getByRole('heading', { name: '登录：双因素认证', level: 1 }).waitFor()
    await look('passkey-sign-in')
    await page.getByRole('button', { name: '用通行密钥' }).click()
    await page.waitForURL(home)
    const [used] = await key.credentials()
    assert.ok(used.signCount > before.signCount)

    // A copy of the device as it was before: its counter is behind.
    await key.clear()
    await key.put(before)
    await page.context().clearCookies()
    await signIn(page, site, login)
    await page.getByRole('button', { name: '用通行密钥' }).click()
    await page.getByText('可能已经被复制').first().waitFor()
    await look('passkey-copied')

    // A person who is not verified by the device proves nothing.
    await key.clear()
    await key.put({ ...used, signCount: used.signCount + 5 })
    await key.verified(false)
    await page.getByRole('button', { name: '用通行密钥' }).click()
    await page.getByText('没有完成确认').first().waitFor()
    await key.verified(true)
    await page.getByRole('button', { name: '用通行密钥' }).click()
    await page.waitForURL(home)
    await page.goto(`${site}/account`)
    await page.getByText('可能被复制').first().waitFor()
    await look('passkey-account')

    // The last factor stays; beside another one it is taken away, proved by itself.
    await page.goto(`${site}/account/factor`)
    await look('passkey-list')
    assert.equal(await page.getByRole('button', { name: '移除“我的电脑”' }).count(), 0)
    const stick = `stick-${login}.pem`
    openssl('genpkey', '-algorithm', 'SM2', '-out', stick)
    await page.getByLabel('密码').fill(PASSWORD)
    await page.getByLabel('恢复代码').fill(codes[0])
    await page.getByRole('button', { name: '登记 SM2 证书' }).click()
    await challenge(page)
    await page.getByLabel('名称').fill('抽屉里的 USB Key')
    await page.getByLabel('证书或者公钥').fill(openssl('pkey', '-in', stick, '-pubout'))
    await page.getByLabel('签名结果').fill(await sign(page, stick))
    await page.getByRole('button', { name: '确认登记' }).click()
    await page.getByText('登记成功').waitFor()
    await page.goto(`${site}/account/factor`)
    await page.getByLabel('密码').fill(PASSWORD)
    await page.getByRole('button', { name: '用通行密钥' }).click()
    await page.getByText('通行密钥已经确认').waitFor()
    await look('passkey-remove')
    await page.getByRole('button', { name: '移除“我的电脑”' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '移除' }).click()
    await page.getByText('已移除').waitFor()
    await page.context().clearCookies()
    await signIn(page, site, login)
    await page.getByRole('button', { name: '取得挑战' }).waitFor()
    assert.equal(await page.getByRole('button', { name: '用通行密钥' }).count(), 0)
    await closePage(page)
  })
}

test('S-04: without scripts the page of a passkey says so and the recovery code still opens', async () => {
  const site = named(tzxm.portal)
  const page = await openAs({}, site, 'demo-hulun')
  await device(page)
  await page.getByRole('button', { name: '登记通行密钥' }).click()
  await page.getByLabel('名称').fill('我的电脑')
  await page.getByRole('button', { name: '创建通行密钥' }).click()
  await page.locator('main ol code').first().waitFor()
  const codes = await page.locator('main ol code').allTextContents()
  const still = await openAs({ noJs: true }, site, 'demo-hulun')
  await still.getByText('通行密钥要用到浏览器的脚本功能').waitFor()
  await checkStill(still)
  await picture(still, 'keys-portal-passkey-no-script-desktop')
  await still.getByLabel('恢复代码').fill(codes[0])
  await proved(still)
  await still.waitForURL(/\/projects$/)
  // At the bare address the script says where passkeys work.
  const bare = await openAs({}, tzxm.portal, 'demo-hulun')
  await bare.getByRole('button', { name: '用通行密钥' }).click()
  await bare.getByText(`通行密钥只能在 ${site} 使用`).waitFor()
  for (const one of [page, still, bare]) await closePage(one)
})
