// 安全审计 in the browser: the audit administrator finds who did what, exports it, and has the records verified.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPage, closePage, picture, startBrowser, startTzxm } from './harness.mjs'
import { openDesk } from './steps.mjs'

const AUDITOR = 'zizhiqu-shenji'
const OFFICER = 'hongshan-fagai'
let browser, tzxm

before(async () => {
  tzxm = await startTzxm()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await tzxm?.stop()
})

/** The audit administrator at the audit; one who was signed in elsewhere is told so first. */
async function auditor (options) {
  const page = await openDesk(browser, tzxm, AUDITOR, options)
  if (page.url().includes('done=replaced')) await page.goto(`${tzxm.office}/`)
  await page.getByRole('heading', { name: '安全审计', level: 1 }).waitFor()
  return page
}

/** An officer opens a case: a read of restricted data. Gives its address. */
async function openCase () {
  const page = await openDesk(browser, tzxm, OFFICER)
  assert.equal(await page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name: '安全审计' }).count(), 0)
  await page.locator('tbody a[href^="/cases/"]').first().click()
  await page.getByRole('heading', { name: '痕迹' }).waitFor()
  const address = new URL(page.url()).pathname
  await page.goto(`${tzxm.office}/audit`)
  await page.getByRole('heading', { name: '没有找到' }).waitFor()
  await page.context().close()
  return address
}

/** Unpacks an export and has OpenSSL verify its signature, as somebody who got it would. Gives the table. */
async function signedTable (path) {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'))
  execFileSync('python3', ['-m', 'zipfile', '-e', path, folder])
  const said = execFileSync('openssl', ['dgst', '-sm3', '-verify', 'public-key.pem', '-signature', 'audit.xlsx.sig',
    '-sigopt', 'distid:1234567812345678', 'audit.xlsx'], { cwd: folder }).toString()
  assert.match(said, /Verified OK/)
  const table = await readFile(join(folder, 'audit.xlsx'))
  await rm(folder, { recursive: true })
  return table
}

test('S-47: each zone has a view of its own', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await auditor({ size })
    const zones = page.getByRole('navigation', { name: '按来源区域' })
    await zones.getByRole('link', { name: /远程管理/ }).click()
    await page.getByText('系统、安全、审计管理员的全部操作').waitFor()
    await page.locator('tbody tr', { hasText: 'GET /audit' }).first().waitFor()
    assert.equal(await page.locator('tbody tr', { hasText: '互联网' }).count(), 0)
    await page.getByLabel('结果').selectOption('read')
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByText('已筛选').waitFor()
    assert.match(page.url(), /face=management/, 'the search stays in the zone')
    await checkPage(page, `zone, ${size}`)
    await picture(page, `audit-zone-${size}`)
    await closePage(page)
  }
})

test('S-14, A-33: how full the audit is, what lies outside, and that young records stay', async () => {
  for (const size of ['desktop', 'phone']) {
    const page = await auditor({ size })
    await page.getByRole('link', { name: '核验与留存' }).click()
    await page.getByRole('heading', { name: '核验与留存', level: 1 }).waitFor()
    await page.getByText('不得少于 180 天').waitFor()
    await page.getByText(/用密钥 [0-9a-f]{16} 签名/).waitFor()
    await checkPage(page, `retention, ${size}`)
    await picture(page, `audit-retention-${size}`)
    await page.getByRole('link', { name: '归档' }).click()
    await page.getByRole('heading', { name: '归档', level: 1 }).waitFor()
    await page.getByText('没有可以归档的记录').waitFor()
    assert.equal(await page.getByRole('button', { name: /归档/ }).count(), 0)
    await checkPage(page, `archive, ${size}`)
    await picture(page, `audit-archive-${size}`)
    await closePage(page)
  }
})

test('S-12, S-36: who opened a case is found by name and by address, and exported', async () => {
  const address = await openCase()
  for (const size of ['desktop', 'phone']) {
    const page = await auditor({ size })
    await checkPage(page, `audit, ${size}`)
    await picture(page, `audit-${size}`)
    await page.getByLabel('人员').fill(OFFICER)
    await page.getByLabel('结果').selectOption('read')
    await page.getByLabel('地址或者对象').fill(address)
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByText('已筛选').waitFor()
    await page.locator('tbody tr', { hasText: `GET ${address}` }).first().waitFor()
    await page.getByText(/号的哈希与编号/).first().click()
    await page.getByText('记录哈希').first().waitFor()
    await checkPage(page, `found, ${size}`)
    await picture(page, `audit-found-${size}`)
    // a reason, then the file once, with its number in the name and in the audit.
    await page.getByRole('link', { name: '导出', exact: true }).click()
    await page.getByRole('heading', { name: '申请导出' }).waitFor()
    await checkPage(page, `asking for an export, ${size}`)
    await picture(page, `export-new-${size}`)
    await page.getByRole('button', { name: '申请导出' }).click()
    await page.getByRole('alert').getByText(/用途/).first().waitFor()
    await page.getByLabel('导出的用途').fill('年度安全检查')
    await page.getByRole('button', { name: '申请导出' }).click()
    await page.getByText('可以下载').first().waitFor()
    await checkPage(page, `an export, ${size}`)
    await picture(page, `export-${size}`)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载文件' }).click()])
    const number = new URL(page.url()).pathname.split('/').pop()
    assert.ok(download.suggestedFilename().includes(number), download.suggestedFilename())
    assert.match(download.suggestedFilename(), /\.zip$/)
    const table = await signedTable(await download.path())
    assert.equal(table.subarray(0, 2).toString(), 'PK')
    await page.goto(`${tzxm.office}/exports?number=${number}`)
    await page.getByText('已下载').first().waitFor()
    await page.getByText(/文件哈希/).waitFor()
    await page.goto(`${tzxm.office}/exports?tab=every`)
    await checkPage(page, `exports, ${size}`)
    await picture(page, `exports-${size}`)
    await page.goto(`${tzxm.office}/audit?what=${number}`)
    await page.locator('tbody tr', { hasText: `/exports/${number}/file` }).first().waitFor()
    await page.getByRole('link', { name: '清除' }).click()
    // Refused: somebody who may not see it.
    await page.getByLabel('结果').selectOption('denied')
    await page.getByLabel('地址或者对象').fill('/audit')
    await page.getByRole('button', { name: '查找' }).click()
    await page.locator('tbody tr', { hasText: 'http.not_found' }).first().waitFor()
    await page.getByLabel('截止日期').fill('2020-01-01')
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByText('没有符合条件的记录').waitFor()
    await page.getByLabel('起始日期').fill('2020-02-01')
    await page.getByRole('button', { name: '查找' }).click()
    await page.getByRole('alert').getByText(/截止日期早于起始日期/).waitFor()
    assert.equal(await page.getByLabel('起始日期').inputValue(), '2020-02-01', 'nothing typed is lost')
    await checkPage(page, `wrong span, ${size}`)
    await closePage(page)
  }
})

for (const noJs of [false, true]) {
  test(`S-14: a verification is asked for and its result shown${noJs ? ', without scripts' : ''}`, async () => {
    const page = await auditor({ noJs })
    await page.getByRole('link', { name: '核验与留存' }).click()
    await page.getByRole('heading', { name: '核验与留存', level: 1 }).waitFor()
    await page.getByRole('button', { name: '立即核验' }).click()
    await page.getByText('已开始核验').waitFor()
    const mine = page.locator('li.task', { hasText: '冯雅琴' }).first()
    for (let tries = 0; !(await mine.innerText()).includes('核对无误'); tries++) {
      assert.ok(tries < 60, 'the verification ends')
      await page.waitForTimeout(500)
      await page.goto(`${tzxm.office}/audit/evidence`)
    }
    if (!noJs) await checkPage(page, 'evidence')
    await picture(page, `audit-evidence${noJs ? '-no-js' : ''}`)
    await closePage(page)
  })
}
