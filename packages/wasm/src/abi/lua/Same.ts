/** Whether a value of Lua is shown as JSON has it: then it stays as it is, with all that JSON cannot hold. */
import { type Lua, pop, pushBytes, Type } from "./Api.ts"
import { type Fit, pushItem } from "./Fit.ts"
import { quote, type Span, type Tokens } from "./Tokens.ts"

const encoder = new TextEncoder()

export const pushSpan = (lua: Lua, tokens: Tokens, span: Span): void => {
  if (span.escaped) pushBytes(lua, encoder.encode(tokens.text(span)))
  else pushBytes(lua, tokens.bytes, span.from, span.to)
}

interface At {
  readonly lua: Lua
  readonly tokens: Tokens
  readonly fit: Fit
}

/** Ends a comparison from within. One for all: nobody sees it. */
const different = new Error("different")

const must = (same: boolean): void => {
  if (!same) throw different
}

/** The value on top of the stack, which stays. Where it is not, the tokens are left anywhere within the value. */
export const isShown = (lua: Lua, tokens: Tokens, fit: Fit): boolean => {
  const top = lua.api.lua_gettop(lua.L)
  try {
    same({ lua, tokens, fit })
    return true
  } catch (thrown) {
    if (thrown !== different) throw thrown
    fit.reset()
    lua.api.lua_settop(lua.L, top)
    return false
  }
}

/** Throws `different` unless the value on top of the stack is shown as this one. */
const same = (at: At): void => {
  const { fit, lua, tokens } = at
  const { L, api } = lua
  tokens.space()
  const type = api.lua_type(L, -1)
  switch (tokens.byte()) {
    case quote: {
      const span = tokens.span()
      // A whole number beyond 2^53 is shown as its digits.
      if (type === Type.number) return must(`"${tokens.text(span)}"` === fit.digits(-1))
      must(type === Type.string)
      pushSpan(lua, tokens, span)
      must(api.lua_rawequal(L, -1, -2) === 1)
      return pop(lua, 1)
    }
    case 0x7b:
      return sameObject(at)
    case 0x5b:
      return sameArray(at)
    case 0x74:
      tokens.expect("true")
      return must(type === Type.boolean && api.lua_toboolean(L, -1) === 1)
    case 0x66:
      tokens.expect("false")
      return must(type === Type.boolean && api.lua_toboolean(L, -1) === 0)
    case 0x6e:
      tokens.expect("null")
      return must(type === Type.lightuserdata || fit.problem(-1) !== undefined)
    default:
      must(type === Type.number && api.lua_tonumberx(L, -1, 0) === Number(tokens.number()))
  }
}

const sameObject = (at: At): void => {
  const { fit, lua, tokens } = at
  const { L, api } = lua
  must(api.lua_type(L, -1) === Type.table && fit.problem(-1) === undefined)
  fit.enter()
  let count = 0
  tokens.object((name) => {
    count++
    member(at, name)
    must(fit.problem(-1) === undefined)
    same(at)
    pop(lua, 1)
  })
  must(fit.members() === count)
  fit.leave()
}

const sameArray = (at: At): void => {
  const { fit, lua, tokens } = at
  const { L, api } = lua
  must(api.lua_type(L, -1) === Type.table && fit.problem(-1) === undefined)
  fit.enter()
  const length = fit.arrayLength()
  const read = tokens.array((index) => {
    must(length !== undefined && index <= length)
    pushItem(lua, index)
    same(at)
    pop(lua, 1)
  })
  must(read === length)
  fit.leave()
}

/** Pushes the member by that name, or by the whole number that the name is. */
const member = ({ lua, tokens }: At, name: Span): void => {
  const { L, api } = lua
  pushSpan(lua, tokens, name)
  if (api.lua_rawget(L, -2) !== Type.nil) return
  const text = tokens.text(name)
  if (!/^(?:0|-?[1-9]\d{0,15})$/.test(text)) return
  pop(lua, 1)
  pushItem(lua, Number(text))
}
