/** What the globalSetup of test/build has made, in Node and in a browser. */
const here = import.meta.url

export const builtUrl = (file: string): URL => new URL(`./.built/${file}`, here)

export const built = async (file: string): Promise<Uint8Array<ArrayBuffer>> => {
  const url = builtUrl(file)
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises")
    return new Uint8Array(await readFile(url))
  }
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.href}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

export const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
