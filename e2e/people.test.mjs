// 机构人员 in the browser: an account opened with its slip, a post proposed by one and confirmed by another, ended while its holder is
// signed in, a staff list loaded with a preview.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { openDesk, sure } from './steps.mjs'

let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

const ORGAN = '/organs/water-150402'
const desk = (login, options) => openDesk(browser, tzxm, login, options)

/** Opens the person from the organ's list and gives the address. */
async function person (page, name) {
  await page.goto(tzxm.office + ORGAN)
  await page.getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
  return page.url()
}

test('arts. 6–9: the tree of organs, an account with its slip, a first password', async () => {
  const system = await desk('zizhiqu-xitong')
  await system.getByRole('heading', { name: '机构人员', level: 1 }).waitFor()
  for (const kind of ['综合管理部门', '应用管理部门', '建设运维部门']) await system.getByRole('heading', { name: kind }).waitFor()
  await checkPage(system, 'organs')
  await picture(system, 'office-organs-desktop')
  await system.getByRole('main').getByRole('link', { name: '赤峰市', exact: true }).click()
  await system.getByRole('main').getByRole('link', { name: '红山区', exact: true }).click()
  await system.getByRole('main').getByRole('link', { name: /红山区水利局/ }).click()
  await system.getByText('郭文静').first().waitFor()
  await sure(system, '开设账号')
  await system.getByRole('heading', { name: /处需要修改/ }).waitFor()
  await checkPage(system, 'organ with errors')
  await system.locator('[name="person"]').fill('斯琴')
  await system.locator('[name="login"]').fill('hongshan-siqin')
  await sure(system, '开设账号')
  await system.getByRole('heading', { name: '一次性口令条' }).waitFor()
  const secret = await system.locator('#secret').textContent()
  assert.equal(secret.length, 40)
  await checkPage(system, 'slip')
  await picture(system, 'office-slip-desktop')
  await system.getByRole('link', { name: '打开这个账号' }).click()
  await system.getByText('没有设置密码').waitFor()
  assert.ok(!(await system.content()).includes(secret), 'shown once')
  assert.equal(await system.getByRole('link', { name: '提出任职' }).count(), 0, 'a system administrator gives no posts')
  await closePage(system)

  const newcomer = await openPage(browser, { size: 'phone' })
  await newcomer.goto(`${tzxm.office}/setup`)
  await newcomer.getByLabel('一次性口令').fill(secret)
  await newcomer.getByLabel('新密码').fill('Ordos Lamb 7 stars!')
  await newcomer.getByLabel('再输入一次').fill('Ordos Lamb 7 stars!')
  await newcomer.getByRole('button', { name: '设置密码' }).click()
  await newcomer.getByLabel('登录名').fill('hongshan-siqin')
  await newcomer.getByLabel('密码').fill('Ordos Lamb 7 stars!')
  await newcomer.getByRole('main').getByRole('button', { name: '登录' }).click()
  await newcomer.getByRole('heading', { name: '使用手册' }).waitFor()
  await closePage(newcomer)
})

test('S-08: one proposes, another confirms; S-09: ended while the holder is signed in', async () => {
  const [first, second] = [await desk('zizhiqu-anquan'), await desk('zizhiqu-anquan-2', { size: 'phone' })]
  const address = await person(first, '郭文静')
  await first.getByRole('link', { name: '提出任职' }).click()
  await first.getByRole('radio', { name: /审核岗/ }).check()
  await sure(first, '提出任职')
  await first.getByRole('heading', { name: /处需要修改/ }).waitFor()
  assert.ok(await first.getByRole('radio', { name: /审核岗/ }).isChecked(), 'nothing is lost')
  await checkPage(first, 'proposal with errors')
  await picture(first, 'office-propose-desktop')
  await first.getByLabel('任职文件或者其他依据').fill('红水党〔2026〕3号')
  await sure(first, '提出任职')
  await first.getByText('须由另一位安全管理员确认后生效').waitFor()
  await first.getByText('您本人不能确认').waitFor()
  await checkPage(first, 'person with a proposal')
  await picture(first, 'office-person-desktop')

  await second.goto(`${tzxm.office}/organs`)
  await second.getByText('红水党〔2026〕3号').waitFor()
  await checkPage(second, 'organs, phone')
  await picture(second, 'office-organs-phone')
  await second.goto(address)
  await second.getByText('不同意', { exact: true }).click()
  await second.getByRole('button', { name: '不同意任职' }).click()
  await second.getByText('请填写不同意的理由').first().waitFor()
  await sure(second, '确认任职')
  await second.getByText('任职已确认').waitFor()
  await checkPage(second, 'person, phone')
  await picture(second, 'office-person-phone')

  const holder = await desk('hongshan-shuili')
  await holder.goto(`${tzxm.office}/cases`)
  await holder.getByText('审核岗').first().waitFor()
  await second.getByText('结束任职', { exact: true }).first().click()
  const choice = second.getByLabel('结束哪个岗位')
  const posts = await choice.locator('option').allTextContents()
  await choice.selectOption({ label: posts.find(text => text.includes('审核岗')).trim() })
  await second.getByLabel('结束任职的理由').fill('岗位调整')
  await sure(second, '结束任职')
  await second.getByText('任职已结束').waitFor()
  await holder.reload()
  assert.equal(await holder.getByText('审核岗').count(), 0, 'the open session has lost it')
  for (const page of [first, second, holder]) await closePage(page)
})

test('S-05: a staff list is previewed, carried out, and harmless when sent again', async () => {
  const page = await desk('zizhiqu-anquan')
  await page.goto(`${tzxm.office}/staff`)
  await checkPage(page, 'staff')
  await picture(page, 'office-staff-desktop')
  const [template] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /下载模板/ }).click()])
  assert.equal(template.suggestedFilename(), 'staff-template.csv')
  await page.getByRole('button', { name: '预览' }).click()
  await page.getByText('请先选择文件').first().waitFor()
  await checkPage(page, 'staff without a file')
  const rows = ['姓名,登录名,地区,部门,岗位,起始日,截止日,任职依据', '乌兰,wulan.hs,150402,水利,收件岗,2099-01-01,2099-12-31,任命9号', '乌兰,wulan.hs,150402,水利,厨师,2099-01-01,,任命9号', '巴图,batu.hs,150402,水利,审计管理员,2099-01-01,,=1+1']
  const file = { name: '名册.csv', mimeType: 'text/csv', buffer: Buffer.from('\ufeff' + rows.join('\r\n')) }
  const load = async () => {
    await page.goto(`${tzxm.office}/staff`)
    await page.getByLabel(/人员名册/).setInputFiles(file)
    await page.getByRole('button', { name: '预览' }).click()
  }
  await load()
  await page.getByText('没有岗位“厨师”').waitFor()
  await page.getByText('含有公式').waitFor()
  await checkPage(page, 'staff preview')
  await picture(page, 'office-staff-preview-desktop')
  await sure(page, '确认办理 1 行')
  await page.getByText('名册已处理完毕').waitFor()
  await load()
  await page.getByText('已经如此，不变').waitFor()
  assert.equal(await page.getByRole('button', { name: /确认办理/ }).count(), 0, 'works twice without doubling')
  await page.goto(`${tzxm.office}/organs`)
  await page.getByText('乌兰').first().waitFor()
  await closePage(page)
})

test('art. 8: the pages work without scripts', async () => {
  const page = await desk('zizhiqu-anquan', { noJs: true, size: 'phone' })
  const address = await person(page, '赵国栋')
  await page.goto(`${address}/propose`)
  await page.getByRole('radio', { name: /经办岗/ }).check()
  await page.getByLabel('任职文件或者其他依据').fill('红水党〔2026〕4号')
  await page.getByRole('button', { name: '提出任职' }).click()
  await page.getByText('须由另一位安全管理员确认后生效').waitFor()
  await checkStill(page, 'person without scripts')
  await page.getByRole('button', { name: '撤回' }).click()
  await page.getByText('任职建议已撤回').waitFor()
  await closePage(page)
})
