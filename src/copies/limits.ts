// Every bound of copies/. docs/protocol/copies.md states those that both sides must keep.

const kibibyte = 1_024
const minuteMs = 60_000

// ---- on the wire

/** Shares that one question may name: 8 KiB of discovery keys. Who places more there asks about them in turn. */
export const statesMax = 256
/** Random bytes in a challenge: an answer to one is worth nothing for the next. */
export const nonceBytes = 16
/** Blocks that one challenge may name: at most 4 MiB to read and hash, some 10 ms. */
export const proofBlocksMax = 4
/** Bytes of a link in `keep`: keys and one peer with six addresses of 128 bytes, in base32, come to about 1.4 KiB. */
export const keepLinkBytesMax = 2 * kibibyte
/** Bytes of the proof that one was given a contact link. */
export const tokenBytes = 32
/** UTF-8 bytes of what a keeper calls its computer: 64 characters of up to 4 bytes. */
export const labelBytesMax = 255
/** Sizes and version numbers on the wire are whole numbers below this: JavaScript's and SQLite's. */
export const numberMax = Number.MAX_SAFE_INTEGER

// ---- what a peer may ask of a keeper

/** Streams of this protocol that one peer may have open: one that works, one that ends. */
export const streamsPerPeerMax = 4
/** Requests worked on at once, over all peers: each holds one frame of at most 11 KiB and reads one block at a time. */
export const talksMax = 32
/** Frames that one peer may send in an hour: a question every 2 s while copies arrive is 1,800, and some more … */
export const framesPerHour = 2_400
/** … and at once: a person who sets copies for a hundred shares asks for all of them. */
export const framesBurst = 256
/** Peers whose rates are remembered; the least recently seen makes room. */
export const doorPeersMax = 1_024
/** Persons for whom this computer keeps copies: each is a decision of whoever runs it. */
export const agreementsMax = 256
/** Copies held for one person: a row each; shares of a computer are at most as many. */
export const heldPerPersonMax = 4_096

// ---- what an author does

/** Copies of one share beside one's own: more than anybody needs, and the links to all of them stay a short list. */
export const copiesMax = 16
/** Computers that are remembered as keepers; the one that was not reached for longest makes room. */
export const keepersMax = 64
/** Keepers that a share's link names beside its author, so that it leads somewhere while the author is away … */
export const linkHoldersMax = 3
/** … with so many addresses each: the link stays a few hundred characters, and its QR code readable. */
export const linkHolderAddressesMax = 2
/** A keeper that is well is asked how it stands this often: with what follows, another one is asked within 55 s. */
export const askEveryMs = 15_000
/** While no share is to have copies: only so that people see who would keep some. */
export const askIdleMs = 10 * minuteMs
/** While a copy arrives, so that people see it come. */
export const askSoonMs = 2_000
/** A keeper that just could not be reached is tried again after this … */
export const askRetryMs = 5_000
/**
 * … and its copies count as lost when it was not reached for this long: a restart or a change of network takes less. The
 * worst case, a computer that goes silent right after an answer: 15 s until it is told something, 20 s until that fails where
 * it is a proof, 20 s until it is lost; a minute holds all of it.
 */
export const lostAfterMs = 20_000
/** A lost keeper is tried again after this, doubled with each failure; it is also tried whenever it connects … */
export const lostPauseMinMs = 30_000
/** … up to this. */
export const lostPauseMaxMs = 10 * minuteMs
/** A keeper that was lost for so long is forgotten, and what it holds with it. */
export const forgetAfterMs = 30 * 24 * 60 * minuteMs
/** When a keeper was seen last is written down this often: to the hour is enough to forget it after a month. */
export const saveKeeperEveryMs = 60 * minuteMs
/** A copy that is on its way and has got nothing for so long does not count: another keeper is asked. */
export const stallMs = 5 * minuteMs
/** A keeper that refused a share is not asked for the same again before this. */
export const refusedPauseMs = 10 * minuteMs
/** A keeper that gave a wrong proof is not asked to keep anything before this. */
export const distrustMs = 24 * 60 * minuteMs
/** Each copy proves itself this often: 4 random blocks of 1 MiB an hour, so half the blocks gone shows in a few hours. */
export const proofEveryMs = 60 * minuteMs
/** After a proof that could not be made for reasons of our own (a file that changes just now). */
export const proofRetryMs = minuteMs

// ---- what a keeper does

/** First pause before telling an author again that one agreed; doubled … */
export const helloPauseMinMs = 10_000
/** … up to this, until the author asks. */
export const helloPauseMaxMs = 30 * minuteMs

/** An author that has not asked for so long may have forgotten this keeper: it is told again. */
export const unaskedMs = 24 * 60 * minuteMs
/** Computers found under a contact link's token that are looked at in one round; a person has a few. */
export const authorsPerSearchMax = 8

// ---- waiting

/** Connecting, opening a stream and one answer. */
export const exchangeMs = 10_000
/** The same for a proof: a disk that sleeps takes seconds to read four blocks. */
export const proofMs = 20_000
/** From a stream's opening to the whole frame, for who is asked. */
export const stepMs = 10_000
