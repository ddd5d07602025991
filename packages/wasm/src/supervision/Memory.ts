/** What the handlers of a child remember at its state, on its way to another runtime. */
import * as Base64 from "effect/encoding/Base64"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { HandledInstance } from "@sluice/core/Handler"
import { type Remembered, rememberedBy } from "../handler/Memories.ts"
import { apply, empty } from "../memory/Delta.ts"
import { hashOf } from "../memory/Hash.ts"
import { toRecord } from "../recovery/Begin.ts"
import { SnapshotHeader, toDelta } from "../recovery/Headers.ts"
import { open } from "../recovery/Record.ts"

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

export const exported = (
  instance: HandledInstance,
  state: unknown,
  version: number
): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.map(
    Effect.forEach(isObject(state) ? rememberedBy(instance, state) : [], ({ handler, image }) =>
      Effect.map(
        toRecord({ slot: version, module: image.module, version: 1, state: "null", image }),
        (bytes) => [handler, Base64.encode(bytes)] as const
      )
    ),
    (entries) => Object.fromEntries(entries)
  )

const decodeHeader = Schema.decodeUnknownOption(SnapshotHeader)

/** Fails with what is wrong. */
export const imported = (
  memories: Readonly<Record<string, string>>
): Effect.Effect<ReadonlyArray<Remembered>, string> =>
  Effect.forEach(Object.entries(memories), ([handler, base64]) =>
    Effect.gen(function* () {
      const bytes = Base64.decode(base64)
      if (Result.isFailure(bytes)) return yield* Effect.fail(`the memory of ${handler} is no base64`)
      const opened = yield* Effect.promise(() => open(new Uint8Array(bytes.success)))
      if (typeof opened === "string")
        return yield* Effect.fail(`the memory of ${handler} is broken: ${opened}`)
      const header = decodeHeader(opened.header)
      if (Option.isNone(header) || header.value.memory === null)
        return yield* Effect.fail(`the memory of ${handler} is of another format`)
      const { memory, module } = header.value
      const delta = toDelta(memory.parts, opened.pages)
      if (typeof delta === "string") return yield* Effect.fail(`the memory of ${handler} is broken: ${delta}`)
      const image = apply(empty(module), delta)
      const hash = yield* Effect.promise(() => hashOf(image))
      return hash === memory.hash
        ? { handler, image }
        : yield* Effect.fail(`the memory of ${handler} has the hash ${hash}, not ${memory.hash}`)
    })
  )
