// A text that somebody was typing survives a reload, a lost network and a lost session: kept in this tab, with the
// version it was typed on. On the same version it comes back by itself; on another one both are shown. What the page
// already has, in the server's own spelling, was saved and is forgotten.
const form = document.querySelector('form[data-draft]')
if (form) {
  const field = form.querySelector('textarea[name=text]')
  const note = document.getElementById('unsaved')
  const key = 'draft:' + location.pathname
  const version = form.dataset.draft
  const tidy = (text) => text.normalize('NFC').split(/\r?\n/).map((line) => line.trimEnd()).join('\n').trim()
  const keep = () => sessionStorage.setItem(key, JSON.stringify({ version, text: field.value }))
  if (field.value !== field.defaultValue) keep() // typed before this script came
  const kept = JSON.parse(sessionStorage.getItem(key) || 'null')
  if (kept && tidy(kept.text) === tidy(field.defaultValue)) {
    sessionStorage.removeItem(key)
  } else if (kept) {
    note.hidden = false
    if (kept.version === version) {
      field.value = kept.text
    } else {
      note.querySelector('[data-part=same]').hidden = true
      const other = note.querySelector('[data-part=other]')
      other.hidden = false
      other.querySelector('pre').textContent = kept.text
    }
  }
  field.addEventListener('input', keep)
  note.querySelector('[data-forget]').addEventListener('click', () => {
    sessionStorage.removeItem(key)
    if (kept.version === version) field.value = field.defaultValue
    note.hidden = true
  })
}
