import { useModule, useOnAction, useSelector } from "@sluice/react"
import { useState } from "react"
import { NoteLive } from "./Note.ts"

/** What the listener has heard, over all versions of this file. */
const heard = ((globalThis as { heard?: Array<string> }).heard ??= [])

const Editor = ({ at }: { at?: string }) => {
  const note = useModule(NoteLive, { key: at })
  const { count, handled } = useSelector(note)
  const [typed, setTyped] = useState("")
  useOnAction(note, "up", () => heard.push(at ?? "private"))
  return (
    <section aria-label={at ?? "private"}>
      <output>{`${note.runtime.instanceId}: ${count} (${handled})`}</output>
      <button onClick={() => note.actions.up()}>up</button>
      <input aria-label="typed" value={typed} onChange={(event) => setTyped(event.target.value)} />
    </section>
  )
}

export const Page = () => (
  <main>
    <Editor />
    <Editor at="shared" />
  </main>
)
