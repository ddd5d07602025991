/**
 * Rows by slot in a persistent 32-way radix trie, and their slots by key.
 *
 * Tables made from one another share one `Index`, which only grows. That is sound because a slot is given
 * out once: in every table of the family it holds a row of the key that it was given to, or nothing. So a
 * slot that the index names is this table's if this table holds a row there, whatever the others do. An
 * update does not touch the index, and a lookup is one `Map.get` and a descent of the trie.
 *
 * When more than half of the slots hold nothing here, the table is laid out afresh with an index of its own.
 */

const bits = 5
const width = 1 << bits
const mask = width - 1
const slack = width

/** An interface with a method, so that a table of rows is also a table of their supertype. */
interface Keyed<Row, Key> {
  keyOf(row: Row): Key
}

class Index<Row, Key> implements Keyed<Row, Key> {
  readonly keyOf: Keyed<Row, Key>["keyOf"]
  /** A key's slot; of a key that was removed and came back, all that it was ever given, newest last. */
  readonly slots = new Map<Key, number | Array<number>>()
  /** Both are written by `allocate` only. `rescans` counts slots that lookups of returned keys step over. */
  next = 0
  rescans = 0
  /** The key looked up last, if it has one slot: a write of a row is followed by reads of it. Written by `find`. */
  private found: Key | undefined = undefined
  private foundAt: number | undefined = undefined

  /**
   * The rows of the table that was looped over last, and its root: to go from leaf to leaf costs more, and the
   * same rows are often looped over again. One for all tables of the family, so that keeping them costs what
   * changed. Written by `rows` only.
   */
  flat: ReadonlyArray<Row> = none
  flattened: Node<Row> | undefined = undefined

  constructor(keyOf: Keyed<Row, Key>["keyOf"]) {
    this.keyOf = keyOf
  }

  find(key: Key): number | Array<number> | undefined {
    if (key === this.found && key !== undefined) return this.foundAt
    const slots = this.slots.get(key)
    if (typeof slots === "number") {
      this.found = key
      this.foundAt = slots
    }
    return slots
  }

  allocate(key: Key): number {
    this.found = undefined
    const slot = this.next++
    const before = this.slots.get(key)
    if (before === undefined) this.slots.set(key, slot)
    else if (typeof before === "number") this.slots.set(key, [before, slot])
    else this.rescans += before.push(slot)
    return slot
  }

  /** Whether a table of `size` rows should be laid out afresh. */
  isSparse(size: number): boolean {
    return this.next + this.rescans > 2 * size + slack
  }
}

/** A leaf has `rows`, a branch has `nodes`; the other one is `none`. */
class Node<Row> {
  /** The batch that may write to this node in place; 0 for none. */
  readonly owner: number
  readonly rows: Array<Row | undefined>
  readonly nodes: Array<Node<Row> | undefined>
  /** How many rows it holds. Written, as the arrays are, by its owner only. */
  count: number

  constructor(
    owner: number,
    count: number,
    rows: Array<Row | undefined>,
    nodes: Array<Node<Row> | undefined>
  ) {
    this.owner = owner
    this.rows = rows
    this.nodes = nodes
    this.count = count
  }
}

const none: Array<never> = []

let lastOwner = 0

/** A batch's own number: nodes made under it may be written in place until the batch ends. */
const newOwner = () => ++lastOwner

const copyOf = <A>(items: Array<A>): Array<A> => (items.length === 0 ? none : items.slice())

const editable = <Row>(node: Node<Row>, owner: number) =>
  owner !== 0 && node.owner === owner
    ? node
    : new Node(owner, node.count, copyOf(node.rows), copyOf(node.nodes))

const put = <Row>(
  node: Node<Row> | undefined,
  level: number,
  slot: number,
  row: Row,
  owner: number
): Node<Row> => {
  const at = (slot >>> level) & mask
  if (level === 0) {
    const leaf = node === undefined ? new Node<Row>(owner, 0, [], none) : editable(node, owner)
    if (leaf.rows[at] === undefined) leaf.count++
    leaf.rows[at] = row
    return leaf
  }
  const branch = node === undefined ? new Node<Row>(owner, 0, none, []) : editable(node, owner)
  const child = branch.nodes[at]
  const before = child === undefined ? 0 : child.count
  const next = put(child, level - bits, slot, row, owner)
  branch.nodes[at] = next
  branch.count += next.count - before
  return branch
}

/** The node itself when `slot` holds no row or `f` gives the row that it got. */
const alter = <Row>(node: Node<Row>, level: number, slot: number, f: (row: Row) => Row): Node<Row> => {
  const at = (slot >>> level) & mask
  if (level === 0) {
    const before = node.rows[at]
    if (before === undefined) return node
    const row = f(before)
    if (row === before) return node
    const rows = node.rows.slice()
    rows[at] = row
    return new Node(0, node.count, rows, none)
  }
  const before = node.nodes[at]
  if (before === undefined) return node
  const child = alter(before, level - bits, slot, f)
  if (child === before) return node
  const nodes = node.nodes.slice()
  nodes[at] = child
  return new Node(0, node.count, none, nodes)
}

/** `slot` holds a row. Gives nothing when that row was the last. */
const drop = <Row>(node: Node<Row>, level: number, slot: number, owner: number): Node<Row> | undefined => {
  if (node.count === 1) return undefined
  const next = editable(node, owner)
  const at = (slot >>> level) & mask
  const child = next.nodes[at]
  if (child === undefined) next.rows[at] = undefined
  else next.nodes[at] = drop(child, level - bits, slot, owner)
  next.count--
  return next
}

/** The node itself when every row is kept. */
const keep = <Row>(node: Node<Row>, predicate: (row: Row) => boolean): Node<Row> | undefined => {
  const rows = node.rows.map((row) => (row !== undefined && predicate(row) ? row : undefined))
  const nodes = node.nodes.map((child) => child && keep(child, predicate))
  let count = 0
  for (const row of rows) if (row !== undefined) count++
  for (const child of nodes) if (child !== undefined) count += child.count
  if (count === 0) return undefined
  if (count === node.count && nodes.every((child, at) => child === node.nodes[at])) return node
  return new Node(0, count, rows, nodes)
}

const each = <Row>(node: Node<Row> | undefined, visit: (row: Row) => void): void => {
  if (node === undefined) return
  for (const row of node.rows) if (row !== undefined) visit(row)
  for (const child of node.nodes) each(child, visit)
}

/** Writes the rows of `node` to `into` from `at` on, and gives the position after the last. */
const copyRows = <Row>({ rows, nodes }: Node<Row>, into: Array<Row>, at: number): number => {
  let next = at
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    if (row !== undefined) into[next++] = row
  }
  for (let i = 0; i < nodes.length; i++) {
    const child = nodes[i]
    if (child !== undefined) next = copyRows(child, into, next)
  }
  return next
}

/** Visits each slot that differs, in order, and no subtree that both share. `base` is the first slot at `level`. */
const differences = <Row>(
  before: Node<Row> | undefined,
  after: Node<Row> | undefined,
  level: number,
  visit: (before: Row | undefined, after: Row | undefined, slot: number) => void,
  base = 0
): void => {
  const [rows, nodes] = [before?.rows ?? none, before?.nodes ?? none]
  const [nextRows, nextNodes] = [after?.rows ?? none, after?.nodes ?? none]
  for (let at = 0; at < rows.length || at < nextRows.length; at++) {
    const [was, is] = [rows[at], nextRows[at]]
    if (was !== is) visit(was, is, base + at)
  }
  for (let at = 0; at < nodes.length || at < nextNodes.length; at++) {
    const [was, is] = [nodes[at], nextNodes[at]]
    if (was !== is) differences(was, is, level - bits, visit, base + (at << level))
  }
}

/** The trie of `rows` in slots 0, 1, 2, ... */
const build = <Row>(rows: ReadonlyArray<Row>): { root: Node<Row> | undefined; shift: number } => {
  let level: Array<Node<Row>> = []
  for (let at = 0; at < rows.length; at += width) {
    const chunk = rows.slice(at, at + width)
    level.push(new Node(0, chunk.length, chunk, none))
  }
  let shift = 0
  for (; level.length > 1; shift += bits) {
    const parents: Array<Node<Row>> = []
    for (let at = 0; at < level.length; at += width) {
      const chunk = level.slice(at, at + width)
      let count = 0
      for (const child of chunk) count += child.count
      parents.push(new Node(0, count, none, chunk))
    }
    level = parents
  }
  return { root: level[0], shift }
}

/** Adds levels above `root`, up to `shift`. */
const raise = <Row>(root: Node<Row> | undefined, from: number, shift: number): Node<Row> | undefined =>
  root === undefined || from >= shift
    ? root
    : raise(new Node(0, root.count, none, [root]), from + bits, shift)

let lastForm = 0

export class Table<Row, Key> {
  /** These change only in `tidied`, to another form of the same rows in the same order. */
  index: Index<Row, Key>
  root: Node<Row> | undefined
  shift: number
  private form = ++lastForm
  /** The form that it differs from in one slot alone, by number, so that it does not keep it; 0 for none. */
  private origin: number
  private readonly replaced: number

  private constructor(
    index: Index<Row, Key>,
    root: Node<Row> | undefined,
    shift: number,
    origin = 0,
    replaced = 0
  ) {
    this.index = index
    this.root = root
    this.shift = shift
    this.origin = origin
    this.replaced = replaced
  }

  /** Of two rows of one key the later stands, in the place of the earlier. */
  static make<Row, Key>(keyOf: (row: Row) => Key, rows: Iterable<Row> = []): Table<Row, Key> {
    const index = new Index(keyOf)
    const placed: Array<Row> = []
    for (const row of rows) {
      const key = keyOf(row)
      const slot = index.slots.get(key)
      // A new index has given each key one slot.
      if (typeof slot === "number") placed[slot] = row
      else placed[index.allocate(key)] = row
    }
    const { root, shift } = build(placed)
    return new Table(index, root, shift)
  }

  get size(): number {
    return this.root === undefined ? 0 : this.root.count
  }

  keyOf(row: Row): Key {
    return this.index.keyOf(row)
  }

  get(key: Key): Row | undefined {
    const slot = this.slotOf(key)
    return slot === undefined ? undefined : this.rowIn(slot)
  }

  /** By position; O(log n). */
  at(position: number): Row | undefined {
    let node = this.root
    if (node === undefined || !(position >= 0 && position < node.count)) return undefined
    let left = position
    descend: while (node.rows.length === 0) {
      for (const child of node.nodes) {
        if (child === undefined) continue
        if (left < child.count) {
          node = child
          continue descend
        }
        left -= child.count
      }
    }
    return node.count === node.rows.length
      ? node.rows[left]
      : node.rows.filter((row) => row !== undefined)[left]
  }

  rows(): IterableIterator<Row> {
    const { index, root } = this
    if (index.flattened !== root) {
      index.flat = this.toArray()
      index.flattened = root
    }
    return index.flat[Symbol.iterator]()
  }

  forEach(visit: (row: Row) => void): void {
    each(this.root, visit)
  }

  toArray(): Array<Row> {
    // Made here, and at its length, so that a loop that inlines this knows it for a plain array.
    const rows = new Array<Row>(this.size)
    if (this.root !== undefined) copyRows(this.root, rows, 0)
    return rows
  }

  set(row: Row, owner = 0): Table<Row, Key> {
    const key = this.keyOf(row)
    const slot = this.slotOf(key)
    const before = slot === undefined ? undefined : this.rowIn(slot)
    if (slot === undefined || before === undefined) return this.insert(key, row, owner)
    if (before === row) return this
    const root = put(this.root, this.shift, slot, row, owner)
    return new Table(this.index, root, this.shift, owner === 0 ? this.form : 0, slot)
  }

  /** `f` gives another row of the same key. */
  update(key: Key, f: (row: Row) => Row): Table<Row, Key> {
    // Read before `f` runs, which may insert into this very table and so have it laid out afresh.
    const { form, index, root, shift } = this
    const slot = this.slotOf(key)
    if (slot === undefined || root === undefined || slot >= width << shift) return this
    const next = alter(root, shift, slot, f)
    return next === root ? this : new Table(index, next, shift, form, slot)
  }

  setAll(rows: Iterable<Row>): Table<Row, Key> {
    if (this.root === undefined) {
      const made = Table.make(this.index.keyOf, rows)
      return made.root === undefined ? this : made
    }
    const owner = newOwner()
    let next: Table<Row, Key> = this
    for (const row of rows) next = next.set(row, owner)
    return next
  }

  removeAll(keys: Iterable<Key>): Table<Row, Key> {
    const owner = newOwner()
    let next: Table<Row, Key> = this
    for (const key of keys) {
      const slot = next.slotOf(key)
      if (slot === undefined || next.root === undefined || next.rowIn(slot) === undefined) continue
      next = next.with(drop(next.root, next.shift, slot, owner))
    }
    return next === this ? this : next.tidied()
  }

  filter(predicate: (row: Row) => boolean): Table<Row, Key> {
    // Read before `predicate` runs, as in `update`.
    const { index, root, shift } = this
    const kept = root && keep(root, predicate)
    return kept === root ? this : new Table(index, kept, shift).tidied()
  }

  clear(): Table<Row, Key> {
    return this.root === undefined ? this : Table.make(this.index.keyOf)
  }

  /** Calls `visit` for each key that was added or removed, or whose row is another reference. */
  diff(next: Table<Row, Key>, visit: (key: Key, was: Row | undefined, is: Row | undefined) => void): void {
    const removedOrReplaced = (row: Row) => {
      const key = this.keyOf(row)
      const is = next.get(key)
      if (is !== row) visit(key, row, is)
    }
    const added = (row: Row) => {
      const key = next.keyOf(row)
      if (this.get(key) === undefined) visit(key, undefined, row)
    }
    if (this.index !== next.index) {
      each(this.root, removedOrReplaced)
      each(next.root, added)
      return
    }
    if (next.origin === this.form) {
      const was = this.rowIn(next.replaced)
      if (was !== undefined) visit(this.keyOf(was), was, next.rowIn(next.replaced))
      return
    }
    const shift = Math.max(this.shift, next.shift)
    const root = raise(next.root, next.shift, shift)
    differences(raise(this.root, this.shift, shift), root, shift, (was, is) => {
      // A slot is of one key. One that was removed and came back has two: it is visited at the one it had.
      if (was !== undefined && is !== undefined) visit(this.keyOf(was), was, is)
      else if (was !== undefined) removedOrReplaced(was)
      else if (is !== undefined) added(is)
    })
  }

  private rowIn(slot: number): Row | undefined {
    if (slot >= width << this.shift) return undefined
    let node = this.root
    for (let level = this.shift; level > 0; level -= bits) {
      if (node === undefined) return undefined
      node = node.nodes[(slot >>> level) & mask]
    }
    return node === undefined ? undefined : node.rows[slot & mask]
  }

  /** The one slot of the key that this table may hold a row in. */
  private slotOf(key: Key): number | undefined {
    const slots = this.index.find(key)
    return typeof slots === "object" ? slots.findLast((slot) => this.rowIn(slot) !== undefined) : slots
  }

  private with(root: Node<Row> | undefined): Table<Row, Key> {
    return root === undefined ? Table.make(this.index.keyOf) : new Table(this.index, root, this.shift)
  }

  private insert(key: Key, row: Row, owner: number): Table<Row, Key> {
    this.tidied()
    const slot = this.index.allocate(key)
    let shift = this.shift
    while (slot >= width << shift) shift += bits
    const root = put(raise(this.root, this.shift, shift), shift, slot, row, owner)
    return new Table(this.index, root, shift)
  }

  /** In place, so that one table inserted into again and again (each time rolled back) is laid out once. */
  private tidied(): this {
    if (this.index.isSparse(this.size)) {
      const fresh = Table.make(this.index.keyOf, this.toArray())
      this.index = fresh.index
      this.root = fresh.root
      this.shift = fresh.shift
      this.form = fresh.form
      this.origin = 0
    }
    return this
  }
}

/** What makes one table of another, slot by slot: in the order of the slots, which is that of the rows. */
export interface SlotEdits<Row> {
  readonly replaced: Array<readonly [was: Row, is: Row]>
  readonly removed: Array<Row>
  /** `before` is the row that comes next. */
  readonly inserted: Array<readonly [row: Row, before: Row | undefined]>
}

/** Nothing where the two share no index: their slots say nothing of one another then. */
export const slotEdits = <Row, Key>(
  previous: Table<Row, Key>,
  next: Table<Row, Key>
): SlotEdits<Row> | undefined => {
  if (previous.index !== next.index) return undefined
  const edits: SlotEdits<Row> = { replaced: [], removed: [], inserted: [] }
  const shift = Math.max(previous.shift, next.shift)
  const root = raise(next.root, next.shift, shift)
  differences(raise(previous.root, previous.shift, shift), root, shift, (was, is, slot) => {
    if (was !== undefined && is !== undefined) edits.replaced.push([was, is])
    else if (was !== undefined) edits.removed.push(was)
    else if (is !== undefined) edits.inserted.push([is, root && firstFrom(root, shift, slot + 1)])
  })
  return edits
}

/** The first row at `slot`, counted from the node's first, or later. */
const firstFrom = <Row>(node: Node<Row>, level: number, slot: number): Row | undefined => {
  for (let at = Math.max(0, slot >>> level); at < width; at++) {
    const child = node.nodes[at]
    const found =
      level === 0 ? node.rows[at] : child && firstFrom(child, level - bits, Math.max(0, slot - (at << level)))
    if (found !== undefined) return found
  }
  return undefined
}
