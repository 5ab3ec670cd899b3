// What this browser remembers for the page: looks and dismissed hints, nothing of anybody's data.

/** Storage may be switched off altogether; the page then forgets, nothing more. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function writeStored(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    // Nothing to mend: see readStored.
  }
}
