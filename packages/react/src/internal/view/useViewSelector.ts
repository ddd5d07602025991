"use client"
import type { Equals } from "@sluice/core"
import { useContext, useReducer, useSyncExternalStore } from "react"
import { type Observable, type Select, selectFrom, serverState, subscribe } from "../selecting.ts"
import { updateQuietly } from "../isTransition.ts"
import { never, no } from "../useHydrated.ts"
import { useClientLayoutEffect } from "../useClientLayoutEffect.ts"
import { development, warnOfUnstable } from "../warnOfUnstable.ts"
import type { Moment, Shown, Subject, View } from "./View.ts"
import { NoContext } from "./ViewProvider.tsx"

/** What a component shows: that of its last commit, written in its effect. */
class Selection implements Shown {
  /** Whether the view that it was first of was hydrated; it may come to be of another. */
  readonly hydrated: boolean
  at = -1
  late: Moment | undefined = undefined
  private subject: Subject | undefined = undefined
  private state: unknown = undefined
  private selector: Select | undefined = undefined
  private equals: Equals<unknown> = Object.is
  private selected: unknown = undefined
  private render: () => void = nothing
  /** Takes another selector, where it is one instance that is watched. */
  private watch: { select(selector: Select): void; end(): void } | undefined = undefined

  constructor(hydrated: boolean) {
    this.hydrated = hydrated
  }

  /** The selection that is shown already, where the new one is no other. */
  select(subject: Subject, selector: Select, equals: Equals<unknown>, state: unknown): unknown {
    const known = this.subject === subject
    if (known && this.selector === selector && Object.is(this.state, state)) return this.selected
    const selected = selectFrom(subject.instance, selector, state)
    if (known) return equals(this.selected, selected) ? this.selected : selected
    if (development) warnOfUnstable(subject.instance, selector, equals, state)
    return selected
  }

  committed(
    view: View,
    subject: Subject,
    selector: Select,
    equals: Equals<unknown>,
    state: unknown,
    selected: unknown
  ): void {
    const another = this.selector !== selector
    this.subject = subject
    this.selector = selector
    this.equals = equals
    this.state = state
    this.selected = selected
    if (!another || this.watch === undefined) return
    this.watch.select(selector)
    view.caughtUp(this)
  }

  /** Gives what ends it. */
  join(view: View, subject: Subject, render: () => void): () => void {
    const { unsafe } = subject.instance
    this.render = () => {
      view.expect(this)
      if (development) updateQuietly(render)
      else render()
    }
    view.join(this, subject)
    let stop: (() => void) | undefined
    if (unsafe.watch === undefined || subject.inputs !== undefined) {
      stop = subscribe(subject.instance, () => this.recheck(() => unsafe.getState()))
    } else {
      // A closure for each hook is what most need not have.
      const equals = this.equals === Object.is ? Object.is : (a: unknown, b: unknown) => this.equals(a, b)
      this.watch = unsafe.watch<unknown>(this.selector ?? same, this.render, equals)
    }
    // For what came between the render and here.
    this.check(view.shown)
    view.caughtUp(this)
    return () => {
      stop?.()
      this.watch?.end()
      this.watch = undefined
      view.leave(this, subject)
    }
  }

  check(moment: Moment): void {
    const { subject } = this
    if (subject !== undefined) this.recheck(() => moment.stateOf(subject))
  }

  /** Renders again also where the selector fails, as it then does in render. */
  private recheck(read: () => unknown): void {
    const { selector, subject } = this
    if (selector === undefined || subject === undefined) return
    try {
      const state = read()
      if (Object.is(state, this.state)) return
      if (this.equals(this.selected, selectFrom(subject.instance, selector, state))) return
    } catch {}
    this.render()
  }
}

const nothing = () => {}
const same = (state: unknown): unknown => state

interface Held {
  readonly selection: Selection
}

const hold = ({ hydrated }: View): Held => ({ selection: new Selection(hydrated) })
const again = ({ selection }: Held): Held => ({ selection })

/** What the server has rendered, while that is hydrated and something else. */
const useServerState = (hydrated: boolean, instance: Observable, shown: unknown): unknown => {
  // The same for the life of the component.
  if (!hydrated) return shown
  // oxlint-disable-next-line react/hooks, react-hooks/rules-of-hooks
  const differs = useSyncExternalStore(never, no, () => !Object.is(serverState(instance), shown))
  return differs ? serverState(instance) : shown
}

/** Selects from what the render pass shows. */
export const useViewSelector = (
  instance: Observable,
  selector: Select,
  equals: Equals<unknown>,
  view: View
): unknown => {
  "use no memo"
  // Who reads a context pays for it whenever a sibling renders; in production a hook may leave that out.
  const reads = development || view.branching
  // oxlint-disable-next-line react/hooks, react-hooks/rules-of-hooks
  const lineage = reads ? useContext(view.branching ? view.lineage : NoContext) : undefined
  const [{ selection }, render] = useReducer(again, view, hold)
  const subject = view.subject(instance)
  const state = useServerState(selection.hydrated, instance, view.moment(lineage).stateOf(subject))
  const selected = selection.select(subject, selector, equals, state)
  useClientLayoutEffect(
    () => selection.committed(view, subject, selector, equals, state, selected),
    [subject, selector, equals, state, selected]
  )
  const plain = equals === Object.is
  useClientLayoutEffect(() => selection.join(view, subject, render), [subject, plain])
  return selected
}
