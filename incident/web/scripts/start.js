// Starts the form components. Without it every page still works.
import { createAll, Button, ErrorSummary, PasswordInput, Radios, SkipLink } from './govuk.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
createAll(Button, { preventDoubleClick: true })
for (const component of [ErrorSummary, PasswordInput, Radios, SkipLink]) createAll(component)

// What was typed in a long form survives a lost session: kept in this tab only, dropped when the form is sent and taken.
for (const form of document.querySelectorAll('form[data-keep]')) {
  const key = 'typed:' + location.pathname + ':' + form.dataset.keep
  const fields = () => form.querySelectorAll('textarea')
  const kept = JSON.parse(sessionStorage.getItem(key) || '{}')
  for (const field of fields()) {
    if (kept[field.name] && !field.value) field.value = kept[field.name]
  }
  form.addEventListener('input', () => {
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries([...fields()].map((f) => [f.name, f.value]))))
  })
}
for (const done of document.querySelectorAll('[data-taken]')) {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith('typed:')) sessionStorage.removeItem(key)
  done.removeAttribute('data-taken')
}

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy).textContent.trim()
    await navigator.clipboard.writeText(text)
    button.textContent = button.dataset.copied
  })
}
