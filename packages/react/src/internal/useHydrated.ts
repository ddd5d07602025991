"use client"
import { useSyncExternalStore } from "react"
import { isServer } from "./useClientLayoutEffect.ts"

const nothing = () => {}
/** Subscribes to what never changes. */
export const never = () => nothing
export const no = () => false
const unlessServer = () => !isServer

/** Whether what renders is hydrated, that is, is in the page already. */
export const useHydrated = (): boolean => useSyncExternalStore(never, no, unlessServer)
