// The main job from end to end, as the applicant, officers of two departments and the public see it:
// declare → code → items → cases → decision → completion notice → public query. With scripts and without.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { checkPage, checkStill, closePage, openPage, picture, startBrowser, startTzxm } from './harness.mjs'
import { apply, declare, openDesk, press, register } from './steps.mjs'

/** Items of two departments that the walked project needs from the start, and who handles them. */
const DEPARTMENTS = [
  { item: '企业投资项目备案', window: 'hongshan-fagai', approver: 'hongshan-fagai-sp', number: '红发改备〔2026〕886号' },
  { item: '生产建设项目水土保持方案审批', window: 'hongshan-shuili', reviewer: 'hongshan-shuili-sh', approver: 'hongshan-shuili-sp', number: '红水保审〔2026〕52号' }
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

/** An officer opens the case of a project from the list. */
async function openCase (login, project, item, noJs) {
  const page = await openDesk(browser, tzxm, login, { noJs })
  await page.goto(`${tzxm.office}/cases?${new URLSearchParams({ words: project })}`)
  await page.getByRole('row').filter({ hasText: item }).getByRole('link').first().click()
  await page.getByRole('heading', { name: item, level: 1 }).waitFor()
  return page
}

/** A department takes the case in, verifies the code, accepts, and decides; what is no filing is decided by three persons. */
async function handle ({ item, window, reviewer, approver, number }, project, noJs, look) {
  const page = await openCase(window, project, item, noJs)
  await press(page, '收件', noJs)
  await page.getByText('已收件，收件凭证已出具').waitFor()
  await page.getByRole('link', { name: '核验代码并受理' }).click()
  await page.getByText('项目代码核验通过').waitFor()
  await page.locator('[name="reviewed"]').check()
  await press(page, '核验代码并受理', noJs)
  await page.getByText('受理通知书已出具').waitFor()
  await look(page, 'accepted')
  if (reviewer) {
    await page.getByRole('link', { name: '提出拟办意见' }).click()
    await page.locator('[name="outcome"][value="granted"]').check()
    await page.locator('[name="opinion"]').fill('材料齐全，符合法定条件，拟准予。')
    await press(page, '提交拟办意见', noJs)
    await page.getByText('拟办意见已提交').waitFor()
  }
  await closePage(page)
  if (reviewer) {
    const second = await openCase(reviewer, project, item, noJs)
    await second.getByRole('link', { name: '审核', exact: true }).click()
    await second.getByText('拟准予').first().waitFor()
    await second.locator('[name="opinion"]').fill('同意拟办意见。')
    await press(second, '审核同意', noJs)
    await second.getByText('审核已同意').waitFor()
    await closePage(second)
  }

  const desk = await openCase(approver, project, item, noJs)
  await desk.getByRole('link', { name: '作出决定' }).click()
  await desk.getByLabel('准予').check()
  await desk.getByLabel('办结意见').fill('申请材料齐全，符合法定条件，准予办理。')
  await desk.getByLabel('审批文件文号').fill(number)
  await desk.getByLabel('审批文件标题').fill(`关于${item}的批复`)
  await desk.getByRole('button', { name: '下一步：核对办结告知书' }).click()
  await desk.getByRole('heading', { name: '核对办结告知书' }).waitFor()
  await desk.getByRole('button', { name: '确认作出决定并办结' }).click()
  await desk.getByText('系统已生成办结告知书').waitFor()
  await look(desk, 'completed')
  await closePage(desk)
}

async function pdfOf (page, href) {
  const paper = await page.context().request.get(tzxm.portal + href)
  assert.equal(paper.headers()['content-type'], 'application/pdf')
  const body = await paper.body()
  assert.equal(body.subarray(0, 5).toString(), '%PDF-')
  return body
}

/** Number and check value as a reader of the paper finds them. */
function printed (pdf) {
  const folder = mkdtempSync(join(tmpdir(), 'tzxm-paper-'))
  writeFileSync(join(folder, 'paper.pdf'), pdf)
  const text = execFileSync('pdftotext', [join(folder, 'paper.pdf'), '-']).toString().replace(/\s/g, '')
  rmSync(folder, { recursive: true })
  const number = text.match(/内投审〔\d{4}〕结\d+号/)[0]
  const value = text.match(/核验码：?([0-9a-f]{16})/)[1]
  return { number, value }
}

/** Whoever holds the paper checks it here, and its seal with OpenSSL. */
async function verify (page, { number, value }, look) {
  await page.goto(`${tzxm.portal}/check?${new URLSearchParams({ number, v: value })}`)
  await page.getByText('核验通过：本平台制发过这份文书').waitFor()
  for (let tries = 0; tries < 20 && await page.getByText('尚未签章').count() > 0; tries++) {
    await page.waitForTimeout(1000)
    await page.reload()
  }
  await page.getByText('电子签章有效').waitFor()
  await page.getByText('自行核验签章').click()
  await look(page, 'seal')
  const folder = mkdtempSync(join(tmpdir(), 'tzxm-seal-'))
  for (const [name, label] of [['paper.json', '文书原文'], ['paper.sig', '签章（'], ['key.pem', '公钥']]) {
    const href = await page.getByRole('link', { name: label }).getAttribute('href')
    const file = await page.context().request.get(tzxm.portal + href)
    assert.equal(file.status(), 200)
    writeFileSync(join(folder, name), await file.body())
  }
  const said = execFileSync('openssl', ['dgst', '-sm3', '-verify', 'key.pem', '-signature', 'paper.sig', '-sigopt', 'distid:1234567812345678', 'paper.json'], { cwd: folder })
  assert.match(said.toString(), /Verified OK/)
  rmSync(folder, { recursive: true })
}

/** Somebody else than who decided looks through what would become public, and makes it so (S-55). */
async function publish ({ reviewer, number }, noJs, look) {
  const page = await openDesk(browser, tzxm, reviewer, { noJs })
  await page.goto(`${tzxm.office}/publications`)
  const row = page.getByRole('row').filter({ hasText: number }).first()
  await row.getByRole('checkbox').check()
  await look(page, 'publications')
  await press(page, '确认公开所选', noJs)
  await page.getByText('已公开 1 项结果').waitFor()
  await closePage(page)
}

async function walk (noJs) {
  const kind = noJs ? 'still' : 'desktop'
  const look = async (page, name) => {
    await picture(page, `main-${name}-${kind}`)
    await (noJs ? checkStill(page, name) : checkPage(page, name))
  }
  const serial = (Date.now() + (noJs ? 29 : 0)) % 100_000_000
  const project = `红山区全程走查${serial}项目`

  const unit = await openPage(browser, { noJs })
  await register(unit, tzxm, serial)
  await declare(unit, tzxm, project, async () => {})
  await unit.locator('[name="policy_commitment"]').check()
  await unit.locator('[name="truth_commitment"]').check()
  await unit.getByRole('button', { name: '提交申报，取得项目代码' }).click()
  await unit.getByRole('heading', { name: '申报成功，已取得项目代码' }).waitFor()
  const code = (await unit.locator('.plate-code').textContent()).trim()
  await look(unit, 'declared')
  await unit.getByRole('link', { name: '查看项目' }).click()
  const home = unit.url().split('?')[0]

  for (const department of DEPARTMENTS) {
    await unit.goto(home)
    await unit.getByRole('link', { name: department.item }).first().click()
    await apply(unit, noJs)
    department.address = unit.url().split('?')[0]
    await handle(department, project, noJs, look)
    if (department.reviewer) await publish(department, noJs, look)
  }

  await unit.goto(`${tzxm.portal}/messages`)
  await unit.getByText('事项已办结').first().waitFor()
  await look(unit, 'messages')
  let paper
  for (const { address, number } of DEPARTMENTS) {
    await unit.goto(address)
    await unit.getByText(number).first().waitFor()
    await look(unit, 'case')
    const notice = unit.getByRole('link', { name: /办结告知书/ }).first()
    const pdf = await pdfOf(unit, await notice.getAttribute('href'))
    assert.ok(pdf.length > 20_000)
    paper = printed(pdf)
  }
  await closePage(unit)

  // Anybody: the code, the project's results, and the notice by its number and check value.
  const anybody = await openPage(browser, { noJs })
  await anybody.goto(`${tzxm.portal}/`)
  await anybody.getByPlaceholder('项目代码或项目名称').fill(code)
  await anybody.getByRole('button', { name: '查询' }).first().click()
  await anybody.getByText(project).first().waitFor()
  await look(anybody, 'public')
  await anybody.goto(`${tzxm.portal}/public/${code}`)
  for (const { item, number } of DEPARTMENTS) {
    await anybody.getByText(item).first().waitFor()
    await anybody.getByText(number).first().waitFor()
  }
  assert.equal(await anybody.getByText('哈斯').count(), 0, 'no person is public')
  await look(anybody, 'public-project')
  await verify(anybody, paper, look)
  const answer = await anybody.context().request.get(`${tzxm.api}/api/v1/codes/${code}`)
  const { valid, project_name: name } = await answer.json()
  assert.deepEqual({ valid, name }, { valid: true, name: project })
  await closePage(anybody)
}

test('arts. 10–18: a project from its declaration to its published results', () => walk(false))
test('the same without scripts', () => walk(true))
