// A little internet: hosts with public addresses on one bridge, and homes behind routers that translate addresses, each a
// network namespace. Made with `ip` alone; only for a process that has namespaces of its own (alone.ts).

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../e2e/support.ts'
import { createPeers, type Peer, type Peers } from './daemon.ts'

/** Everybody listens here: the routers of the lab translate this port alone. */
const peerPort = 4001
/** What the shell does before the lab: a bridge that is the internet, and a place for the names of namespaces. */
export const labSetUp = `mount -t tmpfs none /run && ip link set lo up
ip link add name internet type bridge && ip link set internet up`

export interface Host {
  readonly name: string
  readonly address: string
  /** Port of its API on its own loopback, and through a door on ours. */
  readonly port: number
}

export interface Lab {
  /** A temporary folder that goes with the lab. */
  folder(): string
  /** A host that anyone reaches. `address` is on 11.0.0.0/24. */
  onInternet(name: string, address: string): Host
  /** A host that reaches others but drops whoever wants to reach it. */
  firewalled(name: string, address: string): Host
  /** A host behind a router of its own, whose outside address is `outside`, and which holds everything up for `delayMs`. */
  atHome(name: string, outside: string, delayMs?: number): Host
  start(host: Host, args?: readonly string[]): Promise<Peer>
}

const tools = fileURLToPath(new URL('./lab-tools.ts', import.meta.url))
const within = (name: string) => ['nsenter', `--net=/run/netns/${name}`]

function ip(...args: string[]): void {
  execFileSync('ip', args)
}

let cables = 0

/** Lays a cable from `name`, whose end gets the address, to `to`, or to the bridge; returns the name of that other end. */
function plug(name: string, link: string, address: string, to?: { name: string; address: string }): string {
  const [near, far] = [`near${++cables}`, `far${cables}`]
  ip('link', 'add', 'name', far, 'type', 'veth', 'peer', 'name', near)
  attach(near, name, link, address)
  if (to === undefined) ip('link', 'set', far, 'master', 'internet', 'up')
  else attach(far, to.name, 'lan', to.address)
  return far
}

function attach(device: string, name: string, link: string, address: string): void {
  ip('link', 'set', device, 'netns', name)
  ip('-n', name, 'link', 'set', device, 'name', link)
  ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', link)
  ip('-n', name, 'link', 'set', link, 'up')
}

/** What comes from the LAN counts as sent to the router itself, wherever it was going, so that lab-tools.ts gets it. */
function translating(router: string, outside: string): void {
  ip('-n', router, 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', 'local')
  ip('-n', router, 'route', 'add', 'local', outside, 'dev', 'lo', 'table', '100')
  for (const [from, table] of [
    ['lo', 'main'],
    ['lan', 'local'],
    ['wan', '100'],
  ] as const) {
    ip('-n', router, 'rule', 'add', 'pref', '1', 'iif', from, 'lookup', table)
  }
  ip('-n', router, 'rule', 'del', 'pref', '0')
}

/** How many packets of that host found no way out: at a firewalled one, answers to those who tried to connect. */
export function answersDropped(name: string): number {
  const [command = '', ...before] = within(name)
  const table = execFileSync(command, [...before, 'cat', '/proc/net/snmp'], { encoding: 'utf8' })
  const [names, values] = table.split('\n').filter((line) => line.startsWith('Ip:'))
  const column = names?.split(' ').indexOf('OutNoRoutes') ?? -1
  return Number(values?.split(' ')[column])
}

class NetworkLab implements Lab {
  readonly #peers: Peers = createPeers()
  readonly #tools: ChildProcess[] = []
  readonly #doors: Server[] = []
  readonly #namespaces: string[] = []
  readonly #plugged: string[] = []
  #hosts = 0

  folder(): string {
    return this.#peers.folder()
  }

  onInternet(name: string, address: string): Host {
    this.#namespace(name)
    this.#plugged.push(plug(name, 'wan', address))
    return this.#host(name, address)
  }

  firewalled(name: string, address: string): Host {
    const host = this.onInternet(name, address)
    // Answers from the listening port find no way out, so a handshake never ends.
    ip('-n', name, 'rule', 'add', 'pref', '1', 'iif', 'lo', 'ipproto', 'tcp', 'sport', `${peerPort}`, 'blackhole')
    ip('-n', name, 'rule', 'add', 'pref', '2', 'lookup', 'local')
    ip('-n', name, 'rule', 'del', 'pref', '0')
    return host
  }

  atHome(name: string, outside: string, delayMs = 0): Host {
    const router = `${name}-router`
    const [address, gateway] = [`192.168.${this.#hosts + 1}.2`, `192.168.${this.#hosts + 1}.1`]
    this.#namespace(name)
    this.onInternet(router, outside)
    plug(name, 'lan', address, { name: router, address: gateway })
    ip('-n', name, 'route', 'add', 'default', 'via', gateway)
    translating(router, outside)
    this.#run(router, 'nat', String(peerPort), outside, String(delayMs))
    return this.#host(name, address)
  }

  async start(host: Host, args: readonly string[] = []): Promise<Peer> {
    const home = this.#peers.folder()
    const door = join(home, 'door')
    this.#run(host.name, 'door', door, String(host.port))
    const server = createServer((socket) => {
      const inner = createConnection(door)
      socket.pipe(inner).pipe(socket)
      socket.on('error', () => inner.destroy())
      inner.on('error', () => socket.destroy())
    })
    this.#doors.push(server)
    server.listen(host.port, '127.0.0.1')
    await until('the door to open', () => existsSync(door))
    const listen = ['--listen', `/ip4/${host.address}/tcp/${peerPort}`, '--no-mdns', '--no-upnp']
    return this.#peers.start({ args: [...listen, '--port', String(host.port), ...args], within: within(host.name) })
  }

  async stop(): Promise<void> {
    await this.#peers.stop()
    for (const end of this.#plugged) ip('link', 'del', end)
    for (const name of this.#namespaces) ip('netns', 'del', name)
    for (const tool of this.#tools) tool.kill('SIGKILL')
    for (const server of this.#doors) server.close()
  }

  #namespace(name: string): void {
    ip('netns', 'add', name)
    ip('-n', name, 'link', 'set', 'lo', 'up')
    this.#namespaces.push(name)
  }

  #host(name: string, address: string): Host {
    return { name, address, port: 4801 + this.#hosts++ }
  }

  #run(name: string, ...args: string[]): void {
    const [command = '', ...before] = within(name)
    this.#tools.push(
      spawn(command, [...before, process.execPath, tools, ...args], { stdio: ['pipe', 'ignore', 'inherit'] }),
    )
  }
}

/** Goes with the test, and everything in it. */
export function networkLab(t: TestContext): Lab {
  const lab = new NetworkLab()
  t.after(() => lab.stop())
  return lab
}
