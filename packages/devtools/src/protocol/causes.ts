/** The tree of causes around one transaction. */
import type { Found, Log } from "./log.ts"
import { type CauseNode, maxParts } from "./messages.ts"

interface Known {
  readonly txnId: string
  readonly cause: string | undefined
  readonly found: Found | undefined
}

const maxAncestors = 100

const causeOf = (found: Found): string | undefined =>
  "commit" in found ? found.commit.cause : found.event.cause

const knownOf = (found: Found): Known => {
  const { txnId } = "commit" in found ? found.commit : found.event
  return { txnId, cause: causeOf(found), found }
}

const foundAt = (log: Log, place: number | undefined): Found | undefined => {
  const found = place === undefined ? undefined : log.at(place)
  return found === undefined || ("event" in found && found.event === undefined) ? undefined : found
}

const lookUp = (log: Log, txnId: string): Known => {
  const found = foundAt(log, log.placeOf(txnId))
  return found === undefined ? { txnId, cause: undefined, found } : knownOf(found)
}

/** From the first known cause to the transaction itself, then what its handlers have caused, up to so many. */
export const causes = (
  log: Log,
  txnId: string,
  limit: number
): { readonly nodes: ReadonlyArray<CauseNode>; readonly more: number } => {
  const chain = [lookUp(log, txnId)]
  for (let first = chain[0]; first?.cause !== undefined && chain.length <= maxAncestors; first = chain[0])
    chain.unshift(lookUp(log, first.cause))

  // What was caused came later, so one look at what follows finds it all.
  const children = new Map<string, Array<Known>>([[txnId, []]])
  const place = log.placeOf(txnId)
  const { last } = log.places
  const most = Math.min(limit, maxParts)
  let kept = 0
  let more = 0
  for (let next = (place ?? Infinity) + 1; next <= last; next++) {
    const found = foundAt(log, next)
    const cause = found && causeOf(found)
    const siblings = cause === undefined ? undefined : children.get(cause)
    if (found === undefined || siblings === undefined) continue
    const known = knownOf(found)
    children.set(known.txnId, [])
    if (kept < most) siblings.push(known)
    else more++
    kept++
  }

  const nodes: Array<CauseNode> = []
  const add = ({ found, txnId }: Known, depth: number): void => {
    nodes.push({
      txnId,
      depth,
      ...(found === undefined ? {} : { row: log.rowOf(found) }),
      runs: log
        .runsOf(txnId)
        .slice(0, maxParts)
        .map(({ consumer, ms, reason, state, tag }) => ({
          consumer,
          tag,
          state,
          ...(reason === undefined ? {} : { reason }),
          ...(ms === undefined ? {} : { ms })
        }))
    })
    for (const child of children.get(txnId) ?? []) add(child, depth + 1)
  }
  for (const [depth, known] of chain.entries()) add(known, depth)
  return { nodes, more }
}
