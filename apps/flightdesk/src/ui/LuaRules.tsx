/** The editor of watch rules in Lua: numbered lines, and what is wrong at its line. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useEffect, useId, useRef } from "react"
import { LuaRules as Module, type LuaRulesState } from "../modules/LuaRules.ts"
import { formatCount, plural } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"

export const LuaRules = ({ id }: { readonly id: string }): ReactNode => {
  const rules = useModule(Module)
  const draft = useSelector(rules, (state) => state.draft)
  const inForce = useSelector(rules, (state) => state.inForce)
  const phase = useSelector(rules, (state) => state.phase)
  const problem = useSelector(rules, (state) => state.problem)
  const area = useRef<HTMLTextAreaElement>(null)
  const helpId = useId()
  const problemId = useId()
  const isNews = draft !== inForce
  // What is wrong is so of what was in force: another text has other lines.
  const line = problem === null || isNews ? undefined : problem.line === null ? undefined : problem.line

  const goTo = (line: number): void => {
    const lines = draft.split("\n")
    const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0)
    area.current?.focus()
    area.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
  }

  return (
    <div id={id} className="lua-rules">
      <Editor
        area={area}
        text={draft}
        line={line}
        describedBy={`${helpId} ${problemId}`}
        onType={rules.actions.typed}
        onUse={rules.actions.used}
      />
      <div className="lua-actions">
        <button type="button" className="button primary" onClick={() => rules.actions.used()}>
          Use these rules
        </button>
        {inForce === null ? null : (
          <button type="button" className="button quiet" onClick={() => rules.actions.ended()}>
            Stop
          </button>
        )}
        <Standing phase={phase} isNews={isNews} />
      </div>
      <p id={helpId} className="visually-hidden">
        Control and Enter, or Command and Enter, put the rules in force. Tab leaves the editor.
      </p>
      <output id={problemId} className="rule-problem lua-problem">
        {problem === null ? null : (
          <>
            {problem.line === null ? null : (
              <>
                <button type="button" className="lua-line" onClick={() => goTo(problem.line ?? 1)}>
                  {`Line ${problem.line}`}
                </button>
                {": "}
              </>
            )}
            {problem.message}.{phase === "broken" ? " No flight is tested until they are used again." : ""}
          </>
        )}
      </output>
    </div>
  )
}

const standings: Record<LuaRulesState["phase"], string> = {
  off: "Not in force",
  loading: "Starting",
  watching: "Watching",
  refused: "Refused",
  broken: "Stopped by an error"
}

const Standing = ({
  isNews,
  phase
}: {
  readonly phase: LuaRulesState["phase"]
  readonly isNews: boolean
}) => {
  const rules = useModule(Module)
  const tested = useFrameSelector(rules, (state) => state.tested)
  const raised = useFrameSelector(rules, (state) => state.raised)
  return (
    <span className="muted small lua-standing">
      {standings[phase]}
      {phase === "watching" || phase === "broken"
        ? `: ${formatCount(tested)} tested, ${plural(raised, "match", "matches")}`
        : ""}
      {isNews && phase !== "off" ? " · changed since" : ""}
    </span>
  )
}

interface EditorProps {
  readonly area: React.RefObject<HTMLTextAreaElement | null>
  readonly text: string
  /** The one with the error. */
  readonly line: number | undefined
  readonly describedBy: string
  readonly onType: (text: string) => void
  readonly onUse: () => void
}

const Editor = ({ area, describedBy, line, onType, onUse, text }: EditorProps) => {
  const gutter = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const shown = area.current
    const wrong = gutter.current?.children[(line ?? 0) - 1]
    if (shown === null || !(wrong instanceof HTMLElement)) return
    const above = wrong.offsetTop - shown.offsetTop
    const isSeen =
      above >= shown.scrollTop && above + wrong.offsetHeight <= shown.scrollTop + shown.clientHeight
    if (!isSeen) shown.scrollTo({ top: above - shown.clientHeight / 2 })
  }, [area, line])
  const count = text.split("\n").length
  return (
    <div className="lua-editor">
      <div ref={gutter} className="lua-lines" aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          <div key={index} data-wrong={index + 1 === line ? "" : undefined}>
            {index + 1}
          </div>
        ))}
      </div>
      <textarea
        ref={area}
        aria-label="Watch rules in Lua"
        aria-describedby={describedBy}
        aria-invalid={line !== undefined}
        value={text}
        rows={10}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={({ target }) => onType(target.value)}
        onScroll={({ currentTarget }) => {
          if (gutter.current !== null) gutter.current.scrollTop = currentTarget.scrollTop
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          onUse()
        }}
      />
    </div>
  )
}
