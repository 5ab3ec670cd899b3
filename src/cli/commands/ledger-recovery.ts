// `peerhood ledger recovery`: the ceremony by which those who are left go on when more validators are gone for good than may be
// (docs/recovery.md). Files go round by mail, chat or hand; nothing here reaches another computer.

import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { fromHex, toHex } from '../../base/bytes.ts'
import type { LedgerRecovery, LedgerRecoveryFile, LedgerRecoveryPerson } from '../../sdk/types.ts'
import { ask } from '../ask.ts'
import { collect, defineCommand } from '../command.ts'
import { begin, type ConfirmedOptions, makeSure, show, type Work } from '../community.ts'
import type { CliContext } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { chooseLedger, communityOption, type LedgerOptions, namedValidators, withPassphrase } from '../ledger.ts'
import { selectNamed } from '../select.ts'
import { fields, shortId, timeToText } from '../text.ts'

type RecoveryOptions = LedgerOptions & ConfirmedOptions

export function recoveryCommand(context: CliContext): Command {
  const command = defineCommand({
    usage: 'recovery',
    summary: 'go on where more validators are gone for good than a ledger bears',
    detail:
      'Only for validators that nobody can reach by any means: wait first. Those who are left meet; one makes a file with `state`,\n' +
      'the others `sign` it one after the other, everyone looks at it with `show`, reads its fingerprint aloud, and confirms it by\n' +
      'hand with `confirm`. Whoever joins later confirms the same file.',
    example:
      'peerhood ledger recovery status\npeerhood ledger recovery state --validators Ada/desk Grace/home Alan/nas --to village.recovery\n' +
      'peerhood ledger recovery sign village.recovery\npeerhood ledger recovery confirm village.recovery',
  })
  const create = [statusCommand, stateCommand, signCommand, showCommand, confirmCommand, forgetCommand]
  for (const make of create) command.addCommand(make(context))
  return command
}

function statusCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'status',
    summary: 'show who is left, the block that everyone has to name, and what was confirmed here',
    example: 'peerhood ledger recovery status',
  })
    .option(...communityOption)
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<RecoveryOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const recovery = await work.daemon.ledger.recovery.get(ledger.community, work.call)
      show(work, recovery, () => statusText(recovery))
    })
}

function stateCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'state',
    summary: 'make the file that those who are left sign: after the last final block, these decide',
    detail: 'Take four or more validators, so that one may fail; those who are left, and computers that offer it.',
    example: 'peerhood ledger recovery state --validators Ada/desk Grace/home Alan/nas Mary/pc --to village.recovery',
  })
    .option(...communityOption)
    .requiredOption('--validators <person/device...>', 'who decides from then on: all of them', collect)
    .requiredOption('--to <file>', 'file to write')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<RecoveryOptions & { readonly validators: readonly string[]; readonly to: string }>(
        context,
        command,
      )
      const { daemon, call, options } = work
      const { ledger } = await chooseLedger(work)
      const named = await namedValidators(ledger, await daemon.communities.members(ledger.community, call), true)
      const chosen = options.validators.map((text) =>
        text.startsWith('0x') ? text : selectNamed(named, text, 'validator').peerId,
      )
      const made = await daemon.ledger.recovery.state(ledger.community, chosen, call)
      write(resolve(context.workFolder, options.to), made)
      const next = `Written to ${options.to}. Now sign it: \`peerhood ledger recovery sign ${options.to}\`.`
      show(work, made, () => `${fileText(made)}\n\n${next}`)
    })
}

function signCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'sign <file>',
    summary: 'sign the file with the key of this validator; it is written back',
    example: 'peerhood ledger recovery sign village.recovery',
  })
    .option(...communityOption)
    .option('--yes', 'do not ask')
    .action(async (path: string, _options: unknown, command: Command) => {
      const work = await begin<RecoveryOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const { recovery } = work.daemon.ledger
      const file = read(resolve(context.workFolder, path))
      const before = await recovery.check(ledger.community, file, work.call)
      const gone = before.missing.filter(({ isSelf, online }) => !isSelf && !online).map(personText)
      const who = gone.length === 0 ? 'the others of the last validators' : gone.join(', ')
      await makeSure(work, `You state that ${who} are gone for good: nobody can reach them by any means.`)
      const signed = await withPassphrase(work, (passphrase) =>
        recovery.sign(ledger.community, { file, ...passphrase }, work.call),
      )
      write(resolve(context.workFolder, path), signed)
      const next = signed.standing === 'ready' ? 'Give it to everyone: enough have signed.' : 'Give it to the next.'
      show(work, signed, () => `${fileText(signed)}\n\nSigned: ${path}. ${next}`)
    })
}

function showCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'show <file>',
    summary: 'show what a file says, who signed it, and the fingerprint to read aloud',
    example: 'peerhood ledger recovery show village.recovery',
  })
    .option(...communityOption)
    .action(async (path: string, _options: unknown, command: Command) => {
      const work = await begin<RecoveryOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const file = read(resolve(context.workFolder, path))
      const shown = await work.daemon.ledger.recovery.check(ledger.community, file, work.call)
      show(work, shown, () => fileText(shown))
    })
}

function confirmCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'confirm <file>',
    summary: 'confirm the file by the fingerprint that the others read aloud; the ledger goes on with it',
    detail:
      'It can’t be taken back once the ledger went on. If those who are believed to be gone are alive on the other side of a cut\n' +
      'cable, two ledgers come of one.',
    example:
      'peerhood ledger recovery confirm village.recovery\n' +
      'peerhood ledger recovery confirm village.recovery --fingerprint "1234 5678 9abc def0 1234 5678 9abc def0"',
  })
    .option(...communityOption)
    .option('--fingerprint <digits>', 'as the others read it (default: it is asked for)')
    .action(async (path: string, _options: unknown, command: Command) => {
      const work = await begin<RecoveryOptions & { readonly fingerprint?: string }>(context, command)
      const { ledger } = await chooseLedger(work)
      const { recovery } = work.daemon.ledger
      const file = read(resolve(context.workFolder, path))
      const fingerprint = work.options.fingerprint ?? (await askFingerprint(work, ledger.community, file))
      const done = await withPassphrase(work, (passphrase) =>
        recovery.confirm(ledger.community, { file, fingerprint, ...passphrase }, work.call),
      )
      show(work, done, () => `Confirmed. ${statusText(done)}`)
    })
}

/** The fingerprint of the file is not shown with the question: it has to come from the others. */
async function askFingerprint(
  { context, daemon, call }: Work<RecoveryOptions>,
  community: string,
  file: string,
): Promise<string> {
  if (!context.terminal.canAsk) throw cliErrors.cannot_ask('Give the fingerprint with --fingerprint.')
  const shown = await daemon.ledger.recovery.check(community, file, call)
  context.terminal.stderr.write(`${fileText({ ...shown, fingerprint: 'as the others read it' })}\n`)
  return ask(context, 'The fingerprint, as one of the others reads it aloud: ')
}

function forgetCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'forget <epoch>',
    summary: 'take a confirmation back that the ledger has not gone on by',
    example: 'peerhood ledger recovery forget 3',
  })
    .option(...communityOption)
    .option('--yes', 'do not ask')
    .action(async (text: string, _options: unknown, command: Command) => {
      const work = await begin<RecoveryOptions>(context, command)
      const { ledger } = await chooseLedger(work)
      const epoch = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
      if (epoch === undefined) throw cliErrors.usage('An epoch is a whole number from 1 on.')
      await makeSure(work, `The recovery of epoch ${epoch} does not count any more on this computer.`)
      const done = await withPassphrase(work, (passphrase) =>
        work.daemon.ledger.recovery.forget(ledger.community, { epoch, ...passphrase }, work.call),
      )
      show(work, done, () => statusText(done))
    })
}

// ---- text

function statusText(recovery: LedgerRecovery): string {
  const { sentence, height, block, epoch, validators, needed, confirmed } = recovery
  const away = validators.filter(({ online }) => !online)
  return fields([
    ['state', sentence],
    ['block', `${height}, epoch ${epoch}`],
    ['', block],
    ['there', listOf(validators.filter(({ online }) => online))],
    ['away', listOf(away)],
    ['to sign', `${needed} of the ${validators.length} at least`],
    ...confirmed.map(({ epoch: begun, fingerprint, confirmedMs }): [string, string] => [
      'confirmed',
      `for epoch ${begun}, ${fingerprint}, ${timeToText(confirmedMs)}`,
    ]),
  ])
}

function fileText(file: LedgerRecoveryFile): string {
  return fields([
    ['state', file.sentence],
    ['after block', `${file.height}`],
    ['', file.block],
    ['epoch', `${file.epoch} begins`],
    ['decide then', listOf(file.validators)],
    ['signed', listOf(file.signed)],
    ['did not sign', listOf(file.missing)],
    ['fingerprint', file.fingerprint],
  ])
}

function listOf(persons: readonly LedgerRecoveryPerson[]): string | readonly string[] {
  return persons.length === 0 ? 'nobody' : persons.map(personText)
}

function personText({ name, address, isSelf }: LedgerRecoveryPerson): string {
  const called = name === '' ? shortId(address) : `${name} (${shortId(address)})`
  return isSelf ? `${called}, this computer` : called
}

// ---- files

const fileBytesMax = 65_536

function read(path: string): string {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > 0 && bytes.length <= fileBytesMax) return `0x${toHex(bytes)}`
  } catch (cause) {
    throw cliErrors.usage(`${path} can't be read.`, { cause })
  }
  throw cliErrors.usage(`${path} is no file of a recovery ceremony.`)
}

function write(path: string, { file }: LedgerRecoveryFile): void {
  try {
    writeFileSync(path, fromHex(file.slice(2)) ?? new Uint8Array(0))
  } catch (cause) {
    throw cliErrors.file_not_writable(`${path} can't be written.`, { cause })
  }
}
