import type { PanelView } from "../PanelView.ts"
import { channelsView } from "./channels/ChannelsView.tsx"
import { diffView } from "./diff/DiffView.tsx"
import { dispatchView } from "./dispatch/DispatchView.tsx"
import { handlersView } from "./handlers/HandlersView.tsx"
import { modulesView } from "./modules/ModulesView.tsx"
import { profileView } from "./profile/ProfileView.tsx"
import { ringView } from "./ring/RingView.tsx"
import { sessionsView } from "./sessions/SessionsView.tsx"
import { stateView } from "./state/StateView.tsx"
import { timelineView } from "./timeline/TimelineView.tsx"
import { whatIfView } from "./whatif/WhatIfView.tsx"

/** Those of every panel, in the order of their tabs. */
export const builtInViews: ReadonlyArray<PanelView> = [
  timelineView,
  stateView,
  diffView,
  whatIfView,
  sessionsView,
  dispatchView,
  handlersView,
  channelsView,
  ringView,
  profileView,
  modulesView
]
