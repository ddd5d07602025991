import type { Reader } from "./Reader.ts"
import { unsupported } from "./Refused.ts"

/**
 * Passes over a constant expression and its end. `globals` is how many there are before it: no expression may name
 * one that the loader adds.
 */
export const skipConstant = (reader: Reader, globals: number): void => {
  for (;;) {
    const at = reader.at
    const opcode = reader.u8()
    if (opcode === 0x0b) return
    if (opcode === 0x41) reader.skipLeb(32)
    else if (opcode === 0x42) reader.skipLeb(64)
    else if (opcode === 0x43) reader.skip(4)
    else if (opcode === 0x44) reader.skip(8)
    else if (opcode === 0x23) {
      const index = reader.u32()
      if (index >= globals) reader.fail(`there is no global ${index} yet`, at)
    } else if (opcode === 0xd0) reader.u8()
    else if (opcode === 0xd2) reader.u32()
    else if (opcode === 0xfd) {
      if (reader.u32() !== 12) reader.fail("no constant", at)
      reader.skip(16)
    } else if (opcode === 0xfb) throw unsupported("garbage-collected types")
    else if (!((opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e))) {
      reader.fail("no constant", at)
    }
  }
}
