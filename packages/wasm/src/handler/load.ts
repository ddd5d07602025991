/** From a declaration to a handler that can be called. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Codec from "../Codec.ts"
import { HashMismatch, ImportRefused, LoadFailed, type LoadError, ModuleRefused } from "../Errors.ts"
import { inline } from "../host/Host.ts"
import * as WorkerHost from "../host/WorkerHost.ts"
import type { LoadOptions } from "../Machine.ts"
import { type Codecs, Live } from "./Live.ts"
import type { AnyOptions } from "./Options.ts"
import { abiOf, sourceOf } from "./source.ts"

/** What of a declaration contradicts itself. Throws ModuleRefused. */
const check = (
  { abi, imports = [], isolation, limits, memory, name: handler, pure, restart }: AnyOptions,
  canInline: boolean
): void => {
  const refuse = (feature: string, reason: string): never => {
    throw new ModuleRefused({ handler, feature, reason })
  }
  for (const [name, limit = 0] of Object.entries(limits ?? {})) {
    const most = name === "fuel" ? Number.MAX_SAFE_INTEGER : Number.POSITIVE_INFINITY
    if (!(limit >= 0 && limit <= most)) {
      refuse(
        `limits.${name}`,
        `${limit} limits nothing. Declare a number from 0, which is no limit, to ${most}.`
      )
    }
  }
  if (isolation === "inline" && !canInline) {
    refuse('isolation "inline"', `abi "${abi}" always runs in a worker. Leave isolation out.`)
  }
  if (isolation === "inline" && (limits?.callMs ?? 0) > 0) {
    refuse(
      "limits.callMs",
      'a call within the window cannot be ended from outside. Declare isolation: "worker", or limit its fuel.'
    )
  }
  const changing = imports.filter((name) => name === "clock" || name === "random")
  if (isolation === "inline" && restart !== undefined) {
    refuse("restart", 'nothing can wait within the window. Leave it out, or declare isolation: "worker".')
  }
  if (pure === true && changing.length > 0) {
    refuse("pure", `it is granted ${changing.join(" and ")}, so that the same call can give something else.`)
  }
  if (pure === true && memory !== "none") {
    refuse(
      "pure",
      'what is remembered of its calls would not be so of its memory. Declare memory: "none" too.'
    )
  }
}

/** With what is left out filled in. */
const complete = <Given extends AnyOptions>(options: Given): Given => {
  const isolation = options.isolation ?? (options.abi === "remote" ? "remote" : "worker")
  const byDefault = isolation === "inline" || options.pure === true ? "none" : "image"
  return { ...options, isolation, memory: options.memory ?? byDefault }
}

/** Not in the bundle of an app that has none. */
const remote = async (
  options: Extract<AnyOptions, { readonly abi: "remote" }>,
  opened: (end: () => void) => void
): Promise<WorkerHost.WorkerHost> => {
  const { imports = [], isolation, limits = {}, memory = "image", name: handler, sha256, source } = options
  if (isolation !== "remote") {
    const reason = 'its code runs in a process of its own. Declare isolation: "remote".'
    throw new ModuleRefused({ handler, feature: `isolation "${isolation}"`, reason })
  }
  const [{ connect }, { HttpClient, transformResponse }, FetchHttpClient] = await Promise.all([
    import("../remote/RemoteHost.ts"),
    import("effect/http/HttpClient"),
    import("effect/http/FetchHttpClient")
  ])
  // What it is sent is for this address alone, and says nothing of who is logged in there.
  const init = { credentials: "omit", redirect: "error" } as const
  const plain = Effect.provideService(FetchHttpClient.RequestInit, init)
  const client =
    options.client ??
    transformResponse(await Effect.runPromise(Effect.provide(HttpClient, FetchHttpClient.layer)), plain)
  const host = await Effect.runPromise(connect(client, source, { handler, sha256, limits, imports, memory }))
  opened(host.close)
  return host
}

const live = async <S, P, R>(
  given: AnyOptions,
  codecs: Codecs<S, P, R>,
  opened: (end: () => void) => void
): Promise<Live<S, P, R>> => {
  const options = complete(given)
  if (options.abi === "remote") return new Live(options, codecs, await remote(options, opened))
  const { spawn, inline: loadInline } = abiOf(options)
  check(options, loadInline !== undefined)
  const { imports = [], limits = {}, memory = "image", name: handler, sha256 } = options
  const load: LoadOptions = { handler, sha256, limits, imports, memory }
  const source = await sourceOf(options)
  if (options.isolation === "inline") {
    if (source.abi === "core") checkInstantiable(handler, source.bytes.length)
    const program = await (await loadInline!())(source, load)
    return new Live(options, codecs, inline(program, load))
  }
  const host = await WorkerHost.worker(spawn, { source, load })
  opened(host.close)
  return new Live(options, codecs, host)
}

/** What Chromium instantiates at most where a page's own thread must wait for it. A component's loader asks the same. */
const mostOnPage = 8 * 2 ** 20

const checkInstantiable = (handler: string, bytes: number): void => {
  if (bytes <= mostOnPage || typeof document === "undefined") return
  const reason = `a page's own thread instantiates no more than ${mostOnPage}. Declare isolation: "worker".`
  throw new ModuleRefused({ handler, feature: `isolation "inline" of ${bytes} bytes`, reason })
}

const isLoadError = (error: unknown): error is LoadError =>
  error instanceof HashMismatch ||
  error instanceof ImportRefused ||
  error instanceof ModuleRefused ||
  error instanceof LoadFailed

/** Ends with the scope: calls that wait then fail. */
export const load = <S, P, R>(options: AnyOptions): Effect.Effect<Live<S, P, R>, LoadError, Scope.Scope> =>
  Effect.suspend(() => {
    // Each is of the schema that the type of the declaration took it from.
    const codecs = {
      state: Codec.of(options.state),
      params: Codec.of(options.params),
      response: options.response && Codec.of(options.response)
    } as Codecs<S, P, R>
    let end = () => {}
    return Effect.acquireRelease(
      Effect.tryPromise({
        try: () => live(options, codecs, (ending) => (end = ending)),
        catch: (error) =>
          isLoadError(error) ? error : new LoadFailed({ handler: options.name, reason: String(error) })
      }),
      () => Effect.sync(() => end())
    )
  })
