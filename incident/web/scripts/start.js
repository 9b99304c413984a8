// Starts the form components. Without it every page still works.
import { createAll, Button, ErrorSummary, PasswordInput, Radios, SkipLink } from './govuk.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
createAll(Button, { preventDoubleClick: true })
for (const component of [ErrorSummary, PasswordInput, Radios, SkipLink]) createAll(component)

// What was typed in a long form survives a lost session and the back button: kept in this tab only, dropped when the
// form is sent and taken. Ticks come back only where nothing of that name is ticked already.
const TICKS = ['radio', 'checkbox']
for (const form of document.querySelectorAll('form[data-keep]')) {
  const key = 'typed:' + location.pathname + location.search + ':' + form.dataset.keep
  const fields = () => [...form.querySelectorAll('textarea, input:not([type=hidden]), select')]
  const ticked = (name) => fields().filter((f) => f.name === name && f.checked).map((f) => f.value)
  const kept = JSON.parse(sessionStorage.getItem(key) || '{}')
  const untouched = new Set(fields().filter((f) => TICKS.includes(f.type) && !ticked(f.name).length).map((f) => f.name))
  for (const field of fields()) {
    if (!TICKS.includes(field.type)) {
      if (kept[field.name] && !field.value) field.value = kept[field.name]
    } else if (untouched.has(field.name) && kept[field.name]?.includes(field.value)) field.checked = true
  }
  form.addEventListener('input', () => {
    const said = fields().map((f) => [f.name, TICKS.includes(f.type) ? ticked(f.name) : f.value])
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(said)))
  })
}
for (const done of document.querySelectorAll('[data-taken]')) {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith('typed:')) sessionStorage.removeItem(key)
  done.removeAttribute('data-taken')
}

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const box = document.getElementById(button.dataset.copy)
    const text = ('value' in box ? box.value : box.textContent).trim()
    await navigator.clipboard.writeText(text)
    button.textContent = button.dataset.copied
  })
}
