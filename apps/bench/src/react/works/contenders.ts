/** Who takes part in the works with rows and forms. */
import type { Page } from "../work.ts"

interface Contender {
  readonly contender: string
  /** In the folders of `subscribers` and `form`. */
  readonly file: string
  readonly name: string
}

const of = (contender: string, name: string, file = name): Contender => ({ contender, file, name })

export const everyone: ReadonlyArray<Contender> = [
  of("React hooks", "localState"),
  of("useReducer + context", "context"),
  of("zustand", "zustand"),
  of("Redux Toolkit", "reduxToolkit"),
  of("jotai", "jotai"),
  of("mobx", "mobx"),
  of("valtio", "valtio"),
  of("TanStack Store", "tanstackStore"),
  of("Sluice, concurrent={false}", "sluice"),
  of("Sluice", "sluiceConcurrent", "sluice")
]

/** Every row asks for the module itself, where otherwise the list gives it to them. */
export const asking = of("Sluice, useModule in each", "sluiceAsked", "sluice")

/** `open` is a function that a file of the folder exports. */
export const pagesOf = (
  contenders: ReadonlyArray<Contender>,
  folder: "subscribers" | "form",
  page: string,
  open: (contender: string) => string
): ReadonlyArray<Page> =>
  contenders.map(({ contender, file, name }) => {
    const call = open(name)
    return {
      contender,
      entry: `import { ${name} } from "./${folder}/${file}.tsx"
import { ${call.slice(0, call.indexOf("("))} } from "./${folder}/${page}.tsx"
${call}`
    }
  })
