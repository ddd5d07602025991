/** Who has changed a part of a state. Apart from the history, which every page with devtools has. */
import type { Commit } from "@sluice/core"
import { sameValue } from "./compare.ts"
import type { History } from "./history.ts"
import { type Path, valueAt } from "./paths.ts"

/**
 * The kept commits in which what stands at the path changed, newest first. Ends at the history's base. Where `path` is
 * empty, all of the instance in which its state changed.
 */
export const whoChanged = (history: History, instanceId: string, path: Path): ReadonlyArray<Commit.Commit> =>
  history
    .after(0)
    .filter((commit) => {
      if (commit.instanceId !== instanceId) return false
      const [before, after] = [valueAt(commit.previous, path), valueAt(commit.next, path)]
      return !Object.is(before, after) && !sameValue(before, after)
    })
    .toReversed()
