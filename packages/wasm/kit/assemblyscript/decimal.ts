// The double that is nearest to a decimal number. The parseFloat of the standard library misses it where there are
// sixteen digits or more, and by powers of ten where the exponent is large.

/** 32 bits a word, the least first: room for 10 to the 343rd and 64 bits more. */
const words = 40

class Big {
  private word: StaticArray<u32> = new StaticArray<u32>(words)

  constructor(value: u64) {
    this.word[0] = <u32>value
    this.word[1] = <u32>(value >> 32)
  }

  timesPowerOfTen(power: i32): void {
    for (let left = power; left > 0; left -= 9) {
      let factor: u64 = 1
      for (let n = min(left, 9); n > 0; n--) factor *= 10
      let carry: u64 = 0
      for (let index = 0; index < words; index++) {
        const product = <u64>this.word[index] * factor + carry
        this.word[index] = <u32>product
        carry = product >> 32
      }
    }
  }

  bits(): i32 {
    for (let index = words - 1; index >= 0; index--) {
      const word = this.word[index]
      if (word != 0) return index * 32 + 32 - <i32>clz(word)
    }
    return 0
  }

  shiftLeft(by: i32): void {
    const whole = by >> 5
    const rest = by & 31
    for (let index = words - 1; index >= 0; index--) {
      const from = index - whole
      let value: u64 = 0
      if (from >= 0) value = <u64>this.word[from] << rest
      if (from > 0 && rest > 0) value |= <u64>(this.word[from - 1] >> (32 - rest))
      this.word[index] = <u32>value
    }
  }

  isAtLeast(other: Big): bool {
    for (let index = words - 1; index >= 0; index--) {
      if (this.word[index] != other.word[index]) return this.word[index] > other.word[index]
    }
    return true
  }

  subtract(other: Big): void {
    let borrow: i64 = 0
    for (let index = 0; index < words; index++) {
      const difference = <i64>this.word[index] - <i64>other.word[index] + borrow
      this.word[index] = <u32>difference
      borrow = difference >> 32
    }
  }

  /** 64 bits from that one down. */
  from(top: i32): u64 {
    let value: u64 = 0
    for (let bit = top; bit > top - 64; bit--) {
      value = (value << 1) | (bit < 0 ? 0 : <u64>((this.word[bit >> 5] >> (bit & 31)) & 1))
    }
    return value
  }

  isBelow(bit: i32): bool {
    for (let index = 0; index < bit; index++) {
      if (((this.word[index >> 5] >> (index & 31)) & 1) != 0) return true
    }
    return false
  }
}

/** `quotient`, whose first bit is set, times 2 to the power of `exponent - 63`, and a little more if `more`. */
function rounded(quotient: u64, exponent: i32, more: bool): f64 {
  if (exponent > 1023) return Infinity
  const isNormal = exponent >= -1022
  const drop = isNormal ? 11 : 11 + (-1022 - exponent)
  if (drop > 64) return 0
  const half = <u64>1 << (drop - 1)
  let kept = drop == 64 ? 0 : quotient >> drop
  const rest = drop == 64 ? quotient : quotient & ((<u64>1 << drop) - 1)
  if (rest > half || (rest == half && (more || (kept & 1) != 0))) kept++
  const before = isNormal ? (<u64>(exponent + 1022) << 52) : 0
  return reinterpret<f64>(before + kept)
}

/** `digits` times 10 to the power of `power`. */
export function decimal(digits: u64, power: i32): f64 {
  if (digits == 0) return 0
  if (digits < (1 << 53) && power >= -22 && power <= 22) {
    let factor: f64 = 1
    for (let n = abs(power); n > 0; n--) factor *= 10
    return power < 0 ? <f64>digits / factor : <f64>digits * factor
  }
  if (power > 309) return Infinity
  if (power < -343) return 0
  const value = new Big(digits)
  if (power >= 0) {
    value.timesPowerOfTen(power)
    const top = value.bits() - 1
    return rounded(value.from(top), top, value.isBelow(top - 63))
  }
  const divisor = new Big(1)
  divisor.timesPowerOfTen(-power)
  let shift = divisor.bits() - value.bits()
  if (shift >= 0) value.shiftLeft(shift)
  else divisor.shiftLeft(-shift)
  if (!value.isAtLeast(divisor)) {
    value.shiftLeft(1)
    shift++
  }
  let quotient: u64 = 0
  for (let bit = 0; bit < 64; bit++) {
    quotient <<= 1
    if (value.isAtLeast(divisor)) {
      value.subtract(divisor)
      quotient |= 1
    }
    value.shiftLeft(1)
  }
  return rounded(quotient, -shift, value.bits() > 0)
}
