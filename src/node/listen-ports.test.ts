import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePorts, keepListenPorts, readListenPorts, withPorts } from './listen-ports.ts'
import { temporaryHome } from './testing.ts'

const peer = '/p2p/12D3KooWXbAYtRdKjEmUGkV5vVbWXpjJbDXq2pYqkVYqB5hTfDnJ'

test('what any free port became is asked for again, each port once', (t) => {
  const path = join(temporaryHome(t).folder, 'ports.json')
  keepListenPorts(path, {}, [
    `/ip4/127.0.0.1/tcp/4101${peer}`,
    `/ip4/127.0.0.1/tcp/4102/ws${peer}`,
    `/ip4/127.0.0.1/udp/4103/udx${peer}`,
  ])
  const ports = readListenPorts(path)
  assert.deepEqual(ports, { 'ip4/tcp': 4101, 'ip4/ws': 4102, 'ip4/udx': 4103 })
  const listen = [
    '/ip4/0.0.0.0/tcp/0',
    '/ip4/0.0.0.0/tcp/0/ws',
    '/ip4/0.0.0.0/udp/0/udx',
    '/ip6/::/udp/0/udx',
    '/ip4/127.0.0.1/tcp/0',
    '/ip4/127.0.0.1/tcp/9',
  ]
  assert.deepEqual(withPorts(listen, ports), [
    '/ip4/0.0.0.0/tcp/4101',
    '/ip4/0.0.0.0/tcp/4102/ws',
    '/ip4/0.0.0.0/udp/4103/udx',
    '/ip6/::/udp/0/udx',
    '/ip4/127.0.0.1/tcp/0',
    '/ip4/127.0.0.1/tcp/9',
  ])
})

test('addresses of routers and relays name no port of ours', (t) => {
  const path = join(temporaryHome(t).folder, 'ports.json')
  keepListenPorts(path, {}, [`/ip4/198.51.100.7/tcp/999${peer}`, `/ip4/127.0.0.1/tcp/4001${peer}/p2p-circuit${peer}`])
  assert.equal(existsSync(path), false)
})

test('a damaged file means any port', (t) => {
  const path = join(temporaryHome(t).folder, 'ports.json')
  for (const text of ['{', '{"ip4/tcp":0}', '{"ip4/tcp":"4001"}', '{"other":1}', '[]']) {
    writeFileSync(path, text)
    assert.deepEqual(readListenPorts(path), {})
  }
})

test('a port that another program has is given up', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  assert.deepEqual(await freePorts({ 'ip4/tcp': port }), {})
  await new Promise((resolve) => server.close(resolve))
  assert.deepEqual(await freePorts({ 'ip4/tcp': port }), { 'ip4/tcp': port })
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '0.0.0.0', resolve))
  const { port: udp } = socket.address()
  assert.deepEqual(await freePorts({ 'ip4/udx': udp }), {})
  await new Promise<void>((resolve) => socket.close(resolve))
  assert.deepEqual(await freePorts({ 'ip4/udx': udp }), { 'ip4/udx': udp })
})
