// The kit for components in AssemblyScript: texts out of what the canonical ABI hands over, and results into what it
// takes. Re-export `cabi_realloc`, and `release` as the `_post` of each function.

/** Room for what is handed over. The reader of it frees it. */
export function cabi_realloc(old: usize, oldLength: usize, align: usize, length: usize): usize {
  return old == 0 ? heap.alloc(length) : heap.realloc(old, length)
}

function taken(pointer: usize, length: usize): string {
  const text = String.UTF8.decodeUnsafe(pointer, length)
  heap.free(pointer)
  return text
}

/** The state as JSON, or null where there is none. Once for each call. */
export function stateOf(some: i32, pointer: usize, length: usize): string | null {
  return some == 0 ? null : taken(pointer, length)
}

/** The params as JSON. Once for each call. */
export function paramsOf(pointer: usize, length: usize): string {
  return taken(pointer, length)
}

// result<tuple<option<list<u8>>, tuple<list<u8>>>, string>, and the same without its second member:
// 0: u8 ok or err, 4: u8 none or some (of err: its pointer), 8: pointer (its length), 12: length, 16 and 20: response
const recordSize: usize = 24

function put(record: usize, offset: usize, text: string): void {
  const length = String.UTF8.byteLength(text)
  const pointer = heap.alloc(length)
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, pointer)
  store<usize>(record + offset, pointer)
  store<usize>(record + offset, length, 4)
}

function blank(): usize {
  const record = heap.alloc(recordSize)
  memory.fill(record, 0, recordSize)
  return record
}

/** Gives the next state, as JSON, or none. */
export function ok(state: string | null): usize {
  const record = blank()
  if (state !== null) {
    store<u8>(record, 1, 4)
    put(record, 8, state)
  }
  return record
}

/** Gives the next state, or none, and a response. */
export function reply(state: string | null, response: string): usize {
  const record = ok(state)
  put(record, 16, response)
  return record
}

/** Fails with an error of the domain. */
export function err(message: string): usize {
  const record = blank()
  store<u8>(record, 1)
  put(record, 4, message)
  return record
}

/** Frees what a function gave. */
export function release(record: usize): void {
  if (load<u8>(record) == 1) {
    heap.free(load<usize>(record, 4))
  } else {
    if (load<u8>(record, 4) == 1) heap.free(load<usize>(record, 8))
    const response = load<usize>(record, 16)
    if (response != 0) heap.free(response)
  }
  heap.free(record)
}
