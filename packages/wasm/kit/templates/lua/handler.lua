-- Global tables are the state. What is local is remembered with it, and not shown.
Balances = Balances or {}
local transfers = 0

Handlers.add("mint", function(msg)
  Balances[msg.To] = (Balances[msg.To] or 0) + msg.Qty
end)

Handlers.add("transfer", function(msg)
  if (Balances[msg.From] or 0) < msg.Qty then
    fail("insufficient funds")
  end
  Balances[msg.From] = Balances[msg.From] - msg.Qty
  Balances[msg.To] = (Balances[msg.To] or 0) + msg.Qty
  transfers = transfers + 1
  return { transfers = transfers }
end)
