/** One instance of a module: the kernel, its channels and its subscribers, wired together under one Scope. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { plainContext } from "./Admission.ts"
import { type Caller, CallerRef } from "./Caller.ts"
import { withoutDerived } from "./Derivation.ts"
import { Entries } from "./Entries.ts"
import type { Any } from "./internal/any.ts"
import { sameFields } from "./internal/fields.ts"
import { plansOf } from "./Plan.ts"
import { replaceOrigin } from "./Publication.ts"
import { Spans } from "./Spans.ts"
import { txnId } from "./Trace.ts"
import { standInNew } from "./Waiter.ts"

export type AnyInstance = Instance<Any, Any>

/** Its life: how it starts, is replaced, and ends. */
export class Instance<S, A> extends Entries<S, A> {
  /** Written by `close`. */
  private ended: Deferred.Deferred<void> | undefined = undefined

  /** Runs the setups. Those that do not wait have ended when this returns. */
  start(
    services: Context.Context<never>,
    setups: ReadonlyArray<{ name: string; run: Effect.Effect<unknown, unknown> }>,
    late?: () => Context.Context<never>
  ): void {
    const { scheduler } = this.host
    const isOwn = Context.get(services, Scheduler.Scheduler) === scheduler
    const own = (given: Context.Context<never>) =>
      isOwn ? given : Context.add(given, Scheduler.Scheduler, scheduler)
    this.knownServices = late === undefined ? own(services) : undefined
    if (late !== undefined) this.lateServices = () => own(late())
    // Effect's own tracer, which goes nowhere, is not in a context; by its key alone it is not in a bundle either.
    const tracer = services.mapUnsafe.get(Tracer.TracerKey) as Tracer.Tracer | undefined
    if (tracer !== undefined && this.spans === undefined)
      this.makeSpans(
        new Spans(tracer, Context.get(services, Clock.Clock), (error) =>
          this.report(Cause.die(error), "trace", "Tracer")
        )
      )
    this.sources?.start()
    if (setups.length === 0) return this.madeDeliveries?.setupsEnded()
    const { scope } = this
    const scoped = Context.add(this.services, Scope.Scope, scope)
    const running = new Set(setups)
    let warner: Fiber.Fiber<unknown, unknown> | undefined
    for (const setup of setups) {
      const run = this.deliveries.beginSetup()
      const caller: Caller = { txn: undefined, run, instanceId: this.instanceId, isSetup: true }
      const ended = (exit: Exit.Exit<unknown, unknown>) => {
        if (Exit.isFailure(exit)) this.reportFailure(exit.cause, "setup", setup.name)
        this.deliveries.endSetup(run)
        running.delete(setup)
        // Where it was replaced meanwhile, it is the new setups that are waited for.
        if (running.size > 0 || scope !== this.scope) return
        warner?.interruptUnsafe()
        // When the instance closes, it counts what is left and tells who waits.
        if (!this.closed) this.deliveries.setupsEnded()
      }
      // Its children live on after it, in the instance's scope.
      const program = Effect.onExit(setup.run, (exit) => Effect.sync(() => ended(exit)))
      this.runIn(Effect.awaitAllChildren(program), Context.add(scoped, CallerRef, caller))
    }
    if (running.size > 0) {
      const warning = Effect.sync(() => {
        this.host.warn(
          `The setup of ${Array.from(running, ({ name }) => name).join(", ")} on ${this.instanceId} still runs after 5 s, and actions are kept until it ends. Fork its loop: Effect.forkScoped(loop).`
        )
      })
      warner = this.runIn(Effect.delay(warning, "5 seconds"), this.services)
    }
  }

  /**
   * For another implementation that takes the place of this one's, with the state. Throws, and changes nothing,
   * if the state does not fit it. What is returned makes the change; then come `endLogics` and `start`.
   */
  replacing(impl: Instance<S, A>["impl"]): () => void {
    // The types of the two are the same where the state fits the schema, which is checked.
    const base = impl.initial(this.input)
    const initial = this.derived(impl, base).state
    const made = this.derived(impl, withoutDerived(this.impl.def.traits, this.state) as S)
    this.checkState(replaceOrigin, made.state, impl.def)
    return () => {
      this.sources?.replaced(made.sources)
      this.impl = impl
      this.plans = plansOf(impl)
      this.base = base
      this.derivation = made.derivation
      this.sources = made.sources
      this.initial = initial
      this.deliveries.beginSuccession(impl.channel.capacity, new Set(impl.logics.map(({ name }) => name)))
      standInNew(this.waiting.keys())
      if (sameFields(this.state, made.state)) return
      this.transition(replaceOrigin, [], () => made.state, undefined, plainContext)
    }
  }

  /** Interrupts what its logics run; their finalizers have run when this ends. */
  get endLogics(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { scope } = this
      this.madeScope = Scope.makeUnsafe()
      return Effect.map(Scope.close(scope, Exit.void), () => this.deliveries.endedForSuccession())
    })
  }

  /** Whoever closes it waits for its end, also where another has begun it. */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.ended !== undefined) return Deferred.await(this.ended)
      const ended = Deferred.makeUnsafe<void>()
      this.ended = ended
      this.closed = true
      const waiting = [...this.waiting.values()]
      for (const refuse of waiting) refuse()
      this.letGo()
      const scope = this.madeScope
      return Effect.map(scope === undefined ? Effect.void : Scope.close(scope, Exit.void), () => {
        this.end()
        Deferred.doneUnsafe(ended, Effect.void)
      })
    })
  }

  private end(): void {
    const undelivered = this.madeDeliveries?.close() ?? 0
    for (const notify of this.closing ?? []) notify()
    this.sources?.close()
    const { instanceId } = this
    this.host.trace.closed({
      kind: "closed",
      txnId: txnId(this.txnRef),
      instanceId,
      cause: undefined,
      undelivered
    })
    if (undelivered > 0) this.host.warn(`${instanceId} closed with ${undelivered} actions undelivered.`)
  }
}
