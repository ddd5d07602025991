/** Counterexamples that the model found, shrunk, by the rule that was broken. */
import type { AppSpec, Body, ConsumerSpec, Entry, HandlerSpec, ModuleSpec, SinkSpec, Step } from "./app.ts"

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

const sink = (capacity: number): SinkSpec => ({ capacity, gated: false, fails: false })

/** Writes nothing. */
const body: Body = { form: "function", n: 0, ends: "ok", inside: undefined, after: undefined }

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
    "C3 what a sink hands on as it takes lets a handler end before its flow takes again",
    {
      ...app(
        {
          reducers: ["add", "throws"],
          consumers: [
            consumer({
              capacity: 2,
              handler: handler({ kind: "dispatch", target: 1, parts: [{ action: 1, n: 0 }] })
            })
          ],
          listener: {
            every: 2,
            entry: { kind: "unsafe.dispatch", target: 0, parts: [{ action: 0, n: 1 }] }
          }
        },
        {
          reducers: ["add", "add"],
          consumers: [
            consumer({
              strategy: "parallel",
              concurrency: 2,
              handler: handler({ kind: "dispatch", target: 0, parts: [{ action: 1, n: 1 }] })
            })
          ]
        }
      ),
      sinks: [sink(2)]
    },
    [
      enter(
        {
          kind: "batch",
          target: 0,
          parts: [
            { action: 0, n: 3 },
            { action: 0, n: 1 }
          ]
        },
        4
      ),
      {
        step: "stream",
        target: 1,
        consumer: consumer({
          strategy: "stream",
          tags: [1],
          handler: handler({
            kind: "transact",
            target: 0,
            body: { ...body, n: 1, after: { ...dispatch(), target: 1 } }
          })
        })
      },
      enter({ kind: "group", target: 0, other: 0, body })
    ]
  ],
  [
    "C3 what a sink hands on as it takes lets a handler end before a newer action interrupts it",
    {
      ...app({
        reducers: ["invalid", "add"],
        validate: true,
        consumers: [
          consumer({ capacity: 2 }),
          consumer({ tags: [1], capacity: 1, handler: handler(dispatch()) }),
          consumer({ strategy: "latest", handler: handler({ kind: "update", target: 0, n: 0 }) })
        ]
      }),
      sinks: [sink(3)]
    },
    [
      enter({ kind: "unsafe.group", target: 0, other: 0, body: { ...body, after: dispatch() } }, 4),
      enter(
        {
          kind: "batch",
          target: 0,
          parts: [
            { action: 0, n: 0 },
            { action: 0, n: 3 }
          ]
        },
        2
      ),
      enter(dispatch()),
      enter({
        kind: "unsafe.transact",
        target: 0,
        body: { ...body, after: { kind: "unsafe.dispatch", target: 0, parts: [{ action: 1, n: 0 }] } }
      }),
      enter({ kind: "reset", target: 0 }),
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
    "C5 a caller that waited for two slots of a consumer that closed is queued once",
    app(
      {
        reducers: ["throws"],
        capacity: 2,
        consumers: [
          consumer({ handler: handler({ kind: "batch", target: 2, parts: [{ action: 0, n: 0 }] }) })
        ],
        late: []
      },
      {},
      {}
    ),
    [
      enter({ kind: "unsafe.dispatch", target: 0, parts: [{ action: 0, n: 0 }] }),
      {
        step: "stream",
        target: 2,
        consumer: consumer({ strategy: "stream", handler: handler(dispatch()) })
      },
      enter({ kind: "unsafe.dispatch", target: 2, parts: [{ action: 0, n: 0 }] }),
      gate,
      { ...travel, which: 2, all: false },
      enter({ ...dispatch(), target: 2 }),
      enter({ kind: "reset", target: 2 }),
      enter({
        kind: "batch",
        target: 0,
        parts: [
          { action: 0, n: 0 },
          { action: 0, n: 3 }
        ]
      }),
      { ...travel, all: false },
      gate,
      { step: "setup", which: 0 }
    ]
  ],
  ...[true, false].map((away): readonly [string, AppSpec, ReadonlyArray<Step>] => [
    `C7 a handler whose turn comes as its instance closes is told so, and not that it closes a circle (${away ? "away" : "here"})`,
    {
      ...app({}, {}, { consumers: [consumer({ handler: handler({ kind: "update", target: 0, n: 0 }) })] }),
      sinks: [sink(1)]
    },
    [
      enter({ ...dispatch(), target: 2 }, 4),
      { ...travel, which: 1, all: false },
      enter({ kind: "group", target: 0, other: 1, body }),
      gate,
      ...(away ? [{ ...travel, all: false }] : []),
      { step: "evict", which: 0 },
      enter(dispatch())
    ]
  ]),
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
