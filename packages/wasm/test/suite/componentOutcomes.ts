/** What components do that must be the same wherever they run: Node writes it down, and each engine does it again. */
import type { ComponentSource } from "../../src/component/Manifest.ts"
import type { CallKind } from "../../src/Machine.ts"
import { hashOf } from "../../src/memory/Hash.ts"
import { track } from "../../src/memory/Tracker.ts"
import { call, loadComponent, silent, sourceOf } from "./loadComponent.ts"

type Script = ReadonlyArray<readonly [kind: CallKind, state: unknown, params: unknown]>

const scripts: Readonly<Record<string, Script>> = {
  "counter-component": [
    ["init", null, { start: 3 }],
    ["send", { count: 3 }, { by: 4, pages: 2 }],
    ["send", { count: 7 }, { by: -1 }],
    ["request", { count: 7 }, {}]
  ],
  "notes-component": [
    ["init", null, { first: "one" }],
    ["send", { newest: "one", count: 0 }, { text: "to the lake" }],
    ["send", null, { text: " " }],
    ["request", { newest: "to the lake", count: 1 }, {}]
  ]
}

export interface ComponentOutcome {
  readonly returned: unknown
  readonly fuel: number | undefined
  /** Of its memory and globals. */
  readonly hash: string
}

export const componentOutcomes = async (
  name: string,
  source?: ComponentSource
): Promise<ReadonlyArray<ComponentOutcome>> => {
  const limits = { fuel: 1_000_000_000 }
  const program = await loadComponent(name, { limits }, source ?? (await sourceOf(name)))
  const tracker = track(program.instantiate(silent), program.sha256)
  const outcomes: Array<ComponentOutcome> = []
  for (const [kind, state, params] of scripts[name] ?? []) {
    const returned = call(tracker.machine, kind, state, params)
    tracker.changes()
    outcomes.push({ returned, fuel: tracker.machine.fuelUsed(), hash: await hashOf(tracker.image()) })
  }
  return outcomes
}
