/** The rows of the table, the same in every page: the order of words and ids does not depend on chance. */

export interface Row {
  readonly id: number
  readonly label: string
}

const adjectives =
  "pretty large big small tall short long handsome plain quaint clean elegant easy angry crazy helpful mushy odd unsightly adorable important inexpensive cheap expensive fancy".split(
    " "
  )
const colours = "red yellow blue green pink brown purple brown white black orange".split(" ")
const nouns = "table chair house bbq desk car pony cookie sandwich burger pizza mouse keyboard".split(" ")

let seed = 1
const anyOf = (words: ReadonlyArray<string>): string => {
  seed = (seed * 48_271) % 2_147_483_647
  return words[seed % words.length]!
}

let lastId = 0

export const makeRows = (count: number): Array<Row> => {
  const rows = new Array<Row>(count)
  for (let i = 0; i < count; i++) {
    rows[i] = { id: ++lastId, label: `${anyOf(adjectives)} ${anyOf(colours)} ${anyOf(nouns)}` }
  }
  return rows
}

export const excited = (row: Row): Row => ({ id: row.id, label: `${row.label} !!!` })

/** Every tenth row another, in a new array. */
export const everyTenthExcited = (rows: ReadonlyArray<Row>): Array<Row> => {
  const next = rows.slice()
  for (let i = 0; i < next.length; i += 10) next[i] = excited(next[i]!)
  return next
}

/** The second and the last but one in each other's place, in a new array, if there are so many. */
export const swapped = <A>(rows: ReadonlyArray<A>): ReadonlyArray<A> => {
  if (rows.length < 999) return rows
  const next = rows.slice()
  ;[next[1], next[998]] = [next[998]!, next[1]!]
  return next
}

export const without = (rows: ReadonlyArray<Row>, id: number): Array<Row> =>
  rows.filter((row) => row.id !== id)
