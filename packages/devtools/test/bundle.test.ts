/** What of the devtools is in an app that is built for production. */
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { expect, test } from "vitest"

interface Built {
  /** Of the devtools, by what is left of them, in characters. */
  readonly modules: ReadonlyMap<string, number>
  readonly code: string
}

const folder = fileURLToPath(new URL("..", import.meta.url))

/** As `vite build` does it. vite takes the kind of build from the environment, where a test runner says "test". */
const bundle = async (entry: string, mode: "production" | "development"): Promise<Built> => {
  const before = process.env["NODE_ENV"]
  process.env["NODE_ENV"] = mode
  try {
    const result = await build({
      root: folder,
      configFile: false,
      logLevel: "error",
      mode,
      build: { write: false, rolldownOptions: { input: `test/bundle/${entry}` } }
    })
    if (!("output" in result)) throw new Error("vite did not build once")
    const chunks = result.output.filter((output) => output.type === "chunk")
    const modules = chunks.flatMap((chunk) =>
      Object.entries(chunk.modules).map(([id, { renderedLength }]) => [id, renderedLength] as const)
    )
    return {
      modules: new Map(
        modules
          .filter(([id, length]) => id.startsWith(`${folder}src/`) && length > 0)
          .map(([id, length]) => [id.slice(folder.length), length])
      ),
      code: chunks.map(({ code }) => code).join("\n")
    }
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"]
    else process.env["NODE_ENV"] = before
  }
}

/** Of the panel, of its button, and of what lets a panel in. */
const traces = ["sluice-devtools", "Sluice devtools", "Transactions", "@sluice/devtools"]

test("nothing, but for a component that renders nothing", async () => {
  const { code, modules } = await bundle("app.tsx", "production")
  expect([...modules.keys()]).toEqual(["src/index.ts"])
  expect(modules.get("src/index.ts")).toBeLessThan(150)
  expect(traces.filter((trace) => code.includes(trace))).toEqual([])
  expect(code).toContain("the app")
})

test("all of it, where it is asked for", async () => {
  const { code, modules } = await bundle("asking.tsx", "production")
  expect([...modules.keys()]).toContain("src/panel/Panel.tsx")
  expect(traces.filter((trace) => code.includes(trace))).toEqual(traces)
})

test("all of it in a build for development", async () => {
  const { modules } = await bundle("app.tsx", "development")
  expect([...modules.keys()]).toContain("src/panel/Panel.tsx")
})
