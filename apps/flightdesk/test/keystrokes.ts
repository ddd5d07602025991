/** Runs in the page: how long each keystroke that changed a field took. It knows nothing of the desk. */

export interface Keystrokes {
  /** From the key's own time to the end of all that its `input` event ran, in milliseconds. */
  readonly handled: Array<number>
  /** From the key's own time to after the next frame was drawn. */
  readonly painted: Array<number>
  /** What the browser says of key events that took longer than 16 ms to the next paint. */
  readonly slowEvents: Array<number>
}

declare global {
  interface Window {
    keystrokes: Keystrokes
  }
}

export const watchKeystrokes = (): void => {
  const keystrokes: Keystrokes = { handled: [], painted: [], slowEvents: [] }
  window.keystrokes = keystrokes
  let pressedAt = 0
  window.addEventListener("keydown", ({ timeStamp }) => (pressedAt = timeStamp), { capture: true })
  // After React's own listener, which is on the root, and the microtask in which it renders.
  window.addEventListener("input", (event) => {
    // A radio button that is pressed has one too, of another kind.
    if (!(event instanceof InputEvent)) return
    const since = pressedAt
    keystrokes.handled.push(performance.now() - since)
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener("message", () => {
        keystrokes.painted.push(performance.now() - since)
        port1.close()
      })
      port1.start()
      port2.postMessage(undefined)
    })
  })
  new PerformanceObserver((list) => {
    for (const { duration, name } of list.getEntries()) {
      if (name === "keydown") keystrokes.slowEvents.push(duration)
    }
    // In the type of the options of `observe` it is missing.
  }).observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit)
}
