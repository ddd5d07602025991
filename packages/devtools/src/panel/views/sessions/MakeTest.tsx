/** A vitest file of a session. Where a module's file is not known it is asked for, once. */
import { useModule, useSelector } from "@sluice/react"
import { type FormEvent, type ReactNode, useState } from "react"
import { Sessions } from "../../modules/Sessions.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { copyText, saveFile } from "../../ui/files.ts"
import { keepFiles, keptFiles } from "./keptFiles.ts"

const which = ["all", "pinned", "selected"] as const
type Which = (typeof which)[number]

export const MakeTest = (): ReactNode => {
  const sessions = useModule(Sessions)
  const modules = useSelector(sessions, (state) => state.modules)
  const isBusy = useSelector(sessions, (state) => state.job !== null)
  return (
    <section aria-label="Make a test">
      <h3>Make a test</h3>
      {modules === null ? (
        <div className="acts">
          <button
            type="button"
            className="toggle"
            disabled={isBusy}
            onClick={() => sessions.actions.askModules()}
          >
            Make a test
          </button>
          <span className="hint">
            A vitest file that makes these entries again, and expects their states.
          </span>
        </div>
      ) : (
        <TestForm modules={modules} />
      )}
      <TestText />
    </section>
  )
}

const TestForm = ({
  modules
}: {
  readonly modules: ReadonlyArray<{ readonly moduleId: string; readonly file?: string }>
}) => {
  const sessions = useModule(Sessions)
  const timeline = useModule(Timeline)
  const isOwn = useSelector(sessions, (state) => state.chosen === null)
  const selected = useSelector(timeline, (state) => state.selected)
  const pinned = useSelector(timeline, (state) => state.pinned)
  const [kept, setKept] = useState(keptFiles)
  const [entries, setEntries] = useState<Which>("all")
  const fileOf = (moduleId: string, known: string | undefined) => kept.modules[moduleId] ?? known ?? ""
  const isNamed = modules.every(({ file, moduleId }) => fileOf(moduleId, file) !== "")
  const submit = (event: FormEvent) => {
    event.preventDefault()
    keepFiles(kept)
    const txnIds =
      entries === "pinned"
        ? pinned.map(({ txnId }) => txnId)
        : entries === "selected" && selected !== null
          ? [selected.txnId]
          : null
    sessions.actions.makeTest({
      file: kept.file,
      modules: Object.fromEntries(modules.map(({ file, moduleId }) => [moduleId, fileOf(moduleId, file)])),
      txnIds
    })
  }
  return (
    <form className="files" aria-label="Files of the test" onSubmit={submit}>
      {isOwn ? (
        <>
          <label htmlFor="test-entries">Entries</label>
          <select
            id="test-entries"
            value={entries}
            onChange={({ currentTarget: { selectedIndex } }) => setEntries(which[selectedIndex] ?? "all")}
          >
            <option value="all">all</option>
            <option value="pinned" disabled={pinned.length === 0}>
              the {pinned.length} that are pinned in the timeline
            </option>
            <option value="selected" disabled={selected === null}>
              {selected === null ? "the selected one" : `${selected.origin.name}, ${selected.txnId}`}
            </option>
          </select>
        </>
      ) : null}
      <label htmlFor="test-file">The test</label>
      <input
        id="test-file"
        required
        value={kept.file}
        onChange={({ currentTarget }) => setKept({ ...kept, file: currentTarget.value })}
      />
      {modules.map(({ file, moduleId }) => (
        <ModuleFile
          key={moduleId}
          moduleId={moduleId}
          file={fileOf(moduleId, file)}
          onChange={(given) => setKept({ ...kept, modules: { ...kept.modules, [moduleId]: given } })}
        />
      ))}
      <span />
      <span>
        <button type="submit" className="primary" disabled={!isNamed}>
          Write the test
        </button>{" "}
        {isNamed ? null : <span className="hint">Name the file of each module.</span>}
      </span>
    </form>
  )
}

const ModuleFile = ({
  file,
  moduleId,
  onChange
}: {
  readonly moduleId: string
  readonly file: string
  readonly onChange: (file: string) => void
}) => (
  <>
    <label htmlFor={`test-module-${moduleId}`}>{moduleId}</label>
    <input
      id={`test-module-${moduleId}`}
      placeholder="/src/its-file.ts, which exports the module"
      value={file}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  </>
)

const TestText = () => {
  const sessions = useModule(Sessions)
  const text = useSelector(sessions, (state) => state.test)
  const [isCopied, setCopied] = useState<string>()
  if (text === null) return null
  return (
    <>
      <pre aria-label="The test">{text}</pre>
      <div className="acts">
        <button
          type="button"
          className="toggle"
          onClick={() =>
            void copyText(text).then(
              () => setCopied(text),
              () => {}
            )
          }
        >
          {isCopied === text ? "Copied" : "Copy the test"}
        </button>
        <button
          type="button"
          className="toggle"
          onClick={() => saveFile(keptFiles().file.split("/").at(-1) ?? "session.test.ts", text)}
        >
          Download the test
        </button>
      </div>
    </>
  )
}
