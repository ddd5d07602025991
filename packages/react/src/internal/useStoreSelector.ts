"use client"
import type { Equals } from "@sluice/core"
import { useMemo, useState } from "react"
import { useSyncExternalStoreWithSelector } from "use-sync-external-store/with-selector"
import { type Observable, type Select, selectFrom, serverState, subscribe } from "./selecting.ts"
import { isServer } from "./useClientLayoutEffect.ts"
import { development, warnOfUnstable } from "./warnOfUnstable.ts"

const makeStore = (instance: Observable) => {
  const { getState } = instance.unsafe
  return {
    subscribe: (listener: () => void) => subscribe(instance, listener),
    snapshot: getState,
    serverSnapshot: isServer ? getState : () => serverState(instance)
  }
}

const stores = new WeakMap<Observable, ReturnType<typeof makeStore>>()

const storeOf = (instance: Observable) => {
  const store = stores.get(instance) ?? makeStore(instance)
  stores.set(instance, store)
  return store
}

/** Selects from the live states; React renders at once, and a transition does not wait with what it shows. */
export const useStoreSelector = (
  instance: Observable,
  selector: Select,
  equals: Equals<unknown>
): unknown => {
  "use no memo"
  const { serverSnapshot, snapshot, subscribe } = storeOf(instance)
  // The same function for the same selector, or its selection would be computed again in every render.
  const select = useMemo(() => selectFrom.bind(undefined, instance, selector), [instance, selector])
  const selected = useSyncExternalStoreWithSelector(subscribe, snapshot, serverSnapshot, select, equals)
  // oxlint-disable-next-line react/hooks, react-hooks/rules-of-hooks -- one and the same for the life of the app
  if (development) useState(() => warnOfUnstable(instance, selector, equals, snapshot()))
  return selected
}
