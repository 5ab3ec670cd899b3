import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Agreement, Copy, CopyKeeper, ShareCopies } from '../../../../src/sdk/types.ts'
import { agreedName, agreedText, aliveText, aliveTone, keeperText, numberChoices, standingBadge } from './core.ts'

const copy = (standing: Copy['standing'], label: string): Copy => ({
  peerId: '12D3KooWAbcdefghijklmnop',
  label,
  standing,
  sentence: '',
  sequence: 1,
  blocks: 1,
  placedMs: 0,
  provenMs: null,
})
const copiesOf = (copies: number, ...where: Copy[]): ShareCopies => ({
  shareId: 'photos',
  copies,
  alive: where.filter(({ standing }) => standing === 'alive').length,
  sentence: '',
  where,
})

test('a share says how many copies are alive, and where', () => {
  const two = copiesOf(3, copy('alive', 'nas'), copy('alive', ''), copy('lost', 'attic'))
  assert.equal(aliveText(two), '2 of 3 copies alive: nas, 12D3Ko…klmnop')
  assert.equal(aliveText(copiesOf(1)), '0 of 1 copy alive')
  assert.equal(aliveText(copiesOf(0)), undefined)
  assert.equal(aliveText(undefined), undefined)
})

test('what is missing and not on its way is a warning', () => {
  assert.equal(aliveTone(copiesOf(1, copy('alive', 'nas'))), 'good')
  assert.equal(aliveTone(copiesOf(2, copy('alive', 'nas'), copy('behind', 'attic'))), 'calm')
  assert.equal(aliveTone(copiesOf(2, copy('alive', 'nas'), copy('lost', 'attic'))), 'warn')
  assert.equal(standingBadge(copy('unproven', '')).tone, 'bad')
})

test('keepers and agreements in a line each', () => {
  const keeper: CopyKeeper = { peerId: 'p', label: 'nas', state: 'here', bytesFree: 2e9, copies: 1, seenMs: 0 }
  assert.equal(keeperText(keeper), 'here, 2 GB free for you')
  assert.equal(keeperText({ ...keeper, state: 'lost' }), 'not reached')
  const agreement: Agreement = {
    person: 'did:key:z',
    words: ['able', 'baker', 'cat'],
    name: '',
    bytesMax: 5e10,
    bytes: 1e9,
    copies: 1,
    sinceMs: 0,
    askedMs: null,
  }
  assert.equal(agreedName(agreement), 'Somebody (able baker)')
  assert.equal(agreedText(agreement), '1 GB of 50 GB in 1 share')
  assert.equal(numberChoices[0]?.label, 'None')
  assert.equal(numberChoices.at(-1)?.label, '16 copies')
})
