/**
 * The delay model: WebAssembly in a worker, which computes what `learn` makes of the forecast. Its code is loaded
 * with its first call, so that the desk opens without it.
 */
import { Handler } from "@sluice/wasm"
import { HandlerFailed } from "@sluice/core/Errors"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { DelayForecast, Lesson } from "../domain/DelayForecast.ts"

export interface ModelCode {
  readonly source: URL | Uint8Array<ArrayBuffer>
  readonly sha256: string
}

/** What a call may take: a batch of flights takes a millisecond or two. */
export const callMs = 2000

export const loadModel = ({ sha256, source }: ModelCode) =>
  Handler.make({
    name: "DelayModel",
    abi: "core",
    source,
    sha256,
    isolation: "worker",
    memory: "none",
    state: DelayForecast,
    params: Lesson,
    // Then the lesson is a dead letter, which the panel shows and can retry.
    restart: { attempts: 2, within: "30 seconds" },
    limits: { callMs, memoryPages: 64, moduleBytes: 100_000, resultBytes: 500_000 }
  })

type Loading = ReturnType<typeof loadModel>

/** Loads it once, whoever asks. */
export class Model extends Context.Service<
  Model,
  Effect.Effect<Effect.Success<Loading>, Effect.Error<Loading>>
>()("flightdesk/Model") {
  static readonly layer = (code: Effect.Effect<ModelCode>): Layer.Layer<Model> =>
    Layer.effect(
      Model,
      Effect.flatMap(Effect.scope, (scope) =>
        Effect.cached(Scope.provide(Effect.flatMap(code, loadModel), scope))
      )
    )
}

export const delayHandler = HandlerPort.outside<DelayForecast, Lesson, Model>({
  order: "serial",
  enter: (entry, lesson) =>
    Effect.flatMap(Model, (load) =>
      Effect.matchEffect(load, {
        onFailure: (cause) =>
          entry.fail(
            new HandlerFailed({
              instanceId: entry.instanceId,
              entry: entry.entry,
              tag: entry.action._tag,
              cause
            })
          ),
        onSuccess: (model) => model.enter(entry, lesson)
      })
    )
})
