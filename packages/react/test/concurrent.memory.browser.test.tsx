import { expect, test } from "vitest"
import { cdp } from "vitest/browser"
import { finallyShows, LeftCount, type makeApp, open, shown, urgently } from "./transitions.tsx"

/** As the protocol has it, of which Vitest knows no types. */
interface Session {
  readonly send: (method: "HeapProfiler.collectGarbage") => Promise<unknown>
}

const commits = 20_000

/** Commits while the page goes on being shown, and gives a function that counts the states that are still kept. */
const commitMany = async (left: ReturnType<typeof makeApp>["left"]) => {
  const states: Array<WeakRef<object>> = []
  for (let commit = 0; commit < commits; commit++) {
    left.dispatch({ _tag: "add", payload: 1 })
    states.push(new WeakRef(left.getState()))
    if (commit % 100 === 0) await new Promise((resume) => setTimeout(resume))
  }
  return async () => {
    await (cdp() as unknown as Session).send("HeapProfiler.collectGarbage")
    return states.filter((state) => state.deref() !== undefined).length
  }
}

test("of 20,000 commits that are shown, the last are kept", async () => {
  const { container, left } = open(<LeftCount />, <LeftCount />)
  const countKept = await commitMany(left)
  await finallyShows(container, "left", String(commits))
  expect(await countKept()).toBeLessThan(500)
}, 60_000)

test("of 20,000 commits while a transition is suspended, a bounded number is kept", async () => {
  const { container, left, pend } = open(<LeftCount />, <LeftCount />)
  const end = await pend(() => left.dispatch({ _tag: "add", payload: 1 }))
  const countKept = await commitMany(left)
  urgently(() => left.dispatch({ _tag: "rename", payload: "last" }))
  expect(await countKept()).toBeLessThan(commits / 10)
  expect(shown(container, "left")).not.toContain("and")
  end()
  await finallyShows(container, "left", String(commits + 1))
}, 60_000)
