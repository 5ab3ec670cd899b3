// Every size and cost in identity/, with its reason.

/** 256 bits of entropy and 8 of checksum, 11 bits a word (BIP-39). Shorter phrases are refused. */
export const phraseWords = 24

/** What 24 words hold (BIP-39: ENT = 256 bits). */
export const entropyBytes = 32

/** A phrase is at most 24 × 8 letters and 23 spaces; this leaves room for odd spacing and stops a pasted book. */
export const phraseCharactersMax = 1024

/** How much of a word that is not on the list is shown back: twice the longest word on it. */
export const wordShownCharactersMax = 16

/** Letters that may be wrong, missing, added or swapped for a word still to count as a slip of a listed one. */
export const suggestionDistanceMax = 2

/** More suggestions than this for one word help nobody. */
export const suggestionsMax = 3

/** Far past any passphrase that a person types; the API's schema says the same. */
export const passphraseCharactersMax = 1024

/**
 * scrypt's cost N as a power of two. N = 2^17 with r = 8 and p = 1 takes 128 MiB and some 0.3 s a try: the first of the
 * settings that OWASP's Password Storage Cheat Sheet names for scrypt.
 */
export const scryptLog2N = 17

/** Least cost that is accepted in a file: 32 MiB a try. Below it a passphrase would only seem to protect. */
export const scryptLog2NMin = 15

/** Highest cost that is accepted in a file: 1 GiB. A planted file must not take the computer's memory. */
export const scryptLog2NMax = 20

/** Block size of scrypt: 1 KiB reads, as its paper proposes. Fixed by the format. */
export const scryptR = 8

/** scrypt runs one after another: 1. More would only add what a second core gives an attacker for nothing. */
export const scryptP = 1

/** Never used twice with one passphrase; 128 bits drawn at random. */
export const scryptSaltBytes = 16

/** GCM's own nonce length (NIST SP 800-38D §5.2.1.1). Each key seals once: a new salt is drawn with every nonce. */
export const sealNonceBytes = 12

/** A keystore is under 2 KiB. What is larger is something else, and is not read into memory. */
export const keystoreBytesMax = 16 * 1024

/** As in the API's settings. */
export const deviceNameCharactersMax = 64

/**
 * The exact length of a certificate whose time needs 9 bytes: payload 104 (map head 1; `v` 3, `device` and `person` 41
 * each, `issuedMs` 18, all with their keys), list head 1, payload head 2, two signatures of 2 + 64.
 */
export const certificateBytesMax = 239
