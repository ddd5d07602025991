"use client"
import type { Equals } from "@sluice/core"
import { useRef, useState, useSyncExternalStore } from "react"
import {
  type Observable,
  type Select,
  selectFrom,
  serverState,
  subscribe as subscribeTo
} from "./selecting.ts"
import { isServer } from "./useClientLayoutEffect.ts"
import { development, warnOfUnstable } from "./warnOfUnstable.ts"

/** What one selector makes of an instance, as a store for React. */
class Selection {
  readonly instance: Observable
  readonly selector: Select
  readonly equals: Equals<unknown>
  /** The last one that has a selection, until this one has. */
  private before: Selection | undefined
  // Written by `select`, the three.
  private has = false
  private state: unknown = undefined
  private selected: unknown = undefined

  constructor(
    instance: Observable,
    selector: Select,
    equals: Equals<unknown>,
    before: Selection | undefined
  ) {
    this.instance = instance
    this.selector = selector
    this.equals = equals
    this.before = before?.has === false ? before.before : before
  }

  /** The same value for the same state, and for what `equals` the last one. */
  private select(state: unknown): unknown {
    if (this.has && Object.is(this.state, state)) return this.selected
    const selected = selectFrom(this.instance, this.selector, state)
    const last = this.has ? this : this.before
    this.selected = last !== undefined && this.equals(last.selected, selected) ? last.selected : selected
    this.state = state
    this.has = true
    this.before = undefined
    return this.selected
  }

  readonly read = (): unknown => this.select(this.instance.unsafe.getState())

  readonly readServer = (): unknown => (isServer ? this.read() : this.select(serverState(this.instance)))

  readonly subscribe = (listener: () => void): (() => void) => {
    const { equals, instance, selector } = this
    const { inputs, watch } = instance.unsafe
    if (watch === undefined || inputs !== undefined) return subscribeTo(instance, listener)
    const watching = watch(selector, listener, equals)
    return () => watching.end()
  }
}

/** The component's selection. Written in render, also in one that React drops: then it is of other arguments. */
const selectionIn = (
  held: { current: Selection | undefined },
  instance: Observable,
  selector: Select,
  equals: Equals<unknown>
): Selection => {
  const last = held.current
  if (last?.instance === instance && last.selector === selector && last.equals === equals) return last
  return (held.current = new Selection(instance, selector, equals, last))
}

/** Selects from the live states; React renders at once, and a transition does not wait with what it shows. */
export const useStoreSelector = (
  instance: Observable,
  selector: Select,
  equals: Equals<unknown>
): unknown => {
  "use no memo"
  const held = useRef<Selection | undefined>(undefined)
  // oxlint-disable-next-line react/refs -- see `selectionIn`
  const { read, readServer, subscribe } = selectionIn(held, instance, selector, equals)
  const selected = useSyncExternalStore(subscribe, read, readServer)
  // oxlint-disable-next-line react/hooks, react-hooks/rules-of-hooks -- one and the same for the life of the app
  if (development) useState(() => warnOfUnstable(instance, selector, equals, instance.unsafe.getState()))
  return selected
}
