/**
 * What a script finds beside Lua's own: `Handlers`, `fail`, `null`, `array`, `console`, `clock`. Run once, before the script.
 * It takes the debug library, which the script never sees, and what is granted; it gives the functions that the glue calls.
 */
export const prelude = /* lua */ `
local debug, null, arrayMark, script, hasConsole, hasClock, hasRandom = ...
local type, error, select, tostring, tonumber = type, error, select, tostring, tonumber
local getmetatable, setmetatable, rawget, rawlen, xpcall, print = getmetatable, setmetatable, rawget, rawlen, xpcall, print
local insert, remove, concat = table.insert, table.remove, table.concat
local gsub, char, format = string.gsub, string.char, string.format
local seed = math.randomseed
local getinfo, metatable = debug.getinfo, debug.getmetatable
local next = next

load, loadfile, dofile, loadstring, require, package, io, os, _G.debug = nil
string.dump = nil
_G.null = null

function array(items)
  if items == nil then items = {} end
  if type(items) ~= "table" then error("array takes a table", 2) end
  return setmetatable(items, arrayMark)
end

local Failure = { __name = "failure", __metatable = false }

function fail(value)
  error(setmetatable({ value = value }, Failure))
end

local now = 0
if hasClock then
  function clock() return now end
end

if hasConsole then
  local function writer(level)
    local mark = char(level)
    return function(...)
      local texts = {}
      for index = 1, select("#", ...) do texts[index] = tostring((select(index, ...))) end
      print(mark .. (gsub(concat(texts, "\\t"), "\\n", "\\0")))
    end
  end
  console = { debug = writer(1), log = writer(2), warn = writer(3), error = writer(4) }
  _G.print = console.log
else
  _G.print, _G.warn = nil, nil
end

local entries = {}

local function find(name)
  for index = 1, #entries do
    if entries[index].name == name then return index end
  end
end

local function accepts(pattern, msg)
  if type(pattern) == "function" then return pattern(msg) end
  for key, wanted in next, pattern do
    local value = rawget(msg, key)
    if type(wanted) == "function" then
      if not wanted(value, msg) then return false end
    elseif value ~= wanted then
      return false
    end
  end
  return true
end

Handlers = {
  add = function(name, pattern, run)
    if run == nil then pattern, run = nil, pattern end
    if type(name) ~= "string" then error("Handlers.add takes a name first", 2) end
    if type(run) ~= "function" then error("Handlers.add takes a function last, for " .. name, 2) end
    if pattern ~= nil and type(pattern) ~= "function" and type(pattern) ~= "table" then
      error("the pattern of " .. name .. " is neither a table nor a function", 2)
    end
    local entry = { name = name, pattern = pattern, run = run }
    local known = find(name)
    if known then entries[known] = entry else insert(entries, entry) end
  end,
  remove = function(name)
    local known = find(name)
    if known then remove(entries, known) end
  end,
}

local reserved = { init = true, ["child-error"] = true, default = true }

local function chosen(kind, action, msg)
  if reserved[kind] then
    local index = find(kind)
    return index and entries[index].run
  end
  local only, names = nil, {}
  for index = 1, #entries do
    local entry = entries[index]
    if entry.pattern ~= nil then
      if accepts(entry.pattern, msg) then return entry.run end
    elseif not reserved[entry.name] then
      if entry.name == action then return entry.run end
      only = only == nil and entry.run or false
    end
    insert(names, entry.name)
  end
  if action == nil and only then return only end
  local index = find("default")
  if index then return entries[index].run end
  fail(format("no handler is for %s; there are: %s", action == nil and "a message without an Action" or tostring(action), concat(names, ", ")))
end

local function dispatch(kind, tag, msg)
  if type(msg) ~= "table" or metatable(msg) == arrayMark then msg = { Data = msg } end
  if rawget(msg, "Action") == nil then msg.Action = tag end
  local action = tag
  if action == nil then action = rawget(msg, "Action") end
  local run = chosen(kind, action, msg)
  if run then return run(msg) end
end

-- What became of it: 0 and a value, 1 and the error of the domain, 2 and a text with its line.
local Told = {}

local function line()
  local level = 3
  while true do
    local info = getinfo(level, "Sl")
    if info == nil then return 0 end
    if info.source == script and info.currentline > 0 then return info.currentline end
    level = level + 1
  end
end

local function located(thrown)
  if type(thrown) == "table" then
    if metatable(thrown) == Failure then return setmetatable({ 1, thrown.value }, Told) end
    return setmetatable({ 1, thrown }, Told)
  end
  return setmetatable({ 2, tostring(thrown), line() }, Told)
end

local function guarded(run, ...)
  local ok, result = xpcall(run, located, ...)
  if ok then return 0, result, 0 end
  if type(result) == "table" and metatable(result) == Told then return result[1], result[2], result[3] or 0 end
  return 2, tostring(result), 0
end

local function call(kind, tag, time, low, high, msg)
  now = time
  if hasRandom then seed(low, high) end
  return guarded(dispatch, kind, tag, msg)
end

return call, guarded
`
