// A line between two peers that lets only so much through: a TCP port in front of another one. What comes back from
// there waits at the gate until the test allows it; so a transfer is as far as the test says, on any machine.

import { createConnection, createServer, type Socket } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'

export interface Gate {
  /** Multiaddr to dial instead of the one behind the gate. */
  readonly address: string
  /** Lets so many more bytes through, all connections together. */
  allow(bytes: number): void
  /** Lets everything through from now on. */
  open(): void
  close(): Promise<void>
}

export async function createGate(target: string): Promise<Gate> {
  const { port, peerId } = readAddress(target)
  const sockets = new Set<Socket>()
  const pumps = new Set<() => void>()
  let credit = 0

  const server = createServer({ noDelay: true }, (near) => {
    const far = createConnection({ host: '127.0.0.1', port, noDelay: true })
    const pump = () => {
      while (credit > 0 && far.readableLength > 0) {
        const chunk: Buffer = far.read(Math.min(credit, far.readableLength))
        credit -= chunk.length
        near.write(chunk)
      }
    }
    near.pipe(far)
    far.on('readable', pump)
    pumps.add(pump)
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        pumps.delete(pump)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = server.address()
  if (own === null || typeof own === 'string') throw new Error('the gate has no port')

  const allow = (bytes: number) => {
    credit += bytes
    for (const pump of pumps) pump()
  }
  return {
    address: `/ip4/127.0.0.1/tcp/${own.port}/p2p/${peerId}`,
    allow,
    open: () => allow(Number.POSITIVE_INFINITY),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function readAddress(address: string): { port: number; peerId: string } {
  const parts = multiaddr(address).getComponents()
  const partOf = (name: string) => parts.find((part) => part.name === name)?.value ?? ''
  return { port: Number(partOf('tcp')), peerId: partOf('p2p') }
}
