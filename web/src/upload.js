// <form data-upload>: sends chosen files one by one to the form's own address, with progress, retry and cancel.
// The server answers each file with the form drawn anew (200, or 422 with its errors); anything else can be retried.
import htmx from 'htmx.org'
import { csrf, element } from './shared.js'

export function startUploads () {
  document.addEventListener('change', event => {
    const form = event.target.closest?.('form[data-upload]')
    if (form && event.target.type === 'file') addAll(form, event.target)
  })
  document.addEventListener('submit', event => {
    if (!event.target.matches('form[data-upload]')) return
    const input = event.target.querySelector('input[type="file"]')
    if (input?.files.length) {
      event.preventDefault()
      addAll(event.target, input)
    }
  })
  for (const name of ['dragover', 'dragleave', 'drop']) {
    document.addEventListener(name, event => {
      const form = event.target.closest?.('form[data-upload]')
      if (!form) return
      event.preventDefault()
      form.classList.toggle('upload-over', name === 'dragover')
      if (name === 'drop') addFiles(form, [...event.dataTransfer.files])
    })
  }
}

function addAll (form, input) {
  const files = [...input.files]
  input.value = ''
  addFiles(form, files)
}

function addFiles (form, files) {
  const limit = Number(form.dataset.uploadMax ?? 0)
  for (const file of files) {
    const row = makeRow(form, file)
    if (limit && file.size > limit) fail(row, `文件超过 ${Math.floor(limit / 1048576)} MB，请压缩或拆分后再上传`, false)
  }
  next(form.id)
}

function makeRow (form, file) {
  const row = element('li', 'upload-row')
  row.file = file
  row.append(element('span', 'upload-name', file.name))
  const bar = element('progress', 'upload-bar')
  bar.max = 100
  bar.value = 0
  bar.setAttribute('aria-label', `${file.name} 上传进度`)
  const state = element('span', 'upload-state', '等待上传')
  state.setAttribute('role', 'status')
  const again = element('button', 'btn btn-sm btn-outline-primary', '重试')
  const drop = element('button', 'btn btn-sm btn-link', '取消')
  again.type = drop.type = 'button'
  again.hidden = true
  again.addEventListener('click', () => {
    row.dataset.state = 'waiting'
    again.hidden = true
    state.textContent = '等待上传'
    next(row.closest('form').id)
  })
  drop.addEventListener('click', () => {
    const { id } = row.closest('form')
    row.request?.abort()
    row.remove()
    next(id)
  })
  row.dataset.state = 'waiting'
  row.append(bar, state, again, drop)
  form.querySelector('[data-upload-queue]').append(row)
  return row
}

/** One file at a time: a county line carries one better than three. */
function next (id) {
  const form = document.getElementById(id)
  if (!form || form.querySelector('[data-state="sending"]')) return
  const row = form.querySelector('[data-state="waiting"]')
  if (row) send(form, row)
}

function send (form, row) {
  const [bar, state] = [row.querySelector('progress'), row.querySelector('.upload-state')]
  const request = new XMLHttpRequest()
  const body = new FormData(form)
  const input = form.querySelector('input[type="file"]')
  body.set(input.name, row.file)
  row.request = request
  row.dataset.state = 'sending'
  request.upload.addEventListener('progress', event => {
    if (!event.lengthComputable) return
    bar.value = event.loaded / event.total * 100
    state.textContent = event.loaded < event.total ? `已上传 ${Math.round(bar.value)}%` : '正在检查文件…'
  })
  request.addEventListener('load', () => {
    if (request.status === 200 || request.status === 422) return redraw(form, row, request)
    if (request.status === 413) return fail(row, '文件过大，服务器没有接收', false)
    fail(row, request.status === 401 ? '登录已过期，请重新登录后再试' : '上传没有完成', true)
  })
  for (const name of ['error', 'timeout']) request.addEventListener(name, () => fail(row, '网络中断，没有传完', true))
  request.timeout = 600000
  request.open('POST', form.action)
  request.setRequestHeader('x-csrf-token', csrf())
  request.setRequestHeader('hx-request', 'true')
  request.send(body)
}

function fail (row, text, retry) {
  const form = row.closest('form')
  row.dataset.state = 'failed'
  row.querySelector('.upload-state').textContent = text
  row.querySelector('.btn-outline-primary').hidden = !retry
  if (form) next(form.id)
}

function redraw (form, row, request) {
  row.remove()
  const fresh = new DOMParser().parseFromString(request.responseText, 'text/html').querySelector('form[data-upload]')
  if (!fresh) return
  fresh.querySelector('[data-upload-queue]').append(...form.querySelectorAll('.upload-row'))
  form.replaceWith(fresh)
  htmx.process(fresh)
  next(fresh.id)
}
