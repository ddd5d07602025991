import { answer, err, number, object, ok, reply, Value } from "@sluice/wasm/kit/assemblyscript"

export { alloc } from "@sluice/wasm/kit/assemblyscript"

// Belongs to the version of the state: a rollback brings it back too
let calls: i32 = 0

function counted(state: Value | null, by: f64): Value {
  calls++
  const count = state === null ? 0 : state.get("count").number
  return object().set("count", number(count + by))
}

export function init(s: usize, sl: i32, p: usize, pl: i32): usize {
  return answer(s, sl, p, pl, (state, params) => ok(counted(state, params.number)))
}

export function send(s: usize, sl: i32, p: usize, pl: i32): usize {
  return answer(s, sl, p, pl, (state, params) => {
    const next = counted(state, params.number)
    return next.get("count").number < 0 ? err("the count cannot be negative") : ok(next)
  })
}

export function request(s: usize, sl: i32, p: usize, pl: i32): usize {
  return answer(s, sl, p, pl, (state, params) => {
    const next = counted(state, params.number)
    return reply(next, object().set("calls", number(calls)))
  })
}
