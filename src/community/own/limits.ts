// Every limit of community/own/, with the reason for its size. docs/protocol/direct.md, "A person's other devices", states
// those that both sides keep.

const kibibyte = 1024
const minuteMs = 60_000

/** A certificate of at most 512 bytes, a device name of 64 characters, and what CBOR adds. */
export const helloBytesMax = 1024
/** Changes of who is blocked that one computer tells another: all who are blocked (4,096), and as many who no longer are. */
export const blockChangesMax = 8_192
/** 256 communities at some 600 bytes, 8,192 changes at some 250, and what CBOR adds. */
export const stateBytesMax = 2_560 * kibibyte
/** Other devices of this person that are remembered although no community names them; the one added first makes room. */
export const devicesRememberedMax = 64
/** Communities that were deleted here, so that other devices do not bring them back; the one deleted first makes room. */
export const putAwayMax = 1_024

/** Exchanges that one device may have open with us: one, and one that is ending. */
export const streamsPerPeerMax = 2
/** Connecting to one device and opening a stream. */
export const dialTimeoutMs = 10_000
/** For a hello. */
export const helloTimeoutMs = 10_000
/** For a state: the other side may have to write acts in 256 communities first, which takes a minute on a slow disk. */
export const stateTimeoutMs = 2 * minuteMs

/** Changes are gathered for so long before other devices are told. */
export const gatherMs = 1_000
/** First pause before a device that was not reached is tried again; doubled up to `retryMsMax`. */
export const retryMsMin = 5_000
/** Longest pause; a device that connects is told at once. */
export const retryMsMax = 10 * minuteMs
/** What a device could not be added to is not tried again for so long. */
export const addAgainMs = 10 * minuteMs
