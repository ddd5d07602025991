"use client"
import type { Equals } from "@sluice/core"
import { useMemo, useState } from "react"
import { useSyncExternalStoreWithSelector } from "use-sync-external-store/with-selector"
import {
  liveState,
  type Observable,
  sameElements,
  type Select,
  serverState,
  subscribeAll
} from "./selecting.ts"
import { isServer } from "./useClientLayoutEffect.ts"
import { warnOfUnstable } from "./warnOfUnstable.ts"

const makeStore = (instances: ReadonlyArray<Observable>) => {
  // The same array while nothing changed: React takes a new one for a change, and would loop.
  const remembering = (read: (instance: Observable) => unknown) => {
    let last: ReadonlyArray<unknown> = []
    return () => {
      const states = instances.map(read)
      return (last = sameElements(last, states) ? last : states)
    }
  }
  const snapshot = remembering(liveState)
  return {
    instances,
    snapshot,
    serverSnapshot: isServer ? snapshot : remembering(serverState),
    subscribe: (listener: () => void) => subscribeAll(instances, listener)
  }
}

/** Selects from the live states; React renders at once, and a transition does not wait with what it shows. */
export const useStoreSelector = (
  instances: ReadonlyArray<Observable>,
  selector: Select,
  equals: Equals<unknown>
): unknown => {
  "use no memo"
  const [held, hold] = useState(() => makeStore(instances))
  let store = held
  if (!sameElements(held.instances, instances)) hold((store = makeStore(instances)))
  // The same function for the same selector, or its selection would be computed again in every render.
  const select = useMemo(() => (states: ReadonlyArray<unknown>) => selector(...states), [selector])
  const selected = useSyncExternalStoreWithSelector(
    store.subscribe,
    store.snapshot,
    store.serverSnapshot,
    select,
    equals
  )
  useState(() => warnOfUnstable(selector, equals, store.snapshot()))
  return selected
}
