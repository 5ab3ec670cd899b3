// What requests to the gateway ask for, and what is refused before any block is looked at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../../base/errors.ts'
import { parseCid } from '../cid.ts'
import { contentType, disposition } from './headers.ts'
import { folderPage } from './listing.ts'
import { matchesEtag, parseRequest } from './request-core.ts'

const cid = 'bafybeifpnamuiw6i5e3hnoyb4hv4gfhxhb4cpt6gr7pr37hjpz7zmuenmy'
const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code
const parse = (url: string, accept?: string) => parseRequest({ url, accept, cacheControl: undefined })

test('paths, formats and parameters as the specifications have them', () => {
  const file = parse(`/ipfs/${cid}/a%20b/%C3%A9.txt?download=true&filename=x.txt`)
  assert.deepEqual([file.path, file.format, file.isFolderUrl, file.download], [['a b', 'é.txt'], 'unixfs', false, true])
  assert.equal(file.filename, 'x.txt')
  assert.ok(parse(`/ipfs/${cid}/`).isFolderUrl)
  assert.equal(parse(`/ipfs/${cid}?format=raw`, 'application/vnd.ipld.car').format, 'raw')
  const car = parse(
    `/ipfs/${cid}?entity-bytes=-5:*&car-dups=y`,
    'application/vnd.ipld.car; version=1; order=unk; dups=n',
  )
  assert.deepEqual(car.scope, { scope: 'entity', bytes: { from: -5, to: undefined }, dups: true })
  assert.deepEqual([car.order, car.isNegotiated], ['unk', true])
  assert.equal(parse(`/ipfs/${cid}`, 'text/html,application/xhtml+xml,*/*;q=0.8').format, 'unixfs')
  assert.equal(parse(`/ipfs/${cid}`, 'image/webp,application/x-tar').format, 'unixfs')
  // CIDs of version 0, and in other bases.
  assert.equal(parse('/ipfs/QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n').root.version, 0)
  assert.ok(parse(`/ipfs/${parseCid(cid).toString().toUpperCase().replace(/^B/, 'B')}`).root.equals(parseCid(cid)))
})

test('what is malformed or not made here is refused with its code', () => {
  const cases: [string, string, string?][] = [
    ['gateway_not_here', '/'],
    ['gateway_not_here', '/api/status'],
    ['gateway_not_here', '/ipns/example.org'],
    ['gateway_not_here', '/ipfs/'],
    ['cid_malformed', '/ipfs/nonsense'],
    ['cid_malformed', `/ipfs/${cid}x`],
    ['cid_unsupported', '/ipfs/bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'],
    ['gateway_request_wrong', `/ipfs/${cid}/a%2Fb`],
    ['gateway_request_wrong', `/ipfs/${cid}/a%00`],
    ['gateway_request_wrong', `/ipfs/${cid}/%ff`],
    ['gateway_request_wrong', `/ipfs/${cid}/a?format=raw`],
    ['gateway_format_unknown', `/ipfs/${cid}?format=tar`],
    ['gateway_format_unknown', `/ipfs/${cid}`, 'application/x-tar'],
    ['gateway_request_wrong', `/ipfs/${cid}?format=car&dag-scope=some`],
    ['gateway_request_wrong', `/ipfs/${cid}?format=car&entity-bytes=a:b`],
    ['gateway_request_wrong', `/ipfs/${cid}?format=car&car-version=2`],
    ['gateway_request_wrong', `/ipfs/${cid}?format=car&car-order=bfs`],
    ['gateway_request_wrong', `/ipfs/${cid}`, 'application/vnd.ipld.car;dups=maybe'],
  ]
  for (const [code, url, accept] of cases) assert.throws(() => parse(url, accept), withCode(code), `${url} ${accept}`)
})

test('whatever is asked, a path has names only', () => {
  const codes = [
    'gateway_not_here',
    'gateway_request_wrong',
    'gateway_format_unknown',
    'cid_malformed',
    'cid_unsupported',
  ]
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }), (rest, accept) => {
      try {
        const { path } = parse(`/ipfs/${cid}/${rest}`, accept)
        for (const name of path) assert.ok(name !== '' && !/[/\0]/.test(name))
      } catch (error) {
        assert.ok(isPeerhoodError(error) && codes.includes(error.code), String(error))
      }
    }),
    { seed: 12, numRuns: 2_000 },
  )
})

test('tags are compared weakly, types come from names, names break out of nothing', () => {
  assert.ok(matchesEtag('"a", W/"b"', '"b"') && matchesEtag('*', '"x"') && !matchesEtag('"a"', '"b"'))
  assert.equal(contentType('page.HTML', new Uint8Array()), 'text/html; charset=utf-8')
  assert.equal(contentType('', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)), 'image/png')
  assert.equal(contentType('readme', Buffer.from('<script>')), 'text/plain; charset=utf-8')
  assert.equal(contentType('constructor', Uint8Array.of(0)), 'application/octet-stream')
  assert.equal(contentType('x.constructor', Uint8Array.of(0)), 'application/octet-stream')
  assert.equal(
    disposition('inline', 'testтест.pdf'),
    `inline; filename="test____.pdf"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.pdf`,
  )
  assert.equal(disposition('attachment', '../a"\r\nx: y'), 'attachment; filename="a___x: y"')
  const page = folderPage('/ipfs/x', [{ name: '"><script>alert(1)</script>', cid: parseCid(cid) }], true)
  assert.doesNotMatch(page, /<script|"><s/)
})
