/** Which components on the page read an instance, and by which selector. */
import type { ReactNode } from "react"
import { count } from "../../ui/format.ts"
import { useAnswer } from "../../useAnswer.ts"

export const Readers = ({ instanceId }: { readonly instanceId: string }): ReactNode => {
  const { failure, value } = useAnswer("Readers", {}, { everyMs: 2000, keep: true })
  const readers = value?.readers.filter(({ instanceIds }) => instanceIds.includes(instanceId)) ?? []
  return (
    <section aria-label="Components that read it">
      <h3>Components that read it</h3>
      {failure === undefined ? null : <p className="error">{failure}</p>}
      {value === undefined ? null : readers.length === 0 ? (
        <p className="hint">None that is on the page now.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Component</th>
              <th scope="col">Selector</th>
              <th scope="col" className="number">
                Mounted
              </th>
            </tr>
          </thead>
          <tbody>
            {readers.map(({ component, count: mounted, instanceIds, selector }) => (
              <tr key={`${component} ${selector} ${instanceIds.join()}`}>
                <th scope="row">{component}</th>
                <td>
                  <code>{selector}</code>
                  {instanceIds.length > 1 ? <small> of {instanceIds.join(", ")}</small> : null}
                </td>
                <td className="number">{count(mounted)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {value?.complete === false ? <p className="hint">The page is too large to look at all of it.</p> : null}
    </section>
  )
}
