/** Where a server's scripts put the states of its page, and the browser's half takes them from. */
import type { Runtime } from "@sluice/core"

/** The name of a global: an array of snapshots, in the order in which they came. */
export const stateQueue = "__sluiceState"

/** What stands for the answer of a source: that it is being loaded, or that it will not come. */
const isWaiting = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Reflect.get(value, "_tag") === "Initial" &&
  Reflect.get(value, "waiting") === true

const noAnswer = { _tag: "Initial", waiting: false }

type Entry = Runtime.InstanceSnapshot

export const keyOf = ({ module, scope = [] }: Entry): string => JSON.stringify([module, ...scope])

/** The sources that the server of a page loads, as the snapshots of that page say. */
export class Awaited {
  /** By instance. Written by `note`. */
  private readonly entries = new Map<string, { readonly entry: Entry; readonly fields: Set<string> }>()

  note(entry: Entry): void {
    const known = this.entries.get(keyOf(entry)) ?? { entry, fields: new Set<string>() }
    this.entries.set(keyOf(entry), known)
    for (const [field, value] of Object.entries(entry.sources ?? {})) {
      if (isWaiting(value)) known.fields.add(field)
      else known.fields.delete(field)
    }
  }

  of(entry: Entry): ReadonlySet<string> | undefined {
    return this.entries.get(keyOf(entry))?.fields
  }

  /** What says of all of them that no answer will come. */
  ended(): ReadonlyArray<Entry> {
    return Array.from(this.entries.values())
      .filter(({ fields }) => fields.size > 0)
      .map(({ entry: { module, scope }, fields }) => ({
        module,
        ...(scope === undefined ? {} : { scope }),
        sources: noAnswers(fields)
      }))
  }
}

export const noAnswers = (fields: Iterable<string>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Array.from(fields, (field) => [field, noAnswer]))
