/** Sessions as files: the page's own, one from before the reload, and those that are brought here. */
import { useModule, useSelector } from "@sluice/react"
import { type DragEvent, type ReactNode, useId, useState } from "react"
import { Connection } from "../../modules/Connection.ts"
import { type Session, Sessions } from "../../modules/Sessions.ts"
import type { PanelView } from "../../PanelView.ts"
import { count } from "../../ui/format.ts"
import { MakeTest } from "./MakeTest.tsx"
import { Replay } from "./Replay.tsx"
import { styles } from "./styles.ts"

const SessionsComponent = (): ReactNode => {
  const sessions = useModule(Sessions)
  const [isDropping, setDropping] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setDropping(false)
    const [file] = event.dataTransfer.files
    if (file !== undefined) void read(file).then((text) => sessions.actions.open({ text, from: "file" }))
  }
  return (
    // Whoever has no pointer chooses a file, or pastes it.
    <div
      className={isDropping ? "sessions dropping" : "sessions"}
      onDragOver={(event) => {
        event.preventDefault()
        setDropping(true)
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={drop}
    >
      <Choice />
      <Job />
      <Replay />
      <MakeTest />
      <Import />
    </div>
  )
}

const read = (file: File): Promise<string> => file.text()

const names: Readonly<Record<Session["from"], string>> = {
  earlier: "before the reload",
  file: "imported",
  link: "from a link"
}

/** Which session the rest of the view is about, and what leads out of the page. */
const Choice = () => {
  const sessions = useModule(Sessions)
  const connection = useModule(Connection)
  const all = useSelector(sessions, (state) => state.sessions)
  const chosen = useSelector(sessions, (state) => state.chosen)
  const isBusy = useSelector(sessions, (state) => state.job !== null)
  const notKept = useSelector(sessions, (state) => (state.chosen === null ? state.notKept : null))
  const length = useSelector(connection, (state) => state.counts?.history.length ?? 0)
  const [leaveOut, setLeaveOut] = useState("")
  const save = (to: "file" | "clipboard" | "link") => sessions.actions.save({ to, leaveOut })
  const session = all.find(({ id }) => id === chosen)
  return (
    <section aria-label="Session">
      <h3>Session</h3>
      <fieldset className="choices" aria-label="Which session">
        <button
          type="button"
          className="toggle"
          aria-pressed={session === undefined}
          onClick={() => sessions.actions.choose(null)}
        >
          This page <small>{count(length)} entries</small>
        </button>
        {all.map(({ entries, from, id, label }) => (
          <button
            key={id}
            type="button"
            className="toggle"
            aria-pressed={id === chosen}
            onClick={() => sessions.actions.choose(id)}
          >
            {label || "session"}, {names[from]} <small>{count(entries)} entries</small>
          </button>
        ))}
      </fieldset>
      {notKept === null ? null : <p className="partial">It will not be here after a reload: {notKept}.</p>}
      {session?.partial === true ? (
        <p className="partial">
          Something in it was redacted. It is not in the file, and a replay of what depends on it is partial.
        </p>
      ) : null}
      <div className="acts">
        <button type="button" className="primary" disabled={isBusy} onClick={() => save("file")}>
          Save as a file
        </button>
        <button type="button" className="toggle" disabled={isBusy} onClick={() => save("clipboard")}>
          Copy
        </button>
        <button
          type="button"
          className="toggle"
          disabled={isBusy}
          title="With the whole session in it, where that is small"
          onClick={() => save("link")}
        >
          Copy as a link
        </button>
      </div>
      <label className="leave-out">
        Leave out{" "}
        <input
          value={leaveOut}
          placeholder="User: token, users.*.email; User.signIn: password"
          onChange={({ currentTarget }) => setLeaveOut(currentTarget.value)}
        />
      </label>
      <p className="hint">
        Places in the states of a module, and in the payloads of its actions. What the page keeps to itself is
        left out in any case.
      </p>
    </section>
  )
}

/** What is being done, what came of it, and why not. */
const Job = () => {
  const sessions = useModule(Sessions)
  const job = useSelector(sessions, (state) => state.job)
  const note = useSelector(sessions, (state) => state.note)
  const failure = useSelector(sessions, (state) => state.failure)
  if (failure !== null)
    return (
      <p className="bad" role="alert">
        {failure}
      </p>
    )
  if (job === null) return note === null ? null : <output className="good">{note}</output>
  return (
    <div className="acts">
      <span>{job.what}…</span>
      {job.of > 0 ? <progress aria-label={job.what} value={job.done} max={job.of} /> : null}
      {job.of > 0 ? (
        <span className="count">
          {count(job.done)} of {count(job.of)}
        </span>
      ) : null}
      <button type="button" className="toggle" onClick={() => sessions.actions.cancel()}>
        Cancel
      </button>
    </div>
  )
}

const Import = () => {
  const sessions = useModule(Sessions)
  const [text, setText] = useState("")
  const field = useId()
  return (
    <section aria-label="Import">
      <h3>Import</h3>
      <p className="hint">
        A file is checked before anything is made of it, and nothing in it is ever run. Drop one here, choose
        one, or paste it or a link to one.
      </p>
      <div className="acts">
        <label htmlFor={field}>File </label>
        <input
          id={field}
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file !== undefined)
              void read(file).then((text) => sessions.actions.open({ text, from: "file" }))
            currentTarget.value = ""
          }}
        />
      </div>
      <textarea
        aria-label="Session to import"
        placeholder="…or paste here"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div className="acts">
        <button
          type="button"
          className="toggle"
          disabled={text.trim() === ""}
          onClick={() => {
            sessions.actions.open({ text: text.trim(), from: "file" })
            setText("")
          }}
        >
          Import what is pasted
        </button>
      </div>
    </section>
  )
}

export const sessionsView: PanelView = {
  id: "sessions",
  label: "Sessions",
  Component: SessionsComponent,
  styles
}
