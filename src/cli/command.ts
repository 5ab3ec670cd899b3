// How a command is declared, so that each has `--json`, an example in its help, and hands its failures up.

import { Command, InvalidArgumentError } from 'commander'
import { textToBytes } from './text.ts'

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

/** Option that is a size in bytes: `--bytes-max 10GB`. */
export function parseSize(text: string): number {
  const bytes = textToBytes(text)
  if (bytes !== undefined) return bytes
  throw new InvalidArgumentError('It is a size like 500MB or 10GB.')
}

/** Option that is a whole number from `min` to `max`. */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max.toLocaleString('en')}.`)
  }
}

/** Option that is one of a few words. */
export function parseChoice<const Choice extends string>(...choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((one) => one === text)
    if (choice !== undefined) return choice
    throw new InvalidArgumentError(`It is one of ${choices.join(', ')}.`)
  }
}
