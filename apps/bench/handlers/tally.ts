import { ok, paramsOf, reply, stateOf } from "../../../packages/wasm/kit/assemblyscript/component"
import { next } from "./next"
export {
  cabi_realloc,
  release as init_post,
  release as handle_send_post,
  release as handle_request_post
} from "../../../packages/wasm/kit/assemblyscript/component"

export function init(some: i32, state: usize, stateLength: usize, params: usize, length: usize): usize {
  paramsOf(params, length)
  return ok(stateOf(some, state, stateLength))
}

export function handle_send(some: i32, state: usize, stateLength: usize, params: usize, length: usize): usize {
  const before = stateOf(some, state, stateLength)
  const by = paramsOf(params, length)
  return ok(before === null ? null : next(before, by))
}

export function handle_request(some: i32, state: usize, stateLength: usize, params: usize, length: usize): usize {
  const before = stateOf(some, state, stateLength)
  const by = paramsOf(params, length)
  return reply(before === null ? null : next(before, by), by)
}
