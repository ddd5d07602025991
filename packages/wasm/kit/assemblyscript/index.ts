// A handler in AssemblyScript: state and params come as values of JSON, a reply goes out. See the guide,
// docs/guide/handlers-writing.md, and the ABI under it, docs/guide/handlers-abi.md.

import { parse, Value } from "./json"

export { array, boolean, Kind, nothing, number, object, parse, text, Value } from "./json"

/** What a handler gives: `ok`, `reply` or `err`. */
export class Reply {
  constructor(
    readonly state: Value | null,
    readonly response: Value | null,
    readonly error: string | null
  ) {}
}

/** The new state. */
export function ok(state: Value): Reply {
  return new Reply(state, null, null)
}

/** The new state, and the answer to a request. */
export function reply(state: Value, response: Value): Reply {
  return new Reply(state, response, null)
}

/** Refused: nothing is committed. */
export function err(reason: string): Reply {
  return new Reply(null, null, reason)
}

/** `state` is null where there is none yet. */
export type Step = (state: Value | null, params: Value) => Reply

/** To be exported by the handler: `export { alloc } from ...`. */
export function alloc(length: i32): usize {
  return heap.alloc(length)
}

const record = memory.data(20, 4)
// Kept from one call to the next, so that what the record points at stays where it is
let first: ArrayBuffer = new ArrayBuffer(0)
let second: ArrayBuffer = new ArrayBuffer(0)

function taken(pointer: usize, length: i32): Value {
  const source = String.UTF8.decodeUnsafe(pointer, length)
  heap.free(pointer)
  return parse(source)
}

function word(index: i32, value: usize): void {
  store<usize>(record + (<usize>index << 2), value)
}

/** The body of each way in: reads what came, runs `step`, and gives the record of the ABI. */
export function answer(state: usize, stateLength: i32, params: usize, paramsLength: i32, step: Step): usize {
  let before: Value | null = null
  if (stateLength != 0) before = taken(state, stateLength)
  const given = step(before, taken(params, paramsLength))
  const error = given.error
  const after = given.state
  const response = given.response
  first = String.UTF8.encode(error !== null ? error : after !== null ? after.toString() : "")
  second = String.UTF8.encode(response !== null ? response.toString() : "")
  word(0, error !== null ? 1 : 0)
  word(1, changetype<usize>(first))
  word(2, first.byteLength)
  word(3, changetype<usize>(second))
  word(4, second.byteLength)
  return record
}

@external("sluice", "console")
declare function hostConsole(level: i32, text: usize, length: i32): void

@external("sluice", "clock")
declare function hostClock(): f64

@external("sluice", "random")
declare function hostRandom(): f64

function write(level: i32, line: string): void {
  const bytes = String.UTF8.encode(line)
  hostConsole(level, changetype<usize>(bytes), bytes.byteLength)
}

/** These four need `imports: ["console"]`. */
export function debug(line: string): void {
  write(0, line)
}

export function log(line: string): void {
  write(1, line)
}

export function warn(line: string): void {
  write(2, line)
}

export function error(line: string): void {
  write(3, line)
}

/** Milliseconds since 1970, the same during a call. Needs `imports: ["clock"]`. */
export function clock(): f64 {
  return hostClock()
}

/** At least 0, less than 1. Needs `imports: ["random"]`. */
export function random(): f64 {
  return hostRandom()
}
