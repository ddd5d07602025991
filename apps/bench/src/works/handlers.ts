/** One call of a core module within the window and in a worker, beside the module's own exports; and a restart. */
import { load } from "@sluice/wasm/abi/core"
import * as Codec from "@sluice/wasm/Codec"
import { inline, type Job, type Ran } from "@sluice/wasm/host/Host"
import { builtin } from "@sluice/wasm/host/node"
import { browser, node, type Spawn } from "@sluice/wasm/host/Thread"
import { worker, type SparedHost } from "@sluice/wasm/host/WorkerHost"
import type { LoadOptions } from "@sluice/wasm/Machine"
import { sha256Of } from "@sluice/wasm/memory/Hash"
import * as Schema from "effect/Schema"
import { countOf, fileOf, stateOf } from "../handlers/files.ts"
import { rawOf } from "../handlers/raw.ts"
import type { ToRaw } from "../handlers/worker.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

type Bytes = Uint8Array<ArrayBuffer>

/** Gives the next state. */
type Call = (state: Bytes) => Bytes | Promise<Bytes>
type Contenders = Readonly<Record<string, () => Promise<Call>>>

// Made once, as its peer's are: in Chromium to encode takes longer than the call
const one = new TextEncoder().encode("1")
const none = { clock: undefined, seed: undefined }

const loading = async (memory: LoadOptions["memory"]) => {
  const bytes = await fileOf("core.wasm")
  const sha256 = await sha256Of(bytes)
  const options: LoadOptions = { handler: "Tally", sha256, limits: {}, imports: [], memory }
  return { source: { abi: "core", bytes } as const, options }
}

const jobOf = (state: Bytes, image: Job["image"], kind: "send" | "init" = "send"): Job => ({
  unit: 0,
  call: { kind, state, params: one },
  granted: none,
  image,
  line: () => {}
})

const stateIn = ({ returned }: Ran): Bytes => {
  if (returned._tag !== "Ok" || returned.state === null) throw new Error(`no state: ${returned._tag}`)
  return returned.state
}

// ---------------------------------------------------------------------------------------------------------
// Within the window

const inlineSluice = (memory: LoadOptions["memory"]) => async (): Promise<Call> => {
  const { options, source } = await loading(memory)
  const host = inline(await load(source, options), options)
  let image = host.fresh
  return (state) => {
    const ran = host.run(jobOf(state, image))
    image = ran.image
    return stateIn(ran)
  }
}

/** What a handler does besides with its state: out of bytes, checked, and into bytes again. */
const codec = async (): Promise<Call> => {
  const { decode, encode } = Codec.of(Schema.Struct({ count: Schema.Finite, rest: Schema.String }))
  return (state) => {
    const decoded = decode(state)
    if ("issue" in decoded) throw new Error(decoded.issue)
    const encoded = encode({ ...decoded.value, count: decoded.value.count + 1 })
    if ("issue" in encoded) throw new Error(encoded.issue)
    return encoded.value
  }
}

const within: Contenders = {
  raw: async () => rawOf(await fileOf("core.wasm")),
  Sluice: inlineSluice("none"),
  "Sluice, memory kept": inlineSluice("image"),
  "the codec alone": codec
}

// ---------------------------------------------------------------------------------------------------------
// In a worker

/** Of the one file that all contenders' workers run. */
const address = async (): Promise<URL> => {
  const code = await fileOf("worker.js")
  return builtin("node:worker_threads") === undefined
    ? new URL(URL.createObjectURL(new Blob([code], { type: "text/javascript" })))
    : new URL(`data:text/javascript;base64,${btoa(String.fromCharCode(...code))}`)
}

const spawning = (url: URL): Spawn => {
  const threads = builtin("node:worker_threads")
  return (listener) =>
    threads === undefined ? browser(new Worker(url, { type: "module" }), listener) : node(url, listener)
}

const rawWorker = async (): Promise<Call> => {
  const url = await address()
  const threads = builtin("node:worker_threads")
  let answered: (state: Bytes) => void = () => {}
  let post: (message: ToRaw, transfer: Array<ArrayBuffer>) => void
  if (threads === undefined) {
    const made = new Worker(url, { type: "module" })
    made.addEventListener("message", ({ data }: MessageEvent<Bytes>) => answered(data))
    post = (message, transfer) => made.postMessage(message, transfer)
  } else {
    const made = new threads.Worker(url)
    made.on("message", (state: Bytes) => answered(state))
    made.unref()
    post = (message, transfer) => made.postMessage(message, transfer)
  }
  const ask = (message: ToRaw, transfer: Array<ArrayBuffer>) =>
    new Promise<Bytes>((resolve) => {
      answered = resolve
      post(message, transfer)
    })
  await ask({ raw: await fileOf("core.wasm") }, [])
  return (state) => ask({ state }, [state.buffer])
}

const hostOf = async (memory: LoadOptions["memory"]): Promise<SparedHost> => {
  const { options, source } = await loading(memory)
  return worker(spawning(await address()), { source, load: options })
}

const run = (host: SparedHost, job: Job, budgetMs = 0): Promise<Ran> =>
  new Promise((resolve) => {
    host.run(job, budgetMs, resolve)
  })

const workerSluice = (memory: LoadOptions["memory"]) => async (): Promise<Call> => {
  const host = await hostOf(memory)
  let image = host.fresh
  return async (state) => {
    const ran = await run(host, jobOf(state, image))
    image = ran.image
    return stateIn(ran)
  }
}

const outside: Contenders = {
  raw: rawWorker,
  Sluice: workerSluice("none"),
  "Sluice, memory kept": workerSluice("image")
}

const caseOf = (name: string, contender: string, bytes: number, make: () => Promise<Call>): Case => {
  let call: Call | undefined
  let state = stateOf(bytes)
  return {
    name,
    contender,
    before: async () => {
      call ??= await make()
    },
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        const given = call!(state)
        state = given instanceof Promise ? await given : given
      }
    },
    verify: (times) => {
      const count = countOf(state)
      if (count !== times) throw new Error(`${contender}: ${count} of ${times} calls`)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------
// A restart

const restart = "restart from a warm spare"

const budgetMs = 5

/** From the deadline of a call that never comes back to the answer to the one that waits behind it. */
const restarting = (): Case => {
  let host: SparedHost | undefined
  let took = 0
  let done = 0
  return {
    name: restart,
    contender: "Sluice",
    before: async () => {
      host ??= await hostOf("image")
      await host.warm()
    },
    counted: () => took * 1e6,
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        await host!.warm()
        const begun = performance.now()
        const ending = run(host!, jobOf(stateOf(100), host!.fresh, "init"), budgetMs)
        const next = await run(host!, jobOf(stateOf(100), host!.fresh))
        took = performance.now() - begun - budgetMs
        if ((await ending).returned._tag !== "Fault" || countOf(stateIn(next)) !== 1)
          throw new Error("No restart")
        done++
      }
    },
    verify: (times) => {
      if (done !== times) throw new Error(`${done} of ${times} restarts`)
    }
  }
}

const twenty: Case = {
  name: restart,
  contender: "20 ms",
  counted: () => 20e6,
  run: () => {},
  verify: () => {}
}

const cases = (scale: Scale): ReadonlyArray<Case> => [
  ...[100, 10_000 * scale].flatMap((bytes) => [
    ...Object.entries(within).map(([contender, make]) =>
      caseOf(`inline, a state of ${grouped(bytes)} bytes`, contender, bytes, make)
    ),
    ...Object.entries(outside).map(([contender, make]) =>
      caseOf(`in a worker, a state of ${grouped(bytes)} bytes`, contender, bytes, make)
    )
  ]),
  restarting(),
  twenty
]

export const handlers: Work = {
  cases,
  plan: () => ({ rounds: 61, warmUps: 5, sample: { ms: 10 } }),
  baselines: ["raw", "20 ms"],
  sizes: [1]
}
