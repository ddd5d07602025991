/** As a socket does: each message is an event of its own. For a worker, which the page's work does not delay. */
export const feed = `onmessage = ({ data: { perSecond, seconds } }) => {
  const startedAt = performance.now()
  const total = perSecond * seconds
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perSecond))
    while (sent < due) postMessage(++sent)
    if (sent < total) return
    clearInterval(timer)
  }, 4)
}`
