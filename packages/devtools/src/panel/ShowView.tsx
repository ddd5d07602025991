import { createContext, type ReactNode, useContext } from "react"

type Show = (id: string) => (() => void) | undefined

const ShowContext = createContext<Show>(() => undefined)

export const ShowViewProvider = ShowContext.Provider

/** Shows the view of that id; `undefined` where the panel has none. */
export const useShowView: (id: string) => (() => void) | undefined = (id) => useContext(ShowContext)(id)

/** A way to another view, where there is that view. */
export const ViewLink = ({
  children,
  view
}: {
  readonly view: string
  readonly children: ReactNode
}): ReactNode => {
  const show = useShowView(view)
  return show === undefined ? null : (
    <button type="button" className="toggle" onClick={show}>
      {children}
    </button>
  )
}
