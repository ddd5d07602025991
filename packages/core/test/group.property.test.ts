/**
 * T11 against a model of a few lines: random groups and single entries over three instances, failing ones,
 * those that subscribers make, callers that are interrupted, travel, and instances that close.
 *
 * The model: an entry runs unless one of its instances is held, or is that of an earlier entry that has not
 * run. So each instance sees its entries in the order they were made, and what has run is known from scratch.
 */
import { type Commit, Derived, Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { entriesOf, idle } from "./support.ts"

const seed = Number(process.env["GROUP_SEED"] ?? 20_261)
const numRuns = Number(process.env["GROUP_RUNS"] ?? 1000)

const M0 = Module.make("M0", { state: Schema.Struct({ log: Schema.Array(Schema.Finite) }), actions: {} })
const M1 = Module.make("M1", { state: Schema.Struct({ log: Schema.Array(Schema.Finite) }), actions: {} })
const M2 = Module.make("M2", { state: Schema.Struct({ log: Schema.Array(Schema.Finite) }), actions: {} })

interface Spec {
  /** Places of its instances, in the order given. */
  readonly members: ReadonlyArray<number>
  /** Those it writes to. */
  readonly writes: ReadonlyArray<number>
  readonly ends: "commit" | "throw" | "invalid"
  readonly by: "sync" | "function" | "effect"
  /** Made by a subscriber that is told of it, on this instance. */
  readonly reentries: ReadonlyArray<Spec>
}

type Step =
  | { readonly step: "entry"; readonly spec: Spec }
  | { readonly step: "hold"; readonly members: ReadonlyArray<number> }
  | { readonly step: "live" }
  | { readonly step: "interrupt"; readonly which: number }
  | { readonly step: "evict"; readonly member: number }

const members = fc.shuffledSubarray([0, 1, 2], { minLength: 1 })
const specOf = (depth: number): fc.Arbitrary<Spec> =>
  fc.record({
    members,
    writes: fc.shuffledSubarray([0, 1, 2]),
    ends: fc.constantFrom("commit", "commit", "commit", "throw", "invalid"),
    by: fc.constantFrom("sync", "function", "effect"),
    reentries: depth === 0 ? fc.constant([]) : fc.array(specOf(depth - 1), { maxLength: 3 })
  })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ step: fc.constant("entry"), spec: specOf(2) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("hold"), members }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("live") }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("interrupt"), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("evict"), member: fc.nat(11) }) }
)

/** An entry as it was made: `id` is its place among all. */
interface Made {
  readonly id: number
  readonly spec: Spec
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** Written by the model. */
  ran: boolean
  /** Interrupted or refused before it ran. */
  cancelled: boolean
}

const lengthsOf = (states: ReadonlyArray<State>): string => states.map(({ log }) => log.join(".")).join(" ")

/** What was met, so that a run that meets nothing is noticed. */
const met = { groups: 0, rollbacks: 0, reentries: 0, waits: 0, interrupted: 0, refused: 0, travels: 0 }

class App {
  readonly commits: Array<Commit.Commit> = []
  readonly errors: Array<unknown> = []
  readonly made: Array<Made> = []
  readonly held = new Set<number>()
  readonly closed = new Set<number>()
  /** Those in line when an instance closed, whose callers had gone on: only `onError` is told. */
  lost = 0
  /** Those that show another moment: an instance that closes meanwhile does so for ever. */
  readonly away = new Set<number>()
  readonly violations: Array<string> = []
  readonly runtime = Runtime.make(
    [M0, M1, M2].map((def) => (def as typeof M0).implement({ initial: { log: [] }, validate: "commit" })),
    {
      onError: (cause) => void this.errors.push(cause),
      sinks: [
        {
          name: "all",
          capacity: Number.POSITIVE_INFINITY,
          onCommit: (batch) => Effect.sync(() => void this.commits.push(...batch))
        }
      ]
    }
  )
  readonly refs = [M0, M1, M2].map((def) => this.runtime.resolve((def as typeof M0).tag))

  /** 5: of all three, whenever anyone looks. */
  readonly lengths = Derived.make([M0, M1, M2], (...states) => lengthsOf(states))
  private toldLengths: string

  constructor() {
    const lengths = this.runtime.resolve(this.lengths)
    this.toldLengths = lengths.unsafe.getState()
    lengths.unsafe.subscribe((told) => {
      if (told === this.toldLengths) this.violations.push("Derived told the same again")
      this.toldLengths = told
    })
    const derivedNow = () => {
      if (lengths.unsafe.getState() !== this.lengthsNow())
        this.violations.push("Derived is of another moment")
    }
    this.refs.forEach((ref, i) =>
      ref.unsafe.subscribe(({ log }) => {
        this.checkAllOrNone()
        derivedNow()
        const entry = this.made[log.at(-1) ?? -1]
        // The first instance that it wrote to tells it, once.
        if (this.away.has(i) || entry === undefined || this.writesOf(entry)[0] !== i) return
        for (const spec of entry.spec.reentries) {
          met.reentries++
          this.enter(spec)
        }
      })
    )
  }

  private lengthsNow(): string {
    return lengthsOf(this.refs.map(({ unsafe }) => unsafe.getState()))
  }

  writesOf({ spec }: Made): ReadonlyArray<number> {
    return spec.members.filter((member) => spec.writes.includes(member))
  }

  /** Nobody ever sees a group on one of its instances and not on another. */
  private checkAllOrNone(): void {
    const logs = this.refs.map(({ unsafe }) => new Set(unsafe.getState().log))
    for (const entry of this.made) {
      const here = this.writesOf(entry).filter((member) => !this.away.has(member))
      const seen = here.map((member) => logs[member]?.has(entry.id))
      if (new Set(seen).size > 1) this.violations.push(`${entry.id} was seen in part`)
    }
  }

  enter(spec: Spec): void {
    const id = this.made.length
    const made: Made = {
      id,
      spec,
      fiber: undefined,
      ran: false,
      cancelled: spec.members.some((m) => this.closed.has(m))
    }
    this.made.push(made)
    if (made.cancelled) met.refused++
    if (spec.members.length > 1) met.groups++
    const targets = spec.members.flatMap((member) => this.refs[member] ?? [])
    const writes = spec.members.map((member) => spec.writes.includes(member))
    const body = (...txs: ReadonlyArray<{ readonly update: (f: (s: State) => State) => void }>): void => {
      txs.forEach((tx, i) => {
        if (writes[i]) tx.update(({ log }) => ({ log: [...log, spec.ends === "invalid" ? Number.NaN : id] }))
      })
      if (spec.ends === "throw") throw new Error("no")
    }
    try {
      if (spec.by === "sync") this.runtime.unsafe.transact(targets, `${id}`, body)
      else {
        const effect = this.runtime.transact(targets, `${id}`, (...txs) => {
          if (spec.by === "effect") return Effect.sync(() => body(...txs))
          body(...txs)
          return Effect.void
        })
        made.fiber = this.runtime.run(effect)
      }
    } catch {
      // What made it fail is in `errors`, or it was refused.
    }
  }

  // --- the model ----------------------------------------------------------------------------------------

  /** Marks what can run now. */
  private advance(): void {
    const busy = new Set(this.held)
    for (const made of this.waiting()) {
      made.ran = !made.spec.members.some((member) => busy.has(member))
      if (!made.ran) for (const member of made.spec.members) busy.add(member)
    }
  }

  waiting(): ReadonlyArray<Made> {
    return this.made.filter(({ cancelled, ran }) => !ran && !cancelled)
  }

  fails({ spec }: Made): boolean {
    return (
      spec.ends === "throw" || (spec.ends === "invalid" && spec.writes.some((m) => spec.members.includes(m)))
    )
  }

  // --- comparison ---------------------------------------------------------------------------------------

  check(): void {
    expect(this.violations).toEqual([])
    expect(this.toldLengths).toBe(this.lengthsNow())
    this.advance()
    const ran = this.made.filter((made) => made.ran)
    const committed = ran.filter((made) => !this.fails(made))
    this.refs.forEach((ref, i) => {
      const writing = committed.filter((made) => this.writesOf(made).includes(i)).map(({ id }) => id)
      if (!this.away.has(i)) expect(ref.unsafe.getState().log, `log of ${i}`).toEqual(writing)
      const entered = entriesOf(this.runtime).filter(
        ({ instanceId, origin }) => instanceId === ref.instanceId && origin.kind !== "devtools"
      )
      expect(
        entered.map(({ origin, outcome }) => `${origin.name} ${outcome}`),
        `entries of ${i}`
      ).toEqual(
        ran
          .filter(({ spec }) => spec.members.includes(i))
          .map((made) => {
            const outcome = this.fails(made)
              ? "rollback"
              : this.writesOf(made).includes(i)
                ? "commit"
                : "unchanged"
            return `${made.id} ${outcome}`
          })
      )
    })
    expect(this.errors.length, "reported").toBe(ran.filter((made) => this.fails(made)).length + this.lost)
    for (const { fiber } of this.waiting()) expect(fiber?.pollUnsafe()).toBeUndefined()
    for (const made of ran) if (made.fiber !== undefined) expect(made.fiber.pollUnsafe()).toBeDefined()
    this.checkCommits(committed)
  }

  /** The commits of a group follow each other, with one groupId, which no other commit has. */
  private checkCommits(committed: ReadonlyArray<Made>): void {
    const runs: Array<{ readonly name: string; readonly groupId: string | undefined; ids: Array<string> }> =
      []
    for (const { groupId, instanceId, origin } of this.commits) {
      if (origin.kind === "devtools") continue
      const last = runs.at(-1)
      if (last !== undefined && last.name === origin.name && last.groupId === groupId)
        last.ids.push(instanceId)
      else runs.push({ name: origin.name, groupId, ids: [instanceId] })
    }
    const expected = new Map(
      committed
        .filter((made) => this.writesOf(made).length > 0)
        .map((made) => [`${made.id}`, this.writesOf(made).map((member) => this.refs[member]?.instanceId)])
    )
    expect(runs.length, "runs of commits").toBe(expected.size)
    for (const { ids, name } of runs) expect(ids, `commits of ${name}`).toEqual(expected.get(name))
    const groupIds = runs.flatMap(({ groupId }) => groupId ?? [])
    expect(new Set(groupIds).size).toBe(groupIds.length)
  }
}

interface State {
  readonly log: ReadonlyArray<number>
}

const take = async (app: App, each: Step): Promise<void> => {
  switch (each.step) {
    case "entry":
      return app.enter(each.spec)
    case "hold": {
      const open = each.members.filter((member) => !app.closed.has(member))
      if (open.length > 0) met.travels++
      for (const member of open) {
        app.held.add(member)
        app.away.add(member)
      }
      app.runtime.travel.to(
        new Map(open.map((member) => [app.refs[member]?.instanceId ?? "", { log: [-1 - member] }]))
      )
      for (const member of open) expect(app.refs[member]?.unsafe.getState().log).toEqual([-1 - member])
      return
    }
    case "live":
      for (const member of app.held) app.away.delete(member)
      app.held.clear()
      return app.runtime.travel.live()
    case "interrupt": {
      const fibers = app.waiting().filter(({ fiber }) => fiber !== undefined)
      const made = fibers[each.which % Math.max(1, fibers.length)]
      if (made === undefined) return
      met.interrupted++
      made.cancelled = true
      made.fiber?.interruptUnsafe()
      return
    }
    case "evict": {
      const ref = app.refs[each.member]
      if (ref === undefined || app.closed.has(each.member)) return
      for (const made of app.waiting()) {
        if (!made.spec.members.includes(each.member)) continue
        met.refused++
        made.cancelled = true
        if (made.fiber === undefined) app.lost++
      }
      app.closed.add(each.member)
      app.held.delete(each.member)
      await app.runtime.evict(ref.instanceId)
    }
  }
}

describe("T11 random groups", () => {
  test("T11 T3 T4 T5 they do what the model of a few lines does", async () => {
    console.log(`groups: GROUP_SEED=${seed} GROUP_RUNS=${numRuns}`)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const app = new App()
        for (const each of [...steps, { step: "live" } as const]) {
          await take(app, each)
          await idle()
          met.waits += app.waiting().length
          app.check()
        }
        expect(app.waiting()).toEqual([])
        met.rollbacks += app.errors.length - app.lost
        await app.runtime.dispose()
      }),
      { seed, numRuns }
    )
    console.log("groups:", met)
    for (const [what, count] of Object.entries(met)) expect(count, what).toBeGreaterThan(0)
  }, 120_000)
})
