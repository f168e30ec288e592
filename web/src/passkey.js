// Passkeys: a button asks the device, and the answer goes into the form it stands in.
//   <button data-passkey-get="ADDRESS">     asks ADDRESS for a challenge; with data-passkey-submit the form is sent at once
//   <button data-passkey-create="OPTIONS">  creates a passkey from these options and sends the form
// The answer is put into the form's hidden field `passkey`.
import { csrf, say } from './shared.js'

const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0))
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const listed = list => list?.map(one => ({ ...one, id: bytes(one.id) }))

export function startPasskeys () {
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-passkey-get], [data-passkey-create]')
    if (!button) return
    event.preventDefault()
    if (!window.PublicKeyCredential) return say('这个浏览器不支持通行密钥，请改用其他方式，或者换用新版的浏览器。')
    const home = button.dataset.passkeyOrigin
    if (home && home !== window.location.origin) return say(`通行密钥只能在 ${home} 使用，请从这个地址打开。`)
    if (button.form && button.dataset.passkeyCreate && !button.form.reportValidity()) return
    button.disabled = true
    try {
      const answer = button.dataset.passkeyCreate ? await create(button) : await get(button)
      if (!answer) return
      button.form.elements.passkey.value = JSON.stringify(answer)
      if (button.dataset.passkeyCreate || 'passkeySubmit' in button.dataset) button.form.requestSubmit()
      else say('通行密钥已经确认，请接着点要办的事。')
    } catch (error) {
      say(error.name === 'InvalidStateError'
        ? '这台设备上已经有本账号的通行密钥，不需要重复创建。'
        : '没有完成确认。请重新点按钮，按浏览器的提示用指纹、面容或者 PIN 确认。')
    } finally {
      button.disabled = false
    }
  })
}

async function create (button) {
  const { publicKey } = JSON.parse(button.dataset.passkeyCreate)
  publicKey.challenge = bytes(publicKey.challenge)
  publicKey.user.id = bytes(publicKey.user.id)
  publicKey.excludeCredentials = listed(publicKey.excludeCredentials)
  const made = await navigator.credentials.create({ publicKey })
  const { attestationObject, clientDataJSON } = made.response
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) }
  }
}

async function get (button) {
  const answer = await fetch(button.dataset.passkeyGet, {
    method: 'POST',
    headers: { 'x-csrf-token': csrf(), 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  })
  if (!answer.ok) {
    say('登录已经超时，请刷新页面重新登录。')
    return null
  }
  const { publicKey } = await answer.json()
  publicKey.challenge = bytes(publicKey.challenge)
  publicKey.allowCredentials = listed(publicKey.allowCredentials)
  const made = await navigator.credentials.get({ publicKey })
  const { authenticatorData, clientDataJSON, signature, userHandle } = made.response
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null
    }
  }
}
