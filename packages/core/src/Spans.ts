/** Entries and handlers as spans of the tracer that an app's layer provides (`@effect/opentelemetry` gives one). */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

export interface SpanDetails {
  readonly name: string
  readonly parent: Tracer.AnySpan | undefined
  readonly startTime: bigint
  /** Those that are absent are left out. */
  readonly attributes: Readonly<Record<string, unknown>>
}

export class Spans {
  private readonly tracer: Tracer.Tracer
  private readonly clock: Clock.Clock
  private readonly failed: (error: unknown) => void

  /** `failed` is told what the tracer throws, which must not end a commit in its midst. */
  constructor(tracer: Tracer.Tracer, clock: Clock.Clock, failed: (error: unknown) => void) {
    this.tracer = tracer
    this.clock = clock
    this.failed = failed
  }

  /** Epoch nanoseconds. */
  now(): bigint {
    return this.clock.currentTimeNanosUnsafe()
  }

  open({ name, parent, startTime, attributes }: SpanDetails): Tracer.Span | undefined {
    try {
      const span = this.tracer.span({
        name,
        parent: Option.fromUndefinedOr(parent),
        annotations: Context.empty(),
        links: [],
        startTime,
        kind: "internal",
        root: false,
        sampled: parent?.sampled ?? true
      })
      for (const [key, value] of Object.entries(attributes)) {
        if (value !== undefined) span.attribute(`sluice.${key}`, value)
      }
      return span
    } catch (error) {
      this.failed(error)
      return undefined
    }
  }

  close(span: Tracer.Span | undefined, exit: Exit.Exit<unknown, unknown>): void {
    try {
      span?.end(this.now(), exit)
    } catch (error) {
      this.failed(error)
    }
  }

  /** The effect in a span of its own, which is the parent of the spans and entries that it makes. */
  around(
    effect: Effect.Effect<unknown, unknown>,
    details: Omit<SpanDetails, "startTime">
  ): Effect.Effect<unknown, unknown> {
    return Effect.withFiber((fiber) => {
      if (!fiber.cache.tracerEnabled) return effect
      const span = this.open({ ...details, startTime: this.now() })
      if (span === undefined) return effect
      return Effect.onExit(Effect.provideService(effect, Tracer.ParentSpan, span), (exit) =>
        Effect.sync(() => this.close(span, exit))
      )
    })
  }
}
