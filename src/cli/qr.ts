// A link as a QR code made of half blocks. Light modules are drawn, dark ones left empty; on a terminal both colours are
// set, so that phones read it on dark and light themes alike.

import { type CliContext, note, print } from './context.ts'

/** A QR code that wraps can't be read: when the window is too narrow, that is said instead. */
export async function printQr(context: CliContext, link: string): Promise<void> {
  const { renderUnicodeCompact } = await import('uqr')
  const lines = renderUnicodeCompact(link, { ecc: 'L', border: 2 }).split('\n')
  const { stdout } = context.terminal
  if ((lines[0]?.length ?? 0) > (stdout.columns ?? Number.POSITIVE_INFINITY)) {
    note(context, 'The window is too narrow for the QR code: make it wider and run the command again.')
    return
  }
  // Bright white on black, whatever the theme and NO_COLOR say: it is a picture.
  print(context, stdout.isTTY ? lines.map((line) => `\u001b[97;40m${line}\u001b[0m`).join('\n') : lines.join('\n'))
}
