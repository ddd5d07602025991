/**
 * The contract as a machine, from scratch: plain arrays, no fibers. Which of several runnable fibers goes first
 * is not in the contract, so the model is told what the app's own code saw (`Note`s) and checks that each was
 * possible when it came; everything that follows from one (admission, windows, commits, deliveries, slots,
 * counts, what is told) is computed here, and `stuck` says what should have come and did not.
 */
import {
  addTo,
  type AppSpec,
  type Body,
  type ConsumerSpec,
  type Entry,
  initial,
  maxHop,
  type ModuleSpec,
  pick,
  type AppAction,
  reduce,
  type SinkSpec,
  type State,
  tagOf
} from "./app.ts"
import { consumerKey, isWaiting, type Note } from "./harness.ts"

export interface Counts {
  rollbacks: number
  waits: number
  overflows: number

  interruptedWaiters: number
  /** Runs that were cut short while they drained. */
  cut: number

  reentries: number
  cycles: number
  travels: number
  ingress: number
  evictions: number
  kept: number
  skipped: number
  entries: number
  /** What sinks accepted, and what they were given again. */
  groups: number
  batches: number
  retries: number
  /** Times that a caller stood in the line of a sink. */
  waitsForSinks: number
}

/** A sink: a consumer of all commits, and what it has in hand. */
interface Sink {
  readonly con: Con
  readonly spec: SinkSpec
  attempts: number
  /** Taken, and not accepted yet. */
  batch: ReadonlyArray<string>
  phase: "idle" | "gate" | "ending" | "failed"
}

/** A promise of a synchronous entry: how many of its deliveries have no slot yet. */
interface Ticket {
  missing: number
  status: string
}

interface Item {
  readonly action: AppAction
  readonly txn: string
  ticket: Ticket | undefined
}

interface Call {
  readonly id: string
  readonly entry: Entry
  readonly hop: number
  readonly inst: Inst
  /** The instance, or those of a group, each once. */
  readonly members: ReadonlyArray<Inst>
  readonly cause: string | undefined
  readonly by: Run | undefined
  readonly kill: boolean
  /** How it ended, once it has. */
  how: string | undefined
  /** Slots wanted and held, by consumer. */
  readonly claims: Map<Con, { need: number; held: number }>

  /** It has taken its places, as the how many-th of all. */
  standing: boolean
  place: number
  /** The instance whose scope its fiber lives in, if it is what an afterCommit does. */
  home: Inst | undefined
  ticket: Ticket | undefined
  waited: boolean
  /** Ends the wait of a group for its turn. */
  endWait: (() => void) | undefined
}

interface Run {
  readonly con: Con
  readonly item: Item
  /** The call it makes, and whether it has asked for it and got it back. */
  readonly call: Call | undefined
  asked: boolean
  back: boolean
  gate: boolean
  failed: boolean
}

interface Con {
  readonly key: string
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly capacity: number
  readonly spec: ConsumerSpec | undefined
  readonly inst: Inst
  items: Array<Item>
  /** The first so many items have a slot. */
  slotted: number
  held: number
  /** Of an ingress ten times its capacity. */
  warned: boolean
  overflow: number
  skipped: Record<string, number>
  line: Array<Call>
  running: Array<Run>
  /** Taken to interrupt the run before it, not started yet. */
  next: Item | undefined
  /** Its stream is being interrupted. */
  stopping: boolean
  closed: boolean
}

/** An instance, and the state that devtools show of it. */
interface Move {
  readonly inst: Inst
  readonly state: State
}

interface Inst {
  readonly index: number
  readonly id: string
  readonly spec: ModuleSpec
  readonly initial: State
  state: State
  version: number
  txn: number
  telling: boolean
  away: { readonly state: State } | undefined
  closed: boolean
  /** Its scope has ended too. */
  gone: boolean
  queue: Array<{ readonly order: number; readonly call: Call; readonly run: () => void }>
  /** A group is first in line here, and not yet everywhere, or one of its instances is held. */
  firstInLine: { readonly enterIfFree: () => void; readonly end: () => void } | undefined
  /** The queue is running, and this entry of it. */
  pumping: boolean
  turn: Call | undefined
  cons: Array<Con>
  kept: Con | undefined
  waitsForSetup: boolean
  readonly told: Array<State>
  readonly history: Array<State>
  reentries: number
}

const instOf = (spec: ModuleSpec, index: number): Inst => {
  const state = initial()
  return {
    index,
    id: `M${index}#1`,
    spec,
    initial: state,
    state,
    version: 0,
    txn: 0,
    telling: false,
    away: undefined,
    closed: false,
    gone: false,
    queue: [],
    firstInLine: undefined,
    pumping: false,
    turn: undefined,
    cons: [],
    kept: undefined,
    waitsForSetup: spec.late !== undefined,
    told: [],
    history: [state],
    reentries: 0
  }
}

/** Where sinks are: in no instance. */
const nowhere = instOf(
  { reducers: [], capacity: 1, validate: false, consumers: [], late: undefined, listener: undefined },
  -1
)

const closedError = "InstanceClosed"
export const keptName = "(until every setup has ended)"

/** Whether a handler of the consumer did it. What an afterCommit does is another fiber's. */
const isOf = (con: Con, note: Note): boolean =>
  "call" in note
    ? note.call.startsWith(`${con.key}<`) && !note.call.endsWith("+")
    : "consumer" in note && note.consumer === con.key

export class Model {
  readonly insts: ReadonlyArray<Inst>
  readonly counts: Counts = {
    rollbacks: 0,
    waits: 0,
    overflows: 0,
    interruptedWaiters: 0,
    cut: 0,
    reentries: 0,
    cycles: 0,
    travels: 0,
    ingress: 0,
    evictions: 0,
    kept: 0,
    skipped: 0,
    entries: 0,
    groups: 0,
    batches: 0,
    retries: 0,
    waitsForSinks: 0
  }
  private readonly sinks: ReadonlyArray<Sink>
  /** Every commit, in order. */
  readonly commits: Array<string> = []
  /** By instance, in order; the other events without order. */
  readonly entries: ReadonlyArray<Array<string>>
  readonly events: Array<string> = []
  recorded = 0
  errors: Array<string> = []
  readonly warnings: Array<string> = []
  /** What listeners' entries gave back at once. */
  readonly listenerCalls: Array<string> = []
  readonly promises = new Map<string, Ticket>()
  /** Calls that may ask now, by id; asked ones stay until they are back. */
  private readonly expected = new Map<string, Call>()

  private readonly open = new Map<string, Call>()
  /** Windows that have run and were not noted yet. */
  private readonly windows = new Set<string>()
  private readonly app: AppSpec

  constructor(app: AppSpec) {
    this.app = app
    this.insts = app.modules.map((spec, index) => {
      const inst = instOf(spec, index)
      if (spec.late !== undefined) {
        inst.kept = this.consumer(inst, "kept", keptName, "all", spec.capacity, undefined)
        inst.cons.push(inst.kept)
      }
      return inst
    })
    this.entries = app.modules.map(() => [])
    this.sinks = app.sinks.map((spec, k) => ({
      con: this.consumer(nowhere, `sink${k}`, `sink${k}`, "all", spec.capacity, undefined),
      spec,
      attempts: 0,
      batch: [],
      phase: "idle"
    }))
  }

  private consumer(
    inst: Inst,
    key: string,
    name: string,
    tags: ReadonlyArray<string> | "all",
    capacity: number,
    spec: ConsumerSpec | undefined
  ): Con {
    return {
      key,
      name,
      tags,
      capacity,
      spec,
      inst,
      items: [],
      slotted: 0,
      held: 0,
      warned: false,
      overflow: 0,
      skipped: {},
      line: [],
      running: [],
      next: undefined,
      stopping: false,
      closed: false
    }
  }

  // --- what steps select --------------------------------------------------------------------------------

  gates(): ReadonlyArray<string> {
    const sinks = this.sinks.filter(({ phase }) => phase === "gate").map(({ con }) => con.key)
    const handlers = this.cons().flatMap((con) =>
      con.running.filter(({ gate }) => gate).map(({ item }) => `${con.key}<${item.action.payload.id}`)
    )
    return [...handlers, ...sinks]
  }

  /** Calls of steps that wait. */
  waiting(): ReadonlyArray<string> {
    return [...this.open.values()]
      .filter(({ by, how, entry }) => by === undefined && how === undefined && isWaiting(entry))
      .map(({ id }) => id)
  }

  streams(): ReadonlyArray<string> {
    return this.cons()
      .filter(({ spec, stopping, closed }) => spec?.strategy === "stream" && !stopping && !closed)
      .map(({ key }) => key)
  }

  inst(target: number): Inst {
    const inst = this.insts[pick(target, this.insts.length)]
    if (inst === undefined) throw new Error("No module")
    return inst
  }

  private readonly all: Array<Con> = []
  /** Every consumer that may still run something. */
  private cons(): ReadonlyArray<Con> {
    return this.all
  }

  // --- steps --------------------------------------------------------------------------------------------

  enter(id: string, entry: Entry, kill: boolean): void {
    this.expect(id, entry, 0, undefined, undefined, kill)
  }

  interrupt(id: string): void {
    const call = this.open.get(id)
    if (call === undefined || call.how !== undefined) return
    this.counts.interruptedWaiters++
    this.cancel(call)
  }

  openGate(key: string): void {
    for (const sink of this.sinks) if (sink.con.key === key) sink.phase = "ending"
    for (const con of this.all)
      for (const run of con.running) if (`${con.key}<${run.item.action.payload.id}` === key) run.gate = false
  }

  travel(moves: ReadonlyArray<Move>): void {
    for (const { inst } of moves) {
      this.counts.travels++
      inst.away ??= { state: inst.state }
    }
    this.devtools("jump", moves)
  }

  /** All come back before any entry is let in. */
  live(): void {
    const away = this.insts.filter((inst) => inst.away !== undefined && !inst.closed)
    this.devtools(
      "live",
      away.map((inst) => ({ inst, state: inst.away?.state ?? inst.state }))
    )
    for (const inst of away) {
      inst.away = undefined
      inst.firstInLine?.enterIfFree()
      this.pump(inst)
    }
  }

  evict(inst: Inst): void {
    this.counts.evictions++
    inst.closed = true
    for (const call of this.open.values())
      if (call.members.includes(inst) && call.how === undefined && isWaiting(call.entry))
        this.settle(call, closedError)
    inst.firstInLine?.end()
    inst.away = inst.away && { ...inst.away }
    this.pump(inst)
  }

  stopStream(key: string): void {
    const con = this.all.find((candidate) => candidate.key === key)
    if (con === undefined) return
    con.stopping = true
    if (con.running.length === 0) this.closeConsumer(con, true)
  }

  // --- notes --------------------------------------------------------------------------------------------

  /** The notes of the current step that have not been accepted. */
  private left: Array<Note> = []

  /** At which of its turns the replay left a batch for later that may have been taken then. */
  readonly doubts: Array<number> = []

  /**
   * Applies a step, of which these are the notes; returns those that were not possible. A sink takes before its
   * batch is noted, and each take lets callers in: at these turns it has taken, though others were noted first.
   */
  replay(
    notes: ReadonlyArray<Note>,
    apply: (model: Model) => void,
    sinksFirst: ReadonlyArray<number>
  ): string | undefined {
    this.errors = []
    this.doubts.length = 0
    this.left = notes.filter(
      (note) => !("call" in note && note.is !== "window" && note.call.startsWith("listener"))
    )
    apply(this)
    let turn = 0
    for (this.endTurns(); this.left.length > 0; this.endTurns(), turn++) {
      const batches = this.left.filter(({ is }) => is === "batch")
      if (sinksFirst.includes(turn) && this.acceptOne(batches)) continue
      if (batches.length > 0) this.doubts.push(turn)
      if (!this.acceptOne(this.left) && !this.skipOne())
        return `not possible: ${this.left.map((note) => JSON.stringify({ ...note, skips: undefined })).join(" ")}`
    }
    while (this.skipOne()) this.endTurns()
    for (const inst of this.insts) if (inst.closed && !inst.gone) this.end(inst)
    return undefined
  }

  /** Accepts the first possible one of these notes. */
  private acceptOne(notes: ReadonlyArray<Note>): boolean {
    for (const note of notes) {
      if (this.catchUp(note) || this.takeFor(note)) return true
      // Taken out first: what follows from it may accept others.
      const { left } = this
      this.left = left.filter((other) => other !== note)
      if (this.possible(note)) return true
      this.left = left
    }
    return false
  }

  /** Who has entered is resumed at once, and goes on until it waits again: that comes before whatever is next. */
  private acceptResumed({ by, id }: Call): void {
    const isItsOwn = (note: Note) => {
      if (note.is === "window") return this.windows.has(note.call)
      if ("call" in note && (note.call === id || by === undefined)) return note.call === id
      return by !== undefined && isOf(by.con, note)
    }
    const turns = new Set(this.freed.keys())
    for (;;) {
      const [first] = this.left
      if (first !== undefined && isItsOwn(first) && this.acceptOne([first])) continue
      if (by === undefined || !this.acceptTake(by.con)) break
    }
    for (const con of this.freed.keys()) if (!turns.has(con)) this.endTurn(con)
  }

  /** `run` takes in the fiber of its handler, as soon as that has ended; what the slot lets in is noted before its start. */
  private acceptTake(con: Con): boolean {
    const { strategy } = con.spec ?? {}
    if ((strategy !== "run" && strategy !== "stream") || con.running.length > 0 || con.closed) return false
    const id = con.items[0]?.action.payload.id
    const start = this.left.find((note) => note.is === "start" && note.consumer === con.key && note.id === id)
    if (start === undefined) return false
    this.left = this.left.filter((note) => note !== start)
    return this.possible(start)
  }

  /** Passes over what exhaust flows had passed over when the note was made. Whether that changed anything. */
  private catchUp(note: Note): boolean {
    let changed = false
    for (const con of this.all)
      while ((con.skipped["exhaust"] ?? 0) < (note.skips.get(con.key) ?? 0) && this.skipOne(con))
        changed = true
    return changed
  }

  private possible(note: Note): boolean {
    switch (note.is) {
      case "ask": {
        const call = this.expected.get(note.call)
        if (call === undefined) return false
        if (call.by !== undefined) {
          if (call.by.gate || call.by.asked) return false
          call.by.asked = true
        }
        this.expected.delete(note.call)
        this.open.set(note.call, call)
        this.ask(call)
        return true
      }
      case "back": {
        const call = this.open.get(note.call)
        if (call === undefined) return false
        if (call.how === undefined && note.how === "interrupt" && call.by !== undefined)
          this.interruptRun(call.by)
        if (call.how === undefined && note.how === "interrupt" && call.home?.closed === true) {
          this.counts.interruptedWaiters++
          this.cancel(call)
        }
        if (call.how !== note.how) return false
        this.open.delete(note.call)
        if (call.id.endsWith("+") && isWaiting(call.entry) && call.how !== "ok" && call.how !== "interrupt")
          this.errors.push(`afterCommit ${call.how}`)
        if (call.by !== undefined) {
          call.by.back = true
          call.by.failed ||= call.how !== "ok" && isWaiting(call.entry)
        }
        return true
      }
      case "open":
        return this.subscribe(note.consumer)
      case "setup ended":
        return this.setupEnded(this.inst(note.module))
      case "start":
        return this.start(note.consumer, note.id, note.how === "filter")
      case "end":
        return this.endRun(note.consumer, note.id, note.how)
      case "window":
        return this.windows.delete(note.call)
      case "batch":
        return this.startBatch(note.sink, note.txns)
      case "batch end":
        return this.endBatch(note.sink, note.how)
    }
  }

  /** A sink takes all that is there, and only then is given it. */
  private startBatch(index: number, txns: ReadonlyArray<string>): boolean {
    const sink = this.sinks[index]
    if (sink === undefined || (sink.phase !== "idle" && sink.phase !== "failed")) return false
    const { con, spec } = sink
    const there = sink.phase === "failed" ? sink.batch : con.items.map(({ txn }) => txn)
    if (byInstance(there) !== byInstance(txns) || txns.length === 0) return false
    const again = sink.phase === "failed"
    sink.attempts++
    sink.batch = txns
    sink.phase = spec.gated ? "gate" : "ending"
    if (again) this.counts.retries++
    else for (let left = txns.length; left > 0; left--) this.take(con)
    return true
  }

  private endBatch(index: number, how: string): boolean {
    const sink = this.sinks[index]
    if (sink?.phase !== "ending") return false
    const fails = sink.spec.fails && sink.attempts % 2 === 1
    if (how !== (fails ? "fail" : "ok")) return false
    sink.phase = fails ? "failed" : "idle"
    if (fails) this.errors.push("sink AppError")
    else this.counts.batches++
    return true
  }

  /** What has not come although nothing was in its way. */
  stuck(): ReadonlyArray<string> {
    const missing: Array<string> = []
    for (const call of this.expected.values())
      if (call.by === undefined || !call.by.gate) missing.push(`${call.id} did not ask`)
    for (const call of this.open.values()) if (call.how !== undefined) missing.push(`${call.id} is not back`)
    for (const con of this.all) {
      if (con.next !== undefined) missing.push(`${con.key} did not start`)
      if (!con.closed && con.spec !== undefined && con.items.length > 0 && this.canTake(con))
        missing.push(`${con.key} did not take`)
      for (const run of con.running)
        if (!run.gate && (run.call === undefined || run.back))
          missing.push(`${con.key} did not end ${run.item.action.payload.id}`)
    }
    for (const { con, phase } of this.sinks) {
      if (phase === "idle" && con.items.length > 0) missing.push(`${con.key} did not take`)
      if (phase === "ending" || phase === "failed") missing.push(`${con.key} did not go on`)
    }
    return missing
  }

  // --- consumers ----------------------------------------------------------------------------------------

  private limit(con: Con): number {
    const { spec } = con
    if (spec?.strategy === "run" || spec?.strategy === "stream") return 1
    return spec?.strategy === "parallel" ? spec.concurrency : Number.POSITIVE_INFINITY
  }

  private canTake(con: Con): boolean {
    if (con.spec?.strategy === "exhaust" || con.spec?.strategy === "latest") return con.next === undefined
    return con.running.length < this.limit(con)
  }

  private start(key: string, id: string, filtered: boolean): boolean {
    const con = this.all.find((candidate) => candidate.key === key)
    if (con?.spec === undefined) return false
    const { handler, strategy } = con.spec
    if (con.next !== undefined) {
      if (con.next.action.payload.id !== id || filtered) return false
      if (con.running.length > 0) return false
      const item = con.next
      con.next = undefined
      this.begin(con, item)
      return true
    }
    if (con.closed || con.stopping || con.items[0]?.action.payload.id !== id) return false
    if (filtered) {
      if (!this.canTake(con)) return false
      const item = this.take(con)
      if (item !== undefined) this.skipped(con, item, "filter")
      return true
    }
    if (handler === undefined || (strategy === "exhaust" && con.running.length > 0)) return false
    // The run before has to be interrupted first, and says so.
    if (strategy === "latest" && con.running.length > 0) return false
    if (!this.canTake(con)) return false
    const item = this.take(con)
    if (item !== undefined) this.begin(con, item)
    return true
  }

  private begin(con: Con, item: Item): void {
    const { handler } = con.spec ?? {}
    const { hop, id } = item.action.payload
    const run: { -readonly [K in keyof Run]: Run[K] } = {
      con,
      item,
      call: undefined,
      asked: false,
      back: false,
      gate: handler?.gated === true,
      failed: false
    }
    con.running.push(run)
    if (handler?.entry !== undefined && hop < maxHop)
      run.call = this.expect(`${con.key}<${id}`, handler.entry, hop + 1, item.txn, run, false)
  }

  private endRun(key: string, id: string, how: string): boolean {
    const con = this.all.find((candidate) => candidate.key === key)
    const run = con?.running.find(({ item }) => item.action.payload.id === id)
    if (con?.spec === undefined || run === undefined) return false
    const { strategy, handler } = con.spec
    if (how === "interrupt") {
      if (!run.failed && run.call?.how !== "interrupt") this.interruptRun(run)
      if (!this.interrupted.has(run)) return false
      // Its call says first that it was interrupted.
      if (run.asked && !run.back) return false
    } else {
      if (run.gate || (run.call !== undefined && !run.back)) return false
      const failed = run.failed || (handler.fails && run.item.action.payload.n % 2 === 1)
      if (how !== (failed ? "fail" : "ok")) return false
      if (strategy === "exhaust") while (this.skipOne(con));
      if (failed && strategy !== "stream") {
        const error = run.failed ? (run.call?.how ?? "") : "AppError"
        this.errors.push(`handler ${error}`)
      }
    }
    if (run.call !== undefined && !run.asked) this.expected.delete(run.call.id)
    con.running = con.running.filter((other) => other !== run)
    if (strategy !== "stream") {
      const outcome = how === "ok" ? "success" : how === "fail" ? "failure" : "interrupt"
      this.event(`handler ${run.item.txn} ${run.item.action._tag} ${con.name} ${outcome}`, "full")
    }
    if (con.stopping && con.running.length === 0) this.closeConsumer(con, true)
    return true
  }

  private readonly interrupted = new Set<Run>()

  /** Interrupts a handler, if anything can have: a newer action, or the end of its scope. */
  private interruptRun(run: Run): void {
    const { con } = run
    if (this.interrupted.has(run)) return
    const newer = con.spec?.strategy === "latest" && (con.items.length > 0 || con.next !== undefined)
    const scopeEnds = con.stopping || (con.inst.closed && con.spec?.strategy !== "stream")
    if (!newer && !scopeEnds) return
    this.interrupted.add(run)
    if (newer && !con.inst.closed) con.next ??= this.take(con)
    if (run.call !== undefined && run.asked && run.call.how === undefined) {
      this.counts.interruptedWaiters++
      this.cancel(run.call)
    }
  }

  private take(con: Con): Item | undefined {
    const item = con.items.shift()
    // Where callers hold all slots, it may have had none.
    if (con.slotted === 0) this.granted(item?.ticket)
    else con.slotted--
    this.grantIngress(con)
    // A stream or a sink hands each slot on at once; a flow those of a turn, which ends when its handlers wait.
    if (con.spec === undefined || con.spec.strategy === "stream") this.refill(con)
    else if (con.line.length > 0) this.freed.set(con, [])
    return item
  }

  /** Flows whose turn has freed slots that their lines have not got, with who has got all it lacked since. */
  private readonly freed = new Map<Con, Array<Call>>()

  private endTurn(con: Con): void {
    const early = this.freed.get(con) ?? []
    this.freed.delete(con)
    this.admitInOrder([...early, ...this.grantFree(con)])
  }

  /** A turn is over when something else happens than what its handlers do, or one that waited goes on. */
  private endTurns(): void {
    const [first] = this.left
    const goesOn =
      first !== undefined &&
      (first.is === "window" || (first.is === "back" && first.how !== "interrupt")) &&
      this.open.get(first.call)?.how === undefined &&
      !this.windows.has(first.call)
    for (const con of this.freed.keys())
      if (first === undefined || goesOn || !isOf(con, first)) this.endTurn(con)
  }

  /**
   * An exhaust flow takes while its handler runs, and then passes over what it took: nothing of the app's own
   * sees that. What it took is handled after all if the slot that it freed let the handler end.
   */
  private skipOne(only?: Con): boolean {
    for (const con of only === undefined ? this.all : [only]) {
      const head = con.next ?? con.items[0]
      if (con.spec?.strategy !== "exhaust" || con.running.length === 0 || con.closed || head === undefined)
        continue
      const { id } = head.action.payload
      const starts = this.left.some(
        (note) => note.is === "start" && note.consumer === con.key && note.id === id
      )
      if (starts && (only !== undefined || con.next !== undefined)) continue
      if (con.next === undefined) con.next = this.take(con)
      if (!starts) {
        con.next = undefined
        this.skipped(con, head, "exhaust")
      }
      return true
    }
    return false
  }

  /** Flows of these two take before their handler has ended; the slot that this frees may let it end by itself. */
  private takeFor(note: Note): boolean {
    if (note.is !== "start" || note.how === "filter") return false
    const con = this.all.find(({ key }) => key === note.consumer)
    const { strategy } = con?.spec ?? {}
    if (con === undefined || (strategy !== "latest" && strategy !== "exhaust")) return false
    if (con.running.length === 0 || con.next !== undefined || con.closed) return false
    if (con.items[0]?.action.payload.id !== note.id) return false
    con.next = this.take(con)
    return true
  }

  private skipped(con: Con, { action, txn }: Item, reason: string): void {
    this.counts.skipped++
    con.skipped[reason] = (con.skipped[reason] ?? 0) + 1
    this.event(`skipped ${txn} ${action._tag} ${con.name} ${reason}`, "full")
  }

  private tags(inst: Inst, spec: ConsumerSpec): ReadonlyArray<string> | "all" {
    return spec.tags?.map((index) => tagOf(pick(index, inst.spec.reducers.length))) ?? "all"
  }

  private readonly streamSpecs = new Map<string, { readonly inst: Inst; readonly spec: ConsumerSpec }>()
  expectStream(key: string, inst: Inst, spec: ConsumerSpec): void {
    this.streamSpecs.set(key, { inst, spec })
  }

  private subscribe(key: string): boolean {
    const found = this.streamSpecs.get(key) ?? this.findFlow(key)
    if (found === undefined || this.all.some((con) => con.key === key)) return false
    const { inst, spec } = found
    const tags = this.tags(inst, spec)
    const stream = spec.strategy === "stream"
    const name = stream ? `actionStream(${tags === "all" ? "" : tags.join(", ")})` : key
    const capacity = (stream ? undefined : spec.capacity) ?? inst.spec.capacity
    const con = this.consumer(inst, key, name, tags, capacity, spec)
    for (const item of stream ? [] : (inst.kept?.items ?? [])) {
      if (!matches(con, item.action)) continue
      con.items.push({ ...item, ticket: undefined })
      if (con.slotted < con.capacity) con.slotted++
    }
    inst.cons.push(con)
    this.all.push(con)
    // Who waits already is before whoever comes now.
    const waiting = [...this.open.values()].filter(
      (call) => call.members.includes(inst) && call.standing && call.how === undefined
    )
    // All stand there before one of them, whose wait there would close a circle, is let in.
    const ready = waiting.filter((call) => this.reserve(call))
    this.admitInOrder(ready)
    return true
  }

  private findFlow(key: string) {
    for (const inst of this.insts) {
      const flows = [
        ...inst.spec.consumers.map((spec, i) => ({ inst, spec, key: consumerKey(inst.index, false, i) })),
        ...(inst.spec.late ?? []).map((spec, i) => ({ inst, spec, key: consumerKey(inst.index, true, i) }))
      ]
      const found = flows.find((flow) => flow.key === key)
      if (found !== undefined) return found
    }
    return undefined
  }

  private setupEnded(inst: Inst): boolean {
    const { kept } = inst
    if (!inst.waitsForSetup) return false
    inst.waitsForSetup = false
    inst.kept = undefined
    if (kept !== undefined) this.closeConsumer(kept, true)
    return true
  }

  /** Nobody waits for it any more; promises that waited for its slots have them, or learn that it closed. */
  private closeConsumer(con: Con, delivered: boolean): void {
    con.closed = true
    con.inst.cons = con.inst.cons.filter((other) => other !== con)
    const { items, slotted } = con
    con.items = []
    con.slotted = 0
    for (const { ticket } of items.slice(slotted)) {
      if (delivered) this.granted(ticket)
      else if (ticket?.status === "pending") ticket.status = closedError
    }
    const callers = new Set(con.line)
    for (const call of this.open.values()) if (call.claims.has(con)) callers.add(call)
    con.line = []
    for (const call of callers) {
      call.claims.delete(con)
      if (call.how === undefined && complete(call)) this.admit(call)
    }
  }

  /** The scope of an evicted instance has ended. */
  private end(inst: Inst): void {
    inst.gone = true
    let undelivered = 0
    for (const con of inst.cons) {
      if (con !== inst.kept) undelivered += con.items.length + (con.next === undefined ? 0 : 1)
      this.closeConsumer(con, false)
    }
    inst.cons = []
    this.event(`closed ${inst.id}::t${inst.txn} ${undelivered}`, "light")
    if (undelivered > 0) this.warnings.push(`${inst.id} closed with ${undelivered}`)
  }

  // --- slots and lines ----------------------------------------------------------------------------------

  private free(con: Con): number {
    return con.capacity - con.slotted - con.held
  }

  private granted(ticket: Ticket | undefined): void {
    if (ticket !== undefined && --ticket.missing === 0 && ticket.status === "pending") ticket.status = "ok"
  }

  /** A free slot goes to the oldest committed item without one; only then to the callers in line, in order. */
  private refill(con: Con): void {
    this.admitInOrder(this.grantFree(con))
  }

  /** Returns who lacks nothing now. */
  private grantFree(con: Con): ReadonlyArray<Call> {
    const ready: Array<Call> = []
    this.grantIngress(con)
    while (this.free(con) > 0) {
      const [head] = con.line
      if (head !== undefined) {
        const claim = head.claims.get(con)
        if (claim === undefined) throw new Error("In line without a claim")
        claim.held++
        con.held++
        if (claim.held < claim.need) continue
        con.line.shift()
        if (complete(head)) ready.push(head)
      } else break
    }
    return ready
  }

  private grantIngress(con: Con): void {
    while (this.free(con) > 0 && con.items.length > con.slotted) {
      const item = con.items[con.slotted++]
      this.granted(item?.ticket)
    }
  }

  private whenIdle(call: Call, run: () => void): void {
    if (isClosed(call) || this.idleFor(call)) run()
    else this.later(call, run)
  }

  private idleFor(call: Call): boolean {
    return call.members.every((inst) => this.idle(inst, call))
  }

  private order = 0
  private places = 0

  private later(call: Call, run: () => void): void {
    if (!isGroup(call)) call.inst.queue.push({ order: ++this.order, call, run })
    else this.laterForAll(call, run)
  }

  /** A place in each line at once; the turn comes when it is first in all, or one has closed. */
  private laterForAll(call: Call, run: () => void): void {
    const arrived: Array<Inst> = []
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      const apart = arrived.filter(({ pumping }) => !pumping)
      for (const inst of arrived) {
        inst.firstInLine = undefined
        inst.turn = call
      }
      for (const inst of apart) inst.pumping = true
      run()
      for (const inst of arrived) inst.turn = undefined
      this.takeTurns(apart)
    }
    const isFree = (inst: Inst) => !inst.telling && (inst.away === undefined || inst.closed)
    const enterIfFree = () => {
      if (arrived.length === call.members.length && arrived.every(isFree)) end()
    }
    const arrive = (inst: Inst) => {
      if (ended) return
      arrived.push(inst)
      inst.firstInLine = { enterIfFree, end }
      if (inst.closed) end()
      else enterIfFree()
    }
    for (const inst of call.members) {
      if (this.idle(inst, call)) arrive(inst)
      else inst.queue.push({ order: ++this.order, call, run: () => arrive(inst) })
    }
    call.endWait = end
  }

  /** Whether an entry can run now: whoever comes comes after what is queued, but for whose turn it is. */
  private idle(inst: Inst, call: Call): boolean {
    return this.isOpenFor(inst) && (inst.turn === call || inst.queue.length === 0)
  }

  private isOpenFor(inst: Inst): boolean {
    return !inst.telling && inst.firstInLine === undefined && (inst.away === undefined || inst.closed)
  }

  private pump(inst: Inst): void {
    if (!inst.pumping) this.takeTurns([inst])
  }

  /** What is queued, in the order in which it was, over all of them. */
  private takeTurns(insts: ReadonlyArray<Inst>): void {
    for (const inst of insts) inst.pumping = true
    for (;;) {
      const open = insts.filter((inst) => inst.queue.length > 0 && this.isOpenFor(inst))
      const [next] = open.toSorted((a, b) => (a.queue[0]?.order ?? 0) - (b.queue[0]?.order ?? 0))
      const head = next?.queue.shift()
      if (next === undefined || head === undefined) break
      next.turn = head.call
      head.run()
      next.turn = undefined
    }
    for (const inst of insts) {
      inst.turn = undefined
      inst.pumping = false
    }
  }

  /** Takes what is free and a place in the line of each consumer that lacks something. */
  private reserve(call: Call): boolean {
    if (!call.standing) call.place = ++this.places
    call.standing = true
    const lacking: Array<Con> = []
    const sinks = this.sinks.map(({ con }) => con)
    for (const con of [...call.inst.cons, ...sinks]) {
      const count = sinks.includes(con)
        ? call.members.length
        : actionsOf(call).filter((action) => matches(con, action)).length
      if (count === 0 || call.claims.has(con) || this.exempt(call, con)) continue
      const claim = { need: Math.min(count, con.capacity), held: 0 }
      call.claims.set(con, claim)
      if (con.line.length === 0) {
        claim.held = Math.max(0, Math.min(this.free(con), claim.need))
        con.held += claim.held
      }
      if (claim.held < claim.need) lacking.push(con)
    }
    if (lacking.length === 0) return complete(call)
    for (const con of lacking) con.line.push(call)
    if (call.by !== undefined) {
      // Before anyone asks who waits for whom, what was freed is granted.
      for (const [con, early] of this.freed) early.push(...this.grantFree(con))
      if (complete(call)) return false
    }
    if (this.closesCycle(call)) {
      this.cycle(call)
      for (const [con, claim] of call.claims) {
        claim.need = claim.held
        con.line = con.line.filter((other) => other !== call)
        this.refill(con)
      }
      return true
    }
    if (!call.waited) this.counts.waits++
    if (lacking.some((con) => sinks.includes(con))) this.counts.waitsForSinks++
    call.waited = true
    return false
  }

  /** Let in beyond capacity, with one warning for each instance and consumer. */
  private cycle(call: Call): void {
    this.counts.cycles++
    const where = `${call.inst.id} ${call.by?.con.key}`
    if (!this.warned.has(where)) this.warnings.push(`cycle ${where}`)
    this.warned.add(where)
  }
  private readonly warned = new Set<string>()

  /** Handlers of an instance do not wait for its setups. */
  private exempt(call: Call, con: Con): boolean {
    return con === con.inst.kept && call.by?.con.inst === con.inst
  }

  /**
   * Whether the caller, a handler, would be among waiters that nothing can ever free: each lacks a slot of a
   * consumer whose handlers all are such waiters, or where such a waiter is before it.
   */
  private closesCycle(call: Call): boolean {
    const { by } = call
    if (by === undefined || !by.con.running.includes(by)) return false
    const waiters = new Set([...this.open.values()].filter(isInLine))
    waiters.add(call)
    const channels = [...this.all, ...this.kepts(), ...this.sinks.map(({ con }) => con)]
    const lacks = (waiter: Call) =>
      channels.filter((con) => con.line.includes(waiter) || lacksTicket(waiter, con))
    const isFree = (waiter: Call, con: Con) => {
      const stalled = con.running.filter((run) => run.call !== undefined && waiters.has(run.call)).length
      if (stalled >= this.limit(con)) return false
      const ahead = con.line.includes(waiter) ? con.line.slice(0, con.line.indexOf(waiter)) : []
      const holders = [...waiters].filter(
        (other) => other !== waiter && (other.claims.get(con)?.held ?? 0) > 0
      )
      return ![...ahead, ...holders].some((other) => waiters.has(other))
    }
    for (let before = -1; before !== waiters.size;) {
      before = waiters.size
      for (const waiter of waiters)
        if (lacks(waiter).every((con) => isFree(waiter, con))) waiters.delete(waiter)
    }
    return waiters.has(call)
  }

  private kepts(): ReadonlyArray<Con> {
    return this.insts.flatMap(({ kept }) => kept ?? [])
  }

  // --- calls --------------------------------------------------------------------------------------------

  private expect(
    id: string,
    entry: Entry,
    hop: number,
    cause: string | undefined,
    by: Run | undefined,
    kill: boolean
  ): Call {
    const call = this.call(id, entry, hop, cause, by, kill)
    this.expected.set(id, call)
    return call
  }

  private call(
    id: string,
    entry: Entry,
    hop: number,
    cause: string | undefined,
    by: Run | undefined,
    kill: boolean
  ): Call {
    const inst = this.inst(entry.target)
    const other = "other" in entry ? this.inst(entry.other) : inst
    return {
      id,
      entry,
      hop,
      inst,
      members: other === inst ? [inst] : [inst, other],
      cause,
      by,
      kill,
      how: undefined,
      claims: new Map(),
      standing: false,
      place: 0,
      home: undefined,
      ticket: undefined,
      waited: false,
      endWait: undefined
    }
  }

  private ask(call: Call): void {
    if (!isWaiting(call.entry)) {
      this.askSync(call)
    } else if (isClosed(call)) {
      call.how = closedError
    } else {
      this.whenIdle(call, () => {
        if (call.how !== undefined) return
        if (isClosed(call)) this.settle(call, closedError)
        else if (this.reserve(call)) this.admit(call)
      })
    }
  }

  private readonly ready: Array<Call> = []
  private admitting = false

  /** Who gets what one of these gives back comes after all of them. */
  private admitInOrder(calls: ReadonlyArray<Call>): void {
    this.ready.push(...calls)
    if (this.admitting) return
    this.admitting = true
    for (let call = this.ready.shift(); call !== undefined; call = this.ready.shift()) this.admit(call)
    this.admitting = false
  }

  private admit(call: Call): void {
    if (call.how !== undefined || !this.reserve(call)) return
    this.whenIdle(call, () => {
      if (call.how !== undefined) return
      // Those who are refused leave slots to those who will be.
      if (isClosed(call)) this.settle(call, closedError)
      else if (this.reserve(call)) this.settle(call, this.window(call))
    })
  }

  /** It gives back what it holds, whatever became of it. */
  private settle(call: Call, how: string): void {
    call.how ??= how
    const claims = [...call.claims]
    call.claims.clear()
    for (const [con, claim] of claims) {
      con.line = con.line.filter((other) => other !== call)
      con.held -= claim.held
      claim.held = 0
    }
    const ready = claims.flatMap(([con]) => this.grantFree(con))
    this.admitInOrder(ready.toSorted((a, b) => a.place - b.place))
    call.endWait?.()
    this.acceptResumed(call)
  }

  private cancel(call: Call): void {
    this.settle(call, "interrupt")
  }

  private askSync(call: Call): void {
    const { entry } = call
    if (entry.kind === "promise" || entry.kind === "callback") {
      call.ticket = { missing: 1, status: "pending" }
      this.promises.set(call.id, call.ticket)
    }
    const { ticket } = call
    const end = (how: string) => {
      if (ticket === undefined) return how
      if (how === "ok") this.granted(ticket)
      else ticket.status = how
      return "ok"
    }
    if (isClosed(call)) {
      call.how = end(closedError)
    } else if (this.idleFor(call)) {
      call.how = end(this.window(call))
    } else {
      this.later(call, () => {
        if (isClosed(call) && ticket === undefined) this.errors.push(`entry ${closedError}`)
        end(isClosed(call) ? closedError : this.window(call))
      })
      call.how = "ok"
    }
  }

  // --- windows ------------------------------------------------------------------------------------------

  /** One transaction; returns "ok" or the error's tag. */

  private window(call: Call): string {
    if (call.entry.kind !== "reset") this.windows.add(call.id)
    const { entry, hop, id, inst } = call
    if (entry.kind === "group" || entry.kind === "unsafe.group") return this.windowOfGroup(call, entry)
    const actions = actionsOf(call)
    const parts = "parts" in entry ? entry.parts : []
    let after: Entry | undefined
    const step = (state: State): State => {
      if (entry.kind === "reset") return inst.initial
      if (entry.kind === "update") return addTo(`${id}.0`, entry.n, hop)(state)
      if (entry.kind === "transact" || entry.kind === "unsafe.transact") {
        const next = bodyOf(entry.body, id, hop)(state)
        after = entry.body.after
        return next
      }
      return actions.reduce((next, action, i) => {
        const kind = inst.spec.reducers[pick(parts[i]?.action ?? 0, inst.spec.reducers.length)] ?? "none"
        try {
          return reduce(kind, inst.spec.validate, next, action.payload)
        } catch {
          throw new Refused("ReducerFailed")
        }
      }, state)
    }
    return this.transaction(inst, originOf(entry, id, inst), actions, step, call, (txn) => {
      if (after !== undefined) this.expect(`${id}+`, after, hop + 1, txn, undefined, false).home = inst
    })
  }

  /** One transaction on each member: all or none, and nobody is told before all have committed. */
  private windowOfGroup(
    call: Call,
    { body, other }: Entry & { readonly kind: "group" | "unsafe.group" }
  ): string {
    const { hop, id, inst, members } = call
    this.counts.groups++
    const groupId = this.groupIdOf(members)
    const drafts = new Map(members.map((member) => [member, member.state]))
    const record = (member: Inst, outcome: string, error: string, next: State) =>
      this.record(member, `state-update:${id}`, [], call, outcome, error, member.state, next, groupId)
    try {
      for (const member of [inst, this.inst(other)])
        drafts.set(member, bodyOf(body, id, hop)(drafts.get(member) ?? member.state))
    } catch (error) {
      const { tag } = error as Refused
      this.counts.rollbacks++
      for (const member of members) record(member, "rollback", tag, member.state)
      this.errors.push(`entry ${tag}`)
      return tag
    }
    const moves = [...drafts].map(([member, state]) => {
      const unchanged = state === member.state
      const txn = record(member, unchanged ? "unchanged" : "commit", "", state)
      return { member, state, txn, unchanged }
    })
    const changed = moves.filter(({ unchanged }) => !unchanged)
    for (const member of members) member.telling = true
    for (const { member, state } of changed) {
      member.state = state
      member.version++
      member.history.push(state)
    }
    for (const { txn } of changed) this.deliverCommit(txn, call)
    if (body.after !== undefined)
      this.expect(`${id}+`, body.after, hop + 1, moves[0]?.txn, undefined, false).home = inst
    for (const { member, state } of changed) this.tell(member, state, call)
    for (const member of members) member.telling = false
    this.takeTurns(members.filter(({ pumping }) => !pumping))
    return "ok"
  }

  private groups = 0
  private groupIdOf(members: ReadonlyArray<unknown>): string | undefined {
    return members.length > 1 ? `g${++this.groups}` : undefined
  }

  /** All in one moment: who is told of one sees the others' states, too. */
  private devtools(name: string, moves: ReadonlyArray<Move>): void {
    const groupId = this.groupIdOf(moves)
    const changed = moves.flatMap(({ inst, state }) => {
      const previous = inst.state
      const txn = this.record(
        inst,
        `devtools:${name}`,
        [],
        undefined,
        previous === state ? "unchanged" : "commit",
        "",
        previous,
        state,
        groupId
      )
      inst.telling = true
      inst.state = state
      return previous === state ? [] : [{ inst, state, txn }]
    })
    for (const { inst, state } of changed) {
      inst.version++
      inst.history.push(state)
    }
    for (const { txn } of changed) this.deliverCommit(txn, undefined)
    for (const { inst, state } of changed) this.tell(inst, state, undefined)
    for (const { inst } of moves) inst.telling = false
  }

  private transaction(
    inst: Inst,
    origin: string,
    actions: ReadonlyArray<AppAction>,
    step: (state: State) => State,
    call: Call | undefined,
    committed: (txn: string) => void
  ): string {
    const previous = inst.state
    const record = (outcome: string, error: string, next: State) =>
      this.record(inst, origin, actions, call, outcome, error, previous, next)
    let next: State
    try {
      next = step(previous)
      if (inst.spec.validate && typeof next.count !== "number") throw new Refused("InvalidState")
    } catch (error) {
      const { tag } = error as Refused
      this.counts.rollbacks++
      record("rollback", tag, previous)
      this.errors.push(`entry ${tag}`)
      return tag
    }
    const txn = record(next === previous ? "unchanged" : "commit", "", next)
    inst.telling = true
    inst.state = next
    for (const con of inst.cons) {
      const matching = actions.filter((action) => matches(con, action))
      if (matching.length > 0) this.deliver(con, matching, txn, call)
    }
    if (next !== previous) this.deliverCommit(txn, call)
    committed(txn)
    if (next !== previous) {
      inst.version++
      inst.history.push(next)
      this.tell(inst, next, call)
    }
    inst.telling = false
    this.pump(inst)
    return "ok"
  }

  /** Of a transaction that has ended, whose id it gives. */
  private record(
    inst: Inst,
    origin: string,
    actions: ReadonlyArray<AppAction>,
    call: Call | undefined,
    outcome: string,
    error: string,
    previous: State,
    next: State,
    groupId?: string
  ): string {
    this.counts.entries++
    const txn = `${inst.id}::t${++inst.txn}`
    const tags = actions.map(({ _tag }) => _tag).join(",")
    const head = `${txn} ${groupId ?? "-"} ${call?.cause ?? "-"} ${origin} ${tags} ${outcome} ${error}`
    const full = ` ${actions.map(({ payload }) => payload.id).join(",")} ${changed(previous, next).join(",")}`
    if (this.app.level === "off") return txn
    this.recorded++
    this.entries[inst.index]?.push(this.app.level === "full" ? head + full : head)
    return txn
  }

  private deliverCommit(txn: string, call: Call | undefined): void {
    this.commits.push(txn)
    const commit: AppAction = { _tag: "", payload: { id: txn, n: 0, hop: 0 } }
    for (const { con } of this.sinks) this.deliver(con, [commit], txn, call)
  }

  private deliver(con: Con, actions: ReadonlyArray<AppAction>, txn: string, call: Call | undefined): void {
    const claim = call?.claims.get(con)
    const waits = call !== undefined && isWaiting(call.entry)
    if (con === con.inst.kept) this.counts.kept++
    let slots = claim?.held ?? 0
    con.held -= slots
    if (claim !== undefined) claim.held = 0
    for (const action of actions) {
      const item: Item = { action, txn, ticket: call?.ticket }
      con.items.push(item)
      if (con.inst !== nowhere) this.event(`delivery ${txn} ${action._tag} ${con.name}`, "full")
      // A caller that waited brings slots, and goes beyond capacity where it could not; it never leaves ingress.
      if (slots > 0 || this.free(con) - Math.max(0, slots) > 0 || waits) {
        if (slots <= 0 && this.free(con) <= 0) {
          con.overflow++
          this.counts.overflows++
        }
        slots--
        const granted = con.items[con.slotted++]
        if (granted !== item) this.granted(granted?.ticket)
      } else {
        this.counts.ingress++
        if (item.ticket !== undefined) item.ticket.missing++
        if (item.ticket !== undefined && call !== undefined && this.closesCycle(call)) this.letIn(call)
        if (con.items.length - con.slotted >= 10 * con.capacity && !con.warned && con.inst !== nowhere) {
          con.warned = true
          this.warnings.push(`ingress of ${con.key}`)
        }
      }
    }
  }

  /** A handler's promise would wait for the handler itself: its deliveries, and those before them, get slots. */
  private letIn(call: Call): void {
    this.cycle(call)
    const channels = [...call.inst.cons, ...this.sinks.map(({ con }) => con)]
    for (const con of channels.filter((each) => lacksTicket(call, each))) {
      while (con.items.length > con.slotted) {
        con.overflow++
        this.counts.overflows++
        this.granted(con.items[con.slotted++]?.ticket)
      }
    }
  }

  private tell(inst: Inst, state: State, call: Call | undefined): void {
    inst.told.push(state)
    if (
      call?.kill === true &&
      isWaiting(call.entry) &&
      call.how === undefined &&
      state.last === `${call.id}.0`
    ) {
      this.counts.interruptedWaiters += call.waited ? 1 : 0
      this.cancel(call)
    }
    const { listener } = inst.spec
    if (listener !== undefined && state.count % listener.every === 0 && state.hop < maxHop) {
      this.counts.reentries++
      const id = `listener${inst.index}.${++inst.reentries}`
      const reentry = this.call(id, listener.entry, state.hop + 1, call?.cause, undefined, false)
      this.askSync(reentry)
      this.listenerCalls.push(`${id} ${reentry.how}`)
    }
    if (state.count % 5 === 4) this.errors.push("listener AppError")
  }

  private event(text: string, level: "light" | "full"): void {
    if (this.app.level === "off" || (level === "full" && this.app.level !== "full")) return
    this.recorded++
    this.events.push(text)
  }

  // --- what is compared ---------------------------------------------------------------------------------

  backlog(inst: Inst) {
    return {
      consumers: inst.cons.map((con) => ({
        name: con.name,
        tags: con.tags,
        capacity: con.capacity,
        depth: con.slotted + con.held,
        inFlight: con.running.length,
        waiting: con.line.length,
        overflow: con.overflow,
        skipped: con.skipped
      })),
      ingress: inst.cons.reduce((sum, con) => sum + con.items.length - con.slotted, 0)
    }
  }
}

class Refused extends Error {
  readonly tag: string
  constructor(tag: string) {
    super(tag)
    this.tag = tag
  }
}

/** The order of each instance; which of two instances comes first is not in the contract. */
export const byInstance = (txns: ReadonlyArray<string>): string =>
  txns.toSorted((a, b) => (a.split("::")[0] ?? "").localeCompare(b.split("::")[0] ?? "")).join(" ")

const isClosed = ({ members }: Call): boolean => members.some(({ closed }) => closed)

const isGroup = ({ entry }: Call): boolean => "other" in entry

const isInLine = (call: Call): boolean => [...call.claims.keys()].some((con) => con.line.includes(call))

const lacksTicket = ({ ticket }: Call, con: Con): boolean =>
  ticket !== undefined && con.items.slice(con.slotted).some((item) => item.ticket === ticket)

const complete = (call: Call): boolean => [...call.claims.values()].every(({ held, need }) => held >= need)

const matches = (con: Con, action: AppAction): boolean => con.tags === "all" || con.tags.includes(action._tag)

const actionsOf = ({ entry, hop, id, inst }: Call): ReadonlyArray<AppAction> =>
  "parts" in entry
    ? entry.parts.map((part, i) => ({
        _tag: tagOf(pick(part.action, inst.spec.reducers.length)),
        payload: { id: `${id}.${i}`, n: part.n, hop }
      }))
    : []

const bodyOf =
  (body: Body, id: string, hop: number) =>
  (state: State): State => {
    if (body.ends === "fails") throw new Refused("AppError")
    if (body.ends === "suspends") throw new Refused("TransactionSuspended")
    return addTo(`${id}.0`, body.n, hop)(state)
  }

const originOf = (entry: Entry, id: string, inst: Inst): string => {
  const tag = "parts" in entry ? tagOf(pick(entry.parts[0]?.action ?? 0, inst.spec.reducers.length)) : ""
  switch (entry.kind) {
    case "dispatch":
    case "unsafe.dispatch":
    case "promise":
      return `action:${tag}`
    case "callback":
      return `service-callback:${tag}`
    case "batch":
    case "unsafe.batch":
      return "action:batch"
    case "transact":
    case "unsafe.transact":
    case "group":
    case "unsafe.group":
      return `state-update:${id}`
    case "update":
      return "state-update:main"
    case "reset":
      return "state-update:reset"
  }
}

const changed = (previous: State, next: State): ReadonlyArray<string> =>
  (["count", "log", "last", "hop"] as const).filter((field) => !Object.is(previous[field], next[field]))
