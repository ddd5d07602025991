import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import { SpanStatusCode } from "@opentelemetry/api"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor
} from "@opentelemetry/sdk-trace-base"
import { Runtime } from "@sluice/core"
import type { ModuleIdentity } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { describe, expect, it } from "vitest"
import { empty, isDone, Lane, type LaneContext, stepper } from "./lane.ts"
import { collectErrors, disposing, idle } from "./support.ts"

/** A lane in an app whose layer provides OpenTelemetry's tracer, and the spans that ended. */
const start = (
  setup: ($: LaneContext) => Effect.Effect<unknown, unknown, Scope.Scope | ModuleIdentity<"Lane">>,
  {
    level = "off",
    capacity = 8
  }: { readonly level?: "off" | "light" | "full"; readonly capacity?: number } = {}
) => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const layer = OtelTracer.layer.pipe(Layer.provide(Layer.succeed(OtelTracer.OtelTracerProvider, provider)))
  const { onError } = collectErrors()
  const runtime = disposing(
    Runtime.make(
      Lane.implement({ initial: empty, logics: [Lane.logic("l", setup)], channel: { capacity } }),
      {
        layer,
        onError,
        trace: { level }
      }
    )
  )
  const spans = () => exporter.getFinishedSpans()
  const nameOf = (id: string | undefined) => spans().find((span) => span.spanContext().spanId === id)?.name
  return {
    runtime,
    lane: runtime.resolve(Lane.tag),
    spans,
    named: (name: string): ReadableSpan => {
      const found = spans().find((span) => span.name === name)
      if (found === undefined)
        throw new Error(
          `No span ${name} in ${spans()
            .map((span) => span.name)
            .join(", ")}`
        )
      return found
    },
    /** Each span with its parent's name, in the order in which they ended. */
    tree: () => spans().map((span) => [span.name, nameOf(span.parentSpanContext?.spanId)])
  }
}

const quiet = () => Effect.void

describe("spans", () => {
  it("O5 an entry is a span, with its instance, transaction, origin and outcome", async () => {
    const { lane, runtime, spans } = start(quiet)
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await runtime.runPromise(lane.transact("import", () => {}))
    expect(spans().map(({ name, attributes, status }) => ({ name, attributes, status }))).toEqual([
      {
        name: "Lane a",
        attributes: {
          "sluice.instance": "Lane#1",
          "sluice.txn": "Lane#1::t1",
          "sluice.origin": "action",
          "sluice.tags": ["a"],
          "sluice.outcome": "commit"
        },
        status: { code: SpanStatusCode.OK }
      },
      {
        name: "Lane import",
        attributes: {
          "sluice.instance": "Lane#1",
          "sluice.txn": "Lane#1::t2",
          "sluice.origin": "state-update",
          "sluice.tags": [],
          "sluice.outcome": "unchanged"
        },
        status: { code: SpanStatusCode.OK }
      }
    ])
  })

  for (const level of ["off", "light", "full"] as const) {
    it(`O5 caller, entry, handler and its entries are one tree (trace: ${level})`, async () => {
      const { lane, named, runtime, spans, tree } = start(
        ($) => $.onAction("a").run((n) => Effect.withSpan($.actions.b(n), "in the handler")),
        { level }
      )
      await runtime.runPromise(Effect.withSpan(lane.actions.a(1), "caller"))
      await idle()
      expect(tree()).toEqual([
        ["Lane a", "caller"],
        ["caller", undefined],
        ["Lane b", "in the handler"],
        ["in the handler", "l: a"],
        ["l: a", "Lane a"]
      ])
      expect(new Set(spans().map((span) => span.spanContext().traceId)).size).toBe(1)
      expect(named("l: a").attributes).toEqual({
        "sluice.instance": "Lane#1",
        "sluice.cause": "Lane#1::t1",
        "sluice.tag": "a"
      })
      expect(named("Lane b").attributes["sluice.cause"]).toBe("Lane#1::t1")
    })
  }

  it("O5 a task's transactions are in its handler's span, and so is what a strategy forks", async () => {
    const { lane, tree } = start(($) =>
      $.onAction("a").runTask({
        strategy: "latest",
        pending: ({ log }) => ({ log: [...log, 0] }),
        effect: (n) => Effect.withSpan(Effect.as(Effect.yieldNow, n), "io"),
        success: ({ log }, n) => ({ log: [...log, n] })
      })
    )
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await idle()
    expect(tree()).toEqual([
      ["Lane a", undefined],
      ["Lane l: a, pending", "l: a"],
      ["io", "l: a"],
      ["Lane l: a, success", "l: a"],
      ["l: a", "Lane a"]
    ])
  })

  it("O5 the handler of an actionStream is in the span of the action that was pulled for it", async () => {
    const { lane, tree } = start(($) =>
      Effect.gen(function* () {
        const own = yield* $.use(Lane)
        yield* $.on(own.actionStream("a")).runParallel({ name: "reader", concurrency: 2 }, ({ payload }) =>
          $.actions.b(payload)
        )
      })
    )
    await idle()
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await idle()
    expect(tree()).toEqual([
      ["Lane a", undefined],
      ["Lane b", "reader"],
      ["reader", "Lane a"]
    ])
  })

  it("O5 a rollback is an error, with its exception; so is a handler that failed", async () => {
    const { lane, named, runtime } = start(($) =>
      $.onAction("a").run(() => Effect.fail(new Error("handler failed")))
    )
    await runtime.runPromise(Effect.exit(lane.transact("import", () => Effect.fail("no stock"))))
    const died = await runtime.runPromise(Effect.exit(lane.actions.b(-1)))
    expect(Exit.isFailure(died)).toBe(true)
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await idle()
    expect(named("Lane import")).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: "no stock" },
      attributes: { "sluice.outcome": "rollback" }
    })
    expect(named("Lane b")).toMatchObject({ status: { code: SpanStatusCode.ERROR } })
    expect(named("Lane b").events[0]?.attributes?.["exception.message"]).toContain("The reducer of b")
    expect(named("l: a")).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: "handler failed" } })
  })

  it("O5 an entry that waited is in its own caller's span, not in that of who let it in", async () => {
    const x = stepper()
    const { lane, runtime, tree } = start(($) => $.onAction("a").run(x.handler), { capacity: 1 })
    const call = (n: number) => runtime.run(Effect.withSpan(lane.actions.a(n), `caller ${n}`))
    call(1)
    await x.started(1)
    call(2)
    const waits = call(3)
    expect(isDone(waits)).toBe(false)
    x.finish()
    await x.started(2)
    await Effect.runPromise(Fiber.await(waits))
    expect(
      tree()
        .filter(([name]) => name === "Lane a")
        .map(([, parent]) => parent)
    ).toEqual(["caller 1", "caller 2", "caller 3"])
  })

  it("O5 an entry that a subscriber makes while a commit is told is in the span of that commit's caller", async () => {
    const { lane, runtime, tree } = start(($) => $.onAction("a").run((n) => $.actions.b(n)))
    lane.unsafe.subscribe(({ log }) => {
      if (log.length === 2) lane.unsafe.dispatch({ _tag: "c", payload: 9 })
    })
    await runtime.runPromise(lane.actions.a(1))
    await idle()
    expect(tree().filter(([name]) => name !== "l: a")).toEqual([
      ["Lane a", undefined],
      ["Lane b", "l: a"],
      ["Lane c", "l: a"]
    ])
  })

  it("O5 withTracerEnabled(false) makes none", async () => {
    const { lane, runtime, spans } = start(quiet)
    await runtime.runPromise(Effect.withTracerEnabled(lane.actions.a(1), false))
    expect(spans()).toEqual([])
  })

  it("O5 a tracer that throws stops no entry and no handler; onError is told", async () => {
    const fails = (): never => {
      throw new Error("no collector")
    }
    const broken: ReadonlyArray<Tracer.Tracer["span"]> = [
      fails,
      (options) => Object.assign(new Tracer.NativeSpan(options), { attribute: fails }),
      (options) => Object.assign(new Tracer.NativeSpan(options), { end: fails })
    ]
    for (const span of broken) {
      const { errors, infos, onError } = collectErrors()
      const logic = Lane.logic("l", ($) => $.onAction("a").run((n) => $.actions.b(n)))
      const layer = Layer.succeed(Tracer.Tracer, Tracer.make({ span }))
      const live = Lane.implement({ initial: empty, logics: [logic] })
      const runtime = disposing(Runtime.make(live, { layer, onError }))
      const { unsafe } = runtime.resolve(Lane.tag)
      unsafe.dispatch({ _tag: "a", payload: 1 })
      await idle()
      expect(unsafe.getState().log).toEqual([1, 1])
      // Two entries and a handler.
      expect(infos.map(({ during, entry }) => `${during} ${entry}`)).toEqual(Array(3).fill("trace Tracer"))
      expect(errors.map(String)).toEqual(Array(3).fill("Error: no collector"))
    }
  })

  it("O5 where the app provides no tracer, none is asked, Effect's own neither", async () => {
    const own = Tracer.nativeTracer
    const { span } = own
    let asked = 0
    own.span = (options) => {
      asked++
      return span.call(own, options)
    }
    try {
      const logic = Lane.logic("l", ($) => $.onAction("a").run((n) => $.actions.b(n)))
      const runtime = disposing(Runtime.make(Lane.implement({ initial: empty, logics: [logic] })))
      const lane = runtime.resolve(Lane.tag)
      await runtime.runPromise(lane.actions.a(1))
      await idle()
      expect(lane.unsafe.getState().log).toEqual([1, 1])
      expect(asked).toBe(0)
      await runtime.runPromise(Effect.withSpan(Effect.void, "asked"))
      expect(asked).toBe(1)
    } finally {
      own.span = span
    }
  })
})
