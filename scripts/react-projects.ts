/** The tests of @sluice/react once more: on React 18, under the React Compiler, and with the concurrent provider. */
import { join } from "node:path"
import babel from "@rolldown/plugin-babel"
import { reactCompilerPreset } from "@vitejs/plugin-react"
import type { Plugin } from "vite"
import type { ProvidedContext } from "vitest"
import type { TestProjectInlineConfiguration } from "vitest/config"
import { root } from "./run.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** What the tests' providers get as `concurrent`. */
    readonly concurrent: boolean
    /** Whether the React Compiler has compiled the tests and the package. */
    readonly compiled: boolean
    /** The major version of React. */
    readonly react: 18 | 19
  }
}

type TestOptions = NonNullable<TestProjectInlineConfiguration["test"]>

/** What the projects of the newest React have: where each kind of test runs. */
export interface Base {
  readonly node: () => TestOptions
  readonly browser: () => TestOptions
}

const sharesReact = /^(?:react|react-dom|@testing-library\/react|react-test-renderer)(?:\/|$)/
const folder = join(root, "packages/react")
const react18 = join(folder, "react-18/package.json")

/** Resolves React, and what must have the same React, as packages/react/react-18 does. */
const onReact18: Plugin = {
  name: "sluice:react-18",
  enforce: "pre",
  resolveId(source, importer, options) {
    if (!sharesReact.test(source) || importer?.includes("/node_modules/") === true) return null
    return this.resolve(source, react18, { ...options, skipSelf: true })
  }
}

/** Tests of what only a concurrent provider does. */
export const forConcurrent = "packages/*/test/concurrent.*"

/** The tag of the tests that need what React 18 does not have. */
export const needsReact19 = "react-19"

export const tags = [{ name: needsReact19, description: "Needs an API that React 18 does not have" }]
const tagsOn18 = tags.map((tag) => ({ ...tag, skip: true }))

/**
 * The React Compiler as apps have it, but for one thing: it moves a function that captures nothing of its
 * component to the top of the file, where what a test's own body declares is not in scope.
 */
const compiler = () =>
  babel({ presets: [reactCompilerPreset({ environment: { enableFunctionOutlining: false } })] })

const reactEntries = ["react", "react/jsx-dev-runtime", "react-dom", "react-dom/client", "react-dom/server"]

/** What depends on how React renders, and not only on what the hooks return. */
const aboutRendering =
  "test/{caret,concurrent,listening,matrix,swap,tearing,useSuspenseSource}{,.*}.browser.test.tsx"

interface Variant {
  readonly name: string
  /** Only these files. */
  readonly include?: string
  readonly on: "node" | "browser"
  readonly react?: 18 | 19
  readonly compiled?: true
  readonly concurrent?: true
}

const variants: ReadonlyArray<Variant> = [
  { name: "react-18-node", on: "node", react: 18 },
  { name: "react-concurrent-node", on: "node", concurrent: true },
  { name: "react-18", on: "browser", react: 18 },
  { name: "react-concurrent", on: "browser", concurrent: true },
  // What is not about both at once, each of the two proves by itself
  { name: "react-18-concurrent", on: "browser", react: 18, concurrent: true, include: aboutRendering },
  { name: "react-compiler", on: "browser", compiled: true, concurrent: true }
]

/** The patterns that fit something in packages/react, from there. */
const ofPackage = (patterns: ReadonlyArray<string> = []) =>
  patterns
    .filter((pattern) => !pattern.startsWith("apps/"))
    .map((pattern) => pattern.replace("packages/*/", ""))

export const reactProjects = (base: Base): Array<TestProjectInlineConfiguration> =>
  variants.map(({ compiled = false, concurrent = false, include, name, on, react = 19 }, index) => {
    const options = base[on]()
    const provide: ProvidedContext = { compiled, concurrent, react }
    return {
      root: folder,
      // Found while a test runs, they would make the browser load it again. They are looked for from the root
      ...(react === 18 ? {} : { optimizeDeps: { include: [...reactEntries] } }),
      plugins: [...(react === 18 ? [onReact18] : []), ...(compiled ? [compiler()] : [])],
      test: {
        ...options,
        name,
        include: include === undefined ? ofPackage(options.include) : [include],
        exclude: ofPackage([...(options.exclude ?? []), ...(concurrent ? [] : [forConcurrent])]),
        tags: react === 18 ? tagsOn18 : tags,
        provide,
        // One browser at a time
        sequence: { groupOrder: 10 + index }
      }
    }
  })
