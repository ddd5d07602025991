/** Calls of a machine as a case writes them. */
import * as Schema from "effect/Schema"
import { Fault, type CallKind, type ConsoleLine, type Grants, type Machine } from "../Machine.ts"
import { sha256Of } from "../memory/Hash.ts"

export const Step = Schema.Struct({
  kind: Schema.Literals(["init", "send", "request", "child-error"]),
  /** Of the action, for handlers that go by it. */
  tag: Schema.optionalKey(Schema.String),
  /** Default: what the step before gave; null in the first. */
  state: Schema.optionalKey(Schema.Unknown),
  params: Schema.optionalKey(Schema.Unknown),
  expect: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
export type Step = typeof Step.Type

/** Each begins with a fresh machine. */
export const Cases = Schema.Array(Schema.Struct({ name: Schema.String, steps: Schema.Array(Step) }))
export type Cases = typeof Cases.Type

/** `state` and `response`, or `error`, or `fault`. */
export type Outcome = Readonly<Record<string, unknown>>

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value ?? null))
const valueOf = (bytes: Uint8Array<ArrayBuffer>): unknown => JSON.parse(decoder.decode(bytes))

/** Pinned, so that what is printed is the same each time. */
export const grantsOf = (imports: ReadonlyArray<string>, lines: Array<ConsoleLine>): Grants => ({
  ...(imports.includes("clock") ? { clock: () => 1_700_000_000_000 } : {}),
  ...(imports.includes("random") ? { random: () => 0.5 } : {}),
  console: (line) => lines.push(line)
})

export const callOnce = (machine: Machine, step: Step, before: unknown): Outcome => {
  const state = "state" in step ? step.state : before
  const call: { readonly kind: CallKind; readonly tag: string | undefined } = {
    kind: step.kind,
    tag: step.tag
  }
  try {
    const returned = machine.call({
      ...call,
      state: state === null || state === undefined ? null : bytesOf(state),
      params: bytesOf(step.params)
    })
    if (returned._tag === "Err") return { error: returned.error }
    return {
      ...(returned.state === null ? {} : { state: valueOf(returned.state) }),
      ...(returned.response === null ? {} : { response: valueOf(returned.response) })
    }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.kind, at: error.at, detail: error.message }
    return { fault: "abi", detail: `what it gave is no JSON: ${String(error)}` }
  }
}

/** Of its memory and its mutable globals. */
export const fingerprint = async (machine: Machine): Promise<string> => {
  const parts = await Promise.all(
    machine.parts.map(async ({ memory, globals }) => {
      const bytes = memory === undefined ? "" : await sha256Of(new Uint8Array(memory.buffer).slice())
      return [bytes, ...globals.map(({ value }) => String(value))].join()
    })
  )
  return sha256Of(encoder.encode(parts.join("\n")))
}
