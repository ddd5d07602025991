/**
 * Runs in the page: writes down every state as a subscriber sees it, the order of commits, and the gauges at
 * every commit and right after. It knows the core's public interface and nothing of the devtools.
 */
import type { Backlog } from "@sluice/core"
import type { DeskHandle } from "../src/desk/handle.ts"

export interface Gauges {
  samples: number
  maxDepth: number
  maxIngress: number
  maxWaiting: number
  maxOverflow: number
}

export interface Recording {
  /** What the subscribers were told, in order. */
  readonly told: Array<{ readonly instanceId: string; readonly state: unknown }>
  /** What the trace says was committed, in order. */
  readonly committed: Array<{ readonly instanceId: string; readonly txnId: string; readonly origin: string }>
  /** Deliveries and handlers that the trace tells of. */
  fired: number
  readonly gauges: Gauges
}

declare global {
  interface Window {
    recording: Recording
  }
}

export const startRecording = (): void => {
  const { runtime }: DeskHandle = window.flightdesk
  const gauges: Gauges = { samples: 0, maxDepth: 0, maxIngress: 0, maxWaiting: 0, maxOverflow: 0 }
  const recording: Recording = { told: [], committed: [], fired: 0, gauges }
  window.recording = recording
  const instances = runtime.instances()
  const read = (backlog: Backlog): void => {
    gauges.maxIngress = Math.max(gauges.maxIngress, backlog.ingress)
    for (const { depth, overflow, waiting } of backlog.consumers) {
      gauges.maxDepth = Math.max(gauges.maxDepth, depth)
      gauges.maxWaiting = Math.max(gauges.maxWaiting, waiting)
      gauges.maxOverflow = Math.max(gauges.maxOverflow, overflow)
    }
  }
  const sample = (): void => {
    gauges.samples++
    for (const instance of instances) read(instance.unsafe.backlog())
  }
  for (const { instanceId, unsafe } of instances) {
    unsafe.subscribe((state: unknown) => {
      recording.told.push({ instanceId, state })
      sample()
      queueMicrotask(sample)
    })
  }
  runtime.trace.attach({
    onBatch: (events) => {
      for (const event of events) {
        if (event.kind === "delivery" || event.kind === "handler") recording.fired++
        if (event.kind !== "entry" || event.outcome !== "commit") continue
        const { instanceId, origin, txnId } = event
        recording.committed.push({ instanceId, txnId, origin: origin.kind })
      }
    }
  })
}
