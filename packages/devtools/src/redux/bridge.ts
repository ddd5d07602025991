/** One runtime, shown and driven by the Redux DevTools extension. */
import type { Commit, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import { instanceOf } from "@sluice/core/ModuleRuntime"
import { makeRedaction, type RedactionRule } from "../session/redact.ts"
import { reducersOf } from "../session/reducers.ts"
import { offered, readAction } from "./actions.ts"
import { exportUnavailable, importRefused, noSuchEntry } from "./errors.ts"
import { type Config, type Connection, type Extension, findExtension, postExport } from "./extension.ts"
import { importLog } from "./history.ts"
import {
  type Entry,
  groupsOf,
  type Live,
  Log,
  type LogOptions,
  performed,
  shownAction,
  shownMany,
  squash,
  type States
} from "./log.ts"
import { type Call, decodeImport, decodeMessage, type Import, type Message, type Order } from "./messages.ts"

export interface ReduxDevtoolsOptions {
  /** What the monitor calls the runtime. Default: its label. */
  readonly name?: string
  /** Entries that the monitor keeps, at least 2; older ones become its beginning. Default 50. */
  readonly maxAge?: number
  /** Milliseconds between two sendings, at least. Default 250. */
  readonly latency?: number
  /** Told of what the monitor asked for and did not get: MonitorRefused, or the app's own error. The monitor shows it, too. */
  readonly onRefused?: (error: unknown) => void
  /** What the monitor is not to see, of states and payloads. Messages of errors are sent as they are. */
  readonly redact?: ReadonlyArray<RedactionRule>
  /** The most of the time, between 0 and 1, that sending takes. Default 0.1. */
  readonly share?: number
}

/**
 * Shows the runtime in the Redux DevTools extension and lets that drive it; returns what ends it. Where there is no
 * extension it does nothing. While no monitor is open, nothing is recorded or sent; when the last one closes, the
 * app comes back to live.
 */
export const reduxDevtools = (
  runtime: Runtime.AnyRuntime,
  options: ReduxDevtoolsOptions = {}
): (() => void) => {
  const extension = findExtension()
  if (extension === undefined) return () => {}
  const bridge = new Bridge(runtime, extension, options)
  return () => bridge.disconnect()
}

/** The most transactions of one entry that are kept one by one; more become a patch. */
const maxKept = 2_000

/** The most milliseconds that a whole list is to take, by what one state took last. */
const maxMillis = 500

/** Names of the entries by which the monitor's orders become the app's own states. */
const ownNames: ReadonlySet<string> = new Set([
  "redux commit",
  "redux rollback",
  "redux reset",
  "redux sweep",
  "redux import"
])

/** What a monitor is not needed for. */
const quiet: ReadonlySet<Message["type"]> = new Set(["START", "STOP", "OPTIONS"])

const isOwn = ({ origin }: Commit.Commit): boolean => origin.kind === "devtools" && ownNames.has(origin.name)

const parseHistory = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw importRefused([], String(error))
  }
}

class Bridge {
  readonly #runtime: Runtime.AnyRuntime
  readonly #extension: Extension
  readonly #config: Config
  readonly #connection: Connection
  readonly #logOptions: LogOptions
  readonly #latency: number
  readonly #share: number
  readonly #onRefused: ((error: unknown) => void) | undefined
  readonly #endMessages: (() => void) | undefined
  /** What ends the recording; `undefined` while no monitor is open. Written by `#start` and `#stop`. */
  #ends: ReadonlyArray<() => void> | undefined
  #log: Log
  /** Committed and not in the list yet. Written by `#note` and `#absorb`. */
  #pending: Array<Commit.Commit> = []
  /** How many transactions those are. */
  #pendingCount = 0
  /** What an order has just made the instances' own. Written by `#note` and `#become`. */
  readonly #became = new Map<string, unknown>()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Milliseconds that the sending of one state took last. */
  #cost = 0
  /** Whether the monitor's list is not this one, because a sending failed. */
  #isStale = false
  /** Whether the monitor has not been sent the states of all places. */
  #isPartial = false
  #isPaused = false
  #isLocked = false
  /** Whether the app shows another moment because the monitor wanted it. */
  #isAway = false
  /** Whether an order is being carried out, so that what it does to travel is no news. */
  #isActing = false

  constructor(runtime: Runtime.AnyRuntime, extension: Extension, options: ReduxDevtoolsOptions) {
    this.#runtime = runtime
    this.#extension = extension
    this.#latency = Math.max(0, options.latency ?? 250)
    this.#share = Math.min(1, Math.max(0.001, options.share ?? 0.1))
    this.#onRefused = options.onRefused
    const maxAge = Math.max(2, options.maxAge ?? 50)
    this.#logOptions = {
      reducers: reducersOf(runtime),
      maxAge,
      redaction: makeRedaction(options.redact ?? [])
    }
    this.#config = {
      name: options.name ?? runtime.label,
      maxAge,
      // The extension's own filter would leave entries out of its list, and its numbers would not be these.
      actionsAllowlist: ".",
      actionCreators: [],
      features: {
        lock: true,
        pause: true,
        persist: true,
        export: "custom",
        import: "custom",
        jump: true,
        skip: true,
        reorder: true,
        dispatch: true,
        sync: false,
        test: false
      }
    }
    this.#log = this.#newLog([])
    this.#connection = extension.connect(this.#config)
    this.#endMessages = this.#connection.subscribe((message) => this.#receive(message))
  }

  disconnect(): void {
    this.#stop()
    this.#endMessages?.()
    this.#connection.unsubscribe()
  }

  // --- what comes from the monitor ------------------------------------------------------------------------

  #receive(given: unknown): void {
    try {
      this.#isActing = true
      const message = decodeMessage(given)
      // Who orders something is a monitor.
      if (this.#ends === undefined && !quiet.has(message.type)) this.#start()
      this.#handle(message)
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#isActing = false
    }
  }

  #refuse(error: unknown): void {
    this.#connection.error(error instanceof Error ? error.message : String(error))
    this.#onRefused?.(error)
  }

  #handle(message: Message): void {
    switch (message.type) {
      case "OPTIONS":
        return
      case "START":
        return this.#start()
      case "STOP":
        return this.#stop()
      case "UPDATE":
        this.#absorb()
        return this.#sendAll()
      case "EXPORT":
        return this.#export()
      case "ACTION":
        return this.#dispatch(message.payload)
      case "IMPORT":
        return this.#import(decodeImport(parseHistory(message.state)))
      case "DISPATCH":
        return this.#obey(message.payload)
    }
  }

  #obey(order: Order): void {
    switch (order.type) {
      case "JUMP_TO_STATE":
        return this.#jump(order.index)
      case "JUMP_TO_ACTION": {
        const place = this.#log.placeOf(order.actionId)
        if (place === undefined) throw noSuchEntry(`action ${order.actionId}`)
        return this.#jump(place)
      }
      case "TOGGLE_ACTION":
        return this.#change([order.id], (log) => log.toggle(order.id))
      case "SET_ACTIONS_ACTIVE": {
        const { active, end, start } = order
        return this.#change([], (log) =>
          log.setActive(
            log.ids.filter((id) => start <= id && id < end),
            active
          )
        )
      }
      case "REORDER_ACTION":
        return this.#change([order.actionId], (log) => log.reorder(order.actionId, order.beforeActionId))
      case "SWEEP":
        return this.#sweep()
      case "COMMIT":
        return this.#restartAt(
          this.#isAway ? this.#log.statesAt(this.#log.position) : new Map(),
          "redux commit"
        )
      case "ROLLBACK":
        return this.#restartAt(this.#log.base, "redux rollback")
      case "RESET":
        return this.#restartAt(Devtools.initialStates(this.#runtime), "redux reset")
      case "LOCK_CHANGES":
        return this.#lock(order.status)
      case "PAUSE_RECORDING":
        return this.#pause(order.status)
      case "IMPORT_STATE":
        return this.#import(order)
    }
  }

  // --- recording ------------------------------------------------------------------------------------------

  #start(): void {
    if (this.#ends === undefined) {
      this.#ends = [
        this.#runtime.onCommit((commit) => this.#note(commit)),
        this.#runtime.travel.subscribe(() => this.#travelled()),
        this.#runtime.subscribe(() => {
          if (this.#isLocked) Devtools.lock(this.#runtime)
        })
      ]
      this.#log = this.#newLog(this.#live())
    }
    this.#absorb()
    this.#init()
    if (this.#log.end > 0) this.#sendAll()
  }

  #stop(): void {
    for (const end of this.#ends ?? []) end()
    this.#ends = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#forgetPending()
    // Nobody is left to come back by.
    if (this.#isLocked) Devtools.unlock(this.#runtime)
    if (this.#isAway) Devtools.live(this.#runtime)
    this.#isLocked = false
    this.#isAway = false
    this.#log = this.#newLog([])
  }

  #newLog(live: ReadonlyArray<Live>): Log {
    return new Log(live, this.#logOptions)
  }

  /** The instances' own states, whatever they show. */
  #live(): ReadonlyArray<Live> {
    return this.#runtime.list().map(({ instanceId, moduleId, runtime }) => ({
      instanceId,
      moduleId,
      state: instanceOf(runtime)?.liveState as unknown
    }))
  }

  #note(commit: Commit.Commit): void {
    if (isOwn(commit)) {
      this.#became.set(commit.instanceId, commit.next)
      return
    }
    if (commit.origin.kind === "devtools" && this.#isElsewhere(commit)) return
    this.#pending.push(commit)
    this.#pendingCount++
    if (this.#pending.length >= 2 * maxKept) this.#pending = [...squash(this.#pending, this.#pendingCount)]
    if (!this.#isPaused) this.#schedule(this.#latency)
  }

  /** Whether it is of another moment, or comes back from there: the instance's own state is as it was. */
  #isElsewhere({ instanceId, next, origin }: Commit.Commit): boolean {
    const face = this.#runtime.list().find((one) => one.instanceId === instanceId)?.runtime
    return (
      origin.name === "jump" ||
      origin.name === "live" ||
      (face !== undefined && instanceOf(face)?.liveState !== next)
    )
  }

  #schedule(millis: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#flush()
    }, millis)
  }

  #forgetPending(): void {
    this.#pending = []
    this.#pendingCount = 0
  }

  // --- sending --------------------------------------------------------------------------------------------

  /** Puts what is pending into the list, in as many entries as can be sent in time; of too many, the first are one. */
  #absorb(): ReadonlyArray<Entry> {
    const budget = Math.max(this.#latency, 100) * this.#share
    const affordable = this.#cost > 0 ? Math.floor(budget / this.#cost) : Infinity
    const most = Math.min(this.#config.maxAge - 1, Math.max(1, affordable))
    const commits = this.#pending
    const count = this.#pendingCount
    this.#forgetPending()
    // Those that it does not know, as they were before these.
    for (const { instanceId, moduleId, next, origin, previous } of commits)
      this.#log.meet({ instanceId, moduleId, state: origin.kind === "init" ? next : previous })
    for (const live of this.#live()) this.#log.meet(live)
    if (commits.length === 0) return []
    const groups = groupsOf(commits)
    // Some are squashed already where there are fewer than were counted.
    const single = count > commits.length ? 0 : groups.length <= most ? groups.length : most - 1
    const many = groups.slice(0, groups.length - single).flat()
    const manyCount = count - groups.slice(groups.length - single).flat().length
    return [
      ...(many.length === 0 ? [] : [this.#appendMany(many, manyCount)]),
      ...groups
        .slice(groups.length - single)
        .map((group) =>
          this.#log.append(
            group,
            shownAction(group, this.#logOptions.redaction),
            group[0]?.startedAt ?? Date.now()
          )
        )
    ]
  }

  #appendMany(commits: ReadonlyArray<Commit.Commit>, count: number): Entry {
    const kept = commits.length > maxKept ? squash(commits, count) : commits
    return this.#log.append(kept, shownMany(count, commits), commits.at(-1)?.startedAt ?? Date.now())
  }

  #flush(): void {
    if (this.#ends === undefined || this.#isPaused) return
    const begun = performance.now()
    try {
      const isPlain = this.#log.asItWas
      const entries = this.#absorb()
      if (entries.length === 0) return
      if (isPlain) this.#send(entries)
      else this.#sendAll()
    } catch (error) {
      // Not into the app. The monitor lacks something now: the next time it is given all.
      this.#isStale = true
      this.#refuse(error)
    }
    const spent = performance.now() - begun
    // Holds back what comes until then; if nothing does, it sends nothing.
    this.#schedule(Math.max(this.#latency, spent / this.#share - spent))
  }

  /** Each with its state, while all is as it was. */
  #send(entries: ReadonlyArray<Entry>): void {
    if (this.#isStale) return this.#sendAll()
    const begun = performance.now()
    for (const entry of entries) {
      const place = this.#log.placeOf(entry.id)
      if (place !== undefined)
        this.#connection.send(performed(entry), this.#log.shown(this.#log.statesAt(place)))
    }
    this.#cost = (performance.now() - begun) / entries.length
  }

  /** Where states are large, only as many of them as can be sent in a moment, around the place that is shown. */
  #sendAll(): void {
    if (this.#isPaused) return
    const { end, position } = this.#log
    const most = this.#cost > 0 ? Math.max(3, Math.floor(maxMillis / this.#cost)) : Infinity
    const isSent = (place: number) => place === end || 2 * Math.abs(place - position) < most
    const lifted = this.#log.lifted(this.#flags, isSent)
    if (this.#extension.send === undefined) this.#connection.send(null, lifted)
    else this.#extension.send(null, lifted, this.#config)
    this.#isStale = false
    this.#isPartial = 2 * Math.max(position, end - position) >= most
  }

  get #flags() {
    return { isLocked: this.#isLocked, isPaused: this.#isPaused }
  }

  #init(): void {
    const { actionCreators } = this.#config
    actionCreators.splice(0, actionCreators.length, ...offered(this.#runtime))
    const begun = performance.now()
    this.#connection.init(this.#log.shown(this.#log.base), this.#flags)
    this.#cost = performance.now() - begun
    this.#isStale = false
    this.#isPartial = false
  }

  // --- orders ---------------------------------------------------------------------------------------------

  #dispatch(given: string | Call): void {
    const { instanceId, ...action } = readAction(this.#runtime, given)
    const { waits } = Devtools.dispatch(this.#runtime, instanceId, action)
    if (!waits) return
    this.#connection.error(
      `${action._tag} on ${instanceId} waits: it is entered when the monitor is back at its last entry and nothing is locked.`
    )
  }

  /** The place is one of the list as the monitor has it: what it has not been shown comes behind. */
  #jump(place: number): void {
    if (place > this.#log.end) throw noSuchEntry(`state ${place}`)
    const isNews = this.#absorb().length > 0
    this.#arrange((log) => {
      log.position = place
    })
    if (isNews || this.#isPartial) this.#sendAll()
  }

  /** Shows the list's position after the change. If a state is refused, the list is as it was. */
  #arrange(change: (log: Log) => void): void {
    const before = this.#log.arrangement
    try {
      change(this.#log)
      this.#showPosition()
    } catch (error) {
      this.#log.arrangement = before
      this.#sendAll()
      throw error
    }
  }

  /** Its last place, as long as all is as it was, is what the instances have themselves. */
  #showPosition(): void {
    const { asItWas, end, position } = this.#log
    if (asItWas && position === end) return this.#comeBack()
    this.#runtime.travel.to(this.#log.statesAt(position))
    this.#isAway = true
  }

  #comeBack(): void {
    if (!this.#isAway) return
    this.#isAway = false
    Devtools.live(this.#runtime)
  }

  /** Someone else has brought the instances back, or let in what the lock holds. */
  #travelled(): void {
    if (this.#isActing || !(this.#isAway || this.#isLocked)) return
    const statuses = this.#runtime.list().map(({ runtime }) => Devtools.statusOf(runtime))
    const isBack = this.#isAway && !statuses.some(({ travelled }) => travelled)
    const isUnlocked = this.#isLocked && statuses.length > 0 && !statuses.some(({ locked }) => locked)
    if (!isBack && !isUnlocked) return
    if (isUnlocked) this.#isLocked = false
    if (isBack) {
      this.#isAway = false
      this.#log.restore()
    }
    this.#absorb()
    if (isBack) this.#log.position = this.#log.end
    this.#sendAll()
  }

  /** Skips or reorders, and shows what there would be. */
  #change(ids: ReadonlyArray<number>, change: (log: Log) => void): void {
    for (const id of ids)
      if (id === 0 || this.#log.placeOf(id) === undefined) throw noSuchEntry(`action ${id}`)
    this.#absorb()
    this.#arrange(change)
    this.#sendAll()
  }

  #sweep(): void {
    this.#absorb()
    if (this.#log.asItWas) return this.#sendAll()
    this.#become(this.#log.statesAt(this.#log.end), "redux sweep")
    this.#log.sweep()
    this.#log.position = this.#log.end
    this.#sendAll()
  }

  /** The states become the instances' own, and the list begins with them. Instances without one keep theirs. */
  #restartAt(states: States, name: string): void {
    const before = this.#live()
    if (states.size > 0) this.#become(states, name)
    else {
      this.#forgetPending()
      this.#comeBack()
    }
    this.#log = this.#newLog(
      before.map((live) => {
        const { instanceId } = live
        if (this.#became.has(instanceId)) return { ...live, state: this.#became.get(instanceId) }
        return live
      })
    )
    this.#init()
  }

  /**
   * In one moment, before what has waited: that is recorded as it enters. What was pending is before it, and no entry
   * of the list that follows; where the states are refused it is still to come.
   */
  #become(states: States, name: string): void {
    const [pending, count] = [this.#pending, this.#pendingCount]
    this.#forgetPending()
    this.#became.clear()
    try {
      Devtools.become(this.#runtime, states, name)
      this.#isAway = false
    } catch (error) {
      this.#pending = [...pending, ...this.#pending]
      this.#pendingCount += count
      // It may have come back before it was refused.
      this.#isAway &&= this.#runtime.list().some(({ runtime }) => Devtools.statusOf(runtime).travelled)
      throw error
    }
  }

  #lock(isLocked: boolean): void {
    this.#isLocked = isLocked
    if (isLocked) Devtools.lock(this.#runtime)
    else Devtools.unlock(this.#runtime)
    this.#absorb()
    this.#sendAll()
  }

  #pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (isPaused) return
    this.#absorb()
    this.#sendAll()
  }

  #import(given: Import): void {
    const log = importLog(given, {
      runtime: this.#runtime,
      live: this.#live(),
      ...this.#logOptions,
      base: this.#log.base
    })
    this.#become(log.latest, "redux import")
    this.#log = log
    this.#showPosition()
    this.#sendAll()
  }

  #export(): void {
    const { instanceId } = this.#config
    if (instanceId === undefined) throw exportUnavailable()
    this.#absorb()
    const lifted = this.#log.recorded()
    postExport(instanceId, JSON.stringify(lifted), JSON.stringify(lifted.committedState))
    this.#sendAll()
  }
}
