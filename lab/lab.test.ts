import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scopeOfIp } from '../src/network/addresses.ts'
import { allKinds, allPairs, expectationOf, homeKinds, parsePair } from './homes.ts'
import { directMedianMsMax, judge, matrixText, median, pairText, summarize } from './matrix.ts'
import { natRules, udpBlockRules } from './nat.ts'
import { behaviourOf } from './nats.ts'
import type { Measured, Side } from './pairs.ts'
import { Steps, stepText } from './scenario.ts'
import { homeOf, publicAddress, publicAddress6, readdressCommands, relayHome } from './topology.ts'

const side: Side = { path: 'direct', transport: 'udp', address: null, reachability: 'relayed', sentence: null }
const measured: Measured = {
  a: 'port',
  b: 'symmetric',
  connectedMs: 200,
  firstByteMs: 300,
  directMs: 800,
  doneMs: 500,
  met: false,
  firstPath: 'relayed',
  sides: { a: side, b: side },
  problem: null,
}

test('every two kinds of homes make one pair, and lan one with itself', () => {
  const others = allKinds.length - 1
  const pairs = allPairs()
  assert.equal(pairs.length, (others * (others + 1)) / 2 + 1)
  const names = pairs.map(({ a, b }) => [a, b].sort().join())
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(allPairs(['port', 'lan']), [
    { a: 'port', b: 'port' },
    { a: 'lan', b: 'lan' },
  ])
})

test('pairs are read from the command line', () => {
  assert.deepEqual(parsePair('port,cone'), [{ a: 'port', b: 'cone' }])
  assert.equal(parsePair('noudp').length, allKinds.length - 1)
  assert.deepEqual(parsePair('lan'), [{ a: 'lan', b: 'lan' }])
  for (const wrong of ['', 'toString', 'cone,', 'cone,port,port', 'lan,port']) assert.throws(() => parsePair(wrong))
})

test('only what nobody could open may stay on a relay', () => {
  const relayed = allPairs().filter((pair) => expectationOf(pair).path === 'any')
  const isExcused = (a: string, b: string) =>
    (a === 'symmetric' && b === 'symmetric') ||
    ((a === 'noudp' || b === 'noudp') && a !== 'public' && b !== 'public') ||
    (a === 'ip6') !== (b === 'ip6')
  assert.deepEqual(
    relayed,
    allPairs().filter(({ a, b }) => isExcused(a, b)),
  )
  assert.equal(expectationOf({ a: 'symmetric', b: 'port' }).path, 'direct')
})

test('addresses of the lab count as public, and no two networks share a block', () => {
  const networks = Array.from({ length: 40 }, (_, index) => index + 1)
  for (const network of networks) {
    assert.equal(scopeOfIp(publicAddress(network, 2)), 'public')
    assert.equal(scopeOfIp(publicAddress6(network, 1, 2)), 'public')
  }
  assert.equal(new Set(networks.map((network) => publicAddress(network, 2).split('.')[0])).size, networks.length)
})

test('a home is a router with hosts behind it; only public computers have none', () => {
  for (const kind of allKinds) {
    const home = homeOf(kind, 1, { network: 7, port: 4900 })
    assert.equal(home.hosts.length, kind === 'lan' ? 2 : 1, homeKinds[kind])
    assert.equal(home.router === undefined, kind === 'public')
    const made = home.commands.filter((command) => command.startsWith('ip netns add '))
    assert.equal(made.length, home.hosts.length + (kind === 'public' ? 0 : kind === 'cgnat' ? 2 : 1))
    assert.equal(new Set(home.commands).size, home.commands.length, 'no command twice')
  }
  assert.equal(relayHome(1, 4900).hosts[0]?.addresses.length, 2)
})

test('routers differ by their rules', () => {
  const base = { inside: '192.168.1.2', mapping: 'independent', filtering: 'port', udp: true } as const
  const strict = natRules(base)
  assert.doesNotMatch(strict, /dnat to|random|contacted/)
  assert.match(natRules({ ...base, mapping: 'random' }), /masquerade random,fully-random/)
  assert.match(natRules({ ...base, filtering: 'none' }), /iifname "wan" meta l4proto udp dnat to 192\.168\.1\.2/)
  assert.match(natRules({ ...base, filtering: 'address' }), /ip saddr \. udp dport @contacted dnat to 192\.168\.1\.2/)
  assert.match(natRules({ ...base, udp: false }), /^meta l4proto udp drop$/m)
  assert.match(
    udpBlockRules(['1.0.0.0/24', '2.0.0.0/24']),
    /ip saddr \{ 1\.0\.0\.0\/24, 2.* \} ip daddr \{ 1.*udp drop/,
  )
  assert.doesNotMatch(udpBlockRules([]), /drop/)
})

test('the address goes before the new one comes, else the new one goes with it', () => {
  const [first = '', second = ''] = readdressCommands(homeOf('port', 1, { network: 7, port: 4900 }), 2, 3)
  assert.match(first, /addr del 17\.7\.0\.2/)
  assert.match(second, /addr add 17\.7\.0\.3/)
})

test('what datagrams show is put into words of NATs', () => {
  const seen = { mapped: [5, 5, 5], address: '11.1.0.2', otherPortIn: false, otherAddressIn: false, afterIdle: true }
  assert.equal(behaviourOf(seen)?.mapping, 'one port')
  assert.equal(behaviourOf({ ...seen, mapped: [5, 6, 7] })?.mapping, 'a port for each')
  assert.equal(behaviourOf({ ...seen, mapped: [5, null, 5] }), null)
})

test('a pair is judged by its file, and by its path where that can be had', () => {
  assert.deepEqual(judge(measured), { isMet: true, note: null })
  const relayed = { ...measured, directMs: null }
  assert.deepEqual(judge(relayed), { isMet: false, note: 'must become direct' })
  const excused = judge({ ...relayed, a: 'symmetric' })
  assert.deepEqual([excused.isMet, excused.note], [true, 'relayed is all right: both mappings depend on the endpoint'])
  assert.equal(judge({ ...measured, a: 'symmetric', problem: 'Nobody has it.' }).isMet, false)
  assert.equal(judge({ ...measured, doneMs: null }).isMet, false)
})

test('a summary has the medians, and all goals in one word', () => {
  assert.equal(median([]), null)
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  const slow = { ...measured, directMs: directMedianMsMax + 1 }
  const direct: Measured = { ...measured, a: 'public', b: 'public', firstPath: 'direct', directMs: 9_000 }
  const summary = summarize([measured, direct])
  assert.deepEqual([summary.directMedianMs, summary.openedMedianMs, summary.isMet], [800, 600, true])
  assert.equal(summarize([slow]).isMet, false, 'too late')
  assert.equal(summarize([{ ...measured, directMs: null }]).isMet, false)
})

test('the matrix has a cell for each pair that was measured', () => {
  const lines = matrixText([measured, { ...measured, a: 'symmetric', directMs: null }]).split('\n')
  assert.deepEqual(lines[0]?.trim().split(/\s+/), ['port', 'symmetric'])
  assert.deepEqual(lines[2]?.split(/\s+/), ['symmetric', '0.80', 'relay'])
  assert.match(matrixText([{ ...measured, directMs: null }]), /relay!/)
  assert.match(matrixText([{ ...measured, connectedMs: null, directMs: null, doneMs: null }]), /none!/)
})

test('a pair is told with its times and what both sides say', () => {
  const text = pairText({ ...measured, sides: { a: side, b: { ...side, sentence: 'A hole was punched.' } } })
  assert.match(text, /^ok +port → symmetric +direct +connected 0\.20 +first byte 0\.30 +direct 0\.80 +done 0\.50$/m)
  assert.match(text, /symmetric: direct by udp, reached: relayed\. A hole was punched\./)
})

test('steps are told as they happen, and one that fails fails them all', async () => {
  const told: string[] = []
  const steps = new Steps((step) => told.push(stepText(step)))
  assert.equal(await steps.reach('there', async () => true, 1_000, performance.now()), true)
  assert.equal(steps.isMet, true)
  assert.equal(await steps.reach('never', async () => false, 0), false)
  steps.check('right', true, 'it is')
  assert.equal(steps.isMet, false)
  assert.deepEqual(told, ['ok   there: after 0.00 s', 'FAIL never: not within 0.00 s', 'ok   right: it is'])
})
