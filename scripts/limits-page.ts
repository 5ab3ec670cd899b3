// Makes docs/limits.md from every `limits.ts`: run `node scripts/limits-page.ts` after changing one.

import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Limit {
  readonly file: string
  readonly name: string
  readonly value: string
  /** The doc comment above it, in one line. */
  readonly reason: string
}

/** All exported constants of all `limits.ts` below src/. A comment serves the constants that follow it without a gap. */
export function readLimits(root: string): Limit[] {
  return globSync('src/**/limits.ts', { cwd: root })
    .sort()
    .flatMap((file) => limitsOf(file, readFileSync(join(root, file), 'utf8')))
}

function limitsOf(file: string, source: string): Limit[] {
  const limits: Limit[] = []
  let reason = ''
  const tokens = /\/\*\*([\s\S]*?)\*\/|(?:^|\n)export const (\w+)(?::[^=]+)? = ((?:\{[\s\S]*?\n\}|[^\n]|\n {2})*)|\n\n/g
  for (const [whole, comment, name, value] of source.matchAll(tokens)) {
    if (comment !== undefined) reason = comment.replaceAll(/\s*\n\s*\* ?|\s+/g, ' ').trim()
    else if (name === undefined) reason = whole === '\n\n' ? '' : reason
    else limits.push({ file, name, value: (value ?? '').replaceAll(/\s+/g, ' ').replace(/ as const$/, ''), reason })
  }
  return limits
}

export function limitsPage(limits: readonly Limit[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const lines = [
    '# Limits',
    '',
    'Everything that a peer, a page or a person can grow has a limit with a name, a unit and a reason. This page is made',
    'from the `limits.ts` files by `node scripts/limits-page.ts`.',
  ]
  for (const file of new Set(limits.map((limit) => limit.file))) {
    lines.push('', `## ${file}`, '| limit | value | why |', '|---|---|---|')
    for (const { name, value, reason } of limits.filter((limit) => limit.file === file)) {
      lines.push(`| \`${name}\` | \`${cell(value)}\` | ${cell(reason)} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  writeFileSync(join(root, 'docs/limits.md'), limitsPage(readLimits(root)))
}
