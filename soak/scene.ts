// The daemons of a soak: started with the monitor, killed and started again, and sampled all the while.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createRandom, type SeededRandom } from '../test/sim/random.ts'
import { createPeers, defaultArgs, type Peer, type Peers } from '../test/support/daemon.ts'
import { type SmallDisk, smallDisk } from '../test/support/small-disk.ts'
import { type Life, sampleOf } from './samples.ts'

export interface Seat {
  readonly name: string
  /** Some live through all of it, so that there is something to say of what they use. */
  readonly killable: boolean
  /** Comes for a while, and takes part in nothing else. */
  readonly visiting: boolean
  /** Where it fetches to; on a small disk for one. */
  readonly to: string
  readonly disk: SmallDisk | undefined
  peer: Peer
  up: boolean
}

interface SeatOptions {
  readonly killable?: boolean
  readonly small?: boolean
  readonly visiting?: boolean
}

export interface Scene {
  readonly peers: Peers
  readonly random: SeededRandom
  readonly seats: readonly Seat[]
  readonly lives: readonly Life[]
  /** What was done, by what it was. */
  readonly events: Map<string, number>
  note(what: string): void
  seat(name: string, options?: SeatOptions): Promise<Seat>
  kill(seat: Seat): Promise<void>
  restart(seat: Seat): Promise<void>
  /** Ends it and takes it out for good. */
  remove(seat: Seat): Promise<void>
  /** Who lives here and is there now. */
  up(): Seat[]
  stop(): Promise<void>
}

const monitor = fileURLToPath(new URL('./monitor.ts', import.meta.url))
export const controlName = 'control'
const sampleEveryMs = 3_000
/** TCP and UDP, so that both are attacked. */
const args = [...defaultArgs, '--listen', '/ip4/127.0.0.1/udp/0/udx']
export const smallDiskMebibytes = 48

export function createScene(seed: string): Scene {
  const peers = createPeers()
  const random = createRandom(seed)
  const seats: Seat[] = []
  const lives: Life[] = []
  const events = new Map<string, number>()
  const reports = peers.folder()
  let isOver = false
  const control = startControl(join(reports, 'control.jsonl'))
  lives.push(control.life)

  const note = (what: string) => void events.set(what, (events.get(what) ?? 0) + 1)

  function begin(name: string, peer: Peer): void {
    const { pid } = peer.process
    if (pid !== undefined) lives.push({ name, pid, monitorFile: join(reports, `${name}.jsonl`), samples: [] })
  }

  const options = (name: string, disk: SmallDisk | undefined) => ({
    args,
    env: {
      NODE_OPTIONS: `--import ${monitor}`,
      PEERHOOD_SOAK_MONITOR: join(reports, `${name}.jsonl`),
      PEERHOOD_LOG: 'info',
    },
    ...(disk === undefined ? {} : { within: disk.within }),
  })

  async function sample(): Promise<void> {
    while (!isOver) {
      for (const life of lives) {
        const found = sampleOf(life.pid)
        if (found !== undefined) life.samples.push(found)
      }
      await wait(sampleEveryMs)
    }
  }
  void sample()

  /** A computer that is overloaded starts nothing in time: that is noted, and tried again. */
  async function patiently<Value>(start: () => Promise<Value>, tries = 3): Promise<Value> {
    try {
      return await start()
    } catch (error) {
      if (!isSlowStart(error) || tries <= 1) throw error
      note('slow start')
      return patiently(start, tries - 1)
    }
  }

  return {
    peers,
    random,
    seats,
    lives,
    events,
    note,
    async seat(name, { killable = false, small = false, visiting = false } = {}) {
      const to = peers.folder()
      const disk = small ? smallDisk(to, smallDiskMebibytes) : undefined
      const home = peers.folder()
      const peer = await patiently(() => peers.start({ ...options(name, disk), home }))
      const seat: Seat = { name, killable, visiting, to, disk, peer, up: true }
      seats.push(seat)
      begin(name, peer)
      return seat
    },
    async kill(seat) {
      seat.up = false
      await seat.peer.kill()
    },
    async restart(seat) {
      seat.peer = await patiently(() => peers.restart(seat.peer, options(seat.name, seat.disk)))
      begin(seat.name, seat.peer)
      seat.up = true
    },
    async remove(seat) {
      seat.up = false
      seats.splice(seats.indexOf(seat), 1)
      await seat.peer.stop()
    },
    up: () => seats.filter(({ up, visiting }) => up && !visiting),
    async stop() {
      isOver = true
      control.stop()
      await peers.stop()
    },
  }
}

/** A process that does nothing: how late its timers are is the computer's doing, and no daemon's. */
function startControl(monitorFile: string): { readonly life: Life; stop(): void } {
  const idle = ['--import', monitor, '--eval', 'setInterval(() => {}, 1_000)', 'start']
  const env = { ...process.env, PEERHOOD_SOAK_MONITOR: monitorFile }
  const child = spawn(process.execPath, idle, { env, stdio: 'ignore' })
  const stop = () => void child.kill('SIGKILL')
  process.on('exit', stop)
  return { life: { name: controlName, pid: child.pid ?? 0, monitorFile, samples: [] }, stop }
}

export function isSlowStart(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('the daemon was not ready in time')
}

export interface BadLine {
  readonly name: string
  readonly code: string
  readonly line: string
}

/** Lines of a daemon's log that tell of a defect: of level error, or an error that nobody caught. */
export function badLines({ name, peer }: Seat): BadLine[] {
  const lines = readFileSync(join(peer.home, 'peerhood.log'), 'utf8').split('\n').filter(Boolean)
  return lines.flatMap((line) => {
    const { level, code } = JSON.parse(line) as { level: string; code: string }
    return level === 'error' || /unhandled|uncaught/.test(code) ? [{ name, code, line: line.slice(0, 600) }] : []
  })
}
