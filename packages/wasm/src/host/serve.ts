/** What runs in a worker: one program, and its units. */
import type { ConsoleLine, Load, Program, ProgramSource } from "../Machine.ts"
import { builtin } from "./node.ts"
import { Units } from "./Units.ts"
import { type FromWorker, ofStepped, toStep, type ToWorker, type WireStep, type WireStepped } from "./wire.ts"

type Post = (message: FromWorker, transfer?: ReadonlyArray<ArrayBuffer>) => void

/** Begins to answer its owner's messages. */
export const serve = <Source extends ProgramSource>(load: Load<Source>): void => {
  let units: Units | undefined
  const { listen, post } = port()
  const line = (told: ConsoleLine) => post({ _tag: "Line", line: told })
  listen((message) => {
    if (isStep(message)) {
      const begun = performance.now()
      const ran = units!.step(toStep(message))
      const stepped = ofStepped({ ...ran, ranMs: performance.now() - begun })
      return post(stepped, buffersOf(stepped))
    }
    if (message._tag !== "Load") return undefined
    const { options, source } = message
    // Each ABI has a worker of its own, and is given sources of its own.
    return void loading(load(source as Source, options)).then((answer) => {
      if ("program" in answer) units = new Units(answer.program, options, line)
      return post(answer.told)
    })
  })
}

type Answer = { readonly program: Program; readonly told: FromWorker } | { readonly told: FromWorker }

const loading = async (load: Promise<Program>): Promise<Answer> => {
  try {
    const program = await load
    const { kinds, prepared, sha256 } = program
    return { program, told: { _tag: "Loaded", sha256, kinds: new Set(kinds), prepared } }
  } catch (error) {
    return { told: { _tag: "Refused", error: fieldsOf(error) } }
  }
}

const port = (): {
  readonly listen: (listener: (message: ToWorker) => void) => void
  readonly post: Post
} => {
  const parent = builtin("node:worker_threads")?.parentPort
  if (parent) {
    return {
      listen: (listener) => parent.on("message", listener),
      post: (message, transfer = []) => parent.postMessage(message, transfer)
    }
  }
  const scope = globalThis as unknown as DedicatedScope
  return {
    listen: (listener) => scope.addEventListener("message", ({ data }) => listener(data)),
    post: (message, transfer = []) => scope.postMessage(message, transfer)
  }
}

/** Of a worker's global scope, whose types exclude those of a page. */
interface DedicatedScope {
  readonly addEventListener: (name: "message", listener: (event: { readonly data: ToWorker }) => void) => void
  readonly postMessage: (message: FromWorker, transfer: ReadonlyArray<ArrayBuffer>) => void
}

const isStep = (message: ToWorker): message is WireStep => Array.isArray(message)

/** What is handed over instead of copied. */
const buffersOf = ([state, response]: WireStepped): Array<ArrayBuffer> => {
  if (state === null) return response === null ? [] : [response.buffer]
  return response === null || response.buffer === state.buffer
    ? [state.buffer]
    : [state.buffer, response.buffer]
}

const fieldsOf = (error: unknown): Readonly<Record<string, unknown>> => {
  if (!(error instanceof Error)) return { reason: String(error) }
  const fields = Object.fromEntries(Object.entries(error))
  return "_tag" in error ? { ...fields, _tag: error._tag } : { reason: error.message }
}
