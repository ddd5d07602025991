// The work: a state with one more in its count, and the rest of it as it was.
export function next(state: string, params: string): string {
  const from = state.indexOf(":") + 1
  const to = state.indexOf(",", from)
  const count = i32.parse(state.substring(from, to)) + i32.parse(params)
  return state.substring(0, from) + count.toString() + state.substring(to)
}
