// Figures as people read them. Pure; times come in as milliseconds.

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** `1500000` → `1.5 MB`. Decimal units, as file managers and disks count. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${figure(value, unit === 0 ? 0 : 1)} ${units[unit]}`
}

/** `1500000` → `1.5 MB/s`; nothing at all for what stands still. */
export function rateText(bytesPerSecond: number): string {
  return bytesPerSecond >= 1 ? `${bytesText(bytesPerSecond)}/s` : ''
}

function figure(value: number, decimals: number): string {
  const shown = value >= 100 ? 0 : decimals
  return value.toLocaleString('en', { maximumFractionDigits: shown })
}

/** `3725` → `1 h 2 min`: the two largest parts. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ')
}

/** How long ago, roughly: `just now`, `5 min ago`, `3 d ago`. */
export function agoText(thenMs: number, nowMs: number): string {
  const seconds = (nowMs - thenMs) / 1000
  if (seconds < 45) return 'just now'
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`
  return `${Math.round(seconds / 86_400)} d ago`
}

/** Done of all as a whole percentage; 100 only when nothing is missing. */
export function percent(done: number, all: number): number {
  if (all <= 0) return 0
  return done >= all ? 100 : Math.min(99, Math.floor((done / all) * 100))
}

/** `1 file`, `2 files`, `12,000 files`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** An id that is too long to read: its first and last characters. The whole one stays in a title or a copy button. */
export function shortText(id: string, head = 8, tail = 6): string {
  return id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`
}

/** The last name of a path, whichever way its slashes lean. */
export function baseName(path: string): string {
  const names = path.split(/[/\\]/).filter((name) => name !== '')
  return names.at(-1) ?? path
}
