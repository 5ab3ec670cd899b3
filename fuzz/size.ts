// How large a value is, counted the same everywhere: bytes, characters, and 8 for everything else.

/** Stops counting above this: nothing may be so large. */
const sizeMax = 64 * 1024 * 1024

export function sizeOf(value: unknown): number {
  const seen = new Set<object>()
  const stack: unknown[] = [value]
  let size = 0
  while (stack.length > 0 && size <= sizeMax) {
    const item = stack.pop()
    size += 8
    if (typeof item === 'string') size += item.length
    else if (item instanceof Uint8Array) size += item.length
    else if (typeof item === 'object' && item !== null && !seen.has(item)) {
      seen.add(item)
      if (item instanceof Map || item instanceof Set) stack.push(...item)
      else stack.push(...Object.keys(item), ...Object.values(item))
    }
  }
  return size
}
