import { readFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import { build, embed } from "../../src/Component.ts"
import { compile } from "./assemblyScript.ts"
import { packageFolder, type Step } from "./steps.ts"
import { assemble } from "./wat.ts"

const folder = "test/fixtures/component"
const own = [
  "src/Component.ts",
  "src/component/*.ts",
  "src/binary/{Reader,Writer}.ts",
  "kit/assemblyscript/component.ts"
]

const finish = async (name: string, component: Uint8Array<ArrayBuffer>) => {
  const transpiler = await import("@bytecodealliance/jco-transpile")
  const built = await Effect.runPromise(build(component, { name, transpiler }))
  return { ...built.files, [`${name}.hash`]: built.sha256 }
}

const outputs = (name: string): ReadonlyArray<string> =>
  [".json", ".js", ".component.wasm", ".hash"].map((extension) => name + extension)

/** `embed` and `build`, of a core module that AssemblyScript has made. */
const small = (source: string, world?: string): Step => {
  const name = `${basename(source, ".ts")}-component`
  return {
    name,
    sources: [`${folder}/${source}`, ...own],
    outputs: outputs(name),
    build: async () => {
      const tools = await import("@bytecodealliance/jco-transpile/wasm-tools")
      const core = await compile(`${folder}/${source}`, [
        "--optimize",
        "--runtime",
        "incremental",
        "--use",
        "abort="
      ])
      return finish(
        name,
        await Effect.runPromise(
          embed(Uint8Array.from(core), { name, tools, ...(world === undefined ? {} : { world }) })
        )
      )
    }
  }
}

/** JavaScript with its engine: 12 MB, and seconds to make. */
const script = (source: string): Step => {
  const name = `${basename(source, ".js")}-component`
  return {
    name,
    sources: [`${folder}/${source}`, "wit/handler.wit", ...own],
    outputs: outputs(name),
    build: async () => {
      const { componentize } = await import("@bytecodealliance/componentize-js")
      // Its types ask for a path even where it is given texts: it would write to that path
      const ofTexts = componentize as unknown as (
        source: string,
        wit: string,
        options: { readonly worldName: string; readonly disableFeatures: ReadonlyArray<string> }
      ) => Promise<{ readonly component: Uint8Array }>
      const { component } = await ofTexts(
        readFileSync(join(packageFolder, folder, source), "utf8"),
        readFileSync(join(packageFolder, "wit/handler.wit"), "utf8"),
        { worldName: "handler", disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"] }
      )
      return finish(name, Uint8Array.from(component))
    }
  }
}

/** A component as it is written, not by a compiler's conventions. */
const written = (source: string): Step => {
  const name = `${basename(source, ".wat")}-component`
  return {
    name,
    sources: [`${folder}/${source}`, ...own],
    outputs: outputs(name),
    build: async () => {
      const { parse } = await import("@bytecodealliance/jco-transpile/wasm-tools")
      const component = await parse(readFileSync(join(packageFolder, folder, source), "utf8"))
      return finish(name, Uint8Array.from(component))
    }
  }
}

/** Only its core module, by wit-component's conventions. */
const core = (source: string): Step => {
  const output = `${basename(source, ".wat")}.wasm`
  return {
    name: output,
    sources: [`${folder}/${source}`],
    outputs: [output],
    build: async () => ({ [output]: await assemble(join(packageFolder, folder, source)) })
  }
}

const outcomesOf = (name: string): Step => ({
  name: `${name}.outcomes`,
  sources: [
    `${folder}/*`,
    "src/{abi/component,Machine,Component}.ts",
    "src/{binary,component,memory}/*.ts",
    "kit/assemblyscript/component.ts",
    "test/suite/{componentOutcomes,loadComponent,load}.ts"
  ],
  outputs: [`${name}.outcomes.json`],
  build: async () => {
    const { componentOutcomes } = await import("../suite/componentOutcomes.ts")
    return { [`${name}.outcomes.json`]: JSON.stringify(await componentOutcomes(name), undefined, 2) }
  }
})

export const components = (): ReadonlyArray<Step> => [
  small("counter.ts"),
  small("greedy.ts"),
  small("parent.ts", "supervisor"),
  script("notes.js"),
  core("kept.wat"),
  written("two.wat"),
  written("tabled.wat"),
  outcomesOf("counter-component"),
  outcomesOf("notes-component")
]
