/** Texts that leave the panel and come in: files, the clipboard, and links. */

/** It is asked for where it is to be, or put where the browser puts what it downloads. */
export const saveFile = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Rejects where the clipboard is denied. */
export const copyText = async (text: string): Promise<void> => {
  try {
    await navigator.clipboard.writeText(text)
  } catch (denied) {
    // In a browser's developer tools there is no other way.
    const field = document.createElement("textarea")
    field.value = text
    document.body.append(field)
    field.select()
    const isCopied = document.execCommand("copy")
    field.remove()
    if (!isCopied) throw denied
  }
}

/** Characters: longer ones are cut off on their way by some programs. */
export const maxLink = 8000
/** Characters of what a link unfolds to. */
const maxUnfolded = 50_000_000

const prefix = "#sluice-session="

const through = async (
  bytes: Uint8Array<ArrayBuffer>,
  stream: GenericTransformStream,
  most: number
): Promise<Uint8Array<ArrayBuffer>> => {
  const reader = (new Blob([bytes]).stream().pipeThrough(stream) as ReadableStream<Uint8Array>).getReader()
  const parts: Array<Uint8Array> = []
  let length = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length
    if (length > most) {
      await reader.cancel()
      throw new Error(`It unfolds to more than ${most} bytes.`)
    }
    parts.push(next.value)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** `undefined` where it would be too long for a link. */
export const linkOf = async (text: string): Promise<string | undefined> => {
  const folded = await through(
    new TextEncoder().encode(text),
    new CompressionStream("deflate-raw"),
    maxUnfolded
  )
  if (folded.length * 1.4 > maxLink) return undefined
  const letters = btoa(Array.from(folded, (byte) => String.fromCharCode(byte)).join(""))
  const [page = ""] = location.href.split("#")
  return `${page}${prefix}${letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`
}

/** The file that a link has in it; `undefined` where the text is no such link. Rejects where it is a broken one. */
export const fileOfLink = async (text: string): Promise<string | undefined> => {
  const [, letters] = /#sluice-session=([\w-]+)\s*$/.exec(text) ?? []
  if (letters === undefined) return undefined
  const bytes = Uint8Array.from(atob(letters.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
    letter.charCodeAt(0)
  )
  const unfolded = await through(bytes, new DecompressionStream("deflate-raw"), maxUnfolded)
  return new TextDecoder().decode(unfolded)
}
