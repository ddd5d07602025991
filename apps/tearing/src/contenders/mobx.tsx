import { makeAutoObservable } from "mobx"
import { observer } from "mobx-react-lite"
import { start } from "../app.tsx"

class Counter {
  count = 0
  constructor() {
    makeAutoObservable(this)
  }
  increment() {
    this.count++
  }
  double() {
    this.count *= 2
  }
}

const counter = new Counter()
const actions = { increment: () => counter.increment(), double: () => counter.double() }

start({
  useCount: () => counter.count,
  useIncrement: () => actions.increment,
  useDouble: () => actions.double,
  observer
})
