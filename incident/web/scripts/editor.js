// The numbers beside a playbook grow with it and show the lines that are wrong; a fault that is clicked leads to its line.
// Without this the form still checks, and its links lead to the numbers.
const text = document.getElementById('text')
const numbers = document.getElementById('numbers')
const checked = document.getElementById('checked')

function number () {
  const lines = text.value.split('\n').length + 1
  while (numbers.children.length > lines) {
    numbers.lastElementChild.nextSibling?.remove()
    numbers.lastElementChild.remove()
  }
  while (numbers.children.length < lines) {
    const next = document.createElement('span')
    next.textContent = numbers.children.length + 1
    next.id = 'L' + next.textContent
    numbers.append(next, '\n')
  }
  text.rows = lines
}

function mark () {
  for (const line of numbers.querySelectorAll('.code__bad')) line.className = ''
  for (const fault of [...checked.querySelectorAll('[data-line]')].reverse()) {
    const line = document.getElementById('L' + fault.dataset.line)
    if (line) line.className = 'code__bad code__bad--' + fault.dataset.tone
  }
}

function jump (fault) {
  const line = Number(fault.dataset.line)
  const before = text.value.split('\n').slice(0, line - 1)
  const start = before.reduce((sum, row) => sum + row.length + 1, 0) + Number(fault.dataset.column) - 1
  text.focus({ preventScroll: true })
  text.setSelectionRange(start, start + Math.max(1, Number(fault.dataset.length)))
  document.getElementById('L' + line)?.scrollIntoView({ block: 'center' })
}

checked.addEventListener('click', (event) => {
  const fault = event.target.closest('a[href^="#L"]')?.closest('[data-line]')
  if (!fault) return
  event.preventDefault()
  jump(fault)
})
text.addEventListener('input', number)
document.addEventListener('htmx:after:swap', mark)
number()
// What the browser or this tab kept from an earlier visit has not been looked at yet.
if (text.value !== text.defaultValue) window.addEventListener('load', () => text.dispatchEvent(new Event('look')))
