// Words and numbers for a terminal. Pure. Names come from strangers, so nothing gets to a terminal before `plain` took
// out what could move its cursor, recolour it or turn the reading direction round.

/** C0, DEL, C1; bidirectional overrides and isolates; zero-width and line separators, but for the joiner inside an emoji. */
const unsafeCharacters =
  /(?!(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d\p{Extended_Pictographic})[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
const wideCharacters =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const combiningCharacters = /\p{M}/u

/** The text with everything replaced that a terminal would obey instead of show. */
export function plain(text: string): string {
  return text.replace(unsafeCharacters, '\ufffd')
}

/** The same for text of several lines, line by line; a tab becomes a space. */
export function plainLines(text: string): string[] {
  return text
    .replaceAll('\t', ' ')
    .split(/\r\n|\n|\r/)
    .map(plain)
}

/** JSON on one line, with everything escaped that a terminal would obey; it means the same to whoever parses it. */
export function jsonText(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(unsafeCharacters, escaped)
}

/** Columns that a text takes: two for East Asian and emoji, none for combining marks. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  if (combiningCharacters.test(character)) return 0
  return wideCharacters.test(character) ? 2 : 1
}

/** Cuts to `columns`, showing with `…` that something is missing. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const character of text) {
    width += characterWidth(character)
    if (width > columns - 1) break
    kept += character
  }
  return columns > 0 ? `${kept}…` : ''
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** `1234567` → `1.23 MB`: decimal units, as disks and networks are sold, three digits. */
export function bytesToText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 ? 0 : value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${byteUnits[unit]}`
}

const unitBytes: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }

/** `1.5 GB` → 1,500,000,000; undefined when it is no size. */
export function textToBytes(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]*)$/.exec(text.trim().toLowerCase()) ?? []
  const factor = unit === '' ? 1 : unitBytes[unit]
  const bytes = factor === undefined || amount === '' ? Number.NaN : Math.round(Number(amount) * factor)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 }

/** `7d`, `12 h`, `30min` → seconds; undefined when it is no duration. */
export function textToSeconds(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,9}) ?([a-z]+)$/.exec(text.trim().toLowerCase()) ?? []
  const seconds = Number(amount) * (unitSeconds[unit] ?? Number.NaN)
  return seconds > 0 ? seconds : undefined
}

/** `2026-03-01 12:00`, by the clock on the wall here; a time that no calendar has is shown as its number. */
export function timeToText(ms: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return String(ms)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `3725` → `1 h 2 min`: the two largest parts. */
export function secondsToText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** `count(1, 'file')` → `1 file`, `count(2, 'file')` → `2 files`. */
export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`
}

/** Rows under headings, columns aligned; the last column may run on. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map(plain))
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))))
  return cells
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0))))
    .map((row) => row.join('  ').trimEnd())
    .join('\n')
}

/** Names and values, one a line, values aligned; a list takes a line for each of its values. */
export function fields(pairs: readonly (readonly [string, string | readonly string[]])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length))
  const lines = pairs.flatMap(([name, value]) =>
    [value].flat().map((line, index) => `${pad(index === 0 ? name : '', width)}  ${plain(line)}`),
  )
  return lines.join('\n')
}

/** An id short enough for a table; commands take any prefix that is the only one. */
export function shortId(id: string): string {
  return id.slice(0, 10)
}
