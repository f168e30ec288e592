// 办事指南 (办法第八条): a guide is edited, reviewed by somebody else, published, and read by everybody on the portal;
// once without scripts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { field, pdf } from './steps.mjs'

const PASSWORD = 'Caoyuan-2026-Demo'
const NAME = '政府投资项目建议书审批'
const MISTAKE = '项目建议书没有写明资金筹措方案。'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

async function desk (login, options) {
  const page = await openPage(browser, options)
  await page.goto(`${tzxm.office}/login?next=/guides`)
  await page.getByLabel('登录名').fill(login)
  await page.getByLabel('密码').fill(PASSWORD)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('heading', { name: '办事指南', level: 1 }).waitFor()
  return page
}

async function openGuide (page, name = NAME) {
  await page.goto(`${tzxm.office}/guides`)
  await page.getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

async function sure (page, button) {
  await page.getByRole('button', { name: button, exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click()
}

test('art. 8: a guide is edited, reviewed, published and visible on the portal', async () => {
  const writer = await desk('zizhiqu-fagai')
  await checkPage(writer, 'list of guides')
  await picture(writer, 'guide-list')
  await openGuide(writer)
  await checkPage(writer, 'guide')
  await writer.getByText('还缺 4 项').waitFor()
  await writer.getByRole('button', { name: '开始修订' }).click()

  await writer.getByRole('heading', { name: '依据、内容和条件', level: 1 }).waitFor()
  await checkPage(writer, 'basics')
  await picture(writer, 'guide-edit')
  await writer.getByRole('button', { name: '保存并继续' }).click()
  await writer.getByRole('heading', { name: '申报材料', level: 1 }).waitFor()
  await checkPage(writer, 'materials')
  await picture(writer, 'guide-materials')
  await field(writer, 'hint-proposal_text').fill('一份，加盖单位公章')
  await writer.getByRole('button', { name: '保存并继续' }).click()
  await writer.getByRole('heading', { name: '流程、时限和收费', level: 1 }).waitFor()
  await field(writer, 'committed_days').fill('99')
  await writer.getByRole('button', { name: '保存并继续' }).click()
  await writer.getByRole('link', { name: /承诺时限不能长于法定时限/ }).waitFor()
  await checkPage(writer, 'process with errors')
  assert.equal(await field(writer, 'committed_days').inputValue(), '99', 'nothing typed is lost')
  await field(writer, 'committed_days').fill('10')
  await writer.getByRole('button', { name: '保存并继续' }).click()
  await writer.getByRole('heading', { name: '监管和联系方式', level: 1 }).waitFor()
  await field(writer, 'phone-0').fill('0471-7654321')
  await field(writer, 'address-0').fill('呼和浩特市；工作日 9:00 至 17:00')
  await checkPage(writer, 'oversight')
  await writer.getByRole('button', { name: '保存并继续' }).click()
  await writer.getByRole('heading', { name: '常见问题和错误', level: 1 }).waitFor()
  await field(writer, 'question-0').fill('建议书可以和可行性研究报告一起报吗？')
  await field(writer, 'answer-0').fill('依法可以简化的项目可以合并报批。')
  await field(writer, 'mistakes').fill(MISTAKE)
  await checkPage(writer, 'help')
  await picture(writer, 'guide-help')
  await writer.getByRole('button', { name: '保存，下一步：样表范本' }).click()
  await writer.getByRole('heading', { name: '样表范本', level: 1 }).waitFor()
  await writer.locator('input[type="file"]').first().setInputFiles({ name: '建议书空白表.pdf', mimeType: 'application/pdf', buffer: pdf() })
  await writer.getByText('已传 1 份').waitFor()
  await checkPage(writer, 'samples')
  await picture(writer, 'guide-samples')
  await writer.getByRole('link', { name: '完成编写，返回指南' }).click()
  await writer.getByText('各项要素齐全。').waitFor()
  await checkPage(writer, 'guide with a draft')
  await picture(writer, 'guide-draft')
  await writer.getByRole('link', { name: '提交审核' }).click()
  await writer.getByText('九项要素齐全').waitFor()
  await writer.getByLabel('修订说明').fill('承诺时限缩短到 10 个工作日，补充联系方式。')
  await checkPage(writer, 'submission')
  await sure(writer, '提交审核')
  await writer.getByText('已提交审核').waitFor()
  assert.equal(await writer.getByRole('link', { name: '审核', exact: true }).count(), 0, 'whoever wrote does not review')
  await closePage(writer)

  const reviewer = await desk('zizhiqu-fagai-sh')
  await openGuide(reviewer)
  await reviewer.getByRole('link', { name: '与原版本比较' }).click()
  await reviewer.getByRole('heading', { name: '比较两个版本', level: 1 }).waitFor()
  await reviewer.getByText(MISTAKE).waitFor()
  await checkPage(reviewer, 'comparison')
  await picture(reviewer, 'guide-compare')
  await openGuide(reviewer)
  await reviewer.getByRole('link', { name: '审核', exact: true }).click()
  await checkPage(reviewer, 'review')
  await picture(reviewer, 'guide-review')
  await reviewer.getByLabel('同意').check()
  await sure(reviewer, '提交审核意见')
  await reviewer.getByText('审核通过。').waitFor()
  await closePage(reviewer)

  const manager = await desk('zizhiqu-fagai-fz')
  await openGuide(manager)
  await manager.getByRole('link', { name: '发布', exact: true }).click()
  await checkPage(manager, 'publication')
  await sure(manager, '发布')
  await manager.getByText('已发布。').waitFor()
  await checkPage(manager, 'guide, published')
  await picture(manager, 'guide-published')
  await manager.getByRole('link', { name: '停用指南' }).click()
  await checkPage(manager, 'retirement')
  await closePage(manager)

  for (const size of ['desktop', 'phone']) {
    const reader = await openPage(browser, { size })
    await reader.goto(`${tzxm.portal}/items?q=${encodeURIComponent('资金筹措方案')}`)
    await reader.getByText('找到 1 个事项').waitFor()
    await checkPage(reader, `search, ${size}`)
    await reader.getByRole('link', { name: NAME }).click()
    await reader.getByText(/第 2 版/).first().waitFor()
    await reader.getByText(MISTAKE).waitFor()
    await reader.getByText('0471-7654321').waitFor()
    await checkPage(reader, `portal guide, ${size}`)
    await picture(reader, `guide-portal-${size}`)
    const sample = await reader.getByRole('link', { name: /建议书空白表/ }).getAttribute('href')
    const file = await reader.context().request.get(tzxm.portal + sample)
    assert.equal((await file.body()).subarray(0, 5).toString(), '%PDF-')
    await reader.emulateMedia({ media: 'print' })
    assert.equal(await reader.locator('.page-tools').first().isVisible(), false, 'paper shows the content only')
    await picture(reader, `guide-print-${size}`)
    await reader.emulateMedia({ media: 'screen' })
    await reader.getByRole('link', { name: '第 1 版' }).click()
    await reader.getByText('这不是现行版本').waitFor()
    await checkPage(reader, `older version, ${size}`)
    await closePage(reader)
  }
})

test('art. 8: without scripts the review sends back, on a phone', async () => {
  const name = '政府投资项目可行性研究报告审批'
  const page = await desk('zizhiqu-fagai-sh', { size: 'phone', noJs: true })
  await openGuide(page, name)
  await page.getByRole('link', { name: '审核', exact: true }).click()
  await page.getByRole('button', { name: '提交审核意见' }).click()
  await page.getByRole('link', { name: '请选择同意或者退回修改。' }).waitFor()
  await page.getByLabel('退回修改').check()
  await page.getByLabel('审核意见').fill('请写明承诺时限。')
  await page.getByRole('button', { name: '提交审核意见' }).click()
  await page.getByText('已退回修改').waitFor()
  await checkStill(page)
  await picture(page, 'guide-returned-phone')
  await closePage(page)
})
