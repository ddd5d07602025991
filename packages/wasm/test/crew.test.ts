/** How a handler's calls are handed to workers, with threads that do what the test says. */
import { describe, expect, it } from "vitest"
import type { Job, Ran } from "../src/host/Host.ts"
import type { Spawn, ThreadListener } from "../src/host/Thread.ts"
import type { ToWorker, WireStepped } from "../src/host/wire.ts"
import { worker } from "../src/host/WorkerHost.ts"
import type { Image } from "../src/Image.ts"

const bytes = (json: unknown) => new TextEncoder().encode(JSON.stringify(json))

class FakeThread {
  readonly posted: Array<ToWorker> = []
  readonly listener: ThreadListener
  terminated = false
  held = false
  constructor(listener: ThreadListener) {
    this.listener = listener
  }
  load(): void {
    this.listener.onMessage({ _tag: "Loaded", sha256: "00", kinds: new Set(["send"]), prepared: undefined })
  }
  answer(json: unknown): void {
    const stepped: WireStepped = [bytes(json), null, undefined, undefined, 1, 1, undefined]
    this.listener.onMessage(stepped)
  }
  get steps(): number {
    return this.posted.filter((message) => Array.isArray(message)).length
  }
}

const crew = async () => {
  const threads: Array<FakeThread> = []
  const spawn: Spawn = (listener) => {
    const thread = new FakeThread(listener)
    threads.push(thread)
    return {
      post: (message) => void thread.posted.push(message),
      terminate: () => (thread.terminated = true),
      hold: (on) => (thread.held = on)
    }
  }
  const making = worker(spawn, {
    source: { abi: "core", bytes: new Uint8Array() },
    load: { handler: "Fake", sha256: "00", limits: {}, imports: [], memory: "none" }
  })
  threads[0]!.load()
  const host = await making
  threads[1]!.load()
  const ran: Array<unknown> = []
  const call = (name: string, budgetMs = 0, then: () => void = () => {}) =>
    host.run(jobOf(host, name), budgetMs, ({ returned }) => {
      ran.push([name, shown(returned)])
      then()
    })
  return { call, host, ran, threads }
}

const jobOf = ({ fresh }: { readonly fresh: Image }, name: string): Job => ({
  unit: 0,
  call: { kind: "send", tag: name, state: null, params: bytes({}) },
  granted: { clock: undefined, seed: undefined },
  image: fresh,
  line: () => {}
})

const shown = (returned: Ran["returned"]): unknown =>
  returned._tag === "Ok" ? JSON.parse(new TextDecoder().decode(returned.state!)) : returned

/** Of all that comes back, on a busy machine too. */
const wait = { timeout: 5000 }

const ended = { _tag: "Fault", kind: "trap", detail: "The handler's scope has ended" }

const alive = (threads: ReadonlyArray<FakeThread>) => threads.filter(({ terminated }) => !terminated).length

describe("workers", () => {
  it("what an ended one still tells is no answer to the next call", async () => {
    const { call, ran, threads } = await crew()
    call("first", 1)
    call("second")
    await expect.poll(() => ran, wait).toMatchObject([["first", { kind: "timeout" }]])
    expect(threads[1]!.steps).toBe(1)
    threads[0]!.answer("of the first")
    threads[0]!.listener.onEnd("it ended")
    expect(ran.length).toBe(1)
    threads[1]!.answer("of the second")
    expect(ran[1]).toEqual(["second", "of the second"])
  })

  it("closing ends the call that runs, those that wait, and those that come later", async () => {
    const { call, host, ran, threads } = await crew()
    call("runs", 60_000)
    call("waits")
    host.close()
    expect(ran).toMatchObject([
      ["runs", ended],
      ["waits", ended]
    ])
    call("late")
    expect(ran.length).toBe(2)
    await expect.poll(() => ran[2], wait).toMatchObject(["late", ended])
    expect(alive(threads)).toBe(0)
  })

  it("one that dies while it has nothing to do fails nobody's call", async () => {
    const { call, ran, threads } = await crew()
    threads[0]!.listener.onEnd("the system was short of memory")
    call("next")
    threads[1]!.answer("from the spare")
    expect(ran).toEqual([["next", "from the spare"]])
    expect(threads[0]!.terminated).toBe(true)
    expect(alive(threads)).toBe(2)
  })

  it("with both of them gone a call waits for another to load, and one that does not load fails one call", async () => {
    const { call, ran, threads } = await crew()
    threads[1]!.listener.onEnd("gone")
    threads[0]!.listener.onEnd("gone")
    call("first")
    call("second")
    const third = threads[2]!
    third.listener.onEnd("it cannot be loaded any more")
    await expect.poll(() => ran, wait).toMatchObject([["first", { kind: "trap" }]])
    const next = threads.find((thread) => !thread.terminated)!
    next.load()
    await expect.poll(() => next.steps, wait).toBe(1)
    next.answer("at last")
    expect(ran[1]).toEqual(["second", "at last"])
  })

  it("a call that is taken back and does not end keeps no worker from the next", async () => {
    const { call, ran, threads } = await crew()
    const back = call("endless")
    back()
    call("next")
    await expect.poll(() => threads[1]!.steps, wait).toBe(1)
    expect(threads[0]!.terminated).toBe(true)
    threads[1]!.answer("done")
    expect(ran).toEqual([["next", "done"]])
  })

  it("a call that is taken back and ends soon keeps its worker", async () => {
    const { call, ran, threads } = await crew()
    const back = call("short")
    back()
    call("next")
    threads[0]!.answer("of nobody")
    threads[0]!.answer("of the next")
    expect(ran).toEqual([["next", "of the next"]])
    expect(threads[0]!.terminated).toBe(false)
    expect(threads[0]!.held).toBe(false)
  })

  it("one that dies while it loads is a handler that is not loaded", async () => {
    const threads: Array<FakeThread> = []
    const making = worker(
      (listener) => {
        const thread = new FakeThread(listener)
        threads.push(thread)
        return { post: () => {}, terminate: () => (thread.terminated = true), hold: () => {} }
      },
      {
        source: { abi: "core", bytes: new Uint8Array() },
        load: { handler: "Fake", sha256: "00", limits: {}, imports: [], memory: "none" }
      }
    )
    threads[0]!.listener.onEnd("out of memory")
    await expect(making).rejects.toMatchObject({ _tag: "LoadFailed", reason: "out of memory" })
    expect(alive(threads)).toBe(0)
  })

  it("closing from within an answer leaves no worker behind", async () => {
    const { call, host, threads } = await crew()
    call("last", 1, () => host.close())
    await expect.poll(() => alive(threads), wait).toBe(0)
  })

  it("a call that is taken back before there is a worker does not keep Node from its end", async () => {
    const { call, threads } = await crew()
    threads[1]!.listener.onEnd("gone")
    threads[0]!.listener.onEnd("gone")
    const back = call("first")
    back()
    threads[2]!.load()
    await expect.poll(() => threads.some(({ held, terminated }) => held && !terminated), wait).toBe(false)
  })

  it("a budget that is longer than a timer's is none that has passed", async () => {
    const { call, ran, threads } = await crew()
    call("patient", 2 ** 31)
    await new Promise<void>((resolve) => void setTimeout(resolve, 5))
    threads[0]!.answer("done")
    expect(ran).toEqual([["patient", "done"]])
  })
})
