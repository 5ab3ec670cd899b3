// Nominal types for ids and units: a `PeerId` is a string that a parser has checked, not any string.

declare const brand: unique symbol

/** `Value` that only a parser or a constructor of its own folder may produce. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name }
