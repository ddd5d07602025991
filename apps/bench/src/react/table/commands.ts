import type { Dispatch } from "react"
import type { Commands } from "./Page.tsx"
import type { Action } from "./reducer.ts"
import { makeRows } from "./rows.ts"

export interface Handlers extends Commands {
  readonly select: (id: number) => void
  readonly remove: (id: number) => void
}

/** For those that keep the table by the reducer. */
export const handlersOf = (dispatch: Dispatch<Action>): Handlers => ({
  run: () => dispatch({ type: "create", rows: makeRows(1000) }),
  runLots: () => dispatch({ type: "create", rows: makeRows(10_000) }),
  add: () => dispatch({ type: "append", rows: makeRows(1000) }),
  update: () => dispatch({ type: "update" }),
  clear: () => dispatch({ type: "clear" }),
  swapRows: () => dispatch({ type: "swapRows" }),
  select: (id) => dispatch({ type: "select", id }),
  remove: (id) => dispatch({ type: "remove", id })
})
