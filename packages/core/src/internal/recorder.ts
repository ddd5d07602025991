/** Adds up the time of calls, by what was called and by who called it. */

export type Kind = "entry" | "reducer" | "handler" | "computed" | "listener"

/** What was measured under one name on one instance. Its mutable fields are written by the Recorder. */
export interface Measure {
  readonly kind: Kind
  readonly instanceId: string
  readonly name: string
  count: number
  /** With all that it called; of one within itself, the outer alone. */
  totalMs: number
  /** Without what it called that was measured itself, and without its waits: what it kept the thread busy. */
  selfMs: number
  maxMs: number
}

/** A measure, as called from that parent; of a handler each time that its fiber ran. */
export interface Call {
  /** Among the recorder's calls, undefined for none. */
  readonly parent: number | undefined
  readonly measure: Measure
  count: number
  totalMs: number
  selfMs: number
}

interface Frame {
  readonly call: Call | undefined
  readonly at: number | undefined
  readonly measure: Measure
  readonly startedAt: number
  readonly outer: boolean
  readonly isPart: boolean
  childMs: number
}

const within = <A>(maps: Map<string, Map<string, A>>, key: string): Map<string, A> => {
  const known = maps.get(key)
  if (known !== undefined) return known
  const made = new Map<string, A>()
  maps.set(key, made)
  return made
}

/** Of each; what comes after is measured under one name of its kind, and called from nowhere. */
const most = 5000

export class Recorder {
  readonly now: () => number
  readonly calls: Array<Call> = []
  /** Written by the profile. */
  ended = false
  private readonly known: Array<Measure> = []
  /** By kind, instance and name. */
  private readonly index = new Map<string, Map<string, Map<string, Measure>>>()
  private readonly children = new Map<number | undefined, Map<Measure, number>>()
  private readonly open = new Map<Measure, number>()
  private top: Frame | undefined = undefined

  constructor(now: () => number) {
    this.now = now
  }

  *measures(): Generator<Measure> {
    for (const measure of this.known) if (measure.count > 0) yield measure
  }

  measure(kind: Kind, instanceId: string, name: string): Measure {
    const instances = within(this.index, kind)
    const names = within(instances, instanceId)
    const known = names.get(name)
    if (known !== undefined) return known
    if (this.known.length >= most && instanceId !== "") return this.measure(kind, "", "(others)")
    const made: Measure = { kind, instanceId, name, count: 0, totalMs: 0, selfMs: 0, maxMs: 0 }
    names.set(name, made)
    this.known.push(made)
    return made
  }

  /** Of what did not run in one go. */
  add(measure: Measure, ms: number): void {
    measure.count++
    measure.totalMs += ms
    measure.maxMs = Math.max(measure.maxMs, ms)
  }

  /** A part of what is added as a whole when it has ended. */
  part<A>(measure: Measure, f: () => A): A {
    return this.run(measure, f, true)
  }

  /** Whether it is what runs now, and not what it has called. */
  runs(measure: Measure): boolean {
    return this.top?.measure === measure
  }

  timed<Given extends ReadonlyArray<unknown>, A>(
    measure: Measure,
    f: (...given: Given) => A
  ): (...given: Given) => A {
    return (...given) => this.time(measure, () => f(...given))
  }

  time<A>(measure: Measure, f: () => A): A {
    return this.run(measure, f, false)
  }

  private run<A>(measure: Measure, f: () => A, isPart: boolean): A {
    const { top } = this
    const at = this.callAt(top?.at, measure)
    const depth = this.open.get(measure) ?? 0
    this.open.set(measure, depth + 1)
    const frame: Frame = {
      call: at === undefined ? undefined : this.calls[at],
      at,
      measure,
      startedAt: this.now(),
      outer: depth === 0,
      isPart,
      childMs: 0
    }
    this.top = frame
    try {
      return f()
    } finally {
      this.close(frame, top)
      this.open.set(measure, depth)
    }
  }

  private close({ call, childMs, isPart, measure, outer, startedAt }: Frame, top: Frame | undefined): void {
    const ms = this.now() - startedAt
    const selfMs = ms - childMs
    this.top = top
    if (top !== undefined) top.childMs += ms
    measure.selfMs += selfMs
    if (!isPart) {
      measure.count++
      if (outer) measure.totalMs += ms
      measure.maxMs = Math.max(measure.maxMs, ms)
    }
    if (call === undefined) return
    call.count++
    call.totalMs += ms
    call.selfMs += selfMs
  }

  private callAt(parent: number | undefined, measure: Measure): number | undefined {
    const siblings = this.children.get(parent) ?? new Map<Measure, number>()
    this.children.set(parent, siblings)
    const known = siblings.get(measure)
    if (known !== undefined || this.calls.length >= most) return known
    const at = this.calls.push({ parent, measure, count: 0, totalMs: 0, selfMs: 0 }) - 1
    siblings.set(measure, at)
    return at
  }
}
