/** Recipes: the state after a function has changed its draft. */
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import { create } from "mutative"

/** A recipe of `mutate`, or of a row's `update` in it, returned a promise; nothing changed. */
export class MutateReturnedPromise extends Data.TaggedError("MutateReturnedPromise") {
  override get message() {
    return "The recipe of mutate returned a promise, and its draft is gone when it ends. Wait first, then mutate with the result."
  }
}

/** What mutative is told of values that it would not draft by itself. */
export interface Marking {
  readonly mark: (value: unknown, types: { immutable: "immutable" }) => "immutable" | undefined
}

/** Whether to mark, in states of this schema: it slows each read of a draft. Written by `draftAlso`. */
let markingFor: (schema: object | undefined) => Marking | undefined = () => undefined

/** From now on recipes draft what it marks. */
export const draftAlso = (marking: typeof markingFor): void => {
  markingFor = marking
}

/** The same reference when the recipe changed nothing. What it returns is ignored. */
export const mutate = <S>(state: S, recipe: (draft: never) => unknown, schema?: object): S => {
  const run = (draft: unknown) => {
    // What mutative makes of a state is for the caller's types to say.
    refusePromise(recipe(draft as never))
  }
  return create<unknown>(state, run, markingFor(schema)) as S
}

export const refusePromise = <A>(returned: A): A => {
  if (returned === undefined || !Predicate.isPromiseLike(returned)) return returned
  // What becomes of the refused promise is of no interest; unhandled, its rejection could end the process.
  returned.then(undefined, () => undefined)
  throw new MutateReturnedPromise()
}
