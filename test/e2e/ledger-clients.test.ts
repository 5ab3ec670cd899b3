// Programs that others wrote, as processes of their own, against a ledger's JSON-RPC over HTTP and WebSocket. Foundry and
// Hardhat come by scripts/install-chain-clients.sh.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startLedgerRpc } from '../support/ledger-rpc.ts'

const root = join(import.meta.dirname, '../..')
const here = join(root, 'test/clients')
const installed = join(root, '.cache/chain-clients')
const packages = join(installed, 'node_modules')
const skip = existsSync(join(packages, 'hardhat')) ? false : 'scripts/install-chain-clients.sh has not been run'

interface Ran {
  readonly stdout: string
  readonly stderr: string
}

/** Nothing of the machine's own settings or caches: HOME is the work folder. */
async function run(
  work: string,
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const own = { PATH: process.env.PATH ?? '', HOME: work, TMPDIR: work, XDG_CACHE_HOME: work, XDG_DATA_HOME: work }
  try {
    return await promisify(execFile)(file, args, { cwd: work, env: { ...own, ...env }, timeout: 120_000 })
  } catch (error) {
    const { stdout, stderr, message } = error as Ran & Error
    throw new Error(`${message}\n${stdout}\n${stderr}`)
  }
}

async function workFolder() {
  const path = await mkdtemp(join(tmpdir(), 'peerhood-clients-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const foundry = (name: 'cast' | 'forge') => join(packages, `@foundry-rs/${name}/bin.mjs`)

test('viem', async () => {
  await using ledger = await startLedgerRpc()
  await using work = await workFolder()
  const { privateKey } = ledger.accounts[0] ?? assert.fail()
  const args = [join(here, 'viem-client.ts'), ledger.url, ledger.socketUrl, privateKey]
  const saw = JSON.parse((await run(work.path, process.execPath, args)).stdout) as Record<string, unknown>
  const { gas, gasUsed, reverts, ...rest } = saw
  assert.ok(BigInt(String(gas).slice(0, -1)) >= BigInt(String(gasUsed).slice(0, -1)))
  const [first, second] = reverts as string[]
  assert.match(first ?? '', /not thirteen/)
  assert.match(second ?? '', /TooMuch\(uint256 amount, uint256 most\)/)
  assert.deepEqual(rest, {
    number: '7n',
    status: 'success',
    price: '0n',
    logTold: true,
    headTold: true,
    logs: 1,
    fees: ['0n', '0n'],
    gasPrice: '0n',
    blocksOfFilter: 1,
    paid: '1000000000000000000n',
    nonce: 3,
    proven: '7n',
    accessList: 1,
    finalized: true,
    type: 'eip1559',
  })
})

test('ethers', async () => {
  await using ledger = await startLedgerRpc()
  await using work = await workFolder()
  const { privateKey } = ledger.accounts[1] ?? assert.fail()
  const args = [join(here, 'ethers-client.ts'), ledger.url, ledger.socketUrl, privateKey]
  const { stdout } = await run(work.path, process.execPath, args)
  assert.deepEqual(JSON.parse(stdout), {
    number: '7n',
    status: 1,
    reverts: ['not thirteen', 'TooMuch(uint256,uint256)'],
    logs: 1,
    // A base fee of 0 counts as none: it sends transactions of type 0.
    fees: [null, null, '0n'],
    paid: '1000000000000000000n',
    headTold: true,
    block: 1,
  })
})

test('cast: send, read, trace', { skip }, async () => {
  await using ledger = await startLedgerRpc()
  await using work = await workFolder()
  const [from, to] = ledger.accounts
  if (from === undefined || to === undefined) assert.fail()
  const cast = async (...args: string[]) =>
    (await run(work.path, process.execPath, [foundry('cast'), ...args, '--rpc-url', ledger.url])).stdout.trim()
  assert.equal(await cast('chain-id'), String(ledger.genesis.chainId))
  const send = ['send', to.address, '--value', '1ether', '--private-key', from.privateKey, '--json']
  const free = JSON.parse(await cast(...send, '--legacy')) as { status: string; effectiveGasPrice: string }
  assert.deepEqual([free.status, free.effectiveGasPrice], ['0x1', '0x0'])
  // Without --legacy it adds a tip of a wei by itself.
  const tipped = JSON.parse(await cast(...send)) as { status: string; transactionHash: string }
  assert.equal(tipped.status, '0x1')
  assert.equal(await cast('balance', to.address), '1002000000000000000000')
  assert.equal(await cast('nonce', from.address), '2')
  assert.match(await cast('block', 'finalized'), /number +2/)
  assert.match(await cast('tx', tipped.transactionHash), /type +2/)
  assert.match(await cast('receipt', tipped.transactionHash, 'status'), /1|true/)
  const frame = JSON.parse(
    await cast('rpc', 'debug_traceTransaction', tipped.transactionHash, '{"tracer":"callTracer"}'),
  ) as { type: string; value: string }
  assert.deepEqual([frame.type, frame.value], ['CALL', '0xde0b6b3a7640000'])
})

test('forge: create and script', { skip }, async () => {
  await using ledger = await startLedgerRpc()
  await using work = await workFolder()
  await cp(join(here, 'forge'), work.path, { recursive: true })
  const { privateKey } = ledger.accounts[2] ?? assert.fail()
  const env = {
    SOLC: dirname(createRequire(import.meta.url).resolve('solc/package.json')),
    FOUNDRY_SOLC: join(here, 'solc.mjs'),
  }
  const access = ['--rpc-url', ledger.url, '--private-key', privateKey, '--broadcast']
  const forge = (name: string, ...args: string[]) =>
    run(work.path, process.execPath, [foundry('forge'), name, ...access, ...args], env)
  const created = await forge('create', 'src/Counter.sol:Counter', '--constructor-args', '9')
  const address = /Deployed to: (0x[0-9a-fA-F]{40})/.exec(created.stdout)?.[1] ?? assert.fail(created.stdout)
  const read = ['call', address, 'number()(uint256)', '--rpc-url', ledger.url]
  assert.equal((await run(work.path, process.execPath, [foundry('cast'), ...read])).stdout.trim(), '9')
  const scripted = await forge('script', 'script/Deploy.s.sol:Deploy', '--slow')
  assert.match(scripted.stdout, /ONCHAIN EXECUTION COMPLETE & SUCCESSFUL/)
})

test('Hardhat: deploy by ethers, and Ignition', { skip }, async () => {
  await using ledger = await startLedgerRpc()
  await using work = await workFolder()
  await cp(join(here, 'hardhat'), work.path, { recursive: true })
  await symlink(packages, join(work.path, 'node_modules'))
  await mkdir(join(work.path, 'contracts'))
  await cp(join(here, 'forge/src/Counter.sol'), join(work.path, 'contracts/Counter.sol'))
  const { privateKey } = ledger.accounts[3] ?? assert.fail()
  const env = {
    CLIENTS: installed,
    WORK: work.path,
    RPC: ledger.url,
    KEY: privateKey,
    HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true',
  }
  await cp(join(installed, 'package.json'), join(work.path, 'package.json'))
  const cli = join(packages, 'hardhat/dist/src/cli.js')
  const args = ['--disable-warning=ExperimentalWarning', cli, 'run', 'deploy.mjs', '--network', 'ledger']
  const { stdout } = await run(work.path, process.execPath, args, env)
  const [, result = ''] = /RESULT (.*)/.exec(stdout) ?? assert.fail(stdout)
  assert.deepEqual(JSON.parse(result), ['3', 'execution reverted', '15'])
})
