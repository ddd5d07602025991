import { useMemo, useReducer } from "react"
import { handlersOf } from "./commands.ts"
import { Items } from "./Items.tsx"
import { Buttons, Page } from "./Page.tsx"
import { empty, reduce } from "./reducer.ts"

export const App = () => {
  const [{ rows, selected }, dispatch] = useReducer(reduce, empty)
  const { select, remove, ...commands } = useMemo(() => handlersOf(dispatch), [dispatch])
  return (
    <Page
      buttons={<Buttons {...commands} />}
      rows={<Items rows={rows} selected={selected} select={select} remove={remove} />}
    />
  )
}
