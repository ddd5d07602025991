/**
 * What React shows of the instances, which may be behind what they are. The truth is in the runtime, and linear:
 * a commit comes after those before it. React may render a later one first, while an earlier one is part of a
 * transition. So the provider keeps a fold of the commits in a reducer of its own (`Moment`, `Update`), React
 * decides which of them a render pass sees, and hooks read the states that the fold has come to in that pass.
 *
 * Most commits are no transition's. Then a pass that has any of them has all, nothing is ever replayed, and what
 * a hook reads is found without a context, so that no hook depends on more than its own selection. Only from a
 * transition's commit until React shows it (`branching`), passes may differ, and a hook that renders reads the
 * pass's `Lineage` from a context. That context changes with a transition's commit, and with no other.
 */
import type { ModuleRuntime } from "@sluice/core"
import * as Replay from "@sluice/core/Replay"

/** What a hook needs of an instance. */
export type Observable = Pick<ModuleRuntime<unknown, unknown>, "unsafe">

/** An instance as the view knows it. */
export class Subject {
  readonly instance: Observable
  /** Its state in the last moment in which the view had caught up; the live one while it is not observed. */
  settled: unknown
  /** Ends the observation. Written by `View`, as the two around it are. */
  stop: (() => void) | undefined = undefined
  watchers = 0

  constructor(instance: Observable) {
    this.instance = instance
    this.settled = instance.unsafe.getState()
  }
}

/** The passes that have seen the same transitions' commits. */
export interface Lineage {
  /** That of the provider's last render in this lineage. Written by `View.rendered`. */
  moment: Moment | undefined
}

/** What one render pass shows. */
export class Moment {
  /** The moment that this one differs from in one state; none in the one where all are settled. */
  before: Moment | undefined
  readonly subject: Subject | undefined
  readonly state: unknown
  readonly lineage: Lineage
  /** What updates have made of this moment, once each: a pass may be begun again, and must find the same. */
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
    if (subject.stop === undefined) return (subject.settled = subject.instance.unsafe.getState())
    if (this.before === undefined) return subject.settled
    const states = (this.states ??= this.changes())
    return states.has(subject) ? states.get(subject) : subject.settled
  }

  /** The states that differ from the settled ones. */
  changes(): Map<Subject, unknown> {
    const states = new Map<Subject, unknown>()
    for (let at: Moment | undefined = this; at !== undefined; at = at.before) {
      if (at.subject !== undefined && !states.has(at.subject)) states.set(at.subject, at.state)
    }
    return states
  }

  after(update: Update, make: () => Moment): Moment {
    const made = (this.made ??= new Map())
    const known = made.get(update)
    if (known !== undefined) return known
    const next = make()
    made.set(update, next)
    return next
  }

  /** Now that all is settled: what was before is of no more use. */
  settle(): void {
    this.changes().forEach((state, subject) => (subject.settled = state))
    this.before = undefined
    this.states = undefined
    this.made = undefined
  }
}

/** A commit as React's reducer is given it. */
export interface Update {
  /** The truth before it and after it. */
  readonly from: Moment
  readonly to: Moment
  readonly subject: Subject
  readonly change: Replay.Change<unknown>
  readonly transition: boolean
}

export const reduce = (moment: Moment, update: Update): Moment => {
  const { change, from, subject, to, transition } = update
  if (moment === from) return to
  return moment.after(update, () => {
    const state = Replay.onto(subject.instance, change, moment.stateOf(subject))
    return new Moment(moment, subject, state, transition ? to.lineage : moment.lineage)
  })
}

/** A component's selection, which the view corrects where React has shown another. */
export interface Shown {
  readonly check: () => void
}

/** Commits that wait for a transition to be shown. More are shown at once, and it with them. */
const limit = 1000

export class View {
  /** The truth. Written by `tell`. */
  private head: Moment
  /** What the page shows. Written by `committed`. */
  shown: Moment
  /** What the provider's last render gave, while the pass it was in goes on. Written by `rendered`. */
  private pass: Moment | undefined = undefined
  /** Whether a transition's commit is yet to be shown. */
  branching = false
  /** Whether a hook may show something else than the rest. Written by hooks; `correct` takes it back. */
  doubtful = false
  /** Gives the provider's reducer an update. Written by the provider. */
  send: (update: Update) => void = () => {}
  readonly hooks = new Set<Shown>()
  /** What is not shown yet, and what came after that. */
  private pending: Array<Update> = []
  private readonly subjects = new WeakMap<object, Subject>()
  /** Nobody watches them any more. */
  private readonly left = new Set<Subject>()

  constructor() {
    this.head = this.shown = new Moment(undefined, undefined, undefined, { moment: undefined })
    this.head.lineage.moment = this.head
  }

  subject(instance: Observable): Subject {
    const known = this.subjects.get(instance)
    if (known !== undefined) return known
    const made = new Subject(instance)
    this.subjects.set(instance, made)
    return made
  }

  /** What a hook reads in its render: `lineage` is that of the pass, and there is one while `branching`. */
  moment(lineage: Lineage | undefined): Moment {
    return lineage?.moment ?? this.pass ?? this.shown
  }

  join(subject: Subject): void {
    subject.watchers++
    this.left.delete(subject)
    if (subject.stop !== undefined) return
    subject.settled = subject.instance.unsafe.getState()
    subject.stop = observe(subject.instance, (change) => this.tell(subject, change))
  }

  leave(subject: Subject): void {
    if (--subject.watchers > 0) return
    this.left.add(subject)
    if (this.pending.length === 0) this.forget()
  }

  private forget(): void {
    for (const subject of this.left) {
      subject.stop?.()
      subject.stop = undefined
    }
    this.left.clear()
  }

  private tell(subject: Subject, change: Replay.Change<unknown>): void {
    const transition = isTransition()
    const from = this.head
    const lineage = transition ? { moment: undefined } : from.lineage
    this.head = new Moment(from, subject, change.next, lineage)
    if (transition) this.branching = true
    const update: Update = { made: { from, to: this.head, subject, change, transition } }
    this.pending.push(update)
    if (this.pending.length > limit) this.catchUp()
    this.send(update)
  }

  /** Ends the difference between what is and what is shown, in every pass from now on. */
  private catchUp(): void {
    for (const update of this.pending) update.made = this.head
    this.pending.length = 1
  }

  rendered(moment: Moment): void {
    moment.lineage.moment = moment
    if (moment === this.shown || this.branching) return
    this.pass = moment
    // Such a pass is not interrupted. If React has dropped it, whatever comes next is another one.
    queueMicrotask(() => this.endPass(moment))
  }

  private endPass(moment: Moment): void {
    if (this.pass === moment) this.pass = undefined
  }

  /** React shows the moment; what is on the page is corrected in `correct`. */
  committed(moment: Moment): void {
    if (moment === this.shown) return
    this.shown = moment
    this.pass = undefined
    this.doubtful ||= this.branching
    const done = this.pending.findIndex(({ made }) => made === moment || ("to" in made && made.to === moment))
    if (done < 0) {
      this.doubtful = true
      return
    }
    moment.settle()
    this.pending.splice(0, done + 1)
    this.branching = this.pending.some(({ made }) => "to" in made && made.transition)
    if (this.pending.length === 0) this.forget()
  }

  correct(): void {
    if (!this.doubtful) return
    this.doubtful = false
    for (const hook of this.hooks) hook.check()
  }
}
