import { outcomes } from "../suite/outcomes.ts"
import type { Step } from "./steps.ts"

/** What Node makes of the fixtures: every engine's tests compare with it. */
export const nodeOutcomes = (): ReadonlyArray<Step> => [
  {
    name: "outcomes",
    sources: [
      "src/{abi/core,Machine}.ts",
      "src/binary/*.ts",
      "kit/assemblyscript/*.ts",
      "kit/templates/wat/handler.wat",
      "test/suite/{outcomes,load}.ts",
      "test/fixtures/{wat,assemblyscript}/*"
    ],
    outputs: ["outcomes.json"],
    build: async () => ({ "outcomes.json": JSON.stringify(await outcomes(), undefined, 2) })
  }
]
