"use client"
import type { Equals } from "@sluice/core"
import { useMemo, useState } from "react"
import { useSyncExternalStoreWithSelector } from "use-sync-external-store/with-selector"
import type { StateRef } from "./ModuleRef.ts"

/** The states of several refs, in their order. */
export type StatesOf<Refs extends ReadonlyArray<StateRef<unknown>>> = {
  -readonly [I in keyof Refs]: Refs[I] extends StateRef<infer S> ? S : never
}

interface Store {
  readonly subscribe: (listener: () => void) => () => void
  readonly snapshot: () => unknown
}

type Source = StateRef<unknown> | ReadonlyArray<StateRef<unknown>>

const isList = (source: Source): source is ReadonlyArray<StateRef<unknown>> => Array.isArray(source)

const sameElements = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>) =>
  a.length === b.length && a.every((value, index) => Object.is(value, b[index]))

const sameSource = (a: Source, b: Source) => a === b || (isList(a) && isList(b) && sameElements(a, b))

const oneStore = (ref: StateRef<unknown>): Store => ({
  subscribe: (listener) => ref.runtime.unsafe.subscribe(() => listener()),
  snapshot: () => ref.runtime.unsafe.getState()
})

/** All states are read in one synchronous step: a snapshot holds one moment of all of them. */
const listStore = (refs: ReadonlyArray<StateRef<unknown>>): Store => {
  let last: ReadonlyArray<unknown> | undefined
  return {
    subscribe: (listener) => {
      const stops = refs.map((ref) => ref.runtime.unsafe.subscribe(() => listener()))
      return () => stops.forEach((stop) => stop())
    },
    snapshot: () => {
      const states = refs.map((ref) => ref.runtime.unsafe.getState())
      // The same array while nothing changed: React takes a new one for a change, and would loop.
      return (last = last !== undefined && sameElements(last, states) ? last : states)
    }
  }
}

const stores = new WeakMap<Source, Store>()

const storeOf = (source: Source): Store => {
  const known = stores.get(source)
  if (known !== undefined) return known
  const store = isList(source) ? listStore(source) : oneStore(source)
  stores.set(source, store)
  return store
}

/** The list of the render before while its refs are the same ones: `[a, b]` is a new array each time. */
const useSameSource = (source: Source): Source => {
  const [held, hold] = useState(source)
  if (sameSource(held, source)) return held
  hold(source)
  return source
}

const identity = (snapshot: unknown): unknown => snapshot

/**
 * A part of the state of an instance, or of several at one moment. The component renders again only when
 * the selection changed: by `Object.is`, or by `equals`. Any pure selector will do, also an inline one that
 * closes over props; one that makes a new object each time renders at every commit unless `equals` says
 * otherwise. Without a selector: the whole state. On the server, and while hydrating: the current state.
 * What the selector throws is thrown in render.
 */
export function useSelector<const Refs extends ReadonlyArray<StateRef<unknown>>>(refs: Refs): StatesOf<Refs>
export function useSelector<const Refs extends ReadonlyArray<StateRef<unknown>>, B>(
  refs: Refs,
  selector: (...states: StatesOf<Refs>) => B,
  equals?: Equals<B>
): B
// Last, because the compiler explains a call that fits none by the last.
export function useSelector<S>(ref: StateRef<S>): S
export function useSelector<S, B>(ref: StateRef<S>, selector: (state: S) => B, equals?: Equals<B>): B
export function useSelector(
  refs: Source,
  selector: (...states: ReadonlyArray<unknown>) => unknown = identity,
  equals?: Equals<unknown>
): unknown {
  const source = useSameSource(refs)
  const { snapshot, subscribe } = storeOf(source)
  const ofMany = isList(source) && selector !== identity
  // The same function for the same selector, or its selection would be computed again in every render.
  const select = useMemo(
    () => (ofMany ? (states: unknown) => selector(...(states as ReadonlyArray<unknown>)) : selector),
    [ofMany, selector]
  )
  return useSyncExternalStoreWithSelector(subscribe, snapshot, snapshot, select, equals)
}
