import { configureStore, createListenerMiddleware, createSlice, type PayloadAction } from "@reduxjs/toolkit"
import type { ChannelContender } from "./tally.ts"

/** Each action has an effect of its own: nothing is queued, and nobody waits when the effects are slow. */
export const reduxListener: ChannelContender = {
  name: "Redux Toolkit listener",
  make: (tally) => {
    const feed = createSlice({
      name: "feed",
      initialState: { last: 0 },
      reducers: {
        sent: (state, { payload }: PayloadAction<number>) => {
          state.last = payload
        }
      }
    })
    const { sent } = feed.actions
    const listener = createListenerMiddleware()
    listener.startListening({
      actionCreator: sent,
      effect: async ({ payload }) => {
        if (tally.handle(payload)) await Promise.resolve()
      }
    })
    const store = configureStore({
      reducer: feed.reducer,
      middleware: (getDefaultMiddleware) => getDefaultMiddleware().prepend(listener.middleware)
    })
    return (times) => {
      for (let n = 0; n < times; n++) store.dispatch(sent(n))
    }
  }
}
