/* oxlint-disable jsx-a11y/anchor-is-valid, jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions, jsx-a11y/control-has-associated-label -- the elements of js-framework-benchmark */
/** What the pages have in common: the buttons, the table, and a row's markup. */
import { memo, type ReactNode } from "react"

export interface Commands {
  readonly run: () => void
  readonly runLots: () => void
  readonly add: () => void
  readonly update: () => void
  readonly clear: () => void
  readonly swapRows: () => void
}

interface ButtonProps {
  readonly id: string
  readonly onClick: () => void
  readonly children: ReactNode
}

const Button = ({ id, onClick, children }: ButtonProps) => (
  <div className="col-sm-6 smallpad">
    <button type="button" className="btn btn-primary btn-block" id={id} onClick={onClick}>
      {children}
    </button>
  </div>
)

/** Rendered once: the commands stay the same. */
export const Buttons = memo(({ run, runLots, add, update, clear, swapRows }: Commands) => (
  <div className="jumbotron">
    <div className="row">
      <div className="col-md-6">
        <h1>Rows</h1>
      </div>
      <div className="col-md-6">
        <div className="row">
          <Button id="run" onClick={run}>
            Create 1,000 rows
          </Button>
          <Button id="runlots" onClick={runLots}>
            Create 10,000 rows
          </Button>
          <Button id="add" onClick={add}>
            Append 1,000 rows
          </Button>
          <Button id="update" onClick={update}>
            Update every 10th row
          </Button>
          <Button id="clear" onClick={clear}>
            Clear
          </Button>
          <Button id="swaprows" onClick={swapRows}>
            Swap Rows
          </Button>
        </div>
      </div>
    </div>
  </div>
))

export const Page = ({ buttons, rows }: { readonly buttons: ReactNode; readonly rows: ReactNode }) => (
  <div className="container">
    {buttons}
    <table className="table table-hover table-striped test-data">
      <tbody>{rows}</tbody>
    </table>
    <span className="preloadicon glyphicon glyphicon-remove" aria-hidden="true" />
  </div>
)

const cross = <span className="glyphicon glyphicon-remove" aria-hidden="true" />

/** A row's elements. A function and not a component: a component more for each row would be measured, too. */
export const rowMarkup = (
  id: number,
  label: string,
  selected: boolean,
  select: () => void,
  remove: () => void
): ReactNode => (
  <tr className={selected ? "danger" : ""}>
    <td className="col-md-1">{id}</td>
    <td className="col-md-4">
      <a onClick={select}>{label}</a>
    </td>
    <td className="col-md-1">
      <a onClick={remove}>{cross}</a>
    </td>
    <td className="col-md-6" />
  </tr>
)
