// A file that takes longer than a second says so while it is made.
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
// An upload or an import shows that it works.
for (const form of document.querySelectorAll('form[data-working]')) {
  form.addEventListener('submit', () => {
    const button = form.querySelector('button[type=submit], button:not([type])')
    if (button) button.textContent = form.dataset.working
  })
}
