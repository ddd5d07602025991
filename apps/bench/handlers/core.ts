// By the ABI of core modules, of docs/guide/handlers-abi.md.
import { next } from "./next"

const record = memory.data(20, 4)
let kept = new ArrayBuffer(0)

export function alloc(length: i32): usize {
  return heap.alloc(length)
}

export function send(state: usize, stateLength: i32, params: usize, paramsLength: i32): usize {
  const before = String.UTF8.decodeUnsafe(state, stateLength)
  const by = String.UTF8.decodeUnsafe(params, paramsLength)
  heap.free(state)
  heap.free(params)
  kept = String.UTF8.encode(next(before, by))
  store<u32>(record, 0)
  store<usize>(record, changetype<usize>(kept), 4)
  store<u32>(record, kept.byteLength, 8)
  store<u64>(record, 0, 12)
  return record
}

export function init(state: usize, stateLength: i32, params: usize, paramsLength: i32): usize {
  for (;;) store<u32>(record, load<u32>(record) + 1)
  return record
}
