/** The reducers of a living runtime, for entries that were recorded. */
import type { Commit } from "@sluice/core"
import { instanceOf } from "@sluice/core/ModuleRuntime"
import { complete, rerun } from "@sluice/core/Replay"

/** The parts of a `Runtime` that are asked for its modules. */
export interface ModulesOf {
  readonly instances: () => ReadonlyArray<{ readonly id: string; readonly instanceId: string }>
}

type Entry = Pick<Commit.Commit, "instanceId" | "moduleId" | "origin" | "actions">

/** What becomes of an entry on another state than it was recorded at. Nothing is done to any instance. */
export interface Reducers {
  /** Whether there is a module for it. If not, what was recorded is all that is known. */
  readonly knows: (entry: Entry) => boolean
  /**
   * The state that its reducers make of this one, computed fields included; they are always called. `undefined`
   * where no reducer made it. Throws what a reducer throws.
   */
  readonly rerun: (entry: Entry, state: unknown) => { readonly state: unknown } | undefined
  /** The draft with its computed fields, where the entry leads from `state` to it. */
  readonly complete: (entry: Entry, state: unknown, draft: unknown) => unknown
  /** The fields that follow from others. */
  readonly computed: (entry: Entry) => ReadonlyArray<string>
  /** The fields that hold what sources load. */
  readonly sources: (entry: Entry) => ReadonlyArray<string>
  /** What the source that makes this field would load for the state; throws what its function throws. */
  readonly sourceKey: (entry: Entry, field: string, state: unknown) => unknown
  /** The file of the entry's module, where that says so. */
  readonly source: (entry: Entry) => string | undefined
}

/** Of the entry's own instance, or, where that does not live here, of any of its module. */
export const reducersOf = (runtime: ModulesOf): Reducers => {
  const find = ({ instanceId, moduleId }: Entry) => {
    const all = runtime.instances()
    return (
      all.find((instance) => instance.instanceId === instanceId && instance.id === moduleId) ??
      all.find(({ id }) => id === moduleId)
    )
  }
  const fields = (entry: Entry, isSource: boolean): ReadonlyArray<string> => {
    const found = find(entry)
    const traits = found && instanceOf(found)?.impl.def.traits?.traits
    return Object.entries(traits ?? {})
      .filter(([, { kind }]) => (kind === "source") === isSource)
      .map(([name]) => name)
  }
  return {
    knows: (entry) => find(entry) !== undefined,
    rerun: (entry, state) => {
      const found = find(entry)
      return found && rerun(found, entry, state)
    },
    complete: (entry, state, draft) => {
      const found = find(entry)
      return found === undefined ? draft : complete(found, state, draft)
    },
    computed: (entry) => fields(entry, false),
    sources: (entry) => fields(entry, true),
    sourceKey: (entry, field, state) => {
      const found = find(entry)
      return found && instanceOf(found)?.impl.def.traits?.traits[field]?.read(state)
    },
    source: (entry) => {
      const found = find(entry)
      return found && instanceOf(found)?.impl.def.source
    }
  }
}
