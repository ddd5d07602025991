/** One runtime that a page serves: its history, its log, and where panels have sent it. */
import type { Commit } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import { History, type InstanceLife, type InstanceState } from "../session/history.ts"
import { keep, type Keeper } from "../session/keep.ts"
import { recorder, type Recorder } from "../session/record.ts"
import { makeRedaction, type Redaction } from "../session/redact.ts"
import { isMet } from "./condition.ts"
import { OutOfReach, UnknownInstance } from "./errors.ts"
import { Insight } from "./insightSource.ts"
import { Log } from "./log.ts"
import type { Condition, Counts, Moment, RuntimeInfo, Success, TravelState } from "./messages.ts"
import { clip } from "./place.ts"
import { moduleOf } from "./rows.ts"
import type { ServedRuntime, ServeOptions } from "./served.ts"
import { Walk } from "./walk.ts"

const watchMs = 250

/** One runtime, served. */
export class Source {
  readonly id: string
  readonly runtime: ServedRuntime
  readonly history: History
  readonly log: Log
  /** Where panels have sent its instances. Written by `travel`, `travelState` and who shows something else. */
  moment: number | undefined = undefined
  /** As panels know it. */
  status: ServedRuntime["status"]
  /** Whether a panel holds it anywhere. */
  isHeld = false
  /** Whether a panel has locked all of it: then what is made later, too. Written by `lock`, `unlock`, `letGo` and who brings it back. */
  #lockedWhole = false
  readonly redaction: Redaction
  readonly insight: Insight
  readonly #ends: ReadonlyArray<() => void>
  readonly #recorder: Recorder
  readonly #walk: Walk
  readonly #keeper: Keeper | undefined
  readonly #changed: () => void
  /** Whether it is a panel that does what is done to travel now. Written by `#own`. */
  #isActing = false
  #condition: Condition | undefined = undefined
  /** Written by `#hold`. */
  #endMeeting: (() => void) | undefined = undefined
  #met: TravelState["met"] = undefined
  #ended: TravelState["ended"] = undefined
  /** Ends what has entries end the travel first, if they do. Written by `endTravelFirst`. */
  #waitAgain: (() => void) | undefined = undefined
  /** Looks at what waits and what passes while there may be such. Written by `#watch`. */
  #watching: ReturnType<typeof setInterval> | undefined = undefined
  /** As it was told last. */
  #told = ""

  constructor(
    id: string,
    runtime: ServedRuntime,
    options: ServeOptions,
    told: { rows: () => void; changed: () => void }
  ) {
    const { callSites = false, history: capacity, keep: keeping = false, redact = [] } = options
    this.id = id
    this.insight = new Insight(runtime, options)
    this.redaction = makeRedaction(redact)
    this.runtime = runtime
    this.status = runtime.status
    this.history = new History(capacity)
    this.#walk = new Walk(this.history)
    this.log = new Log(this.history, runtime.trace, told.rows, this.redaction)
    if (callSites) this.insight.keepCallSites()
    this.#changed = told.changed
    this.#recorder = recorder(runtime, this.history)
    this.#keeper =
      keeping === false
        ? undefined
        : keep(this.history, {
            ...(keeping === true ? {} : keeping),
            name: `${runtime.label}/${id}`,
            label: runtime.label,
            redact: this.redaction
          })
    this.#ends = [
      () => this.insight.end(),
      () => this.#keeper?.end(),
      this.#recorder.end,
      this.history.subscribe(told.rows),
      runtime.travel.subscribe(() => {
        if (this.isHeld && !this.#isActing && !runtime.travel.active()) this.#broughtBack()
        told.changed()
      }),
      runtime.subscribe(() => {
        // Once they have been made.
        if (this.#lockedWhole) queueMicrotask(() => this.#lockMore())
        told.changed()
      })
    ]
  }

  #lockMore(): void {
    if (!this.#lockedWhole) return
    Devtools.lock(this.runtime)
    this.isHeld = true
  }

  end(): void {
    for (const end of this.#ends) end()
    this.log.close()
    this.letGo()
  }

  /** Someone else than a panel has ended travel and locks. */
  #broughtBack(): void {
    this.#ended ??= "elsewhere"
    this.isHeld = this.#lockedWhole = false
    this.#met = undefined
  }

  /** Without a panel nothing would lead back. */
  letGo(): void {
    this.insight.letGo()
    this.#lockedWhole = false
    this.#hold(undefined)
    this.#met = this.#ended = undefined
    this.#waitAgain?.()
    this.#waitAgain = undefined
    if (this.isHeld) this.#own(() => this.runtime.travel.live())
    this.isHeld = false
    this.moment = undefined
    if (this.#recorder.isPaused()) this.resume()
    this.#watch()
  }

  #own<A>(body: () => A): A {
    const outer = this.#isActing
    this.#isActing = true
    try {
      return body()
    } finally {
      this.#isActing = outer
    }
  }

  /** What waits and what passes is told now and then, as long as there may be such. */
  #watch(): void {
    const isNeeded = this.isHeld || this.#recorder.isPaused()
    if (!isNeeded) {
      clearInterval(this.#watching)
      this.#watching = undefined
      return
    }
    this.#watching ??= setInterval(() => {
      const { paused, waiting } = this.travelState
      const now = JSON.stringify([paused, waiting])
      if (now !== this.#told) this.#changed()
      this.#told = now
      this.#watch()
    }, watchMs)
  }

  get info(): RuntimeInfo {
    const { label, status, trace } = this.runtime
    return {
      id: this.id,
      label: clip(label),
      status,
      trace: { level: trace.level, capacity: trace.capacity },
      historyCapacity: this.history.capacity
    }
  }

  get travelState(): TravelState {
    const statuses = this.runtime.list().map(({ instanceId, runtime }) => ({
      instanceId,
      ...Devtools.statusOf(runtime),
      waiting: Devtools.waitingAt(runtime)
    }))
    const idsOf = (which: "travelled" | "locked") =>
      statuses.filter((status) => status[which]).map(({ instanceId }) => instanceId)
    const travelled = idsOf("travelled")
    if (travelled.length === 0) this.moment = undefined
    const [condition, met, ended] = [this.#condition, this.#met, this.#ended]
    return {
      travelling: travelled.length > 0,
      ...(this.moment === undefined ? {} : { moment: this.moment }),
      travelled,
      locked: idsOf("locked"),
      waiting: statuses.flatMap(({ instanceId, waiting }) =>
        waiting === 0 ? [] : [{ instanceId, entries: waiting }]
      ),
      endsFirst: this.#waitAgain !== undefined,
      ...(this.#recorder.isPaused()
        ? { paused: { commits: this.#recorder.passed(), events: this.log.passed } }
        : {}),
      ...(condition === undefined ? {} : { condition }),
      ...(met === undefined ? {} : { met }),
      ...(ended === undefined ? {} : { ended })
    }
  }

  /** Why nothing is kept, where it was to be. */
  get keepProblem(): string | undefined {
    return this.#keeper?.problem()
  }

  /** The file of what was kept before the page was loaded. */
  get earlier(): string | undefined {
    return this.#keeper?.earlier
  }

  get oldest(): number {
    return this.history.base
  }

  get latest(): number {
    return this.history.end
  }

  reach(moment: number): void {
    if (moment < this.oldest || moment > this.latest)
      throw new OutOfReach({ seq: moment, oldest: this.oldest })
  }

  stateOf(instanceId: string, moment: Moment): unknown {
    const live = this.runtime.list().find((instance) => instance.instanceId === instanceId)
    if (moment === "live") {
      if (live === undefined) throw new UnknownInstance({ instanceId })
      return live.runtime.unsafe.getState()
    }
    this.reach(moment)
    if (live === undefined && !this.closedIds.includes(instanceId)) throw new UnknownInstance({ instanceId })
    const state: unknown = live?.runtime.unsafe.getState()
    return this.history.statesAt(moment, [{ instanceId, state }]).get(instanceId)
  }

  /** All that the history knows of, and that are alive. */
  known(): ReadonlyArray<{ readonly instanceId: string; readonly moduleId: string }> {
    const alive = this.runtime.list().map(({ instanceId, moduleId }) => ({ instanceId, moduleId }))
    return [...alive, ...this.closed]
  }

  /** Of the instances that can be shown then. */
  statesAt(moment: Moment, ids: ReadonlyArray<string>): ReadonlyMap<string, unknown> {
    const states = new Map(
      this.runtime.list().map(({ instanceId, runtime }) => [instanceId, runtime.unsafe.getState() as unknown])
    )
    if (moment === "live") return states
    this.reach(moment)
    return this.history.statesAt(
      moment,
      ids.map((instanceId) => ({ instanceId, state: states.get(instanceId) }))
    )
  }

  moduleOf(instanceId: string): string {
    const life = this.history.instances.find((life) => life.instanceId === instanceId)
    // Not every one that there is a trace of is still known.
    return life?.moduleId ?? moduleOf(instanceId)
  }

  /** The state as panels may see it. */
  redacted(instanceId: string, state: unknown): unknown {
    return this.redaction.state(this.moduleOf(instanceId), state)
  }

  /** Of an action, as panels may see it. */
  payloadOf(instanceId: string | undefined, action: Commit.AnyAction): unknown {
    return this.redaction.action(instanceId === undefined ? "" : this.moduleOf(instanceId), action).payload
  }

  /** Of the history, those that are not alive. */
  get closed(): ReadonlyArray<InstanceLife> {
    return this.history.instances.filter(({ endedAt }) => endedAt !== undefined)
  }

  get closedIds(): ReadonlyArray<string> {
    return this.closed.map(({ instanceId }) => instanceId)
  }

  lock(instances: ReadonlyArray<string> | undefined): TravelState {
    this.#lockedWhole ||= instances === undefined
    this.#ended = undefined
    this.#own(() => Devtools.lock(this.runtime, instances))
    return this.afterwards()
  }

  unlock(instances: ReadonlyArray<string> | undefined): TravelState {
    this.#lockedWhole = false
    this.#met = undefined
    this.#own(() => Devtools.unlock(this.runtime, instances))
    return this.afterwards()
  }

  live(instances: ReadonlyArray<string> | undefined): TravelState {
    this.#ended = undefined
    this.#own(() => Devtools.live(this.runtime, instances))
    return this.afterwards()
  }

  endTravelFirst(on: boolean): TravelState {
    this.#waitAgain?.()
    this.#waitAgain = on
      ? Devtools.endTravelFirst(this.runtime, () => {
          this.#ended = "entry"
        })
      : undefined
    return this.afterwards()
  }

  lockWhen(condition: Condition | undefined): TravelState {
    this.#hold(condition)
    return this.afterwards()
  }

  /** Commits are looked at while there is a condition. */
  #hold(condition: Condition | undefined): void {
    this.#condition = condition
    this.#endMeeting?.()
    this.#endMeeting =
      condition === undefined ? undefined : this.runtime.onCommit((commit) => this.#meet(commit))
  }

  #meet(commit: Commit.Commit): void {
    const { instanceId, seq, txnId } = commit
    if (this.#condition === undefined || this.#met !== undefined) return
    if (!isMet(this.#condition, commit, this.redaction)) return
    this.#met = { at: { seq, n: 0 }, txnId, instanceId }
    this.#ended = undefined
    this.#lockedWhole = true
    this.#own(() => Devtools.lockNow(this.runtime))
    this.isHeld = true
    this.#watch()
  }

  pause(): TravelState {
    if (!this.#recorder.isPaused()) {
      this.#recorder.pause()
      this.log.pause()
    }
    return this.afterwards()
  }

  resume(): TravelState {
    if (this.#recorder.isPaused()) {
      this.#recorder.resume()
      this.log.resume()
    }
    return this.afterwards()
  }

  /** What was before what is shown now is let go of. */
  commitShown(): TravelState {
    const shown = new Map(
      this.runtime
        .list()
        .filter(({ runtime }) => Devtools.statusOf(runtime).travelled)
        .map(({ instanceId, runtime }) => [instanceId, runtime.unsafe.getState() as unknown])
    )
    this.#recorder.settle()
    const before = this.history.end
    if (shown.size > 0) this.#own(() => Devtools.become(this.runtime, shown, "commit"))
    // What has waited enters after the last of devtools' own.
    const own = this.history
      .after(before)
      .findLast(
        ({ origin }) => origin.kind === "devtools" && (origin.name === "commit" || origin.name === "live")
      )
    this.history.forget(own?.seq ?? before)
    return this.afterwards()
  }

  revert(): Success<"Revert"> {
    const moment = this.history.base
    const states = this.history.statesAt(moment, this.#alive(undefined))
    this.#own(() => Devtools.become(this.runtime, states, "revert"))
    this.afterwards()
    return this.#travelled(moment, states, undefined)
  }

  reset(): TravelState {
    this.#own(() => Devtools.become(this.runtime, Devtools.initialStates(this.runtime), "reset"))
    return this.afterwards()
  }

  /** Where its instances are, after a panel has moved them. */
  afterwards(): TravelState {
    const state = this.travelState
    this.isHeld = state.travelling || state.locked.length > 0
    this.#watch()
    return state
  }

  counts(malformed: number): Counts {
    const { history, latest, log, oldest, runtime } = this
    const { appended, dropped, length } = history
    return {
      trace: runtime.trace.counts(),
      history: { length, appended, dropped, oldest, latest, own: this.#walk.end },
      places: log.places,
      malformed
    }
  }

  #alive(asked: ReadonlySet<string> | undefined): ReadonlyArray<InstanceState> {
    return this.runtime
      .list()
      .filter(({ instanceId }) => asked?.has(instanceId) ?? true)
      .map(({ instanceId, runtime }) => ({ instanceId, state: runtime.unsafe.getState() as unknown }))
  }

  #travelled(
    moment: number,
    states: ReadonlyMap<string, unknown>,
    instances: ReadonlyArray<string> | undefined
  ): Success<"Travel"> {
    return {
      moment,
      shown: [...states.keys()],
      passedOver: (instances ?? this.closedIds).filter((id) => !states.has(id)),
      ...this.#walk.times(moment)
    }
  }

  travel(given: number, instances: ReadonlyArray<string> | undefined): Success<"Travel"> {
    this.reach(given)
    const moment = this.history.momentOf(given)
    const states = this.history.statesAt(moment, this.#alive(instances && new Set(instances)))
    this.show(states)
    this.moment = moment
    return this.#travelled(moment, states, instances)
  }

  /** Shows states that may be of no moment. */
  show(states: ReadonlyMap<string, unknown>): void {
    this.#ended = undefined
    this.#own(() => this.runtime.travel.to(states))
    this.isHeld = true
    this.moment = undefined
    this.#watch()
  }

  step(by: -1 | 1): Success<"Step"> {
    return this.travel(this.#walk.step(this.moment ?? this.latest, by), undefined)
  }
}
