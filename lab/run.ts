// `npm run lab`: real daemons behind emulated routers, pair by pair; see docs/lab.md. Exit codes: 0 all as it must be, 1 not,
// 2 usage, 77 it can't run here.

import { parseArgs } from 'node:util'
import { endOfLab, isInside, runInside, whyNot } from './alone.ts'
import { allPairs, expectationOf, parsePair } from './homes.ts'
import { idleScenario } from './idle.ts'
import { judge, kindsText, matrixText, pairText, summarize, summaryText } from './matrix.ts'
import { natsScenario } from './nats.ts'
import { measureAll } from './pairs.ts'
import { Steps, stepText } from './scenario.ts'
import { transferScenario } from './transfer.ts'
import { cableMs, openWorld, type World } from './world.ts'

const usage = `Usage: npm run lab -- [matrix | transfer | idle | nats] [options]

  matrix      pairs of homes: direct or relayed, and how fast (the default)
  transfer    200 MB while paths die and come back, and the address changes
  idle        a quiet minute behind routers that forget after 20 seconds
  nats        whether the routers do what their names say

Options:
  --pairs a,b     only that pair, or with one name all pairs with it; may be repeated
  --json          print JSON, an object a line
  --keep          go on running at the end, for a look inside, until Ctrl-C

Homes:
${kindsText()}`

interface Options {
  readonly mode: string
  readonly pairs: readonly string[]
  readonly json: boolean
  readonly keep: boolean
}

const scenarios = { transfer: transferScenario, idle: idleScenario, nats: natsScenario } as const
const skippedCode = 77

function readOptions(args: readonly string[]): Options {
  const options = {
    pairs: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    keep: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
  const [mode = 'matrix', ...more] = positionals
  if (values.help) end(usage, 0)
  if (more.length > 0 || (mode !== 'matrix' && !Object.hasOwn(scenarios, mode))) end(usage, 2)
  const { pairs = [], json = false, keep = false } = values
  pairs.forEach(parsePair)
  return { mode, pairs, json, keep }
}

function end(text: string, code: number): never {
  console.log(text)
  process.exit(code)
}

async function runMatrix(world: World, { pairs: texts, json, keep }: Options, signal: AbortSignal): Promise<boolean> {
  const pairs = texts.length > 0 ? texts.flatMap(parsePair) : allPairs()
  const all = await measureAll(world, pairs, {
    isLikely: (pair) => expectationOf(pair).path === 'direct',
    tell: (measured) =>
      console.log(json ? JSON.stringify({ event: 'pair', ...measured, ...judge(measured) }) : pairText(measured)),
    keep,
    signal,
  })
  const summary = summarize(all)
  console.log(
    json ? JSON.stringify({ event: 'summary', ...summary }) : `\n${matrixText(all)}\n\n${summaryText(summary)}`,
  )
  return summary.isMet
}

async function runScenario(world: World, mode: keyof typeof scenarios, json: boolean): Promise<boolean> {
  const steps = new Steps((step) => console.log(json ? JSON.stringify({ event: 'step', ...step }) : stepText(step)))
  await scenarios[mode](world, steps)
  return steps.isMet
}

async function inside(options: Options): Promise<number> {
  const signal = endOfLab()
  const ended = new Promise<'ended'>((resolve) => signal.addEventListener('abort', () => resolve('ended')))
  const { mode, json, keep } = options
  const world = await openWorld()
  try {
    if (!json) console.log(`Two relays are up; each cable takes ${cableMs} ms.\n`)
    const run = mode === 'matrix' ? runMatrix(world, options, signal) : runScenario(world, mode as 'transfer', json)
    const isMet = await Promise.race([run, ended])
    if (keep && isMet !== 'ended') await ended
    return isMet === true ? 0 : isMet === 'ended' ? 130 : 1
  } finally {
    await world.stop()
  }
}

async function outside(args: readonly string[], { keep }: Options): Promise<number> {
  const reason = whyNot()
  if (reason === undefined) return runInside(import.meta.filename, args, { keep })
  console.log(`The lab is skipped. ${reason}`)
  return skippedCode
}

const args = process.argv.slice(2)
try {
  const options = readOptions(args)
  process.exit(await (isInside ? inside(options) : outside(args, options)))
} catch (error) {
  console.error(error instanceof Error ? (isInside ? error.stack : error.message) : error)
  process.exit(isInside ? 1 : 2)
}
