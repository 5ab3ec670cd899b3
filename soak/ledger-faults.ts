// `npm run faults [-- --kills 1000 --seed S --verbose | -- --cuts]`: four validators as four processes are killed with SIGKILL at random moments while
// payments are made: one, one in the middle of its start, two, all at once and back in any order; and two are held (SIGSTOP), so
// that neither half is a quorum. After each: one hash a height, nothing that was told as final is lost, nobody signed against itself,
// and it goes on, within ten seconds where it had stopped. docs/ledger-faults.md has the last figures.

import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { median, table } from '../bench/table.ts'
import { createRandom, type SeededRandom } from '../test/sim/random.ts'
import { cutEverywhere } from './ledger-cuts.ts'
import { createNodes, type Nodes, quorum, type Validator, validatorCount } from './ledger-nodes.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: `${Date.now()}` },
    verbose: { type: 'boolean', default: false },
    cuts: { type: 'boolean', default: false },
  },
})
const kills = Number(values.kills)
/** In which it has to go on once enough are back (issue of the ledger, "Faults"). */
const backMsMax = 10_000
/** A standstill is told after ten seconds (validator/limits.ts, stuckAfterMs). */
const toldMs = 13_000
/** What was under way when a quorum was lost may still arrive. */
const underWayMs = 500

type Kind = 'one' | 'starting' | 'two' | 'missing' | 'all' | 'halves'
interface Figures {
  readonly rounds: Map<Kind, number>
  /** From the start of a process to its vote counting again. */
  readonly voting: number[]
  /** Where a quorum was gone: from the moment at which one is there again, or is released, to the next final block. */
  readonly goesOn: number[]
  /** Of these, over ten seconds on a computer that could not keep up. */
  readonly late: number[]
}

/** Four validators want less than two processors: with this much more to do, time measures the others. */
function isOverloaded(): boolean {
  return (loadavg()[0] ?? 0) > 3 * availableParallelism()
}

const kindsSeldom: readonly Kind[] = ['two', 'two', 'all', 'all', 'starting', 'starting', 'starting', 'halves']

/** Most rounds kill one; every hundredth kill is one that waits for a standstill to be told. */
function kindOf(random: SeededRandom, done: number, told: number): Kind {
  if (done >= 100 * (told + 1) - 60) return 'missing'
  return random.uniform() < 0.6 ? 'one' : random.pick(kindsSeldom)
}

function shuffled(random: SeededRandom, nodes: readonly Validator[]): Validator[] {
  return nodes
    .map((node) => ({ node, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ node }) => node)
}

class Campaign {
  readonly #nodes: Nodes
  readonly #random: SeededRandom
  readonly figures: Figures = { rounds: new Map(), voting: [], goesOn: [], late: [] }

  constructor(nodes: Nodes, random: SeededRandom) {
    this.#nodes = nodes
    this.#random = random
  }

  async round(kind: Kind): Promise<void> {
    const { rounds } = this.figures
    rounds.set(kind, (rounds.get(kind) ?? 0) + 1)
    this.#nodes.about = `${[...rounds.values()].reduce((sum, count) => sum + count, 0)}, ${kind}`
    const chosen = shuffled(this.#random, this.#nodes.validators)
    await this.#moment(400)
    switch (kind) {
      case 'one':
        return this.#one(chosen.slice(0, 1))
      case 'starting':
        return this.#starting(chosen.slice(0, 1))
      case 'two':
        return this.#stopped(chosen.slice(0, 2), this.#random.below(1_500))
      case 'missing':
        return this.#stopped(chosen.slice(0, 2), toldMs)
      case 'all':
        return this.#stopped(chosen, this.#random.below(300))
      case 'halves':
        return this.#halves(chosen.slice(0, 2))
    }
  }

  #moment(belowMs: number): Promise<void> {
    return wait(this.#random.uniform() * belowMs)
  }

  async #one(killed: readonly Validator[]): Promise<void> {
    await this.#kill(killed)
    await this.#moment(600)
    await this.#back(killed)
    await this.#goesOn()
  }

  /** Again before it is there, and once more. */
  async #starting(killed: readonly Validator[]): Promise<void> {
    await this.#kill(killed)
    for (let again = 0; again < 2; again++) {
      for (const node of killed) this.#nodes.start(node)
      await this.#moment(1_200)
      await this.#kill(killed)
    }
    await this.#back(killed)
    await this.#goesOn()
  }

  /** More than may be away: no block becomes final until they are back. */
  async #stopped(killed: readonly Validator[], forMs: number): Promise<void> {
    await Promise.all(killed.map((node) => this.#killSoon(node)))
    await wait(Math.min(underWayMs, forMs))
    const { height } = this.#nodes
    await wait(Math.max(0, forMs - underWayMs))
    if (this.#nodes.height > height) {
      this.#nodes.fail(`${killed.length} of ${validatorCount} were dead, and block ${this.#nodes.height} became final`)
    }
    if (forMs >= toldMs) await this.#tells(killed)
    const { height: before } = this.#nodes
    const isOn = this.#back(killed)
    await this.#nodes.until(() => this.#ready() >= quorum)
    await this.#measured(before)
    await isOn
    await this.#goesOn()
  }

  #ready(): number {
    return this.#nodes.validators.filter(({ isReady }) => isReady).length
  }

  /** A block is final that was not when enough were there again. */
  async #measured(height: number): Promise<void> {
    const sinceMs = performance.now()
    if (!(await this.#nodes.until(() => this.#nodes.height > height))) return
    const tookMs = performance.now() - sinceMs
    this.figures.goesOn.push(tookMs)
    if (tookMs <= backMsMax) return
    if (isOverloaded()) this.figures.late.push(tookMs)
    else this.#nodes.fail(`it took ${(tookMs / 1_000).toFixed(1)} s to go on`)
  }

  async #killSoon(node: Validator): Promise<void> {
    await this.#moment(20)
    await this.#kill([node])
  }

  async #tells(killed: readonly Validator[]): Promise<void> {
    for (const node of this.#nodes.validators) {
      if (killed.includes(node)) continue
      const sentence = (await this.#nodes.report(node))?.stuck ?? ''
      const isTold = killed.every(({ address }) => sentence.includes(address))
      if (!isTold) this.#nodes.fail(`validator ${node.number} does not say who is missing: “${sentence}”`)
    }
  }

  /** Two hear nothing and say nothing, then all of it at once. */
  async #halves(held: readonly Validator[]): Promise<void> {
    for (const node of held) this.#nodes.hold(node)
    await wait(underWayMs)
    const { height } = this.#nodes
    await wait(500 + this.#random.below(2_500))
    if (this.#nodes.height > height) this.#nodes.fail('two of four were held, and a block became final')
    for (const node of held) this.#nodes.release(node)
    await this.#measured(this.#nodes.height)
    await this.#goesOn()
  }

  async #kill(nodes: readonly Validator[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.#nodes.kill(node)))
  }

  async #back(killed: readonly Validator[]): Promise<void> {
    const startedMs = new Map<Validator, number>()
    for (const node of shuffled(this.#random, killed)) {
      startedMs.set(node, performance.now())
      this.#nodes.start(node)
      await this.#moment(100)
    }
    await Promise.all(killed.map((node) => this.#votes(node, startedMs.get(node) ?? 0)))
  }

  /** It has all that it told as final before, and votes. */
  async #votes(node: Validator, sinceMs: number): Promise<void> {
    const { told } = node
    const isVoting = await this.#nodes.until(async () => {
      const found = await this.#nodes.report(node)
      if (found === undefined) return false
      if (found.height < told)
        this.#nodes.fail(`validator ${node.number} told ${told}, and came back at ${found.height}`)
      return found.voting === 'voting'
    })
    if (isVoting) this.figures.voting.push(performance.now() - sinceMs)
    else this.#nodes.fail(`validator ${node.number} does not vote: ${JSON.stringify(await this.#nodes.report(node))}`)
  }

  /** A new block is final everywhere, and nobody is accused. */
  async #goesOn(): Promise<void> {
    const { height, validators } = this.#nodes
    if (!(await this.#nodes.until(() => this.#nodes.height > height))) this.#nodes.fail('it does not go on')
    const isLevel = await this.#nodes.until(() => validators.every(({ told }) => told > height))
    if (!isLevel) this.#nodes.fail(`not everybody came to height ${height + 1}`)
    for (const node of validators) {
      const found = await this.#nodes.report(node)
      if ((found?.evidence ?? 0) > 0) this.#nodes.fail(`validator ${node.number} holds evidence against somebody`)
    }
  }
}

const seconds = (ms: number) => (ms / 1_000).toFixed(2)
const spread = (ms: readonly number[]) => `${seconds(median(ms))} s, ${seconds(Math.max(...ms))} s`

async function run(nodes: Nodes): Promise<boolean> {
  const random = createRandom(`faults/${values.seed}`)
  const campaign = new Campaign(nodes, random)
  const { rounds, voting, goesOn, late } = campaign.figures
  const killed = () => nodes.validators.reduce((sum, node) => sum + node.kills, 0)
  for (const node of nodes.validators) nodes.start(node)
  nodes.pay()
  if (!(await nodes.until(() => nodes.height >= 2))) nodes.fail('it did not begin')
  const beganMs = performance.now()
  let saidMs = beganMs
  while (killed() < kills && nodes.problems.length === 0) {
    await campaign.round(kindOf(random, killed(), rounds.get('missing') ?? 0))
    if (performance.now() - saidMs < 30_000) continue
    saidMs = performance.now()
    console.log(`${killed()} kills, height ${nodes.height}, ${nodes.acknowledged} payments final`)
  }
  const tookMs = performance.now() - beganMs
  await nodes.settle()
  await nodes.compare()
  const counts = [...rounds].map(([kind, count]) => `${count} × ${kind}`).join(', ')
  console.log(
    table(
      ['', 'seen'],
      [
        ['kills', `${killed()} in ${(tookMs / 60_000).toFixed(1)} minutes (${counts})`],
        ['final blocks, payments', `${nodes.height}, ${nodes.acknowledged}`],
        ['from start to voting: median, longest', spread(voting)],
        ['from a quorum being back to the next final block', spread(goesOn)],
        ['of these over 10 s, while the load was over 3 a processor', `${late.length}`],
        ['load of this computer at the end', loadavg()[0]?.toFixed(1) ?? ''],
        ['wrong', `${nodes.problems.length}`],
      ],
    ),
  )
  return nodes.problems.length === 0
}

async function campaign(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-faults-'))
  process.env.NODE_COMPILE_CACHE = join(folder, 'cache')
  console.log(`seed ${values.seed}: npm run faults -- --kills ${kills} --seed ${values.seed}`)
  const nodes = await createNodes(folder, createRandom(`payments/${values.seed}`), values.verbose)
  let isGood = false
  try {
    isGood = await run(nodes)
  } finally {
    nodes.stop()
    if (isGood) rmSync(folder, { recursive: true, force: true })
    else console.log(`the folders are kept: ${folder}`)
  }
  return isGood
}

process.exit((await (values.cuts ? cutEverywhere(values.seed) : campaign())) ? 0 : 1)
