/** What the commits of a session leave in memory where they can all be returned to, each changing one of the rows. */
import { type Keeper, keepersFor } from "../devtools/keepers.ts"
import { changedAt, makeRows, rowCount } from "../devtools/rows.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

const commits = (scale: Scale): number => 100_000 * scale
const rowsOf = (scale: Scale): number => rowCount * scale

const raiseAll = (keeper: Keeper, times: number, rows: number): void => {
  for (let time = 0; time < times; time++) keeper.raise(changedAt(time, rows))
}

/** A panel is told at most ten times a second. */
const settled = async ({ isSettled = () => true }: Keeper, times: number): Promise<void> => {
  while (!isSettled(times)) await new Promise((resolve) => setTimeout(resolve, 20))
}

const check = (keeper: Keeper, name: string, times: number, rows: number): void => {
  const kept = keeper.kept()
  if (kept !== undefined && kept !== times) throw new Error(`${name} kept ${kept} of ${times} commits`)
  const values = Array.from({ length: rows }, (_, at) => keeper.valueAt(at) ?? Number.NaN)
  const raised = values.reduce((sum, value) => sum + value)
  if (raised !== times) throw new Error(`${name} raised rows ${raised} times, not ${times}`)
}

const cases = (scale: Scale): ReadonlyArray<Case> =>
  Object.entries(keepersFor(commits(scale))).map(([contender, make]) => {
    const rows = rowsOf(scale)
    let keeper: Keeper | undefined
    return {
      name: `each of ${grouped(commits(scale))} commits`,
      contender,
      unit: "bytes",
      before: () => {
        // What its code keeps for itself has been made then.
        const first = make(makeRows(rows))
        raiseAll(first, 1000, rows)
        first.end()
        keeper = make(makeRows(rows))
      },
      run: (times) => {
        if (keeper === undefined) return
        raiseAll(keeper, times, rows)
        return settled(keeper, times)
      },
      after: (times) => {
        if (keeper !== undefined) check(keeper, contender, times, rows)
        keeper?.end()
        keeper = undefined
      },
      verify: () => {}
    }
  })

export const history: Work = {
  cases,
  // Redux's instrument takes minutes for a round, and what is kept is the same each time
  plan: (scale) => ({ rounds: 2, warmUps: 0, sample: { times: commits(scale) } }),
  baselines: ["redux, @redux-devtools/instrument"],
  alone: true,
  sizes: [1]
}
