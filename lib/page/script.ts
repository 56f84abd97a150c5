/**
 * Keeps the parts of a page up to date. Without it everything works that does with it. What somebody is in with the keyboard, or has
 * selected, is left alone until they are not. What takes the server long is asked for less often.
 */
export const SCRIPT = `
(() => {
  const url = document.body.dataset.live
  const status = document.getElementById('live')
  if (!url || !status) return
  const EVERY = 5000
  const inUse = (part) => {
    const selection = getSelection()
    return part.contains(document.activeElement) || (selection && !selection.isCollapsed && part.contains(selection.anchorNode))
  }
  const put = (part, html) => {
    if (part.dataset.was === html || inUse(part)) return
    const open = [...part.querySelectorAll('details')].map((one) => one.open)
    const scrolled = [...part.querySelectorAll('.scroll')].map((one) => one.scrollLeft)
    part.innerHTML = html
    part.dataset.was = html
    part.querySelectorAll('details').forEach((one, at) => { one.open = open[at] || false })
    part.querySelectorAll('.scroll').forEach((one, at) => { one.scrollLeft = scrolled[at] || 0 })
  }
  let last = Date.now()
  const look = async () => {
    const begun = Date.now()
    if (!document.hidden) {
      try {
        const answer = await fetch(url, { headers: { Accept: 'application/json' }, credentials: 'same-origin' })
        if (answer.status === 401) { status.textContent = 'This session is over: load the page again to log in.'; return }
        if (!answer.ok) throw new Error(answer.status)
        const { parts } = await answer.json()
        for (const [id, html] of Object.entries(parts)) {
          const part = document.querySelector('[data-part="' + CSS.escape(id) + '"]')
          if (part) put(part, html)
        }
        last = Date.now()
        document.body.dataset.seen = String(Number(document.body.dataset.seen || 0) + 1)
        status.textContent = 'Kept up to date.'
      } catch {
        status.textContent = 'No answer from the server for ' + Math.round((Date.now() - last) / 1000) + ' seconds.'
      }
    }
    setTimeout(look, Math.max(EVERY, 10 * (Date.now() - begun)))
  }
  setTimeout(look, EVERY)
})()
`
