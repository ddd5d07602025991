import { assemblyScript } from "./assemblyScript.ts"
import { components } from "./component.ts"
import { nodeOutcomes } from "./outcomes.ts"
import { buildAll } from "./steps.ts"
import { wat } from "./wat.ts"

/** Vitest's globalSetup: what tests load from `test/.built`, made of the sources in `test/fixtures`. */
export default async function setup(): Promise<void> {
  await buildAll([...wat(), ...assemblyScript(), ...nodeOutcomes(), ...components()])
}
