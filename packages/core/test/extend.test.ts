/** Section 1: what `extend` adds to handles and ModuleRuntimes, and what it may not. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import { disposing, rejection, thrown } from "./support.ts"

const extending = (extend: () => object) =>
  Module.make("Extended", { state: Schema.Number, actions: { go: Schema.Void }, extend }).implement({
    initial: 0
  })

describe("1 extend", () => {
  test("1 what it returns is on the ModuleRuntime and on handles; a getter is read each time", async () => {
    let reads = 0
    const Def = Module.make("Extended", {
      state: Schema.Number,
      actions: {},
      extend: (handle) => ({
        get reads() {
          return ++reads
        },
        where: handle.instanceId
      })
    })
    const runtime = disposing(Runtime.make(Def.implement({ initial: 0 })))
    const ref = runtime.resolve(Def.tag)
    expect([ref.where, ref.reads, ref.reads]).toEqual(["Extended#1", 1, 2])
    const User = Module.make("User", { state: Schema.Number, actions: {} })
    const uses = User.logic("uses", ($) => Effect.map($.use(Def), (handle) => expect(handle.reads).toBe(3)))
    runtime.local(User.implement({ initial: 0, logics: [uses] })).mount()
    expect(reads).toBe(3)
  })

  test.each(["getState", "actions", "id", "transact", "unsafe", "runtime"])(
    "1 a name that every instance or ref has, %s, is refused",
    async (name) => {
      const runtime = Runtime.make(
        extending(() => ({ fine: 1, [name]: 2 })),
        { onError: () => {} }
      )
      expect(await rejection(runtime.ready)).toMatchObject({
        _tag: "InvalidExtension",
        moduleId: "Extended",
        taken: [name]
      })
    }
  )

  class Controls {
    readonly volume = 1
  }
  test.each([new Controls(), [1], () => 1])("1 %o, which is no plain object, is refused", (given) => {
    const runtime = disposing(Runtime.make([]))
    expect(thrown(() => runtime.local(extending(() => given)))).toMatchObject({
      _tag: "InvalidExtension",
      taken: []
    })
    expect(runtime.instances()).toEqual([])
  })

  test("1 an object without a prototype is plain", () => {
    const plain: object = Object.assign(Object.create(null) as object, { a: 1 })
    const runtime = disposing(Runtime.make(extending(() => plain)))
    expect(runtime.instances()[0]).toHaveProperty("a", 1)
  })
})
