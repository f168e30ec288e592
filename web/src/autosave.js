// <form data-autosave="address">: sends the form a moment after each change and says when it was kept.
// The answer is JSON {"saved":"12:03","version":7}; the version goes back with the next save, so two windows
// cannot overwrite each other silently (409).
import { csrf } from './shared.js'

const PAUSE = 1200
const RETRY = 10000

export function startAutosave () {
  document.addEventListener('input', event => touched(event.target))
  document.addEventListener('change', event => touched(event.target))
  window.addEventListener('beforeunload', event => {
    if (document.querySelector('form[data-autosave].unsaved')) event.preventDefault()
  })
  // A real submit carries everything itself.
  document.addEventListener('submit', event => {
    clearTimeout(event.target.autosaveTimer)
    event.target.classList.remove('unsaved')
  })
}

function touched (control) {
  const form = control.closest?.('form[data-autosave]')
  if (!form || control.type === 'file' || !control.name) return
  form.classList.add('unsaved')
  form.changes = (form.changes ?? 0) + 1
  show(form, '有修改，稍后自动保存', 'waiting')
  plan(form, PAUSE)
}

function plan (form, wait) {
  clearTimeout(form.autosaveTimer)
  form.autosaveTimer = setTimeout(() => save(form), wait)
}

async function save (form) {
  if (!form.isConnected || form.saving) return
  form.saving = true
  const sent = form.changes
  show(form, '正在保存…', 'waiting')
  try {
    const answer = await fetch(form.dataset.autosave, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
      headers: { 'x-csrf-token': csrf(), accept: 'application/json' },
      credentials: 'same-origin'
    })
    if (answer.status === 409) return show(form, '这份草稿已在别处修改，请刷新页面后继续', 'failed')
    if (answer.status === 401 || answer.redirected) return show(form, '登录已过期，请另开窗口登录后继续填写', 'failed')
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    const { saved, version } = await answer.json()
    const held = form.elements.namedItem('_version')
    if (held && version !== undefined) held.value = version
    if (sent === form.changes) {
      form.classList.remove('unsaved')
      show(form, `已保存 ${saved}`, 'saved')
    } else {
      plan(form, PAUSE)
    }
  } catch {
    show(form, '保存失败，网络恢复后自动重试', 'failed')
    plan(form, RETRY)
  } finally {
    form.saving = false
  }
}

function show (form, text, state) {
  const place = form.querySelector('[data-autosave-state]') ?? document.querySelector('[data-autosave-state]')
  if (!place) return
  place.textContent = text
  place.className = `autosave autosave-${state}`
}
