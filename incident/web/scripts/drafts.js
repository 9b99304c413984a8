// What was typed in a long form survives a reload, a lost network and a lost session: kept in this tab only, for this
// account only, dropped when the form is sent and taken, and when its owner signs out. The form's key is kept along, so
// that sending it again after a reload writes nothing twice. Ticks come back only where nothing of that name is ticked.
const TICKS = ['radio', 'checkbox']
const OURS = 'typed:' + (document.body.dataset.account || '') + ':'
const kept = (form) => OURS + location.pathname + location.search + ':' + form.dataset.keep
// What was sent and taken is forgotten, wherever in that incident it was typed; what stands in another form stays.
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
  const keep = () => {
    const said = fields().map((f) => [f.name, TICKS.includes(f.type) ? ticked(f.name) : f.value])
    sessionStorage.setItem(kept(form), JSON.stringify(Object.fromEntries(said)))
  }
  // An answer that shows what was typed knows better than this tab: also on which version it is to be saved now.
  if ('shown' in form.dataset) keep()
  const before = JSON.parse(sessionStorage.getItem(kept(form)) || '{}')
  const untouched = new Set(fields().filter((f) => TICKS.includes(f.type) && !ticked(f.name).length).map((f) => f.name))
  for (const field of fields()) {
    if (!TICKS.includes(field.type)) {
      if (before[field.name] && (!field.value || field.name === 'key' || form.dataset.over)) field.value = before[field.name]
    } else if (untouched.has(field.name) && before[field.name]?.includes(field.value)) field.checked = true
  }
  // Over a text that was saved before, the words not yet saved are shown as such; their version goes along, so that the
  // server still sees when another hand was faster.
  if (form.dataset.over && before.text && before.text !== form.elements.text?.defaultValue) {
    const line = document.createElement('p')
    line.className = 'notice notice--orange'
    line.setAttribute('role', 'status')
    line.textContent = form.dataset.over
    form.prepend(line)
  }
  form.addEventListener('input', keep)
}
// Whoever signs out leaves nothing for the next one in this tab, whatever page kept it.
document.querySelector('.house__out')?.addEventListener('submit', () => sessionStorage.clear())
