/** One panel, as a page has it. */
import type { Recording } from "../session/recording.ts"
import type { Recomputed } from "../session/recompute.ts"
import type { Redaction } from "../session/redact.ts"
import { NotKept } from "./errors.ts"
import type { Reader } from "./log.ts"
import type { SentByPage } from "./messages.ts"
import type { Port } from "./port.ts"
import type { Sampler } from "./sampler.ts"
import type { Source } from "./source.ts"

const maxKept = 4

/** What a panel has made here: the newest few, by number. */
class Kept<A> {
  readonly #what: NotKept["what"]
  readonly #values = new Map<number, A>()
  #last = 0

  constructor(what: NotKept["what"]) {
    this.#what = what
  }

  add(value: A): number {
    this.#values.set(++this.#last, value)
    this.#values.delete(this.#last - maxKept)
    return this.#last
  }

  get(id: number): A {
    const value = this.#values.get(id)
    if (value === undefined) throw new NotKept({ what: this.#what, id })
    return value
  }

  delete(id: number): void {
    this.#values.delete(id)
  }
}

export interface Subscription {
  readonly id: number
  readonly source: Source
  readonly reader: Reader
  /** Of the log, when it was last told of; only where it is told of no rows. */
  version?: number
  unacked: number
}

/** With what panels may not see of it. */
export interface KeptRecomputed extends Recomputed {
  readonly redaction: Redaction
}

/** One panel's connection, from the moment that its port is accepted. */
export class Panel {
  readonly port: Port
  /** Written when it has said hello. */
  welcomed = false
  readonly subscriptions = new Map<number, Subscription>()
  /** By number. They end with the panel. */
  readonly samplers = new Map<number, Sampler>()
  readonly recomputed = new Kept<KeptRecomputed>("recomputed")
  readonly sessions = new Kept<Recording>("session")
  readonly texts = new Kept<string>("text")
  /** What it has asked for and is being made, by request: what ends that. */
  readonly jobs = new Map<number, () => void>()
  readonly uploads = new Kept<{ parts: Array<string>; length: number }>("upload")
  /** Of runtimes; sent with the next look that finds the last ones acknowledged. */
  readonly changed = new Set<Source>()
  runtimesChanged = false
  changesUnacked = 0
  /** Pings since it was last heard. Written by `Pulse`, and by who hears it. */
  silent = 0

  constructor(port: Port) {
    this.port = port
  }

  endSamplers(which: (sampler: Sampler) => boolean): void {
    for (const [id, sampler] of this.samplers) {
      if (!which(sampler)) continue
      sampler.end()
      this.samplers.delete(id)
    }
  }

  send(message: SentByPage): void {
    this.port.send(message)
  }
}
