import { everyTenthExcited, type Row, swapped, without } from "./rows.ts"

export interface State {
  readonly rows: ReadonlyArray<Row>
  /** 0 is none. */
  readonly selected: number
}

export type Action =
  | { readonly type: "create" | "append"; readonly rows: ReadonlyArray<Row> }
  | { readonly type: "update" | "clear" | "swapRows" }
  | { readonly type: "select" | "remove"; readonly id: number }

export const empty: State = { rows: [], selected: 0 }

/** The table as a reducer, for useReducer. */
export const reduce = ({ rows, selected }: State, action: Action): State => {
  switch (action.type) {
    case "create":
      return { rows: action.rows, selected: 0 }
    case "append":
      return { rows: [...rows, ...action.rows], selected }
    case "update":
      return { rows: everyTenthExcited(rows), selected }
    case "clear":
      return empty
    case "swapRows":
      return { rows: swapped(rows), selected }
    case "select":
      return { rows, selected: action.id }
    case "remove":
      return { rows: without(rows, action.id), selected }
  }
}
