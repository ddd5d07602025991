/** What csp.e2e.test.ts asks of a page: each answer is JSON. */
import { type Handler as CoreHandler, Module, Runtime } from "@sluice/core"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { leastOf } from "../suite/gaps.ts"

const Count = Schema.Struct({ count: Schema.Finite, calls: Schema.optionalKey(Schema.Finite) })
const What = Schema.Struct({ do: Schema.optionalKey(Schema.String) })
const Desk = Module.make("Desk", { state: Count, actions: { assess: What } })

const hashOf = async (bytes: BufferSource): Promise<string> => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

const casesUrl = new URL("../.built/cases.wasm", import.meta.url)
const cases = async () => {
  const bytes = await (await fetch(casesUrl)).arrayBuffer()
  return {
    name: "Cases",
    abi: "core",
    source: casesUrl,
    sha256: await hashOf(bytes),
    imports: ["clock", "console", "random"],
    state: Count,
    params: What
  } as const
}

const script = `
Totals = Totals or {}
Handlers.add("assess", function(msg)
  Totals.calls = (Totals.calls or 0) + 1
end)`

const Totals = Schema.Struct({ Totals: Schema.Record(Schema.String, Schema.Finite) })
const Rules = Module.make("Rules", { state: Totals, actions: { assess: What } })

const lua = async () =>
  ({
    name: "Rules",
    abi: "lua",
    source: script,
    sha256: await hashOf(new TextEncoder().encode(script)),
    wasm: new URL("../../node_modules/wasmoon/dist/glue.wasm", import.meta.url),
    state: Totals,
    params: What
  }) as const

/** By the address of its manifest. */
const component = async (name: string) =>
  ({
    name,
    abi: "component",
    source: `handlers/${name}-component.json`,
    sha256: await (await fetch(`handlers/${name}-component.hash`)).text()
  }) as const

const Counted = Schema.Struct({ count: Schema.Finite })
const Step = Schema.Struct({ by: Schema.Finite })

/** The state after two calls, and what the second of them remembers of the first. */
const counted = async (isolation: "inline" | "worker") => {
  const declared = { ...(await component("counter")), state: Counted, params: Step, response: Schema.Unknown }
  const counter = await scoped(Handler.make({ ...declared, isolation, memory: "image" }))
  const first = await Effect.runPromise(counter.send({ count: 1 }, { by: 2 }))
  return Effect.runPromise(counter.request(first, { by: 0 }))
}

const Note = Schema.Struct({ newest: Schema.String, count: Schema.Finite })

const scoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Scope.provide(effect, Scope.makeUnsafe()))

/** The state after two actions. */
const twice = async (handler: CoreHandler.Handler<typeof Count.Type, typeof What.Type>): Promise<unknown> => {
  const runtime = Runtime.make(Desk.implement({ initial: { count: 0 }, handlers: { assess: handler } }))
  const desk = runtime.resolve(Desk.tag)
  await runtime.runPromise(desk.actions.assess({}))
  await runtime.runPromise(desk.actions.assess({}))
  return desk.unsafe.getState()
}

const asks = {
  inline: async () =>
    twice(await scoped(Handler.make({ ...(await cases()), isolation: "inline", memory: "image" }))),
  worker: async () => twice(await scoped(Handler.make(await cases()))),
  lua: async () => {
    const handler = await scoped(Handler.make(await lua()))
    const initial = { Totals: {} }
    const runtime = Runtime.make(Rules.implement({ initial, handlers: { assess: handler } }))
    const rules = runtime.resolve(Rules.tag)
    await runtime.runPromise(rules.actions.assess({}))
    await runtime.runPromise(rules.actions.assess({}))
    return rules.unsafe.getState()
  },
  component: async () => ({ inline: await counted("inline"), worker: await counted("worker") }),
  /** JavaScript, with its engine. */
  script: async () => {
    const params = Schema.Struct({ text: Schema.String })
    const notes = await scoped(Handler.make({ ...(await component("notes")), state: Note, params }))
    return Effect.runPromise(notes.send({ newest: "", count: 3 }, { text: "under a policy" }))
  },
  /** A call that never comes back, and the page meanwhile. */
  endless: async () => {
    const handler = await scoped(Handler.make({ ...(await cases()), limits: { callMs: 200 } }))
    const state = await Effect.runPromise(handler.send({ count: 0 }, {}))
    const exits: Array<boolean> = []
    const gap = await leastOf(async () => {
      const exit = await Effect.runPromise(Effect.exit(handler.send(state, { do: "loop" })))
      exits.push(Exit.isFailure(exit))
    })
    const next = await Effect.runPromise(handler.send(state, {}))
    return { exits, gap, next }
  },
  /** What the policy forbids, by the names of what was thrown or told. */
  forbidden: async () => {
    const refused: Array<string> = []
    try {
      // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call -- to show that it is refused
      refused.push(`it gave ${String(new Function(`return ${performance.now()}`)())}`)
    } catch (error) {
      refused.push(error instanceof EvalError ? "eval" : String(error))
    }
    const violated = new Promise<string>((resolve) => {
      addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
        if (blockedURI === "blob") resolve(effectiveDirective)
      })
    })
    const blob = new Blob(["postMessage(1)"], { type: "text/javascript" })
    // Whether it throws depends on the version of the browser; the event is told in any case
    const worker = async () => new Worker(URL.createObjectURL(blob))
    await worker().catch(() => {})
    return [...refused, await violated]
  }
}

export type Asks = typeof asks

const violations: Array<string> = []
addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`)
})

/** In a task of the page's own: what a debugger evaluates may use `eval`, whatever the policy. */
const ask = <Name extends keyof Asks>(name: Name) =>
  new Promise((resolve, reject) => {
    setTimeout(() => void asks[name]().then(resolve, reject), 0)
  })

Object.assign(globalThis, { ask, violations })
