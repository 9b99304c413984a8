import { createAll, Button, ErrorSummary, PasswordInput, Radios, SkipLink } from './govuk.1012678a64.js'
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
{
const TICKS = ['radio', 'checkbox']
const OURS = 'typed:' + (document.body.dataset.account || '') + ':'
const kept = (form) => OURS + location.pathname + location.search + ':' + form.dataset.keep
const SENT = 'sent'
document.addEventListener('submit', (event) => {
const name = event.target.dataset.keep || event.target.dataset.ends || ''
sessionStorage.setItem(SENT, JSON.stringify({ name, place: location.pathname.split('/').slice(0, 3).join('/') }))
})
const drop = ({ name, place }) => {
for (const key of Object.keys(sessionStorage)) {
if (name && key.startsWith(OURS + place) && key.endsWith(':' + name)) sessionStorage.removeItem(key)
}
}
for (const done of document.querySelectorAll('[data-taken]')) {
drop(JSON.parse(sessionStorage.getItem(SENT) || '{}'))
sessionStorage.removeItem(SENT)
done.removeAttribute('data-taken')
}
for (const form of document.querySelectorAll('form[data-keep]')) {
const fields = () => [...form.querySelectorAll('textarea, input:not([type=hidden]):not([type=password]), input[name=key], input[name=version], select')]
const ticked = (name) => fields().filter((f) => f.name === name && f.checked).map((f) => f.value)
const before = JSON.parse(sessionStorage.getItem(kept(form)) || '{}')
const untouched = new Set(fields().filter((f) => TICKS.includes(f.type) && !ticked(f.name).length).map((f) => f.name))
for (const field of fields()) {
if (!TICKS.includes(field.type)) {
if (before[field.name] && (!field.value || field.name === 'key' || form.dataset.over)) field.value = before[field.name]
} else if (untouched.has(field.name) && before[field.name]?.includes(field.value)) field.checked = true
}
if (form.dataset.over && before.text && before.text !== form.elements.text?.defaultValue) {
const line = document.createElement('p')
line.className = 'notice notice--orange'
line.setAttribute('role', 'status')
line.textContent = form.dataset.over
form.prepend(line)
}
form.addEventListener('input', () => {
const said = fields().map((f) => [f.name, TICKS.includes(f.type) ? ticked(f.name) : f.value])
sessionStorage.setItem(kept(form), JSON.stringify(Object.fromEntries(said)))
})
}
document.querySelector('.house__out')?.addEventListener('submit', () => sessionStorage.clear())
}
{
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
window.addEventListener('pageshow', (event) => {
if (event.persisted) for (const form of document.querySelectorAll('form[data-busy]')) delete form.dataset.busy
})
}
{
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
document.addEventListener('visibilitychange', async () => {
if (document.hidden || Date.now() - opened < UNTIL) return
const answer = await fetch('/account', { method: 'HEAD', headers: { 'HX-Request': 'true' } }).catch(() => null)
if (answer?.status === 401) lock()
})
}
}
{
for (const link of document.querySelectorAll('a[data-making]')) {
link.addEventListener('click', async (event) => {
event.preventDefault()
if (link.getAttribute('aria-busy') === 'true') return
const words = link.firstChild.textContent
link.setAttribute('aria-busy', 'true')
link.firstChild.textContent = link.dataset.making
try {
const answer = await fetch(link.href)
if (!answer.ok || answer.redirected) return location.assign(link.href)
const saved = document.createElement('a')
saved.href = URL.createObjectURL(await answer.blob())
saved.download = /filename="?([^";]+)/.exec(answer.headers.get('Content-Disposition') || '')?.[1] || ''
saved.click()
setTimeout(() => URL.revokeObjectURL(saved.href), 60_000)
link.firstChild.textContent = words
} catch {
link.firstChild.textContent = link.dataset.lost
} finally {
link.setAttribute('aria-busy', 'false')
}
})
}
for (const form of document.querySelectorAll('form[data-working]')) {
form.addEventListener('submit', () => {
const button = form.querySelector('button[type=submit], button:not([type])')
if (button) button.textContent = form.dataset.working
})
}
}
