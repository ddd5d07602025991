/** What is kept of a handler's memory after a call: the pages that it changed, beside all of it. */
import { bytesOf } from "@sluice/wasm/memory/Delta"
import { track } from "@sluice/wasm/memory/Tracker"
import type { Case } from "../harness.ts"
import type { Scale, Work } from "../work.ts"

const pageSize = 65_536

/** Snapshots that are not let go yet, as by one who keeps some. */
const keeping = 4

const contenders = ["slice()", "Sluice"] as const

interface Taking {
  /** Takes one more and gives the bytes that are new in it. */
  readonly take: () => number
}

/** No byte of the memory is zero, so that no page can be left out for being empty. */
const filled = (pages: number) => {
  const memory = new WebAssembly.Memory({ initial: pages })
  new Uint8Array(memory.buffer).forEach((_, index, bytes) => {
    bytes[index] = 1 + ((index * 31 + (index >>> 8) * 7) % 255)
  })
  return memory
}

const taking: Readonly<Record<(typeof contenders)[number], (memory: WebAssembly.Memory) => Taking>> = {
  "slice()": (memory) => {
    const kept: Array<ArrayBuffer> = []
    return {
      take: () => {
        const copy = memory.buffer.slice(0)
        if (kept.push(copy) > keeping) kept.shift()
        return copy.byteLength
      }
    }
  },
  Sluice: (memory) => {
    const tracker = track(
      {
        parts: [{ memory, globals: [] }],
        call: () => ({ _tag: "Err", error: "It has no code." }),
        fuelUsed: () => undefined
      },
      "a module"
    )
    tracker.changes()
    const kept: Array<ReturnType<typeof tracker.image>> = []
    return {
      take: () => {
        const bytes = bytesOf(tracker.changes())
        if (kept.push(tracker.image()) > keeping) kept.shift()
        return bytes
      }
    }
  }
}

const cases = (scale: Scale): ReadonlyArray<Case> => {
  const pages = Math.round(256 * scale)
  return contenders.flatMap((contender) => {
    let made: { readonly bytes: Uint8Array; readonly taken: Taking } | undefined
    let bytes = 0
    let taken = 0
    const begun = () => {
      if (made !== undefined) return made
      const memory = filled(pages)
      made = { bytes: new Uint8Array(memory.buffer), taken: taking[contender](memory) }
      return made
    }
    const expected = contender === "Sluice" ? 2 * pageSize : pages * pageSize
    const shared: Pick<Case, "contender" | "before" | "run" | "verify"> = {
      contender,
      before: () => void begun(),
      run: (times) => {
        const { bytes: memory, taken: taking } = begun()
        for (let time = 0; time < times; time++) {
          for (const part of [3, 4]) {
            const at = Math.floor((pages / part) * 2) * pageSize + (taken % pageSize)
            memory[at] = ((memory[at] ?? 0) % 255) + 1
          }
          bytes += taking.take()
          taken++
        }
      },
      verify: () => {
        if (bytes !== taken * expected)
          throw new Error(`${contender}: ${taken} snapshots have ${bytes} bytes`)
      }
    }
    const name = `${pages / 16} MiB, two dirty pages`
    return [
      { ...shared, name },
      { ...shared, name: `bytes kept of ${name}`, unit: "bytes" as const, counted: () => bytes / taken }
    ]
  })
}

export const snapshots: Work = {
  cases,
  plan: () => ({ rounds: 61, warmUps: 3, sample: { times: 10 } }),
  baselines: ["slice()"],
  sizes: [1]
}
