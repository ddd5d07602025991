import { atom, Provider, useAtomValue, useSetAtom } from "jotai"
import { useCallback } from "react"
import { type Action, double, increment, initialState, reducer, start } from "../app.tsx"

const stateAtom = atom(initialState)
const countAtom = atom(
  (get) => get(stateAtom).count,
  (get, set, action: Action) => set(stateAtom, reducer(get(stateAtom), action))
)

const useAction = (action: Action) => {
  const dispatch = useSetAtom(countAtom)
  return useCallback(() => dispatch(action), [dispatch, action])
}

start({
  useCount: () => useAtomValue(countAtom),
  useIncrement: () => useAction(increment),
  useDouble: () => useAction(double),
  Root: ({ children }) => <Provider>{children}</Provider>
})
