import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toPeerhoodError } from '../base/errors.ts'
import { parseLink } from '../content/format/link.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import { formatCommunityLink, formatRequestLink, parseCommunityLink, parseRequestLink } from './invite-link.ts'
import type { CommunityAccess } from './types.ts'

const community = 'ab'.repeat(32) as CommunityId
const peers = [
  { peerId: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5' as PeerId, addresses: ['/ip4/10.0.0.1/tcp/1'] },
]

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return toPeerhoodError(error).code
  }
  return 'none'
}

test('a request link says what it was made of, in any case', () => {
  const link = { community, name: 'Allotment', peers }
  const text = formatRequestLink(link)
  assert.deepEqual(parseRequestLink(text), link)
  assert.deepEqual(parseRequestLink(` ${text.toUpperCase().replace('PEERHOOD:', 'peerhood:')}\n`), link)
  assert.deepEqual(parseRequestLink(formatRequestLink({ ...link, name: undefined })), { ...link, name: undefined })
  // A name that is too long, or can't be shown, is left out: it is a hint.
  assert.equal(parseRequestLink(formatRequestLink({ ...link, name: 'x'.repeat(65) })).name, undefined)
  assert.equal(parseRequestLink(formatRequestLink({ ...link, name: 'a\u202eb' })).name, undefined)
})

test('a request link is taken for no other kind, and no other kind for it', () => {
  const text = formatRequestLink({ community, name: undefined, peers })
  const access = new Uint8Array(32) as CommunityAccess
  const keep = formatCommunityLink({ kind: 'keep', community, access, peers })
  const invite = formatCommunityLink({
    ...{ kind: 'invite', community, access, peers },
    ...{ seed: new Uint8Array(32).fill(1), name: undefined },
  })
  for (const run of [
    () => parseCommunityLink(text),
    () => parseLink(text),
    () => parseRequestLink(keep),
    () => parseRequestLink(invite),
  ]) {
    assert.equal(codeOf(run), 'link_elsewhere')
  }
  assert.equal(
    codeOf(() => parseRequestLink(text.slice(0, -5))),
    'link_cut_off',
  )
  assert.equal(
    codeOf(() => parseRequestLink('peerhood:')),
    'link_cut_off',
  )
})
