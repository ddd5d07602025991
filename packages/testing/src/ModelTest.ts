/** A module against a simple model of it: random actions, compared after each, shrunk, by seed. */
import type { Action, Module } from "@sluice/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Formatter from "effect/Formatter"
import * as Schema from "effect/Schema"
import { ModelMismatch } from "./Errors.ts"
import type { TestOptions, TestRuntime } from "./TestRuntime.ts"

export interface Options<S, A, Model> {
  /** A fresh runtime for each run. Pass the options on: they decide the order in which its fibers go. */
  readonly runtime: (options: TestOptions) => TestRuntime<never>
  readonly initial: Model
  /** What the action does. It throws where the module refuses it. */
  readonly next: (model: Model, action: Action<A>) => Model
  /** What of the state the model says. Default: all of it. Compared by Effect's `Equal`. */
  readonly view?: (state: S) => Model
  /** What holds after each step, by name. */
  readonly invariants?: Readonly<Record<string, (state: S, model: Model) => boolean>>
  /** Payloads of one's own making, by tag. Default: any that fit the schema; a Standard Schema has none. */
  readonly payloads?: { readonly [Tag in keyof A]?: Arbitrary.Arbitrary<A[Tag]> }
  /** Before each comparison. Default: `runtime.settled()`. */
  readonly settle?: (runtime: TestRuntime<never>) => Promise<void>
  /** Default 100. */
  readonly runs?: number
  /** At most so many actions a run. Default 50. */
  readonly maxActions?: number
  /** Of all that is random. Default: another each time; it is logged. */
  readonly seed?: number
  /** What a ModelMismatch said: goes straight to its actions. */
  readonly replay?: string
}

/** What was run. */
export interface Checked {
  readonly seed: number
  readonly runs: number
  /** Actions in all. */
  readonly steps: number
}

interface Run<A> {
  readonly seed: number
  readonly actions: ReadonlyArray<Action<A>>
}

/** Rejects with ModelMismatch, which has the fewest and simplest actions that were found to differ. */
export const check = async <Id extends string, S, A, X, T, Model = S>(
  def: Module.ModuleDef<Id, S, A, X, T>,
  options: Options<S, A, Model>
): Promise<Checked> => {
  const { maxActions = 50, replay, runs = 100, seed = Math.floor(Math.random() * 2 ** 31) } = options
  const run: Arbitrary.Arbitrary<Run<A>> = Arbitrary.all({
    seed: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))),
    actions: Arbitrary.array(actionsOf(def, options), { maxLength: maxActions })
  })
  let steps = 0
  const property = ({ actions, seed }: Run<A>) =>
    Effect.gen(function* () {
      const { failure, taken } = yield* Effect.promise(() => compare(def, options, seed, actions))
      steps += taken
      return failure === undefined ? true : yield* Effect.fail(failure)
    })
  const program = Effect.gen(function* () {
    yield* Effect.log(`model of ${def.id}: ${replay === undefined ? `seed ${seed}, ${runs} runs` : replay}`)
    return yield* Arbitrary.checkEffect(run, property, { runs, seed, replay, size: maxActions })
  })
  const result = await Effect.runPromise(program)
  if (result._tag === "Passed") return { seed, runs: result.runs, steps }
  if (result._tag === "Falsified" && result.failure._tag === "PropertyError") {
    throw new ModelMismatch({
      moduleId: def.id,
      failure: result.failure.error,
      actions: result.shrunkInput.actions,
      replay: result.replay
    })
  }
  throw new Error(Arbitrary.formatCheckFailure(result))
}

const actionsOf = <Id extends string, S, A, X, T, Model>(
  def: Module.ModuleDef<Id, S, A, X, T>,
  { payloads }: Options<S, A, Model>
): Arbitrary.Arbitrary<Action<A>> => {
  const byTag = Object.entries<Module.AnySchema>(def.actions).map(([tag, schema]) => {
    const own = payloads?.[tag as keyof A]
    const payload = own ?? (Schema.isSchema(schema) ? Arbitrary.schema(schema) : undefined)
    if (payload === undefined)
      throw new Error(`The schema of ${tag} of ${def.id} is no Effect Schema: give its payloads`)
    return Arbitrary.map(payload, (payload) => ({ _tag: tag, payload }))
  })
  const which = Arbitrary.schema(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: byTag.length - 1 }))
  )
  // The tags and the payloads are those of the definition.
  return Arbitrary.flatMap(which, (i) => byTag[i] as Arbitrary.Arbitrary<Action<A>>)
}

/** One run. How it differed, if it did, and how many actions were taken. */
const compare = async <Id extends string, S, A, X, T, Model>(
  def: Module.ModuleDef<Id, S, A, X, T>,
  options: Options<S, A, Model>,
  seed: number,
  actions: ReadonlyArray<Action<A>>
): Promise<{ readonly failure: string | undefined; readonly taken: number }> => {
  const runtime = options.runtime({ seed })
  if (runtime.status === "building") await runtime.settled()
  // A layer may wait for what is no fiber's.
  await runtime.ready
  const settle = options.settle ?? ((each) => each.settled())
  // Without a view the model is a state.
  const view = options.view ?? ((state: S) => state as unknown as Model)
  const { unsafe } = runtime.resolve(def.tag)
  let model = options.initial

  const difference = async (): Promise<string | undefined> => {
    await settle(runtime)
    const error = runtime.takeErrors().find(({ info }) => info.during !== "entry")
    if (error !== undefined) return `${error.info.during} ${error.info.entry} failed: ${String(error.error)}`
    const state = unsafe.getState()
    const seen = view(state)
    if (!Equal.equals(seen, model)) return `it has ${Formatter.format(seen)}, not ${Formatter.format(model)}`
    const broken = Object.entries(options.invariants ?? {}).find(([, holds]) => !holds(state, model))
    return broken && `"${broken[0]}" does not hold of ${Formatter.format(state)}`
  }
  const take = (action: Action<A>): string | undefined => {
    const refusal = refusalOf(() => unsafe.dispatch(action))
    const expected = refusalOf(() => {
      model = options.next(model, action)
    })
    if (refusal === undefined) return expected && `it took what its model refuses: ${expected.text}`
    return expected === undefined ? refusal.text : undefined
  }

  let taken = 0
  const walk = async (): Promise<string | undefined> => {
    let failure = await difference()
    while (failure === undefined && taken < actions.length) {
      const action = actions[taken++]
      failure = (action && take(action)) ?? (await difference())
    }
    return failure
  }
  const failure = await walk().catch(String)
  // Those of its end are its failure.
  runtime.takeErrors()
  runtime.takeWarnings()
  const end = await runtime.dispose().then(() => undefined, String)
  return { failure: failure ?? end, taken }
}

const refusalOf = (body: () => void): { readonly text: string } | undefined => {
  try {
    body()
    return undefined
  } catch (error) {
    return { text: String(error) }
  }
}
