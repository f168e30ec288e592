// 征求意见 in the browser: asked from a case, replied to by the other department, with and without scripts.
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

for (const noJs of [false, true]) {
  test(`art. 17: a department is asked, replies, and both sides see it${noJs ? ', without scripts' : ''}`, async () => {
    const officer = await desk('chifeng-huanjing', { noJs })
    await officer.goto(`${tzxm.office}/?tab=propose`)
    await officer.locator('tbody').getByRole('link').last().click()
    const address = officer.url()
    await officer.getByRole('link', { name: '征求部门意见' }).click()
    await sure(officer, '发出征求意见', noJs)
    await officer.getByRole('heading', { name: /处需要修改/ }).waitFor()
    if (!noJs) await checkPage(officer, 'consultation with errors')
    await officer.getByLabel('机关所属部门').selectOption('natural_resources')
    await officer.getByLabel('机关所在地区').selectOption('150402')
    await officer.getByLabel('征求意见的内容').fill('请就项目用地是否符合国土空间规划提出意见。')
    if (!noJs) {
      await checkPage(officer, 'consultation')
      await picture(officer, 'office-consultation')
    }
    await sure(officer, '发出征求意见', noJs)
    await officer.getByText('已发出，并已告知被征求的部门').waitFor()
    await closePage(officer)

    const asked = await desk('hongshan-ziran', { noJs, size: noJs ? 'desktop' : 'phone' })
    await asked.getByRole('link', { name: '去回复' }).click()
    await asked.getByRole('heading', { name: '征求意见', level: 1 }).waitFor()
    if (!noJs) {
      await checkPage(asked, 'consultations, phone')
      await picture(asked, 'office-consultations-phone')
    }
    await asked.locator('tbody').getByRole('link').first().click()
    await asked.getByText('请就项目用地是否符合国土空间规划提出意见。').waitFor()
    if (!noJs) await checkPage(asked, 'one consultation, phone')
    await asked.getByRole('link', { name: '回复', exact: true }).click()
    await asked.getByLabel('修改后同意').check()
    await asked.getByLabel('意见和理由').fill('北侧边界退让规划道路红线后同意。')
    if (!noJs) await checkPage(asked, 'reply, phone')
    await sure(asked, '回复征求意见', noJs)
    await asked.getByText('已回复，并已告知征求意见的部门').waitFor()
    assert.equal(await asked.getByRole('link', { name: '回复', exact: true }).count(), 0)
    if (!noJs) await picture(asked, 'office-consultation-replied-phone')
    await closePage(asked)

    const again = await desk('chifeng-huanjing', { noJs })
    await again.goto(address)
    await again.getByRole('heading', { name: '征求意见' }).waitFor()
    await again.getByText('已回复').first().waitFor()
    if (!noJs) await checkPage(again, 'case with a consultation')
    await closePage(again)
  })
}
