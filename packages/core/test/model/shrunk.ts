/** Counterexamples that the model found, shrunk, by the rule that was broken. */
import type { AppSpec, ConsumerSpec, Entry, HandlerSpec, ModuleSpec, Step } from "./app.ts"

const handler = (entry?: Entry): HandlerSpec => ({ gated: true, entry, fails: false })

const consumer = (spec: Partial<ConsumerSpec>): ConsumerSpec => ({
  strategy: "run",
  tags: undefined,
  capacity: undefined,
  concurrency: 1,
  filter: 0,
  handler: handler(),
  ...spec
})

const app = (...modules: ReadonlyArray<Partial<ModuleSpec>>): AppSpec => ({
  modules: modules.map((spec) => ({
    reducers: ["add"],
    capacity: 1,
    validate: false,
    consumers: [],
    late: undefined,
    listener: undefined,
    ...spec
  })),
  sinks: [],
  level: "full",
  ring: 4096
})

const dispatch = (action = 0): Entry => ({ kind: "dispatch", target: 0, parts: [{ action, n: 0 }] })
const enter = (entry: Entry, times = 1): Step => ({ step: "entry", entry, kill: false, times })
const gate: Step = { step: "gate", which: 0 }
const travel: Step = { step: "travel", which: 0, all: true, invalid: false }

export const shrunk: ReadonlyArray<readonly [name: string, app: AppSpec, steps: ReadonlyArray<Step>]> = [
  [
    "C3 who was let in while devtools travel stands in the line of a consumer that opens meanwhile",
    app({ consumers: [consumer({ capacity: 2 })] }),
    [
      enter(dispatch(), 5),
      travel,
      gate,
      gate,
      { step: "stream", target: 0, consumer: consumer({ strategy: "stream" }) },
      { step: "live" }
    ]
  ],
  [
    "C3 what a rolled-back batch gives back goes to who came first, though it needs more of it",
    app({
      reducers: ["add", "invalid"],
      validate: true,
      consumers: [consumer({ tags: [0] }), consumer({ capacity: 2, handler: handler(dispatch()) })]
    }),
    [
      enter({ kind: "unsafe.dispatch", target: 0, parts: [{ action: 0, n: 0 }] }),
      enter(dispatch()),
      enter({
        kind: "batch",
        target: 0,
        parts: [
          { action: 1, n: 3 },
          { action: 0, n: 0 }
        ]
      }),
      enter(dispatch()),
      enter(dispatch(1)),
      gate
    ]
  ],
  [
    "C4 a handler that waits behind its sibling, which waits for a slow handler elsewhere, is in no circle",
    app({
      consumers: [consumer({ strategy: "parallel", concurrency: 2, handler: handler(dispatch()) })],
      late: [consumer({})]
    }),
    [enter(dispatch()), enter({ kind: "batch", target: 0, parts: [{ action: 0, n: 0 }] }), gate]
  ],
  [
    "C4 a consumer that opens while a handler waits may close a circle",
    app({
      reducers: ["add", "add"],
      consumers: [
        consumer({ tags: [1] }),
        consumer({ tags: [0], handler: handler({ kind: "batch", target: 0, parts: [{ action: 1, n: 0 }] }) })
      ],
      listener: { every: 1, entry: { kind: "unsafe.batch", target: 0, parts: [{ action: 1, n: 0 }] } }
    }),
    [
      enter(dispatch(), 4),
      { ...gate, which: 3 },
      { step: "stream", target: 0, consumer: consumer({ strategy: "stream" }) }
    ]
  ],
  [
    "C7 promises that wait for a setup learn that its instance closed",
    app({ late: [] }),
    [
      enter({ kind: "promise", target: 0, parts: [{ action: 0, n: 0 }] }, 2),
      { step: "evict", which: 0 },
      enter(dispatch())
    ]
  ],
  [
    "T7 what a subscriber dispatches has the cause of the commit that it was told of, whoever made room for that",
    app(
      {
        late: [consumer({})],
        listener: {
          every: 1,
          entry: { kind: "unsafe.dispatch", target: 0, parts: [{ action: 0, n: 0 }] }
        }
      },
      {
        consumers: [
          consumer({ handler: handler({ ...dispatch(), kind: "batch", parts: [{ action: 0, n: 0 }] }) })
        ]
      }
    ),
    [
      enter({
        kind: "batch",
        target: 1,
        parts: [
          { action: 0, n: 0 },
          { action: 0, n: 0 },
          { action: 0, n: 0 }
        ]
      }),
      { ...travel, all: false }
    ]
  ],
  [
    "T7 and where no fiber runs",
    app(
      { consumers: [consumer({ handler: handler({ ...dispatch(), target: 1 }) })] },
      {
        listener: {
          every: 1,
          entry: { kind: "unsafe.dispatch", target: 0, parts: [{ action: 0, n: 0 }] }
        }
      }
    ),
    [enter({ kind: "unsafe.dispatch", target: 0, parts: [{ action: 0, n: 0 }] }), travel, gate]
  ]
]
