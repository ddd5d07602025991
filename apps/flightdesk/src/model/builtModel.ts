// Also for the projects that have this file through another one.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./virtual.d.ts" />
import * as Effect from "effect/Effect"
import type { ModelCode } from "./delayHandler.ts"

/** The model that was built with the desk. */
export const builtModel: Effect.Effect<ModelCode> = Effect.promise(async () => {
  const { sha256, url } = await import("virtual:delay-model")
  return { source: new URL(url, location.href), sha256 }
})
