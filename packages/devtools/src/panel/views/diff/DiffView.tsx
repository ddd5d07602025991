/** What one transaction changed, or what is otherwise between any two moments. */
import { useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { PanelView } from "../../PanelView.ts"
import { TabList } from "../../ui/Tabs.tsx"
import { Moments } from "./Moments.tsx"
import { styles } from "./styles.ts"
import { Transaction } from "./Transaction.tsx"
import { useComparing } from "./useComparing.ts"

const modes = [
  { id: "transaction", label: "Selected transaction" },
  { id: "moments", label: "Two moments" }
] as const

const DiffComponent = (): ReactNode => {
  const comparing = useComparing()
  const mode = useSelector(comparing, (state) => state.mode)
  return (
    <div className="diff">
      <div className="bar tools">
        <TabList label="Compared" tabs={modes} selected={mode} onSelect={comparing.actions.setMode} />
      </div>
      {mode === "transaction" ? <Transaction /> : <Moments />}
    </div>
  )
}

export const diffView: PanelView = { id: "diff", label: "Diff", Component: DiffComponent, styles }
