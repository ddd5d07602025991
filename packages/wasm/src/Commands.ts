/**
 * What a handler wants done in the world: it cannot do it itself, so it says so in its response or in the state, and a
 * logic of the module does it after the commit.
 */
import type { Module, ModuleIdentity } from "@sluice/core"
import type { AnyAction } from "@sluice/core/Commit"
import * as Replay from "@sluice/core/Replay"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** To be given to the app's client. The answer comes back as an action that names the `id`, if the app sends one. */
export const Fetch = Schema.TaggedStruct("fetch", {
  id: Schema.String,
  url: Schema.String,
  method: Schema.optionalKey(Schema.String),
  body: Schema.optionalKey(Schema.Json)
})

export const Wait = Schema.TaggedStruct("wait", { id: Schema.String, ms: Schema.Finite })

/** JSON with a tag. `Fetch` and `Wait` are two; an app has its own. */
export interface Command {
  readonly _tag: string
}

/** How each command is done, by its tag. Nothing is done of a tag that is not here: the types see to it that all are. */
export type Runners<C extends Command> = {
  readonly [Tag in C["_tag"]]: (
    command: Extract<C, { readonly _tag: Tag }>
  ) => Effect.Effect<unknown, unknown, unknown>
}

type NeedsOf<Run> =
  Run extends Readonly<Record<string, (command: never) => Effect.Effect<unknown, unknown, infer R>>>
    ? R
    : never

/** What an action's commit was. */
export interface Committed<S, Response> {
  readonly action: AnyAction
  readonly state: S
  /** Undefined where its handler was not asked for one. */
  readonly response: Response | undefined
}

export interface Options<S, A, T, Response, C extends Command, Run extends Runners<C>> {
  /** Of the actions whose handler gives commands. */
  readonly on: ReadonlyArray<keyof A & string>
  readonly handler: { readonly responseTo: (action: AnyAction) => Response | undefined }
  readonly commands: (committed: Committed<S, Response>) => ReadonlyArray<C>
  readonly run: ($: Module.LogicContext<S, A, T>) => Run
  /** Actions whose commands are done at once. Default 1: in the order of the commits. Those of one are done in order. */
  readonly concurrency?: number
  /** Default "commands". */
  readonly name?: string
}

/**
 * A logic that does the commands of each commit: after it, once, and never of one that rolled back, was replayed, or
 * is only travelled to. One that fails reaches `onError`, and the others of its commit are not done. When the instance
 * closes what is not done yet is not done.
 */
export const logic = <Id extends string, S, A, X, T, Response, C extends Command, Run extends Runners<C>>(
  def: Module.ModuleDef<Id, S, A, X, T>,
  { commands, concurrency = 1, handler, name = "commands", on, run }: Options<S, A, T, Response, C, Run>
): Module.Logic<S, A, NeedsOf<Run> | ModuleIdentity<Id>> =>
  def.logic(name, ($) =>
    Effect.gen(function* () {
      const runtime = yield* def.tag
      const tags = new Set<string>(on)
      // An action that carries nothing is the same object each time: hence in order.
      const waiting = new WeakMap<AnyAction, Array<Committed<S, Response>>>()
      const committed = (action: AnyAction, state: S): Committed<S, Response> => ({
        action,
        state,
        response: handler.responseTo(action)
      })
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          Replay.observe(runtime, ({ actions, next }) => {
            for (const action of actions) {
              if (!tags.has(action._tag)) continue
              const known = waiting.get(action)
              if (known === undefined) waiting.set(action, [committed(action, next)])
              else known.push(committed(action, next))
            }
          })
        ),
        (end) => Effect.sync(end)
      )
      const runners: Runners<C> = run($)
      yield* $.onAction([...on]).runParallel({ concurrency }, (_payload, action: AnyAction) =>
        Effect.gen(function* () {
          // Committed before this logic began: of what it gave, the response is there.
          const of = waiting.get(action)?.shift() ?? committed(action, yield* $.state.get)
          for (const command of commands(of)) {
            // By its own tag, so of that tag's type; and what it needs is in the logic's.
            const runner = runners[command._tag as C["_tag"]] as (
              command: C
            ) => Effect.Effect<unknown, unknown, NeedsOf<Run>>
            yield* runner(command)
          }
        })
      )
    })
  )
