// Every size of log/ that somebody else can grow, and every bound on its work, with its reason.

/** One entry: what a gossip message carries with room to spare. What is larger is a block of content/, named in an entry. */
export const entryBytesMax = 65_536

/** Entries of other devices that one entry names. Who has seen more names the rest in their next ones. */
export const headsMax = 16

/** Numbers of entries and milliseconds are whole numbers that every language can hold: 2^53 - 1. */
export const integerMax = Number.MAX_SAFE_INTEGER

/** Entries that share one millisecond; the time moves on to the next one past it. Fits 32 bits. */
export const timeCountMax = 0xffff_ffff

/** How far an author's clock may be ahead of ours: what badly set clocks are off by. Later entries are to be offered again. */
export const futureMsMax = 300_000

/** A log may take this much of the disk unless it was opened with another quota: some 20 million chat messages. */
export const logBytesMax = 8 * 2 ** 30

/** No device may take more than this part of a log's quota, so that one that floods leaves room for all others. */
export const deviceQuotaShare = 0.5

/** This part of a log's quota is for acts (lane 0): who has filled the rest can still be removed. */
export const actsReservedShare = 1 / 16

/** An entry costs its author one unit of its pace for each started so many bytes: a flood of long ones is one, too. */
export const costUnitBytes = 4_096

/** An act costs as much as so many entries of its length: everybody judges all acts anew for each. */
export const actCost = 10

/**
 * Of what others' entries name, so much more is taken than a device's allowance and share: two honest readers whose clocks
 * are ten minutes apart do not take the same, and nobody is to be held up by that.
 */
export const wantedFactor = 2

/** Of its own burst a device leaves this part for acts: who wrote much can still remove somebody. */
export const ownBurstShare = 0.9

/** Devices of which it is remembered that entries were left for later, so that nobody sends more of them meanwhile. */
export const deferredDevicesMax = 1_024

/** Devices that write to one log: the vector, which every sync begins with, is 40 bytes for each, 640 KiB in all. */
export const devicesMax = 16_384

/** Entries without their parents that one log keeps in memory; the oldest makes room. */
export const waitingEntriesMax = 8_192

/** Bytes of entries without their parents that one log keeps in memory; the oldest makes room. */
export const waitingBytesMax = 16 * 2 ** 20

/** Entries of one device that wait for their parents, so that it can't push out those of all others. */
export const waitingPerDeviceMax = 1_024

/** Ids of entries that can never be valid, remembered so that those which name them are not waited for. */
export const refusedIdsMax = 4_096

/** Entries that are looked at, checked and stored together: a tenth of a second at the slowest, and one flush of the disk. */
export const chunkEntriesMax = 1_024

/** Bytes of entries that are looked at, checked and stored together. */
export const chunkBytesMax = 2 * 2 ** 20

/** Entries handed in that were not looked at yet; past it `receive` refuses with `log_busy`. */
export const intakeEntriesMax = 262_144

/** Bytes handed in that were not looked at yet. */
export const intakeBytesMax = 128 * 2 ** 20

/** Own entries that wait to be written; past it `append` refuses with `log_busy`. */
export const appendsWaitingMax = 1_024

/** Own entries that share one transaction, and so one flush of the disk. */
export const appendsTogetherMax = 64

/**
 * How often a chunk is judged anew because a signature in it was wrong: the ends of runs, then whole runs, then each
 * entry. Only a sender who wants to cost us time comes past that; the rest of the chunk is then refused.
 */
export const judgementsMax = 8

/** What is known of entries that were named not long ago, kept to spare look-ups: some 2 MB. */
export const factsCachedMax = 8_192

/** Signatures checked at once on the calling thread (0.1 ms each); more go to the verify threads. */
export const verifyHereMax = 16

/** Signatures that go to a verify thread in one message: 10 ms of work, so that all threads get a part. */
export const verifySliceMax = 64

/** Threads that check signatures, on computers with that many cores or more. */
export const verifyThreadsMax = 4

/** Verify threads without work for this long are let go: 10 MB each. */
export const verifyIdleMs = 20_000

/** Public keys kept ready for checking (reading one takes 30 µs). */
export const verifyingKeysMax = 1_024

/** Up to this many lacking entries, a peer's page is put together from the devices that it lacks, else by reading through. */
export const lackingGatheredMax = 4_096

/** Rows deleted in one go when a log is removed, so that others have a turn between. */
export const removedTogetherMax = 5_000
