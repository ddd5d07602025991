import type { Backlog } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isDone, startLane, stepper, type Stepper } from "./lane.ts"
import { idle } from "./support.ts"

// ---------------------------------------------------------------------------------------------------------
// The model: counts slots by the words of C2, C3 and C5, with plain arrays, and knows no more than that.

type Tag = "a" | "b" | "c"
const tags = ["a", "b", "c"] as const

interface ModelTicket {
  missing: number
  settled: boolean
}

interface ModelItem {
  slot: boolean
  readonly ticket: ModelTicket | undefined
}

class ModelConsumer {
  readonly name: string
  readonly tags: ReadonlyArray<Tag>
  readonly capacity: number
  readonly limit: number
  items: Array<ModelItem> = []
  running = 0
  overflow = 0

  constructor(name: string, tags: ReadonlyArray<Tag>, capacity: number, limit: number) {
    this.name = name
    this.tags = tags
    this.capacity = capacity
    this.limit = limit
  }
}

interface ModelCaller {
  readonly actions: ReadonlyArray<Tag>
  readonly claims: Map<ModelConsumer, { readonly need: number; held: number }>
  state: "waiting" | "committed" | "interrupted"
}

class Model {
  consumers: Array<ModelConsumer> = []
  /** In the order in which they came. */
  callers: Array<ModelCaller> = []
  committed = 0

  held(consumer: ModelConsumer): number {
    return this.waiting.reduce((sum, { claims }) => sum + (claims.get(consumer)?.held ?? 0), 0)
  }

  slots(consumer: ModelConsumer): number {
    return consumer.items.filter(({ slot }) => slot).length + this.held(consumer)
  }

  free(consumer: ModelConsumer): number {
    return consumer.capacity - this.slots(consumer)
  }

  get waiting(): ReadonlyArray<ModelCaller> {
    return this.callers.filter(({ state }) => state === "waiting")
  }

  private matching(actions: ReadonlyArray<Tag>): ReadonlyArray<readonly [ModelConsumer, number]> {
    return this.consumers
      .map((consumer) => [consumer, actions.filter((tag) => consumer.tags.includes(tag)).length] as const)
      .filter(([, count]) => count > 0)
  }

  /** A synchronous entry. */
  sync(actions: ReadonlyArray<Tag>): ModelTicket {
    const ticket: ModelTicket = { missing: 0, settled: false }
    this.committed += actions.length
    for (const [consumer, count] of this.matching(actions)) {
      for (let i = 0; i < count; i++) {
        const slot = this.free(consumer) > 0
        if (!slot) ticket.missing++
        consumer.items.push({ slot, ticket })
      }
    }
    ticket.settled = ticket.missing === 0
    return ticket
  }

  /** An Effect caller. */
  call(actions: ReadonlyArray<Tag>): ModelCaller {
    const caller: ModelCaller = { actions, claims: new Map(), state: "waiting" }
    this.callers.push(caller)
    for (const [consumer, count] of this.matching(actions)) this.claim(caller, consumer, count)
    this.grantAll()
    return caller
  }

  private claim(caller: ModelCaller, consumer: ModelConsumer, count: number): void {
    caller.claims.set(consumer, { need: Math.min(count, consumer.capacity), held: 0 })
  }

  interrupt(caller: ModelCaller): void {
    if (caller.state === "waiting") caller.state = "interrupted"
    this.grantAll()
  }

  open(consumer: ModelConsumer): void {
    this.consumers.push(consumer)
    for (const caller of this.waiting) {
      const count = caller.actions.filter((tag) => consumer.tags.includes(tag)).length
      if (count > 0) this.claim(caller, consumer, count)
    }
    this.grantAll()
  }

  close(consumer: ModelConsumer): void {
    this.consumers = this.consumers.filter((other) => other !== consumer)
    for (const { ticket, slot } of consumer.items) if (!slot) this.granted(ticket)
    for (const { claims } of this.callers) claims.delete(consumer)
    this.grantAll()
  }

  finish(consumer: ModelConsumer): void {
    consumer.running--
    this.takeFor(consumer)
  }

  /** All fibers have had their turn. */
  settle(): void {
    let taken: number
    do {
      taken = 0
      for (const consumer of this.consumers) taken += this.takeFor(consumer)
    } while (taken > 0)
  }

  /** Returns how many items were taken. */
  private takeFor(consumer: ModelConsumer): number {
    let taken = 0
    while (consumer.running < consumer.limit) {
      const item = consumer.items.shift()
      if (item === undefined) break
      taken++
      consumer.running++
      if (!item.slot) this.granted(item.ticket)
    }
    // Who takes several hands their slots on together.
    this.grantAll()
    return taken
  }

  private granted(ticket: ModelTicket | undefined): void {
    if (ticket !== undefined && --ticket.missing === 0) ticket.settled = true
  }

  /** Free slots go to the ingress, then to the line; whoever has all its slots enters. */
  private grantAll(): void {
    for (;;) {
      for (const consumer of this.consumers) {
        for (const item of consumer.items) {
          if (item.slot || this.free(consumer) <= 0) continue
          item.slot = true
          this.granted(item.ticket)
        }
        for (const { claims } of this.waiting) {
          const claim = claims.get(consumer)
          if (claim !== undefined)
            claim.held += Math.max(0, Math.min(claim.need - claim.held, this.free(consumer)))
        }
      }
      const ready = this.waiting.find(({ claims }) =>
        [...claims.values()].every(({ held, need }) => held === need)
      )
      if (ready === undefined) return
      this.enter(ready)
    }
  }

  private enter(caller: ModelCaller): void {
    const before = this.consumers.map((consumer) => Math.max(0, -this.free(consumer)))
    caller.state = "committed"
    this.committed += caller.actions.length
    for (const [consumer, count] of this.matching(caller.actions)) {
      for (let i = 0; i < count; i++) {
        // Its slots are for the oldest that has none.
        consumer.items.push({ slot: false, ticket: undefined })
        const oldest = consumer.items.find(({ slot }) => !slot)
        if (oldest !== undefined) {
          oldest.slot = true
          this.granted(oldest.ticket)
        }
      }
    }
    this.consumers.forEach((consumer, i) => {
      consumer.overflow += Math.max(0, Math.max(0, -this.free(consumer)) - (before[i] ?? 0))
    })
  }

  backlog(): unknown {
    return {
      consumers: this.consumers.map((consumer) => ({
        name: consumer.name,
        tags: consumer.tags,
        capacity: consumer.capacity,
        depth: this.slots(consumer),
        inFlight: consumer.running,
        waiting: this.waiting.filter(({ claims }) => {
          const claim = claims.get(consumer)
          return claim !== undefined && claim.held < claim.need
        }).length,
        overflow: consumer.overflow,
        skipped: {}
      })),
      ingress: this.consumers.reduce((sum, { items }) => sum + items.filter(({ slot }) => !slot).length, 0)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------
// Steps

type Step =
  | { readonly step: "sync" | "promise" | "effect"; readonly actions: ReadonlyArray<Tag> }
  | { readonly step: "finish" | "fail" | "interrupt" | "close"; readonly which: number }
  | { readonly step: "open"; readonly tags: ReadonlyArray<Tag> }

const tag = fc.constantFrom(...tags)
const someActions = fc.oneof(
  { weight: 4, arbitrary: fc.array(tag, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(tag, { minLength: 2, maxLength: 5 }) }
)
const which = fc.nat(20)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ step: fc.constant("sync" as const), actions: someActions }) },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant("promise" as const),
      actions: fc.array(tag, { minLength: 1, maxLength: 1 })
    })
  },
  { weight: 6, arbitrary: fc.record({ step: fc.constant("effect" as const), actions: someActions }) },
  { weight: 6, arbitrary: fc.record({ step: fc.constant("finish" as const), which }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("fail" as const), which }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("interrupt" as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant("open" as const), tags: fc.uniqueArray(tag, { minLength: 1 }) })
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("close" as const), which }) }
)

const flows = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 3 })
)

/** A payload that says its tag: ends in 1 for a, 2 for b, 3 for c. */
const tagOf = (payload: number): Tag => tags[(payload % 10) - 1] ?? "a"

interface RealConsumer {
  readonly model: ModelConsumer
  readonly stepper: Stepper
  /** Commits before it was there. */
  readonly from: number
  readonly reader: Fiber.Fiber<unknown, unknown> | undefined
  open: boolean
}

const runSteps = async (capacities: readonly [number, number, number], steps: ReadonlyArray<Step>) => {
  const [x, y, z] = [stepper(), stepper(), stepper()]
  const [capX, capY, capZ] = capacities
  const lane = startLane(($) =>
    Effect.gen(function* () {
      yield* $.onAction("a").run(x.handler, { name: "x", capacity: capX })
      yield* $.onAction(["a", "b"]).run(y.handler, { name: "y", capacity: capY })
      yield* $.onAction(["b", "c"]).runParallel({ name: "z", capacity: capZ, concurrency: 2 }, z.handler)
    })
  )
  const model = new Model()
  const consumer = (
    name: string,
    its: ReadonlyArray<Tag>,
    capacity: number,
    limit: number,
    s: Stepper
  ): RealConsumer => {
    const made = new ModelConsumer(name, its, capacity, limit)
    model.open(made)
    return { model: made, stepper: s, from: 0, reader: undefined, open: true }
  }
  const consumers = [
    consumer("x", ["a"], capX, 1, x),
    consumer("y", ["a", "b"], capY, 1, y),
    consumer("z", ["b", "c"], capZ, 2, z)
  ]
  const callers: Array<{ readonly fiber: Fiber.Fiber<void>; readonly model: ModelCaller }> = []
  const tickets: Array<{ readonly model: ModelTicket; settled: boolean }> = []
  let last = 0

  const payloads = (actions: ReadonlyArray<Tag>) =>
    actions.map((tag) => ({ _tag: tag, payload: ++last * 10 + tags.indexOf(tag) + 1 }))
  const check = (backlog: Backlog) => {
    expect(backlog).toEqual(model.backlog())
    expect(lane.log()).toHaveLength(model.committed)
    expect(callers.map(({ fiber }) => isDone(fiber))).toEqual(
      callers.map(({ model }) => model.state !== "waiting")
    )
  }
  const end = (which: number, ended: (it: Stepper) => void) => {
    const busy = consumers.filter((each) => each.open && each.stepper.running.length > 0)
    const chosen = busy[which % Math.max(1, busy.length)]
    if (chosen === undefined) return
    model.finish(chosen.model)
    ended(chosen.stepper)
  }

  /** A promise only where it takes turns of its own: awaiting one lets the fibers run. */
  const act = (each: Step): Promise<void> | undefined => {
    switch (each.step) {
      case "sync": {
        const actions = payloads(each.actions)
        model.sync(each.actions)
        const [only] = actions
        if (actions.length === 1 && only !== undefined) lane.it.unsafe.dispatch(only)
        else lane.it.unsafe.dispatchBatch(actions)
        return
      }
      case "promise": {
        const [action] = payloads(each.actions)
        if (action === undefined) return
        const ticket = { model: model.sync(each.actions), settled: false }
        tickets.push(ticket)
        void lane.it.unsafe.dispatchPromise(action).then(() => (ticket.settled = true))
        return
      }
      case "effect": {
        const actions = payloads(each.actions)
        const [only] = actions
        const caller = model.call(each.actions)
        const entry =
          actions.length === 1 && only !== undefined ? lane.it.dispatch(only) : lane.it.dispatchBatch(actions)
        callers.push({ fiber: lane.call(entry), model: caller })
        return
      }
      case "finish":
        end(each.which, (it) => it.finish())
        return
      case "fail":
        end(each.which, (it) => it.fail("as told"))
        return
      case "interrupt": {
        const waiting = callers.filter(({ fiber }) => !isDone(fiber))
        const chosen = waiting[each.which % Math.max(1, waiting.length)]
        if (chosen === undefined) return
        model.interrupt(chosen.model)
        return lane.runtime.runPromise(Fiber.interrupt(chosen.fiber))
      }
      case "open": {
        const s = stepper()
        const made = new ModelConsumer(`actionStream(${each.tags.join(", ")})`, each.tags, 1, 1)
        const from = lane.log().length
        model.open(made)
        // Failing as told ends a reader; here it goes on.
        const reader = lane.runtime.run(
          Stream.runForEach(lane.it.actionStream(...each.tags), ({ payload }) =>
            Effect.exit(s.handler(payload))
          )
        )
        consumers.push({ model: made, stepper: s, from, reader, open: true })
        return
      }
      case "close": {
        const readers = consumers.filter((each) => each.open && each.reader !== undefined)
        const chosen = readers[each.which % Math.max(1, readers.length)]
        if (chosen?.reader === undefined) return
        chosen.open = false
        model.close(chosen.model)
        return lane.runtime.runPromise(Fiber.interrupt(chosen.reader))
      }
    }
  }

  const seenInOrder = () => {
    for (const { model, stepper: s, from } of consumers) {
      const all = lane
        .log()
        .slice(from)
        .filter((payload) => model.tags.includes(tagOf(payload)))
      expect(s.seen).toEqual(all.slice(0, s.seen.length))
    }
  }

  for (const each of steps) {
    const turns = act(each)
    // At this very moment, before any fiber has had its turn.
    if (turns === undefined) check(lane.backlog())
    await turns
    await idle()
    model.settle()
    check(lane.backlog())
    expect(tickets.map(({ settled }) => settled)).toEqual(tickets.map(({ model }) => model.settled))
    seenInOrder()
  }

  // To the end: nothing is lost, nothing is left.
  for (;;) {
    const busy = consumers.find((each) => each.open && each.stepper.running.length > 0)
    if (busy === undefined) break
    model.finish(busy.model)
    busy.stepper.finish()
    await idle()
    model.settle()
    check(lane.backlog())
  }
  expect(callers.every(({ fiber }) => isDone(fiber))).toBe(true)
  expect(tickets.every(({ settled }) => settled)).toBe(true)
  seenInOrder()
  for (const { model, stepper: s, from, open } of consumers) {
    const all = lane.log().slice(from)
    if (open) expect(s.seen).toEqual(all.filter((payload) => model.tags.includes(tagOf(payload))))
  }
  for (const gauge of lane.backlog().consumers)
    expect(gauge).toMatchObject({ depth: 0, inFlight: 0, waiting: 0 })
  await lane.runtime.dispose()
}

describe("C8", () => {
  it("C8 backlog equals an independent count after every step of a random schedule (and C2, C3, C5 hold)", async () => {
    await fc.assert(fc.asyncProperty(flows, fc.array(step, { minLength: 1, maxLength: 30 }), runSteps), {
      numRuns: 400
    })
  }, 60_000)

  it("C8 unsafe.backlog and backlog are the same", async () => {
    const x = stepper()
    const { it: lane, runtime, backlog } = startLane(($) => $.onAction("a").run(x.handler, { name: "x" }))
    for (const payload of [1, 2, 3]) lane.unsafe.dispatch({ _tag: "a", payload })
    await x.started(1)
    expect(await runtime.runPromise(lane.backlog)).toEqual(backlog())
    expect(backlog()).toEqual({
      consumers: [
        {
          name: "x",
          tags: ["a"],
          capacity: 1,
          depth: 1,
          inFlight: 1,
          waiting: 0,
          overflow: 0,
          skipped: {}
        }
      ],
      ingress: 1
    })
  })

  it("C8 a backlog that was handed out does not change", async () => {
    const x = stepper()
    const { it: lane, backlog } = startLane(($) =>
      $.onAction("a")
        .filter((n) => n !== 2)
        .run(x.handler, { name: "x" })
    )
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await x.started(1)
    const before = backlog()
    const copy = structuredClone(before)
    lane.unsafe.dispatch({ _tag: "a", payload: 2 })
    x.finish()
    await idle()
    expect(before).toEqual(copy)
    expect(backlog()).not.toEqual(copy)
  })

  it("C8 inside a handler, a listener and a waiting caller's resumption it is that moment's", async () => {
    const moments: Array<readonly [string, number, number, number]> = []
    const x = stepper()
    const {
      it: lane,
      call,
      gauge
    } = startLane(($) =>
      $.onAction("a").run(
        (n) => {
          note("handler")
          return x.handler(n)
        },
        { name: "x" }
      )
    )
    const note = (where: string) => {
      const { depth, inFlight, waiting } = gauge("x")
      moments.push([where, depth, inFlight, waiting])
    }
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await x.started(1)
    lane.unsafe.dispatch({ _tag: "a", payload: 2 })
    lane.unsafe.subscribe(() => note("told"))
    call(
      Effect.andThen(
        lane.actions.a(3),
        Effect.sync(() => note("resumed"))
      )
    )
    call(lane.actions.a(4))
    note("both wait")
    x.finish()
    expect(moments).toEqual([
      ["handler", 0, 1, 0],
      ["both wait", 1, 1, 2],
      // 2 has been taken, and its slot is free until its handler waits: the turn is over, and 3 gets it.
      ["handler", 0, 1, 2],
      ["told", 1, 1, 1],
      ["resumed", 1, 1, 1]
    ])
  })
})
