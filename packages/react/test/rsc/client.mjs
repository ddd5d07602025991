"use client"
import { Runtime } from "@sluice/core"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import { createElement, useState } from "react"
import { Counter, CounterLive } from "./counter.mjs"

export const Providing = ({ children, snapshot }) => {
  const [runtime] = useState(() => Runtime.make(CounterLive, { hydrate: snapshot, server: true }))
  return createElement(RuntimeProvider, { runtime }, children)
}

export const Count = () => {
  const counter = useModule(Counter)
  return createElement(
    "b",
    null,
    useSelector(counter, ({ count, double }) => `${count} ${double}`)
  )
}
