/** A process whose state is in its own memory: `node ledger.ts <port>`. It says its port on the first line. */
import { createServer } from "node:http"
import { make } from "../../src/RemoteServer.ts"

/** Not in any state that it gives. */
interface Ledger {
  readonly balances: Map<string, number>
  booked: number
}

const text = new TextEncoder()

const server = make<Ledger>({
  name: "ledger",
  sha256: "11".repeat(32),
  fresh: () => ({ balances: new Map(), booked: 0 }),
  snapshot: ({ balances, booked }) => text.encode(JSON.stringify({ balances: [...balances], booked })),
  restore: (snapshot) => {
    const { balances, booked } = JSON.parse(new TextDecoder().decode(snapshot)) as {
      readonly balances: ReadonlyArray<readonly [string, number]>
      readonly booked: number
    }
    return { balances: new Map(balances), booked }
  },
  calls: {
    request: async (ledger, { console, params }) => {
      const { amount, hang, owner, thrown } = params as {
        readonly owner: string
        readonly amount: number
        readonly hang?: boolean
        readonly thrown?: boolean
      }
      const balance = (ledger.balances.get(owner) ?? 0) + amount
      ledger.balances.set(owner, balance)
      ledger.booked++
      console({ level: "log", text: `${owner} ${balance}` })
      if (hang === true) await new Promise(() => {})
      if (thrown === true) throw new Error("the disk is full")
      if (balance < 0) return { error: `${owner} has too little` }
      return { state: { last: owner }, response: { balance, booked: ledger.booked } }
    }
  }
})

const http = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    void server
      .handle(request.method ?? "", request.url ?? "", Buffer.concat(chunks).toString())
      .then(({ body, status }) =>
        response.writeHead(status, { "content-type": "application/json" }).end(body)
      )
  })
})
http.listen(Number(process.argv[2]), "127.0.0.1", () => {
  const address = http.address()
  console.log(typeof address === "object" && address !== null ? address.port : "")
})
