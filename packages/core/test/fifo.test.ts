import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Fifo } from "../src/internal/fifo.ts"

type Step = { readonly push: number } | "shift" | "clear"

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ push: fc.nat() }) },
  { weight: 5, arbitrary: fc.constant("shift" as const) },
  { weight: 1, arbitrary: fc.constant("clear" as const) }
)

describe("Fifo", () => {
  it("C2 is an array with push, shift, at and length, after every random step", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const fifo = new Fifo<number>()
        const model: Array<number> = []
        for (const each of steps) {
          if (each === "shift") expect(fifo.shift()).toBe(model.shift())
          else if (each === "clear") {
            fifo.clear()
            model.length = 0
          } else {
            fifo.push(each.push)
            model.push(each.push)
          }
          expect(fifo.length).toBe(model.length)
          expect(model.map((_, i) => fifo.at(i))).toEqual(model)
          expect(fifo.at(model.length)).toBeUndefined()
        }
      })
    )
  })

  it("C2 keeps its order across growth and wrapping", () => {
    const fifo = new Fifo<number>()
    const out: Array<number | undefined> = []
    let next = 0
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 7; i++) fifo.push(next++)
      for (let i = 0; i < 5; i++) out.push(fifo.shift())
    }
    while (fifo.length > 0) out.push(fifo.shift())
    expect(out).toEqual(Array.from({ length: 350 }, (_, i) => i))
    expect(fifo.shift()).toBeUndefined()
  })

  it("C2 holds undefined as a value of its own", () => {
    const fifo = new Fifo<number | undefined>()
    fifo.push(undefined)
    fifo.push(1)
    expect(fifo.length).toBe(2)
    expect([fifo.shift(), fifo.shift(), fifo.length]).toEqual([undefined, 1, 0])
  })
})
