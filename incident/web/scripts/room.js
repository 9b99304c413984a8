// Says when the room was last heard of, and says so plainly when it no longer is.
const line = document.getElementById('freshness')

function say (state) {
  if (!line) return
  line.dataset.state = state
  line.querySelector('[data-part=lost]').hidden = state !== 'lost'
  line.querySelector('[data-part=ended]').hidden = state !== 'ended'
  if (state !== 'live') return
  const time = line.querySelector('time')
  const now = new Date()
  time.dateTime = now.toISOString()
  time.textContent = new Intl.DateTimeFormat('vi-VN', {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false, timeZone: line.dataset.zone
  }).format(now)
}

document.addEventListener('htmx:after:request', (event) => {
  const status = event.detail.ctx?.response?.status || event.detail.ctx?.response?.raw?.status || 0
  say(status === 401 || status === 403 ? 'ended' : status >= 400 ? 'lost' : 'live')
})
document.addEventListener('htmx:error', () => say('lost'))
