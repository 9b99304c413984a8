// Sends a form by itself, so that a lost network leaves the page and its words where they are and says what is not known.
// The server answers 204 with the address to go to; anything else is sent once more in the plain way, whose page explains.
const PATIENCE = 15_000

const say = (form, text, tone = 'red') => {
  let line = form.querySelector('[data-unsure]')
  if (!line) {
    line = document.createElement('p')
    line.dataset.unsure = ''
    form.append(line)
  }
  line.className = 'notice notice--' + tone
  line.setAttribute('role', tone === 'red' ? 'alert' : 'status')
  line.textContent = text || ''
  line.hidden = !text
  if (text) line.scrollIntoView({ block: 'nearest' })
}

// An address that differs by its fragment alone would load nothing.
const go = (address) => {
  const there = new URL(address, location)
  const here = there.hash && there.pathname === location.pathname && there.search === location.search
  location.assign(there)
  if (here) location.reload()
}

const plainly = (form, button) => {
  if (button?.name) {
    const said = document.createElement('input')
    Object.assign(said, { type: 'hidden', name: button.name, value: button.value })
    form.append(said)
  }
  form.submit()
}

// The first time an answer fails it is said here, beside what was typed; the second time the server's own page explains.
const unsure = (form, button) => {
  say(form, form.dataset.sure)
  form.dataset.tried = 'yes'
  if (form.dataset.again && button) button.textContent = form.dataset.again
  delete form.dataset.busy
  form.removeAttribute('aria-busy')
  button?.focus()
}

async function send (form, button) {
  const body = new URLSearchParams(new FormData(form))
  if (button?.name) body.append(button.name, button.value)
  const address = button?.getAttribute('formaction') || form.getAttribute('action') || location.href
  try {
    const answer = await fetch(address, { method: 'POST', body, headers: { 'X-Sent': 'script' }, signal: AbortSignal.timeout(PATIENCE) })
    if (answer.status === 204 && answer.headers.get('X-Go')) return go(answer.headers.get('X-Go'))
    if (answer.status === 401) return document.dispatchEvent(new CustomEvent('session:ended', { detail: () => send(form, button) }))
    if (answer.status >= 500 && !form.dataset.tried) return unsure(form, button)
    plainly(form, button)
  } catch {
    unsure(form, button)
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (!form.matches('form[data-sure]') || event.submitter?.matches('[data-plain]') || !AbortSignal.timeout) return
  event.preventDefault()
  if (form.dataset.busy) return
  form.dataset.busy = 'yes'
  form.setAttribute('aria-busy', 'true')
  say(form, form.dataset.going, 'blue')
  send(form, event.submitter)
})
document.addEventListener('session:open', () => {
  for (const form of document.querySelectorAll('form[data-busy]')) delete form.dataset.busy
})
// A page that comes back from the browser's memory may be sent again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) for (const form of document.querySelectorAll('form[data-busy]')) delete form.dataset.busy
})
