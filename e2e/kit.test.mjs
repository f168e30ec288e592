// The components, seen in a browser: the gallery of crates/web/examples/kit.rs.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkPage, checkStill, closePage, freePort, openPage, picture, startBrowser, startProgram } from './harness.mjs'

const kit = process.env.TZXM_KIT ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '../target/debug/examples/kit')
let browser, program, home

before(async () => {
  const port = await freePort()
  home = `http://127.0.0.1:${port}`
  program = await startProgram(kit, [String(port)], { url: home })
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await program?.stop()
})

for (const size of ['desktop', 'phone']) {
  for (const [name, address] of [['portal', '/'], ['errors', '/bad'], ['office', '/office'], ['missing', '/missing']]) {
    test(`${name} on the ${size} is accessible, fits and stays within the policy`, async () => {
      const page = await openPage(browser, { size })
      await page.goto(home + address)
      await picture(page, `kit-${name}-${size}`)
      await checkPage(page, name)
      await closePage(page)
    })
  }
}

test('the document of the interface stays within the policy', async () => {
  const page = await openPage(browser)
  await page.goto(`${home}/docs`)
  await page.getByText('样张', { exact: true }).first().waitFor()
  await closePage(page)
})

test('errors take the focus and lead to their fields', async () => {
  const page = await openPage(browser)
  await page.goto(`${home}/bad`)
  assert.match(await page.evaluate(() => document.activeElement.className), /error-summary/)
  await page.getByRole('link', { name: /请选择项目所在旗县/ }).click()
  assert.equal(await page.evaluate(() => document.activeElement.name), 'county')
  await closePage(page)
})

test('a change of the city fetches its counties', async () => {
  const page = await openPage(browser)
  await page.goto(home)
  await page.getByLabel('盟市').selectOption('150400')
  await page.getByLabel('旗县').selectOption({ label: '红山区' })
  assert.equal(await page.getByLabel('旗县').inputValue(), '150402')
  await closePage(page)
})

test('a draft is saved by itself and says when', async () => {
  const page = await openPage(browser)
  await page.goto(home)
  await page.getByLabel('项目名称').fill('红山区风力发电项目')
  await page.getByText('已保存 12:03').waitFor()
  assert.equal(await page.locator('[name=_version]').inputValue(), '2')
  await closePage(page)
})

test('a draft that could not be saved says so and is saved once the line is back', async () => {
  const page = await openPage(browser)
  await page.goto(home)
  await page.route('**/save', route => route.abort())
  await page.getByLabel('项目名称').fill('甲')
  await page.getByText('保存失败').waitFor()
  await page.unroute('**/save')
  await page.getByLabel('项目名称').fill('甲乙')
  await page.getByText('已保存 12:03').waitFor()
  await closePage(page)
})

test('a file shows its progress, survives a broken line and arrives', async () => {
  const page = await openPage(browser)
  await page.goto(home)
  const slot = page.locator('#field-report')
  await page.route('**/upload', route => route.abort())
  await slot.locator('input[type=file]').setInputFiles({ name: '报告.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(3 << 20) })
  await slot.getByText('网络中断').waitFor()
  await page.unroute('**/upload')
  await slot.getByRole('button', { name: '重试' }).click()
  await slot.getByText('已传 2 份').waitFor()
  await closePage(page)
})

test('a file over the limit is stopped before it is sent', async () => {
  const page = await openPage(browser)
  await page.goto(home)
  await page.locator('#field-land').evaluate(form => { form.dataset.uploadMax = '1048576' })
  await page.locator('#field-land input[type=file]').setInputFiles({ name: '大.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(2 << 20) })
  await page.locator('#field-land').getByText('文件超过 1 MB').waitFor()
  await closePage(page)
})

test('a weighty act is asked about first', async () => {
  const page = await openPage(browser)
  await page.goto(home)
  await page.getByRole('button', { name: '撤回申请' }).click()
  await page.getByRole('dialog').getByText('已办理的时间不保留').waitFor()
  await checkPage(page)
  await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()
  assert.equal(new URL(page.url()).pathname, '/')
  await page.getByRole('button', { name: '撤回申请' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '撤回申请' }).click()
  await page.waitForURL('**/done')
  await closePage(page)
})

test('a pill explains itself and closes again', async () => {
  const page = await openPage(browser)
  await page.goto(`${home}/office`)
  const pill = page.locator('.pill-more').first()
  await pill.locator('summary').click()
  await page.getByText('申请人无需操作').waitFor()
  await checkPage(page)
  await page.keyboard.press('Escape')
  assert.equal(await pill.evaluate(element => element.open), false)
  await closePage(page)
})

test('without scripts the form, the upload and the county list still have their buttons', async () => {
  const page = await openPage(browser, { noJs: true })
  await page.goto(home)
  await page.getByRole('button', { name: '更新旗县列表' }).waitFor()
  await page.locator('#field-report').getByRole('button', { name: '上传', exact: true }).waitFor()
  assert.equal(await page.getByRole('button', { name: '复制' }).count(), 0)
  await page.locator('#field-report input[type=file]').setInputFiles({ name: '报告.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') })
  await page.locator('#field-report').getByRole('button', { name: '上传', exact: true }).click()
  await page.getByText('已传 2 份').waitFor()
  await checkStill(page)
  await closePage(page)
})
