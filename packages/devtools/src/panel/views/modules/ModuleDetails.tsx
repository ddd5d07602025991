import { type RefOf, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Success } from "../../../protocol/index.ts"
import { EditorLink } from "../../ui/EditorLink.tsx"
import { count } from "../../ui/format.ts"
import { Readers } from "./Readers.tsx"
import type { Selection } from "./Selection.ts"
import { Traits } from "./Traits.tsx"

type Structure = Success<"Modules">
type Module = Structure["modules"][number]
type Instance = Structure["instances"][number]

export interface ModuleDetailsProps {
  readonly structure: Structure
  readonly module: Module
  readonly selection: RefOf<typeof Selection>
}

export const ModuleDetails = ({ module, selection, structure }: ModuleDetailsProps): ReactNode => {
  const chosen = useSelector(selection, (state) => state.instanceId)
  const { actions, capacity, imports, layers, logics, moduleId, source } = module
  const own = structure.instances.filter((instance) => instance.moduleId === moduleId)
  const instance = own.find(({ instanceId }) => instanceId === chosen) ?? own[0]
  const importers = structure.modules.filter((other) => other.imports.includes(moduleId))
  const links = (ids: ReadonlyArray<string>) =>
    ids.map((id) => (
      <button key={id} type="button" className="toggle" onClick={() => selection.actions.module(id)}>
        {id}
      </button>
    ))
  return (
    <section className="about" aria-label={`Module ${moduleId}`}>
      <h3>{moduleId}</h3>
      <dl className="facts">
        <Fact name="File">
          {source === undefined ? (
            <span className="hint">
              not known: add the Vite plugin, or <code>source: import.meta.url</code> to its Module.make
            </span>
          ) : (
            <EditorLink place={source} />
          )}
        </Fact>
        <Fact name="Actions">
          {actions.length === 0
            ? "none"
            : actions.map(({ by, tag }) => (
                <span
                  key={tag}
                  className="tag"
                  title={by === undefined ? "changes nothing, is delivered" : `computed by its ${by}`}
                >
                  {tag}
                  {by === undefined ? <em>no reducer</em> : by === "reducer" ? null : <em>{by}</em>}
                </span>
              ))}
        </Fact>
        <Fact name="Logics">
          {logics.length === 0
            ? "none"
            : logics.map((name) => (
                <span key={name} className="tag">
                  {name}
                </span>
              ))}
        </Fact>
        {imports.length === 0 ? null : <Fact name="Imports">{links(imports)}</Fact>}
        {importers.length === 0 ? null : (
          <Fact name="Imported by">{links(importers.map((importer) => importer.moduleId))}</Fact>
        )}
        {layers === 0 ? null : <Fact name="Layers">{count(layers)} of its own</Fact>}
        <Fact name="Channels">capacity {count(capacity)}</Fact>
      </dl>
      <Instances instances={own} current={instance} onSelect={selection.actions.instance} />
      {instance === undefined ? null : (
        <>
          <Traits key={instance.instanceId} instance={instance} selection={selection} />
          <Readers instanceId={instance.instanceId} />
        </>
      )}
    </section>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const fromOf = ({ label, local, within }: Instance): string => {
  if (local !== undefined) {
    const mounts = `${count(local.mounts)} ${local.mounts === 1 ? "component" : "components"}`
    return local.key === undefined
      ? `local, private, in ${mounts}`
      : `local, key "${local.key}", in ${mounts}`
  }
  return within === undefined ? label : `imported by ${within}`
}

const maxRows = 100

const Instances = ({
  current,
  instances,
  onSelect
}: {
  readonly instances: ReadonlyArray<Instance>
  readonly current: Instance | undefined
  readonly onSelect: (instanceId: string) => void
}) => (
  <div className="scroll">
    <table aria-label="Instances">
      <thead>
        <tr>
          <th scope="col">Instance</th>
          <th scope="col">Where it came from</th>
          <th scope="col" className="number">
            Transactions
          </th>
          <th scope="col" className="number">
            Commits
          </th>
        </tr>
      </thead>
      <tbody>
        {instances.slice(0, maxRows).map((instance) => (
          <tr key={instance.instanceId} className={instance === current ? "current" : undefined}>
            <th scope="row">
              <button
                type="button"
                className="link"
                aria-pressed={instance === current}
                onClick={() => onSelect(instance.instanceId)}
              >
                {instance.instanceId}
              </button>
            </th>
            <td>{fromOf(instance)}</td>
            <td className="number">{count(instance.transactions)}</td>
            <td className="number">{count(instance.commits)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {instances.length > maxRows ? <p className="hint">and {count(instances.length - maxRows)} more</p> : null}
  </div>
)
