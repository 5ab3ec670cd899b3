// `peerhood ledger verify`, `abi`: what a contract was compiled from, checked against its code, and names that nobody checked.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ExplorerSource } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { begin, type ConfirmedOptions, makeSure, show } from '../community.ts'
import type { CliContext } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { chooseLedger, communityOption, type LedgerOptions } from '../ledger.ts'
import { count, fields, plain } from '../text.ts'

interface VerifyOptions extends LedgerOptions {
  readonly input?: string
  readonly contract?: string
  readonly compiler?: string
  readonly forget?: true
}

export function verifyCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'verify <address>',
    summary: 'check a contract’s source against its code; without --input: show the one that was checked',
    detail:
      'The input is the compiler’s standard JSON, as `forge verify-contract --show-standard-json-input` prints it, or a\n' +
      'build-info file of Foundry or Hardhat. It is compiled here and compared byte for byte; where it is the same, calls, events\n' +
      'and errors of the contract are shown by their names from then on. For another version of solc give the path of its\n' +
      '`soljson.js`: it is run without access to files, and its hash is shown.',
    example:
      'peerhood ledger verify 0x12ab… --input build-info/2f1c.json --contract Till\n' +
      'peerhood ledger verify 0x12ab…\n' +
      'peerhood ledger verify 0x12ab… --input till.json --compiler old/node_modules/solc/soljson.js',
  })
    .option(...communityOption)
    .option('--input <file>', 'standard JSON input or build-info file')
    .option('--contract <name>', 'which contract of it: Name, or file.sol:Name (default: the one that fits)')
    .option('--compiler <file>', 'soljson.js of the version that it was compiled with (default: the one that is here)')
    .option('--forget', 'forget the source')
    .action(async (address: string, _options: unknown, command: Command) => {
      const work = await begin<VerifyOptions>(context, command)
      const { input, contract, compiler, forget } = work.options
      if (forget === true && input !== undefined) throw cliErrors.usage('Give one of --input and --forget.')
      const { ledger } = await chooseLedger(work)
      const { explorer } = work.daemon
      if (forget === true) {
        await explorer.forgetSource(ledger.community, address, work.call)
        return show(work, { forgotten: address }, () => `Forgotten: the source of ${address}.`)
      }
      if (input === undefined) {
        const source = await explorer.source(ledger.community, address, work.call)
        return show(work, source, () => sourceText(source))
      }
      const request = {
        input: withoutOutput(readText(resolve(context.workFolder, input))),
        ...(contract === undefined ? {} : { contract }),
        ...(compiler === undefined ? {} : { compiler: resolve(context.workFolder, compiler) }),
      }
      const source = await explorer.verify(ledger.community, address, request, work.call)
      show(work, source, () => sourceText(source))
    })
}

function sourceText(source: ExplorerSource): string {
  const { creation, libraries, files } = source
  return fields([
    ['contract', `${plain(source.contract)} of ${plain(source.file)}`],
    [
      'source',
      `${source.match === 'exact' ? 'checked, exact' : 'checked, apart from metadata'}, ${count(files.length, 'file')}`,
    ],
    ['', source.sentence],
    ['compiler', `solc ${plain(source.compiler)}${source.bundled ? '' : ', given by hand'}`],
    ['', `SHA-256 ${source.compilerHash}`],
    ['created', creation.sentence],
    ...creation.lines.map(({ label, value }): [string, string] => ['', `${plain(label)}: ${plain(value)}`]),
    ...libraries.map(({ name, address }): [string, string] => ['library', `${plain(name)} at ${address}`]),
  ])
}

/** Build-info files hold what was compiled as well, which is much and not needed. */
function withoutOutput(text: string): string {
  try {
    const { output: _, ...others } = JSON.parse(text) as Record<string, unknown>
    return others.input === undefined ? text : JSON.stringify(others)
  } catch {
    return text
  }
}

export function abiCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'abi <address> [file]',
    summary: 'add a contract’s ABI by hand; what it names is marked as not checked',
    detail:
      'For a contract whose source nobody has. An ABI may name a function to mislead: wherever one of its names is shown, that\n' +
      'stands beside it, and the names of token standards and of a checked source go before it.',
    example: 'peerhood ledger abi 0x12ab… Till.json\npeerhood ledger abi 0x12ab… --remove',
  })
    .option(...communityOption)
    .option('--remove', 'take it away')
    .option('--yes', 'do not ask')
    .action(async (address: string, file: string | undefined, _options: unknown, command: Command) => {
      const work = await begin<LedgerOptions & ConfirmedOptions & { readonly remove?: true }>(context, command)
      const isRemoval = work.options.remove === true
      if ((file === undefined) !== isRemoval) throw cliErrors.usage('Give a file with the ABI, or --remove.')
      const { ledger } = await chooseLedger(work)
      const abi = file === undefined ? null : abiOf(readText(resolve(context.workFolder, file)))
      if (!isRemoval) await makeSure(work, 'Nobody checks an ABI: a name in it may mislead you about what you sign.')
      const account = await work.daemon.explorer.setAbi(ledger.community, address, abi, work.call)
      show(work, account, () =>
        isRemoval ? `Taken away: the ABI of ${address}.` : `Added, not checked: the ABI of ${address}.`,
      )
    })
}

/** Build tools write it beside the bytecode, which would be too long. */
function abiOf(text: string): string {
  try {
    const value = JSON.parse(text) as { readonly abi?: unknown }
    return Array.isArray(value) || value.abi === undefined ? text : JSON.stringify(value.abi)
  } catch {
    return text
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw cliErrors.usage(`${path} can't be read.`, { cause })
  }
}
