/** Any place of any state: its form begins with what is there, and put back it changes nothing. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { pair } from "../../src/adapters/index.ts"
import { toJson } from "../../src/form/fit.ts"
import { draftOf, jsonOf } from "../../src/form/model.ts"
import { connect, type RemoteAdapter, serve, type Step } from "../../src/protocol/index.ts"
import { schemas } from "../form/schemas.ts"

const sampled = schemas.chain(({ schema, values }) => values.map((value) => ({ schema, value })))
const isJson = Schema.is(Schema.Json)

const instance = { runtime: "r1", instanceId: "Any#1" }
const root = { _tag: "State", instanceId: "Any#1", moment: "live" } as const

/** A way down, by the parts that there are. */
const walk = Effect.fnUntraced(function* (remote: RemoteAdapter, turns: ReadonlyArray<number>) {
  const path: Array<Step> = []
  for (const turn of turns) {
    const { parts } = yield* remote.request("Inspect", { runtime: "r1", root, path, from: 0, to: 100 })
    const part = parts[turn % Math.max(1, parts.length)]
    if (part === undefined) return path
    path.push(part.step)
  }
  return path
})

test("what a form begins with is what is there, and set again it changes nothing", async () => {
  let edited = 0
  await fc.assert(
    fc.asyncProperty(sampled, fc.array(fc.nat(6), { maxLength: 5 }), async ({ schema, value }, turns) => {
      const Any = Module.make("Any", { state: Schema.Struct({ of: schema }), actions: {} })
      const runtime = Runtime.make(Any.implement({ initial: { of: value } }))
      const served = serve(runtime)
      const [page, panel] = pair()
      served.accept(page)
      const state = () => runtime.resolve(Any.tag).unsafe.getState()
      const shown = () => toJson(Any.schema, state())
      const before = shown()
      const run = Effect.gen(function* () {
        const remote = yield* connect(panel)
        const path = yield* walk(remote, turns)
        const { form, value: there } = yield* remote.request("Field", { ...instance, path })
        if (!isJson(there)) return "unknown"
        const typed = jsonOf(form, draftOf(form, there))
        expect(typed).toEqual({ value: there })
        return yield* remote.request("Edit", { ...instance, path, value: there, byForm: true }).pipe(
          Effect.as("edited"),
          // Not every part can be put in by itself: a Set's member has no place of its own.
          Effect.catchTag("NoSuchPart", ({ issue }) => Effect.succeed(issue))
        )
      })
      const outcome = await Effect.runPromise(Effect.scoped(run))
      if (outcome === "edited") edited++
      else expect(outcome).toMatch(/unknown|cannot be edited by a step of kind/)
      expect(shown()).toEqual(before)
      served.close()
      await runtime.dispose()
    }),
    { numRuns: 120 }
  )
  expect(edited).toBeGreaterThan(40)
})
