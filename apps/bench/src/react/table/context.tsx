import { createContext, type Dispatch, memo, type ReactNode, useContext, useMemo, useReducer } from "react"
import { handlersOf } from "./commands.ts"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { type Action, empty, reduce, type State } from "./reducer.ts"
import type { Row } from "./rows.ts"

const StateContext = createContext<State>(empty)
const DispatchContext = createContext<Dispatch<Action>>(() => {})

const Provider = ({ children }: { readonly children: ReactNode }) => {
  const [state, dispatch] = useReducer(reduce, empty)
  return (
    <StateContext value={state}>
      <DispatchContext value={dispatch}>{children}</DispatchContext>
    </StateContext>
  )
}

const Item = memo(({ row: { id, label }, selected }: { readonly row: Row; readonly selected: boolean }) => {
  const dispatch = useContext(DispatchContext)
  return rowMarkup(
    id,
    label,
    selected,
    () => dispatch({ type: "select", id }),
    () => dispatch({ type: "remove", id })
  )
})

const Items = () => {
  const { rows, selected } = useContext(StateContext)
  return rows.map((row) => <Item key={row.id} row={row} selected={row.id === selected} />)
}

const Controls = () => {
  const dispatch = useContext(DispatchContext)
  const { select: _select, remove: _remove, ...commands } = useMemo(() => handlersOf(dispatch), [dispatch])
  return <Buttons {...commands} />
}

export const App = () => (
  <Provider>
    <Page buttons={<Controls />} rows={<Items />} />
  </Provider>
)
