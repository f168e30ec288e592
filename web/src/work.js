// A proof of work before a query: looks for a number that makes the SM3 of the challenge begin with zero bits, in small
// steps so that the page stays alive, then sends the form. Without a script the form asks for the unit's name instead.

const rotate = (x, n) => (x << n) | (x >>> (32 - n))
const K = Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32))

/** SM3 (GB/T 32905) of ASCII text, as eight numbers. */
export function sm3 (text) {
  const length = text.length
  const words = new Uint32Array((((length + 8) >> 6) + 1) * 16)
  for (let i = 0; i < length; i++) words[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3))
  words[length >> 2] |= 0x80 << (24 - 8 * (length & 3))
  words[words.length - 1] = length * 8
  const v = new Uint32Array([0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e])
  const w = new Uint32Array(68)
  for (let block = 0; block < words.length; block += 16) {
    for (let j = 0; j < 16; j++) w[j] = words[block + j]
    for (let j = 16; j < 68; j++) {
      const x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)
      w[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6]
    }
    let [a, b, c, d, e, f, g, h] = v
    for (let j = 0; j < 64; j++) {
      const ss1 = rotate((rotate(a, 12) + e + K[j]) | 0, 7)
      const ss2 = ss1 ^ rotate(a, 12)
      const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c)
      const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g)
      const tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) | 0
      const tt2 = (gg + h + ss1 + w[j]) | 0
      d = c; c = rotate(b, 9); b = a; a = tt1
      h = g; g = rotate(f, 19); f = e; e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17)
    }
    for (const [i, x] of [a, b, c, d, e, f, g, h].entries()) v[i] ^= x
  }
  return v
}

export const zeroBits = digest => digest[0] === 0 ? 32 + Math.clz32(digest[1]) : Math.clz32(digest[0])

/** Steps between two breaths of the page. */
const STEPS = 2000

export function startWork () {
  document.addEventListener('submit', event => {
    const form = event.target.closest('form[data-work]')
    const field = form?.querySelector('input[name="work"]')
    // Whoever names the unit needs no work.
    if (!field || field.value || form.querySelector('[name="unit"]')?.value.trim()) return
    event.preventDefault()
    const button = form.querySelector('button')
    const told = form.querySelector('[data-work-told]')
    button.disabled = true
    told.textContent = '正在核对，大约需要几秒钟…'
    const { work: challenge, workBits } = form.dataset
    let n = 0
    const step = () => {
      for (const end = n + STEPS; n < end; n++) {
        if (zeroBits(sm3(`${challenge}:${n}`)) < Number(workBits)) continue
        field.value = `${challenge}:${n}`
        form.submit()
        return
      }
      setTimeout(step)
    }
    step()
  })
}
