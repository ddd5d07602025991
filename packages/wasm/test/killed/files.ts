/** A store in a folder, as `node:fs` writes it: nothing makes a write all or nothing. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as PlatformError from "effect/PlatformError"

const failed = (method: string, path: string) => (cause: unknown) =>
  PlatformError.systemError({
    _tag: cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "NotFound" : "Unknown",
    module: "FileSystem",
    method,
    pathOrDescriptor: path,
    cause
  })

const tried = <A>(method: string, path: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: failed(method, path) })

const node = FileSystem.layerNoop({
  exists: () => Effect.succeed(true),
  readFile: (path) => tried("readFile", path, async () => new Uint8Array(await readFile(path))),
  readDirectory: (path) => tried("readDirectory", path, () => readdir(path)),
  writeFile: (path, data) => tried("writeFile", path, () => writeFile(path, data)),
  remove: (path) => tried("remove", path, () => rm(path))
})

export const storeIn = (folder: string): Layer.Layer<KeyValueStore.KeyValueStore> =>
  Layer.provide(KeyValueStore.layerFileSystem(folder), Layer.merge(node, Path.layer)).pipe(Layer.orDie)
