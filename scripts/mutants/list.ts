/** One small break of the code or more for each rule of the contract. */

export interface Mutant {
  readonly rule: string
  /** What is no longer so. */
  readonly breaks: string
  /** From the workspace's root. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly search: string
  readonly replace: string
}

/** The file's text with the break. Throws if it is not clear where. */
export const apply = ({ breaks, file, rule, search, replace }: Mutant, text: string): string => {
  const found = text.split(search).length - 1
  if (found === 1) return text.replace(search, () => replace)
  throw new Error(
    `The mutant of ${rule} "${breaks}" finds its text ${found} times in ${file}, not once. Change its search in scripts/mutants/list.ts to what stands there now.`
  )
}

const core = (name: string) => `packages/core/src/${name}.ts`

export const mutants: ReadonlyArray<Mutant> = [
  {
    rule: "T1",
    breaks: "$.state in a body writes to its window",
    file: core("Parts"),
    search: "return this.window as BodyWindow<S> | undefined",
    replace: "return undefined"
  },
  {
    rule: "T1",
    breaks: "a batch is one transaction of all its reducers",
    file: core("Entries"),
    search: "next = step(next, action)\n      Transaction.refusePromise",
    replace: "next = step(state, action)\n      Transaction.refusePromise"
  },
  {
    rule: "T2",
    breaks: "a body that suspends is refused",
    file: core("Window"),
    search: 'if (running.exit === undefined) throw window.suspended("effect")',
    replace: "if (running.exit === undefined) return"
  },
  {
    rule: "T2",
    breaks: "what a window's fibers write after it closed is refused",
    file: core("Body"),
    search:
      'return scheduler instanceof WindowScheduler && scheduler.state !== "open" && scheduler.owns(fiber)',
    replace: "return scheduler === undefined"
  },
  {
    rule: "T2",
    breaks: "a Promise is refused",
    file: core("Transaction"),
    search: "if (!isPromiseLike(value)) return",
    replace: "return"
  },
  {
    rule: "T3",
    breaks: "one notification a commit",
    file: core("Transaction"),
    search: "\n      this.tell(origin, previous, next, context)\n",
    replace:
      "\n      this.tell(origin, previous, next, context)\n      this.tell(origin, previous, next, context)\n"
  },
  {
    rule: "T3",
    breaks: "after a listener that throws the others are told",
    file: core("Subscription"),
    search: "listener.notify(next)\n      } catch (error) {\n",
    replace: "listener.notify(next)\n      } catch (error) {\n        return this.failed(error)\n"
  },
  {
    rule: "T4",
    breaks: "a state that is refused leaves the one before",
    file: core("Transaction"),
    search: "if (next !== previous) next = this.settle(origin, previous, next)",
    replace: "this.state = next\n      if (next !== previous) next = this.settle(origin, previous, next)"
  },
  {
    rule: "T5",
    breaks: "an entry made while a commit is told waits for its turn",
    file: core("Transaction"),
    search: "return this.busy === 0 && (",
    replace: "return this.busy >= 0 || ("
  },
  {
    rule: "T5",
    breaks: "an entry made in an open transaction is refused",
    file: core("Admission"),
    search: "if (open !== undefined) throw Transaction.inTransaction(gate.instanceId, origin, open)",
    replace: ""
  },
  {
    rule: "T5",
    breaks: "a serial handler holds its instance",
    file: core("Serial"),
    search: "    host.busy |= Transaction.Busy.first\n",
    replace: ""
  },
  {
    rule: "T5",
    breaks: "what came while a serial handler computed runs when it ends",
    file: core("Serial"),
    search: "    Transaction.Kernel.takeTurns(apart)\n",
    replace: ""
  },
  {
    rule: "T5",
    breaks: "a serial handler's result waits while devtools show another moment",
    file: core("Serial"),
    search: "if (asked === undefined || host.busy !== Transaction.Busy.first) return",
    replace: "if (asked === undefined) return"
  },
  {
    rule: "T8",
    breaks: "a dispatcher that is interrupted lets go of the instance that its handler holds",
    file: core("Serial"),
    search: "return Effect.onInterrupt(entering, () => entry?.abandon ?? Effect.void)",
    replace: "return entering"
  },
  {
    rule: "T1",
    breaks: "in a batch a handler is told what reducers have made of its drafts",
    file: core("HandlerPort"),
    search: "keeper.drafted(state, undefined)",
    replace: ""
  },
  {
    rule: "T5",
    breaks: "a handler is told what another handler of its instance has made of the state",
    file: core("HandlerPort"),
    search: "carry(instance, draft, next, own)",
    replace: ""
  },
  {
    rule: "T9",
    breaks: "what a handler keeps for its draft belongs to the completed state",
    file: core("HandlerPort"),
    search: "const from = isOwn ? this.lastDraft : before",
    replace: "const from = before"
  },
  {
    rule: "T6",
    breaks: "what a body forked does not start after a rollback",
    file: core("Body"),
    search: 'scheduler.state = "discarded"',
    replace: 'scheduler.state = "released"'
  },
  {
    rule: "T6",
    breaks: "afterCommit starts after the commit",
    file: core("Window"),
    search: "for (const { effect, services } of after ?? none) host.fork(",
    replace: "for (const { effect, services } of (after ?? none).slice(1)) host.fork("
  },
  {
    rule: "T7",
    breaks: "N is strictly increasing",
    file: core("Transaction"),
    search: "const n = ++this.txn",
    replace: "const n = (this.txn = this.version + 1)"
  },
  {
    rule: "T7",
    breaks: "what a handler enters has its transaction as cause",
    file: core("Admission"),
    search: "return cause === undefined ? plainContext : { ...plainContext, cause, span: spanOf(fiber) }",
    replace: "return plainContext"
  },
  {
    rule: "T8",
    breaks: "an interrupted dispatcher leaves its lines",
    file: core("Admission"),
    search: "return Effect.sync(end)",
    replace: "return Effect.void"
  },
  {
    rule: "T9",
    breaks: "a derived field is computed again when what it read has changed",
    file: core("Derivation"),
    search: "      if ((node.reads & this.changed) !== 0 || (",
    replace: "      if (node.reads < 0 && ("
  },
  {
    rule: "T10",
    breaks: "a state is held against its schema",
    file: core("Parts"),
    search: "const issue = issueOf(schema, state)",
    replace: "const issue = undefined"
  },
  {
    rule: "T9",
    breaks: "a snapshot leaves derived fields out",
    file: core("Snapshot"),
    search: "{ value: withoutFields(outcome.value, derivedFields(def)) }",
    replace: "outcome"
  },
  {
    rule: "T10",
    breaks: "a snapshot holds the encoded side",
    file: core("Snapshot"),
    search: "codecOf(def.schema).encode(state)",
    replace: "{ value: state }"
  },
  {
    rule: "T10",
    breaks: "hydrated states are decoded, or refused with their path",
    file: core("Snapshot"),
    search: "return valueOf(decode(given.state), instanceId, entry)",
    replace: "return given.state"
  },
  {
    rule: "T10",
    breaks: "what begins hydrated is refused as a whole",
    file: core("Hydration"),
    search: "for (const { address } of instances) this.kept.delete(addressKey(address))",
    replace: "continue"
  },
  {
    rule: "T10",
    breaks: "a payload from a service is held against its schema",
    file: core("Entries"),
    search: "if (issue === undefined) return\n    const error = new InvalidPayload",
    replace: "if (issue !== null) return\n    const error = new InvalidPayload"
  },
  {
    rule: "T11",
    breaks: "all are committed before anyone is told",
    file: core("Transaction"),
    search: "      kernel.state = next\n      kernel.version++\n    }\n",
    replace:
      "      kernel.state = next\n      kernel.version++\n      kernel.tell(origin, previous, next, context)\n    }\n"
  },
  {
    rule: "T11",
    breaks: "all or none",
    file: core("Transaction"),
    search: "if (next !== previous) next = kernel.settle(origin, previous, next)",
    replace: "if (next !== previous) kernel.state = next = kernel.settle(origin, previous, next)"
  },
  {
    rule: "T11",
    breaks: "each has a number of its own",
    file: core("Transaction"),
    search: "      kernel.txn++\n",
    replace: ""
  },
  {
    rule: "C1",
    breaks: "a flow opened in a setup receives the kept actions",
    file: core("Delivery"),
    search: "consumer.seed(",
    replace: "void ("
  },
  {
    rule: "C1",
    breaks: "actions are kept until every setup has ended",
    file: core("Instance"),
    search: "if (running.size > 0 || scope !== this.scope) return",
    replace: ""
  },
  {
    rule: "C2",
    breaks: "every matching consumer gets the action",
    file: core("Delivery"),
    search: "if (!consumer.matches(delivery)) continue\n        consumer.push(delivery, ticket)",
    replace:
      "if (!consumer.matches(delivery)) continue\n        if (consumer.size > 1) continue\n        consumer.push(delivery, ticket)"
  },
  {
    rule: "C2",
    breaks: "the actions of a batch come in their order",
    file: core("Delivery"),
    search: "else route.push(delivery)",
    replace: "else route.unshift(delivery)"
  },
  {
    rule: "C2",
    breaks: "what is passed over is counted",
    file: core("Channel"),
    search: "this.skipped[reason] = (this.skipped[reason] ?? 0) + 1",
    replace: "this.skipped[reason] = 1"
  },
  {
    rule: "C3",
    breaks: "a caller waits while a matching consumer is full",
    file: core("Delivery"),
    search: "!consumer.hasRoom(1) &&",
    replace: "!consumer.hasRoom(0) &&"
  },
  {
    rule: "C3",
    breaks: "first come, first served",
    file: core("Channel"),
    search: "if (this.line.size === 0) this.grant(caller, claim)",
    replace: "this.grant(caller, claim)"
  },
  {
    rule: "C4",
    breaks: "an entry that would close a circle of waits is let in",
    file: core("Waits"),
    search: "return stuck.has(caller)",
    replace: "return false"
  },
  {
    rule: "C4",
    breaks: "only an entry in a circle is let in",
    file: core("Waits"),
    search: "return stuck.has(caller)",
    replace: "return true"
  },
  {
    rule: "C5",
    breaks: "a Promise waits until its deliveries have slots",
    file: core("Waiter"),
    search: "this.missing.set(consumer, (this.missing.get(consumer) ?? 0) + 1)",
    replace: ""
  },
  {
    rule: "C5",
    breaks: "the ingress has one warning at ten times the capacity",
    file: core("Delivery"),
    search: "this.warned.add(consumer)",
    replace: ""
  },
  {
    rule: "C6",
    breaks: "a failing handler does not end its flow",
    file: core("Runner"),
    search: "if (Exit.isFailure(exit)) this.instance",
    replace: "if ((this.stopped = Exit.isFailure(exit))) this.instance"
  },
  {
    rule: "C7",
    breaks: "waiting callers are told that the instance closed",
    file: core("Instance"),
    search: "for (const refuse of waiting) refuse()",
    replace: ""
  },
  {
    rule: "C7",
    breaks: "actions that were undelivered are counted",
    file: core("Delivery"),
    search: "if (consumer !== this.kept) undelivered += left",
    replace: "undelivered = left"
  },
  {
    rule: "C8",
    breaks: "a held slot is in the gauge",
    file: core("Channel"),
    search: "depth: this.depth + this.held,",
    replace: "depth: this.depth,"
  },
  {
    rule: "O1",
    breaks: "what was overwritten is counted",
    file: core("Trace"),
    search: "return Math.max(0, this.recorded - this.capacity)",
    replace: "return Math.max(0, this.recorded - this.capacity - 1)"
  },
  {
    rule: "O2",
    breaks: "every n-th entry is sampled",
    file: core("Trace"),
    search: "if (++this.sinceSample < this.every) {",
    replace: "if (++this.sinceSample <= this.every) {"
  },
  {
    rule: "O2",
    breaks: "one clock read a task",
    file: core("Trace"),
    search: "this.taskTime = this.host.now()",
    replace: "if (this.taskTime === 0) return this.host.now()"
  },
  {
    rule: "O3",
    breaks: "events of an entry carry its cause",
    file: core("Delivery"),
    search: "cause: delivery.traced?.cause,",
    replace: "cause: undefined,"
  },
  {
    rule: "O4",
    breaks: "a sink is told each event once",
    file: core("Trace"),
    search: "        this.sinks.set(sink, this.recorded)\n",
    replace: ""
  },
  {
    rule: "O5",
    breaks: "a span has the span of its caller as parent",
    file: core("Spans"),
    search: "parent: Option.fromUndefinedOr(parent),",
    replace: "parent: Option.none(),"
  }
]
