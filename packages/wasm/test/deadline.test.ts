import type { Worker } from "node:worker_threads"
import { deadline } from "./suite/deadline.ts"

deadline(() => {
  let ended = 0
  const made = (worker: Worker) => void worker.on("exit", () => ended++)
  process.on("worker", made)
  return { ended: () => ended, stop: () => void process.off("worker", made) }
})
