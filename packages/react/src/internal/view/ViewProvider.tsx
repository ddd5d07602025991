"use client"
import type { Runtime } from "@sluice/core"
import { createContext, useInsertionEffect, useMemo, useReducer, useState } from "react"
import type { ReactNode } from "react"
import { PlaceContext } from "../PlaceContext.ts"
import { useClientLayoutEffect } from "../useClientLayoutEffect.ts"
import { type Lineage, reduce, View } from "./View.ts"

/** For a hook that depends on no lineage. */
export const NoContext = createContext<Lineage | undefined>(undefined)

interface ViewProviderProps {
  readonly runtime: Runtime.AnyRuntime
  /** Whether its components are those of a server's page. */
  readonly hydrating: boolean
  readonly children: ReactNode
}

/** Gives the components below the runtime, and one view of all instances. */
export const ViewProvider = ({ children, hydrating, runtime }: ViewProviderProps): ReactNode => {
  const [view] = useState(() => new View(hydrating))
  const place = useMemo(() => ({ runtime, view }), [runtime, view])
  const [moment, send] = useReducer(reduce, view.shown)
  view.rendered(moment)
  useInsertionEffect(() => view.committed(moment, send), [view, moment, send])
  useClientLayoutEffect(() => view.mount(), [view])
  // After those of the components below: what has mounted is corrected, too.
  useClientLayoutEffect(() => view.correct(), [view, moment])
  return (
    <PlaceContext.Provider value={place}>
      <view.lineage.Provider value={moment.lineage}>{children}</view.lineage.Provider>
    </PlaceContext.Provider>
  )
}
