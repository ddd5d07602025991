"use client"
import type { Equals } from "@sluice/core"
import { useContext, useReducer, useSyncExternalStore } from "react"
import { type Observable, sameElements, type Select, serverState, subscribeAll } from "../selecting.ts"
import { updateQuietly } from "../isTransition.ts"
import { useClientLayoutEffect } from "../useClientLayoutEffect.ts"
import { warnOfUnstable } from "../warnOfUnstable.ts"
import type { Moment, Shown, Subject, View } from "./View.ts"
import { LineageContext, NoContext } from "./ViewProvider.tsx"

const none: ReadonlyArray<never> = []

/** What a component shows: that of its last commit, written in effects. */
class Selection implements Shown {
  late: Moment | undefined = undefined
  private subjects: ReadonlyArray<Subject> = none
  private states: ReadonlyArray<unknown> = none
  private selector: Select | undefined = undefined
  private equals: Equals<unknown> = Object.is
  private selected: unknown
  private render: () => void = () => {}
  /** Takes another selector, where what is watched is one instance. */
  private watched: { select: (selector: Select) => void } | undefined

  /** The subjects of the last commit, if they are the same. */
  subjectsOf(view: View, instances: ReadonlyArray<Observable>): ReadonlyArray<Subject> {
    const { subjects } = this
    const same = subjects.length === instances.length && subjects.every((s, i) => s.instance === instances[i])
    return same ? subjects : instances.map((instance) => view.subject(instance))
  }

  /** The selection that is shown already, where the new one is no other. */
  select(selector: Select, equals: Equals<unknown>, states: ReadonlyArray<unknown>): unknown {
    const first = this.selector === undefined
    if (this.selector === selector && sameElements(this.states, states)) return this.selected
    const selected = selector(...states)
    if (!first) return equals(this.selected, selected) ? this.selected : selected
    warnOfUnstable(selector, equals, states)
    return selected
  }

  committed(
    view: View,
    subjects: ReadonlyArray<Subject>,
    selector: Select,
    equals: Equals<unknown>,
    states: ReadonlyArray<unknown>,
    selected: unknown
  ): void {
    const changed = this.selector !== selector
    this.subjects = subjects
    this.selector = selector
    this.equals = equals
    this.states = states
    this.selected = selected
    if (!changed || this.watched === undefined) return
    this.watched.select(selector)
    view.caughtUp(this)
  }

  check(moment: Moment): void {
    this.recheck((subject) => moment.stateOf(subject))
  }

  /** Renders again also where the selector fails, as it then does in render. */
  private recheck(read: (subject: Subject) => unknown): void {
    try {
      const states = this.subjects.map(read)
      if (sameElements(states, this.states)) return
      if (this.equals(this.selected, this.selector?.(...states))) return
    } catch {}
    this.render()
  }

  subscribe(view: View, subjects: ReadonlyArray<Subject>, render: () => void): () => void {
    this.render = () => updateQuietly(render)
    for (const subject of subjects) view.join(subject)
    const stop = this.watch(subjects)
    view.hooks.add(this)
    // For what came between the render and here.
    this.check(view.shown)
    view.caughtUp(this)
    return () => {
      view.hooks.delete(this)
      stop()
      for (const subject of subjects) view.leave(subject)
    }
  }

  private watch(subjects: ReadonlyArray<Subject>): () => void {
    const [only] = subjects
    const { watch: watching } = only?.instance.unsafe ?? {}
    if (watching !== undefined && subjects.length === 1 && only?.inputs === undefined) {
      const watch = watching(this.selector ?? same, this.render, (a, b) => this.equals(a, b))
      this.watched = watch
      return () => {
        this.watched = undefined
        watch.end()
      }
    }
    const instances = subjects.map(({ instance }) => instance)
    return subscribeAll(instances, () => this.recheck(({ instance }) => instance.unsafe.getState()))
  }
}

const same = (state: unknown): unknown => state

interface Held {
  readonly selection: Selection
}

const hold = (): Held => ({ selection: new Selection() })
const again = ({ selection }: Held): Held => ({ selection })
const never = () => () => {}
const no = () => false

/** What the server has rendered, while that is hydrated and something else. */
const useServerStates = (
  view: View,
  instances: ReadonlyArray<Observable>,
  shown: ReadonlyArray<unknown>
): ReadonlyArray<unknown> | undefined => {
  // A component's view is the same for its life, and so is whether that was hydrated.
  if (!view.hydrated) return undefined
  // oxlint-disable-next-line react/hooks, react-hooks/rules-of-hooks
  const differs = useSyncExternalStore(never, no, () => !sameElements(instances.map(serverState), shown))
  return differs ? instances.map(serverState) : undefined
}

/** Selects from what the render pass shows. */
export const useViewSelector = (
  instances: ReadonlyArray<Observable>,
  selector: Select,
  equals: Equals<unknown>,
  view: View
): unknown => {
  "use no memo"
  const [{ selection }, render] = useReducer(again, undefined, hold)
  const lineage = useContext(view.branching ? LineageContext : NoContext)
  const moment = view.moment(lineage)
  const subjects = selection.subjectsOf(view, instances)
  const shown = subjects.map((subject) => moment.stateOf(subject))
  const rendered = useServerStates(view, instances, shown)
  const states = rendered ?? shown
  const selected = selection.select(selector, equals, states)
  useClientLayoutEffect(() => selection.committed(view, subjects, selector, equals, states, selected))
  useClientLayoutEffect(
    () => selection.subscribe(view, subjects, render),
    [view, subjects, selection, render]
  )
  return selected
}
