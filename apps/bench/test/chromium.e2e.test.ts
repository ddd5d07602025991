import { beforeAll, expect, it } from "vitest"
import { bundle, type Bundle } from "../src/run/bundle.ts"
import { runInChromium } from "../src/run/chromium.ts"
import { runInNode } from "../src/run/node.ts"
import { workNames, works } from "../src/works/index.ts"

let built: Bundle

beforeAll(async () => {
  built = await bundle({ minify: true })
})

const names = (work: (typeof workNames)[number]) =>
  works[work].cases(0.1).map(({ name, contender }) => `${name}: ${contender}`)

it.each(workNames)("%s is done by everyone in Chromium, bundled for production", async (work) => {
  const { samples } = await runInChromium(built, { work, scale: 0.1, pace: "check", shortest: 0 })
  expect(samples.map(({ name, contender }) => `${name}: ${contender}`)).toEqual(names(work))
})

it("a work is done in a Node process of its own", async () => {
  const { samples, version } = await runInNode(built, {
    work: "dispatch",
    scale: 0.1,
    pace: "check",
    shortest: 0
  })
  expect(samples.map(({ name, contender }) => `${name}: ${contender}`)).toEqual(names("dispatch"))
  expect(version).toBe(process.versions.node)
})
