// What anybody can do on the portal: look, search, verify, read guides, count a period, register, sign in and out.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { creditCode } from './steps.mjs'

const PASSWORD = 'Steppe-Wind-2026'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

const PAGES = [
  ['home', '/'], ['register', '/register'], ['login', '/login'], ['public', '/public'],
  ['public-fault', '/public?q=2311-330109-04-01-789814'], ['public-unknown', '/public?q=2311-330109-04-01-789813'],
  ['public-words', '/public?q=项目'], ['public-none', '/public?q=没有这样的项目'], ['check', '/check'],
  ['check-wrong', '/check?number=内投审〔2026〕码150402000123号&v=0123456789abcdef'],
  ['items', '/items'], ['items-filtered', '/items?q=施工&stage=before_start'], ['items-none', '/items?q=没有'],
  ['guide', '/items/construction_permit'], ['guide-eia', '/items/eia'],
  ['clock', '/clock'], ['clock-answer', '/clock?start=2026-09-28&days=10&unit=working'],
  ['clock-paused', '/clock?start=2026-12-20&days=20&unit=working&ground=hearing&from=2026-12-25&to=2026-12-31'],
  ['clock-wrong', '/clock?start=&days=0&unit='], ['help', '/help']
]

for (const size of ['desktop', 'phone']) {
  test(`the public pages on the ${size} are accessible, fit and stay within the policy`, async () => {
    const page = await openPage(browser, { size })
    for (const [name, address] of PAGES) {
      await page.goto(tzxm.portal + address)
      await picture(page, `public-${name}-${size}`)
      await checkPage(page, name)
    }
    await closePage(page)
  })
}

test('from the first page to a project, by name and by code', async () => {
  const page = await openPage(browser)
  await page.goto(tzxm.portal)
  await page.getByRole('link', { name: /项目/ }).and(page.locator('a[href^="/public/"]')).first().click()
  await page.getByText('核验通过').waitFor()
  const code = await page.locator('.plate-code').textContent()
  const name = await page.locator('#view-name').textContent()
  assert.match(code, /^\d{4}-\d{6}-\d{2}-\d{2}-\d{6}$/)
  await picture(page, 'public-project-desktop')
  await checkPage(page, 'project')

  await page.goto(tzxm.portal)
  await page.getByRole('searchbox').fill(name.slice(0, 8))
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByRole('link', { name, exact: true }).first().waitFor()

  await page.getByRole('searchbox').fill(code.replaceAll('-', ''))
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByRole('heading', { name }).waitFor()
  await page.getByRole('searchbox').fill(code.slice(0, -1) + (code.endsWith('0') ? '1' : '0'))
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByText('校验码不符').waitFor()
  await closePage(page)

  const phone = await openPage(browser, { size: 'phone' })
  await phone.goto(`${tzxm.portal}/public/${code}`)
  await picture(phone, 'public-project-phone')
  await checkPage(phone, 'project on the phone')
  await closePage(phone)
})

test('a paper that does not exist gets one neutral answer', async () => {
  const page = await openPage(browser)
  await page.goto(`${tzxm.portal}/check`)
  await page.getByLabel('文号').fill('内投审〔2026〕受150402000123号')
  await page.getByLabel('核验码').fill('0123456789abcdef')
  await page.getByRole('button', { name: '核验' }).click()
  await page.getByText('没有与此文号和核验码相符的文书').waitFor()
  assert.equal(await page.getByLabel('文号').inputValue(), '内投审〔2026〕受150402000123号')
  await closePage(page)
})

test('from the catalogue to a guide and from its limit to a due date', async () => {
  const page = await openPage(browser)
  await page.goto(`${tzxm.portal}/items`)
  await page.getByLabel('关键字').fill('施工许可')
  await page.getByRole('button', { name: '筛选' }).click()
  await page.getByRole('link', { name: '建筑工程施工许可证核发' }).click()
  for (const element of ['审批依据', '审批内容', '受理条件', '申报材料', '办理流程', '办理时限', '收费标准', '监管要求', '联系方式']) {
    await page.getByRole('heading', { name: element, exact: false }).first().waitFor()
  }
  await page.getByRole('link', { name: '试算届满日' }).click()
  await page.getByLabel('起算日').fill('2026-09-28')
  await page.getByRole('button', { name: '计算' }).click()
  await page.getByRole('heading', { name: '届满日' }).waitFor()
  await page.getByText('顺延到下一个工作日').first().waitFor()
  await checkPage(page, 'clock')
  await closePage(page)
})

async function fillRegistration (page, serial) {
  await page.getByLabel('单位全称').fill('赤峰草原测试科技有限公司')
  await page.getByLabel('统一社会信用代码').fill(creditCode(serial))
  await page.getByLabel('单位性质').selectOption('private')
  await page.getByLabel('盟市').selectOption('150400')
}

async function finishRegistration (page, login) {
  await page.getByLabel('旗县').selectOption('150402')
  await page.locator('#field-contact_name').fill('测试员')
  await page.getByLabel('联系电话').fill('0476-1234567')
  await page.locator('#field-login').fill(login)
  await page.locator('input[name="password"]').fill(PASSWORD)
  await page.locator('input[name="password_again"]').fill(PASSWORD)
  await page.getByText('我已阅读并理解个人信息处理告知').click()
}

const unique = () => Date.now() % 100_000_000

test('a unit registers, signs out and in again, and reads its messages', async () => {
  const page = await openPage(browser)
  const serial = unique()
  const login = `walk.${serial}`
  await page.goto(`${tzxm.portal}/register`)
  await page.getByRole('button', { name: '注册并登录' }).click()
  await page.getByRole('alert').getByText('处需要修改').waitFor()
  await checkPage(page, 'refused registration')
  await picture(page, 'public-register-refused-desktop')
  await fillRegistration(page, serial)
  await page.locator('#field-region option[value="150402"]').waitFor({ state: 'attached' })
  await finishRegistration(page, login)
  await page.getByRole('button', { name: '注册并登录' }).click()
  await page.waitForURL(/\/projects\?done=registered/)

  await page.goto(tzxm.portal)
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByText('您已安全退出').waitFor()
  await page.goto(`${tzxm.portal}/messages`)
  await page.waitForURL(/\/login\?next=/)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill('Wrong-Wind-2026')
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('alert').getByText('登录名或密码不正确').waitFor()
  assert.equal(await page.getByLabel('登录名').inputValue(), login)
  await page.getByLabel('密码').fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('heading', { name: '消息中心' }).waitFor()
  await checkPage(page, 'messages')
  await closePage(page)
})

test('a unit of the demonstration opens a message and comes to its matter', async () => {
  const page = await openPage(browser)
  await page.goto(`${tzxm.portal}/login?next=/messages`)
  await page.getByLabel('登录名').fill('demo-unit')
  await page.getByLabel('密码').fill('Caoyuan-2026-Demo')
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('heading', { name: '消息中心' }).waitFor()
  await picture(page, 'public-messages-desktop')
  await checkPage(page, 'messages of the demonstration')
  await page.setViewportSize({ width: 390, height: 844 })
  await picture(page, 'public-messages-phone')
  await checkPage(page, 'messages on the phone')
  await page.locator('.task-name button').first().click()
  await page.waitForURL(url => url.pathname !== '/messages')
  await closePage(page)
})

test('without scripts: search, count, register with the help of a button', async () => {
  const page = await openPage(browser, { noJs: true })
  await page.goto(tzxm.portal)
  await page.getByRole('searchbox').fill('2311-330109-04-01-789814')
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByText('校验码不符').waitFor()
  await page.goto(`${tzxm.portal}/clock`)
  await page.getByRole('button', { name: '计算' }).click()
  await page.getByRole('heading', { name: '届满日' }).waitFor()
  const serial = unique() + 1
  const login = `still.${serial}`
  await page.goto(`${tzxm.portal}/register`)
  await fillRegistration(page, serial)
  await page.getByRole('button', { name: '更新旗县列表' }).click()
  assert.equal(await page.getByLabel('单位全称').inputValue(), '赤峰草原测试科技有限公司')
  await finishRegistration(page, login)
  await page.getByRole('button', { name: '注册并登录' }).click()
  await page.waitForURL(/\/projects\?done=registered/)
  await checkStill(page)
  await closePage(page)
})
