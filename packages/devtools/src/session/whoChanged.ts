/** Who has changed a part of a state. Apart from the history, which every page with devtools has. */
import type { Commit } from "@sluice/core"
import { sameValue } from "./compare.ts"
import type { History } from "./history.ts"
import { type Path, valueAt } from "./paths.ts"

interface Search {
  readonly instanceId: string
  readonly path: Path
  /** The commits from the one up to the other have been looked at. */
  from: number
  to: number
  /** Of those. By seq, oldest first: a commit that the history lets go must not be held here. */
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
  const latest = history.latest?.seq ?? 0
  const [search = { instanceId, path, from: latest + 1, to: latest, found: [] }] =
    at < 0 ? [] : all.splice(at, 1)
  all.unshift(search)
  all.length = Math.min(all.length, maxSearches)
  return search
}

/**
 * The kept commits in which what stands at the path changed, newest first. Ends at the history's base. Where `path` is
 * empty, all of the instance in which its state changed. Of more than `atMost` the newest, and older commits are not
 * looked at.
 */
export const whoChanged = (
  history: History,
  instanceId: string,
  path: Path,
  atMost = Infinity
): ReadonlyArray<Commit.Commit> => {
  const search = searchOf(history, instanceId, path)
  const oldest = history.oldest?.seq ?? 0
  const isFound = (commit: Commit.Commit): boolean => {
    if (commit.instanceId !== instanceId) return false
    const [before, after] = [valueAt(commit.previous, path), valueAt(commit.next, path)]
    return !Object.is(before, after) && !sameValue(before, after)
  }
  const newer = history.after(search.to).filter(isFound)
  const known = [...search.found.filter((seq) => seq >= oldest), ...newer.map(({ seq }) => seq)]
  const older: Array<number> = []
  let { from } = search
  for (let index = history.countUpTo(from - 1) - 1; index >= 0; index--) {
    const commit = history.at(index)
    if (commit === undefined || known.length + older.length >= atMost) break
    from = commit.seq
    if (isFound(commit)) older.push(commit.seq)
  }
  const all = [...older.toReversed(), ...known]
  const found = all.slice(Math.max(0, all.length - atMost))
  Object.assign(search, {
    found,
    from: found.length < all.length ? (found[0] ?? from) : from,
    to: history.latest?.seq ?? 0
  })
  return found.toReversed().flatMap((seq) => history.commitAt(seq) ?? [])
}
