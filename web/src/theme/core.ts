// Colour contrast after WCAG 2.2, over the values of tokens.css. Pure: the tests hold the palette to it.

export interface TokenColour {
  readonly light: string
  readonly dark: string
}

const tokenPattern = /--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g

/** The opaque colours that a stylesheet declares with `light-dark(#rrggbb, #rrggbb)`, by token name. */
export function parseTokens(css: string): ReadonlyMap<string, TokenColour> {
  const tokens = new Map<string, TokenColour>()
  for (const [, name = '', light = '', dark = ''] of css.matchAll(tokenPattern)) tokens.set(name, { light, dark })
  return tokens
}

/** Relative luminance of `#rrggbb` (WCAG 2.2, "relative luminance"): 0 black, 1 white. */
export function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(colour.slice(at, at + 2), 16)))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function linear(channel: number): number {
  const value = channel / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** Contrast ratio of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}
