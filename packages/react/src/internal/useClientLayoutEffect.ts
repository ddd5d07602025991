"use client"
import { useEffect, useLayoutEffect } from "react"

const { navigator } = globalThis as { readonly navigator?: { readonly product?: string } }

/** Whether this is neither a page nor React Native. */
export const isServer = !("document" in globalThis) && navigator?.product !== "ReactNative"

/** React 18.3 warns of layout effects on a server, where none runs. */
export const useClientLayoutEffect = isServer ? useEffect : useLayoutEffect
