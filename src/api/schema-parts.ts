// What the schemas of several features are made of.

import { z } from 'zod'

export const count = z.int().nonnegative()
/** Milliseconds since 1970. */
export const timeMs = z.int().nonnegative()
/** A name that a person gives: something to see, on one line. */
export const nameOf = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'it has a line break or another control character')
    .refine((text) => text.trim() !== '', 'it is empty')
/** Something that went wrong or does not count, for a program and for a person. */
export const reasonSchema = z.object({ code: z.string(), sentence: z.string() })
/** Names of roles and capabilities, as the log takes them. */
export const wordSchema = z
  .string()
  .regex(/^[a-z][a-z0-9.-]{0,31}$/, 'it is not lower-case letters, digits, dots and hyphens')
