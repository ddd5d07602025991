/** As an app does it that wants them in production. */
import { Module, Runtime } from "@sluice/core"
import { SluiceDevtools } from "@sluice/devtools/production"
import * as Schema from "effect/Schema"
import { createRoot } from "react-dom/client"

const Counter = Module.make("Counter", { state: Schema.Struct({ count: Schema.Int }), actions: {} })
const runtime = Runtime.make(Counter.implement({ initial: { count: 0 } }))

createRoot(document.body).render(
  <main>
    the app
    <SluiceDevtools runtime={runtime} />
  </main>
)
