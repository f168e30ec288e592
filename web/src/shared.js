// What several parts of the page script need.

/** The token that proves a request comes from this page. */
export const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? ''

/** A short message at the foot of the window, read out by screen readers. */
export function say (text) {
  let box = document.getElementById('say')
  if (!box) {
    box = document.createElement('div')
    box.id = 'say'
    box.className = 'say'
    box.setAttribute('role', 'alert')
    document.body.append(box)
  }
  box.textContent = text
  box.hidden = false
  clearTimeout(box.timer)
  box.timer = setTimeout(() => { box.hidden = true }, 8000)
}

/** An element with class and text. */
export function element (tag, className, text) {
  const made = document.createElement(tag)
  made.className = className
  if (text) made.textContent = text
  return made
}
