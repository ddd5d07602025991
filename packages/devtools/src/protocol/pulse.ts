/** Finds the panels that are gone without a word: not every port tells when its other end is lost. */
import type { Panel } from "./panel.ts"

const beatMs = 10_000
/** So many in a row, and a panel is gone. */
const maxSilent = 3

export class Pulse {
  readonly #panels: ReadonlySet<Panel>
  #timer: ReturnType<typeof setInterval> | undefined
  #lastBeat = 0

  constructor(panels: ReadonlySet<Panel>) {
    this.#panels = panels
  }

  /** As long as there are panels. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#lastBeat = performance.now()
    this.#timer = setInterval(() => this.#beat(), beatMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #beat(): void {
    const now = performance.now()
    // A page that stood still, at a breakpoint or in the background, has not heard what was sent to it meanwhile.
    const stoodStill = now - this.#lastBeat > 2 * beatMs
    this.#lastBeat = now
    for (const panel of this.#panels) {
      if (stoodStill) panel.silent = 0
      if (panel.silent >= maxSilent) panel.port.close()
      else {
        panel.silent++
        panel.send({ _tag: "Ping" })
      }
    }
  }
}
