/** An instance of a module by itself, for tests that replay what was recorded of it. */
import { type Action, type Module, Runtime, type UnsafeModuleRuntime } from "@sluice/core"
import { withoutDerived } from "@sluice/core/Derivation"
import { put } from "@sluice/core/Devtools"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"

/** The file exports no module of that id. */
export class ModuleNotExported extends Data.TaggedError("ModuleNotExported")<{
  readonly moduleId: string
  readonly exports: ReadonlyArray<string>
}> {
  override get message() {
    return `The file exports no module ${JSON.stringify(this.moduleId)}, only: ${this.exports.join(", ") || "nothing"}. Export its definition or its implementation there, or import another file.`
  }
}

interface Tagged<Id extends string, S, A> {
  readonly id: Id
  readonly tag: { readonly "~sluice/ModuleTag": { readonly state: S; readonly actions: A } }
}
type In<File> = File[keyof File]
type StateIn<File, Id extends string> =
  In<File> extends infer Each ? (Each extends Tagged<Id, infer S, infer _A> ? S : never) : never
type ActionsIn<File, Id extends string> =
  In<File> extends infer Each ? (Each extends Tagged<Id, infer _S, infer A> ? A : never) : never

/** Each call is one entry; it throws what makes that fail. */
export interface Alone<S, A> {
  readonly getState: () => S
  readonly dispatch: (action: Action<A>) => void
  readonly dispatchBatch: (actions: ReadonlyArray<Action<A>>) => void
  /** An entry of that name. Computed fields follow. */
  readonly write: (name: string, f: (state: S) => S) => void
  /** Puts the state there as it is, with its computed fields and what sources have loaded. */
  readonly give: (f: (state: S) => S) => void
  readonly dispose: () => Promise<void>
}

const isModule = (value: unknown): value is Module.AnyModule => Predicate.hasProperty(value, "~sluice/Module")

const isDef = (value: unknown): value is Module.AnyModuleDef =>
  Predicate.hasProperty(value, "~sluice/ModuleDef")

/**
 * Starts the module of that id which the file exports, in this state: with its reducers, traits and handlers that
 * compute in the window, without its logics, what it imports, and loads of its sources. Throws ModuleNotExported, and
 * InvalidState if the state does not fit.
 */
export const startAlone = <File extends object, const Id extends string>(
  file: File,
  moduleId: Id,
  state: StateIn<File, Id>
): Alone<StateIn<File, Id>, ActionsIn<File, Id>> => {
  type S = StateIn<File, Id>
  type A = ActionsIn<File, Id>
  const exported: ReadonlyArray<unknown> = Object.values(file)
  const module = exported.filter(isModule).find(({ id }) => id === moduleId)
  const def = module?.def ?? exported.filter(isDef).find(({ id }) => id === moduleId)
  if (def === undefined) throw new ModuleNotExported({ moduleId, exports: Object.keys(file) })
  const { handlers, validate } = module?.impl ?? {}
  // Its types are in the file's; here it is any module.
  const alone: Module.AnyModule = def.implement({
    initial: withoutDerived(def.traits, state),
    ...(handlers === undefined ? {} : { handlers }),
    ...(validate === undefined ? {} : { validate })
  })
  // For a server: no source is loaded.
  const runtime = Runtime.make(alone, { server: true, onError: () => {} })
  const { instanceId, unsafe } = runtime.resolve(alone.tag) as {
    readonly instanceId: string
    readonly unsafe: UnsafeModuleRuntime<S, A>
  }
  const give = (f: (state: S) => S) => put(runtime, instanceId, f(unsafe.getState()))
  give(() => state)
  return {
    getState: unsafe.getState,
    dispatch: unsafe.dispatch,
    dispatchBatch: unsafe.dispatchBatch,
    write: (name, f) => unsafe.transact(name, (tx) => tx.update(f)),
    give,
    dispose: runtime.dispose
  }
}
