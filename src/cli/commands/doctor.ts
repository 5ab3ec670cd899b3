// `peerhood doctor`: what works, what does not, and what to do about it. The exit code is 0 once the report is there,
// whatever it says: a home without UPnP is no failure of the command. Scripts read `state` with --json.

import type { Command } from 'commander'
import type { DoctorReport } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { plain } from '../text.ts'

type Check = DoctorReport['checks'][number]

export function doctorCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'doctor',
    summary: 'check network, clock, disk and files, and say what to do',
    detail: 'Exits with 0 once the report is there; with --json `state` is ok, warning or failed.',
    example: 'peerhood doctor',
  }).action(async (options: CommonOptions) => {
    const daemon = await context.daemon()
    const report = await daemon.doctor({ signal: context.signal })
    if (options.json) printJson(context, report)
    else print(context, report.checks.map((check) => checkText(check, context.terminal.colour)).join('\n'))
  })
}

const marks = { ok: '✓', warning: '!', failed: '✗', skipped: '-' } as const
const colours = { ok: 32, warning: 33, failed: 31, skipped: 90 } as const

function checkText(check: Check, colour: boolean): string {
  const mark = colour ? `\u001b[${colours[check.state]}m${marks[check.state]}\u001b[39m` : marks[check.state]
  const advice = check.advice === null ? '' : `\n    → ${plain(check.advice)}`
  return `${mark} ${plain(check.title)}: ${plain(check.finding)}${advice}`
}
