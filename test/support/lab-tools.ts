// What the network lab (network-lab.ts) runs inside its namespaces, each as a process of its own:
//   door <unix socket> <port>                 leads from the socket, which every namespace sees, to the port on this loopback
//   nat <port> <outside address> <delay ms>   a home router: what its LAN sends to that port of any address goes on as if the
//                                             router had sent it, after the delay; nobody gets in from outside

import { createConnection, createServer, type Socket } from 'node:net'

const [role, where = '', target = '', delay = '0'] = process.argv.slice(2)
if (role === 'door')
  createServer((socket) => join(socket, createConnection(Number(target), '127.0.0.1'), 0)).listen(where)
else createServer((socket) => translate(socket, target, Number(delay))).listen(Number(where), '0.0.0.0')

// Ends with the process that made the lab, however that ends.
process.stdin.on('close', () => process.exit()).resume()

/** The lab's routes hand every packet of the LAN to the router itself, so the socket's own address is where it was going. */
function translate(socket: Socket, outside: string, delayMs: number): void {
  const { localAddress: host, localPort: port } = socket
  if (host === undefined || port === undefined || host === outside) socket.destroy()
  else join(socket, createConnection({ host, port, localAddress: outside }), delayMs)
}

function join(one: Socket, other: Socket, delayMs: number): void {
  carry(one, other, delayMs)
  carry(other, one, delayMs)
}

/** Timers of one length end in the order in which they began. What is on its way is bounded by the peers' windows. */
function carry(from: Socket, to: Socket, delayMs: number): void {
  const later = (run: () => void) => (delayMs === 0 ? run() : setTimeout(run, delayMs))
  from.setNoDelay(true)
  from.on('data', (chunk) => later(() => to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('error', () => to.destroy())
}
