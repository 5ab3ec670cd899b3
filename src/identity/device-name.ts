// What a device may be called. The name is shown to others one day, so nothing invisible or direction-changing is in it.

import { identityErrors } from './errors.ts'
import { deviceNameCharactersMax } from './limits.ts'

/** Controls, lone surrogates, line separators, and the marks that turn text around (U+202E and its kin). */
const unshowable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

export function isDeviceName(text: string): boolean {
  return (
    text.length > 0 && text.length <= deviceNameCharactersMax && text === text.trim() && text.search(unshowable) < 0
  )
}

/** The name that a person chose, trimmed. Throws `device_name_unusable`. */
export function readDeviceName(text: string): string {
  const name = text.trim()
  if (isDeviceName(name)) return name
  throw identityErrors.device_name_unusable(
    'This can’t be the name of a device: it is empty, too long or not all visible.',
  )
}

/** The best name to be had from what the system says, which nobody chose and which must not stop a first start. */
export function deviceNameFrom(hostname: string): string {
  const shown = hostname.replace(unshowable, '').trim()
  return shown.slice(0, deviceNameCharactersMax).toWellFormed().trim() || 'computer'
}
