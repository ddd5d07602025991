import type { PanelView } from "../PanelView.ts"
import { channelsView } from "./channels/ChannelsView.tsx"
import { diffView } from "./diff/DiffView.tsx"
import { dispatchView } from "./dispatch/DispatchView.tsx"
import { modulesView } from "./modules/ModulesView.tsx"
import { profileView } from "./profile/ProfileView.tsx"
import { ringView } from "./ring/RingView.tsx"
import { stateView } from "./state/StateView.tsx"
import { timelineView } from "./timeline/TimelineView.tsx"

/** Those of every panel, in the order of their tabs. */
export const builtInViews: ReadonlyArray<PanelView> = [
  timelineView,
  stateView,
  diffView,
  dispatchView,
  channelsView,
  ringView,
  profileView,
  modulesView
]
