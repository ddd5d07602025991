import { type ActorRefFrom, assign, createActor, setup } from "xstate"
import { type Contender, initial, pool, type State } from "../contender.ts"
import { raised, type Row } from "../row.ts"

const machine = setup({
  types: { context: {} as State, events: {} as { readonly type: "increment" } },
  actions: { increment: assign({ count: ({ context }) => context.count + 1 }) }
}).createMachine({ context: initial, on: { increment: { actions: "increment" } } })

const rowMachine = setup({
  types: { context: {} as Row, events: {} as { readonly type: "raise" }, input: {} as Row },
  actions: { raise: assign(({ context }) => raised(context)) }
}).createMachine({ context: ({ input }) => input, on: { raise: { actions: "raise" } } })

type RowActor = ActorRefFrom<typeof rowMachine>

const rowsMachine = setup({
  types: {
    context: {} as { readonly rows: ReadonlyMap<string, RowActor> },
    input: {} as ReadonlyArray<Row>
  },
  actors: { row: rowMachine }
}).createMachine({
  context: ({ input, spawn }) => ({
    rows: new Map(input.map((row): [string, RowActor] => [row.id, spawn("row", { input: row })]))
  })
})

export const xstate: Contender = {
  name: "xstate",
  counter: () => {
    const actor = createActor(machine)
    actor.start()
    return {
      watch: (probe) =>
        actor.subscribe(({ context }) => {
          probe.told++
          probe.count = context.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) actor.send({ type: "increment" })
      },
      count: () => actor.getSnapshot().context.count
    }
  },
  keyed: (rows, told) => {
    const actor = createActor(rowsMachine, { input: rows })
    actor.start()
    const actors = actor.getSnapshot().context.rows
    for (const row of actors.values()) row.subscribe(({ context }) => told(context.value))
    return {
      raise: (id) => actors.get(id)!.send({ type: "raise" }),
      valueOf: (id) => actors.get(id)!.getSnapshot().context.value
    }
  },
  pool: () =>
    pool(
      () => createActor(machine).start(),
      (actor) => {
        actor.send({ type: "increment" })
        return actor.getSnapshot().context.count
      },
      (actor) => actor.stop()
    )
}
