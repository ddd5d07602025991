/**
 * What a page of 5 MB of state does for its devtools. What is here of the Redux extension is its page script's own
 * way: `toContentScript` of reduxjs/redux-devtools, extension/src/pageScript/api/index.ts at 01c28d23901a. It sends
 * strings; how they get to the extension is left out.
 */
import type { Root, Step } from "@sluice/devtools/protocol"
import { encode } from "@sluice/devtools/codec"
import { serve } from "@sluice/devtools/protocol"
import jsan from "jsan"
import { asJson, openAsking } from "./asking.ts"
import { startTable } from "./keepers.ts"
import { idAt, raised, type Row } from "./rows.ts"

/** How many actions the extension keeps, where nobody says otherwise. */
export const keptActions = 50

export interface Sender {
  /** Raises the value of a row. */
  readonly raise: (at: number) => void
  /** What is sent of the last one, and what the panel asks to show it. Returns the value that it was told. */
  readonly sendLast: () => number
  /** What a panel gets that opens on the last actions. Returns how many of them it was told of. */
  readonly open: () => number
  /** The whole state, written. Returns its length. */
  readonly write: () => number
  readonly end: () => void
}

// ---------------------------------------------------------------------------------------------------------
// The Redux extension

type Stringify = (value: unknown) => string

/** Without the option `serialize`; jsan is its way out where that throws. */
const byJson: Stringify = (value) => JSON.stringify(value)

/** With `serialize: true`: Maps, Sets, dates and so on are kept. */
const byJsan: Stringify = (value) => jsan.stringify(value, undefined, undefined, true)

interface Lifted {
  readonly action: { readonly type: "raise"; readonly id: string }
  readonly timestamp: number
  readonly type: "PERFORM_ACTION"
}

const reduxExtension =
  (stringify: Stringify) =>
  (rows: ReadonlyArray<Row>): Sender => {
    let state = { rows }
    let last = 0
    const actions: Array<Lifted> = []
    const computedStates: Array<{ readonly state: { readonly rows: ReadonlyArray<Row> } }> = []
    return {
      raise: (at) => {
        last = at
        state = { rows: state.rows.map((row, place) => (place === at ? raised(row) : row)) }
        actions.push({
          type: "PERFORM_ACTION",
          action: { type: "raise", id: idAt(at) },
          timestamp: Date.now()
        })
        computedStates.push({ state })
        if (actions.length > keptActions) {
          actions.shift()
          computedStates.shift()
        }
      },
      // The message ACTION
      sendLast: () => {
        const sent = { action: stringify(actions.at(-1)), payload: stringify(state) }
        const length = sent.action.length + sent.payload.length
        return length > 0 ? (state.rows[last]?.value ?? Number.NaN) : Number.NaN
      },
      // The message STATE, which is also sent for several actions in half a second, as PARTIAL_STATE
      open: () => {
        const sent = {
          actionsById: stringify(Object.fromEntries(actions.entries())),
          computedStates: stringify(computedStates)
        }
        return sent.computedStates.length > 0 ? actions.length : 0
      },
      write: () => stringify(state).length,
      end: () => {}
    }
  }

// ---------------------------------------------------------------------------------------------------------
// Sluice

const runtime = "r1"
const rowsPath: ReadonlyArray<Step> = [{ kind: "property", key: "rows" }]
const inView = 50

const sluice = (rows: ReadonlyArray<Row>): Sender => {
  const started = startTable(rows)
  const { instanceId } = started.table
  const served = serve(started.runtime, { history: keptActions })
  const panel = openAsking(served, asJson)
  const live: Root = { _tag: "State", instanceId, moment: "live" }
  let seq = 0
  started.runtime.onCommit((commit) => (seq = commit.seq))

  /** The state as a tree, with its rows open. */
  const showState = () => {
    panel.ask("Inspect", { runtime, root: live, path: [], from: 0, to: 100 })
    return panel.ask("Inspect", { runtime, root: live, path: rowsPath, from: 0, to: 100 }).parts
  }

  return {
    raise: (at) => started.table.unsafe.dispatch({ _tag: "raise", payload: idAt(at) }),
    sendLast: () => {
      panel.ask("Entry", { runtime, at: { seq, n: 0 } })
      const { changes } = panel.ask("Diff", {
        runtime,
        before: { ...live, moment: seq - 1 },
        after: { ...live, moment: seq }
      })
      showState()
      return Number(changes[0]?.after?.text)
    },
    open: () => {
      const opened = openAsking(served, asJson)
      opened.ask("Subscribe", { runtime, rows: false })
      opened.ask("Instances", { runtime })
      const { places } = opened.ask("Counts", { runtime })
      const shown = Array.from({ length: inView }, (_, at) => places.last - at)
      const told = opened.ask("RowsAt", { runtime, places: shown }).rows.length
      showState()
      opened.end()
      return told
    },
    write: () => JSON.stringify(encode(started.table.unsafe.getState())).length,
    end: () => {
      served.close()
      void started.runtime.dispose()
    }
  }
}

export const senders: Readonly<Record<string, (rows: ReadonlyArray<Row>) => Sender>> = {
  "Redux extension": reduxExtension(byJson),
  "Redux extension, serialize: true": reduxExtension(byJsan),
  Sluice: sluice
}
