// `peerhood device`: the computers of one person.

import type { Command } from 'commander'
import type { Event, OwnDevice } from '../../sdk/types.ts'
import { confirm } from '../ask.ts'
import { type CodeOptions, showCode } from '../codes.ts'
import { defineCommand } from '../command.ts'
import { begin, type ConfirmedOptions, show } from '../community.ts'
import type { CliContext } from '../context.ts'
import { cliErrors } from '../errors.ts'
import { count, plain, shortId, table, timeToText } from '../text.ts'
import { presentPassphrase } from './identity.ts'

export function deviceCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'device',
    summary: 'use Peerhood as the same person on several computers',
    example: 'peerhood device add\npeerhood device join 7-ocean-lamp',
  })
    .addCommand(addCommand(context))
    .addCommand(joinCommand(context))
    .addCommand(listCommand(context))
}

function addCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'add',
    summary: 'make a code that makes another computer one of yours',
    detail:
      'Whoever enters the code becomes you: your communities with all you may read there, and your money. Enter it\n' +
      'yourself. It is good for ten minutes, one computer and three wrong guesses; Ctrl-C ends it.',
    example: 'peerhood device add',
  })
    .option('--no-wait', 'leave the code open and do not wait for the other computer')
    .action(async (_options: unknown, command: Command) => {
      const work = await begin<CodeOptions>(context, command)
      const passphrase = await presentPassphrase(context)
      let added: Extract<Event, { type: 'device-added' }>['device'] | undefined
      const ended = await showCode(work, {
        open: () => work.daemon.devices.openCode(passphrase, work.call),
        cancel: (nameplate) => work.daemon.devices.cancelCode(nameplate),
        done(event) {
          if (event.type === 'device-added') added = event.device
          return added !== undefined
        },
      })
      if (ended === undefined) return
      show(work, { ...ended, device: added ?? null }, () => {
        const missed = added?.missed ?? 0
        const where = count(added?.communities ?? 0, 'community').replace('communitys', 'communities')
        const lacking = missed > 0 ? `; ${missed} could not be added, see the log` : ''
        return plain(`${added?.name ?? 'The computer'} is yours now, in ${where}${lacking}.`)
      })
    })
}

function joinCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'join <code>',
    summary: 'make this computer one of the person who shows the code',
    detail:
      'What it does: as `peerhood identity restore`, with the phrase coming from the other computer, and then all\n' +
      'communities of the person with everything they may read.\n' +
      'What is replaced: the person known here until now. Their keystore is put aside in the data folder; their\n' +
      'communities stay, but nothing can be written in them until that person is restored.',
    example: 'peerhood device join 7-ocean-lamp',
  })
    .option('--yes', 'do not ask')
    .action(async (code: string, _options: unknown, command: Command) => {
      const work = await begin<ConfirmedOptions>(context, command)
      const asks = work.options.yes !== true && context.terminal.canAsk
      const question = 'This replaces the person on this computer.'
      if (asks && !(await confirm(context, question))) throw cliErrors.not_confirmed('It was not confirmed.')
      const passphrase = await presentPassphrase(context)
      const joined = await work.daemon.devices.join({ code, ...passphrase }, work.call)
      show(work, joined, () => plain(joined.sentence))
    })
}

function listCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'list',
    summary: 'list your devices, as your communities know them',
    detail: 'A lost one is removed with `peerhood community remove COMMUNITY YOU --device DEVICE`.',
    example: 'peerhood device list',
  }).action(async (_options: unknown, command: Command) => {
    const work = await begin(context, command)
    const devices = await work.daemon.devices.list(work.call)
    show(work, devices, () => devicesText(devices))
  })
}

function devicesText(devices: readonly OwnDevice[]): string {
  const rows = devices.map((device) => [
    shortId(device.device),
    device.here ? `${device.name} (this one)` : device.name,
    String(device.communities.length),
    device.addedMs === null ? '' : timeToText(device.addedMs),
  ])
  return table(['DEVICE', 'NAME', 'COMMUNITIES', 'SINCE'], rows)
}
