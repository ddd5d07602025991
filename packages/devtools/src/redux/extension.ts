/**
 * The Redux DevTools extension as a page sees it: the parts of its `connect` API that are used here, as its
 * documentation (extension/docs/API) and its source (extension/src/pageScript) have them.
 */
import * as Predicate from "effect/Predicate"

/** An entry's state in the list, by its place in `stagedActionIds`. */
export interface ComputedState {
  readonly state: unknown
  readonly error?: string
}

export interface PerformAction {
  readonly type: "PERFORM_ACTION"
  readonly action: { readonly type: string }
  /** Epoch milliseconds. */
  readonly timestamp: number
}

/** All that the monitor shows of one instance. Id 0 is the beginning; `currentStateIndex` is a place in the list. */
export interface LiftedState {
  readonly actionsById: Readonly<Record<number, PerformAction>>
  readonly computedStates: ReadonlyArray<ComputedState>
  readonly stagedActionIds: ReadonlyArray<number>
  readonly skippedActionIds: ReadonlyArray<number>
  readonly currentStateIndex: number
  readonly nextActionId: number
  readonly committedState: unknown
  readonly isLocked: boolean
  readonly isPaused: boolean
}

export interface Config {
  readonly name: string
  readonly maxAge: number
  readonly actionsAllowlist: string
  /** Offered by the monitor's dispatcher, from the first `init` on. */
  readonly actionCreators: Array<{ readonly name: string; readonly args: ReadonlyArray<string> }>
  readonly features: Readonly<Record<string, boolean | "custom">>
  /** Written by `connect`. */
  instanceId?: number | string
}

export interface Connection {
  readonly init: (state: unknown, lifted: Pick<LiftedState, "isLocked" | "isPaused">) => void
  readonly subscribe: (listener: (message: unknown) => void) => (() => void) | undefined
  readonly unsubscribe: () => void
  /** With `null` in the place of an action, the state is a LiftedState. */
  readonly send: (action: PerformAction | null, state: unknown) => void
  readonly error: (message: string) => void
}

export interface Extension {
  readonly connect: (config: Config) => Connection
  /** Past the connection's filter and pause. Not all that stand in for the extension have it. */
  readonly send?: (action: null, state: LiftedState, config: Config) => void
}

/** `undefined` where there is no page, or no extension in it. */
export const findExtension = (): Extension | undefined => {
  if (typeof window === "undefined") return undefined
  const found: unknown = Reflect.get(window, "__REDUX_DEVTOOLS_EXTENSION__")
  // What it is beyond that is its own word.
  return Predicate.hasProperty(found, "connect") && typeof found.connect === "function"
    ? (found as unknown as Extension)
    : undefined
}

/** Posts to the extension what `connect` has no method for: the answer to EXPORT. Both texts are JSON. */
export const postExport = (instanceId: number | string, payload: string, committedState: string): void => {
  const message = { type: "EXPORT", payload, committedState, source: "@devtools-page", instanceId }
  // To this window only, where the extension's content script listens.
  window.postMessage(message, "*")
}
