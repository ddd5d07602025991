/**
 * Computed graphs as data, so that all contenders compute the same. A cell is a source or a node; cells are
 * numbered, sources first, and a node reads only cells of lower numbers.
 */

/** Reads what stands at a place of the node's `reads`. */
export type Read = (place: number) => number

export interface Node {
  /** The cells that it may read. */
  readonly reads: ReadonlyArray<number>
  readonly compute: (read: Read) => number
}

/** One write and how many nodes must be computed again after it. */
export interface Step {
  readonly source: number
  readonly value: number
  readonly recomputed: number
}

export interface Graph {
  readonly name: string
  readonly sources: ReadonlyArray<number>
  readonly nodes: ReadonlyArray<Node>
  /** Cells that have a subscriber. */
  readonly leaves: ReadonlyArray<number>
  /** The n-th write. Each changes every leaf, or none. */
  readonly step: (n: number) => Step
}

/** What each cell holds, computed from scratch: what to compare with. */
export const evaluate = ({ nodes }: Graph, sources: ReadonlyArray<number>): ReadonlyArray<number> => {
  const cells = [...sources]
  for (const { reads, compute } of nodes) cells.push(compute((place) => cells[reads[place]!]!))
  return cells
}

/** The same graph, counting how often a node is computed. */
export const counting = (graph: Graph): { readonly graph: Graph; readonly computed: () => number } => {
  let count = 0
  const nodes = graph.nodes.map(({ reads, compute }) => ({
    reads,
    compute: (read: Read) => {
      count++
      return compute(read)
    }
  }))
  return { graph: { ...graph, nodes }, computed: () => count }
}

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from }, (_, i) => from + i)

const sum = (reads: ReadonlyArray<number>): Node => ({
  reads,
  compute: (read) => {
    let total = 0
    for (let place = 0; place < reads.length; place++) total += read(place)
    return total
  }
})

const plusOne = (cell: number): Node => ({ reads: [cell], compute: (read) => read(0) + 1 })

/** A chain. */
const deep = (cells: number): Graph => ({
  name: "deep",
  sources: [0],
  nodes: range(0, cells - 1).map(plusOne),
  leaves: [cells - 1],
  step: (n) => ({ source: 0, value: n + 1, recomputed: cells - 1 })
})

/** Many nodes of one source, each with a subscriber. */
const broad = (cells: number): Graph => ({
  name: "broad",
  sources: [0],
  nodes: range(1, cells).map((cell) => ({ reads: [0], compute: (read) => read(0) + cell })),
  leaves: range(1, cells),
  step: (n) => ({ source: 0, value: n + 1, recomputed: cells - 1 })
})

/** Many nodes of one source, and one that reads them all. */
const diamond = (cells: number): Graph => ({
  name: "diamond",
  sources: [0],
  nodes: [...range(1, cells - 1).map(() => plusOne(0)), sum(range(1, cells - 1))],
  leaves: [cells - 1],
  step: (n) => ({ source: 0, value: n + 1, recomputed: cells - 1 })
})

/** A chain, and one node that reads every link of it. */
const triangle = (cells: number): Graph => ({
  name: "triangle",
  sources: [0],
  nodes: [...range(0, cells - 2).map(plusOne), sum(range(1, cells - 1))],
  leaves: [cells - 1],
  step: (n) => ({ source: 0, value: n + 1, recomputed: cells - 1 })
})

/** Nodes that read the left or the right source, as a third one says: what they depend on changes. */
const dynamic = (cells: number): Graph => ({
  name: "dynamic",
  // which, left, right
  sources: [0, 1, 2],
  nodes: [
    ...range(3, cells - 1).map((cell): Node => ({
      reads: [0, 1, 2],
      compute: (read) => cell + read(read(0) % 2 === 0 ? 1 : 2)
    })),
    sum(range(3, cells - 1))
  ],
  leaves: [cells - 1],
  step: (n) => {
    // In turn: choose the other side, write the side not read, write the side read.
    const which = (Math.floor(n / 3) + 1) % 2
    const read = which === 0 ? 1 : 2
    if (n % 3 === 0) return { source: 0, value: which, recomputed: cells - 3 }
    if (n % 3 === 1) return { source: 3 - read, value: 2 * n + 1, recomputed: 0 }
    return { source: read, value: 2 * n, recomputed: cells - 3 }
  }
})

/** Writes to a source that no node reads. */
const untouched = (cells: number): Graph => ({
  name: "untouched",
  sources: [0, 1],
  nodes: range(2, cells).map((cell) => ({ reads: [0], compute: (read) => read(0) + cell })),
  leaves: range(2, cells),
  step: (n) => ({ source: 1, value: n + 2, recomputed: 0 })
})

export const graphs = (cells: number): ReadonlyArray<Graph> =>
  [deep, broad, diamond, triangle, dynamic, untouched].map((graph) => graph(cells))
