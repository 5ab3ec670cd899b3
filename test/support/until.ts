// Waits for what has no event to wait for, with a deadline.

/** Looks every `everyMs` until `condition` holds; throws after thirty seconds, which only a broken test takes. */
export async function until(condition: () => boolean | Promise<boolean>, everyMs = 5): Promise<void> {
  const endMs = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
