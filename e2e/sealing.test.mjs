// 涉密核验 in the browser: a file with a marking is refused with neutral words, lies sealed, is released as a false alarm or purged
// by two security administrators.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { DEMO_PASSWORD, openDesk, pdf, sure } from './steps.mjs'

const FIRST = 'zizhiqu-anquan'
const SECOND = 'zizhiqu-anquan-2'
const ORDER = '内国保〔2026〕17号'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

/** An administrator's page; one who was signed in elsewhere is told so first. */
async function desk (login, options) {
  const page = await openDesk(browser, tzxm, login, options)
  await page.goto(`${tzxm.office}/holds`)
  await page.getByRole('heading', { name: '涉密核验', level: 1 }).waitFor()
  return page
}

/** A unit at the upload of a material that is still missing. */
async function unit () {
  const page = await openPage(browser)
  await page.goto(`${tzxm.portal}/login`)
  await page.getByLabel('登录名').fill('demo-unit')
  await page.getByLabel('密码').fill(DEMO_PASSWORD)
  await page.getByRole('main').getByRole('button', { name: '登录' }).click()
  await page.waitForURL(address => !address.pathname.endsWith('/login'))
  await page.goto(`${tzxm.portal}/projects`)
  const projects = await page.locator('main a[href]').evaluateAll(all => all.map(a => a.getAttribute('href')).filter(href => /^\/projects\/p[0-9a-z]{26}$/.test(href)))
  for (const project of new Set(projects)) {
    await page.goto(tzxm.portal + project)
    const links = await page.locator('main a[href]').evaluateAll(all => all.map(a => a.getAttribute('href')).filter(href => /\/apply$/.test(href)))
    for (const link of new Set(links)) {
      await page.goto(tzxm.portal + link)
      if (await page.locator('main input[type="file"]').count() > 0) return page
    }
  }
  throw new Error('no project of the unit has an item to apply for')
}

/** Uploads a file under that name at the first place of the page; gives what the unit reads. */
async function upload (page, name, expected) {
  const buffer = Buffer.concat([pdf(), Buffer.from('\n'.repeat(name.length))])
  const slot = page.locator('form[data-upload]').first()
  await slot.locator('input[type="file"]').setInputFiles({ name, mimeType: 'application/pdf', buffer })
  const words = page.getByText(expected).first()
  await words.waitFor()
  return words.innerText()
}

test('K-08: the uploader reads neutral words, the desk shows no word of the file', async () => {
  const page = await unit()
  const held = await upload(page, '机密-一号工程.pdf', /该内容正在核验/)
  assert.doesNotMatch(held, /密|标志/)
  await picture(page, 'upload-held')
  const blocked = await upload(page, '绝密★启用前.pdf', /该内容不能通过本平台提交/)
  assert.doesNotMatch(blocked, /密|标志/)
  await page.reload()
  assert.equal(await page.getByText('一号工程').count(), 0)
  await closePage(page)
  for (const size of ['desktop', 'phone']) {
    const page = await desk(FIRST, { size })
    assert.equal(await page.locator('tbody tr').count(), 2)
    assert.doesNotMatch(await page.locator('body').innerText(), /一号工程|启用前/)
    await checkPage(page, `holds, ${size}`)
    await picture(page, `holds-${size}`)
    await page.locator('tbody a[href^="/holds/"]').first().click()
    await page.getByRole('heading', { name: '来源与规则' }).waitFor()
    await checkPage(page, `hold, ${size}`)
    await picture(page, `hold-${size}`)
    await closePage(page)
  }
})

test('K-04: a false alarm is released with a reason', async () => {
  const page = await desk(FIRST)
  await page.getByLabel('级别').selectOption('held')
  await page.getByRole('button', { name: '筛选' }).click()
  await page.locator('tbody a[href^="/holds/"]').first().click()
  await sure(page, '解除封存')
  await page.getByRole('alert').getByText('请填写解除封存的理由').first().waitFor()
  await page.getByLabel('解除封存的理由').fill('已当面核实，是游戏项目的名称')
  await sure(page, '解除封存')
  await page.getByText('封存已解除').waitFor()
  await checkPage(page, 'released')
  await picture(page, 'hold-released')
  await closePage(page)
})

test('K-09: one proposes the purge, another confirms it with the number of the order', async () => {
  const first = await desk(FIRST)
  await first.locator('tbody a[href^="/holds/"]').first().click()
  const address = new URL(first.url()).pathname
  const report = first.locator('form[action$="/report"]')
  await report.getByLabel('保密行政管理部门').fill('内蒙古自治区国家保密局')
  await report.getByLabel('报告方式和文号').fill('机要交换，内发改密报〔2026〕3号')
  await sure(first, '登记报告')
  await first.getByText('报告已登记').waitFor()
  const purge = first.locator('form[action$="/purge"]')
  await purge.getByLabel('保密行政管理部门').fill('内蒙古自治区国家保密局')
  await purge.getByLabel('销毁通知的文号').fill(ORDER)
  await sure(first, '提出销毁')
  await first.getByText('销毁申请已提出').waitFor()
  assert.equal(await first.getByRole('button', { name: '确认销毁' }).count(), 0, 'not the same person')
  await picture(first, 'hold-proposed')
  await closePage(first)

  const second = await desk(SECOND)
  await second.goto(tzxm.office + address)
  await second.getByLabel('销毁通知的文号').fill('内国保〔2026〕71号')
  await sure(second, '确认销毁')
  await second.getByRole('alert').getByText('文号与提出销毁时填写的不一致').first().waitFor()
  await second.getByLabel('销毁通知的文号').fill(ORDER)
  await sure(second, '确认销毁')
  await second.getByText('数据密钥和内容已销毁').waitFor()
  await checkPage(second, 'purged')
  await picture(second, 'hold-purged')
  await closePage(second)
})
