// `peerhood ledger prove`, `check`, `export`: what is final, in files that anyone can check.

import { createWriteStream, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { isPeerhoodError } from '../../base/errors.ts'
import type { LedgerProven } from '../../sdk/types.ts'
import { defineCommand, parseCount } from '../command.ts'
import { begin, show } from '../community.ts'
import { type CliContext, print } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { addressOf, chooseLedger, communityOption, type LedgerOptions } from '../ledger.ts'
import { count, fields, jsonText, timeToText } from '../text.ts'

interface ProveOptions extends LedgerOptions {
  readonly to?: string
  readonly height?: number
}

export function proveCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'prove <what>',
    summary: 'write a file by which anyone can check a transaction or a balance, without asking anybody',
    detail:
      'What: the hash of a transaction, an address, or a member’s name. The file holds the signatures of the validators; who\n' +
      'checks it has to know the genesis hash of the ledger (`peerhood ledger status`).',
    example: 'peerhood ledger prove 0x12ab… --to payment.json\npeerhood ledger prove Ada --to balance.json',
  })
    .option(...communityOption)
    .option('--to <file>', 'file to write (default: stdout)')
    .option('--height <block>', 'a balance as of this block (default: the last)', parseCount(0, 999_999_999_999))
    .action(async (what: string, _options: unknown, command: Command) => {
      const work = await begin<ProveOptions>(context, command)
      const { to, height } = work.options
      const { ledger } = await chooseLedger(work)
      const request = /^0x[0-9a-fA-F]{64}$/.test(what)
        ? { transaction: what }
        : { balance: await addressOf(work, ledger, what), ...(height === undefined ? {} : { height }) }
      const file = await work.daemon.ledger.prove(ledger.community, request, work.call)
      if (to === undefined) {
        print(context, file.trimEnd())
        return
      }
      write(resolve(context.workFolder, to), file)
      show(
        work,
        { file: to, bytes: file.length },
        () => `Written to ${to}: check it with \`peerhood ledger check ${to}\`.`,
      )
    })
}

export function checkCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'check <file>',
    summary: 'check a file that `peerhood ledger prove` wrote',
    detail:
      'It ends with 5 when the file proves nothing. What it says of is the ledger with the genesis hash shown: compare that\n' +
      'with the one that you know, or see whether the ledger is one of yours.',
    example: 'peerhood ledger check payment.json',
  }).action(async (file: string, _options: unknown, command: Command) => {
    const work = await begin(context, command)
    const proven = await work.daemon.ledger.check(read(resolve(context.workFolder, file)), work.call)
    show(work, proven, () => provenText(proven))
  })
}

function provenText(proven: LedgerProven): string {
  const { name, chainId, genesisHash, community, height, block, timestamp, validators, signatures } = proven
  return fields([
    ['proven', proven.sentence],
    ['ledger', `${name}, chain ${chainId}`],
    ['genesis', genesisHash],
    ['known', community === null ? 'no ledger of this computer: compare the genesis hash' : 'it is a ledger of yours'],
    ['block', `${height}, ${timeToText(timestamp * 1000)}`],
    ['', block],
    ['signed by', `${signatures} of ${validators} validators`],
    ...proven.recoveries.map(({ epoch, fingerprint, confirmed }): [string, string] => [
      'rests on',
      `the recovery of epoch ${epoch}, ${fingerprint}, ${confirmed ? 'which you confirmed' : 'which was NOT confirmed on this computer'}`,
    ]),
  ])
}

export function exportCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'export',
    summary: 'write all final blocks, with the signatures that make them final, as JSON lines',
    detail:
      'One object a line: ledger, block (RLP, with its certificate), and at last end, without which something is missing.',
    example: 'peerhood ledger export --to village.jsonl\npeerhood ledger export | gzip > village.jsonl.gz',
  })
    .option(...communityOption)
    .option('--to <file>', 'file to write (default: stdout)')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<ProveOptions>(context, command)
      const { to } = work.options
      const { ledger } = await chooseLedger(work)
      let blocks = 0
      const lines = async function* () {
        for await (const line of work.daemon.ledger.export(ledger.community, work.call)) {
          if (line.type === 'block') blocks += 1
          yield `${jsonText(line)}\n`
        }
      }
      if (to === undefined) {
        for await (const line of lines()) context.terminal.stdout.write(line)
        return
      }
      await writeLines(lines(), resolve(context.workFolder, to), context.signal)
      show(work, { file: to, blocks }, () => `${count(blocks, 'block')} written to ${to}.`)
    })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw cliErrors.usage(`${path} can't be read.`, { cause })
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    throw notWritable(path, cause)
  }
}

/** Under another name until it is whole, so that half an export is never taken for one. */
async function writeLines(lines: AsyncIterable<string>, path: string, signal: AbortSignal): Promise<void> {
  const part = `${path}.${process.pid}.part`
  try {
    await pipeline(Readable.from(lines), createWriteStream(part), { signal })
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { force: true })
    if (isPeerhoodError(error) || signal.aborted) throw error
    throw notWritable(path, error)
  }
}

function notWritable(path: string, cause: unknown) {
  return cliErrors.file_not_writable(`${path} can't be written.`, { cause })
}
