// `peerhood identity`: who this peer is to others, and the phrase that brings it back.

import type { Command } from 'commander'
import type { Identity } from '../../sdk/types.ts'
import { askHidden, confirm, readSecret } from '../ask.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, note, print, printJson } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { fields } from '../text.ts'

interface ConfirmedOptions extends CommonOptions {
  readonly yes?: true
}

interface LockOptions extends CommonOptions {
  readonly remove?: true
}

export function identityCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'identity',
    summary: 'show, save, restore or lock who this peer is',
    example: 'peerhood identity show',
  })
    .addCommand(showCommand(context))
    .addCommand(phraseCommand(context))
    .addCommand(restoreCommand(context))
    .addCommand(lockCommand(context))
}

function showCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'show',
    summary: 'show the person, the device and the wallet address',
    example: 'peerhood identity show',
  }).action(async (_options: unknown, command: Command) => {
    const daemon = await context.daemon()
    showIdentity(context, await daemon.identity.get({ signal: context.signal }), command)
  })
}

function phraseCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'phrase',
    summary: 'show the 24 words that bring this person back, after asking',
    detail: 'Whoever reads the words becomes this person and owns its money. Write them on paper.',
    example: 'peerhood identity phrase',
  })
    .option('--yes', 'do not ask')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ConfirmedOptions>()
      const daemon = await context.daemon()
      const question = 'Whoever reads the 24 words becomes you. Make sure that nobody looks on.'
      if (!options.yes && !(await confirm(context, question))) throw cliErrors.not_confirmed('It was not confirmed.')
      const passphrase = await presentPassphrase(context)
      const phrase = await daemon.identity.phrase({ ...passphrase }, { signal: context.signal })
      if (options.json) printJson(context, { phrase })
      else print(context, phrase)
    })
}

function restoreCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'restore',
    summary: 'become the person of a recovery phrase, asked for or read from stdin',
    detail:
      'What it does: the daemon takes the person, and the wallet, that the 24 words give, and makes a new certificate for\n' +
      'this device.\n' +
      'What is replaced: the person known here until now. Their keystore is put aside in the data folder, under a name\n' +
      'that is then shown in `peerhood status`; nothing is deleted.\n' +
      'What stays: the device with its peer id and name, shares, links and transfers, the passphrase of the keystore.\n' +
      'Before: write down the words of the present person (`peerhood identity phrase`), unless nothing of theirs, no\n' +
      'money either, will be needed: without the file put aside only those words bring them back.',
    example: 'peerhood identity restore\npeerhood identity restore --yes < phrase.txt',
  })
    .option('--yes', 'do not ask')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ConfirmedOptions>()
      const daemon = await context.daemon()
      const question = 'This replaces the person on this computer.'
      const asks = !options.yes && context.terminal.canAsk
      if (asks && !(await confirm(context, question))) throw cliErrors.not_confirmed('It was not confirmed.')
      const phrase = await readSecret(context, 'The 24 words: ')
      const passphrase = await presentPassphrase(context)
      const identity = await daemon.identity.restore({ phrase, ...passphrase }, { signal: context.signal })
      showIdentity(context, identity, command)
    })
}

function lockCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'lock',
    summary: 'set, change or remove the passphrase of the keystore',
    detail:
      'Asked for at a terminal, else one line on stdin. `peerhood start` asks for it, or takes it from\n' +
      'PEERHOOD_PASSPHRASE; without it nobody can use the keys, you included.',
    example: 'peerhood identity lock\npeerhood identity lock --remove',
  })
    .option('--remove', 'remove the passphrase')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<LockOptions>()
      const daemon = await context.daemon()
      const { passphrase: current } = await presentPassphrase(context)
      const passphrase = options.remove ? null : await newPassphrase(context)
      const request = { passphrase, ...(current === undefined ? {} : { current }) }
      const identity = await daemon.identity.lock(request, { signal: context.signal })
      note(
        context,
        identity.passphrase ? 'The keystore is locked with the passphrase.' : 'The keystore has no passphrase.',
      )
      showIdentity(context, identity, command)
    })
}

/** The passphrase in force: from the environment, else asked for; nothing when the keystore has none. */
export async function presentPassphrase(context: CliContext): Promise<{ passphrase?: string }> {
  const daemon = await context.daemon()
  const { passphrase: needed } = await daemon.identity.get({ signal: context.signal })
  if (!needed) return {}
  const { passphrase } = context.environment
  return { passphrase: passphrase ?? (await askHidden(context, 'Passphrase of the keystore: ')) }
}

async function newPassphrase(context: CliContext): Promise<string> {
  if (!context.terminal.canAsk) return readSecret(context, '')
  const passphrase = await askHidden(context, 'New passphrase: ')
  const again = await askHidden(context, 'The same again: ')
  if (passphrase === again && passphrase !== '') return passphrase
  throw cliErrors.usage(passphrase === '' ? 'An empty passphrase protects nothing.' : 'The two are not the same.', {
    hint: 'Nothing was changed: run the command again.',
  })
}

function showIdentity(context: CliContext, identity: Identity, command: Command): void {
  if (command.optsWithGlobals<CommonOptions>().json) {
    printJson(context, identity)
    return
  }
  const pairs: [string, string][] = [
    ['person', identity.did],
    ['wallet', identity.ethereumAddress],
    ['peer', identity.peerId],
    ['device', identity.deviceName],
    ['certified', new Date(identity.certificate.issuedAtMs).toISOString()],
    [
      'keystore',
      identity.passphrase ? 'protected by a passphrase' : 'no passphrase (`peerhood identity lock` sets one)',
    ],
  ]
  print(context, fields(pairs))
}
