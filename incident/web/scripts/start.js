// Starts the form components. Without it every page still works. The build puts its neighbours behind it, in one file.
import { createAll, Button, ErrorSummary, PasswordInput, Radios, SkipLink } from './govuk.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
createAll(Button, { preventDoubleClick: true })
for (const component of [ErrorSummary, PasswordInput, Radios, SkipLink]) createAll(component)

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const box = document.getElementById(button.dataset.copy)
    const text = ('value' in box ? box.value : box.textContent).trim()
    await navigator.clipboard.writeText(text)
    button.textContent = button.dataset.copied
  })
}
