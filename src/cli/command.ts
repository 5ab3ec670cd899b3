// How a command is declared, so that each has `--json`, an example in its help, and hands its failures up.

import { Command } from 'commander'

export interface CommandDefinition {
  /** Name and arguments as commander reads them, e.g. `share <path...>`. */
  readonly usage: string
  readonly summary: string
  /** What to show under "Example" in the help. */
  readonly example: string
  /** More to know, a paragraph. */
  readonly detail?: string
}

export function defineCommand(definition: CommandDefinition): Command {
  const [name = '', ...parameters] = definition.usage.split(' ')
  const command = new Command(name).description(definition.summary).option('--json', 'print JSON, for programs')
  if (parameters.length > 0) command.arguments(parameters.join(' '))
  const detail = definition.detail === undefined ? '' : `\n${definition.detail}\n`
  return command.addHelpText('after', `${detail}\nExample:\n  ${definition.example.split('\n').join('\n  ')}`)
}

/** Repeatable option: `--listen A --listen B`. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
