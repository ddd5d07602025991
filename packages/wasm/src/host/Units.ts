/** The machines of one thread. */
import { Fault, type Grants, type Limits, type Machine, type Program, type Returned } from "../Machine.ts"
import type { ConsoleLine } from "../Machine.ts"
import { apply, empty } from "../memory/Delta.ts"
import { track, type Tracker } from "../memory/Tracker.ts"
import type { Pinned } from "../Recordable.ts"
import type { Faulted, Step, Stepped } from "./Step.ts"
import { randomOf } from "./random.ts"

/** Lines that one call can write; what it writes after that is not told. */
const maxLines = 100

/** Of what is told of a fault, which code can word: it is kept with the call. */
const longestDetail = 4096

export interface UnitsOptions {
  readonly imports: ReadonlyArray<string>
  readonly limits: Limits
  readonly memory: "image" | "none"
}

interface Unit {
  /** Undefined after a step that its memory does not outlive. Written by `Units.step`. */
  machine: Machine | undefined
  tracker: Tracker | undefined
}

export class Units {
  private readonly program: Program
  private readonly options: UnitsOptions
  private readonly grants: Grants
  private readonly units = new Map<number, Unit>()
  /** Of the call that runs. Written by `step`. */
  private clock = 0
  private random: () => number = () => 0
  private lines = 0

  constructor(program: Program, options: UnitsOptions, line: (line: ConsoleLine) => void) {
    this.program = program
    this.options = options
    const granted = new Set(options.imports)
    this.grants = {
      ...(granted.has("clock") ? { clock: () => this.clock } : {}),
      ...(granted.has("random") ? { random: () => this.random() } : {}),
      console: (given) => {
        this.lines++
        if (this.lines < maxLines) line(given)
        else if (this.lines === maxLines)
          line({ level: "warn", text: `Its lines from the ${maxLines}th on are not told.` })
      }
    }
  }

  step({ call, forget, granted, restore, unit: id }: Step): Stepped {
    for (const gone of forget) this.units.delete(gone)
    this.grant(granted)
    const unit = this.unit(id)
    let returned: Returned | Faulted
    let machine: Machine | undefined
    try {
      machine = this.ready(unit, restore)
      returned = this.within(machine.call(call))
    } catch (error) {
      returned = faulted(error)
    }
    const ok = returned._tag === "Ok"
    const delta = ok ? unit.tracker?.changes() : undefined
    // What it wrote before it failed was never.
    if (!ok) unit.machine = undefined
    if (returned._tag === "Fault") this.units.delete(id)
    return {
      returned,
      delta,
      ranMs: 0,
      pages: machine === undefined ? 0 : pagesOf(machine),
      fuel: machine?.fuelUsed()
    }
  }

  private grant({ clock, seed }: Pinned): void {
    this.clock = clock ?? 0
    if (seed !== undefined) this.random = randomOf(seed)
    this.lines = 0
  }

  private unit(id: number): Unit {
    const known = this.units.get(id)
    if (known !== undefined) return known
    const made: Unit = { machine: undefined, tracker: undefined }
    this.units.set(id, made)
    return made
  }

  /** The unit's machine, with the memory that is asked for. Only that of a fresh one is ever written to. */
  private ready(unit: Unit, restore: Step["restore"]): Machine {
    if (restore === undefined && unit.machine !== undefined) return unit.machine
    const machine = this.program.instantiate(this.grants)
    if (this.options.memory === "image") {
      const seen = unit.tracker?.image() ?? empty(this.program.sha256)
      const image = restore === undefined ? seen : apply(seen, restore)
      const begins = image.parts.length === 0
      unit.tracker = begins ? track(machine, image.module) : track(machine, image.module, image)
    }
    unit.machine = machine
    return machine
  }

  private within(returned: Returned): Returned {
    const { resultBytes = 0 } = this.options.limits
    if (resultBytes === 0) return returned
    const bytes =
      returned._tag === "Err"
        ? returned.error.length
        : (returned.state?.length ?? 0) + (returned.response?.length ?? 0)
    if (bytes <= resultBytes) return returned
    throw new Fault("result-bytes", `It gave ${bytes} bytes, and ${resultBytes} are allowed`)
  }
}

const pagesOf = ({ parts }: Machine): number =>
  parts.reduce((sum, { memory }) => sum + (memory === undefined ? 0 : memory.buffer.byteLength / 65_536), 0)

export const faulted = (error: unknown): Faulted => {
  if (error instanceof Fault) {
    const detail = error.message.slice(0, longestDetail)
    return { _tag: "Fault", kind: error.kind, detail, at: error.at }
  }
  // An engine says so of its stack, which WebAssembly's calls share, and of the memories of a process.
  const said =
    error instanceof RangeError ? /stack|memory/i.exec(error.message)?.[0].toLowerCase() : undefined
  const kind = said === "stack" || said === "memory" ? said : "trap"
  return {
    _tag: "Fault",
    kind,
    detail: error instanceof Error ? error.message : String(error),
    at: undefined
  }
}
