"use client"
import { useInsertionEffect, useRef } from "react"

/** A box that holds the value of the last commit, set before any other effect of that commit runs. */
export const useLatest = <A>(value: A): { readonly current: A } => {
  const latest = useRef(value)
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
