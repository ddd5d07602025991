/** A server that means harm, or is unlucky: what it does is a failure of the call, and reaches nobody else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { once } from "node:events"
import { Module, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Handled from "@sluice/core/Handled"
import { Handler } from "@sluice/wasm"
import type { Limits } from "@sluice/wasm/Machine"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { scoped } from "./suite/cases.ts"

type Answering = (body: string, response: ServerResponse, request: IncomingMessage) => void

/** Of all that is asked. Set before the client has taken fetch, which it keeps. */
const given: Array<RequestInit | undefined> = []
const { fetch } = globalThis
globalThis.fetch = (input, init) => {
  given.push(init)
  return fetch(input, init)
}

const json =
  (value: unknown): Answering =>
  (_, response) =>
    void response.end(JSON.stringify(value))

const sha256 = "22".repeat(32)
const described = json({ protocol: 1, name: "hostile", sha256, kinds: ["send"] })
const version = "44".repeat(32)
const computed = { _tag: "Ok", version, state: { n: 1 }, response: null, console: [] }

const serve = async (answers: Readonly<Record<string, Answering>>): Promise<string> => {
  const server: Server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => (body += chunk.toString()))
    request.on("end", () => answers[request.url ?? ""]?.(body, response, request))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : ""}`
}

const make = (source: string, limits: Limits = {}) =>
  Handler.make({
    name: "Hostile",
    abi: "remote",
    isolation: "remote",
    memory: "none",
    source,
    sha256,
    limits,
    state: Schema.Struct({ n: Schema.Finite }),
    params: Schema.Struct({})
  })

const faultBy = async (compute: Answering, limits: Limits = {}) => {
  const hostile = await scoped(make(await serve({ "/describe": described, "/compute": compute }), limits))
  return Effect.runPromise(Effect.flip(hostile.send({ n: 0 }, {})))
}

test("what is no answer is a fault that says so", async () => {
  const answers: ReadonlyArray<readonly [Answering, string]> = [
    [(_, response) => response.end("<html>"), "abi"],
    [json({ ...computed, version: 4 }), "abi"],
    [json([computed, computed]), "abi"],
    [json({ _tag: "Ok" }), "abi"],
    [(_, response) => response.end(`${JSON.stringify(computed)}${JSON.stringify(computed)}`), "abi"],
    [(_, response) => response.writeHead(409).end("{}"), "abi"],
    // At another version than it was asked for, again and again
    [(_, response) => response.writeHead(409).end(JSON.stringify({ at: "1" })), "abi"],
    [(_, response) => response.writeHead(500).end("no"), "abi"],
    [(_, response) => response.writeHead(503).end("later"), "unreachable"],
    [(_, response) => response.destroy(), "unreachable"],
    [
      (_, response) =>
        response.writeHead(200, { "content-length": "900" }).write("{", () => response.destroy()),
      "unreachable"
    ]
  ]
  for (const [answer, kind] of answers) {
    expect(await faultBy(answer), answer.toString()).toMatchObject({ _tag: "HandlerFault", kind })
  }
  expect(await faultBy(json({ ...computed, state: { n: "one" } }))).toMatchObject({ _tag: "HandlerMismatch" })
})

test("an answer without an end is read up to what is allowed, and one that never comes is waited for as long", async () => {
  let written = 0
  const flood: Answering = (_, response) => {
    const more = () => {
      if (response.destroyed || written > 2 ** 28) return
      written += 65_536
      response.write(" ".repeat(65_536), more)
    }
    more()
  }
  expect(await faultBy(flood, { resultBytes: 1000 })).toMatchObject({ kind: "result-bytes" })
  expect(written).toBeLessThan(2 ** 26)
  expect(await faultBy(() => {}, { callMs: 50 })).toMatchObject({ kind: "timeout" })
  const silent = await serve({ "/describe": () => {} })
  const failed = await Effect.runPromise(Effect.flip(Effect.scoped(make(silent, { callMs: 50 }))))
  expect(failed).toMatchObject({ _tag: "LoadFailed" })
  const later = await serve({ "/describe": json({ protocol: 2, name: "hostile", sha256, kinds: [] }) })
  expect(await Effect.runPromise(Effect.flip(Effect.scoped(make(later))))).toMatchObject({
    _tag: "LoadFailed"
  })
})

test("a state goes to no other address, and with no credentials", async () => {
  const elsewhere: Array<string> = []
  const other = await serve({
    "/compute": (body, response) => {
      elsewhere.push(body)
      json(computed)(body, response, undefined as never)
    }
  })
  const redirected = await faultBy((_, response) =>
    response.writeHead(307, { location: `${other}/compute` }).end()
  )
  expect(redirected).toMatchObject({ kind: "unreachable" })
  expect(elsewhere).toEqual([])
  const asked = given.splice(0)
  expect(asked.length).toBeGreaterThan(2)
  expect(asked.every((init) => init?.credentials === "omit" && init.redirect === "error")).toBe(true)
})

test("a call that its caller gives up is told of to nobody, and a late answer is nobody's", async () => {
  const asked: Array<{ readonly unit: string; readonly answer: (n: number) => void }> = []
  const hostile = await scoped(
    make(
      await serve({
        "/describe": described,
        "/compute": (body, response) => {
          const { unit } = JSON.parse(body) as { readonly unit: string }
          asked.push({ unit, answer: (n) => response.end(JSON.stringify({ ...computed, state: { n } })) })
        }
      })
    )
  )
  const Desk = Module.make("Desk", {
    state: Schema.Struct({ n: Schema.Finite }),
    actions: { go: Schema.Struct({}) }
  })
  const runtime = Runtime.make(Desk.implement({ initial: { n: 0 }, handlers: { go: hostile } }))
  onTestFinished(() => runtime.dispose())
  const desk = runtime.resolve(Desk.tag)
  const { promise, resolve } = Promise.withResolvers<Fiber.Fiber<void>>()
  const forking = runtime.runPromise(
    Effect.gen(function* () {
      resolve(yield* Effect.forkChild(desk.actions.go({}), { startImmediately: true }))
      yield* Effect.promise(() => expect.poll(() => asked.length, { timeout: 5000 }).toBe(1))
    })
  )
  const fiber = await promise
  await forking
  await Effect.runPromise(Fiber.interrupt(fiber))
  const next = runtime.runPromise(desk.actions.go({}))
  await expect.poll(() => asked.length, { timeout: 5000 }).toBe(2)
  asked[0]!.answer(100)
  asked[1]!.answer(2)
  await next
  expect(desk.unsafe.getState()).toEqual({ n: 2 })
  expect(asked[1]!.unit).not.toBe(asked[0]!.unit)
  const { events } = HandlerActivity.of(Handled.instanceOf(desk).host).snapshot()
  expect(events.map((event) => event._tag === "Call" && event.outcome)).toEqual(["ok"])
})

test("after its scope has ended it computes nothing", async () => {
  const source = await serve({ "/describe": described, "/compute": json(computed) })
  const hostile = await Effect.runPromise(Effect.scoped(make(source)))
  expect(await Effect.runPromise(Effect.flip(hostile.send({ n: 0 }, {})))).toMatchObject({
    _tag: "HandlerFault",
    detail: "The handler's scope has ended"
  })
})
