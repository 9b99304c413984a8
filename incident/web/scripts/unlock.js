// A session that ended by itself is opened again where one stands: password, and the code where the account has one. Goes
// through the sign-in's own pages, with all their rules; then every form of this page gets the new session's token.
const box = document.getElementById('unlock')
const UNTIL = 14 * 60_000
let after = null
let step = null
let opened = Date.now()

const page = async (address, said) => {
  const answer = await fetch(address, said ? { method: 'POST', body: new URLSearchParams(said) } : {})
  return { path: new URL(answer.url).pathname, there: new DOMParser().parseFromString(await answer.text(), 'text/html') }
}
const token = (there, within = '') => there.querySelector(`${within} [name=csrf_token]`)?.value || ''

function lock (then) {
  if (!box || box.open) return
  after = then || null
  step = null
  show('password')
  box.showModal()
}

function show (part, fault = '') {
  for (const one of box.querySelectorAll('[data-part]')) one.hidden = one.dataset.part !== part
  const line = box.querySelector('[data-fault]')
  line.textContent = fault
  line.hidden = !fault
  box.querySelector(`[data-part=${part}] input`).focus()
}

function enter (there) {
  if (there.body.dataset.account !== document.body.dataset.account) return location.reload()
  for (const field of document.querySelectorAll('input[name=csrf_token]')) field.value = token(there)
  for (const field of box.querySelectorAll('[data-part] input')) field.value = ''
  box.close()
  opened = Date.now()
  document.dispatchEvent(new CustomEvent('session:open'))
  after?.()
}

async function unlock () {
  const words = Object.fromEntries(new FormData(box.querySelector('form')))
  const first = step || await page('/sign-in?next=/account')
  if (!first.path.startsWith('/sign-in')) return enter(first.there)
  const said = step ? { code: words.code } : { email: words.email, password: words.password }
  const found = await page(first.path + '?next=/account', { ...said, csrf_token: token(first.there, 'main') })
  if (!found.path.startsWith('/sign-in')) return enter(found.there)
  const fault = found.there.querySelector('.govuk-error-summary__list')?.textContent.trim() || ''
  step = found.path === '/sign-in/code' ? found : null
  show(step ? 'code' : 'password', fault)
}

if (box) {
  box.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = box.querySelector('button')
    button.disabled = true
    try { await unlock() } catch { show(step ? 'code' : 'password', box.dataset.lost) }
    button.disabled = false
  })
  document.addEventListener('session:ended', (event) => lock(event.detail))
  // Who comes back to a page that has lain for long learns at once, not after having typed on.
  document.addEventListener('visibilitychange', async () => {
    if (document.hidden || Date.now() - opened < UNTIL) return
    const answer = await fetch('/account', { method: 'HEAD', headers: { 'HX-Request': 'true' } }).catch(() => null)
    if (answer?.status === 401) lock()
  })
}
