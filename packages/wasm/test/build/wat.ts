import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { packageFolder, type Step } from "./steps.ts"

const features = {
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  extended_const: true,
  relaxed_simd: true,
  memory64: true
}

export const assemble = async (path: string): Promise<Uint8Array> => {
  const { default: load } = await import("wabt")
  const wabt = await load()
  const module = wabt.parseWat(basename(path), readFileSync(path, "utf8"), features)
  try {
    module.resolveNames()
    module.validate()
    return module.toBinary({ write_debug_names: true }).buffer
  } finally {
    module.destroy()
  }
}

const step = (source: string, output: string): Step => ({
  name: output,
  sources: [source],
  outputs: [output],
  build: async () => ({ [output]: await assemble(join(packageFolder, source)) })
})

/** Each `test/fixtures/wat/x.wat` is `.built/x.wasm`; counter-wat is what `sluice-handler new` writes. */
export const wat = (): ReadonlyArray<Step> => [
  step("kit/templates/wat/handler.wat", "counter-wat.wasm"),
  ...globSync("test/fixtures/wat/*.wat", { cwd: packageFolder }).map((source) =>
    step(source, `${basename(source, ".wat")}.wasm`)
  )
]
