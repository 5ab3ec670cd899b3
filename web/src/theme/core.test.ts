import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { contrast, parseTokens } from './core.ts'

const tokens = parseTokens(readFileSync(new URL('./tokens.css', import.meta.url), 'utf8'))

/** Which text stands on which ground, and the ratio it needs (WCAG 2.2: 1.4.3 text 4.5, 1.4.11 parts of controls 3). */
const pairs: readonly (readonly [front: string, back: string, ratioMin: number])[] = [
  ...['ink', 'ink-soft', 'ink-faint', 'accent', 'accent-hover', 'warn', 'bad'].flatMap((front) =>
    ['paper', 'surface', 'sunken', 'hover'].map((back) => [front, back, 4.5] as const),
  ),
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-hover', 4.5],
  ['accent', 'accent-soft', 4.5],
  ['ink', 'accent-soft', 4.5],
  ['ink-soft', 'accent-soft', 4.5],
  ['warn', 'warn-soft', 4.5],
  ['ink', 'warn-soft', 4.5],
  ['ink-soft', 'warn-soft', 4.5],
  ['bad', 'bad-soft', 4.5],
  ['ink', 'bad-soft', 4.5],
  ['ink-soft', 'bad-soft', 4.5],
  ['surface', 'bad', 4.5],
  ['line-strong', 'surface', 3],
  ['line-strong', 'paper', 3],
]

test('contrast agrees with the specification at its ends', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21)
  assert.equal(contrast('#ffffff', '#ffffff'), 1)
  assert.ok(Math.abs(contrast('#767676', '#ffffff') - 4.54) < 0.01)
})

for (const scheme of ['light', 'dark'] as const) {
  test(`every pair of colours that the page uses can be read in ${scheme} mode (WCAG AA)`, () => {
    for (const [front, back, ratioMin] of pairs) {
      const [a, b] = [tokens.get(front), tokens.get(back)]
      assert.ok(a !== undefined && b !== undefined, `${front} or ${back} is no token`)
      const ratio = contrast(a[scheme], b[scheme])
      assert.ok(ratio >= ratioMin, `${front} on ${back} in ${scheme}: ${ratio.toFixed(2)} < ${ratioMin}`)
    }
  })
}
