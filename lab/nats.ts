// `npm run lab -- nats`: whether the emulated routers do what their names say, with plain datagrams and no Peerhood: which
// ports two computers on the internet see, and whose packets get in; and whether Peerhood's doctor finds the same.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { HomeKind } from './homes.ts'
import { startReached, waitFor } from './pairs.ts'
import type { Seen } from './probe.ts'
import type { Steps } from './scenario.ts'
import { relayAddresses } from './topology.ts'
import { type World, within } from './world.ts'

const probe = fileURLToPath(new URL('./probe.ts', import.meta.url))
/** Longer than `short` remembers, shorter than all others do. */
const idleMs = 24_000

interface Behaviour {
  readonly mapping: 'one port' | 'a port for each'
  readonly otherPortIn: boolean
  readonly otherAddressIn: boolean
  readonly remembers: boolean
}

const strict: Behaviour = { mapping: 'one port', otherPortIn: false, otherAddressIn: false, remembers: true }

/** Null: no datagram comes through. */
export const behaviours: Readonly<Record<Exclude<HomeKind, 'lan'>, Behaviour | null>> = {
  public: { ...strict, otherPortIn: true, otherAddressIn: true },
  cone: { ...strict, otherPortIn: true, otherAddressIn: true },
  address: { ...strict, otherPortIn: true },
  port: strict,
  symmetric: { ...strict, mapping: 'a port for each' },
  cgnat: strict,
  short: { ...strict, remembers: false },
  noudp: null,
  ip6: strict,
}

export function behaviourOf({ mapped, otherPortIn, otherAddressIn, afterIdle }: Seen): Behaviour | null {
  if (mapped.includes(null)) return null
  const mapping = new Set(mapped).size === 1 ? 'one port' : 'a port for each'
  return { mapping, otherPortIn, otherAddressIn, remembers: afterIdle }
}

function textOf(behaviour: Behaviour | null): string {
  if (behaviour === null) return 'no datagram comes through'
  const { mapping, otherPortIn, otherAddressIn, remembers } = behaviour
  const lets = otherAddressIn
    ? 'lets anybody in'
    : `lets in the address written to${otherPortIn ? '' : ' from that port'}`
  return `${mapping}; ${lets}; ${remembers ? 'remembers' : 'forgets'} after ${idleMs / 1000} s`
}

export async function natsScenario(world: World, steps: Steps): Promise<void> {
  const [one, two] = [relayAddresses(1), relayAddresses(2)]
  world.run('relay-1', [process.execPath, probe, 'reflector', ...one])
  world.run('relay-2', [process.execPath, probe, 'reflector', ...two])
  const kinds = Object.keys(behaviours) as (keyof typeof behaviours)[]
  const looks = kinds.map(async (kind) => {
    const family = kind === 'ip6' ? 1 : 0
    const [host] = (await world.home(kind, 1)).hosts
    const [command = '', ...before] = [...within(host?.name ?? ''), process.execPath, probe]
    const args = [...before, 'client', one[family] ?? '', two[family] ?? '', String(idleMs)]
    const { stdout } = await promisify(execFile)(command, args)
    return { kind, behaviour: behaviourOf(JSON.parse(stdout)) }
  })
  for (const { kind, behaviour } of await Promise.all(looks)) {
    const isMet = JSON.stringify(behaviour) === JSON.stringify(behaviours[kind])
    steps.check(kind, isMet, textOf(behaviour))
  }
  for (const kind of kinds) await askDoctor(world, kind, steps)
}

/** Peerhood asks its two relays what the probe asked its reflectors. */
async function askDoctor(world: World, kind: keyof typeof behaviours, steps: Steps): Promise<void> {
  const [host] = (await world.home(kind, 1)).hosts
  if (host === undefined) return
  const peer = await startReached(world, host)
  try {
    let finding = ''
    const isFound = async () => {
      const check = (await peer.client.doctor()).checks.find(({ id }) => id === 'udp')
      finding = check?.finding ?? ''
      return check?.state !== 'skipped'
    }
    // Relays name no place of theirs before somebody has reached them there.
    await waitFor(isFound, 60_000)
    steps.check(`the doctor at ${kind}`, findingOf(behaviours[kind]).test(finding), finding)
  } finally {
    await peer.stop()
  }
}

function findingOf(behaviour: Behaviour | null): RegExp {
  if (behaviour === null) return /not come through/
  const { mapping, otherPortIn, otherAddressIn } = behaviour
  const ports = mapping === 'one port' ? '(No router|keeps one port).*' : 'another port.*'
  const lets = otherAddressIn ? 'from anybody' : otherPortIn ? 'from computers' : 'only from ports'
  return new RegExp(`${ports}${lets}`)
}
