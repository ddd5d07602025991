/**
 * Programs of any choices: as a module's code, and as a function that does what the code should do and counts its
 * instructions. Not the rewriter's code, and not the engine's.
 */
import { constant, interesting, localTypes, types, widths } from "./constants.ts"
import { leb, type Parts } from "./assemble.ts"
import { canonicalOf, operations, type Num } from "./values.ts"

interface State {
  readonly locals: Array<bigint>
  readonly globals: Array<bigint>
  readonly memory: DataView
  pages: number
  units: number
}

interface Code {
  readonly code: ReadonlyArray<number>
}
interface Expression extends Code {
  readonly run: (state: State) => bigint
}
/** Gives how many blocks it leaves. */
interface Statement extends Code {
  readonly run: (state: State) => number
}

const read = ({ memory }: State, type: Num, at: number): bigint =>
  widths[type] === 4 ? BigInt(memory.getUint32(at, true)) : memory.getBigUint64(at, true)

class Choices {
  private readonly choices: ReadonlyArray<number>
  private at = 0
  constructor(choices: ReadonlyArray<number>) {
    this.choices = choices
  }
  /** Zero when there are no more, so that every program ends. */
  pick(count: number): number {
    return (this.choices[this.at++] ?? 0) % count
  }
  one<A>(of: ReadonlyArray<A>): A {
    const found = of[this.pick(of.length)]
    if (found === undefined) throw new Error("nothing to choose from")
    return found
  }

  expression(type: Num, depth: number): Expression {
    const choice = depth > 3 ? this.pick(3) : this.pick(8)
    if (choice === 1) {
      const index = types.indexOf(type) + 4 * this.pick(2)
      return { code: [0x20, index], run: (state) => (state.units++, state.locals[index] ?? 0n) }
    }
    if (choice === 2) {
      const index = types.indexOf(type)
      return {
        code: [0x23, index],
        run: (state) => (state.units++, canonicalOf(type, state.globals[index] ?? 0n))
      }
    }
    if (choice === 3) {
      const address = this.address(depth)
      const opcode = { i32: 0x28, i64: 0x29, f32: 0x2a, f64: 0x2b }[type]
      const run = (state: State): bigint => {
        const at = address.run(state)
        state.units++
        return read(state, type, Number(at))
      }
      return { code: [...address.code, opcode, 0, 0], run }
    }
    if (choice > 3) {
      const operation = this.one(operations.filter(({ gives }) => gives === type))
      const operands = operation.takes.map((taken) => this.expression(taken, depth + 1))
      const run = (state: State): bigint => {
        const values = operands.map((operand) => operand.run(state))
        state.units++
        return operation.run(...values)
      }
      return { code: [...operands.flatMap(({ code }) => code), ...operation.code], run }
    }
    const bits = this.one(interesting[type])
    return { code: constant(type, bits), run: (state) => (state.units++, bits) }
  }

  /** In the first 256 bytes. */
  private address(depth: number): Expression {
    const inner = this.expression("i32", depth + 1)
    const run = (state: State): bigint => {
      const value = inner.run(state) & 0xf8n
      state.units += 2
      return value
    }
    return { code: [...inner.code, ...constant("i32", 0xf8n), 0x71], run }
  }

  private sequence(depth: number): Statement {
    const statements = Array.from({ length: 1 + this.pick(3) }, () => this.statement(depth))
    const run = (state: State): number => {
      for (const statement of statements) {
        const left = statement.run(state)
        if (left > 0) return left
      }
      return 0
    }
    return { code: statements.flatMap(({ code }) => code), run }
  }

  statement(depth: number): Statement {
    const choice = this.pick(depth > 2 ? 5 : 9)
    const type = this.one(types)
    if (choice < 2) {
      const value = this.expression(type, 0)
      const index = types.indexOf(type) + (choice === 0 ? 4 * this.pick(2) : 0)
      const run = (state: State): number => {
        const place = choice === 0 ? state.locals : state.globals
        place[index] = value.run(state)
        state.units++
        return 0
      }
      return { code: [...value.code, choice === 0 ? 0x21 : 0x24, index], run }
    }
    if (choice === 2) {
      const address = this.address(0)
      const value = this.expression(type, 0)
      const run = (state: State): number => {
        const at = Number(address.run(state))
        const bits = value.run(state)
        state.units++
        if (widths[type] === 4) state.memory.setUint32(at, Number(bits), true)
        else state.memory.setBigUint64(at, bits, true)
        return 0
      }
      const opcode = { i32: 0x36, i64: 0x37, f32: 0x38, f64: 0x39 }[type]
      return { code: [...address.code, ...value.code, opcode, 0, 0], run }
    }
    if (choice === 3) return this.fill()
    if (choice === 4) return this.grow()
    if (choice === 5) return this.either(depth)
    if (choice === 6) return this.leaving(depth)
    if (choice === 7) return this.looping(depth)
    return this.table(depth)
  }

  private fill(): Statement {
    const at = 8 * this.pick(32)
    const length = this.one([0, 1, 63, 64, 65, 130])
    const code = [
      ...constant("i32", BigInt(at)),
      ...constant("i32", 0x5an),
      ...constant("i32", BigInt(length)),
      0xfc,
      11,
      0
    ]
    const run = (state: State): number => {
      state.units += 4 + Math.floor(length / 64)
      new Uint8Array(state.memory.buffer).fill(0x5a, at, at + length)
      return 0
    }
    return { code, run }
  }

  /** To three pages at most. */
  private grow(): Statement {
    const run = (state: State): number => {
      state.units += 3
      const grown = state.pages < 3
      state.locals[0] = grown ? BigInt(state.pages) : 0xffffffffn
      if (grown) state.pages++
      return 0
    }
    return { code: [...constant("i32", 1n), 0x40, 0, 0x21, 0], run }
  }

  private either(depth: number): Statement {
    const condition = this.expression("i32", 0)
    const yes = this.sequence(depth + 1)
    const no = this.pick(2) === 0 ? undefined : this.sequence(depth + 1)
    const run = (state: State): number => {
      const chosen = condition.run(state) === 0n ? no : yes
      state.units++
      return Math.max(0, (chosen?.run(state) ?? 0) - 1)
    }
    const otherwise = no === undefined ? [] : [0x05, ...no.code]
    return { code: [...condition.code, 0x04, 0x40, ...yes.code, ...otherwise, 0x0b], run }
  }

  /** A block that may be left before its end, by br_if, br or return. */
  private leaving(depth: number): Statement {
    const before = this.sequence(depth + 1)
    const how = this.pick(3)
    const condition = this.expression("i32", 0)
    const after = this.sequence(depth + 1)
    const run = (state: State): number => {
      const left = before.run(state)
      if (left > 0) return left - 1
      const isTrue = condition.run(state) !== 0n
      state.units++
      if (how === 0) return isTrue ? 0 : Math.max(0, after.run(state) - 1)
      if (!isTrue) return Math.max(0, after.run(state) - 1)
      state.units++
      return how === 1 ? 0 : Infinity
    }
    const leave = how === 0 ? [0x0d, 0] : [0x04, 0x40, ...(how === 1 ? [0x0c, 1] : [0x0f]), 0x0b]
    return { code: [0x02, 0x40, ...before.code, ...condition.code, ...leave, ...after.code, 0x0b], run }
  }

  private looping(depth: number): Statement {
    const rounds = 1 + this.pick(4)
    const counter = 8 + depth
    const body = this.sequence(depth + 1)
    const run = (state: State): number => {
      state.units += 2
      for (let left = rounds; left > 0; left--) {
        const leaves = body.run(state)
        if (leaves > 0) return leaves - 1
        state.units += 5
      }
      return 0
    }
    const again = [0x20, counter, 0x41, 1, 0x6b, 0x22, counter, 0x0d, 0]
    const begin = [...constant("i32", BigInt(rounds)), 0x21, counter]
    return { code: [...begin, 0x03, 0x40, ...body.code, ...again, 0x0b], run }
  }

  private table(depth: number): Statement {
    const index = this.expression("i32", 0)
    const first = this.sequence(depth + 2)
    const second = this.sequence(depth + 1)
    const run = (state: State): number => {
      const chosen = index.run(state)
      state.units++
      // Of label 0 the first and the second are run; of any other the second
      const left = chosen === 0n ? first.run(state) : 0
      if (left > 0) return left - 1
      return second.run(state)
    }
    const jump = [0x02, 0x40, 0x02, 0x40, ...index.code, 0x0e, 1, 0, 1, 0x0b]
    return { code: [...jump, ...first.code, 0x0b, ...second.code], run }
  }
}

export interface Outcome {
  readonly globals: ReadonlyArray<bigint>
  readonly memory: Uint8Array
  readonly pages: number
  /** Instructions that were executed, and one for each 64 bytes that were filled. */
  readonly units: number
}

/** `run` has no parameters: what it does is seen in its memory and its globals. */
export const programOf = (
  choices: ReadonlyArray<number>
): { readonly parts: Parts; readonly expected: Outcome } => {
  const from = new Choices(choices)
  const statements = Array.from({ length: 2 + from.pick(6) }, () => from.statement(0))
  const state: State = {
    locals: localTypes.map(() => 0n),
    globals: types.map(() => 0n),
    memory: new DataView(new ArrayBuffer(512)),
    pages: 1,
    units: 0
  }
  for (const statement of statements) if (statement.run(state) > 0) break
  return {
    parts: {
      functions: [{ name: "run", locals: localTypes, code: statements.flatMap(({ code }) => code) }],
      globals: types.map((type) => ({ type, init: constant(type, 0n) })),
      memory: [1, 1, ...leb(3)]
    },
    expected: {
      globals: state.globals,
      memory: new Uint8Array(state.memory.buffer),
      pages: state.pages,
      units: state.units
    }
  }
}
