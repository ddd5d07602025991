import { expect, it } from "vitest"
import type { Image, Machine } from "@sluice/wasm"
import { apply, between, bytesOf, empty, pack, unpack } from "@sluice/wasm/memory/Delta"
import { hashOf } from "@sluice/wasm/memory/Hash"
import { zeroPage } from "@sluice/wasm/memory/Pages"
import { track } from "@sluice/wasm/memory/Tracker"

const pageSize = 65_536

const machine = (initial: number) => {
  const memory = new WebAssembly.Memory({ initial })
  const globals = [
    new WebAssembly.Global<"i32">({ value: "i32", mutable: true }, 0),
    new WebAssembly.Global<"i64">({ value: "i64", mutable: true }, 0n)
  ]
  const bytes = () => new Uint8Array(memory.buffer)
  const of: Machine = {
    parts: [{ memory, globals }],
    call: () => ({ _tag: "Err", error: "it has no code" }),
    fuelUsed: () => undefined
  }
  return { of, memory, globals, bytes }
}

/** Its bytes and globals: what an image is to give back. */
const contents = ({ bytes, globals }: ReturnType<typeof machine>) => ({
  bytes: bytes().slice(),
  globals: globals.map(({ value }) => value)
})

const indexes = (delta: ReturnType<typeof between>) =>
  delta.parts.map(({ changed }) => changed.map(([index]) => index))

const pagesOf = (image: Image) => image.parts.flatMap(({ pages }) => pages)

export const memorySuite = (): void => {
  it("a delta holds the pages that a call changed, by one byte or many, and what grew", () => {
    const one = machine(4)
    const tracker = track(one.of, "m")
    one.bytes()[3 * pageSize - 1] = 1
    expect(indexes(tracker.changes())).toEqual([[2]])
    expect(indexes(tracker.changes())).toEqual([[]])
    one.memory.grow(36)
    one.bytes()[0] = 7
    one.bytes().fill(9, 30 * pageSize, 32 * pageSize)
    const delta = tracker.changes()
    expect(indexes(delta)).toEqual([[0, 30, 31]])
    expect(delta.parts[0]?.length).toBe(40)
    expect(bytesOf(delta)).toBe(3 * pageSize)
    one.bytes()[0] = 0
    expect(tracker.changes().parts[0]?.changed).toEqual([[0, zeroPage]])
  })

  it("images share what did not change, and all zero pages are one", () => {
    const one = machine(3)
    const tracker = track(one.of, "m")
    one.bytes()[0] = 1
    const first = apply(empty("m"), tracker.changes())
    one.bytes()[pageSize] = 2
    const second = apply(first, tracker.changes())
    expect(pagesOf(first).map((page) => page === zeroPage)).toEqual([false, true, true])
    expect(pagesOf(second)[0]).toBe(pagesOf(first)[0])
    expect(pagesOf(first)[1]?.[0]).toBe(0)
    expect(tracker.image()).toEqual(second)
    expect(between(second, second).parts[0]?.changed).toEqual([])
    expect(apply(second, between(second, first))).toEqual(first)
  })

  it("a fresh machine is brought to an image: bytes, length and globals", () => {
    const one = machine(1)
    const tracker = track(one.of, "m")
    one.memory.grow(39)
    one.bytes()[39 * pageSize + 5] = 5
    one.globals[0]!.value = -3
    one.globals[1]!.value = -(2n ** 63n)
    const image = apply(empty("m"), tracker.changes())
    const other = machine(1)
    // What its data segments wrote is not to shine through.
    other.bytes()[17] = 99
    const resumed = track(other.of, "m", image)
    expect(contents(other)).toEqual(contents(one))
    expect(indexes(resumed.changes())).toEqual([[]])
  })

  it("a fresh machine is brought from what was last seen to where a delta leads, whatever was written since", () => {
    const one = machine(2)
    const tracker = track(one.of, "m")
    one.bytes()[1] = 1
    const kept = apply(empty("m"), tracker.changes())
    one.bytes()[1] = 2
    one.globals[0]!.value = 2
    const later = apply(kept, tracker.changes())
    one.bytes().fill(255)
    const again = machine(2)
    const second = tracker.restore(again.of, between(later, later))
    expect([again.bytes()[1], again.globals[0]!.value, again.bytes()[pageSize]]).toEqual([2, 2, 0])
    const back = machine(2)
    second.restore(back.of, between(later, kept))
    expect([back.bytes()[1], back.globals[0]!.value]).toEqual([1, 0])
  })

  it("an image of another module is refused", () => {
    const image: Image = { module: "m", parts: [{ pages: [zeroPage], globals: [1] }] }
    expect(() => track(machine(1).of, "m", image)).toThrow(/another module/)
    expect(() =>
      track(machine(2).of, "m", { module: "m", parts: [{ pages: [], globals: [0, 0n] }] })
    ).toThrow(/2/)
  })

  it("a delta crosses to another thread without the bytes of its zero pages", () => {
    const one = machine(2)
    one.bytes()[0] = 1
    const tracker = track(one.of, "m")
    tracker.changes()
    one.bytes()[0] = 0
    one.bytes()[pageSize] = 3
    const delta = tracker.changes()
    const packed = structuredClone(pack(delta))
    expect(packed.parts[0]?.changed.map(([, page]) => page.byteLength)).toEqual([0, pageSize])
    expect(unpack(packed)).toEqual(delta)
    expect(unpack(packed).parts[0]?.changed[0]?.[1]).toBe(zeroPage)
  })

  it("the hash is of the bytes, the length and the globals, and the same in every engine", async () => {
    const page = new Uint8Array(pageSize).map((_, index) => index * 31)
    const image: Image = {
      module: "m",
      parts: [
        { pages: [page, zeroPage], globals: [-1, 2n ** 63n, Number.NaN, -0] },
        { pages: [], globals: [] }
      ]
    }
    // Made by one engine, and compared in the other.
    expect(await hashOf(image)).toBe("545a1990ff95c68ed33911c234b15a07d9d2c334ae309bd493ed0ca4cda3358d")
    expect(await hashOf({ parts: structuredClone(image.parts) })).toBe(await hashOf(image))
    const flipped = page.slice()
    flipped[4711] = (flipped[4711] ?? 0) ^ 1
    const others: ReadonlyArray<Image["parts"]> = [
      [{ pages: [flipped, zeroPage], globals: [] }],
      [{ pages: [page], globals: [] }],
      [{ pages: [page, zeroPage], globals: [0] }],
      [{ pages: [page, zeroPage], globals: [0n] }],
      [{ pages: [page, zeroPage], globals: [-0] }],
      [
        { pages: [page], globals: [] },
        { pages: [zeroPage], globals: [] }
      ],
      [{ pages: [page, zeroPage], globals: [] }]
    ]
    const hashes = await Promise.all(others.map((parts) => hashOf({ parts })))
    expect(new Set(hashes).size).toBe(others.length)
  })
}
