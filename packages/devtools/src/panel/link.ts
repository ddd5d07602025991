/** Links to one transaction: `#sluice=<runtime>/<txnId>` after the address of the page. */

export interface TxnLink {
  readonly runtime: string
  readonly txnId: string
}

const prefix = "#sluice="

/** Of an address, its hash, or whatever text has one in it. */
export const readLink = (text: string): TxnLink | undefined => {
  const [, hash] = text.split(prefix)
  const [runtime, txnId] = (hash ?? "").trim().split("/", 2)
  if (runtime === undefined || txnId === undefined || txnId === "") return undefined
  try {
    return { runtime: decodeURIComponent(runtime), txnId: decodeURIComponent(txnId) }
  } catch {
    return undefined
  }
}

export const hashOf = ({ runtime, txnId }: TxnLink): string =>
  `${prefix}${encodeURIComponent(runtime)}/${encodeURIComponent(txnId)}`

/** The address of this window with the link, in the clipboard. */
export const copyLink = (runtime: string, txnId: string): void => {
  const [page] = location.href.split("#")
  // Where the clipboard is denied, the link is beside the button that copies it.
  void navigator.clipboard?.writeText(`${page}${hashOf({ runtime, txnId })}`).catch(() => {})
}
