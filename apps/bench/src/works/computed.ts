/** Computed graphs in a state of 30 fields; time for each node that must be computed again. */
import type { Able } from "../contender.ts"
import { able } from "../contenders/index.ts"
import { counting, evaluate, type Graph, graphs } from "../graph.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

const fields = 30

const toCase = (of: Graph, { name, graph: make, listsReads }: Able<"graph">): Case => {
  const { graph, computed } = counting(of)
  const leaves = graph.leaves.length
  let told = 0
  let sum = 0
  const write = make(graph, (value) => {
    told++
    sum += value
  })
  told = 0
  const steps = Array.from({ length: 6 }, (_, n) => graph.step(n))
  const recomputed = steps.reduce((sum, step) => sum + step.recomputed, 0) / steps.length
  const sources = [...graph.sources]
  let n = 0
  let expectedTold = 0
  let expected = computed()
  return {
    name: `${graph.name}, ${grouped(sources.length + graph.nodes.length)} cells`,
    contender: name,
    per: Math.max(recomputed, 1),
    run: (times) => {
      for (let i = 0; i < times; i++) {
        const step = graph.step(n++)
        sources[step.source] = step.value
        expected += step.recomputed
        if (step.recomputed > 0) expectedTold += leaves
        sum = 0
        write(step.source, step.value)
      }
    },
    verify: () => {
      if (told !== expectedTold)
        throw new Error(`${name}, ${graph.name}: leaves were told ${told} times, not ${expectedTold}`)
      const cells = evaluate(of, sources)
      const right = graph.leaves.reduce((sum, leaf) => sum + cells[leaf]!, 0)
      const lastTold = graph.step(n - 1).recomputed > 0
      if (lastTold && sum !== right)
        throw new Error(`${name}, ${graph.name}: leaves give ${sum}, not ${right}`)
      if (listsReads ? computed() < expected : computed() !== expected)
        throw new Error(`${name}, ${graph.name}: ${computed()} nodes were computed, not ${expected}`)
    }
  }
}

const cases = (scale: Scale): ReadonlyArray<Case> =>
  graphs(fields * Math.max(scale, 1)).flatMap((graph) =>
    able("graph").map((contender) => toCase(graph, contender))
  )

export const computed: Work = {
  cases,
  plan: () => ({ rounds: 41, warmUps: 4, sample: { ms: 3 } }),
  baselines: ["preact signals", "alien-signals"]
}
