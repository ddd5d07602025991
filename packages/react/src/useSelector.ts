"use client"
import type { Equals } from "@sluice/core"
import { useContext } from "react"
import { PlaceContext } from "./internal/PlaceContext.ts"
import { listOf, sameElements } from "./internal/selecting.ts"
import { useStoreSelector } from "./internal/useStoreSelector.ts"
import { useViewSelector } from "./internal/view/useViewSelector.ts"
import { isOfView, ofView, type StateRef } from "./ModuleRef.ts"

/** The states of several refs, in their order. */
export type StatesOf<Refs extends ReadonlyArray<StateRef<unknown>>> = {
  -readonly [I in keyof Refs]: Refs[I] extends StateRef<infer S> ? S : never
}

type Source = StateRef<unknown> | ReadonlyArray<StateRef<unknown>>

const isList = (source: Source): source is ReadonlyArray<StateRef<unknown>> => Array.isArray(source)

const one = (state: unknown): unknown => state
const all = (...states: ReadonlyArray<unknown>): unknown => states
// Its arguments are what `all` has given.
const sameStates: Equals<unknown> = (a, b) => sameElements(a as [], b as [])

/**
 * A part of the state of an instance, or of several at one moment. The component renders again only when
 * the selection changed: by `Object.is`, or by `equals`. Any pure selector will do, also an inline one that
 * closes over props; one that makes a new object each time renders at every commit unless `equals` says
 * otherwise, and is warned of in development. Without a selector: the whole state. While hydrating: the state
 * that the server has rendered. What the selector throws is thrown in render.
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
  source: Source,
  selector: (...states: ReadonlyArray<unknown>) => unknown = isList(source) ? all : one,
  equals: Equals<unknown> = selector === all ? sameStates : Object.is
): unknown {
  "use no memo"
  const first = isList(source) ? source[0] : source
  // oxlint-disable react/hooks, react-hooks/rules-of-hooks
  // A ref that useModule has given tells it, so that a component need not read a context.
  const view = first !== undefined && isOfView(first) ? first[ofView] : useContext(PlaceContext)?.view
  const instance = isList(source) ? listOf(source.map(({ runtime }) => runtime)) : source.runtime
  // A provider's mode is for its life, so that a component calls the same hooks each time.
  return view === undefined
    ? useStoreSelector(instance, selector, equals)
    : useViewSelector(instance, selector, equals, view)
}
