// Small conveniences on top of pages that work without them. Everything hangs on data-attributes and delegated
// listeners, so parts swapped in later behave like those that came with the page.
import htmx from 'htmx.org'
import { confirmSubmit } from './confirm.js'
import { startAutosave } from './autosave.js'
import { startConditions } from './conditions.js'
import { startPasskeys } from './passkey.js'
import { startUploads } from './upload.js'
import { startWork } from './work.js'
import { csrf, say } from './shared.js'

window.htmx = htmx
document.documentElement.classList.add('js')

document.addEventListener('htmx:configRequest', event => { event.detail.headers['x-csrf-token'] = csrf() })

// A refused form comes back as 422 with its errors: show it.
document.addEventListener('htmx:beforeSwap', event => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true
    event.detail.isError = false
  }
})
for (const name of ['htmx:sendError', 'htmx:timeout']) {
  document.addEventListener(name, () => say('网络不通，本次操作没有完成。请检查网络后再试。'))
}
document.addEventListener('htmx:responseError', event => {
  const number = event.detail.xhr.getResponseHeader('x-request-id')
  say(`操作没有完成，请稍后再试。${number ? `问题编号：${number}` : ''}`)
})

// Errors come first: move the reader there, on a fresh page and after a swap.
const showErrors = root => root.querySelector?.('.error-summary')?.focus()
document.addEventListener('htmx:afterSettle', event => showErrors(event.detail.elt))

document.addEventListener('click', async event => {
  const copy = event.target.closest('[data-copy]')
  if (copy) {
    const label = copy.querySelector('[data-copy-label]') ?? copy
    const before = label.textContent
    label.textContent = await toClipboard(copy.dataset.copy) ? '已复制' : '请手动复制'
    setTimeout(() => { label.textContent = before }, 2000)
    return
  }
  if (event.target.closest('[data-print]')) window.print()
  // An open menu or explanation closes when the reader goes elsewhere.
  for (const open of document.querySelectorAll('details[data-popover][open]')) {
    if (!open.contains(event.target)) open.open = false
  }
})
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return
  for (const open of document.querySelectorAll('details[data-popover][open]')) {
    open.open = false
    open.querySelector('summary').focus()
  }
})

document.addEventListener('change', event => {
  const form = event.target.closest('form[data-submit-on-change]')
  if (form) form.requestSubmit()
})

async function toClipboard (text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const box = document.createElement('textarea')
    box.value = text
    document.body.append(box)
    box.select()
    const done = document.execCommand('copy')
    box.remove()
    return done
  }
}

confirmSubmit()
startAutosave()
startConditions()
startWork()
startUploads()
startPasskeys()
showErrors(document)
// The two ends of the way to the provider of unified identity: nobody has to press what is the only thing to do.
document.querySelector('form[data-send]')?.requestSubmit()
document.querySelector('a[data-go]')?.click()
