"use client"
import type { Equals } from "@sluice/core"
import { useContext, useReducer, useSyncExternalStore } from "react"
import { type Observable, type Select, selectFrom, serverState, subscribe } from "../selecting.ts"
import { updateQuietly } from "../isTransition.ts"
import { useClientLayoutEffect } from "../useClientLayoutEffect.ts"
import { development, warnOfUnstable } from "../warnOfUnstable.ts"
import type { Moment, Shown, Subject, View } from "./View.ts"
import { LineageContext, NoContext } from "./ViewProvider.tsx"

/** What a component shows: that of its last commit, written in its effect. */
class Selection implements Shown {
  at = -1
  late: Moment | undefined = undefined
  held = false
  private view: View | undefined = undefined
  private subject: Subject | undefined = undefined
  private state: unknown = undefined
  private selector: Select | undefined = undefined
  private equals: Equals<unknown> = Object.is
  private selected: unknown = undefined
  private render: () => void = nothing
  /** Takes another selector, where it is one instance that is watched. */
  private watch: { select(selector: Select): void; end(): void } | undefined = undefined
  private unsubscribe: () => void = nothing

  /** The selection that is shown already, where the new one is no other. */
  select(subject: Subject, selector: Select, equals: Equals<unknown>, state: unknown): unknown {
    const known = this.subject === subject
    if (known && this.selector === selector && Object.is(this.state, state)) return this.selected
    const selected = selectFrom(subject.instance, selector, state)
    if (known) return equals(this.selected, selected) ? this.selected : selected
    if (development) warnOfUnstable(subject.instance, selector, equals, state)
    return selected
  }

  /** Gives what ends it; if it is committed anew in the same step, it goes on. */
  committed(
    view: View,
    subject: Subject,
    selector: Select,
    equals: Equals<unknown>,
    state: unknown,
    selected: unknown,
    render: () => void
  ): () => void {
    const joined = this.subject === subject && this.view === view
    const another = this.selector !== selector
    if (!joined) this.leave()
    this.held = true
    this.view = view
    this.subject = subject
    this.selector = selector
    this.equals = equals
    this.state = state
    this.selected = selected
    this.render = render
    if (!joined) {
      view.join(this, subject)
      this.follow(subject, selector)
      // For what came between the render and here.
      this.check(view.shown)
    } else if (another) this.watch?.select(selector)
    if (!joined || another) view.caughtUp(this)
    return this.release
  }

  private readonly release = (): void => this.view?.release(this)

  leave(): void {
    const { subject, view } = this
    if (subject === undefined || view === undefined) return
    this.watch?.end()
    this.unsubscribe()
    view.leave(this, subject)
    this.watch = this.view = this.subject = undefined
    this.unsubscribe = nothing
  }

  private follow({ inputs, instance }: Subject, selector: Select): void {
    const { watch } = instance.unsafe
    if (watch !== undefined && inputs === undefined) this.watch = watch(selector, this.tell, this.isSame)
    else this.unsubscribe = subscribe(instance, () => this.recheck(() => instance.unsafe.getState()))
  }

  private readonly tell = (): void => {
    if (this.held) updateQuietly(this.render)
  }

  private readonly isSame = (a: unknown, b: unknown): boolean => this.equals(a, b)

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
    this.tell()
  }
}

const nothing = () => {}

interface Held {
  readonly selection: Selection
}

const hold = (): Held => ({ selection: new Selection() })
const again = ({ selection }: Held): Held => ({ selection })
const never = () => nothing
const no = () => false

/** What the server has rendered, while that is hydrated and something else. */
const useServerState = (view: View, instance: Observable, shown: unknown): unknown => {
  // A component's view is the same for its life, and so is whether that was hydrated.
  if (!view.hydrated) return shown
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
  const lineage = useContext(view.branching ? LineageContext : NoContext)
  const [{ selection }, render] = useReducer(again, undefined, hold)
  const subject = view.subject(instance)
  const state = useServerState(view, instance, view.moment(lineage).stateOf(subject))
  const selected = selection.select(subject, selector, equals, state)
  useClientLayoutEffect(
    () => selection.committed(view, subject, selector, equals, state, selected, render),
    [selection, view, subject, selector, equals, state, selected, render]
  )
  return selected
}
