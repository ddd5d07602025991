/** The page's side: keeps the history of its runtimes, and does what invited panels ask for. */
import type { Commit, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import * as Schema from "effect/Schema"
import * as Result from "effect/Result"
import { decode } from "../codec/index.ts"
import { diff, formatPath } from "../diff.ts"
import { exportSession, importSession } from "../session/document.ts"
import { makeTest } from "../session/makeTest.ts"
import type { Recording } from "../session/recording.ts"
import { formatPath as formatKeys } from "../session/paths.ts"
import { recompute, type Recomputed, show } from "../session/recompute.ts"
import { makeRedaction, type Redaction, type RedactionRule, redactRecording } from "../session/redact.ts"
import { reducersOf } from "../session/reducers.ts"
import { replay } from "../session/replay.ts"
import { History, type InstanceLife } from "../session/history.ts"
import {
  Answered,
  InvalidRequest,
  NotKept,
  OutOfReach,
  Refused,
  UnknownInstance,
  UnknownRuntime
} from "./errors.ts"
import { Log, type Reader } from "./log.ts"
import {
  type Call,
  type CallOf,
  type CallTag,
  type Counts,
  decodeNumbered,
  decodeOpening,
  decodePanelMessage,
  encodeError,
  maxChanges,
  maxRows,
  maxText,
  type Moment,
  type PanelMessage,
  type Root,
  type RuntimeInfo,
  type SentByPage,
  type Success,
  type TravelState,
  version
} from "./messages.ts"
import { clip, follow, keysOnly, pageOf, put, sendableSteps, valueOf } from "./place.ts"
import type { Port } from "./port.ts"

/** The parts of a runtime that are served. Every runtime is one. */
export interface ServedRuntime extends Pick<
  Runtime.AnyRuntime,
  "label" | "status" | "instances" | "list" | "trace" | "onCommit" | "travel" | "subscribe"
> {}

export interface ServeOptions {
  /** Commits to keep of each runtime. Default 5,000. */
  readonly history?: number
  /**
   * What no panel is to see, of states and payloads. Messages of errors and details of origins are sent as they are;
   * travel shows the page what it has.
   */
  readonly redact?: ReadonlyArray<RedactionRule>
}

export interface AcceptOptions {
  /** Lets only a panel in that brings an invitation which `invite` has made. */
  readonly invited?: boolean
}

/** What the page refused: messages of any port, and panels. */
export interface Refusals {
  readonly messages: number
  readonly panels: number
  /** Why, the last time. */
  readonly last: string | undefined
}

export interface Served {
  /** Another one after each reload of the page. */
  readonly page: string
  /** Serves another runtime. Returns the function that ends it. */
  readonly add: (runtime: ServedRuntime) => () => void
  /** An invitation for one panel, once. Whoever has it is let in: give it to nobody else. */
  readonly invite: (nonce?: string) => string
  /** Takes the invitation, if there is such a one. */
  readonly admit: (nonce: string) => boolean
  /** Serves whoever is at the other end. It is not believed: nothing that it sends throws here. */
  readonly accept: (port: Port, options?: AcceptOptions) => void
  /** How many panels are connected. */
  readonly panels: () => number
  readonly refused: () => Refusals
  /** Closes all ports, ends travel and locks that panels began, and lets the histories go. */
  readonly close: () => void
}

/** Between two looks at what is new. */
const restMs = 100
/** For the trace to be told of what is running. */
const settleMs = 4
/** Batches on their way to a subscription that it has not acknowledged. */
const maxUnacked = 2
const maxSubscriptions = 100
const maxKept = 4
/** Characters of an upload. */
const maxUpload = 50_000_000
/** Older ones are void. */
const maxInvitations = 1000
const helloMs = 10_000

const random = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

interface Subscription {
  readonly id: number
  readonly source: Source
  readonly reader: Reader
  unacked: number
}

/** One runtime, served. */
class Source {
  readonly id: string
  readonly runtime: ServedRuntime
  readonly history: History
  readonly log: Log
  /** Where panels have sent its instances. Written by `travel` and `live`. */
  moment: number | undefined = undefined
  /** As panels know it. */
  status: ServedRuntime["status"]
  /** Whether a panel holds it anywhere. */
  isHeld = false
  readonly #ends: ReadonlyArray<() => void>

  readonly redaction: Redaction

  constructor(
    id: string,
    runtime: ServedRuntime,
    { history: capacity, redact = [] }: ServeOptions,
    told: { rows: () => void; changed: () => void }
  ) {
    this.id = id
    this.redaction = makeRedaction(redact)
    this.runtime = runtime
    this.status = runtime.status
    this.history = new History(capacity)
    this.log = new Log(this.history, runtime.trace, told.rows)
    this.#ends = [
      runtime.onCommit((commit) => {
        this.history.append([commit])
        told.rows()
      }),
      runtime.travel.subscribe(told.changed),
      runtime.subscribe(() => {
        this.observe()
        told.changed()
      })
    ]
    this.observe()
  }

  end(): void {
    for (const end of this.#ends) end()
    this.log.close()
    this.letGo()
  }

  /** Without a panel nothing would lead back. */
  letGo(): void {
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

  private observe(): void {
    const live = this.runtime.list().map(({ instanceId, moduleId, runtime }) => ({
      instanceId,
      moduleId,
      state: runtime.unsafe.getState() as unknown
    }))
    this.history.observe(live)
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
    const isOwn = (seq: number) => this.commitAt(seq)?.origin.kind === "devtools"
    let moment = this.moment ?? this.latest
    // What devtools committed shows other moments: from there, the last one that the app made.
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

type Handlers = { readonly [Tag in CallTag]: (call: CallOf<Tag>, panel: Panel) => Success<Tag> }

/** What a panel has made here: the newest few, by number. */
class Kept<A> {
  readonly #what: NotKept["what"]
  readonly #values = new Map<number, A>()
  #last = 0

  constructor(what: NotKept["what"]) {
    this.#what = what
  }

  add(value: A): number {
    this.#values.set(++this.#last, value)
    this.#values.delete(this.#last - maxKept)
    return this.#last
  }

  get(id: number): A {
    const value = this.#values.get(id)
    if (value === undefined) throw new NotKept({ what: this.#what, id })
    return value
  }

  delete(id: number): void {
    this.#values.delete(id)
  }
}

/** One panel's connection, from the moment that its port is accepted. */
class Panel {
  readonly port: Port
  /** Written by `welcome`. */
  welcomed = false
  readonly subscriptions = new Map<number, Subscription>()
  readonly recomputed = new Kept<Recomputed>("recomputed")
  readonly sessions = new Kept<Recording>("session")
  readonly texts = new Kept<string>("text")
  readonly uploads = new Kept<{ parts: Array<string>; length: number }>("upload")
  /** Of runtimes; sent with the next tick that finds the last ones acknowledged. */
  readonly changed = new Set<Source>()
  runtimesChanged = false
  changesUnacked = 0

  constructor(port: Port) {
    this.port = port
  }

  send(message: SentByPage): void {
    this.port.send(message)
  }
}

/**
 * Serves one runtime or several. It records their commits from now on, whether or not a panel is connected; the
 * trace is read only while one is.
 */
export const serve = (
  runtimes: ServedRuntime | ReadonlyArray<ServedRuntime>,
  options: ServeOptions = {}
): Served => {
  const page = random()
  const sources = new Map<string, Source>()
  const panels = new Set<Panel>()
  const invitations = new Set<string>()
  let numbers = 0
  let subscriptionNumbers = 0
  let refusedMessages = 0
  let refusedPanels = 0
  let lastRefusal: string | undefined
  let isClosed = false

  // --- telling panels -----------------------------------------------------------------------------------

  let timer: ReturnType<typeof setTimeout> | undefined
  let lastTick = -Infinity

  const request = (rest = restMs): void => {
    if (timer !== undefined || panels.size === 0) return
    timer = setTimeout(tick, Math.max(settleMs, Math.min(rest, lastTick + rest - performance.now())))
  }

  const tick = (): void => {
    timer = undefined
    lastTick = performance.now()
    let isBehind = false
    for (const panel of panels) {
      sendChanges(panel)
      for (const subscription of panel.subscriptions.values()) sendRows(panel, subscription)
    }
    for (const { log } of sources.values()) {
      if (!log.isOpen || !log.isBehind) continue
      log.settle()
      isBehind = true
    }
    if (isBehind) request(settleMs)
  }

  const sendRows = (panel: Panel, subscription: Subscription): void => {
    const { id, reader, source } = subscription
    while (subscription.unacked < maxUnacked) {
      const { gap, more, rows } = source.log.next(reader, maxRows)
      if (rows.length === 0 && gap.commits === 0 && gap.events === 0) return
      subscription.unacked++
      panel.send({ _tag: "Rows", subscription: id, rows, gap, counts: countsOf(source) })
      if (!more) return
    }
  }

  const sendChanges = (panel: Panel): void => {
    if (panel.changesUnacked > 0) return
    if (panel.runtimesChanged) {
      panel.changesUnacked++
      panel.send({ _tag: "Runtimes", runtimes: infos() })
    }
    for (const source of panel.changed) {
      panel.changesUnacked++
      panel.send({ _tag: "Changed", runtime: source.id, travel: source.travelState })
    }
    panel.runtimesChanged = false
    panel.changed.clear()
  }

  const infos = (): ReadonlyArray<RuntimeInfo> => Array.from(sources.values(), ({ info }) => info)

  const countsOf = ({ history, latest, oldest, runtime }: Source): Counts => ({
    trace: runtime.trace.counts(),
    history: {
      length: history.length,
      appended: history.appended,
      dropped: history.dropped,
      oldest,
      latest
    },
    malformed: refusedMessages
  })

  // --- runtimes -----------------------------------------------------------------------------------------

  const tellRuntimes = (): void => {
    for (const panel of panels) panel.runtimesChanged = true
    request()
  }

  const add = (runtime: ServedRuntime): (() => void) => {
    const source: Source = new Source(`r${++numbers}`, runtime, options, {
      rows: () => request(),
      changed: () => {
        for (const panel of panels) panel.changed.add(source)
        if (source.status === runtime.status) return request()
        source.status = runtime.status
        tellRuntimes()
      }
    })
    sources.set(source.id, source)
    if (panels.size > 0) source.log.open()
    tellRuntimes()
    return () => {
      if (!sources.delete(source.id)) return
      source.end()
      for (const panel of panels) {
        panel.changed.delete(source)
        for (const { id, source: of } of panel.subscriptions.values())
          if (of === source) panel.subscriptions.delete(id)
      }
      tellRuntimes()
    }
  }

  const sourceOf = ({ runtime }: { readonly runtime: string }): Source => {
    const source = sources.get(runtime)
    if (source === undefined) throw new UnknownRuntime({ runtime, known: [...sources.keys()] })
    return source
  }

  // --- requests -----------------------------------------------------------------------------------------

  const rootOf = (source: Source, root: Root, panel: Panel): unknown => {
    switch (root._tag) {
      case "State":
        return source.redacted(root.instanceId, source.stateOf(root.instanceId, root.moment))
      case "Payload":
        return payloadsOf(source, entryOf(source, root.at))[root.index]
      case "Details": {
        const found = entryOf(source, root.at)
        return ("commit" in found ? found.commit : found.event).origin.details
      }
      case "Error": {
        const found = entryOf(source, root.at)
        return "event" in found ? found.event.error : undefined
      }
      case "Recomputed": {
        const entry = recomputedOf(panel, root).entries[root.index]
        const state = root.side === "before" ? entry?.previous : entry?.next
        return source.redaction.state(entry?.commit.moduleId ?? "", state)
      }
    }
  }

  const payloadsOf = (source: Source, found: ReturnType<typeof entryOf>): ReadonlyArray<unknown> => {
    const { instanceId } = "commit" in found ? found.commit : found.event
    const actions =
      "commit" in found
        ? found.commit.actions
        : (found.event.payloads ?? []).map((payload, i) => ({ _tag: found.event.tags[i] ?? "", payload }))
    const moduleId = source.moduleOf(instanceId)
    return actions.slice(0, maxRows).map((action) => source.redaction.action(moduleId, action).payload)
  }

  const recomputedOf = (panel: Panel, { recomputed }: { readonly recomputed: number }): Recomputed =>
    panel.recomputed.get(recomputed)

  const recordingOf = (
    panel: Panel,
    { history }: Source,
    { session }: { readonly session?: number }
  ): Recording => (session === undefined ? history.recording() : panel.sessions.get(session))

  const entryOf = ({ log, oldest }: Source, at: CallOf<"Entry">["at"]) => {
    const found = log.find(at)
    if (found === undefined) throw new OutOfReach({ seq: at.seq, oldest })
    return found
  }

  const afterwards = (source: Source): TravelState => {
    const state = source.travelState
    source.isHeld = state.travelling || state.locked.length > 0
    return state
  }

  const handlers: Handlers = {
    Instances: (call) => {
      const source = sourceOf(call)
      const alive = source.runtime.list().map(({ instanceId, label, local, moduleId, runtime }) => ({
        instanceId,
        moduleId,
        label,
        ...(local === undefined
          ? {}
          : { local: { mounts: local.mounts, ...(local.key === undefined ? {} : { key: local.key }) } }),
        closed: false,
        ...Devtools.statusOf(runtime)
      }))
      const closed = source.closed.map(({ instanceId, moduleId }) => ({
        instanceId,
        moduleId,
        closed: true,
        travelled: false,
        locked: false
      }))
      return { instances: [...alive, ...closed] }
    },
    Counts: (call) => countsOf(sourceOf(call)),
    Backlogs: (call) => ({
      backlogs: sourceOf(call)
        .runtime.list()
        .map(({ instanceId, runtime }) => ({ instanceId, ...runtime.unsafe.backlog() }))
    }),
    Page: (call) => {
      const { log } = sourceOf(call)
      log.sync()
      return log.before(call.before, Math.min(call.limit, maxRows))
    },
    Subscribe: (call, panel) => {
      const source = sourceOf(call)
      if (panel.subscriptions.size >= maxSubscriptions)
        throw new Refused({
          request: call._tag,
          error: "TooManySubscriptions",
          reason: `A panel may have ${maxSubscriptions} subscriptions. Unsubscribe one.`
        })
      source.log.sync()
      const subscription = {
        id: ++subscriptionNumbers,
        source,
        reader: source.log.reader(call.after),
        unacked: 0
      }
      panel.subscriptions.set(subscription.id, subscription)
      request()
      return { subscription: subscription.id }
    },
    Unsubscribe: (call, panel) => {
      panel.subscriptions.delete(call.subscription)
      return {}
    },
    Entry: (call) => {
      const source = sourceOf(call)
      source.log.sync()
      const found = entryOf(source, call.at)
      const { details } = ("commit" in found ? found.commit : found.event).origin
      return {
        row: source.log.rowOf(found),
        payloads: payloadsOf(source, found).map(valueOf),
        ...(details === undefined ? {} : { details: valueOf(details) }),
        ...("event" in found && "error" in found.event ? { error: valueOf(found.event.error) } : {})
      }
    },
    Inspect: (call, panel) =>
      pageOf(follow(rootOf(sourceOf(call), call.root, panel), call.path), call.from, call.to),
    Diff: (call, panel) => {
      const source = sourceOf(call)
      const [before, after] = [call.before, call.after].map((root) => rootOf(source, root, panel))
      const { changes, complete } = diff(before, after, { changes: maxChanges, steps: 50_000 })
      return {
        complete,
        changes: changes.map((change) => {
          const steps = sendableSteps(change.path)
          return {
            kind: change.kind,
            path: clip(formatPath(change.path)),
            ...(steps === undefined ? {} : { steps }),
            ...(change.kind === "added" ? {} : { before: valueOf(change.before) }),
            ...(change.kind === "removed" ? {} : { after: valueOf(change.after) })
          }
        })
      }
    },
    WhoChanged: (call) => {
      const { history, log } = sourceOf(call)
      const commits = history.whoChanged(call.instanceId, keysOnly(call.path))
      const rows = commits.slice(0, Math.min(call.limit, maxRows)).map((commit) => log.rowOf({ commit }))
      return { rows, more: rows.length < commits.length }
    },
    Travel: (call) => sourceOf(call).travel(call.moment, call.instances),
    Step: (call) => sourceOf(call).step(call.by),
    Live: (call) => {
      const source = sourceOf(call)
      Devtools.live(source.runtime, call.instances)
      return afterwards(source)
    },
    Lock: (call) => {
      const source = sourceOf(call)
      Devtools.lock(source.runtime, call.instances)
      return afterwards(source)
    },
    Unlock: (call) => {
      const source = sourceOf(call)
      Devtools.unlock(source.runtime, call.instances)
      return afterwards(source)
    },
    Dispatch: (call) => Devtools.dispatch(sourceOf(call).runtime, call.instanceId, call.action),
    Edit: (call) => {
      const source = sourceOf(call)
      const given = call.encoded === true ? Result.getOrThrow(decode(call.value)) : call.value
      const state = put(source.stateOf(call.instanceId, "live"), call.path, given)
      Devtools.edit(source.runtime, call.instanceId, state)
      return {}
    },
    Recompute: (call, panel) => {
      const source = sourceOf(call)
      const { move, skip = [], withCaused = false } = call
      const made = recompute(
        recordingOf(panel, source, call),
        { skip, withCaused, ...(move === undefined ? {} : { move: { before: undefined, ...move } }) },
        reducersOf(source.runtime)
      )
      const { conflict, failed, recomputed: changed, skipped, unchanged } = made.counts
      const recomputed = panel.recomputed.add(made)
      return {
        recomputed,
        entries: made.entries.length,
        unchanged,
        changed,
        conflicts: conflict,
        failed,
        skipped
      }
    },
    Outcomes: (call, panel) => ({
      entries: recomputedOf(panel, call)
        .entries.slice(call.from, Math.min(call.to, call.from + maxRows))
        .map(({ commit: { instanceId, seq, txnId }, outcome }) => ({
          at: { seq, n: 0 },
          txnId,
          instanceId,
          outcome: outcome._tag,
          ...(outcome._tag === "failed" ? { error: valueOf(outcome.error) } : {}),
          ...(outcome._tag === "conflict"
            ? {
                conflicts: outcome.conflicts
                  .slice(0, maxChanges)
                  .map(({ path, reason }) => ({ path: clip(formatKeys(path)), reason }))
              }
            : {})
        }))
    }),
    Show: (call, panel) => {
      const source = sourceOf(call)
      show(source.runtime, recomputedOf(panel, call), call.count)
      source.moment = undefined
      return afterwards(source)
    },
    Replay: (call, panel) => {
      const source = sourceOf(call)
      const recording = redactRecording(recordingOf(panel, source, call), source.redaction)
      const { compared, divergence, given, missing, partial } = replay(recording, reducersOf(source.runtime))
      return {
        compared,
        given,
        partial,
        missing,
        ...(divergence === undefined
          ? {}
          : {
              divergence: {
                at: { seq: divergence.seq, n: 0 },
                txnId: divergence.txnId,
                instanceId: divergence.instanceId,
                path: clip(formatKeys(divergence.path)),
                recorded: valueOf(divergence.recorded),
                replayed: valueOf(divergence.replayed),
                ...("error" in divergence ? { error: valueOf(divergence.error) } : {})
              }
            })
      }
    },
    Export: (call, panel) => {
      const { history, redaction, runtime } = sourceOf(call)
      const { from, to } = call
      const recording = history.recording({
        label: runtime.label,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to })
      })
      const text = exportSession(recording, { redact: redaction })
      return { text: panel.texts.add(text), length: text.length }
    },
    MakeTest: (call, panel) => {
      const source = sourceOf(call)
      const wanted = call.txnIds && new Set(call.txnIds)
      const text = makeTest(redactRecording(recordingOf(panel, source, call), source.redaction), {
        reducers: reducersOf(source.runtime),
        file: call.file,
        select: ({ txnId }) => wanted?.has(txnId) ?? true,
        ...(call.modules === undefined ? {} : { modules: call.modules })
      })
      return { text: panel.texts.add(text), length: text.length }
    },
    Text: (call, panel) => {
      const text = panel.texts.get(call.text)
      const end = call.from + maxText
      return { part: text.slice(call.from, end), more: end < text.length }
    },
    Upload: (call, panel) => {
      const id = call.upload ?? panel.uploads.add({ parts: [], length: 0 })
      const upload = panel.uploads.get(id)
      const length = upload.length + call.part.length
      if (length > maxUpload) {
        panel.uploads.delete(id)
        const reason = `An upload may have ${maxUpload} characters. It was let go; export fewer entries.`
        throw new Refused({ request: call._tag, error: "TooLong", reason })
      }
      upload.parts.push(call.part)
      upload.length = length
      return { upload: id, length }
    },
    Import: (call, panel) => {
      const { parts } = panel.uploads.get(call.upload)
      panel.uploads.delete(call.upload)
      const recording = Result.getOrThrow(importSession(parts.join(""), { maxLength: maxUpload }))
      const { base, commits, label } = recording
      return {
        session: panel.sessions.add(recording),
        label: clip(label),
        entries: commits.length,
        partial: [...base, ...commits].some(({ partial }) => partial !== undefined && partial !== false)
      }
    }
  }

  const answer = <Tag extends CallTag>(call: CallOf<Tag>, panel: Panel): Success<Tag> => {
    // The handler of this call's own tag; the compiler does not relate the two.
    const handler = handlers[call._tag] as (call: CallOf<Tag>, panel: Panel) => Success<Tag>
    return handler(call, panel)
  }

  const isAnswered = Schema.is(Answered)

  /** What a runtime throws is told to the panel, and goes no further. */
  const toAnswered = (call: Call, thrown: unknown): Answered => {
    if (isAnswered(thrown)) return thrown
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const tag: unknown = "_tag" in error ? error._tag : error.name
    return new Refused({ request: call._tag, error: clip(String(tag)), reason: error.message.slice(0, 2000) })
  }

  const respond = (panel: Panel, id: number, call: Call): void => {
    try {
      panel.send({ _tag: "Reply", id, value: answer(call, panel) })
    } catch (thrown) {
      panel.send({ _tag: "Failure", id, error: encodeError(toAnswered(call, thrown)) })
    }
  }

  // --- panels -------------------------------------------------------------------------------------------

  const admit = (nonce: string): boolean => invitations.delete(nonce)

  const invite = (nonce = random()): string => {
    invitations.add(nonce)
    if (invitations.size > maxInvitations)
      for (const oldest of [...invitations].slice(0, 1)) invitations.delete(oldest)
    return nonce
  }

  const refuseMessage = (issue: string): void => {
    refusedMessages++
    lastRefusal = issue
  }

  const turnAway = (
    panel: Panel,
    reason: Extract<SentByPage, { readonly _tag: "Unwelcome" }>["reason"],
    message: string
  ): void => {
    refusedPanels++
    lastRefusal = message
    panel.send({ _tag: "Unwelcome", version, reason, message })
    panel.port.close()
  }

  const greet = (panel: Panel, message: unknown, invited: boolean): void => {
    const opening = decodeOpening(message)
    if ("issue" in opening) {
      refuseMessage(opening.issue)
      return turnAway(panel, "order", "a message came before the hello")
    }
    if (opening.value.version !== version) {
      const older = opening.value.version < version ? "panel" : "page"
      return turnAway(
        panel,
        "version",
        `the page speaks version ${version} and the panel version ${opening.value.version}; the ${older} is the older`
      )
    }
    const hello = decodePanelMessage(message)
    if ("issue" in hello || hello.value._tag !== "Hello") {
      refuseMessage("issue" in hello ? hello.issue : "no hello")
      return turnAway(panel, "order", "the hello cannot be read")
    }
    if (invited && !admit(hello.value.nonce ?? ""))
      return turnAway(panel, "nonce", "it brought no invitation, or one that was used before")
    panel.welcomed = true
    panels.add(panel)
    for (const { log } of sources.values()) log.open()
    panel.send({ _tag: "Welcome", version, page, next: invite(), runtimes: infos() })
  }

  const receive = (panel: Panel, message: unknown): void => {
    const decoded = decodePanelMessage(message)
    if ("issue" in decoded) {
      refuseMessage(decoded.issue)
      const numbered = decodeNumbered(message)
      if ("value" in numbered) {
        const error = encodeError(new InvalidRequest({ issue: decoded.issue }))
        panel.send({ _tag: "Failure", id: numbered.value.id, error })
      }
      return
    }
    take(panel, decoded.value)
  }

  const take = (panel: Panel, message: PanelMessage): void => {
    switch (message._tag) {
      case "Hello":
        return refuseMessage("a second hello")
      case "Request":
        return respond(panel, message.id, message.call)
      case "Ack": {
        if (message.subscription === 0) panel.changesUnacked = Math.max(0, panel.changesUnacked - 1)
        const subscription = panel.subscriptions.get(message.subscription)
        if (subscription !== undefined) subscription.unacked = Math.max(0, subscription.unacked - 1)
        return request()
      }
      case "Bye":
        return panel.port.close()
    }
  }

  const accept = (port: Port, { invited = false }: AcceptOptions = {}): void => {
    const panel = new Panel(port)
    if (isClosed) return turnAway(panel, "closed", "it serves no longer")
    const late = setTimeout(() => turnAway(panel, "order", "no hello came"), helloMs)
    port.onClose(() => {
      clearTimeout(late)
      if (!panels.delete(panel) || panels.size > 0) return
      clearTimeout(timer)
      timer = undefined
      for (const source of sources.values()) {
        source.log.close()
        source.letGo()
      }
    })
    port.onMessage((message) => {
      if (panel.welcomed) return receive(panel, message)
      clearTimeout(late)
      greet(panel, message, invited)
    })
  }

  for (const runtime of "length" in runtimes ? runtimes : [runtimes]) add(runtime)

  return {
    page,
    add,
    invite,
    admit,
    accept,
    panels: () => panels.size,
    refused: () => ({ messages: refusedMessages, panels: refusedPanels, last: lastRefusal }),
    close: () => {
      isClosed = true
      for (const panel of panels) {
        panel.send({ _tag: "Bye" })
        panel.port.close()
      }
      for (const source of sources.values()) source.end()
      sources.clear()
    }
  }
}
