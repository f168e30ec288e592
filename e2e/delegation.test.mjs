// 岗位委托 in the browser: a head hands the post to a colleague, who is told above the work list, and takes it back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPage, closePage, picture, startBrowser, startTzxm } from './harness.mjs'
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

/** A page with that officer signed in. */
const desk = (login, options) => openDesk(browser, tzxm, login, options)

test('art. 8: a post is delegated, stood in for and taken back', async () => {
  const head = await desk('hongshan-fagai-sp')
  await head.goto(`${tzxm.office}/delegations`)
  await sure(head, '委托')
  await head.getByRole('heading', { name: /处需要修改/ }).waitFor()
  await checkPage(head, 'delegation with errors')
  await head.getByLabel('受委托人').selectOption({ label: '张明' })
  await head.getByLabel('截止日').fill(new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10))
  await head.getByLabel('委托的原因').fill('外出培训')
  await sure(head, '委托')
  await head.getByText('委托已登记').waitFor()
  await checkPage(head, 'delegations')
  await picture(head, 'office-delegations-desktop')

  const colleague = await desk('hongshan-fagai', { size: 'phone' })
  await colleague.getByText(/受刘志远委托/).waitFor()
  await colleague.getByRole('link', { name: '查看委托' }).click()
  await colleague.getByText('您没有可以委托的岗位').waitFor()
  assert.equal(await colleague.getByRole('button', { name: '收回' }).count(), 0, 'only whoever gave it takes it back')
  await checkPage(colleague, 'delegations, phone')
  await picture(colleague, 'office-delegations-phone')
  await closePage(colleague)

  await sure(head, '收回')
  await head.getByText('委托已收回').waitFor()
  assert.equal(await head.getByRole('button', { name: '收回' }).count(), 0)
  await closePage(head)
})
