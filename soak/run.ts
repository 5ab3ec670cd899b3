// `npm run soak [-- --minutes 10 --seed S --peers 6 --attack 100 --json FILE]`: daemons that share, fetch, talk, are killed,
// run out of disk and are flooded, for ten real minutes; afterwards nothing that was acknowledged may be missing, and nothing
// may have grown. `npm run soak -- --sim --seeds N`: the hour in the simulator's clock. docs/soak.md.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { until } from '../test/e2e/support.ts'
import { assertFlat, soakSwarm, soakVillage } from '../test/sim/soak.ts'
import { chatter, connectAll, diskFiller, type Ledger, reaper, type Stage, sharer, textsOf, visitor } from './actors.ts'
import type { Victims } from './attacker.ts'
import { printReport, reportOf } from './report.ts'
import { badLines, createScene, type Scene } from './scene.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now()) },
    peers: { type: 'string', default: '6' },
    attack: { type: 'string', default: '100' },
    json: { type: 'string' },
    sim: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '5' },
  },
})

process.exitCode = (await (values.sim ? simulate(Number(values.seeds)) : soak())) ? 0 : 1

async function simulate(seeds: number): Promise<boolean> {
  let failures = 0
  for (let number = 0; number < seeds; number++) {
    const seed = seeds === 1 ? values.seed : `${values.seed}/${number}`
    for (const [name, run] of [
      ['swarm', soakSwarm],
      ['community', soakVillage],
    ] as const) {
      const startMs = performance.now()
      try {
        const { virtualMinutes, counts, events } = await run(seed)
        assertFlat(counts)
        const tookS = ((performance.now() - startMs) / 1_000).toFixed(1)
        console.log(`ok ${name} ${seed}: ${virtualMinutes.toFixed(0)} minutes in ${tookS} s, ${said(events)}`)
      } catch (error) {
        failures++
        console.log(`FAILED ${name}: ${error instanceof Error ? error.stack : String(error)}`)
        console.log(`  replay: npm run soak -- --sim --seeds 1 --seed ${seed}`)
      }
    }
  }
  return failures === 0
}

const said = (events: ReadonlyMap<string, number>) =>
  [...events].map(([what, times]) => `${times} × ${what}`).join(', ')

async function soak(): Promise<boolean> {
  const scene = createScene(values.seed)
  console.log(
    `seed ${values.seed}, ${values.peers} peers, ${values.minutes} minutes, ${values.attack} attacks a second`,
  )
  try {
    return await play(scene)
  } finally {
    await scene.stop()
  }
}

async function play(scene: Scene): Promise<boolean> {
  const count = Math.max(3, Number(values.peers))
  for (let number = 0; number < count; number++) {
    await scene.seat(`peer-${number}`, {
      killable: number % 2 === 1 && number < count - 1,
      small: number === count - 1,
    })
  }
  const community = await beginCommunity(scene)
  const end = new AbortController()
  const ledger: Ledger = { sent: new Set(), transfersDone: 0, problems: [] }
  const stage: Stage = { scene, ledger, community, ending: end.signal }
  const startedMs = Date.now()
  const attack = startAttack(scene)
  setTimeout(() => end.abort(), Number(values.minutes) * 60_000)
  await Promise.all([chatter(stage), sharer(stage), reaper(stage), visitor(stage), diskFiller(stage)])
  const attacked = await attack.stop()

  await settle(stage)
  const report = reportOf({
    seed: values.seed,
    minutes: (Date.now() - startedMs) / 60_000,
    lives: scene.lives,
    events: scene.events,
    attacks: attacked,
    sent: ledger.sent.size,
    transfers: ledger.transfersDone,
    problems: ledger.problems,
    badLines: scene.seats.flatMap(badLines),
  })
  printReport(report)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
  return report.ok
}

/** Everybody in one community, and connected. */
async function beginCommunity(scene: Scene): Promise<string> {
  const [founder, ...others] = scene.seats
  if (founder === undefined) throw new Error('there is nobody')
  const { id } = await founder.peer.client.communities.found({ name: 'Soak', memberName: founder.name })
  for (const { name, peer } of others) {
    const { link } = await founder.peer.client.communities.invite(id)
    await peer.client.communities.join({ link, memberName: name })
    await connectAll(scene.seats, peer)
  }
  return id
}

function startAttack(scene: Scene): { stop(): Promise<Readonly<Record<string, number>>> } {
  // Those that keep their ports; others have new ones after each restart.
  const victims = scene.seats
    .filter(({ killable }) => !killable)
    .map(({ peer }) => ({ addresses: peer.addresses, api: peer.api }))
  const orders: Victims = { seed: values.seed, rate: Number(values.attack), victims }
  const program = fileURLToPath(new URL('./attacker.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => child.kill('SIGKILL'))
  let told = ''
  child.stdout.on('data', (chunk) => {
    told += String(chunk)
  })
  return {
    async stop() {
      if (child.exitCode === null) {
        const gone = once(child, 'close')
        child.kill('SIGTERM')
        await gone
      }
      return told === '' ? {} : (JSON.parse(told) as Record<string, number>)
    },
  }
}

/** Peace: whoever is here has to come to all that was acknowledged. */
async function settle({ scene, ledger, community }: Stage): Promise<void> {
  for (const seat of scene.seats) {
    try {
      if (!seat.up) await scene.restart(seat)
    } catch (error) {
      ledger.problems.push(`${seat.name} does not start: ${String(error)}`)
    }
  }
  for (const { peer } of scene.up()) await connectAll(scene.up(), peer)
  for (const { name, peer } of scene.up()) {
    const lacking = async () => {
      const texts = await textsOf(peer, community)
      return [...ledger.sent].filter((text) => !texts.has(text))
    }
    try {
      await until(`${name} has all messages`, async () => (await lacking()).length === 0, 90_000)
    } catch {
      const lost = await lacking()
      ledger.problems.push(`${name} lacks ${lost.length} messages that were acknowledged, such as “${lost[0]}”`)
    }
  }
}
