import type { ReactNode } from "react"
import { count, duration } from "../../ui/format.ts"
import { bytes } from "./texts.ts"
import type { Totals } from "./totals.ts"

export const TotalsTable = ({
  chosen,
  onChoose,
  totals
}: {
  readonly totals: ReadonlyArray<Totals>
  /** The handler that is filtered by. */
  readonly chosen: string
  readonly onChoose: (handler: string) => void
}): ReactNode => (
  <section aria-label="Handlers">
    <h3>By handler</h3>
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Handler</th>
            <th scope="col" className="number">
              Calls
            </th>
            <th scope="col" className="number">
              Failed
            </th>
            <th scope="col" className="number" title="Half of its calls ran no longer">
              p50
            </th>
            <th scope="col" className="number" title="95 of 100 of its calls ran no longer">
              p95
            </th>
            <th scope="col" className="number wide">
              In / out
            </th>
          </tr>
        </thead>
        <tbody>
          {totals.map((each) => (
            <tr key={each.handler}>
              <th scope="row">
                <button
                  type="button"
                  className="link"
                  aria-pressed={each.handler === chosen}
                  title="Show only this one"
                  onClick={() => onChoose(each.handler === chosen ? "" : each.handler)}
                >
                  {each.handler}
                </button>
              </th>
              <td className="number">{count(each.calls)}</td>
              <td className={each.failures > 0 ? "number bad" : "number"}>{count(each.failures)}</td>
              <td className="number">{duration(each.p50)}</td>
              <td className="number">{duration(each.p95)}</td>
              <td className="number wide">
                {bytes(each.bytesIn)} / {bytes(each.bytesOut)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
)
