/** Who has changed a part of a state. Apart from the history, which every page with devtools has. */
import type { Commit } from "@sluice/core"
import { sameValue } from "./compare.ts"
import type { History } from "./history.ts"
import { type Path, valueAt } from "./paths.ts"

interface Search {
  readonly instanceId: string
  readonly path: Path
  /** Of the last commit that was looked at. */
  seq: number
  /** By seq, oldest first: a commit that the history lets go must not be held here. */
  found: ReadonlyArray<number>
}

/** By history, those that were asked last: whoever watches asks again after each commit. */
const searches = new WeakMap<History, Array<Search>>()
const maxSearches = 8

const samePath = (a: Path, b: Path): boolean =>
  a.length === b.length && a.every((step, index) => Object.is(step, b[index]))

const searchOf = (history: History, instanceId: string, path: Path): Search => {
  const all = searches.get(history) ?? []
  searches.set(history, all)
  const at = all.findIndex((search) => search.instanceId === instanceId && samePath(search.path, path))
  const [search = { instanceId, path, seq: 0, found: [] }] = at < 0 ? [] : all.splice(at, 1)
  all.unshift(search)
  all.length = Math.min(all.length, maxSearches)
  return search
}

/**
 * The kept commits in which what stands at the path changed, newest first. Ends at the history's base. Where `path` is
 * empty, all of the instance in which its state changed.
 */
export const whoChanged = (
  history: History,
  instanceId: string,
  path: Path
): ReadonlyArray<Commit.Commit> => {
  const search = searchOf(history, instanceId, path)
  const oldest = history.oldest?.seq ?? 0
  const more = history.after(search.seq).filter((commit) => {
    if (commit.instanceId !== instanceId) return false
    const [before, after] = [valueAt(commit.previous, path), valueAt(commit.next, path)]
    return !Object.is(before, after) && !sameValue(before, after)
  })
  const found = [...search.found.filter((seq) => seq >= oldest), ...more.map(({ seq }) => seq)]
  Object.assign(search, { found, seq: history.latest?.seq ?? 0 })
  return found.toReversed().flatMap((seq) => history.commitAt(seq) ?? [])
}
