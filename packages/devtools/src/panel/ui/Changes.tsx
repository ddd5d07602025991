/** What is otherwise between two values, grouped by the part that it is in; each side opens. */
import type { ReactNode } from "react"
import type { Root, Success, Value } from "../../protocol/index.ts"
import { count } from "./format.ts"
import { mayChange } from "./mayChange.ts"
import { pathKey, pathText, type Steps } from "./path.ts"
import { Tree } from "./Tree.tsx"
import { ValueText } from "./ValueText.tsx"
import { useAnswer } from "../useAnswer.ts"
import { Failure } from "./Failure.tsx"

type Change = Success<"Diff">["changes"][number]

interface Group {
  readonly key: string
  readonly title: string
  readonly changes: ReadonlyArray<Change>
}

/** A path to a Set's member, to which no step leads: to the Set, and the member in braces. */
const apart = (path: string): readonly [holder: string, member: string] => {
  const [, holder = "", member = ""] = /^(.*?)(\{.*)$/s.exec(path) ?? []
  return member === "" ? [path, path] : [holder === "" ? "state" : holder, member]
}

/** By the part that holds what changed, in the order of their first changes. */
const groupsOf = (changes: ReadonlyArray<Change>): ReadonlyArray<Group> => {
  const groups = new Map<string, { readonly title: string; readonly changes: Array<Change> }>()
  for (const change of changes) {
    const holder = change.steps?.slice(0, -1)
    const [title] = holder === undefined ? apart(change.path) : [pathText(holder)]
    const key = holder === undefined ? title : pathKey(holder)
    const group = groups.get(key) ?? { title, changes: [] }
    group.changes.push(change)
    groups.set(key, group)
  }
  return Array.from(groups, ([key, group]) => ({ key, ...group }))
}

const signs = { added: "+", removed: "−", changed: "±" } as const

const nameOf = ({ path, steps }: Change): string => {
  const last = steps?.at(-1)
  return last === undefined ? apart(path)[1] : pathText([last])
}

export interface ChangesProps {
  readonly before: Root
  readonly after: Root
}

export const Changes = ({ after, before }: ChangesProps): ReactNode => {
  const { failure, value } = useAnswer(
    "Diff",
    { before, after },
    { changes: mayChange(before) || mayChange(after), keep: true }
  )
  if (failure !== undefined) return <Failure text={failure} />
  if (value === undefined) return <p className="hint">…</p>
  const { changes, complete } = value
  if (changes.length === 0) return <p className="hint">The values are the same.</p>
  return (
    <>
      {groupsOf(changes).map((group) => (
        <section key={group.key} aria-label={group.title} className="group-of">
          <h4>{group.title}</h4>
          <ul className="changes">
            {group.changes.map((change) => (
              <li key={`${change.kind} ${change.path}`} className={change.kind}>
                <div className="path" title={change.path}>
                  <span className="sign" aria-label={change.kind}>
                    {signs[change.kind]}
                  </span>
                  {nameOf(change)}
                </div>
                <Side name="before" root={before} steps={change.steps} value={change.before} />
                <Side name="after" root={after} steps={change.steps} value={change.after} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {complete ? null : (
        <p className="hint" role="note">
          These are the first {count(changes.length)}. There are more.
        </p>
      )}
    </>
  )
}

interface SideProps {
  readonly name: "before" | "after"
  readonly root: Root
  readonly steps: Steps | undefined
  readonly value: Value | undefined
}

const Side = ({ name, root, steps, value }: SideProps): ReactNode => {
  if (value === undefined) return null
  return (
    <div className={`side ${name}`}>
      {value.size > 0 && steps !== undefined ? (
        <Tree label={name} root={root} path={steps} value={value} />
      ) : (
        <>
          <span className="label">{name}</span> <ValueText value={value} />
        </>
      )}
    </div>
  )
}
