/** A nested state, and a recipe that writes at three depths of it. */

export interface Board {
  readonly owner: {
    readonly name: string
    readonly address: { readonly city: string; readonly visits: number }
  }
  readonly columns: ReadonlyArray<{
    readonly title: string
    readonly cards: ReadonlyArray<{ readonly title: string; readonly votes: number }>
  }>
  readonly changes: number
}

type Mutable<T> = T extends object ? { -readonly [Field in keyof T]: Mutable<T[Field]> } : T

export const makeBoard = (cards: number): Board => ({
  owner: { name: "Ada", address: { city: "London", visits: 0 } },
  columns: Array.from({ length: 4 }, (_, column) => ({
    title: `column ${column}`,
    cards: Array.from({ length: cards }, (_, card) => ({ title: `card ${card}`, votes: 0 }))
  })),
  changes: 0
})

type Recipe = (draft: Mutable<Board>) => void

const recipe: Recipe = (draft) => {
  draft.changes++
  draft.owner.address.visits++
  const { cards } = draft.columns[draft.changes % 4]!
  cards[draft.changes % cards.length]!.votes++
}

/**
 * A recipe compiled on its own: V8 remembers by function what it was given, and one that had the drafts of every
 * library would be slow for all of them.
 */
export const makeRecipe = (): Recipe =>
  // oxlint-disable-next-line typescript/no-implied-eval -- it names nothing but its draft
  (new Function(`return ${recipe.toString()}`) as () => Recipe)()

export interface MutateContender {
  readonly name: string
  /** Applies the recipe so many times; `get` gives the state. */
  readonly make: (board: Board) => {
    readonly run: (times: number) => void | Promise<void>
    readonly get: () => Board
  }
}
