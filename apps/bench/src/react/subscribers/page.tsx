/** What a contender's page can be asked to do with its rows. */
import { createElement, type ReactNode } from "react"
import { flushSync } from "react-dom"
import { createRoot, type Root } from "react-dom/client"
import { makeRows, type Row } from "../../row.ts"
import type { StartRows } from "./app.ts"

declare global {
  /** Written by `openRows`. */
  var sluiceRows: RowsPage
}

/** How a change comes to the page. React renders it at once for a click, else when the store asks for it. */
export type Way = "message" | "click"

export interface RowsOptions {
  readonly count: number
  /**
   * What a row shows: an element, or its text alone. The elements of `hidden` rows are not laid out and painted,
   * which is no part of what is measured then, and would come in between.
   */
  readonly rows: "shown" | "hidden" | "text"
}

export interface RowsPage {
  /** Renders, commits and subscribes the first `count` rows before it returns. */
  readonly mount: (count: number, lap?: string) => void
  readonly unmount: (lap?: string) => void
  /** Changes the next row. The lap begins before the write, and ends in the microtask after React's commit of it. */
  readonly change: (way: Way, lap?: string) => Promise<Changed>
  /** Writes to the next row, and waits for nothing. */
  readonly write: () => void
  /** Rows that do not show their value, of those that are mounted. */
  readonly wrong: () => ReadonlyArray<string>
  /** How often a row's component has rendered so far. */
  readonly rendered: () => number
}

export interface Changed {
  /** Milliseconds by the page's clock. */
  readonly ms: number
  readonly rendered: number
}

// It has no divisor in common with any number of rows here, so it comes to all of them, far from the one before.
const stride = 7919

const shows: Readonly<Record<RowsOptions["rows"], (row: Row) => ReactNode>> = {
  shown: ({ id, value }) => <li id={id}>{value}</li>,
  hidden: ({ id, value }) => <li id={id}>{value}</li>,
  // One text node each, which React writes the value into; a space keeps them apart.
  text: ({ value }) => `${value} `
}

const begin = (lap: string | undefined): void => {
  if (lap !== undefined) performance.mark(`${lap}:start`)
}

const end = (lap: string | undefined): void => {
  if (lap !== undefined) performance.mark(`${lap}:end`)
}

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`There is no element ${id}`)
  return found
}

/** Resolves in the microtask after the row's text was written. */
const written = (id: string): Promise<void> =>
  new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      observer.disconnect()
      resolve()
    })
    observer.observe(element(id), { characterData: true, childList: true, subtree: true })
  })

export const openRows = (start: StartRows, { count, rows: shown }: RowsOptions): void => {
  const rows = makeRows(count)
  const ids = rows.map(({ id }) => id)
  const container = document.createElement("ul")
  container.hidden = shown !== "shown"
  const button = document.createElement("button")
  document.getElementById("main")!.append(button, container)

  let rendered = 0
  const app = start(rows, (row) => {
    rendered++
    return shows[shown](row)
  })
  let mounted: { readonly root: Root; readonly ids: ReadonlyArray<string> } | undefined

  let at = 0
  const next = (): string => {
    at = (at + stride) % count
    return ids[at]!
  }
  button.addEventListener("click", () => app.raise(ids[at]!))
  const writes: Readonly<Record<Way, (id: string) => void>> = {
    message: (id) => app.raise(id),
    // The browser's own event is current while it is handled, so React gives it the priority of a click.
    click: () => button.click()
  }

  globalThis.sluiceRows = {
    mount: (count, lap) => {
      const root = createRoot(container)
      const those = ids.slice(0, count)
      mounted = { root, ids: those }
      begin(lap)
      // In sync, so its effects are run with it.
      flushSync(() => root.render(createElement(app.Rows, { ids: those })))
      end(lap)
    },
    unmount: (lap) => {
      begin(lap)
      flushSync(() => mounted?.root.unmount())
      end(lap)
      mounted = undefined
    },
    change: async (way, lap) => {
      const id = next()
      const before = rendered
      const shows = written(id)
      begin(lap)
      const startedAt = performance.now()
      writes[way](id)
      await shows
      const ms = performance.now() - startedAt
      end(lap)
      if (element(id).textContent !== `${app.valueOf(id)}`) throw new Error(`${id} shows another value`)
      return { ms, rendered: rendered - before }
    },
    write: () => app.raise(next()),
    wrong: () => {
      if (mounted === undefined) return container.childNodes.length === 0 ? [] : ["rows that were unmounted"]
      const { ids } = mounted
      if (shown !== "text") return ids.filter((id) => element(id).textContent !== `${app.valueOf(id)}`)
      const texts = container.textContent.trim().split(" ")
      return ids.filter((id, at) => texts[at] !== `${app.valueOf(id)}`)
    },
    rendered: () => rendered
  }
}
