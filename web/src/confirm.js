// <button data-confirm="why" data-confirm-title="what">: asks in a <dialog> before the form is sent.
import { element } from './shared.js'

export function confirmSubmit () {
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-confirm]')
    if (!button || button.disabled || button.dataset.confirmed) return
    event.preventDefault()
    event.stopImmediatePropagation()
    if (button.form && !button.formNoValidate && !button.form.noValidate && !button.form.reportValidity()) return
    if (!await ask(button)) return
    // The second click goes through, with the button's own name and value.
    button.dataset.confirmed = 'yes'
    button.click()
    delete button.dataset.confirmed
  }, true)
}

function ask (button) {
  const title = button.dataset.confirmTitle ?? button.textContent.trim()
  const dialog = element('dialog', 'confirm')
  if (!dialog.showModal) return window.confirm(`${title}\n${button.dataset.confirm}`)
  const heading = element('h2', 'confirm-title', title)
  heading.id = 'confirm-title'
  dialog.setAttribute('aria-labelledby', heading.id)
  const row = element('div', 'confirm-row')
  const no = element('button', 'btn btn-outline-primary', '取消')
  const yes = element('button', `btn ${button.classList.contains('btn-danger') ? 'btn-danger' : 'btn-primary'}`, button.dataset.confirmOk ?? '确定')
  no.type = yes.type = 'button'
  row.append(no, yes)
  dialog.append(heading, element('p', 'confirm-text', button.dataset.confirm), row)
  document.body.append(dialog)
  return new Promise(resolve => {
    const close = answer => { dialog.close(); dialog.remove(); resolve(answer); button.focus() }
    no.addEventListener('click', () => close(false))
    yes.addEventListener('click', () => close(true))
    dialog.addEventListener('cancel', event => { event.preventDefault(); close(false) })
    dialog.showModal()
    no.focus()
  })
}
