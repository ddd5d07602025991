/** One run: the same steps on the real app and on the model, compared after each. */
import * as assert from "node:assert/strict"
import type { Backlog, Runtime, Trace } from "@sluice/core"
import { type AppSpec, pick, type State, type Step } from "./app.ts"
import { Harness, type Note } from "./harness.ts"
import { drive, type Host } from "./host.ts"
import { byInstance, type Counts, keptName, Model } from "./model.ts"

/** What looks at the real app meanwhile. Returns what ends it. */
export type Watch = (runtime: Runtime.AnyRuntime) => () => void

export const run = async (
  app: AppSpec,
  steps: ReadonlyArray<Step>,
  watch: Watch = () => () => {}
): Promise<{ counts: Counts; steps: number }> => {
  const host = drive()
  let unwatch = () => {}
  try {
    const real = new Harness(app)
    unwatch = watch(real.runtime)
    const replayed: Replayed = { app, model: new Model(app), parts: [] }
    await settle(host, real, replayed)
    for (const [i, step] of steps.entries()) {
      const apply = take(`s${i}`, step, real, replayed.model)
      await settle(host, real, replayed, apply)
    }
    const drained = await drain(host, real, replayed)
    const { model } = replayed
    if (drained > longest) model.counts.cut++
    compareTrace(real, model)
    // Not awaited before the host has run what it schedules.
    const disposed = real.runtime.dispose()
    await host.settle()
    await disposed
    return { counts: model.counts, steps: steps.length + drained }
  } finally {
    unwatch()
    host.restore()
  }
}

/** The model so far, and what it was made from: one step after another. */
interface Replayed {
  readonly app: AppSpec
  model: Model
  readonly parts: Array<Part>
}

interface Part {
  readonly apply: Apply
  readonly notes: ReadonlyArray<Note>
  readonly sinksFirst: ReadonlyArray<number>
}

type Apply = (model: Model) => void

/** Steps of a drain after which a run is cut short: where every handler makes entries, there are thousands. */
const longest = 400

const nothing = () => {}

/** Takes the step on the real app; returns what takes it on the model, when it is known what the app saw. */
const take = (id: string, step: Step, real: Harness, model: Model): Apply => {
  switch (step.step) {
    case "entry": {
      const ids = Array.from({ length: step.times }, (_, k) => `${id}.${k}`)
      for (const call of ids) real.enter(call, step.entry, step.kill)
      return (model) => {
        for (const call of ids) model.enter(call, step.entry, step.kill)
      }
    }
    case "gate": {
      const gates = model.gates()
      const key = gates[pick(step.which, gates.length)]
      if (key === undefined) return nothing
      real.openGate(key)
      return (model) => model.openGate(key)
    }
    case "interrupt": {
      const waiting = model.waiting()
      const call = waiting[pick(step.which, waiting.length)]
      if (call === undefined) return nothing
      real.interrupt(call)
      return (model) => model.interrupt(call)
    }
    case "setup": {
      const waiting = model.insts.filter(({ closed, waitsForSetup }) => waitsForSetup && !closed)
      const inst = waiting[pick(step.which, waiting.length)]
      if (inst !== undefined) real.openSetup(inst.index)
      return nothing
    }
    case "stream": {
      const inst = model.inst(step.target)
      // A stream has no filter of its own.
      const consumer = { ...step.consumer, filter: 0 }
      if (inst.closed) return nothing
      real.openStream(id, step.target, consumer)
      return (model) => model.expectStream(id, model.inst(step.target), consumer)
    }
    case "stop stream": {
      const streams = model.streams()
      const key = streams[pick(step.which, streams.length)]
      if (key === undefined) return nothing
      real.stopStream(key)
      return (model) => model.stopStream(key)
    }
    case "travel":
      return travel(step, real, model)
    case "live":
      real.runtime.travel.live()
      return (model) => model.live()
    case "evict": {
      // Rare: most runs should keep their instances for long.
      const inst = step.which < 3 ? model.inst(step.which) : undefined
      if (inst === undefined || inst.closed) return nothing
      void real.runtime.evict(inst.id)
      return (model) => model.evict(model.inst(step.which))
    }
  }
}

const travel = (step: Step & { readonly step: "travel" }, real: Harness, model: Model): Apply => {
  const insts = step.all ? model.insts : [model.inst(step.which)]
  const live = insts.filter(({ closed }) => !closed)
  const last = live.at(-1)
  if (last === undefined) return nothing
  const at = ({ index }: { readonly index: number }) => {
    const states: ReadonlyArray<State | undefined> = [real.initial[index], ...(real.told[index] ?? [])]
    return states[pick(step.which, states.length)]
  }
  const states = new Map<string, unknown>(live.map((inst) => [inst.id, at(inst)]))
  if (step.invalid) {
    states.set(last.id, { count: "none" })
    assert.throws(() => real.runtime.travel.to(states), { _tag: "InvalidState" })
    return nothing
  }
  real.runtime.travel.to(states)
  return (model) => {
    const moves = live.map(({ index }) => {
      const inst = model.inst(index)
      return { inst, state: inst.history[pick(step.which, inst.history.length)] ?? inst.initial }
    })
    model.travel(moves)
  }
}

/** Opens everything that is closed, until nothing is left to do. Returns how many steps that took. */
const drain = async (host: Host, real: Harness, replayed: Replayed): Promise<number> => {
  let steps = 1
  const step = (step: Step) => settle(host, real, replayed, take("", step, real, replayed.model))

  await step({ step: "live" })
  for (const { closed, index, waitsForSetup } of replayed.model.insts) {
    if (!waitsForSetup || closed) continue
    real.openSetup(index)
    await settle(host, real, replayed)
    steps++
  }
  while (replayed.model.gates().length > 0) {
    await step({ step: "gate", which: steps })
    if (++steps > longest) return steps
  }
  const { model } = replayed
  assert.deepEqual(model.waiting(), [], "callers still wait when every gate is open")
  for (const inst of model.insts) {
    const { consumers, ingress } = model.backlog(inst)
    const left = consumers.map(({ depth, waiting }) => depth + waiting)
    assert.ok(ingress === 0 && left.every((n) => n === 0), `${inst.id} has not drained`)
  }
  for (const accepted of real.accepted) {
    assert.equal(byInstance(accepted), byInstance(model.commits), "what a sink accepted")
    assert.deepEqual(accepted, real.accepted[0], "what two sinks accepted")
  }
  for (const [call, { status }] of model.promises)
    assert.notEqual(status, "pending", `the Promise of ${call}`)
  return steps
}

const settle = async (
  host: Host,
  real: Harness,
  replayed: Replayed,
  apply: Apply = nothing
): Promise<void> => {
  await host.settle()
  if (process.env["MODEL_DEBUG"] !== undefined)
    console.log(
      real.notes.map((note) => JSON.stringify(note)).join("\n"),
      "\n",
      real.refs.map(({ unsafe }) => JSON.stringify(unsafe.backlog())).join("\n"),
      "\n"
    )
  explain(real, replayed, apply, real.notes.splice(0))
  real.errors.length = 0
}

/** So many times the model is replayed, before what was seen counts as impossible. */
const tries = 300

/**
 * Replays a step on the model and compares. When a sink took is not seen before what it took lets others do, so
 * where the order in which things were noted explains nothing, orders in which sinks took earlier are tried.
 */
const explain = (real: Harness, replayed: Replayed, apply: Apply, notes: ReadonlyArray<Note>): void => {
  const orders: Array<ReadonlyArray<number>> = [[]]
  const failures: Array<unknown> = []
  for (const sinksFirst of orders) {
    if (failures.length === tries) break
    const model = failures.length === 0 ? replayed.model : again(replayed)
    try {
      assert.equal(model.replay(notes, apply, sinksFirst), undefined)
      assert.deepEqual(model.stuck(), [], "nothing is in the way of these")
      compare(real, model)
      replayed.parts.push({ apply, notes, sinksFirst })
      replayed.model = model
      return
    } catch (error) {
      failures.push(error)
    }
    // A loop over an Array goes on to what is added meanwhile.
    for (const turn of model.doubts) if (turn > (sinksFirst.at(-1) ?? -1)) orders.push([...sinksFirst, turn])
  }
  throw failures[0]
}

const again = ({ app, parts }: Replayed): Model => {
  const model = new Model(app)
  for (const { apply, notes, sinksFirst } of parts) model.replay(notes, apply, sinksFirst)
  return model
}

const compare = (real: Harness, model: Model): void => {
  assert.deepEqual(real.violations, [])
  for (const inst of model.insts) {
    const { unsafe } = real.refs[inst.index] ?? assert.fail()
    assert.deepEqual(unsafe.getState(), inst.state, `${inst.id}: state`)
    assert.equal(unsafe.getVersion(), inst.version, `${inst.id}: version`)
    assert.deepEqual(gauges(unsafe.backlog()), model.backlog(inst), `${inst.id}: backlog`)
    const told = real.told[inst.index] ?? []
    assert.equal(told.length, inst.told.length, `${inst.id}: times told`)
    assert.deepEqual(told.at(-1), inst.told.at(-1), `${inst.id}: told`)
    // Conflated, and not told of travels.
    if (!inst.closed)
      assert.equal(real.lastCount[inst.index], (inst.away ?? inst).state.count, `${inst.id}: onState`)
  }
  assert.deepEqual(
    Object.fromEntries(real.promises),
    Object.fromEntries(Array.from(model.promises, ([call, { status }]) => [call, status])),
    "promises"
  )
  assert.deepEqual(real.errors.toSorted(), model.errors.toSorted(), "errors")

  // In order for each instance.
  const byListener = (calls: Array<string>) =>
    model.insts.map(({ index }) => calls.filter((call) => call.startsWith(`listener${index}.`)))
  assert.deepEqual(byListener(real.listenerCalls), byListener(model.listenerCalls), "listeners' entries")
  assert.equal(
    real.warnings.length,
    model.warnings.length,
    `warnings: ${real.warnings.join("; ")} (${model.warnings.join("; ")})`
  )
  const { dropped, recorded, sampledOut } = real.runtime.trace.counts()
  assert.deepEqual(
    { dropped, recorded, sampledOut },
    { dropped: Math.max(0, model.recorded - real.app.ring), recorded: model.recorded, sampledOut: 0 },
    "trace counts"
  )
}

/** What is kept for setups has no handlers, so its `inFlight` is of no meaning in the contract. */
const gauges = ({ consumers, ingress }: Backlog) => ({
  consumers: consumers.map((gauge) => (gauge.name === keptName ? { ...gauge, inFlight: 0 } : gauge)),
  ingress
})

const compareTrace = (real: Harness, model: Model): void => {
  const events = real.events()
  events.forEach((event, i) => assert.equal(event.seq, Math.max(0, model.recorded - real.app.ring) + i + 1))
  // In a small ring only the newest of an unordered whole are left: their counts were compared.
  if (real.app.ring < model.recorded) return
  const instances = model.insts.map(({ id }) =>
    events
      .filter((event) => event.kind === "entry" && event.instanceId === id)
      .map((event) => text(event, real))
  )
  assert.deepEqual(instances, model.entries, "entries in the trace")
  const others = events.filter(({ kind }) => kind !== "entry").map((event) => text(event, real))
  assert.deepEqual(others.sort(), [...model.events].sort(), "other events in the trace")
}

const text = (event: Trace.TraceEvent, { app }: Harness): string => {
  switch (event.kind) {
    case "entry": {
      const { cause, error, groupId, origin, outcome, tags, txnId } = event
      const tag = typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : ""
      const head = `${txnId} ${groupId ?? "-"} ${cause ?? "-"} ${origin.kind}:${origin.name} ${tags.join(",")} ${outcome} ${tag}`
      if (app.level !== "full") return head
      const ids = (event.payloads ?? []).map((payload) => (payload as { readonly id: string }).id)
      return `${head} ${ids.join(",")} ${(event.changed ?? []).join(",")}`
    }
    case "delivery":
      return `delivery ${event.txnId} ${event.tag} ${event.consumer}`
    case "handler":
      return `handler ${event.txnId} ${event.tag} ${event.consumer} ${event.outcome}`
    case "skipped":
      return `skipped ${event.txnId} ${event.tag} ${event.consumer} ${event.reason}`
    case "closed":
      return `closed ${event.txnId} ${event.undelivered}`
  }
}
