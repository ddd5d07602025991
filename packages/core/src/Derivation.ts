/**
 * Keeps the derived fields of an instance up with what they are computed from.
 *
 * A field is an index and a bit. `converge` compares the new draft with the last state field by field, which
 * gives the bits that changed; a derived field whose reads meet them runs again, with a reader that notes
 * what it reads this time. Fields run in the order in which they needed each other last time; one that needs
 * another that has not run yet makes it run first.
 */
import * as Equal from "effect/Equal"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { TraitCycle, TraitFailed } from "./Errors.ts"
import { mayBeIn } from "./internal/mayBeIn.ts"
import { isRows, RowsId, track, type Tracker } from "./internal/rows.ts"
import { sameFields } from "./internal/fields.ts"
import { samplesOf } from "./internal/sample.ts"
import { type AnyTrait, declare, type TraitBuilder } from "./Trait.ts"

type State = Readonly<Record<string, unknown>>
export type Result = AsyncResult.AsyncResult<unknown, unknown>

/** Bits of one word: with the sign and one more left out, V8 keeps it as a small integer everywhere. */
const wordBits = 30

/** What is known of a module's fields. Shared by its instances. */
export interface Layout {
  readonly moduleId: string
  readonly traits: Readonly<Record<string, AnyTrait>>
  /** The fields by index. Where the schema does not tell them, they are added as they are met. */
  readonly names: Array<string>
  readonly indexes: Map<string, number>
  /** Whether a field may hold a Collection, so that reads of rows are worth watching for. */
  readonly rows: boolean
  /** Reads the fields of the schema by getters; absent where the schema does not tell them. */
  FastReader: (new () => object) | undefined
  /**
   * A state without values, as JSON. V8 keeps all fields of what JSON.parse makes within the object, and of each
   * copy of it. An object that grows field by field is laid out otherwise, and its copies take twice as long.
   */
  readonly template: string | undefined
  /** Copies a plain state. */
  readonly spread: (state: State) => Record<string, unknown>
  /** Whose functions run. Written by Derivation. */
  active: Derivation | undefined
}

/** Throws TraitCycle if one shows on the samples that the schema has, and TraitWriters. */
export const layoutOf = <S>(
  moduleId: string,
  schema: object,
  given: (t: TraitBuilder<S>) => object
): Layout => {
  const traits = declare(moduleId, given)
  const fields = fieldsOf(schema)
  const names = [...(fields?.keys() ?? [])]
  for (const name of Object.keys(traits)) if (!names.includes(name)) names.push(name)
  const rows = [...(fields?.values() ?? [undefined])].some(mayHoldCollection)
  const layout: Layout = {
    moduleId,
    traits,
    names,
    indexes: new Map(names.map((name, index) => [name, index])),
    rows,
    FastReader: undefined,
    template: fields && templateOf(names),
    spread: spreads[layouts++ % spreads.length]!,
    active: undefined
  }
  if (fields !== undefined) layout.FastReader = fastReader(layout, fields)
  new Derivation(layout, moduleId, noHooks).probe(samplesOf(schema))
  return layout
}

/**
 * V8 copies an object ten times as fast where it has met four layouts of objects at most. So there are several such
 * places, and modules take turns.
 */
const spreads: ReadonlyArray<Layout["spread"]> = [
  (state) => ({ ...state }),
  (state) => ({ ...state }),
  (state) => ({ ...state }),
  (state) => ({ ...state }),
  (state) => ({ ...state }),
  (state) => ({ ...state }),
  (state) => ({ ...state }),
  (state) => ({ ...state })
]

/** How many were made. Written by `layoutOf`. */
let layouts = 0

const templateOf = (names: ReadonlyArray<string>): string =>
  `{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`

const fieldsOf = (schema: object): Map<string, SchemaAST.AST> | undefined => {
  if (!Schema.isSchema(schema)) return undefined
  const ast = SchemaAST.toType(schema.ast)
  if (!SchemaAST.isObjects(ast) || ast.indexSignatures.length > 0) return undefined
  return new Map(ast.propertySignatures.map(({ name, type }) => [String(name), type]))
}

const mayHoldCollection = (ast: SchemaAST.AST | undefined): boolean =>
  ast === undefined || mayBeIn(Schema.make(ast))

/** The state without its derived fields. */
export const withoutDerived = (layout: Layout | undefined, state: unknown): unknown => {
  if (layout === undefined) return state
  const base = copy(layout, state as State)
  for (const name of Object.keys(layout.traits)) delete base[name]
  return base
}

/** What was loaded for a source, and the key it was loaded for. */
export interface Loaded {
  readonly key: unknown
  readonly result: Result
}

/** The whole state that a base gives, and for which keys it was given what. */
export interface Whole {
  readonly state: unknown
  readonly loaded: ReadonlyMap<string, Loaded>
}

/** Of a base, and what was loaded for it elsewhere; the fields of other sources are initial. Throws TraitFailed or TraitCycle. */
export const derive = (
  layout: Layout | undefined,
  base: unknown,
  given: ReadonlyMap<string, Result>
): Whole => {
  const loaded = new Map<string, Loaded>()
  if (layout === undefined) return { state: base, loaded }
  const remembered = (field: string, key: unknown) => {
    const result = given.get(field)
    if (result !== undefined) loaded.set(field, { key, result })
    return result !== undefined && AsyncResult.isSuccess(result) ? result : undefined
  }
  const state = new Derivation(layout, layout.moduleId, { ...noHooks, remembered }).init(base as State)
  return { state, loaded }
}

/** What it tells its instance, while the transaction is open. */
export interface Hooks {
  /** For the first failure since the field was last computed. */
  readonly failed: (field: string, error: TraitFailed | TraitCycle) => void
  /** For the first value of its own that an entry gave the field, and lost. */
  readonly overwritten: (field: string) => void
  /** A source is to load something else. */
  readonly keyChanged: (field: string) => void
  /** What a source knows of that key already. */
  readonly remembered: (field: string, key: unknown) => unknown
}

/** Of a derivation that belongs to no instance. */
export const noHooks: Hooks = {
  failed: () => {},
  overwritten: () => {},
  keyChanged: () => {},
  remembered: () => undefined
}

/** Stands in the place of a convergence while a node runs. */
const runs = -1

/** One derived field. Its mutable fields are written by its Derivation. */
export class Node {
  readonly index: number
  readonly name: string
  readonly trait: AnyTrait
  /** The trait's own, but while it is watched. Written by `Profile`. */
  read: (state: unknown) => unknown
  readonly bit: number
  /** What its last run read: the first word, the further words, and rows of Collections read by row alone. */
  reads = 0
  hasMore = false
  more: Array<number> | undefined = undefined
  rows: ReadonlyMap<number, ReadonlySet<string | number>> | undefined = undefined
  /** The convergence in which it was last found or made current, and the last that gave it another value. */
  settledAt = 0
  writtenAt = 0
  /** Who needed it while it runs, if it runs before its turn. */
  caller: Node | undefined = undefined
  /** Why its last run gave no value. */
  error: TraitFailed | TraitCycle | undefined = undefined
  /** Has failed, and been reported, since it was last computed. */
  failing = false
  /** What its circle reads is not all known. */
  circular = false
  warned = false
  /** The value that an entry gave it. */
  own: unknown = undefined
  /** What a source loads. */
  key: unknown = undefined

  constructor(index: number, name: string, trait: AnyTrait) {
    this.index = index
    this.name = name
    this.trait = trait
    this.read = trait.read
    this.bit = index < wordBits ? 1 << index : 0
  }

  get running(): boolean {
    return this.settledAt === runs
  }

  hasRead(index: number): boolean {
    if (this.rows?.has(index)) return true
    if (index < wordBits) return (this.reads & (1 << index)) !== 0
    return ((this.more?.[wordOf(index)] ?? 0) & bitOf(index)) !== 0
  }
}

const wordOf = (index: number): number => Math.floor(index / wordBits) - 1
const bitOf = (index: number): number => 1 << (index % wordBits)

/** Stands for the state that the derivation works on, and tells it what is read, whatever the fields are. */
const watching = (derivation: () => Derivation): object =>
  new Proxy(
    {},
    {
      get: (_, name, receiver) => derivation().watched(name, receiver),
      has: (_, name) => derivation().isIn(name),
      set: () => false,
      deleteProperty: () => false,
      getPrototypeOf: () => derivation().prototype,
      ownKeys: () => derivation().enumerated(),
      getOwnPropertyDescriptor: () => derivation().enumerated()
    }
  )

/**
 * What the function of a derived field gets for the state: one getter for each field. Made anew for each run,
 * because to a selector that remembers its result for its argument the same reader would be the same state.
 *
 * The getters do not look at `this`, of which there is another shape for each module, but at the layout's
 * `active`: V8 then reads a field in a few nanoseconds, however many modules there are.
 */
const fastReader = (layout: Layout, fields: ReadonlyMap<string, SchemaAST.AST>): new () => object => {
  class FastReader {}
  const mayBeAbsent = (name: string) => fields.get(name)?.context?.isOptional === true
  // Whether such a field is there can be asked with `in`, which a getter would not see.
  if (layout.names.some(mayBeAbsent))
    Object.setPrototypeOf(
      FastReader.prototype,
      watching(() => layout.active!)
    )
  const field = (name: string, get: () => unknown) =>
    Object.defineProperty(FastReader.prototype, name, { get, enumerable: true })
  layout.names.forEach((name, index) => {
    const bit = 1 << index
    if (mayBeAbsent(name)) return
    if (index >= wordBits || (layout.rows && mayHoldCollection(fields.get(name)))) {
      field(name, () => layout.active!.read(index))
    } else if (Object.hasOwn(layout.traits, name)) {
      field(name, () => {
        const derivation = layout.active!
        if ((derivation.unsettled & bit) !== 0) derivation.settle(derivation.nodeAt[index]!)
        derivation.reads |= bit
        return derivation.values[index]
      })
    } else {
      field(name, () => {
        const derivation = layout.active!
        derivation.reads |= bit
        return derivation.values[index]
      })
    }
  })
  return FastReader
}

/** Rows read one by one, of Collections that stand in a field. Ends with the run. */
class RowReads implements Tracker {
  private readonly fieldOf = new Map<unknown, number>()
  /** Taken, and not read since: what was done with it is not known. */
  private readonly taken = new Set<number>()
  private readonly whole = new Set<number>()
  private readonly rows = new Map<number, Set<string | number>>()
  private readonly known = new Set<unknown>()

  take(collection: unknown, index: number): void {
    const other = this.fieldOf.get(collection)
    // One collection in two fields: a read of it does not say which was meant.
    if (other !== undefined && other !== index) this.whole.add(other).add(index)
    // Taken again before it was read, as by a selector that remembers its result for this collection.
    else if (this.taken.has(index)) this.whole.add(index)
    this.fieldOf.set(collection, index)
    this.taken.add(index)
  }

  row(collection: unknown, key: string | number, row: unknown): void {
    this.known.add(row)
    const index = this.fieldOf.get(collection)
    if (index === undefined) return
    this.taken.delete(index)
    const keys = this.rows.get(index)
    if (keys === undefined) this.rows.set(index, new Set([key]))
    else keys.add(key)
  }

  all(collection: unknown): void {
    const index = this.fieldOf.get(collection)
    if (index !== undefined) this.whole.add(index)
  }

  end(
    value: unknown,
    note: (index: number) => void
  ): ReadonlyMap<number, ReadonlySet<string | number>> | undefined {
    for (const index of this.taken) this.whole.add(index)
    // A value may carry the collection out, to be read later, unless it is a row or no object at all.
    const opaque = typeof value === "function" || (typeof value === "object" && value !== null)
    if (opaque && !this.known.has(value)) for (const index of this.rows.keys()) this.whole.add(index)
    for (const index of this.whole) {
      note(index)
      this.rows.delete(index)
    }
    return this.rows.size > 0 ? this.rows : undefined
  }
}

type Mode = "init" | "converge" | "retrace"

export class Derivation {
  readonly layout: Layout
  private readonly instanceId: string
  private readonly hooks: Hooks
  private mode: Mode = "init"
  /** By field index: the values of the draft while it converges, then those of `current`. */
  readonly values: Array<unknown>
  readonly nodeAt: Array<Node | undefined>
  /** Each after those that it read in its last run. */
  private nodes: Array<Node> = []
  /** A node ran before its turn, because another read it that had not read it the last time. */
  private outOfOrder = false
  /** While the module is being made, in the place of a state. */
  private samples: State | undefined = undefined
  /** Counts convergences. */
  private epoch = 1
  /** The derived fields of the first word, and those of them that are not current yet. */
  private derived = 0
  unsettled = 0
  /** The fields that changed in this one: the first word, and the further words. */
  private changed = 0
  private moreChanged: Array<number> = []
  private previous: State = {}
  private draft: State = {}
  /** The state that `values` are of. */
  private current: State | undefined = undefined
  /** How many of the layout's fields `values` has. */
  private loaded = 0
  /** The keys of the last draft, and the field index of each. */
  private keys: ReadonlyArray<string> = []
  private slots: ReadonlyArray<number> = []
  /** Those that the entry gave a value of its own. */
  private readonly lost: Array<Node> = []
  /** The sources whose fields the entry may write. Written by `put` and `offer`. */
  private receiving: ReadonlyArray<Node | undefined> | undefined = undefined
  /** Written by `offer`. */
  private offered: ReadonlyMap<string, Loaded> | undefined = undefined
  /** The node that runs, and what it has read so far. */
  private top: Node | undefined = undefined
  reads = 0
  private more: Array<number> | undefined = undefined
  private rowReads: RowReads | undefined = undefined

  constructor(layout: Layout, instanceId: string, hooks: Hooks) {
    this.layout = layout
    this.instanceId = instanceId
    this.hooks = hooks
    // Filled, so that V8 takes the arrays of all instances for the same kind of array.
    this.values = layout.names.map(() => undefined)
    this.nodeAt = layout.names.map(() => undefined)
    for (const [name, trait] of Object.entries(layout.traits)) {
      const index = layout.names.indexOf(name)
      const node = new Node(index, name, trait)
      this.nodeAt[index] = node
      this.nodes.push(node)
      this.derived |= node.bit
    }
    this.unsettled = this.derived
  }

  // --- states -------------------------------------------------------------------------------------------

  /** Runs each function on samples of the fields, as far as it comes. Throws TraitCycle. */
  probe(samples: State): void {
    this.samples = samples
    this.draft = samples
    this.runAll()
    for (const { error } of this.nodes) if (error?._tag === "TraitCycle") throw error
  }

  /** The whole state that a base gives. Throws TraitFailed or TraitCycle. */
  init(base: State): State {
    this.load(base)
    this.runAll()
    for (const { error } of this.nodes) if (error !== undefined) throw error
    this.mode = "converge"
    return (this.current = this.whole(base, this.values))
  }

  /** The draft with its derived fields as they follow from it. `previous` is the state it was made from. */
  converge(previous: State, next: State): State {
    if (previous !== this.current) this.retrace(previous)
    this.epoch++
    this.changed = 0
    if (this.moreChanged.length > 0) this.moreChanged = []
    this.previous = previous
    this.draft = next
    this.compare(next)
    const { epoch, layout } = this
    layout.active = this
    this.unsettled = this.derived
    for (const node of this.nodes) {
      if (node.settledAt === epoch) continue
      if ((node.reads & this.changed) !== 0 || (node.hasMore && this.isHit(node))) this.run(node)
      else this.settled(node)
    }
    layout.active = undefined
    this.top = undefined
    if (this.outOfOrder) this.sort()
    if (this.lost.length > 0) this.tellOfLost()
    this.receiving = undefined
    this.offered = undefined
    return (this.current = this.withDerived(next))
  }

  private runAll(): void {
    const { layout } = this
    const declared = this.nodes
    // Filled as they end, which puts each after those that it reads.
    this.nodes = []
    layout.active = this
    for (const node of declared) if (node.settledAt !== this.epoch) this.run(node)
    layout.active = undefined
    this.outOfOrder = false
  }

  /** The state with another base; the same reference if that is its base already. */
  withBase(state: State, base: State): State {
    const values = this.layout.names.map((name) => state[name])
    const next = this.whole(base, values)
    return sameFields(state, next) ? state : next
  }

  /** The state with a value in a source's field, for the entry that writes it. */
  put(state: State, field: string, value: unknown): State {
    this.receiving = [this.node(field)]
    return Object.assign(copy(this.layout, state), { [field]: value })
  }

  /**
   * The state with what was loaded elsewhere, for the entry that brings it: where the key is the same, and where
   * it becomes the same in this convergence. What the state has from later on stays.
   */
  offer(previous: State, state: State, loaded: ReadonlyMap<string, Loaded>): State {
    if (loaded.size === 0) return state
    if (previous !== this.current) this.retrace(previous)
    const next = copy(this.layout, state)
    this.offered = loaded
    this.receiving = this.nodes.filter((node) => {
      const answer = this.offeredTo(node, node.key)
      if (answer === undefined || !isOlder(state[node.name], answer)) return false
      next[node.name] = answer
      return true
    })
    return sameFields(state, next) ? state : next
  }

  private offeredTo({ name }: Node, key: unknown): AsyncResult.Success<unknown, unknown> | undefined {
    const loaded = this.offered?.get(name)
    return loaded !== undefined && AsyncResult.isSuccess(loaded.result) && Equal.equals(loaded.key, key)
      ? loaded.result
      : undefined
  }

  /** What the source is to load in the committed state. */
  keyOf(state: State, field: string): unknown {
    if (state !== this.current) this.retrace(state)
    return this.node(field)?.key
  }

  private node(field: string): Node | undefined {
    return this.nodes.find(({ name }) => name === field)
  }

  private whole(base: State, values: ReadonlyArray<unknown>): State {
    const { template } = this.layout
    const prototype = Object.getPrototypeOf(base) as object | null
    const all = template !== undefined && prototype === Object.prototype && this.hasAll(base)
    const state: Record<string, unknown> = all
      ? (JSON.parse(template) as Record<string, unknown>)
      : (Object.create(prototype) as Record<string, unknown>)
    this.layout.names.forEach((name, index) => {
      if (this.nodeAt[index] !== undefined) state[name] = values[index]
      else if (Object.hasOwn(base, name)) state[name] = base[name]
    })
    for (const name of Object.keys(base)) if (!Object.hasOwn(state, name)) state[name] = base[name]
    return state
  }

  /** Whether it has every field that no trait makes. */
  private hasAll(base: State): boolean {
    return this.layout.names.every(
      (name, index) => this.nodeAt[index] !== undefined || Object.hasOwn(base, name)
    )
  }

  private withDerived(next: State): State {
    let state: Record<string, unknown> | undefined
    for (const node of this.nodes) {
      if (node.writtenAt === this.epoch)
        (state ??= copy(this.layout, next))[node.name] = this.values[node.index]
    }
    return state ?? next
  }

  private load(state: State): void {
    this.draft = state
    this.layout.names.forEach((name, index) => (this.values[index] = state[name]))
    this.loaded = this.layout.names.length
  }

  /**
   * Learns again what each function reads, of a state that did not come about by the last convergence: one
   * that was rolled back after it, or is shown by devtools. The state keeps its values.
   */
  private retrace(state: State): void {
    this.mode = "retrace"
    this.epoch++
    this.load(state)
    for (const node of this.nodes) this.settled(node)
    this.layout.active = this
    for (const node of this.nodes) this.run(node)
    this.layout.active = undefined
    this.sort()
    this.mode = "converge"
    this.current = state
  }

  // --- changes ------------------------------------------------------------------------------------------

  private compare(next: State): void {
    const { keys, slots, values } = this
    let i = 0
    // The names are those of the last draft, in the same order, but for states made in another way.
    for (const name in next) {
      if (keys[i] !== name) return this.compareByName(next)
      const index = slots[i++]!
      if (index >= 0 && next[name] !== values[index]) this.differs(index, next[name])
    }
    if (i !== keys.length || this.loaded !== this.layout.names.length) this.compareByName(next)
  }

  private compareByName(next: State): void {
    this.keys = Object.keys(next)
    this.slots = this.keys.map((name) => this.layout.indexes.get(name) ?? -1)
    this.layout.names.forEach((name, index) => {
      const node = this.nodeAt[index]
      if (node === undefined || name in next) this.differs(index, next[name])
      else node.writtenAt = this.epoch
    })
    this.loaded = this.layout.names.length
  }

  private differs(index: number, value: unknown): void {
    if (Object.is(value, this.values[index])) return
    const node = this.nodeAt[index]
    if (node === undefined || this.receiving?.includes(node) === true) {
      this.values[index] = value
      this.mark(index)
    } else {
      node.writtenAt = this.epoch
      node.own = value
      this.lost.push(node)
    }
  }

  private mark(index: number): void {
    if (index < wordBits) this.changed |= 1 << index
    else this.moreChanged[wordOf(index)] = (this.moreChanged[wordOf(index)] ?? 0) | bitOf(index)
  }

  private hasChanged(index: number): boolean {
    if (index < wordBits) return (this.changed & (1 << index)) !== 0
    return ((this.moreChanged[wordOf(index)] ?? 0) & bitOf(index)) !== 0
  }

  private settled(node: Node): void {
    node.settledAt = this.epoch
    this.unsettled &= ~node.bit
  }

  /** Whether something changed that it has read. */
  private isHit(node: Node): boolean {
    return (
      (node.reads & this.changed) !== 0 ||
      (node.more !== undefined &&
        node.more.some((bits, word) => (bits & (this.moreChanged[word] ?? 0)) !== 0)) ||
      (node.rows !== undefined && this.rowsChanged(node.rows)) ||
      node.circular
    )
  }

  private rowsChanged(rows: NonNullable<Node["rows"]>): boolean {
    for (const [index, keys] of rows) {
      if (!this.hasChanged(index)) continue
      const before = this.previous[this.layout.names[index]!]
      const after = this.values[index]
      if (!isRows(before) || !isRows(after)) return true
      // Of the tables, for it may be asked while another function runs, whose reads these are not.
      const [was, is] = [before[RowsId], after[RowsId]]
      for (const key of keys) if (was.get(key) !== is.get(key)) return true
    }
    return false
  }

  private tellOfLost(): void {
    for (const node of this.lost.splice(0)) {
      if (node.warned || Equal.equals(node.own, this.values[node.index])) continue
      node.warned = true
      this.hooks.overwritten(node.name)
    }
  }

  // --- nodes --------------------------------------------------------------------------------------------

  /** Makes a node current that another reads before its turn. */
  settle(node: Node): void {
    if (node.running) throw this.cycle(node)
    this.outOfOrder = true
    const { more, reads, rowReads, top } = this
    node.caller = top
    if (this.mode !== "converge" || this.isHit(node) || !this.isCurrent(node)) this.run(node)
    node.caller = undefined
    this.top = top
    this.reads = reads
    this.more = more
    this.rowReads = rowReads
  }

  /** The value of a field, for the node that runs. */
  read(index: number): unknown {
    const node = this.nodeAt[index]
    if (node !== undefined && node.settledAt !== this.epoch) this.settle(node)
    const value = this.values[index]
    if (this.rowReads !== undefined && isRows(value)) this.rowReads.take(value, index)
    else this.note(index)
    return value
  }

  private note(index: number): void {
    if (index < wordBits) this.reads |= 1 << index
    else {
      const more = (this.more ??= [])
      more[wordOf(index)] = (more[wordOf(index)] ?? 0) | bitOf(index)
    }
  }

  /** Whether what it read is the same, once all of that is current. Then so is the node. */
  private isCurrent(node: Node): boolean {
    for (const other of this.nodes) {
      if (other.settledAt === this.epoch || !node.hasRead(other.index)) continue
      // Run, it comes to the read that closes the circle, or no longer does.
      if (other.running) return false
      this.settle(other)
      if (node.settledAt === this.epoch) return true
      if (this.isHit(node)) return false
    }
    this.settled(node)
    return true
  }

  private run(node: Node): void {
    const { FastReader, rows } = this.layout
    // The first run is watched closely: a getter cannot tell that the state is enumerated.
    const state = FastReader === undefined || this.mode === "init" ? this.watch() : new FastReader()
    this.reads = 0
    this.more = undefined
    this.top = node
    node.settledAt = runs
    try {
      const value = rows ? this.readRows(node, state) : node.read(state)
      // It may have caught the error of a circle that it is in.
      if (node.error === undefined) this.give(node, value)
    } catch (error) {
      node.error ??= new TraitFailed({ instanceId: this.instanceId, field: node.name, cause: error })
    }
    this.settled(node)
    node.reads = this.reads
    if (node.hasMore || this.more !== undefined || rows || node.error !== undefined || this.mode === "init")
      this.ended(node)
  }

  /** All that is not so for most nodes. */
  private ended(node: Node): void {
    const { error } = node
    node.more = this.more
    if (this.mode === "init") this.nodes.push(node)
    else {
      if (error !== undefined && this.mode === "converge" && !node.failing)
        this.hooks.failed(node.name, error)
      node.failing = error !== undefined
      node.error = undefined
    }
    node.circular = error?._tag === "TraitCycle"
    node.hasMore = node.more !== undefined || node.rows !== undefined || node.circular || node.failing
  }

  private readRows(node: Node, state: object): unknown {
    const reads = new RowReads()
    this.rowReads = reads
    let value: unknown
    try {
      value = track(reads, node.read, state)
    } finally {
      node.rows = reads.end(value, (index) => this.note(index))
      this.rowReads = undefined
    }
    return value
  }

  private give(node: Node, value: unknown): void {
    const { trait } = node
    if (trait.kind === "source") return this.giveKey(node, value)
    if (this.mode === "retrace") return
    if (this.mode === "converge") {
      const before = this.values[node.index]
      if (Object.is(before, value) || (trait.equals !== Object.is && trait.equals(before, value))) return
    }
    this.write(node, value)
  }

  private giveKey(node: Node, key: unknown): void {
    if (this.mode === "converge" && Equal.equals(node.key, key)) return
    node.key = key
    if (this.mode === "retrace") return
    const none = key === undefined || key === null
    const known = () => this.offeredTo(node, key) ?? this.hooks.remembered(node.name, key)
    this.write(node, none ? AsyncResult.initial() : (known() ?? AsyncResult.initial(true)))
    if (this.mode === "converge") this.hooks.keyChanged(node.name)
  }

  private write(node: Node, value: unknown): void {
    this.values[node.index] = value
    node.writtenAt = this.epoch
    this.mark(node.index)
  }

  /** The nodes that run, from the one that is read again on. None of them has a value now. */
  private cycle(node: Node): TraitCycle {
    const circle: Array<Node> = []
    for (let at = this.top; at !== undefined; at = at === node ? undefined : at.caller) circle.unshift(at)
    const error = new TraitCycle({ moduleId: this.instanceId, fields: circle.map(({ name }) => name) })
    for (const member of circle) member.error = error
    return error
  }

  private sort(): void {
    const sorted = new Set<Node>()
    const met = new Set<Node>()
    const visit = (node: Node): void => {
      if (met.has(node)) return
      met.add(node)
      for (const other of this.nodes) if (node.hasRead(other.index)) visit(other)
      sorted.add(node)
    }
    for (const node of this.nodes) visit(node)
    this.nodes = [...sorted]
    this.outOfOrder = false
  }

  // --- reads of any field -------------------------------------------------------------------------------

  private watch(): object {
    return watching(() => this)
  }

  isIn(name: PropertyKey): boolean {
    this.watched(name, undefined)
    return name in this.draft
  }

  get prototype(): object | null {
    return Object.getPrototypeOf(this.draft) as object | null
  }

  /** The field itself is one of those enumerated. */
  enumerated(): never {
    throw this.cycle(this.top!)
  }

  watched(name: PropertyKey, receiver: unknown): unknown {
    const index = typeof name === "string" ? this.indexOf(name) : undefined
    if (typeof name !== "string" || index === undefined) return Reflect.get(this.draft, name, receiver)
    if (this.samples === undefined) return this.read(index)
    const node = this.nodeAt[index]
    if (node === undefined) return this.sample(name)
    const value = this.read(index)
    return node.error === undefined ? value : this.sample(name)
  }

  /** Of a field: of anything but a method of the state's class. */
  private indexOf(name: string): number | undefined {
    const { FastReader, indexes, names } = this.layout
    let index = indexes.get(name)
    if (index === undefined) {
      if (FastReader !== undefined || (name in this.draft && !Object.hasOwn(this.draft, name)))
        return undefined
      index = names.push(name) - 1
      indexes.set(name, index)
    }
    // It, or another instance, has met the field only now.
    for (; this.loaded < names.length; this.loaded++) {
      this.values[this.loaded] = this.draft[names[this.loaded]!]
      this.keys = []
    }
    return index
  }

  private sample(name: string): unknown {
    if (Object.hasOwn(this.draft, name)) return this.draft[name]
    throw new Error(`There is no sample of ${name}`)
  }
}

const isOlder = (value: unknown, { timestamp }: AsyncResult.Success<unknown, unknown>): boolean =>
  !AsyncResult.isAsyncResult(value) || !AsyncResult.isSuccess(value) || value.timestamp < timestamp

const copy = ({ spread }: Layout, state: State): Record<string, unknown> => {
  const prototype = Object.getPrototypeOf(state) as object | null
  return prototype === Object.prototype
    ? spread(state)
    : Object.assign(Object.create(prototype) as Record<string, unknown>, state)
}
