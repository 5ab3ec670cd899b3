import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IpfsJob, IpfsStatus } from '../../../../src/sdk/types.ts'
import {
  type BringForm,
  carHref,
  cidIn,
  gatewayHref,
  jobBadge,
  jobFacts,
  jobName,
  requestOf,
  shareText,
  sortJobs,
  spokenJob,
  statusText,
} from './core.ts'

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

const job = (change: Partial<IpfsJob>): IpfsJob => ({
  ...{ id: 'a', kind: 'get', state: 'running', cid, path: null, bytes: 0, bytesDone: 0, bytesReused: 0, files: 0 },
  ...{ left: 0, shareId: null, shareCid: null, startedAtMs: 0, endedAtMs: null, problem: null },
  ...change,
})

const facts = (change: Partial<IpfsJob>) => jobFacts(job(change)).filter((fact) => fact !== '')

test('a job is called as on disk, or by what was asked for', () => {
  assert.equal(jobName(job({ path: '/home/ada/photos' })), 'photos')
  assert.equal(jobName(job({})), 'bafybeigdyrzt5…y55fbzdi')
  assert.equal(jobName(job({ kind: 'import', cid: null })), 'A CAR file')
})

test('a job tells its state and its figures', () => {
  assert.equal(jobBadge(job({ kind: 'export' })).text, 'Packing')
  assert.deepEqual(jobBadge(job({ state: 'failed' })), { text: 'Failed', tone: 'bad' })
  assert.deepEqual(facts({}), [])
  assert.deepEqual(facts({ bytes: 2_000_000, bytesDone: 500_000, files: 3 }), [
    '500 KB of 2 MB found so far',
    '3 files',
  ])
  assert.deepEqual(facts({ state: 'done', bytes: 9, bytesDone: 9, bytesReused: 4, left: 1 }), [
    '9 B',
    '4 B were here already',
    '1 symbolic link left out',
  ])
  assert.match(spokenJob(job({ bytes: 100, bytesDone: 60 })), /: Arriving, 50 percent$/)
  assert.match(spokenJob(job({ state: 'done', bytes: 1, bytesDone: 1 })), /: Done$/)
})

test('what became of it as a share: under its own CID, or another', () => {
  assert.equal(shareText(job({})), '')
  assert.equal(shareText(job({ shareId: 's', shareCid: cid })), 'It is a public share of yours now.')
  assert.match(shareText(job({ shareId: 's', shareCid: 'bafkother' })), /under another CID \(bafkother\)/)
})

test('what is under way comes first, then the newest', () => {
  const jobs = [
    job({ id: 'old', state: 'done' }),
    job({ id: 'new', state: 'failed', startedAtMs: 9 }),
    job({ id: 'on' }),
  ]
  assert.deepEqual(
    sortJobs(jobs).map(({ id }) => id),
    ['on', 'new', 'old'],
  )
})

test('the form becomes a request once something is named', () => {
  const empty: BringForm = { kind: 'get', cid: '', file: '', from: '', to: '', name: '', share: true }
  assert.equal(requestOf(empty, '/downloads'), undefined)
  assert.equal(requestOf({ ...empty, cid }, ''), undefined)
  assert.deepEqual(requestOf({ ...empty, cid: ` ipfs://${cid}/ ` }, '/downloads'), {
    ...{ kind: 'get', cid, to: '/downloads', share: true },
  })
  assert.deepEqual(requestOf({ ...empty, cid, from: '/ip4/1.2.3.4/tcp/1/p2p/x', name: 'a', to: '/b' }, '/downloads'), {
    ...{ kind: 'get', cid, to: '/b', name: 'a', from: '/ip4/1.2.3.4/tcp/1/p2p/x', share: true },
  })
  // What stands in the fields of the other kind is not sent along.
  assert.deepEqual(
    requestOf({ ...empty, kind: 'import', file: '/a.car', cid, from: 'x', share: false }, '/downloads'),
    {
      ...{ kind: 'import', file: '/a.car', to: '/downloads', share: false },
    },
  )
})

test('a CID is found in the addresses that people copy', () => {
  for (const text of [cid, `ipfs://${cid}`, `/ipfs/${cid}`, `https://ipfs.io/ipfs/${cid}/`])
    assert.equal(cidIn(text), cid)
  assert.equal(cidIn(`ipfs://${cid}/a/b`), `${cid}/a/b`)
})

test('addresses at the gateway', () => {
  assert.equal(gatewayHref('http://127.0.0.1:8080/', 'bafk'), 'http://127.0.0.1:8080/ipfs/bafk')
  assert.equal(
    carHref('http://127.0.0.1:8080', 'bafk', 'a & b'),
    'http://127.0.0.1:8080/ipfs/bafk?format=car&download=true&filename=a%20%26%20b.car',
  )
})

test('how IPFS is reached, in sentences', () => {
  const off: IpfsStatus = { gateway: null, publicDht: null, blocksSent: 0, bytesSent: 0, bytesReceived: 0, peers: [] }
  assert.match(statusText(off), /^The gateway is off: .* name a peer that has what you want\.$/)
  const on = { ...off, gateway: 'http://127.0.0.1:8080', publicDht: { peers: 1, provided: 2, roots: 3 }, bytesSent: 5 }
  assert.equal(
    statusText(on),
    'The gateway is at http://127.0.0.1:8080. In the public IPFS DHT: 1 peer, 2 of 3 public shares told. 5 B went out and 0 B came in since Peerhood started.',
  )
})
