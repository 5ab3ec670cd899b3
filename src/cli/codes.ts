// A spoken code at the one who makes it: shown, then waited for until somebody has used it or it is over.

import type { Code, CodeEnded, Event } from '../sdk/types.ts'
import type { Work } from './community.ts'
import { type CliContext, type CommonOptions, note, print, printJson } from './context.ts'
import { cliErrors } from './errors.ts'
import { printQr } from './qr.ts'
import { plain, secondsToText } from './text.ts'

export interface CodeOptions extends CommonOptions {
  /** `--no-wait`. */
  readonly wait: boolean
}

export interface CodeWork {
  open(): Promise<Code>
  /** Ends it, when the person does not want to wait any longer. */
  cancel(nameplate: number): Promise<void>
  /** What ends the wait after the code was used; by default that does. */
  readonly done?: (event: Event) => boolean
}

/**
 * Makes a code, shows it, and waits for what comes of it unless `--no-wait` was given: undefined then. Throws `code_ended`
 * when nobody was let in.
 */
export async function showCode<Options extends CodeOptions>(
  work: Work<Options>,
  of: CodeWork,
): Promise<CodeEnded | undefined> {
  if (!work.options.wait) {
    await present(work, await of.open())
    return undefined
  }
  const stop = new AbortController()
  const signal = AbortSignal.any([work.context.signal, stop.signal])
  let opened: Promise<Code> | undefined
  let failure: unknown
  // Listening first, so that nothing falls between the code and what comes of it.
  const onState = (state: string) => {
    if (state !== 'open' || opened !== undefined) return
    opened = of.open()
    opened
      .then((code) => present(work, code))
      .catch((error: unknown) => {
        failure = error
        stop.abort()
      })
  }
  let used: CodeEnded | undefined
  for await (const { event } of work.daemon.events({ signal, onState })) {
    const code = await opened?.catch(() => undefined)
    if (code === undefined) continue
    if (event.type === 'reset') throw cliErrors.code_ended('The connection to Peerhood was lost meanwhile.')
    if (isEnd(event, code)) used = checked(event.ended)
    if (used !== undefined && (of.done?.(event) ?? true)) return used
  }
  const code = await opened?.catch(() => undefined)
  // Its words were seen, and nobody waits for the guest any more.
  if (code !== undefined && used === undefined) await of.cancel(code.nameplate).catch(() => undefined)
  throw failure ?? cliErrors.interrupted('The code was cancelled.')
}

function isEnd(event: Event, code: Code): event is Extract<Event, { type: 'code-ended' }> {
  return event.type === 'code-ended' && event.ended.nameplate === code.nameplate && event.ended.kind === code.kind
}

/** Throws `code_ended`. */
function checked(ended: CodeEnded): CodeEnded {
  if (ended.outcome === 'used') return ended
  throw cliErrors.code_ended(plain(ended.problem?.sentence ?? 'The code is over.'), {
    details: { outcome: ended.outcome, code: ended.problem?.code ?? null },
  })
}

async function present({ context, options }: Work<CodeOptions>, code: Code): Promise<void> {
  if (options.json) {
    printJson(context, code)
    return
  }
  print(context, plain(code.code))
  if (code.kind === 'device') await printQr(context, code.code)
  note(context, adviceOf(context, code))
}

function adviceOf(_context: CliContext, { kind, code, expiresMs }: Code): string {
  const left = secondsToText(Math.max(0, Math.round((expiresMs - Date.now()) / 1000)))
  const command = kind === 'device' ? `peerhood device join ${code}` : `peerhood community enter ${code} --as NAME`
  return `On the other computer: ${command}. It is good for one guest and ${left}; say it to nobody else.`
}
