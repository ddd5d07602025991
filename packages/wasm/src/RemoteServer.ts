/**
 * The other side of a remote handler, for processes in JavaScript: state in their memory, snapshotted elsewhere. It
 * knows no server; `fetch` is for those that take a function of a Request.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { CallKind, ConsoleLine } from "./Machine.ts"
import * as Protocol from "./remote/Protocol.ts"

export interface ServedCall {
  /** Of the action; null where it is none. */
  readonly tag: string | null
  /** Null where there is none yet. */
  readonly state: unknown
  readonly params: unknown
  readonly granted: { readonly clock: number | null; readonly seed: number | null }
  readonly console: (line: ConsoleLine) => void
}

/** `error` is a failure of the domain; what is thrown is a fault. */
export type Served = { readonly state: unknown; readonly response?: unknown } | { readonly error: string }

export interface ServerOptions<M> {
  readonly name: string
  /** Of the code of the process, in hexadecimal. */
  readonly sha256: string
  /** What a unit's memory begins as. */
  readonly fresh: () => M
  /** Equal memories must give equal bytes. */
  readonly snapshot: (memory: M) => Uint8Array<ArrayBuffer>
  readonly restore: (snapshot: Uint8Array<ArrayBuffer>) => M
  /** Each may change the memory in place. */
  readonly calls: { readonly [Kind in CallKind]?: (memory: M, call: ServedCall) => Served | Promise<Served> }
  /** Units that are kept; the least lately used is forgotten first, and restored when it is asked for. Default 1000. */
  readonly units?: number
}

export interface Answer {
  readonly status: number
  /** JSON. */
  readonly body: string
}

export interface RemoteServer {
  /** `path` without what comes before the protocol's own. Never rejects. */
  readonly handle: (method: string, path: string, body: string) => Promise<Answer>
  readonly fetch: (request: Request) => Promise<Response>
}

interface Unit<M> {
  memory: M
  version: Protocol.Version
  /** The last calls, by id. */
  readonly answers: Map<string, Answer>
}

/** Calls of a unit whose answers are kept. */
const maxAnswers = 16

class Refusal extends Error {
  readonly answer: Answer
  constructor(status: number, body: unknown) {
    super()
    this.answer = { status, body: JSON.stringify(body) }
  }
}

const elsewhere = (at: Protocol.Version): Refusal => new Refusal(409, { at } satisfies Protocol.Elsewhere)
const ok = (body: unknown): Answer => ({ status: 200, body: JSON.stringify(body) })

const parse = <A>(schema: Schema.ConstraintCodec<A, unknown, never, never>, body: string): A => {
  try {
    return Schema.decodeUnknownSync(schema)(JSON.parse(body))
  } catch (error) {
    throw new Refusal(400, { message: error instanceof Error ? error.message : String(error) })
  }
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => {
  const decoded = Base64.decode(base64)
  if (Result.isFailure(decoded)) throw new Refusal(400, { message: "its snapshot is no base64" })
  return new Uint8Array(decoded.success)
}

export const make = <M>(options: ServerOptions<M>): RemoteServer => {
  const { calls, name, sha256, units: maxUnits = 1000 } = options
  const units = new Map<string, Unit<M>>()
  /** By unit: ends when what was asked of it last has been answered. */
  const turns = new Map<string, Promise<unknown>>()

  const keep = (id: string, memory: M, version: Protocol.Version): Unit<M> => {
    const answers = units.get(id)?.answers ?? new Map<string, Answer>()
    const unit: Unit<M> = { memory, version, answers }
    units.delete(id)
    units.set(id, unit)
    for (const gone of [...units.keys()].slice(0, Math.max(0, units.size - maxUnits))) units.delete(gone)
    return unit
  }

  const computeNow = async (unit: Unit<M>, call: Protocol.Compute): Promise<Protocol.Computed> => {
    const { granted, params, state, tag } = call
    const lines: Array<ConsoleLine> = []
    const forget = () => units.get(call.unit) === unit && units.delete(call.unit)
    const run = calls[call.kind]
    if (run === undefined) return { _tag: "Fault", detail: `it has no ${call.kind}`, console: lines }
    try {
      const served = await run(unit.memory, {
        tag,
        state,
        params,
        granted,
        console: (line) => lines.push(line)
      })
      const version = await Protocol.hexOf(options.snapshot(unit.memory))
      if ("error" in served) {
        // What it wrote before it refused was never.
        if (version !== unit.version) forget()
        return { _tag: "Err", error: served.error, console: lines }
      }
      unit.version = version
      return {
        _tag: "Ok",
        version,
        state: served.state ?? null,
        response: served.response ?? null,
        console: lines
      }
    } catch (error) {
      forget()
      return { _tag: "Fault", detail: error instanceof Error ? error.message : String(error), console: lines }
    }
  }

  const compute = async (call: Protocol.Compute): Promise<Answer> => {
    const known = units.get(call.unit)
    const answered = known?.answers.get(call.id)
    if (answered !== undefined) return answered
    if (known?.version !== call.version && call.version !== null) throw elsewhere(known?.version ?? null)
    const unit =
      known?.version === call.version && known !== undefined ? known : keep(call.unit, options.fresh(), null)
    const answer = ok(await computeNow(unit, call))
    unit.answers.set(call.id, answer)
    const [oldest] = unit.answers.keys()
    if (unit.answers.size > maxAnswers && oldest !== undefined) unit.answers.delete(oldest)
    return answer
  }

  const snapshot = ({ unit: id, version }: Protocol.Snapshot): Answer => {
    const unit = units.get(id)
    if (unit === undefined || unit.version !== version) throw elsewhere(unit?.version ?? null)
    return ok({ version, snapshot: Base64.encode(options.snapshot(unit.memory)) } satisfies Protocol.Snapped)
  }

  const restore = async ({ snapshot: base64, unit, version }: Protocol.Restore): Promise<Answer> => {
    const bytes = bytesOf(base64)
    const actual = await Protocol.hexOf(bytes)
    if (actual !== version) throw new Refusal(422, { message: `the snapshot is of version ${actual}` })
    keep(unit, options.restore(bytes), version)
    return ok({ version } satisfies Protocol.Restored)
  }

  /** Of one unit, one after the other. */
  const inTurn = (id: string, task: () => Answer | Promise<Answer>): Promise<Answer> => {
    const before = turns.get(id) ?? Promise.resolve()
    const turn = before.then(task)
    const ended = turn
      .catch(() => {})
      .finally(() => {
        if (turns.get(id) === ended) turns.delete(id)
      })
    turns.set(id, ended)
    return turn
  }

  const route = async (method: string, path: string, body: string): Promise<Answer> => {
    const route = `${method} ${path}`
    if (route === "GET /describe") {
      // The kinds are those that it was given, under their names.
      const kinds = Object.keys(calls) as ReadonlyArray<CallKind>
      return ok({ protocol: Protocol.protocol, name, sha256, kinds } satisfies Protocol.Described)
    }
    if (route === "POST /compute") {
      const call = parse(Protocol.Compute, body)
      return inTurn(call.unit, () => compute(call))
    }
    if (route === "POST /snapshot") {
      const asked = parse(Protocol.Snapshot, body)
      return inTurn(asked.unit, () => snapshot(asked))
    }
    if (route === "POST /restore") {
      const given = parse(Protocol.Restore, body)
      return inTurn(given.unit, () => restore(given))
    }
    throw new Refusal(404, { message: `there is no ${route}` })
  }

  const handle = async (method: string, path: string, body: string): Promise<Answer> => {
    try {
      return await route(method, path, body)
    } catch (error) {
      if (error instanceof Refusal) return error.answer
      const message = error instanceof Error ? error.message : String(error)
      return { status: 500, body: JSON.stringify({ message }) }
    }
  }
  return {
    handle,
    fetch: async (request) => {
      const { pathname } = new URL(request.url)
      const { body, status } = await handle(request.method, pathname, await request.text())
      return new Response(body, { status, headers: { "content-type": "application/json" } })
    }
  }
}
