// `peerhood ledger`, against in-memory services.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startApi, type TestApi } from '../../../test/support/api.ts'
import { runIn } from '../../../test/support/cli.ts'
import type { Ledger } from '../../sdk/types.ts'
import { textToWei, weiToText } from '../coin.ts'

let api: TestApi
let folder = ''
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerhood-ledger-'))
  api = await startApi()
  await api.client.communities.found({ name: 'Village', memberName: 'Ada' })
})
after(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

const run = (...args: readonly string[]) => runIn(api.client, ['ledger', ...args], { workFolder: folder })

test('found, status, validators, balance', async () => {
  assert.match((await run('status')).stdout, /^ledger +none\n/)
  assert.equal((await run('balance')).code, 2)
  const founded = await run('found', '--coin', 'BREAD', '--supply', '1000', '--block-time', '250')
  assert.equal(founded.code, 0, founded.stderr)
  assert.match(founded.stdout, /coin BREAD\n[\s\S]*trusted mode[\s\S]*\nWallets on this computer ask it at http/)
  assert.equal((await run('found')).code, 5, 'one a community')
  assert.match(
    (await run('status')).stdout,
    /\nheight +0, last block .*\nvalidators +1 of 1 online, 1 have to agree\nturn +this computer\n/,
  )
  assert.match(
    (await run('validators')).stdout,
    /^ADDRESS +WHOSE +DECIDES.*\n0x[0-9a-f]{40} +Ada \(this computer\) +yes +yes +yes +yes\n/,
  )
  assert.equal((await run('balance')).stdout, '12.5 BREAD\n')
  assert.match((await run('balance', '--all')).stdout, /Ada \(you\) +12\.5 BREAD\n/)
  const [ledger] = (await run('status', '--community', 'Village', '--json')).json<Ledger>()
  assert.equal(ledger?.chain?.trusted, true)
})

test('offers, pages that may ask, and what makes no sense', async () => {
  assert.equal((await run('validators', '--offer')).code, 0)
  assert.match((await run('rpc', '--allow', 'https://a.example')).stdout, /\npages +https:\/\/a\.example\n/)
  assert.match((await run('rpc', '--forbid', 'https://a.example')).stdout, /\npages +none from the web\n/)
  assert.match(
    (await run('settings', '--mode', 'light', '--keep', '500')).stdout,
    /^mode +light: .*\nkept +500 blocks\n/,
  )
  assert.match((await run('settings', '--mode', 'full', '--keep', 'all')).stdout, /\nkept +everything\n/)
  for (const args of [
    ['settings', '--keep', '5'],
    ['validators', '--offer', '--withdraw'],
    ['found', '--supply', '-1'],
    ['found', '--quota', '5'],
    ['found', '--block-time', '1'],
    ['check'],
    ['prove'],
  ]) {
    assert.equal((await run(...args)).code, 2, args.join(' '))
  }
  assert.equal((await run('status', '--community', 'Nowhere')).code, 4)
})

test('members, and which chain is used', async () => {
  const members = await run('members')
  assert.match(members.stdout, /^2 accounts transact free\.\n\nADDRESS +WHOSE +STATE +WHAT THAT MEANS\n0x.* member /)
  assert.match(members.stdout, /\n0x[0-9a-f]{40} +Ada \(you\) +member +Transacts free\.\n/)
  assert.match((await run('status')).stdout, /\nmembers +2 accounts transact free\.\n/)
  assert.match((await run('chain')).stdout, /^community +The community uses its own chain\.\n/)
  assert.equal((await run('chain', '--accept')).code, 2, 'nothing to agree to')
  const gnosis = ['chain', '--use', '100', '--name', 'Gnosis', '--coin', 'xDAI']
  const used = await run(...gnosis)
  assert.match(
    used.stdout,
    /^community +The community uses Gnosis \(chain id 100\)[\s\S]*\nchosen by +Ada\n/,
    used.stderr,
  )
  assert.match(used.stdout, /\nthis computer +asks nothing there yet\. Bring an address with --here ADDRESS\.\n/)
  assert.equal((await run('chain', '--accept')).code, 2, 'no address was told')
  assert.match((await run('status')).stdout, /\nuses +The community uses Gnosis/)
  const told = await run(...gnosis, '--rpc', 'https://rpc.gnosischain.com')
  assert.match(told.stdout, /\naddress +https:\/\/rpc\.gnosischain\.com\n[\s\S]* Agree with --accept, /)
  for (const way of [['--accept'], ['--here', 'https://own.example/key'], ['--here'], ['--follow'], ['--own']]) {
    assert.equal((await run('chain', ...way)).code, 0, way.join(' '))
  }
  for (const wrong of [
    ['--use', '100'],
    ['--own', '--follow'],
    ['--use', 'x'],
    [...gnosis.slice(1, 5), '--coin', 'a b'],
  ]) {
    assert.equal((await run('chain', ...wrong)).code, 2, wrong.join(' '))
  }
})

test('prove, check, export', async () => {
  const proven = await run('prove', 'Ada', '--to', 'ada.json')
  assert.match(proven.stdout, /^Written to ada\.json/, proven.stderr)
  assert.match((await run('check', 'ada.json')).stdout, /^proven +It is so\.\n[\s\S]*\nsigned by +1 of 1 validators\n$/)
  assert.equal((await run('check', 'missing.json')).code, 2)
  assert.match((await run('export')).stdout, /^\{"type":"ledger".*\n[\s\S]*\{"type":"end","lines":2\}\n$/)
  assert.equal((await run('export', '--to', 'all.jsonl')).stdout, '1 block written to all.jsonl.\n')
  assert.equal((await run('export', '--to', 'no/such/folder.jsonl')).code, 6)
})

test('amounts are read and written without loss', () => {
  assert.equal(textToWei('12.5'), 12_500_000_000_000_000_000n)
  assert.equal(textToWei('0.000000000000000001'), 1n)
  for (const wrong of ['', '.5', '1.', '-1', '1e3', '1.0000000000000000001', '1,5']) {
    assert.equal(textToWei(wrong), undefined, wrong)
  }
  assert.equal(weiToText('12500000000000000000'), '12.5')
  assert.equal(weiToText('1'), '0.000000000000000001')
  assert.equal(weiToText('0'), '0')
  assert.equal(weiToText('1234000000000000000000'), '1,234')
})
