import type { ReactNode } from "react"
import { count } from "../../ui/format.ts"

const maxShown = 12

export const EmptyHandlers = ({
  handled
}: {
  readonly handled: ReadonlyArray<{ readonly moduleId: string; readonly action: string }>
}): ReactNode => (
  <div className="sheet no-handlers">
    <div className="content">
      {handled.length === 0 ? (
        <>
          <h3>No handlers yet</h3>
          <p>
            A handler computes an action's new state in code that is not the app's own: a WebAssembly module,
            a Lua script, a process behind HTTP. It gets the state and the payload, gives a new state, and can
            hurt nothing else.
          </p>
          <p>Give a module one with @sluice/wasm:</p>
          <pre>
            <code>{`const Risk = Handler.define({
  name: "Risk", abi: "core",
  source: new URL("./risk.wasm", import.meta.url), sha256: "…",
  isolation: "worker", limits: { callMs: 200 },
  state: DeskState, params: Order
})
Desk.implement({ handlers: { assess: Risk }, imports: [Risk.layer] })`}</code>
          </pre>
          <p className="hint">
            Its calls, snapshots, restarts, console lines and dead letters are shown here.
          </p>
        </>
      ) : (
        <>
          <h3>No handler was called yet</h3>
          <p>These actions have one:</p>
          <ul>
            {handled.slice(0, maxShown).map(({ action, moduleId }) => (
              <li key={`${moduleId} ${action}`}>
                <code>
                  {moduleId}.{action}
                </code>
              </li>
            ))}
          </ul>
          {handled.length > maxShown ? (
            <p className="hint">and {count(handled.length - maxShown)} more</p>
          ) : null}
          <p className="hint">
            Those of @sluice/wasm tell of each call here. Others compute, and tell nothing of it.
          </p>
        </>
      )}
    </div>
  </div>
)
