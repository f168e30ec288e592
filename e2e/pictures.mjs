// `make screenshots`: the ten main pages, desktop and phone, into e2e/out/; three of them also into docs/pictures/ for the README.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { SIZES, openPage, picture, startBrowser, startTzxm } from './harness.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
const README = path.join(import.meta.dirname, '..', 'docs', 'pictures')
const tzxm = await startTzxm()
const browser = await startBrowser()

async function signedIn (face, login, size) {
  const page = await openPage(browser, { size })
  if (!login) return page
  await page.goto(`${tzxm[face]}/login`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(PASSWORD)
  await page.getByRole('main').getByRole('button', { name: '登录' }).click()
  await page.waitForURL(address => !address.pathname.endsWith('/login'))
  return page
}

/** The first link of a page whose address fits. */
async function first (page, address, pattern) {
  await page.goto(address)
  const links = await page.locator('main a[href]').evaluateAll(all => all.map(link => link.getAttribute('href')))
  return links.find(link => pattern.test(link))
}

const PROJECT = /^\/projects\/p[0-9a-z]{26}$/
const CASE = /^\/cases\/c[0-9a-z]{26}$/
const PAGES = [
  ['home', 'portal', null, async () => '/', true],
  ['guides', 'portal', null, async () => '/items'],
  ['query', 'portal', null, async () => `/public?${new URLSearchParams({ q: '风电' })}`],
  ['clock', 'portal', null, async () => '/clock?from=2026-09-21&days=10&unit=working'],
  ['declaration', 'portal', 'demo-unit', async () => '/declare'],
  ['project', 'portal', 'demo-unit', page => first(page, `${tzxm.portal}/projects`, PROJECT), true],
  ['messages', 'portal', 'demo-unit', async () => '/messages'],
  ['work-list', 'office', 'hongshan-ziran', async () => '/'],
  ['case', 'office', 'hongshan-ziran', page => first(page, `${tzxm.office}/`, CASE), true],
  ['interface', 'api', null, async () => '/']
]

try {
  await mkdir(README, { recursive: true })
  for (const size of Object.keys(SIZES)) {
    for (const [name, face, login, find, shown] of PAGES) {
      const page = await signedIn(face, login, size)
      await page.goto(tzxm[face] + await find(page))
      await page.waitForLoadState('networkidle')
      await picture(page, `page-${name}-${size}`)
      if (shown && size === 'desktop') {
        await page.screenshot({ path: path.join(README, `${name}.jpg`), type: 'jpeg', quality: 72 })
      }
      await page.context().close()
    }
  }
  console.log(`${PAGES.length} pages in ${Object.keys(SIZES).length} sizes: e2e/out/page-*.png, docs/pictures/*.jpg`)
} finally {
  await browser.close()
  await tzxm.stop()
}
