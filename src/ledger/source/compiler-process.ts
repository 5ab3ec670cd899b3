// The process that a compiler runs in: nothing else is in it, and it ends with one answer. On standard input: the length of the
// compiler's text (u32), that text, and the input. On standard output: the version, a line's end, and what the compiler says.
//
// A compiler is a program that a person was given, and a source may be made to keep it busy. So Node's permissions let this process
// read no file and start nothing (compiler.ts), and the compiler runs in a context that has no object of this one: nothing in it
// leads to Node. Whoever started this kills it when it takes too long; should that one be gone by then, it ends by itself, after
// the milliseconds that its one argument says.

import { createContext, Script } from 'node:vm'

async function everything(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const given = await everything()
const end = 4 + given.readUInt32BE(0)
const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: true } })
const timeout = Number(process.argv[2])
const run = (code: string): unknown => new Script(code).runInContext(context, { timeout })
run(given.toString('utf8', 4, end))
const version = run(`Module.cwrap('solidity_version', 'string', [])()`)
const input = JSON.stringify(given.toString('utf8', end))
// Without callbacks: it can ask for no file that is not in the input.
const said = run(`Module.cwrap('solidity_compile', 'string', ['string', 'number', 'number'])(${input}, 0, 0)`)
// Whatever it returns, only texts leave.
if (typeof version !== 'string' || typeof said !== 'string') process.exit(1)
process.stdout.write(`${version.split('\n')[0]}\n${said}`)
