// Builds networks from topology.ts and runs real daemons in them.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPeers, type Peer } from '../test/support/daemon.ts'
import type { HomeKind } from './homes.ts'
import { udpBlockRules } from './nat.ts'
import { applyRules, coreCommands, type Home, type Host, homeOf, internet, relayHome, wires } from './topology.ts'

/** One way through one cable. Between two homes a packet and its answer take four times that. */
export const cableMs = 10
const apiPortFirst = 4801
const relayPort = 4001

const tools = fileURLToPath(new URL('../test/support/lab-tools.ts', import.meta.url))
const wire = fileURLToPath(new URL('./wire.py', import.meta.url))
/** A command that runs its last arguments there. */
export const within = (name: string) => ['nsenter', `--net=/run/netns/${name}`]

export function runShell(commands: readonly string[]): void {
  execFileSync('sh', ['-e'], { input: commands.join('\n'), stdio: ['pipe', 'ignore', 'inherit'] })
}

export interface World {
  readonly relays: readonly Peer[]
  /** The `which`th home of a kind, built when it is first asked for. */
  home(kind: HomeKind, which: number): Promise<Home>
  /** A new daemon there, which knows the relays and nobody else. The same person and device each time. */
  start(host: Host): Promise<Peer>
  /** From now on UDP between these networks is dropped in the middle of the internet; none when there are none. */
  blockUdp(networks: readonly string[]): void
  /** Another process there, which goes with the lab. */
  run(name: string, command: readonly string[]): ChildProcess
  /** A temporary folder that goes with the lab. */
  folder(): string
  stop(): Promise<void>
}

class Lab implements World {
  relays: readonly Peer[] = []
  readonly #peers = createPeers()
  readonly #children: ChildProcess[] = []
  readonly #doors = new Map<string, Server>()
  readonly #homes = new Map<string, Home>()
  readonly #keys = new Map<string, string>()
  #networks = 0
  #ports = apiPortFirst

  async open(): Promise<void> {
    runShell(coreCommands())
    const homes = [1, 2].map(() => relayHome(++this.#networks, this.#ports++))
    for (const home of homes) await this.#build(home)
    for (const { hosts } of homes)
      for (const host of hosts) this.relays = [...this.relays, await this.#startRelay(host)]
  }

  folder(): string {
    return this.#peers.folder()
  }

  async home(kind: HomeKind, which: number): Promise<Home> {
    const name = `${kind} ${which}`
    const known = this.#homes.get(name)
    if (known !== undefined) return known
    const home = homeOf(kind, which, { network: ++this.#networks, port: this.#ports })
    this.#ports += home.hosts.length
    this.#homes.set(name, home)
    await this.#build(home)
    return home
  }

  async #build(home: Home): Promise<void> {
    runShell(home.commands)
    await this.#layCable(home.cable)
    for (const host of home.hosts) await this.#openDoor(host)
  }

  async #layCable(cable: number): Promise<void> {
    const child = this.run(wires, ['python3', wire, String(cableMs), String(cable)])
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve())
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`wire.py ended with ${code}`)))
    })
  }

  /** Leads from a port of our loopback to the same port of the host's. */
  async #openDoor({ name, port }: Host): Promise<void> {
    const door = join(this.folder(), 'door')
    this.run(name, [process.execPath, tools, 'door', door, String(port)])
    const server = createServer((socket) => {
      const inner = createConnection(door)
      socket.pipe(inner).pipe(socket)
      socket.on('error', () => inner.destroy())
      inner.on('error', () => socket.destroy())
    })
    this.#doors.set(name, server)
    server.listen(port, '127.0.0.1')
    while (!existsSync(door)) await wait(10)
  }

  run(name: string, command: readonly string[]): ChildProcess {
    const [program = '', ...before] = within(name)
    const child = spawn(program, [...before, ...command], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    return child
  }

  #startRelay(host: Host): Promise<Peer> {
    const listen = host.addresses.flatMap((address) => {
      const ip = `/${address.includes(':') ? 'ip6' : 'ip4'}/${address}`
      return [`${ip}/tcp/${relayPort}`, `${ip}/udp/${relayPort}/udx`]
    })
    return this.#start(host, ['--relay', ...listen.flatMap((address) => ['--listen', address])])
  }

  start(host: Host): Promise<Peer> {
    return this.#start(host, [])
  }

  async #start(host: Host, more: readonly string[]): Promise<Peer> {
    const bootstrap = this.relays.flatMap(({ addresses }) => addresses).flatMap((address) => ['--bootstrap', address])
    const home = this.folder()
    // Relays count by peer id for whom they hold a place, for two hours: new ids each time would use them all up.
    const key = this.#keys.get(host.name)
    if (key !== undefined) copyFileSync(key, join(home, 'keystore.json'))
    const args = ['--port', String(host.port), ...more, ...bootstrap]
    const peer = await this.#peers.start({ home, args, within: within(host.name) })
    if (key === undefined) {
      const kept = join(this.folder(), 'keystore.json')
      copyFileSync(join(home, 'keystore.json'), kept)
      this.#keys.set(host.name, kept)
    }
    return peer
  }

  blockUdp(networks: readonly string[]): void {
    runShell([applyRules(internet, udpBlockRules(networks))])
  }

  async stop(): Promise<void> {
    await this.#peers.stop()
    for (const child of this.#children) child.kill('SIGKILL')
    for (const server of this.#doors.values()) server.close()
  }
}

/** The internet with two relays. */
export async function openWorld(): Promise<World> {
  mkdirSync('/run/peerhood-lab')
  process.env.TMPDIR = '/run/peerhood-lab'
  const lab = new Lab()
  try {
    await lab.open()
  } catch (error) {
    await lab.stop()
    throw error
  }
  return lab
}

export function fileHash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
