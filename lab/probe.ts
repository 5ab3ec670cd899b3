// Plain datagrams for `npm run lab -- nats`, each role a process in a namespace of the lab:
//   reflector <address> …                  at each address answers from three ports, and knocks where it is told to
//   client <address> <other> <idle ms>     asks two reflectors how it is seen and who gets in; prints that as JSON

import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export const ports = [5001, 5002, 5003] as const
const answerMs = 400

interface Place {
  readonly address: string
  readonly port: number
}

/** What a reflector is asked: where do you see me; or: let that one (its address and port) knock at this place. */
interface Question {
  readonly knockFrom?: Place
  readonly at?: Place
}

interface Answer extends Partial<Place> {
  readonly knock?: true
}

export interface Seen {
  /** The ports seen by one port of the first address, another port of it, and the other address; null: no answer. */
  readonly mapped: readonly (number | null)[]
  readonly address: string | null
  /** Who got in besides the one that was written to: another port of its address, another address. */
  readonly otherPortIn: boolean
  readonly otherAddressIn: boolean
  /** Whether the one that was written to still gets in after the pause. */
  readonly afterIdle: boolean
}

const [role, ...rest] = process.argv.slice(2)
if (role === 'reflector') for (const address of rest) reflect(address)
if (role === 'client') {
  const [first = '', other = '', idleMs = '0'] = rest
  console.log(JSON.stringify(await look(first, other, Number(idleMs))))
  process.exit(0)
}
// Ends with the process that made the lab, however that ends.
if (role !== undefined) process.stdin.on('close', () => process.exit()).resume()

function open(address: string, port: number): Socket {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  socket.bind(port, address)
  return socket
}

function reflect(address: string): void {
  const sockets = new Map(ports.map((port) => [port as number, open(address, port)]))
  for (const socket of sockets.values()) {
    socket.on('message', (bytes, from) => {
      const { knockFrom, at }: Question = JSON.parse(String(bytes))
      if (knockFrom === undefined || at === undefined) {
        socket.send(JSON.stringify({ address: from.address, port: from.port }), from.port, from.address)
      } else if (knockFrom.address === address) {
        sockets.get(knockFrom.port)?.send(JSON.stringify({ knock: true }), at.port, at.address)
      } else {
        socket.send(String(bytes), ports[0], knockFrom.address)
      }
    })
  }
}

async function look(first: string, other: string, idleMs: number): Promise<Seen> {
  const socket = createSocket(isIPv6(first) ? 'udp6' : 'udp4')
  const ask = async (to: Place, question: Question): Promise<Answer | undefined> => {
    const controller = new AbortController()
    const answer = new Promise<Answer>((resolve) => {
      socket.once('message', (bytes) => resolve(JSON.parse(String(bytes))))
    })
    socket.send(JSON.stringify(question), to.port, to.address)
    const late = wait(answerMs, undefined, { signal: controller.signal }).catch(() => undefined)
    const found = await Promise.race([answer, late])
    controller.abort()
    socket.removeAllListeners('message')
    return found ?? undefined
  }
  const known = { address: first, port: ports[0] }
  const seen = await ask(known, {})
  const at = { address: seen?.address ?? '', port: seen?.port ?? 0 }
  const knock = async (from: Place) => seen !== undefined && (await ask(known, { knockFrom: from, at }))?.knock === true
  const otherPortIn = await knock({ address: first, port: ports[2] })
  const otherAddressIn = await knock({ address: other, port: ports[0] })
  const more = [await ask({ address: first, port: ports[1] }, {}), await ask({ address: other, port: ports[0] }, {})]
  // Asked through another socket, so that this one stays quiet.
  const quiet = createSocket(isIPv6(first) ? 'udp6' : 'udp4')
  const arrived = new Promise<boolean>((resolve) => socket.once('message', () => resolve(true)))
  await wait(idleMs)
  quiet.send(JSON.stringify({ knockFrom: known, at }), ports[0], first)
  const afterIdle = seen !== undefined && (await Promise.race([arrived, wait(answerMs, false)]))
  const mapped = [seen, ...more].map((answer) => answer?.port ?? null)
  return { mapped, address: seen === undefined ? null : at.address, otherPortIn, otherAddressIn, afterIdle }
}
