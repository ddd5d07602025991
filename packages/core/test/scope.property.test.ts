/** Scopes, additions, evictions and ends in random order, against a model that knows only trees and lists. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"

const ids = ["A", "B", "C"] as const
type Id = (typeof ids)[number]

/** Three modules, of which C imports A; each notes its ends. */
const modules = (ended: Array<string>) => {
  const make = (id: Id, imports: ReadonlyArray<Module.AnyModule>) => {
    const def = Module.make(id, { state: Schema.Number, actions: {} })
    const logic = def.logic("notes", () =>
      Effect.flatMap(def.tag, ({ instanceId }) =>
        Effect.addFinalizer(() => Effect.sync(() => void ended.push(instanceId)))
      )
    )
    return def.implement({ initial: 0, logics: [logic], imports })
  }
  const A = make("A", [])
  return { A, B: make("B", []), C: make("C", [A]) }
}
const withImports = (list: ReadonlyArray<Id>): ReadonlyArray<Id> => [
  ...new Set(list.flatMap((id): ReadonlyArray<Id> => (id === "C" ? ["A", "C"] : [id])))
]

interface Node {
  readonly parent: Node | undefined
  readonly runtime: Runtime.Runtime<never> | undefined
  /** Of a local one: its main instance. */
  readonly main: string | undefined
  readonly members: Map<Id, string>
  /** Written by `end`. */
  live: boolean
}

const nth = fc.nat({ max: 20 })
const list = fc.subarray([...ids])
const step = fc.oneof(
  fc.record({ op: fc.constant("scope" as const), at: nth, list }),
  fc.record({ op: fc.constant("add" as const), at: nth, list }),
  fc.record({ op: fc.constant("local" as const), at: nth, id: fc.constantFrom(...ids) }),
  fc.record({ op: fc.constant("evict" as const), at: nth }),
  fc.record({ op: fc.constant("dispose" as const), at: nth })
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

class Model {
  readonly nodes: Array<Node> = []
  /** The live ones, in the order of their start. */
  live: ReadonlyArray<string> = []
  private readonly numbers = new Map<Id, number>()

  start(node: Omit<Node, "members" | "live" | "main">, list: ReadonlyArray<Id>, local: boolean): Node {
    const members = new Map<Id, string>()
    const made: Node = { ...node, members, live: true, main: undefined }
    this.admit(made, list)
    const whole = local ? { ...made, main: [...members.values()].at(-1) } : made
    this.nodes.push(whole)
    return whole
  }

  admit(node: Node, list: ReadonlyArray<Id>): void {
    for (const id of withImports(list)) {
      if (node.members.has(id)) continue
      const n = (this.numbers.get(id) ?? 0) + 1
      this.numbers.set(id, n)
      node.members.set(id, `${id}#${n}`)
      this.live = [...this.live, `${id}#${n}`]
    }
  }

  /** Gives what ends, in order. */
  end(node: Node): ReadonlyArray<string> {
    const inside = this.nodes.filter((other) => this.isIn(other, node))
    const ending = new Set(inside.filter(({ live }) => live).flatMap(({ members }) => [...members.values()]))
    for (const one of inside) one.live = false
    const gone = this.live.filter((id) => ending.has(id)).toReversed()
    this.live = this.live.filter((id) => !ending.has(id))
    return gone
  }

  evict(instanceId: string): ReadonlyArray<string> {
    const node = this.nodes.find(({ live, members }) => live && [...members.values()].includes(instanceId))!
    if (node.main === instanceId) return this.end(node)
    for (const [id, member] of node.members) if (member === instanceId) node.members.delete(id)
    this.live = this.live.filter((id) => id !== instanceId)
    return [instanceId]
  }

  nearest(node: Node | undefined, id: Id): string | undefined {
    return node === undefined ? undefined : (node.members.get(id) ?? this.nearest(node.parent, id))
  }

  private isIn(node: Node | undefined, outer: Node): boolean {
    return node !== undefined && (node === outer || this.isIn(node.parent, outer))
  }
}

const run = async (steps: ReadonlyArray<Step>): Promise<ReadonlyArray<string>> => {
  const ended: Array<string> = []
  const { A, B, C } = modules(ended)
  const of = (list: ReadonlyArray<Id>) => list.map((id) => ({ A, B, C })[id])
  const model = new Model()
  const root = Runtime.make([], { onError: (cause) => expect(cause).toBeUndefined() })
  model.start({ parent: undefined, runtime: root }, [], false)
  const met: Array<string> = []
  for (const taken of steps) {
    const open = model.nodes.filter(({ live, runtime }) => live && runtime !== undefined)
    const node = open[taken.at % Math.max(1, open.length)]
    if (node?.runtime === undefined) break
    const { runtime } = node
    let gone: ReadonlyArray<string> = []
    ended.length = 0
    if (taken.op === "scope") {
      model.start({ parent: node, runtime: runtime.scope(of(taken.list)) }, taken.list, false)
    } else if (taken.op === "add") {
      await runtime.add(of(taken.list))
      model.admit(node, taken.list)
    } else if (taken.op === "local") {
      runtime.local({ A, B, C }[taken.id]).mount()
      model.start({ parent: node, runtime: undefined }, [taken.id], true)
    } else if (taken.op === "evict") {
      const instanceId = model.live[taken.at % Math.max(1, model.live.length)] ?? "none#1"
      await root.evict(instanceId)
      gone = model.live.length > 0 ? model.evict(instanceId) : []
    } else {
      // The root ends last.
      if (node.parent === undefined) continue
      await runtime.dispose()
      gone = model.end(node)
    }
    met.push(taken.op)
    expect(ended).toEqual(gone)
    expect(root.instances().map(({ instanceId }) => instanceId)).toEqual(model.live)
    for (const each of model.nodes) {
      if (!each.live || each.runtime === undefined) continue
      for (const id of ids) {
        const wanted = model.nearest(each, id)
        const tag = { A, B, C }[id].tag
        if (wanted === undefined) expect(() => each.runtime?.resolve(tag)).toThrow("is not provided here")
        else expect(each.runtime.resolve(tag).instanceId).toBe(wanted)
      }
    }
  }
  ended.length = 0
  await root.dispose()
  expect(ended).toEqual(model.end(model.nodes[0]!))
  expect(root.instances()).toEqual([])
  return met
}

test(
  "C7 what lives, what is nearest and what ends when are as in the model",
  { timeout: 120_000 },
  async () => {
    const met = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        for (const op of await run(steps)) met.set(op, (met.get(op) ?? 0) + 1)
      }),
      { numRuns: 300 }
    )
    expect([...met.keys()].toSorted()).toEqual(["add", "dispose", "evict", "local", "scope"])
  }
)
