// Says when the page was last heard of, by the server's clock, and says so plainly when it no longer is: red after thirty
// seconds, also when the tab or the phone has slept.
const OLD = 30_000
const line = document.getElementById('freshness')
let heard = Date.now()
let ahead = 0 // the server's clock before this device's, in milliseconds

function say (state) {
  if (!line) return
  line.dataset.state = state
  for (const part of line.querySelectorAll('[data-part]')) part.hidden = part.dataset.part !== state
}

function live (date) {
  heard = Date.now()
  say('live')
  if (date) ahead = new Date(date) - heard
  const time = line?.querySelector('time')
  if (!time) return
  const now = new Date(heard + ahead)
  time.dateTime = now.toISOString()
  time.textContent = new Intl.DateTimeFormat('vi-VN', {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false, timeZone: line.dataset.zone
  }).format(now)
}

function look () {
  if (line?.dataset.state === 'live' && Date.now() - heard > OLD) say('old')
}

document.addEventListener('htmx:after:request', (event) => {
  const answer = event.detail.ctx?.response
  const status = answer?.status || answer?.raw?.status || 0
  if (status === 401 || status === 403) {
    if (line?.dataset.state !== 'ended') document.dispatchEvent(new CustomEvent('session:ended'))
    say('ended')
  } else if (status >= 400 || !status) say('lost')
  else live((answer.headers || answer.raw?.headers)?.get?.('Date'))
})
document.addEventListener('htmx:error', () => say('lost'))
document.addEventListener('visibilitychange', look)
window.addEventListener('pageshow', look)
setInterval(look, 1_000)

// On the wall the nearest deadline counts down by the second; elsewhere minutes are enough.
function count () {
  for (const clock of document.querySelectorAll('[data-until]')) {
    const left = Math.round((new Date(clock.dataset.until) - Date.now() - ahead) / 1000)
    const [hours, minutes, seconds] = [Math.abs(left) / 3600, Math.abs(left) / 60 % 60, Math.abs(left) % 60].map(Math.floor)
    const words = `${left < 0 ? '−' : ''}${hours}:${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}`
    if (clock.textContent !== words) clock.textContent = words
  }
}
setInterval(count, 1_000)
