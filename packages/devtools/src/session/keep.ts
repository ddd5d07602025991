/** A session that survives a reload: written bit by bit, and read when the page is there again. */
import { stateCodec } from "./codec.ts"
import { fileOf, type SessionHead, SessionWriter } from "./document.ts"
import type { History } from "./history.ts"
import { makeRedaction, type Redaction } from "./redact.ts"

/** What is written to: sessionStorage is one. */
export interface KeepStorage extends Pick<Storage, "getItem" | "setItem" | "removeItem"> {}

export interface KeepOptions {
  /** Default: the page's sessionStorage, which is of one tab; where there is none, nothing is kept. */
  readonly storage?: KeepStorage
  /** In characters; there is more than the newest half of it, and at most this. Default 2,000,000. */
  readonly maxLength?: number
}

interface Keeping extends KeepOptions {
  /** Under which it is found again. */
  readonly name: string
  /** The runtime's. */
  readonly label: string
  /** What must not be written. */
  readonly redact?: Redaction
}

export interface Keeper {
  /** The file of what was kept before this page was loaded. */
  readonly earlier: string | undefined
  /** Writes what is new now. */
  readonly flush: () => void
  /** Why nothing is kept. */
  readonly problem: () => string | undefined
  readonly end: () => void
}

/** Between two looks at what is new. */
const restMs = 1000
/** Of one look. */
const budgetMs = 8
/** When the page goes, and nobody waits. */
const lastBudgetMs = 60

interface Kept {
  readonly head: SessionHead
  /** Its segments: the lines of the base, and then those of entries. */
  readonly segments: number
}

const isKept = (value: unknown): value is Kept => {
  if (typeof value !== "object" || value === null || !("head" in value) || !("segments" in value))
    return false
  const { head, segments } = value
  return (
    typeof head === "object" &&
    head !== null &&
    "label" in head &&
    typeof head.label === "string" &&
    "sum" in head &&
    typeof head.sum === "string" &&
    typeof segments === "number"
  )
}

const ownStorage = (): KeepStorage | undefined => {
  try {
    // It throws where cookies are forbidden.
    return globalThis.sessionStorage
  } catch {
    return undefined
  }
}

const prefixOf = (name: string) => `sluice-devtools/${name}/`

const readEarlier = (storage: KeepStorage, prefix: string): string | undefined => {
  try {
    const kept: unknown = JSON.parse(storage.getItem(`${prefix}head`) ?? "null")
    if (!isKept(kept) || kept.segments > 100_000) return undefined
    const linesOf = (segment: number) => (storage.getItem(`${prefix}${segment}`) ?? "").split("\n")
    const entries: Array<string> = []
    for (let segment = 1; segment < kept.segments; segment++) entries.push(...linesOf(segment))
    const isLine = (line: string) => line !== ""
    return fileOf(kept.head, linesOf(0).filter(isLine), entries.filter(isLine))
  } catch {
    return undefined
  }
}

/**
 * Keeps what the history has, from the next commit on. What was kept before stays until then. It writes when the page
 * has nothing else to do, a few milliseconds at a time, and what is left when the page is hidden or goes.
 */
export const keep = (history: History, options: Keeping): Keeper => {
  const { label, maxLength = 2_000_000, name, redact = makeRedaction([]), storage = ownStorage() } = options
  const prefix = prefixOf(name)
  const codec = stateCodec()
  let problem = storage === undefined ? "the page has no sessionStorage" : undefined
  let writer: SessionWriter | undefined
  /** Commits up to here are written. */
  let written = 0
  let segments = 0
  let length = 0
  /** Of each entry's line. */
  let lengths: Array<readonly [seq: number, length: number]> = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let idle: number | undefined

  const put = (lines: ReadonlyArray<string>): void => {
    if (storage === undefined || writer === undefined) return
    const text = lines.join("\n")
    storage.setItem(`${prefix}${segments}`, text)
    segments++
    length += text.length
    storage.setItem(`${prefix}head`, JSON.stringify({ head: writer.head, segments } satisfies Kept))
  }

  const clear = (): void => {
    if (storage === undefined) return
    const kept: unknown = JSON.parse(storage.getItem(`${prefix}head`) ?? "null")
    storage.removeItem(`${prefix}head`)
    const count = Math.max(segments, isKept(kept) ? kept.segments : 0)
    for (let segment = 0; segment < count; segment++) storage.removeItem(`${prefix}${segment}`)
    segments = 0
    length = 0
    lengths = []
  }

  /** Another file, of what was after this moment. */
  const begin = (from: number): void => {
    clear()
    const { base } = history.recording({ from, to: from })
    writer = new SessionWriter(label, codec)
    const lines = base.map((each) => writer?.base(redact.base(each)) ?? "")
    const size = lines.reduce((sum, line) => sum + line.length, 0)
    if (size > maxLength)
      throw new Error(`its states alone have ${size} characters, and ${maxLength} may be kept`)
    put(lines)
    written = Math.max(history.momentOf(from), history.base)
  }

  const give = (reason: unknown): void => {
    problem = reason instanceof Error ? reason.message : String(reason)
    try {
      clear()
    } catch {
      // It cannot be written to at all.
    }
  }

  const write = (budget: number): void => {
    if (problem !== undefined || storage === undefined) return
    const end = performance.now() + budget
    try {
      if (writer === undefined || written < history.base) begin(history.base)
      const lines: Array<string> = []
      let added = 0
      for (const commit of history.after(written)) {
        const line = writer?.entry(redact.commit(commit)) ?? ""
        lines.push(line)
        lengths.push([commit.seq, line.length])
        added += line.length + 1
        written = commit.seq
        if (performance.now() >= end || length + added > maxLength) break
      }
      if (lines.length === 0) return
      if (length + added > maxLength) return beginLater()
      put(lines)
    } catch (error) {
      give(error)
    }
  }

  /** At a moment from which there is half as much. */
  const beginLater = (): void => {
    let left = lengths.reduce((sum, [, each]) => sum + each, 0)
    const half = maxLength / 2
    const from = lengths.find(([, each]) => (left -= each) < half)?.[0] ?? written
    begin(Math.max(from, history.base))
    look()
  }

  const run = (): void => {
    timer = idle = undefined
    write(budgetMs)
    look()
  }

  const look = (): void => {
    if (problem !== undefined || timer !== undefined || idle !== undefined) return
    if (written >= history.end) return
    const { requestIdleCallback } = globalThis as { requestIdleCallback?: typeof window.requestIdleCallback }
    timer = setTimeout(() => {
      if (requestIdleCallback === undefined) return run()
      timer = undefined
      idle = requestIdleCallback(run, { timeout: restMs })
    }, restMs)
  }

  const flush = (): void => write(lastBudgetMs)
  const target = (globalThis as { window?: EventTarget }).window
  const document = (globalThis as { document?: Document }).document
  const onHidden = () => {
    if (document?.visibilityState === "hidden") flush()
  }
  target?.addEventListener("pagehide", flush)
  document?.addEventListener("visibilitychange", onHidden)
  const stop = history.subscribe(look)
  const earlier = storage === undefined ? undefined : readEarlier(storage, prefix)
  return {
    earlier,
    flush,
    problem: () => problem,
    end: () => {
      stop()
      clearTimeout(timer)
      if (idle !== undefined) globalThis.cancelIdleCallback(idle)
      target?.removeEventListener("pagehide", flush)
      document?.removeEventListener("visibilitychange", onHidden)
    }
  }
}
