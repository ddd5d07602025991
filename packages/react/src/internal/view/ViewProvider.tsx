"use client"
import { createContext, useInsertionEffect, useReducer, useState, useSyncExternalStore } from "react"
import type { ReactNode } from "react"
import { isServer, useClientLayoutEffect } from "../useClientLayoutEffect.ts"
import { type Lineage, reduce, View } from "./View.ts"

export const ViewContext = createContext<View | undefined>(undefined)
/** For a hook that depends on no lineage. */
export const NoContext = createContext<Lineage | undefined>(undefined)

const never = () => () => {}
const no = () => false
const unlessServer = () => !isServer

/** Gives the components below one view of all instances. */
export const ViewProvider = ({ children }: { readonly children: ReactNode }): ReactNode => {
  const hydrating = useSyncExternalStore(never, no, unlessServer)
  const [view] = useState(() => new View(hydrating))
  const [moment, send] = useReducer(reduce, view.shown)
  view.rendered(moment)
  useInsertionEffect(() => view.committed(moment, send), [view, moment, send])
  useClientLayoutEffect(() => view.mount(), [view])
  // After those of the components below: what has mounted is corrected, too.
  useClientLayoutEffect(() => view.correct(), [view, moment])
  return (
    <ViewContext.Provider value={view}>
      <view.lineage.Provider value={moment.lineage}>{children}</view.lineage.Provider>
    </ViewContext.Provider>
  )
}
