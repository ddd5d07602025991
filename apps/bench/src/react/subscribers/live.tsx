/** A page whose rows are written to by a feed while a user types into its input. */
import { useState } from "react"
import { createRoot } from "react-dom/client"
import { feed } from "../feed.ts"
import type { StartRows } from "./app.ts"
import { openRows } from "./page.tsx"

declare global {
  /** Written by `openLive`. */
  var sluiceLive: LivePage
}

export interface LiveRun {
  readonly perSecond: number
  readonly seconds: number
}

export interface Live {
  /** Milliseconds between one animation frame and the next. */
  readonly frames: ReadonlyArray<number>
  /** Milliseconds of each long animation frame, which are those of at least 50 ms. */
  readonly long: ReadonlyArray<number>
  /** Milliseconds from a key press to its first listener. */
  readonly delays: ReadonlyArray<number>
  /** Milliseconds from a key press to the next frame that was painted, of those that took 16 or more. */
  readonly paints: ReadonlyArray<number>
  /** Writes that were made. Those that had to wait until the time was up were not. */
  readonly written: number
  readonly typed: string
}

export interface LivePage {
  /** Ends when all writes of the feed have been made, or half a second after the last was due. */
  readonly run: (run: LiveRun) => Promise<Live>
}

const Input = () => {
  const [text, setText] = useState("")
  return <input id="typed" value={text} onChange={(event) => setText(event.target.value)} />
}

/** Entries of `performance` from now on. */
const entries = (type: string, options: object = {}): (() => ReadonlyArray<PerformanceEntry>) => {
  const all: Array<PerformanceEntry> = []
  const observer = new PerformanceObserver((list) => all.push(...list.getEntries()))
  observer.observe({ type, ...options })
  return () => {
    all.push(...observer.takeRecords())
    observer.disconnect()
    return all
  }
}

const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve))

/** Once every row shows what was written last: React may have been told to render it later. */
const shown = async (): Promise<void> => {
  const deadline = performance.now() + 30_000
  for (;;) {
    const wrong = globalThis.sluiceRows.wrong()
    if (wrong.length === 0) return
    if (performance.now() > deadline)
      throw new Error(`${wrong.length} rows show another value, first ${wrong[0]}`)
    await frame()
  }
}

export const openLive = (start: StartRows, count: number): void => {
  openRows(start, { count, rows: "shown" })
  globalThis.sluiceRows.mount(count)
  const form = document.createElement("div")
  document.getElementById("main")!.append(form)
  createRoot(form).render(<Input />)

  globalThis.sluiceLive = {
    run: async ({ perSecond, seconds }) => {
      const total = perSecond * seconds
      const frames: Array<number> = []
      const delays: Array<number> = []
      const longFrames = entries("long-animation-frame")
      const events = entries("event", { durationThreshold: 16 })
      const onKey = ({ timeStamp }: Event) => delays.push(performance.now() - timeStamp)
      addEventListener("keydown", onKey, { capture: true })

      let done = false
      const watch = (before: number) => {
        if (done) return
        requestAnimationFrame((now) => {
          frames.push(now - before)
          watch(now)
        })
      }
      watch(await frame())

      const worker = new Worker(URL.createObjectURL(new Blob([feed], { type: "text/javascript" })))
      const deadline = performance.now() + seconds * 1000 + 500
      let written = 0
      await new Promise<void>((resolve) => {
        worker.addEventListener("message", () => {
          if (performance.now() > deadline) return resolve()
          globalThis.sluiceRows.write()
          if (++written === total) resolve()
        })
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
        worker.postMessage({ perSecond, seconds })
      })
      worker.terminate()
      // What was pressed last has been painted and reported.
      for (let i = 0; i < 3; i++) await frame()
      done = true
      removeEventListener("keydown", onKey, { capture: true })
      await shown()
      return {
        frames,
        long: longFrames().map(({ duration }) => duration),
        delays,
        paints: events()
          .filter(({ name }) => name === "keydown")
          .map(({ duration }) => duration),
        written,
        typed: document.querySelector<HTMLInputElement>("#typed")!.value
      }
    }
  }
}
