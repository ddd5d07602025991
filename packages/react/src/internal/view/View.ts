/**
 * What React shows of the instances, which may be behind what they are. The truth is in the runtime, and linear:
 * a commit comes after those before it. React may render a later one first, while an earlier one is part of a
 * transition. So the provider keeps a fold of the commits in a reducer of its own (`Moment`, `Update`), React
 * decides which of them a render pass sees, and hooks read the states that the fold has come to in that pass.
 *
 * Most commits are no transition's. A pass that has any of them has all, nothing is ever replayed, and what a hook
 * reads is found without a context, so that no hook depends on more than its own selection. Only from a
 * transition's commit until React shows it (`branching`), passes differ, and a hook that renders reads the pass's
 * `Lineage` from a context, which changes with a transition's commit and with no other.
 *
 * Where all this leaves a hook with another value than the page's moment has, `correct` renders it again before
 * the page is painted.
 */
import type { ModuleRuntime } from "@sluice/core"
import * as Replay from "@sluice/core/Replay"
import { createContext } from "react"
import { microtask } from "../host.ts"
import { isTransition } from "../isTransition.ts"
import { type Observable, sameElements } from "../selecting.ts"

type Change = Replay.Change<unknown>

/** An instance as the view knows it, or what is derived from some. */
export class Subject {
  readonly instance: Observable
  /** Of a Derived. */
  readonly inputs: ReadonlyArray<Subject> | undefined
  // The following are written by `View`.
  /** Its state in the last moment in which all was settled; while it is not observed, the live one. */
  settled: unknown
  /** Ends the observation. */
  stop: (() => void) | undefined = undefined
  watchers = 0
  /** What it was last computed from, and to. Written by `compute`. */
  private from: ReadonlyArray<unknown> | undefined = undefined
  private computed: unknown

  constructor(instance: Observable, subject: (instance: Observable) => Subject) {
    this.instance = instance
    this.inputs = instance.unsafe.inputs?.map(subject)
  }

  compute(states: ReadonlyArray<unknown>): unknown {
    if (this.from === undefined || !sameElements(this.from, states)) {
      this.computed = this.instance.unsafe.compute?.(states)
      this.from = states
    }
    return this.computed
  }
}

const observe = (instance: Observable, tell: (change: Change) => void): (() => void) => {
  const { unsafe } = instance
  if (isInstance(instance)) return Replay.observe(instance, tell)
  // A store that someone has dressed as an instance.
  let previous = unsafe.getState()
  return unsafe.subscribe(() => {
    const next = unsafe.getState()
    tell({ origin: { kind: "hydrate", name: "store" }, actions: [], previous, next })
    previous = next
  })
}

const isInstance = (instance: Observable): instance is ModuleRuntime<unknown, unknown> =>
  "dispatchBatch" in instance

/** The passes that have seen the same transitions' commits. */
export interface Lineage {
  /** That of the provider's last render in this lineage. Written by `View.rendered`. */
  moment: Moment | undefined
}

/** What one render pass shows. */
export class Moment {
  // Cleared by `settle`, the three.
  /** The moment that it differs from in one state. */
  private before: Moment | undefined
  private subject: Subject | undefined
  private state: unknown
  readonly lineage: Lineage
  /** What updates have made of this moment, once each: a pass that is begun again must find the same. */
  private made: Map<Update, Moment> | undefined = undefined
  private states: Map<Subject, unknown> | undefined = undefined

  constructor(before: Moment | undefined, subject: Subject | undefined, state: unknown, lineage: Lineage) {
    this.before = before
    this.subject = subject
    this.state = state
    this.lineage = lineage
  }

  stateOf(subject: Subject): unknown {
    if (subject === this.subject) return this.state
    if (subject.inputs !== undefined)
      return subject.compute(subject.inputs.map((input) => this.stateOf(input)))
    if (subject.stop === undefined) return (subject.settled = subject.instance.unsafe.getState())
    if (this.before === undefined && this.states === undefined) return subject.settled
    const states = (this.states ??= this.changes())
    return states.has(subject) ? states.get(subject) : subject.settled
  }

  /** The states that differ from the settled ones. */
  private changes(): Map<Subject, unknown> {
    const states = new Map<Subject, unknown>()
    for (let at: Moment | undefined = this; at !== undefined; at = at.before) {
      if (at.subject !== undefined && !states.has(at.subject)) states.set(at.subject, at.state)
      at.states?.forEach((state, subject) => void (states.has(subject) || states.set(subject, state)))
      if (at.states !== undefined) break
    }
    return states
  }

  /** The moment after an update that was not made at this one. */
  after(update: Update, { change, subject, transition }: Step): Moment {
    const known = this.made?.get(update)
    if (known !== undefined) return known
    const state = Replay.onto(subject.instance, change, this.stateOf(subject))
    const next = new Moment(this, subject, state, transition ? update.to.lineage : this.lineage)
    this.made ??= new Map()
    this.made.set(update, next)
    return next
  }

  /** Keeps nothing of what led to it. */
  flatten(): void {
    this.states = this.changes()
    this.before = undefined
  }

  /** All that led to it is done. */
  settle(): void {
    this.changes().forEach((state, subject) => (subject.settled = state))
    this.before = this.subject = this.state = this.made = this.states = undefined
  }
}

interface Step {
  /** The truth before it. */
  readonly from: Moment
  readonly subject: Subject
  readonly change: Change
  readonly transition: boolean
}

/** A commit as React's reducer is given it. */
export interface Update {
  // Written by `lead`, the two.
  /** None once it leads to `to` from wherever it is found. */
  step: Step | undefined
  /** The truth after it. */
  to: Moment
}

/** React keeps what follows an update that it has skipped: of these it must not keep every state. */
const lead = (updates: ReadonlyArray<Update>, to: Moment): void => {
  for (const update of updates) {
    update.step = undefined
    update.to = to
  }
}

export const reduce = (moment: Moment, update: Update): Moment => {
  const { step, to } = update
  return step === undefined || step.from === moment ? to : moment.after(update, step)
}

/** A component's selection. */
export interface Shown {
  // Written by the view, the two.
  /** Its place in the view. */
  at: number
  /** The truth that it was rendered again for when it came late. */
  late: Moment | undefined
  /** Renders it again if it is not that of the moment. */
  readonly check: (moment: Moment) => void
}

/** How many commits may wait for a transition to be shown. With one more, all are shown. */
const limit = 1000

export class View {
  /** That of the pass, for hooks anywhere below: in a provider within, too. */
  readonly lineage = createContext<Lineage | undefined>(undefined)
  /** The truth. Written by `tell`. */
  private head = new Moment(undefined, undefined, undefined, { moment: undefined })
  /** What the page shows. Written by `committed`. */
  shown = this.head
  /** What the provider's reducer has come to. Written by `committed`. */
  private reduced = this.head
  /** What the provider's last render gave, while the pass that it was in goes on. Written by `rendered`. */
  private pass: Moment | undefined = undefined
  /** Whether a transition's commit is yet to be shown. */
  branching = false
  /** Whether a hook may show something else than the page's moment. Taken back by `correct`. */
  private doubtful = false
  /** The truth that is rendered as soon as may be. Written by `caughtUp`. */
  private hurried: Moment | undefined = undefined
  /** Gives the provider's reducer an update. Written by `committed`. */
  private send: (update: Update) => void = () => {}
  /** Those that were told of a commit since `correct`. */
  private told: Array<Shown> = []
  /** Whether the provider is gone, or hidden: then what is shown is the truth. Written by `mount`. */
  private ended = false
  /** Each at its place. Written by `join` and `leave`. */
  private readonly hooks: Array<Shown> = []
  /** What is not settled, in order. */
  private pending: Array<Update> = []
  private readonly subjects = new WeakMap<Observable, Subject>()
  /** Those that nobody watches any more, while something is pending. */
  private readonly left = new Set<Subject>()

  /** Whether its components are those of a server's page. */
  readonly hydrated: boolean

  constructor(hydrated: boolean) {
    this.hydrated = hydrated
    this.head.lineage.moment = this.head
  }

  readonly subject = (instance: Observable): Subject => {
    let subject = this.subjects.get(instance)
    if (subject === undefined) this.subjects.set(instance, (subject = new Subject(instance, this.subject)))
    return subject
  }

  /** What a hook reads in its render, and the lineage that it takes from the context, while `branching`. */
  moment(lineage: Lineage | undefined): Moment {
    return lineage?.moment ?? this.pass ?? this.shown
  }

  join(hook: Shown, subject: Subject): void {
    hook.at = this.hooks.push(hook) - 1
    this.observe(subject)
  }

  private observe(subject: Subject): void {
    if (subject.inputs !== undefined) return subject.inputs.forEach((input) => this.observe(input))
    if (subject.watchers++ === 0) this.left.delete(subject)
    if (subject.stop !== undefined) return
    subject.settled = subject.instance.unsafe.getState()
    subject.stop = observe(subject.instance, (change) => this.tell(subject, change))
  }

  leave(hook: Shown, subject: Subject): void {
    const last = this.hooks.pop()
    if (last !== undefined && last !== hook) {
      this.hooks[hook.at] = last
      last.at = hook.at
    }
    this.forget(subject)
    this.forgetLeft()
  }

  private forget(subject: Subject): void {
    if (subject.inputs !== undefined) return subject.inputs.forEach((input) => this.forget(input))
    if (--subject.watchers === 0) this.left.add(subject)
  }

  private forgetLeft(): void {
    if (this.pending.length > 0 || this.left.size === 0) return
    for (const subject of this.left) {
      subject.stop?.()
      subject.stop = undefined
    }
    this.left.clear()
  }

  private tell(subject: Subject, change: Change): void {
    if (this.ended) {
      subject.settled = change.next
      return
    }
    const transition = isTransition()
    // What changes nothing may change what is shown, where that is behind.
    if (change.previous === change.next && !this.branching) return
    const from = this.head
    const to = new Moment(from, subject, change.next, transition ? { moment: undefined } : from.lineage)
    this.head = to
    this.branching ||= transition
    const update: Update = { step: { from, subject, change, transition }, to }
    this.pending.push(update)
    if (this.pending.length > limit && this.branching) this.catchUp()
    this.send(update)
  }

  /** The provider is there; what it returns ends that. */
  mount(): () => void {
    this.ended = false
    // What came while it was not is in the state of no reducer.
    if (this.reduced !== this.head) this.send({ step: undefined, to: this.head })
    return () => {
      this.ended = true
      this.doubtful ||= this.shown !== this.head
      lead(this.pending, this.head)
      this.shown = this.head
      this.settle(this.pending.length)
      // For those elsewhere, by a ref of this view. The components below have left by then.
      microtask(() => this.correct())
    }
  }

  private settle(count: number): void {
    this.shown.settle()
    this.hurried = undefined
    lead(this.pending.splice(0, count), this.shown)
    this.branching = this.pending.some(({ step }) => step?.transition)
    this.forgetLeft()
  }

  /** A hook was told of a commit: `correct` is to see that the pass showed it. */
  expect(hook: Shown): void {
    // While branching, all are looked at.
    if (!this.ended && !this.branching) this.told.push(hook)
  }

  /** From now on, every pass shows the truth. */
  private catchUp(): void {
    lead(this.pending, this.head)
    this.head.flatten()
    this.pending.length = 1
  }

  rendered(moment: Moment): void {
    moment.lineage.moment = moment
    if (moment === this.shown || this.branching) return
    this.pass = moment
    // Such a pass is not interrupted. If React has dropped it, what renders after this task is another one.
    microtask(() => {
      if (this.pass === moment) this.pass = undefined
    })
  }

  /** React shows the moment. */
  committed(moment: Moment, send: View["send"]): void {
    this.send = send
    this.reduced = moment
    if (moment === this.shown) return
    this.shown = moment
    this.pass = undefined
    const done = this.pending.findLastIndex(({ to }) => to === moment)
    this.doubtful ||= this.branching || done < 0
    // Made by a replay: what it left out is yet to come.
    if (done < 0) return
    this.settle(done + 1)
  }

  /**
   * For a hook that has come, or selects something else, while commits wait to be rendered: it was not told of
   * them, and would not be in that pass. In a layout effect, which React follows with a pass of its own.
   */
  caughtUp(hook: Shown): void {
    if (this.head === this.shown || hook.late === this.head) return
    hook.late = this.head
    this.doubtful = true
    // A transition's commit is not to be shown before its time.
    if (this.branching) return hook.check(this.head)
    if (this.hurried !== this.head) {
      this.hurried = this.head
      this.send({ step: undefined, to: this.head })
      for (const other of this.hooks) other.check(this.head)
    }
    hook.check(this.head)
  }

  correct(): void {
    const hooks = this.doubtful ? this.hooks : this.told
    this.doubtful = false
    this.told = []
    for (const hook of hooks) hook.check(this.shown)
  }
}
