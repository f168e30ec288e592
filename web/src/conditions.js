// <div data-when="field" data-is="a,b">: shown while the field of that name in the same form has one of the values
// (any value when none is listed). Without a script everything is shown, with a note that says when it is asked.

export function startConditions () {
  document.addEventListener('change', event => { if (event.target.form) apply(event.target.form) })
  for (const form of document.forms) apply(form)
}

function apply (form) {
  // In document order, so that a part hidden by an earlier answer takes its own dependants with it.
  for (const part of form.querySelectorAll('[data-when]')) {
    part.hidden = !holds(form, part.dataset.when, part.dataset.is)
  }
}

function holds (form, name, list) {
  const values = [...form.elements]
    .filter(control => control.name === name && !control.closest('[data-when][hidden]'))
    .filter(control => !['radio', 'checkbox'].includes(control.type) || control.checked)
    .map(control => control.value)
    .filter(Boolean)
  return list ? values.some(value => list.split(',').includes(value)) : values.length > 0
}
