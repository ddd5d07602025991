/**
 * Stands in for the extension and its monitor: the page's API (extension/docs/API/Methods.md, and
 * extension/src/pageScript/api/index.ts@01c28d2), and a list that is kept by what the page sends, as
 * packages/redux-devtools-app-core/src/reducers/instances.ts@6481386 and utils/updateState.ts@a363dc2 keep it.
 */
import { vi } from "vitest"

interface Sent {
  readonly type: string
  readonly [field: string]: unknown
}

interface Shown {
  readonly ids: ReadonlyArray<number>
  readonly skipped: ReadonlyArray<number>
  readonly types: ReadonlyArray<string>
  /** As they arrived: JSON. */
  readonly states: ReadonlyArray<unknown>
  readonly errors: ReadonlyArray<string | undefined>
  readonly current: number
  readonly isLocked: boolean
  readonly isPaused: boolean
}

interface Item {
  readonly id: number
  readonly type: string
  readonly state: unknown
  readonly error?: string | undefined
}

interface Config {
  readonly maxAge?: number
  readonly actionCreators?: unknown
  instanceId?: number
}

interface Lifted {
  readonly actionsById: Readonly<Record<number, { readonly action: { readonly type: string } }>>
  readonly computedStates: ReadonlyArray<{ readonly state: unknown; readonly error?: string }>
  readonly stagedActionIds: ReadonlyArray<number>
  readonly skippedActionIds: ReadonlyArray<number>
  readonly currentStateIndex: number
  readonly nextActionId: number
  readonly isLocked: boolean
  readonly isPaused: boolean
}

interface FromMonitor {
  readonly message: object
}

const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** `onStringify` is called for each state that the extension has to turn into text. */
export const standIn = (onStringify: () => void = () => {}) => {
  const sent: Array<Sent> = []
  const errors: Array<string> = []
  const listeners: Array<(message: unknown) => void> = []
  let config: Config = {}
  let isPaused = false
  let offered: unknown

  let items: ReadonlyArray<Item> = []
  let skipped: ReadonlyArray<number> = []
  let current = -1
  let nextId = 0
  let flags = { isLocked: false, isPaused: false }

  const text = (value: unknown): unknown => {
    onStringify()
    return through(value)
  }
  const onState = (lifted: Lifted) => {
    sent.push({ type: "STATE", states: lifted.computedStates.length })
    items = lifted.stagedActionIds.map((id, index) => ({
      id,
      type: lifted.actionsById[id]?.action.type ?? "none",
      state: text(lifted.computedStates[index]?.state),
      error: lifted.computedStates[index]?.error
    }))
    skipped = lifted.skippedActionIds
    current = lifted.currentStateIndex
    nextId = lifted.nextActionId
    flags = { isLocked: lifted.isLocked, isPaused: lifted.isPaused }
  }
  let fails = () => false
  const onAction = (given: { readonly action?: { readonly type: string } }, state: unknown) => {
    if (fails()) throw new Error("cannot be cloned")
    sent.push({ type: "ACTION", action: through(given) })
    if (current === items.length - 1) current++
    items = [...items, { id: nextId++, type: given.action?.type ?? "none", state: text(state) }]
    const excess = items.length - (config.maxAge ?? Infinity)
    if (excess <= 0) return
    const first = items[excess]
    items = [{ id: 0, type: "@@INIT", state: first?.state }, ...items.slice(excess + 1)]
    current = current > excess ? current - excess : 0
  }

  // A function: the enhancer of a Redux store, which is not asked for here.
  const extension = Object.assign(() => {}, {
    connect: (given: Config) => {
      config = given
      config.instanceId ??= 1
      sent.push({ type: "INIT_INSTANCE", instanceId: config.instanceId })
      return {
        init: (state: unknown, lifted?: { readonly isLocked: boolean; readonly isPaused: boolean }) => {
          sent.push({ type: "INIT", lifted })
          offered = through(config.actionCreators)
          items = [{ id: 0, type: "@@INIT", state: text(state) }]
          skipped = []
          current = 0
          nextId = 1
          if (lifted?.isPaused === true) isPaused = true
          flags = { isLocked: false, isPaused: false, ...lifted }
        },
        send: (action: { readonly action?: { readonly type: string } } | null, state: unknown) => {
          if (isPaused) return
          if (action === null) onState(state as Lifted)
          else onAction(action, state)
        },
        subscribe: (listener: (message: unknown) => void) => {
          listeners.push(listener)
          return () => void listeners.splice(listeners.indexOf(listener), 1)
        },
        unsubscribe: () => void listeners.splice(0),
        error: (message: string) => void errors.push(message)
      }
    },
    send: (_action: null, state: unknown) => onState(state as Lifted)
  })

  const tell = (message: object) => {
    for (const listener of listeners) listener(message)
  }

  /** As the extension relays it: it knows of pauses itself, and hands on a file as what is in it. */
  const relay = (message: {
    readonly type?: string
    readonly state?: string
    readonly payload?: { readonly type?: string; readonly status?: boolean; readonly index?: number }
  }) => {
    if (message.type === "DISPATCH" && message.payload?.type === "PAUSE_RECORDING") {
      isPaused = message.payload.status === true
      flags = { ...flags, isPaused }
    }
    if (message.type !== "IMPORT") {
      tell(message)
      return
    }
    const parsed = JSON.parse(message.state ?? "") as { payload?: string; preloadedState?: string }
    const payload = {
      type: "IMPORT_STATE",
      nextLiftedState: parsed.payload === undefined ? parsed : (JSON.parse(parsed.payload) as unknown),
      preloadedState:
        parsed.preloadedState === undefined ? undefined : (JSON.parse(parsed.preloadedState) as unknown)
    }
    tell({ type: "DISPATCH", payload })
  }

  const posted: Array<Readonly<Record<string, unknown>>> = []
  vi.stubGlobal("window", {
    __REDUX_DEVTOOLS_EXTENSION__: extension,
    postMessage: (message: Readonly<Record<string, unknown>>) => void posted.push(message)
  })

  return {
    extension,
    sent,
    errors,
    posted,
    listening: () => listeners.length,
    /** As it arrives in `libConfig`: JSON. */
    creators: () => through(offered),
    failWith: (when: () => boolean) => {
      fails = when
    },
    receive: ({ message }: FromMonitor) => relay(message),
    shown: (): Shown => ({
      ids: items.map(({ id }) => id),
      skipped,
      types: items.map(({ type }) => type),
      states: items.map(({ state }) => state),
      errors: items.map(({ error }) => error),
      current,
      ...flags
    })
  }
}
