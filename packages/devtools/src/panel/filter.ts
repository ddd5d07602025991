/** The text filter of the timeline. */
import type { Row } from "../protocol/index.ts"

/** Kept with the entry: an entry is tested again each time the list grows. */
const texts = new WeakMap<Row, string>()

const textOf = (entry: Row): string => {
  const known = texts.get(entry)
  if (known !== undefined) return known
  const outcome = entry.outcome === "commit" ? "" : entry.outcome
  const text = [entry.txnId, entry.origin.kind, entry.origin.name, ...entry.tags, outcome]
    .join(" ")
    .toLowerCase()
  texts.set(entry, text)
  return text
}

/**
 * Entries whose transaction id (so its instance too), origin, actions or outcome contain each of the words,
 * in any case; a word that begins with `-` must not be contained. `undefined` when there is no word.
 */
export const makeFilter = (text: string): ((entry: Row) => boolean) | undefined => {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "-")
  if (words.length === 0) return undefined
  return (entry) => {
    const searched = textOf(entry)
    return words.every((word) =>
      word.startsWith("-") ? !searched.includes(word.slice(1)) : searched.includes(word)
    )
  }
}
