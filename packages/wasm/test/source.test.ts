/** What a declaration's source is mistaken for: each error says what to write in its place. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"

const schemas = { name: "Risk", sha256: "0".repeat(64), state: Schema.Struct({}), params: Schema.Finite }

const reasonOf = (options: Parameters<typeof Handler.make>[0]): Promise<string> => {
  const reason = Effect.map(Effect.flip(Handler.make(options)), ({ message }) => message)
  return Effect.runPromise(Effect.scoped(reason))
}

describe("a source that cannot be had", () => {
  it("is a path, where no page makes an address of it", async () => {
    const reason = await reasonOf({ ...schemas, abi: "core", source: "./risk.wasm" })
    expect(reason).toContain('new URL("./risk.wasm", import.meta.url)')
  })

  it("is Lua without its WebAssembly", async () => {
    const source = { abi: "lua", script: "", name: "risk.lua" } as const
    // @ts-expect-error -- wasm is missing
    expect(await reasonOf({ ...schemas, abi: "lua", source })).toContain("wasmoon/dist/glue.wasm")
  })

  it("is the bytes of a component, of which the manifest is wanted", async () => {
    const source = new Uint8Array(8)
    // @ts-expect-error -- no source of a component
    const reason = await reasonOf({ ...schemas, abi: "component", source })
    expect(reason).toContain("handlers-components.md")
  })

  it("is a page of HTML that a server gives for what it does not have", async () => {
    const server = createServer((_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>")
    )
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const source = `http://127.0.0.1:${port}/risk.wasm`
    const reason = await reasonOf({ ...schemas, abi: "core", source })
    expect(reason).toContain(`${source}: it was answered with a page of HTML`)
  })
})
