/**
 * Persistent keyed rows in a stable order: a change of one row copies a path of the trie, not the rest.
 *
 * Rows stand in the order in which their keys were inserted. A replaced row keeps its place; a removed key
 * that comes back is last. Every write gives a new collection and leaves the old one as it was, or gives the
 * same reference when nothing changed.
 *
 * Do not infer that every insertion costs O(log n): one among many grows the index or lays the rows out
 * afresh, in O(n). Rows are not frozen: treat them as immutable.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Pipeable } from "effect/Pipeable"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { create, current, isDraft, isDraftable, original } from "mutative"
import * as Recipes from "./Draft.ts"
import { mayBeIn } from "./internal/mayBeIn.ts"
import { isRows, RowsId, tracker } from "./internal/rows.ts"
import { Table } from "./internal/table.ts"

export { MutateReturnedPromise } from "./Draft.ts"
export { mayBeIn } from "./internal/mayBeIn.ts"
export { track, type Tracker } from "./internal/rows.ts"

/** What a collection and its draft share. Positions start at 0; `at` is O(log n). */
interface Reads<Row, Key extends string | number> {
  readonly size: number
  get(key: Key): Row | undefined
  has(key: Key): boolean
  at(index: number): Row | undefined
  keyOf(row: Row): Key
  keys(): IterableIterator<Key>
  values(): IterableIterator<Row>
  entries(): IterableIterator<[Key, Row]>
  [Symbol.iterator](): IterableIterator<Row>
  /** Without the copy of the rows that the first iterator over them makes. */
  forEach(visit: (row: Row) => void): void
  toArray(): Array<Row>
}

export interface Collection<Row, Key extends string | number = string> extends Reads<Row, Key> {
  readonly [RowsId]: Table<Row, Key>
  /** Inserts the row, or puts it in the place of the row of its key. */
  set(row: Row): Collection<Row, Key>
  setAll(rows: Iterable<Row>): Collection<Row, Key>
  /** Throws `CollectionKeyChanged` when `f` gives a row of another key. An absent key is no change. */
  update(key: Key, f: (row: Row) => Row): Collection<Row, Key>
  remove(key: Key): Collection<Row, Key>
  removeAll(keys: Iterable<Key>): Collection<Row, Key>
  clear(): Collection<Row, Key>
  filter(predicate: (row: Row) => boolean): Collection<Row, Key>
  toJSON(): Array<Row>
}

/**
 * A collection inside a recipe of `mutate`: writes are in place and seen by later reads. Reads give the
 * immutable rows; to change one, `update` it. It throws once the recipe has ended.
 */
export interface Draft<Row, Key extends string | number = string> extends Reads<Row, Key> {
  set(row: Row): void
  setAll(rows: Iterable<Row>): void
  /** The recipe changes the row's draft or returns another row. An absent key is no change. */
  update(key: Key, recipe: RowRecipe<Row>): void
  /** Whether there was such a row. */
  remove(key: Key): boolean
  removeAll(keys: Iterable<Key>): void
  clear(): void
}

type RowRecipe<Row> = (row: Drafted<Row>) => Row | void

type Atomic = string | number | bigint | boolean | symbol | null | undefined | Date | RegExp | Pipeable

/** What a recipe gets for a state. Effect's own data types are not drafted: put another in their place. */
export type Drafted<State> = unknown extends State
  ? State
  : State extends Atomic | ((...args: never) => unknown)
    ? State
    : State extends Collection<infer Row, infer Key>
      ? Draft<Row, Key>
      : State extends ReadonlyMap<infer Key, infer Value>
        ? Map<Key, Drafted<Value>>
        : State extends ReadonlySet<infer Value>
          ? Set<Drafted<Value>>
          : { -readonly [Field in keyof State]: Drafted<State[Field]> }

/** An update gave a row that belongs under another key; nothing changed. */
export class CollectionKeyChanged extends Data.TaggedError("CollectionKeyChanged")<{
  readonly key: string | number
  readonly nextKey: string | number
}> {
  override get message() {
    return `The update of row ${show(this.key)} gave a row whose key is ${show(this.nextKey)}. Keep the key in the update, or remove ${show(this.key)} and set the new row.`
  }
}

const show = (key: string | number) => JSON.stringify(key)

/**
 * In a recipe `this` is mutative's draft of a collection. Its one field is then written in place; that is
 * all that a draft differs in, but for the arguments and results that `update` and `remove` have there.
 */
class CollectionImpl<Row, Key extends string | number> {
  /** Written by `become` only, and only on a draft. */
  [RowsId]: Table<Row, Key>

  constructor(table: Table<Row, Key>) {
    this[RowsId] = table
    Recipes.draftAlso(markingFor)
  }

  get size() {
    return whole(this).size
  }

  get(key: Key) {
    const row = this[RowsId].get(key)
    if (tracker !== undefined) {
      if (isDraft(this)) tracker.all(shown(original(this)))
      else tracker.row(shown(this), key, row)
    }
    return row
  }

  has(key: Key) {
    return this.get(key) !== undefined
  }

  at(index: number) {
    return whole(this).at(index)
  }

  keyOf(row: Row) {
    return this[RowsId].keyOf(row)
  }

  keys() {
    return keysOf(whole(this))
  }

  values() {
    return whole(this).rows()
  }

  entries() {
    return entriesOf(whole(this))
  }

  [Symbol.iterator]() {
    return whole(this).rows()
  }

  forEach(visit: (row: Row) => void) {
    whole(this).forEach(visit)
  }

  toArray() {
    return whole(this).toArray()
  }

  toJSON() {
    return whole(this).toArray()
  }

  set(row: Row) {
    return become(this, whole(this).set(isDraft(this) ? settled(row) : row))
  }

  setAll(rows: Iterable<Row>) {
    return become(this, whole(this).setAll(isDraft(this) ? Array.from(rows, (row) => settled(row)) : rows))
  }

  update(key: Key, f: ((row: Row) => Row) & RowRecipe<Row>) {
    const table = whole(this)
    const inDraft = isDraft(this)
    const next = table.update(key, (row) => {
      const next = inDraft ? mutateRow(row, f) : f(row)
      const nextKey = table.keyOf(next)
      if (nextKey !== key && !Object.is(nextKey, key)) throw new CollectionKeyChanged({ key, nextKey })
      return next
    })
    return become(this, next)
  }

  remove(key: Key) {
    const before = whole(this)
    const after = this.removeAll([key])
    return isDraft(this) ? this[RowsId] !== before : after
  }

  removeAll(keys: Iterable<Key>) {
    return become(this, whole(this).removeAll(keys))
  }

  clear() {
    return become(this, whole(this).clear())
  }

  filter(predicate: (row: Row) => boolean) {
    return become(this, whole(this).filter(predicate))
  }

  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: unknown,
    inspect: (value: unknown, options: unknown) => string
  ) {
    return `Collection(${this[RowsId].size}) ${inspect(this[RowsId].toArray(), options)}`
  }
}

// These two are not methods: on a draft a method is looked up through the proxy.

/** The table, for a read that may depend on every row. */
const whole = <Row, Key extends string | number>(self: CollectionImpl<Row, Key>): Table<Row, Key> => {
  if (tracker !== undefined) tracker.all(shown(isDraft(self) ? original(self) : self))
  return self[RowsId]
}

/** Gives nothing on a draft, so that a recipe that ends in a write does not seem to return a row. */
const become = <Row, Key extends string | number>(self: CollectionImpl<Row, Key>, table: Table<Row, Key>) => {
  const unchanged = table === self[RowsId]
  if (!isDraft(self)) return unchanged ? self : new CollectionImpl(table)
  if (!unchanged) self[RowsId] = table
  return undefined
}

// The writers of `CollectionImpl` give what `Draft` says on a draft, and what `Collection` says elsewhere.
const shown = <Row, Key extends string | number>(impl: CollectionImpl<Row, Key>) =>
  impl as unknown as Collection<Row, Key>

function* keysOf<Row, Key>(table: Table<Row, Key>): IterableIterator<Key> {
  for (const row of table.rows()) yield table.keyOf(row)
}

function* entriesOf<Row, Key>(table: Table<Row, Key>): IterableIterator<[Key, Row]> {
  for (const row of table.rows()) yield [table.keyOf(row), row]
}

type KeyField<Row> = { [Field in keyof Row]-?: Row[Field] extends string | number ? Field : never }[keyof Row]
type KeyIn<Row, Field extends keyof Row> = Extract<Row[Field], string | number>

const keyBy = <Row, Key>(key: keyof Row | ((row: Row) => Key)): ((row: Row) => Key) =>
  // The public signatures admit only the fields that hold a key.
  typeof key === "function" ? key : Object.assign((row: Row) => row[key] as Key, { field: key })

/**
 * A collection keyed by a field of its rows or by a function of a row. Of two rows of one key the later
 * stands, in the place of the earlier. 1 and "1" are two keys.
 */
export const make: {
  <Row, Field extends KeyField<Row>>(key: Field, rows?: Iterable<Row>): Collection<Row, KeyIn<Row, Field>>
  <Row, Key extends string | number>(key: (row: Row) => Key, rows?: Iterable<Row>): Collection<Row, Key>
} = <Row, Key extends string | number>(key: keyof Row | ((row: Row) => Key), rows?: Iterable<Row>) =>
  shown(new CollectionImpl(Table.make(keyBy<Row, Key>(key), rows)))

export const isCollection: (u: unknown) => u is Collection<unknown, string | number> =
  // Only a collection has a table under that key.
  isRows as (u: unknown) => u is Collection<unknown, string | number>

/**
 * Visits, in no particular order, each key that was added or removed, or whose row is another reference.
 * Between versions of one collection it walks only what they do not share; otherwise it compares every row.
 * A key that only moved is not visited.
 */
export const diff = <Row, Key extends string | number>(
  previous: Collection<Row, Key>,
  next: Collection<Row, Key>,
  visit: (key: Key, previousRow: Row | undefined, nextRow: Row | undefined) => void
): void => previous[RowsId].diff(next[RowsId], visit)

/** `empty` is a collection without rows, for an initial state. */
export interface CollectionSchema<
  Row extends Schema.Constraint,
  Key extends string | number
> extends Schema.decodeTo<
  Schema.declareConstructor<
    Collection<Row["Type"], Key>,
    Collection<Row["Type"], Key>,
    readonly [Schema.toType<Row>]
  >,
  Schema.$Array<Row>
> {
  readonly Rebuild: CollectionSchema<Row, Key>
  readonly empty: Collection<Row["Type"], Key>
}

/** Encoded as the array of its rows, in order. Two rows of one key are refused. */
export const schema: {
  <Row extends Schema.Constraint, Field extends KeyField<Row["Type"]>>(
    row: Row,
    key: Field
  ): CollectionSchema<Row, KeyIn<Row["Type"], Field>>
  <Row extends Schema.Constraint, Key extends string | number>(
    row: Row,
    key: (row: Row["Type"]) => Key
  ): CollectionSchema<Row, Key>
} = <Row extends Schema.Constraint, Key extends string | number>(
  row: Row,
  key: keyof Row["Type"] | ((row: Row["Type"]) => Key)
) => {
  type Rows = Collection<Row["Type"], Key>
  const keyOf = keyBy<Row["Type"], Key>(key)
  const rowsOf = SchemaTransformation.transformEffect<Rows, ReadonlyArray<Row["Type"]>>({
    decode: (rows) => {
      const collection = make(keyOf, rows)
      return collection.size === rows.length
        ? Effect.succeed(collection)
        : Effect.fail(duplicateKey(keyOf, rows))
    },
    encode: (collection) => Effect.succeed(collection.toArray())
  })
  const from = Schema.Array(row)
  const to = Schema.declareConstructor<Rows>()(
    [Schema.toType(row)],
    ([row]) => {
      const check = SchemaParser.decodeUnknownEffect(Schema.Array(row))
      return (input, ast, options) =>
        isCollection(input)
          ? // Its rows fit, and a row's key follows from the row.
            Effect.mapEager(check(input.toArray(), options), () => input as Rows)
          : Effect.fail(new SchemaIssue.InvalidType(ast, input, options))
    },
    { expected: "Collection", toCodec: ([row]) => Schema.link<Rows>()(Schema.Array(row), rowsOf) }
  )
  const ast = from.pipe(Schema.decodeTo(to, rowsOf)).ast
  return Schema.make<CollectionSchema<Row, Key>>(ast, { from, to, empty: make(keyOf) })
}

const duplicateKey = <Row>(
  keyOf: (row: Row) => string | number,
  rows: ReadonlyArray<Row>
): SchemaIssue.Issue => {
  const seen = new Set<string | number>()
  const at = rows.findIndex((row) => seen.size === seen.add(keyOf(row)).size)
  const message = `Expected one row of each key, got a second row of key ${show(keyOf(rows[at]!))}`
  return new SchemaIssue.Pointer([at], new SchemaIssue.InvalidValue({ message }))
}

const marking: Recipes.Marking = {
  mark: (value, { immutable }) => (value instanceof CollectionImpl ? immutable : undefined)
}

// Below, `Drafted` says what mutative makes of a value here. Its own types cannot: collections are marked.

/**
 * The state after `recipe` has changed its draft; the same reference when it changed nothing. Collections
 * in it, at any depth of plain objects and arrays, are drafted as `Draft`. What the recipe returns is ignored.
 */
export const mutate: <S>(state: S, recipe: (draft: Drafted<S>) => void) => S = Recipes.mutate

const knownToHold = new WeakMap<object, boolean>()

/** To look for collections slows each read of a draft, so it is left out where there are none. */
const markingFor = (schema: object | undefined): Recipes.Marking | undefined => {
  if (!Schema.isSchema(schema)) return marking
  const known = knownToHold.get(schema)
  const may = known ?? mayBeIn(schema)
  if (known === undefined) knownToHold.set(schema, may)
  return may ? marking : undefined
}

const mutateRow = <Row>(row: Row, recipe: RowRecipe<Row>): Row => {
  let returned: Row | undefined
  const run = (draft: unknown) => {
    const next = Recipes.refusePromise(recipe(draft as Drafted<Row>))
    if (next !== undefined && next !== draft) returned = settled(next, row)
  }
  // An instance of a class is not drafted: its recipe can only return another.
  if (isDraftable(row, marking)) {
    const changed = create<unknown>(row, run, marking) as Row
    return returned ?? settled(changed, row)
  }
  run(row)
  return returned ?? row
}

/** `value` without drafts, which end with the recipe. What is also in `known` holds none. */
const settled = <A>(value: A, known?: unknown): A => {
  if (value === known || typeof value !== "object" || value === null) return value
  if (isDraft(value)) return current(value)
  return isDraftable(value) ? settledParts(value, known) : value
}

const settledParts = <A extends object>(value: A, known: unknown): A => {
  const changed: Array<[string, unknown]> = []
  for (const [name, part] of Object.entries(value)) {
    const now: unknown = settled<unknown>(part, Predicate.hasProperty(known, name) ? known[name] : undefined)
    if (now !== part) changed.push([name, now])
  }
  if (changed.length === 0) return value
  const blank = Array.isArray(value) ? [] : {}
  return Object.assign(blank, value, Object.fromEntries(changed))
}
