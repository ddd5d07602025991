import { expect, it } from "vitest"
import { contenders, figures } from "../src/devtools/panel/measure.ts"
import { summarize } from "../src/devtools/panel/results.ts"
import { runPanel } from "../src/devtools/panel/run.ts"

it("a panel in the page opens on what was done before, travels, and follows what is done", async () => {
  const plan = { commits: 300, travels: 2, perSecond: 100, seconds: 1 }
  const { samples, version } = await runPanel({ plan, rounds: 1, keys: ["none", "open"] })
  const { outcomes, rows } = summarize(version, 1, samples)
  const running = [figures.script, figures.task, figures.frames]
  expect(rows.map((row) => [row.contender, row.case])).toEqual([
    ...running.map((name) => [contenders.none, name]),
    ...[figures.opened, figures.travel, ...running].map((name) => [contenders.open, name])
  ])
  expect(rows.every(({ median }) => median > 0)).toBe(true)
  expect(outcomes.map((outcome) => outcome.case)).toEqual([figures.opened, figures.travel])
})
