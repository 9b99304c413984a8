// The two pages of an opening, made quicker. Without it both still work: the form is posted, the server answers.

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

// The page before sending: who is told follows each tick. Sending itself is `sending.js`'s.
async function recount (sender) {
  const body = new FormData(sender)
  body.set('do', 'check')
  const focused = document.activeElement?.id
  try {
    const answer = await fetch(sender.action, { method: 'POST', body, headers: { Accept: 'text/html' } })
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('confirm')
    if (!page) return sender.submit()
    const unfolded = [...document.querySelectorAll('#confirm details[open]')].map((one) => one.id)
    document.getElementById('confirm').replaceWith(document.adoptNode(page))
    for (const id of unfolded) document.getElementById(id)?.setAttribute('open', '')
    document.getElementById(focused)?.focus()
  } catch { /* the button that recounts is still there */
    for (const button of document.querySelectorAll('.recount')) button.style.display = 'inline-block'
  }
}
document.addEventListener('change', (event) => {
  if (event.target.matches('[data-recount]')) recount(event.target.form)
})
