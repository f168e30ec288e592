// Parallel approval: one application for four departments, one branch returned, the other three go on and finish; then
// the returned one, and all is handed back together. And the shortest lawful path with its questions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { declare, field, fillSlots, press, register, tick } from './steps.mjs'

const OFFICE_PASSWORD = 'Caoyuan-2026-Demo'
const LEAD = 'hongshan-fagai'
const RETURNED = { item: '建设项目环境影响评价审批（报告表）', window: 'chifeng-huanjing', reviewer: 'chifeng-huanjing-sh', approver: 'chifeng-huanjing-sp', number: '赤环审〔2026〕91号' }
const OTHERS = [
  { item: '企业投资项目备案', window: LEAD, approver: 'hongshan-fagai-sp', number: '红发改备〔2026〕771号' },
  { item: '生产建设项目水土保持方案审批', window: 'hongshan-shuili', reviewer: 'hongshan-shuili-sh', approver: 'hongshan-shuili-sp', number: '红水保审〔2026〕77号' },
  { item: '建设项目用地预审与选址意见书核发', window: 'hongshan-ziran', reviewer: 'hongshan-ziran-sh', approver: 'hongshan-ziran-sp', number: '红自然资预审〔2026〕7号' }
]
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

const look = async (page, name, size = 'desktop') => {
  await picture(page, `group-${name}-${size}`)
  await checkPage(page, name)
}

async function officer (login, size = 'desktop') {
  const page = await openPage(browser, { size })
  await page.goto(`${tzxm.office}/`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(OFFICE_PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.waitForURL(address => !address.pathname.endsWith('/login'))
  return page
}

async function openCase (login, project, item) {
  const page = await officer(login)
  await page.goto(`${tzxm.office}/cases?${new URLSearchParams({ words: project })}`)
  await page.getByRole('row').filter({ hasText: item }).getByRole('link').first().click()
  await page.getByRole('heading', { name: item, level: 1 }).waitFor()
  return page
}

/** A department accepts and decides a branch that the lead has received. */
async function finish ({ item, window, reviewer, approver, number }, project) {
  const page = await openCase(window, project, item)
  await page.getByRole('link', { name: '核验代码并受理' }).click()
  await page.locator('[name="reviewed"]').check()
  await press(page, '核验代码并受理', false)
  await page.getByText('受理通知书已出具').waitFor()
  if (reviewer) {
    await page.getByRole('link', { name: '提出拟办意见' }).click()
    await page.locator('[name="outcome"][value="granted"]').check()
    await page.locator('[name="opinion"]').fill('材料齐全，符合法定条件，拟准予。')
    await press(page, '提交拟办意见', false)
    await page.getByText('拟办意见已提交').waitFor()
    const second = await openCase(reviewer, project, item)
    await second.getByRole('link', { name: '审核', exact: true }).click()
    await second.locator('[name="opinion"]').fill('同意拟办意见。')
    await press(second, '审核同意', false)
    await second.getByText('审核已同意').waitFor()
    await closePage(second)
  }
  await closePage(page)
  const desk = await openCase(approver, project, item)
  await desk.getByRole('link', { name: '作出决定' }).click()
  await desk.getByLabel('准予').check()
  await desk.getByLabel('办结意见').fill('申请材料齐全，符合法定条件，准予办理。')
  await desk.getByLabel('审批文件文号').fill(number)
  await desk.getByLabel('审批文件标题').fill(`关于${item}的批复`)
  await desk.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await desk.getByRole('button', { name: '确认作出决定并办结' }).click()
  await desk.getByText('系统已生成办结告知书').waitFor()
  await closePage(desk)
}

test('许可法 art. 26: four departments, one branch returned, three finish, all handed back together', async () => {
  const serial = Date.now() % 100_000_000
  const project = `红山区并联走查${serial}项目`
  const unit = await openPage(browser)
  await register(unit, tzxm, serial)
  await declare(unit, tzxm, project, async () => {}, async page => {
    await tick(page, 'eia_class', 'form')
    await field(page, 'land').check()
    await field(page, 'land_area_mu').fill('30')
  })
  await unit.locator('[name="policy_commitment"]').check()
  await unit.locator('[name="truth_commitment"]').check()
  await unit.getByRole('button', { name: '提交申报，取得项目代码' }).click()
  await unit.getByRole('link', { name: '查看项目' }).click()
  const home = unit.url().split('?')[0]
  await look(unit, 'project')

  // The shortest path before anything is filed, and a question.
  await unit.getByRole('link', { name: '最短办理路径' }).click()
  await unit.getByText('决定开工日期的一串事项').waitFor()
  await look(unit, 'path')
  const start = await unit.getByRole('heading', { name: /最早开工日期/ }).textContent()
  await field(unit, 'item').selectOption('land_preexam_site')
  await field(unit, 'days').fill('8')
  await unit.getByRole('button', { name: '重新计算' }).click()
  await unit.getByText(/推迟 \d+ 个工作日/).waitFor()
  assert.notEqual(await unit.getByRole('heading', { name: /最早开工日期/ }).textContent(), start)
  await look(unit, 'path-asked')

  // Choose: a stage is preselected, what cannot join says why; the unit's own choice mixes stages.
  await unit.goto(home)
  await unit.getByRole('link', { name: '并联申请' }).click()
  await unit.getByText('暂不能加入').first().waitFor()
  await unit.getByText('须先办结').first().waitFor()
  await look(unit, 'choose')
  await unit.getByRole('link', { name: '自选事项' }).click()
  for (const { item } of [RETURNED, ...OTHERS]) await unit.getByLabel(item).check()
  await unit.getByRole('button', { name: '下一步：提交材料' }).click()
  await unit.getByRole('heading', { name: '并联申请：提交材料' }).waitFor()
  await unit.locator('[name="unclassified"]').check()
  await press(unit, '提交并联申请', false)
  await unit.getByText('请上传').first().waitFor()
  await fillSlots(unit, false)
  await look(unit, 'form')
  await unit.locator('[name="unclassified"]').check()
  await press(unit, '提交并联申请', false)
  await unit.getByText('并联申请已提交，共 4 个事项').waitFor()
  const group = unit.url().split('?')[0]
  await look(unit, 'submitted')

  // The lead receives once for all.
  const lead = await officer(LEAD)
  await lead.getByRole('link', { name: '并联审批' }).click()
  await look(lead, 'list')
  await lead.getByRole('row').filter({ hasText: project }).getByRole('link').first().click()
  await press(lead, '联合收件', false)
  await lead.getByText('已联合收件，联合收件凭证已出具').waitFor()
  await look(lead, 'lead')
  await lead.getByRole('link', { name: RETURNED.item }).click()
  await lead.getByText('牵头部门可以查看进度和结果').waitFor()
  await look(lead, 'branch')
  await closePage(lead)

  // One branch goes back to the unit, the other three are finished.
  const ecology = await openCase(RETURNED.window, project, RETURNED.item)
  await ecology.getByText('本事项是并联申请的一部分').waitFor()
  await ecology.getByRole('link', { name: '一次性告知补正' }).click()
  await ecology.getByLabel('需要补正什么').first().fill('请补充卫生防护距离的说明。')
  await press(ecology, '发出补正通知', false)
  await ecology.getByText('补正材料通知书已出具').waitFor()
  await closePage(ecology)
  for (const branch of OTHERS) await finish(branch, project)
  await unit.goto(group)
  await unit.getByText('下一步：请您补正').waitFor()
  for (const { item } of OTHERS) {
    await unit.getByRole('row').filter({ hasText: item }).getByText('已办结（准予）').waitFor()
  }
  await look(unit, 'returned')

  // The returned branch is put right and finished; the platform hands everything back.
  await unit.getByRole('link', { name: RETURNED.item }).click()
  await unit.getByLabel('说明').first().fill('已补充，见报告表第三章。')
  await press(unit, '提交补正', false)
  await unit.getByText('补正已提交').waitFor()
  await finish(RETURNED, project)
  await unit.goto(group)
  await unit.getByText('全部事项已经办理完毕').waitFor()
  const notice = unit.getByRole('link', { name: '并联审批联合办结告知书' })
  const paper = await unit.context().request.get(tzxm.portal + await notice.getAttribute('href'))
  assert.equal((await paper.body()).subarray(0, 5).toString(), '%PDF-')
  await look(unit, 'handed-back')
  await unit.goto(`${tzxm.portal}/messages`)
  await unit.getByText('并联申请已全部办理完毕').waitFor()
  await unit.goto(group)

  // Looked back at: the group, and the list of its lead.
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
  await unit.getByRole('link', { name: '回溯查看' }).click()
  await unit.getByLabel('要看哪一天').fill(today)
  await unit.getByRole('button', { name: '回溯查看' }).click()
  await unit.getByText('历史视图，只读').waitFor()
  assert.equal(await unit.locator('main form[method=post]').count(), 0)
  const then = unit.url()
  await look(unit, 'then')
  for (const size of ['desktop', 'phone']) {
    const after = await officer(LEAD, size)
    await after.goto(`${tzxm.office}/groups/as-of?on=${today}&tab=done`)
    await after.getByText(/查了 \d+ 组/).waitFor()
    await look(after, 'list-then', size)
    await after.locator('#then').getByRole('row').filter({ hasText: project }).getByRole('link').first().click()
    await after.getByText('历史视图，只读').waitFor()
    await look(after, 'lead-then', size)
    await closePage(after)
  }

  // On a phone, and without scripts, the same pages hold.
  const state = await unit.context().storageState()
  for (const options of [{ size: 'phone' }, { noJs: true }]) {
    const page = await openPage(browser, options)
    await page.context().addCookies(state.cookies)
    for (const [name, address] of [['group', group], ['path', `${home}/path`], ['choose', `${home}/join?stage=free`], ['then', then]]) {
      await page.goto(address)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await picture(page, `group-${name}-${options.size ?? 'still'}`)
      await (options.noJs ? checkStill(page, name) : checkPage(page, name))
    }
    await closePage(page)
  }
  await closePage(unit)
})
