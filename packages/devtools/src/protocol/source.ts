/** One runtime that a page serves: its history, its log, and where panels have sent it. */
import type { Commit } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import { History, type InstanceLife } from "../session/history.ts"
import { record } from "../session/record.ts"
import { travelsOf } from "../session/recording.ts"
import { makeRedaction, type Redaction } from "../session/redact.ts"
import { OutOfReach, UnknownInstance } from "./errors.ts"
import { Insight } from "./insightSource.ts"
import { Log } from "./log.ts"
import type { Counts, Moment, RuntimeInfo, Success, TravelState } from "./messages.ts"
import { clip } from "./place.ts"
import type { ServedRuntime, ServeOptions } from "./served.ts"

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

  constructor(
    id: string,
    runtime: ServedRuntime,
    options: ServeOptions,
    told: { rows: () => void; changed: () => void }
  ) {
    const { callSites = false, history: capacity, redact = [] } = options
    this.id = id
    this.insight = new Insight(runtime, options)
    this.redaction = makeRedaction(redact)
    this.runtime = runtime
    this.status = runtime.status
    this.history = new History(capacity)
    this.log = new Log(this.history, runtime.trace, told.rows, this.redaction.action)
    if (callSites) this.insight.keepCallSites()
    this.#ends = [
      () => this.insight.end(),
      record(runtime, this.history),
      this.history.subscribe(told.rows),
      runtime.travel.subscribe(() => {
        // Someone else has brought it back.
        if (this.isHeld && !runtime.travel.active()) this.isHeld = this.#lockedWhole = false
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

  /** Without a panel nothing would lead back. */
  letGo(): void {
    this.insight.letGo()
    this.#lockedWhole = false
    if (this.isHeld) this.runtime.travel.live()
    this.isHeld = false
    this.moment = undefined
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
    const statuses = this.runtime
      .list()
      .map(({ instanceId, runtime }) => ({ instanceId, ...Devtools.statusOf(runtime) }))
    const idsOf = (which: "travelled" | "locked") =>
      statuses.filter((status) => status[which]).map(({ instanceId }) => instanceId)
    const travelled = idsOf("travelled")
    if (travelled.length === 0) this.moment = undefined
    return {
      travelling: travelled.length > 0,
      ...(this.moment === undefined ? {} : { moment: this.moment }),
      travelled,
      locked: idsOf("locked")
    }
  }

  get oldest(): number {
    return this.history.base
  }

  get latest(): number {
    return this.history.latest?.seq ?? 0
  }

  commitAt(seq: number): Commit.Commit | undefined {
    return this.history.at(seq - (this.history.oldest?.seq ?? 0))
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
    return this.history.instances.find((life) => life.instanceId === instanceId)?.moduleId ?? ""
  }

  /** The state as panels may see it. */
  redacted(instanceId: string, state: unknown): unknown {
    return this.redaction.state(this.moduleOf(instanceId), state)
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
    Devtools.lock(this.runtime, instances)
    return this.afterwards()
  }

  unlock(instances: ReadonlyArray<string> | undefined): TravelState {
    this.#lockedWhole = false
    Devtools.unlock(this.runtime, instances)
    return this.afterwards()
  }

  /** Where its instances are, after a panel has moved them. */
  afterwards(): TravelState {
    const state = this.travelState
    this.isHeld = state.travelling || state.locked.length > 0
    return state
  }

  counts(malformed: number): Counts {
    const { history, latest, log, oldest, runtime } = this
    const { appended, dropped, length } = history
    return {
      trace: runtime.trace.counts(),
      history: { length, appended, dropped, oldest, latest },
      places: log.places,
      malformed
    }
  }

  travel(given: number, instances: ReadonlyArray<string> | undefined): Success<"Travel"> {
    this.reach(given)
    const moment = this.history.momentOf(given)
    const asked = instances && new Set(instances)
    const alive = this.runtime.list().filter(({ instanceId }) => asked?.has(instanceId) ?? true)
    const states = this.history.statesAt(
      moment,
      alive.map(({ instanceId, runtime }) => ({ instanceId, state: runtime.unsafe.getState() as unknown }))
    )
    this.runtime.travel.to(states)
    this.isHeld = true
    this.moment = moment
    return {
      moment,
      shown: [...states.keys()],
      passedOver: (instances ?? this.closedIds).filter((id) => !states.has(id))
    }
  }

  step(by: -1 | 1): Success<"Step"> {
    let travels: ReadonlySet<Commit.Commit> | undefined
    const isOwn = (seq: number) => {
      const commit = this.commitAt(seq)
      if (commit?.origin.kind !== "devtools") return false
      if (commit.origin.name === "jump" || commit.origin.name === "live") return true
      // An edit is its own where it stayed. This looks through the whole history.
      travels ??= travelsOf(this.history.after(0))
      return travels.has(commit)
    }
    let moment = this.moment ?? this.latest
    // What travel committed shows other moments: from there, the last of its own.
    while (moment > this.oldest && isOwn(moment)) moment--
    if (by === 1) {
      do moment++
      while (moment <= this.latest && isOwn(moment))
    } else {
      const from = moment
      do moment--
      while (moment > this.oldest && (isOwn(moment) || this.history.momentOf(moment) >= from))
    }
    return this.travel(moment, undefined)
  }
}
