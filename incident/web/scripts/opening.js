// The two pages of an opening, made quicker. Without it both still work: the form is posted, the server answers.
const SEND_SECONDS = 15

// How many each level wakes, for the kind and area chosen: asked beside the typing, never in its way.
const form = document.querySelector('form[data-counts]')
let asked
async function count () {
  asked?.abort()
  asked = new AbortController()
  const said = new FormData(form)
  if (!said.get('kind') || !said.has('area')) return
  const query = new URLSearchParams([...said].filter(([name]) => ['kind', 'area'].includes(name)))
  try {
    const answer = await fetch(form.dataset.counts + '?' + query, { signal: asked.signal })
    if (!answer.ok) return
    const hints = await answer.json()
    for (const level of form.querySelectorAll('input[name=level]')) {
      const hint = document.getElementById(level.id + '-item-hint')
      if (hint && hints[level.value]) hint.textContent = hints[level.value]
    }
  } catch { /* the page after this one says it exactly */ }
}
if (form) {
  form.addEventListener('change', (event) => { if (['kind', 'area'].includes(event.target.name)) count() })
  count()
}

// The page before sending: who is told follows each tick; and a sending that is not answered says so.
const part = (name) => document.querySelector(`[data-part=${name}]`)
let busy = false
let last

async function recount (sender) {
  const body = new FormData(sender)
  body.set('do', 'check')
  const focused = document.activeElement?.id
  try {
    const answer = await fetch(sender.action, { method: 'POST', body, headers: { Accept: 'text/html' } })
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('confirm')
    if (!page) return sender.submit()
    document.getElementById('confirm').replaceWith(document.adoptNode(page))
    document.getElementById(focused)?.focus()
  } catch { /* the button that recounts is still there */
    for (const button of document.querySelectorAll('.recount')) button.style.display = 'inline-block'
  }
}

function unsure () {
  part('sending').hidden = true
  part('unsure').hidden = false
  part('unsure').scrollIntoView({ block: 'center' })
  part('unsure').querySelector('button').focus()
}

async function send (sender, how) {
  if (busy) return
  busy = true
  last = how
  part('unsure').hidden = true
  part('sending').hidden = false
  const body = new FormData(sender)
  body.set('do', how)
  try {
    const limit = new AbortController()
    const signal = limit.signal
    setTimeout(() => limit.abort(), SEND_SECONDS * 1000)
    const answer = await fetch(sender.action, { method: 'POST', body, signal, headers: { Accept: 'application/json' } })
    if (answer.status >= 500) return unsure()
    if (answer.headers.get('Content-Type')?.startsWith('application/json')) {
      location.assign((await answer.json()).url)
      return
    }
    // A page with something to look at: the browser fetches it the plain way. The key keeps it from being sent twice.
    const said = Object.assign(document.createElement('input'), { type: 'hidden', name: 'do', value: how })
    sender.append(said)
    sender.submit()
  } catch {
    unsure()
  } finally { busy = false }
}

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-recount]')) recount(event.target.form)
})
document.addEventListener('submit', (event) => {
  const how = event.submitter?.name === 'do' ? event.submitter.value : ''
  if (!event.target.matches('form[data-send]') || !['send', 'leader'].includes(how)) return
  event.preventDefault()
  send(event.target, how)
})
document.addEventListener('click', (event) => {
  if (event.target.matches('[data-retry]')) send(event.target.form, last)
})
