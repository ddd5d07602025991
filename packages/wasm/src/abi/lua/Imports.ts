/** What Lua's WebAssembly asks of its host: nothing that tells two runs apart, and one place that is written to. */
import { Fault, type Grants } from "../../Machine.ts"
import type { Api } from "./Api.ts"

/** A failing call of the system: there is none. */
const refused = -52
const badFile = 8

/** Of one call of the handler. What is more is not told. */
const mostLines = 1000
const mostText = 262_144

/** Thrown by Lua's own throw, and caught where its `pcall` began. */
class LongJump extends Error {}

export interface Host {
  readonly imports: WebAssembly.Imports
  /** Its exports, once there are any. */
  readonly bind: (api: Api) => void
  /** Before each call: what an earlier one wrote and did not end is gone. */
  readonly begin: () => void
  /** Whether the memory was asked for more than it may hold, since `begin`. */
  readonly exhausted: () => boolean
}

const levels = ["debug", "log", "warn", "error"] as const

const decoder = new TextDecoder()

export const makeHost = (grants: Grants): Host => {
  let api: Api | undefined
  let exhausted = false
  let written = ""
  let lines = 0
  let told = 0
  let isFull = false

  const bound = (): Api => {
    if (api === undefined) throw new Fault("abi", "Lua was called before it was there")
    return api
  }

  const tell = (line: string) => {
    lines++
    told += line.length
    if (lines > mostLines || told > mostText) {
      if (!isFull) grants.console({ level: "warn", text: "More was written than is told of one call." })
      isFull = true
      return
    }
    // The prelude writes the level as one byte, 1 to 4, before the text, and in the text a zero for each new line.
    const level = levels[line.charCodeAt(0) - 1]
    const text = level === undefined ? line : line.slice(1)
    grants.console({ level: level ?? "log", text: text.replaceAll("\0", "\n") })
  }

  const invoke = (index: number, a: number, b: number) => {
    const { __indirect_function_table: table, setThrew, stackRestore, stackSave } = bound()
    const stack = stackSave()
    try {
      // What Lua calls in this way takes two addresses.
      const run = table.get(index) as (a: number, b: number) => void
      run(a, b)
    } catch (thrown) {
      // A trap, and running out of fuel or stack, is not Lua's to catch.
      if (!(thrown instanceof LongJump)) throw thrown
      stackRestore(stack)
      setThrew(1, 0)
    }
  }

  const write = (file: number, vectors: number, count: number, sum: number): number => {
    const { buffer } = bound().memory
    const view = new DataView(buffer)
    let total = 0
    for (let index = 0; index < count; index++) {
      const at = view.getUint32(vectors + index * 8, true)
      const size = view.getUint32(vectors + index * 8 + 4, true)
      if (!isFull) written += decoder.decode(new Uint8Array(buffer, at, size))
      total += size
    }
    view.setUint32(sum, total, true)
    if (written.endsWith("\n")) {
      const text = written.slice(0, -1)
      written = ""
      tell(file === 2 ? `\u0003${text}` : text)
    }
    return 0
  }

  const grow = (size: number): number => {
    const { memory } = bound()
    const pages = Math.ceil((size - memory.buffer.byteLength) / 65_536)
    try {
      if (pages > 0) memory.grow(pages)
      return 1
    } catch {
      exhausted = true
      return 0
    }
  }

  const no = () => refused
  return {
    imports: {
      env: {
        abort: () => {
          throw exhausted
            ? new Fault("memory", "its memory is at its limit")
            : new Fault("trap", "Lua could not go on")
        },
        exit: () => {
          throw new Fault("trap", "Lua left")
        },
        invoke_vii: invoke,
        _emscripten_throw_longjmp: () => {
          throw new LongJump()
        },
        emscripten_resize_heap: (size: number) => grow(size >>> 0),
        // The seed of its hashes and of math.random is made of these and of addresses: always the same.
        emscripten_date_now: () => 0,
        _emscripten_get_now_is_monotonic: () => 1,
        strftime: () => 0,
        system: () => -1,
        _mktime_js: () => 0n,
        _localtime_js: () => {},
        _gmtime_js: () => {},
        _tzset_js: () => {},
        __syscall_openat: no,
        __syscall_fcntl64: no,
        __syscall_ioctl: no,
        __syscall_dup3: no,
        __syscall_unlinkat: no,
        __syscall_rmdir: no,
        __syscall_renameat: no,
        __syscall_readlinkat: no
      },
      wasi_snapshot_preview1: {
        fd_write: write,
        fd_read: () => badFile,
        fd_close: () => badFile,
        fd_seek: () => badFile,
        environ_sizes_get: (count: number, size: number) => {
          const view = new DataView(bound().memory.buffer)
          view.setUint32(count, 0, true)
          view.setUint32(size, 0, true)
          return 0
        },
        environ_get: () => 0
      }
    },
    bind: (exports) => {
      api = exports
    },
    begin: () => {
      exhausted = false
      written = ""
      lines = 0
      told = 0
      isFull = false
    },
    exhausted: () => exhausted
  }
}
